#include "rfc_exam.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"

namespace masqsim::exam {

namespace {

wire::IpFields header(wire::Address from, wire::Address to) {
  wire::IpFields ip;
  ip.source = from;
  ip.destination = to;
  ip.id = 1;
  return ip;
}

Bytes letters(std::size_t size) {
  Bytes data(size);
  for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<std::uint8_t>('a' + i % 26);
  return data;
}

}  // namespace

Bytes udp(Endpoint from, Endpoint to, std::size_t size, std::uint16_t fragment_word) {
  wire::IpFields ip = header(from.address, to.address);
  ip.fragment_word = fragment_word;
  return wire::udp_packet(ip, from.port, to.port, letters(size));
}

Bytes tcp(Endpoint from, Endpoint to, std::uint8_t flags, std::uint32_t sequence, std::uint32_t acknowledgment,
          std::size_t size) {
  wire::TcpFields fields;
  fields.source_port = from.port;
  fields.destination_port = to.port;
  fields.sequence = sequence;
  fields.acknowledgment = acknowledgment;
  fields.flags.bits = flags;
  return wire::tcp_packet(header(from.address, to.address), fields, letters(size));
}

Bytes icmp(wire::Address from, wire::Address to, std::uint8_t type, std::uint8_t code, std::uint32_t rest,
           wire::ByteView data) {
  return wire::icmp_packet(header(from, to), {.type = type, .code = code, .rest = rest}, data);
}

Bytes echo(Endpoint from, wire::Address to) {
  return icmp(from.address, to, wire::icmp::echo, 0, std::uint32_t{from.port} << 16 | 1, letters(8));
}

Bytes echo_reply(wire::Address from, Endpoint to) {
  return icmp(from, to.address, wire::icmp::echo_reply, 0, std::uint32_t{to.port} << 16 | 1, letters(8));
}

Bytes icmp_error(wire::Address from, wire::Address to, std::uint8_t type, std::uint8_t code, wire::ByteView about,
                 std::size_t quoted) {
  return icmp(from, to, type, code, 0, about.first(std::min(about.size(), quoted)));
}

std::vector<Bytes> pieces(const Bytes& datagram, std::size_t size) {
  const auto whole = wire::Ipv4View::parse(datagram);
  const wire::ByteView payload = whole->payload();
  std::vector<Bytes> result;
  for (std::size_t at = 0; at < payload.size(); at += size) {
    wire::IpFields ip = header(whole->source(), whole->destination());
    ip.id = whole->id();
    const bool more = at + size < payload.size();
    ip.fragment_word = static_cast<std::uint16_t>((more ? wire::Ipv4View::more_fragments : 0) | at / 8);
    result.push_back(wire::ip_packet(ip, whole->protocol(), payload.subspan(at, std::min(size, payload.size() - at))));
  }
  return result;
}

Exam::Exam(const RfcOptions& options) : options_(options) { setup_.nat = options.nat; }

void Exam::restart() {
  bench_.reset();
  bench_ = options_.bench(setup_);
}

box::Bench& Exam::bench() {
  if (!bench_) restart();
  return *bench_;
}

Exam::Emergeds Exam::keep(Emergeds emerged, bool told) {
  if (!told) return emerged;
  for (const box::Emerged& e : emerged) seen_.push_back({now_, e.side, false, e.bytes});
  return emerged;
}

Exam::Emergeds Exam::send(box::Side side, const Bytes& packet, bool told) {
  if (told) seen_.push_back({now_, side, true, packet});
  Emergeds emerged = keep(bench().inject(side, packet), told);
  now_ += box::Bench::settle;
  return emerged;
}

Exam::Emergeds Exam::wait(Duration span) {
  if (!can_wait(span)) throw NotTestable("it would take " + to_string(span) + " of real time");
  now_ += span;
  return keep(bench().wait(span));
}

std::optional<Endpoint> Exam::outside_of(const Bytes& packet, wire::Address remote) {
  for (const box::Emerged& e : from_inside(packet)) {
    if (e.side == box::Side::out && destination_of(e) && destination_of(e)->address == remote) return source_of(e);
  }
  return std::nullopt;
}

bool Exam::reaches(const Bytes& packet, Endpoint inside) {
  const Emergeds emerged = from_outside(packet);
  return std::ranges::any_of(
      emerged, [&](const box::Emerged& e) { return e.side == box::Side::in && destination_of(e) == inside; });
}

std::optional<std::int64_t> Exam::seconds_left(Endpoint inside) {
  for (const box::TableRow& row : bench().table()) {
    if (row.original.source == inside) return row.left_s;
  }
  return std::nullopt;
}

bool Exam::lives(Duration span, const Bytes& probe, Endpoint inside) {
  if (!can_wait(span)) return seconds_left(inside).value_or(0) + 1 >= span.ns / 1'000'000'000;
  wait(span);
  return reaches(probe, inside);
}

bool Exam::refreshes(box::Side side, const Bytes& packet, Endpoint inside) {
  wait(3_s);
  const auto before = seconds_left(inside);
  send(side, packet);
  if (!bench().tells_lifetimes()) throw NotTestable("the gateway does not tell how long an entry lives");
  return before && seconds_left(inside) > before;
}

Outcome Exam::found(bool ok, std::string text) {
  if (!text.empty()) note(std::move(text));
  return ok ? Outcome::complies : Outcome::deviates;
}

const box::Emerged* first_at(const std::vector<box::Emerged>& emerged, box::Side side) {
  const auto found = std::ranges::find(emerged, side, &box::Emerged::side);
  return found == emerged.end() ? nullptr : &*found;
}

std::optional<Endpoint> source_of(const box::Emerged& emerged) {
  const auto tuple = wire::tuple_of(emerged.bytes);
  return tuple ? std::optional(tuple->source) : std::nullopt;
}

std::optional<Endpoint> destination_of(const box::Emerged& emerged) {
  const auto tuple = wire::tuple_of(emerged.bytes);
  return tuple ? std::optional(tuple->destination) : std::nullopt;
}

const box::Emerged* icmp_at(const std::vector<box::Emerged>& emerged, box::Side side, int type, int code) {
  for (const box::Emerged& e : emerged) {
    const auto ip = wire::Ipv4View::parse(e.bytes);
    if (e.side != side || !ip || ip->protocol() != Protocol::icmp) continue;
    const auto message = wire::IcmpView::parse(ip->payload());
    if (message && message->type() == type && (code < 0 || message->code() == code)) return &e;
  }
  return nullptr;
}

wire::ByteView quoted(const box::Emerged& error) { return wire::Ipv4View::parse(error.bytes)->payload().subspan(8); }

std::string words(const std::optional<Endpoint>& endpoint) { return endpoint ? wire::to_string(*endpoint) : "nothing"; }

bool Connection::open() {
  const auto seen = exam.outside_of(tcp(inside, remote, wire::TcpFlags::syn, ours), remote.address);
  if (!seen) return false;
  outside = *seen;
  ++ours;
  if (!exam.reaches(tcp(remote, outside, wire::TcpFlags::syn | wire::TcpFlags::ack, theirs, ours), inside)) {
    return false;
  }
  ++theirs;
  return acknowledge();
}

bool Connection::send(std::size_t size) {
  const bool out = exam.outside_of(tcp(inside, remote, wire::TcpFlags::psh | wire::TcpFlags::ack, ours, theirs, size),
                                   remote.address) == outside;
  ours += static_cast<std::uint32_t>(size);
  return out;
}

bool Connection::inside_hears(std::uint8_t flags, std::size_t size) {
  const bool in = exam.reaches(tcp(remote, outside, flags, theirs, ours, size), inside);
  theirs += static_cast<std::uint32_t>(size);
  return in;
}

bool Connection::answer() { return inside_hears(wire::TcpFlags::ack); }

bool Connection::fin_out() {
  const auto seen =
      exam.outside_of(tcp(inside, remote, wire::TcpFlags::fin | wire::TcpFlags::ack, ours++, theirs), remote.address);
  return seen == outside;
}

bool Connection::fin_in() {
  const bool in = inside_hears(wire::TcpFlags::fin | wire::TcpFlags::ack);
  ++theirs;
  return in;
}

bool Connection::acknowledge() {
  return exam.outside_of(tcp(inside, remote, wire::TcpFlags::ack, ours, theirs), remote.address) == outside;
}

bool Connection::close() { return fin_out() && fin_in() && acknowledge(); }

}  // namespace masqsim::exam
