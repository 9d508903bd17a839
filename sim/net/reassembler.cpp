#include "reassembler.hpp"

#include <algorithm>

#include "masqsim/wire/ipv4.hpp"

namespace masqsim::net {

namespace {

constexpr std::size_t overhead = 256;

}  // namespace

Reassembler::Key Reassembler::key_of(wire::ByteView fragment) {
  const wire::Ipv4View ip = *wire::Ipv4View::parse(fragment);
  return {ip.source().value, ip.destination().value, ip.id(), static_cast<std::uint8_t>(ip.protocol())};
}

void Reassembler::keep(Packet fragment) {
  const auto at = queues_.find(key_of(fragment.view()));
  if (at != queues_.end()) at->second.last = std::move(fragment);
}

Reassembler::Outcome Reassembler::add(wire::ByteView fragment, Time now) {
  using What = Outcome::What;
  expire(now);
  const wire::Ipv4View ip = *wire::Ipv4View::parse(fragment);
  const Key key = key_of(fragment);
  std::vector<Packet> gave_way;
  auto at = queues_.find(key);
  if (at == queues_.end()) {
    if (used_ > memory_ && full_ == Full::refuses) return {What::discarded, Reason::queue_full, {}, false, {}};
    while (used_ > memory_) drop_oldest(gave_way);
    at = queues_.try_emplace(key).first;
    at->second.serial = ++last_serial_;
    const Due due{now + timeout_, key, last_serial_};
    due_.insert(std::upper_bound(due_.begin(), due_.end(), due, [](const Due& a, const Due& b) { return a.at < b.at; }),
                due);
  }
  Queue& queue = at->second;
  const auto discard = [&](Reason reason) -> Outcome {
    forget(at);
    return {What::discarded, reason, {}, false, std::move(gave_way)};
  };

  const std::uint32_t begin = ip.fragment_offset();
  std::uint32_t end = begin + static_cast<std::uint32_t>(ip.payload().size());
  if (ip.has_mf()) {
    end &= ~7u;  // all fragments but the last end on a multiple of eight; the rest of this one is cut off
    if (end > queue.length && queue.last_seen) return discard(Reason::fragment_overlap);
  } else {
    if (end < queue.length || (queue.last_seen && end != queue.length)) return discard(Reason::fragment_overlap);
    queue.last_seen = true;
  }
  if (end <= begin) return discard(Reason::malformed);
  queue.length = std::max(queue.length, end);
  switch (place(queue, begin, end)) {
    case Place::covered: return {What::duplicate, Reason::none, {}, false, {}};
    case Place::overlaps: return discard(Reason::fragment_overlap);
    case Place::free: break;
  }

  const std::size_t size = ip.header_length() + (end - begin);
  const bool begins = queue.fragments.empty();
  queue.fragments.emplace(
      begin, std::vector<std::uint8_t>(fragment.begin(), fragment.begin() + static_cast<std::ptrdiff_t>(size)));
  used_ += size + overhead;
  queue.filled += end - begin;
  queue.ecn_seen = static_cast<std::uint8_t>(queue.ecn_seen | 1u << (ip.tos() & 3));
  queue.largest = std::max(queue.largest, static_cast<std::uint16_t>(size));
  if (ip.has_df()) queue.largest_with_df = std::max(queue.largest_with_df, static_cast<std::uint16_t>(size));
  if (!queue.last_seen || queue.filled != queue.length) {
    return {What::held, Reason::none, {}, begins, std::move(gave_way)};
  }

  Outcome done{What::complete, Reason::none, {}, false, {}};
  if (!merge(queue, done.whole)) return discard(Reason::malformed);
  forget(at);
  return done;
}

Reassembler::Place Reassembler::place(const Queue& queue, std::uint32_t begin, std::uint32_t end) {
  std::uint32_t covered_to = begin;
  bool touches = false;
  for (const auto& [offset, bytes] : queue.fragments) {
    const std::uint32_t piece_end = offset + static_cast<std::uint32_t>(bytes.size() - (bytes[0] & 15u) * 4u);
    if (piece_end <= begin) continue;
    if (offset >= end) break;
    touches = true;
    if (offset <= covered_to) covered_to = std::max(covered_to, piece_end);
  }
  if (!touches) return Place::free;
  return covered_to >= end ? Place::covered : Place::overlaps;
}

/// False if the fragments make no datagram: longer than IPv4 allows, or with ECN fields that contradict each other.
bool Reassembler::merge(const Queue& queue, Whole& whole) {
  constexpr unsigned not_capable = 1u << 0, congested = 1u << 3;
  const std::vector<std::uint8_t>& first = queue.fragments.begin()->second;
  const std::size_t header = (first[0] & 15u) * 4u;
  if (header + queue.length > 65535) return false;
  if ((queue.ecn_seen & not_capable) != 0 && queue.ecn_seen != not_capable) return false;
  whole.bytes.reserve(header + queue.length);
  whole.bytes.assign(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(header));
  for (const auto& [offset, bytes] : queue.fragments) {
    const auto payload = bytes.begin() + (bytes[0] & 15) * 4;
    whole.sizes.payloads.push_back(static_cast<std::uint16_t>(bytes.end() - payload));
    whole.bytes.insert(whole.bytes.end(), payload, bytes.end());
  }
  whole.sizes.largest = queue.largest;
  whole.df = queue.largest_with_df == queue.largest;
  wire::store16(&whole.bytes[2], static_cast<std::uint16_t>(whole.bytes.size()));
  const wire::Ipv4Edit ip = *wire::Ipv4Edit::parse(whole.bytes);
  if ((queue.ecn_seen & congested) != 0) ip.set_tos(ip.tos() | 3);
  ip.set_fragment_word(whole.df ? wire::Ipv4Edit::dont_fragment : 0);
  ip.fix_sum();
  return true;
}

/// Drops nothing where the datagram that is due first is not held any more.
void Reassembler::drop_oldest(std::vector<Packet>& gave_way) {
  const Due due = due_.front();
  due_.pop_front();
  const auto at = queues_.find(due.key);
  if (at == queues_.end() || at->second.serial != due.serial) return;
  gave_way.push_back(std::move(at->second.last));
  forget(at);
}

void Reassembler::forget(std::map<Key, Queue>::iterator queue) {
  for (const auto& [offset, bytes] : queue->second.fragments) used_ -= bytes.size() + overhead;
  queues_.erase(queue);
}

std::vector<Reassembler::Expired> Reassembler::expire(Time now) {
  std::vector<Expired> gone;
  while (!due_.empty()) {
    const Due& due = due_.front();
    const auto at = queues_.find(due.key);
    const bool live = at != queues_.end() && at->second.serial == due.serial;
    if (live && due.at > now) break;
    if (live) {
      Expired expired{{}, static_cast<std::uint32_t>(at->second.fragments.size()), std::move(at->second.last)};
      const auto first = at->second.fragments.find(0);
      if (first != at->second.fragments.end()) expired.first = first->second;
      gone.push_back(std::move(expired));
      forget(at);
    }
    due_.pop_front();
  }
  return gone;
}

Time Reassembler::next_expiry() const {
  for (const Due& due : due_) {
    const auto at = queues_.find(due.key);
    if (at != queues_.end() && at->second.serial == due.serial) return due.at;
  }
  return Time::never();
}

}  // namespace masqsim::net
