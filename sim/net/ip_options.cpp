#include "ip_options.hpp"

#include <algorithm>

namespace masqsim::net {

void finish_options(wire::Ipv4Edit packet, const OptionsRead& read, wire::Address outgoing) {
  if (!read.changed) return;
  const wire::ByteEdit header = packet.header();
  if (read.address_at != 0) wire::store32(&header[read.address_at], outgoing.value);
  packet.fix_sum();
}

namespace {

/// Too short for what every option of its kind has.
bool is_stump(wire::ByteView text) {
  const bool is_route = text[0] == option::record_route;
  return text.size() < (is_route ? 3u : 4u) || text[2] < (is_route ? 4u : 5u);
}

/// A slot was taken, and what is left is less than another.
bool ends_within_slot(wire::ByteView text) {
  const std::size_t pointer = text[2];
  if (pointer > text.size()) return false;
  if (text[0] == option::record_route) return pointer + 3 > text.size();
  const std::uint8_t kind = text[3] & 15u;
  if (kind == option::stamp_and_address) return pointer + 7 > text.size();
  return (kind == option::stamp_only || kind == option::stamp_prespecified) && pointer + 3 > text.size();
}

/// The next slot of a record route or timestamp option is taken by whoever answers.
void take_slot(wire::ByteEdit text, Time now, wire::Address own) {
  const std::size_t pointer = text[2];
  const bool is_route = text[0] == option::record_route;
  const bool with_address = is_route || (text[3] & 15u) == option::stamp_and_address;
  const bool with_time = !is_route && (text[3] & 15u) <= option::stamp_and_address;
  const std::size_t size = (with_address ? 4u : 0u) + (with_time ? 4u : 0u);
  if (size == 0 || pointer - 1 + size > text.size()) return;
  if (with_address) wire::store32(&text[pointer - 1], own.value);
  if (with_time) wire::store32(&text[pointer - 1 + (with_address ? 4u : 0u)], milliseconds_of_day(now));
  text[2] = static_cast<std::uint8_t>(pointer + size);
}

}  // namespace

AnswerOptions answer_options(wire::Ipv4View asked, Time now, wire::Address own, std::size_t damaged_at) {
  constexpr std::array answered{option::record_route, option::timestamp, option::security_label};  // in this order
  const wire::ByteView options = asked.options();
  std::array<wire::ByteView, answered.size()> found{};
  for (std::size_t at = 0; at < options.size();) {
    if (options[at] == option::end) break;
    if (options[at] == option::no_operation) {
      ++at;
      continue;
    }
    if (options.size() - at < 2) break;
    const std::size_t length = options[at + 1];
    if (length < 2 || length > options.size() - at) break;
    const wire::ByteView text = options.subspan(at, length);
    const bool is_label = text[0] == option::security_label;
    at += length;
    if (20 + at > damaged_at && !is_label) break;
    const auto place = std::find(answered.begin(), answered.end(), text[0]);
    if (place == answered.end()) continue;
    if (!is_label && is_stump(text)) break;
    found[static_cast<std::size_t>(place - answered.begin())] = text;
  }
  AnswerOptions answer;
  for (const wire::ByteView text : found) {
    if (text.empty()) continue;
    const bool is_label = text[0] == option::security_label;
    if (!is_label && ends_within_slot(text)) answer.possible = false;
    std::copy(text.begin(), text.end(), &answer.bytes[answer.size]);
    if (!is_label) take_slot(wire::ByteEdit(answer.bytes).subspan(answer.size, text.size()), now, own);
    answer.size += text.size();
  }
  answer.size = (answer.size + 3) / 4 * 4;
  return answer;
}

void blank_uncopied_options(wire::Ipv4Edit packet) {
  const wire::ByteEdit options = packet.options();
  for (std::size_t at = 0; at < options.size();) {
    if (options[at] == option::end) return;
    if (options[at] == option::no_operation) {
      ++at;
      continue;
    }
    if (options.size() - at < 2) return;
    const std::size_t length = options[at + 1];
    if (length < 2 || length > options.size() - at) return;
    if ((options[at] & option::copied) == 0) {
      for (std::size_t n = 0; n < length; ++n) options[at + n] = option::no_operation;
    }
    at += length;
  }
}

}  // namespace masqsim::net
