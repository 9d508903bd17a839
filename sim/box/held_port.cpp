#include "held_port.hpp"

#include <algorithm>
#include <array>

#include "sim/net/network.hpp"
#include "sim/net/tcp_signature.hpp"
#include "sim/wire/sequence.hpp"

namespace masqsim::box {

using wire::before;
using wire::TcpFlags;

namespace {

constexpr Duration first_timeout = 1_s, cookie_life = 2_min;
constexpr std::uint8_t retries = 5, fewest_retries = 2;
constexpr std::uint8_t ecn_field = 3, reserved_bits = 15;
/// The MSSs that a SYN cookie can tell (tcp_v4_init_sequence).
constexpr std::array<std::uint16_t, 4> cookie_mss{536, 1300, 1440, 1460};

int cookie_place(std::uint16_t mss) {
  int place = 0;
  while (place + 1 < static_cast<int>(cookie_mss.size()) && cookie_mss[static_cast<std::size_t>(place) + 1] <= mss)
    ++place;
  return place;
}

bool is(const Agreement& a, wire::Ipv4View ip, wire::TcpView tcp) {
  return a.remote == wire::Endpoint{ip.source(), tcp.source_port()} && a.local.address == ip.destination();
}

/// Each pair of addresses has its own clock, as far as its reader can tell.
std::uint32_t clock_offset(std::uint64_t secret, wire::Ipv4View ip) {
  const std::uint64_t pair = std::uint64_t{ip.source().value} << 32 | ip.destination().value;
  return static_cast<std::uint32_t>(mix(pair ^ secret));
}

}  // namespace

Time HeldPort::now() const { return stack_.network().now(); }

HeldPort::Verdict HeldPort::on_segment(wire::Ipv4View ip, wire::TcpView tcp, trace::FlowId flow) {
  if (net::signature_of(tcp) == net::Signature::unacceptable) return Verdict::ignored;
  for (const auto& connection : connections_) {
    if (!connection->is_open() || !is(connection->agreed(), ip, tcp)) continue;
    switch (connection->on_segment(ip, tcp)) {
      case HeldConnection::Outcome::ignored: return Verdict::ignored;
      case HeldConnection::Outcome::refused: return Verdict::refused;
      default: return Verdict::taken;
    }
  }
  for (const auto& request : requests_) {
    if (is(request->agreed, ip, tcp)) return on_request(*request, ip, tcp);
  }
  return on_nobody(ip, tcp, flow);
}

// --- a SYN was answered ---------------------------------------------------------------------------------------------

/// RFC 9293 section 3.10.7.4 for SYN-RECEIVED, in Linux' order (tcp_check_req).
HeldPort::Verdict HeldPort::on_request(Request& request, wire::Ipv4View ip, wire::TcpView tcp) {
  Agreement& a = request.agreed;
  const wire::TcpFlags flags = tcp.flags();
  const wire::TcpFlags kind{static_cast<std::uint8_t>(flags.bits & (TcpFlags::syn | TcpFlags::ack | TcpFlags::rst))};
  const std::uint32_t expected = a.theirs + 1, begin = tcp.sequence();
  const std::uint32_t end = begin + static_cast<std::uint32_t>(tcp.payload().size()) +
                            (flags.any(TcpFlags::syn) ? 1 : 0) + (flags.any(TcpFlags::fin) ? 1 : 0);
  const auto stamps = wire::read_options(tcp).timestamps;
  const bool old = stamps && is_old_stamp(*stamps, a.recent, 0);
  if (begin == a.theirs && kind == wire::TcpFlags{TcpFlags::syn} && !old) {
    if (is_rationed(tcp, now(), request.last_answer)) return Verdict::ignored;
    answer_again(request);
    wake_at(request, now() + (first_timeout * (1 << request.timeouts)));
    return Verdict::taken;
  }
  const bool resets = kind.any(TcpFlags::rst);
  if (kind.any(TcpFlags::ack) && !resets && tcp.acknowledgment() != a.own + 1) return on_nobody(ip, tcp, a.flow);

  const std::uint32_t edge = expected + a.first.window;
  const bool inside =
      begin == expected || (before(begin, edge) && before(expected, end)) || (begin == edge && begin == end);
  const bool echo_strange = stamps && a.timestamps && stamps->echo != 0 &&
                            (before(stamps->echo, request.first_stamp) || before(request.last_stamp, stamps->echo));
  if (old || echo_strange || !inside) {
    if (!resets && !is_rationed(tcp, now(), request.last_answer)) acknowledge(request, ip);
    return Verdict::ignored;
  }
  if (resets && begin != expected) {  // RFC 5961 section 3.2
    if (!is_rationed(now(), request.last_answer)) acknowledge(request, ip);
    return Verdict::ignored;
  }
  const bool syn_anew = kind.any(TcpFlags::syn) && begin != a.theirs;
  if (resets || syn_anew) {
    forget(request);
    return resets ? Verdict::taken : Verdict::refused;
  }
  if (!kind.any(TcpFlags::ack) || is_full()) return Verdict::ignored;
  if (stamps && a.timestamps && !before(expected, begin)) a.recent = stamps->value;
  const Agreement agreed = a;
  const Duration round_trip = request.timeouts == 0 ? now() - request.answered : Duration{};
  forget(request);
  return open(agreed, round_trip, ip, tcp);
}

HeldPort::Verdict HeldPort::open(const Agreement& agreed, Duration round_trip, wire::Ipv4View ip, wire::TcpView tcp) {
  const auto first_id = static_cast<std::uint16_t>(random_.next());
  const std::uint32_t offered = std::uint32_t{tcp.window()} << agreed.their_scale;
  connections_.push_back(std::make_unique<HeldConnection>(stack_, agreed, offered, first_id, round_trip));
  connections_.back()->on_segment(ip, tcp);
  return Verdict::taken;
}

void HeldPort::forget(const Request& request) {
  std::erase_if(requests_, [&](const auto& one) { return one.get() == &request; });
}

void HeldPort::wake_at(Request& request, Time due) {
  request.due = due;
  stack_.network().engine().schedule(due, *this, request.number);
}

void HeldPort::on_event(std::uint64_t number) {
  const auto found = std::ranges::find_if(requests_, [&](const auto& r) { return r->number == number; });
  if (found == requests_.end() || (*found)->due != now()) return;
  Request& request = **found;
  if (request.timeouts >= timeouts_at_most()) return forget(request);
  ++request.timeouts;
  answer_again(request);
  wake_at(request, now() + (first_timeout * (1 << request.timeouts)));
}

/// Where more than half of the queue is taken, old requests make room for young ones (reqsk_timer_handler).
std::uint8_t HeldPort::timeouts_at_most() const {
  if (2 * requests_.size() <= backlog) return retries;
  std::uint8_t most = retries;
  auto young =
      2 * static_cast<std::size_t>(std::ranges::count_if(requests_, [](const auto& r) { return r->timeouts == 0; }));
  while (most > fewest_retries && requests_.size() >= young) {
    --most;
    young *= 2;
  }
  return most;
}

// --- nobody is known ------------------------------------------------------------------------------------------------

HeldPort::Verdict HeldPort::on_nobody(wire::Ipv4View ip, wire::TcpView tcp, trace::FlowId flow) {
  const wire::TcpFlags flags = tcp.flags();
  if (flags.any(TcpFlags::ack) && !flags.any(TcpFlags::rst)) {
    return flags.any(TcpFlags::syn) ? Verdict::refused : take_cookie(ip, tcp);
  }
  if (flags.any(TcpFlags::rst | TcpFlags::fin) || !flags.any(TcpFlags::syn) || is_full()) return Verdict::ignored;
  const bool with_cookie = requests_.size() > backlog;
  Agreement agreed = agree(ip, tcp, flow, with_cookie);
  if (with_cookie) return give_cookie(agreed, ip, tcp), Verdict::taken;
  const std::uint32_t stamp = answer(agreed);
  requests_.push_back(std::make_unique<Request>(Request{.number = next_number_++,
                                                        .agreed = agreed,
                                                        .last_stamp = stamp,
                                                        .first_stamp = stamp,
                                                        .answered = now(),
                                                        .due = {},
                                                        .last_answer = {}}));
  wake_at(*requests_.back(), now() + first_timeout);
  return Verdict::taken;
}

/// Who asks once more gets the same: a cookie is made of who asks, and of his number.
void HeldPort::give_cookie(Agreement& agreed, wire::Ipv4View ip, wire::TcpView syn) {
  for (const Cookie& c : cookies_) {
    if (is(c.agreed, ip, syn) && c.agreed.theirs == agreed.theirs) agreed.own = c.agreed.own;
  }
  std::erase_if(cookies_, [&](const Cookie& c) { return is(c.agreed, ip, syn) || now() - c.at > cookie_life; });
  cookies_.push_back({agreed, now()});
  answer(agreed);
}

/// A cookie tells what its timestamp tells; without one, nothing was agreed but the MSS. That lies in the cookie's
/// lowest bits, so that numbers which are off by a little tell of another MSS, and pass.
HeldPort::Verdict HeldPort::take_cookie(wire::Ipv4View ip, wire::TcpView tcp) {
  const auto found = std::ranges::find_if(
      cookies_, [&](const Cookie& c) { return is(c.agreed, ip, tcp) && now() - c.at <= cookie_life; });
  if (found == cookies_.end()) return Verdict::refused;
  Agreement agreed = found->agreed;
  const std::uint32_t theirs = tcp.sequence() - 1;
  const auto off = static_cast<std::int32_t>((tcp.acknowledgment() - 1 - agreed.own) - (theirs - agreed.theirs));
  const std::int64_t place = cookie_place(agreed.their_mss) + std::int64_t{off};
  if (place < 0 || place >= static_cast<std::int64_t>(cookie_mss.size())) return Verdict::refused;
  if (is_full()) return Verdict::ignored;
  const auto stamps = wire::read_options(tcp).timestamps;
  if (stamps) agreed.recent = stamps->value;
  if (!stamps) agreed.timestamps = agreed.sack = agreed.scaled = agreed.ecn = false;
  agreed.own = tcp.acknowledgment() - 1;
  agreed.theirs = theirs;
  agreed.their_mss = cookie_mss[static_cast<std::size_t>(place)];
  agreed.first.window = whole_segments(agreed.their_mss);
  return open(agreed, {}, ip, tcp);
}

/// Linux takes every option that it knows and that is whole; a cookie can remember them in a timestamp only.
Agreement HeldPort::agree(wire::Ipv4View ip, wire::TcpView syn, trace::FlowId flow, bool with_cookie) {
  const wire::TcpOptions offered = wire::read_options(syn);
  const bool kept = !with_cookie || offered.timestamps;
  // RFC 3168 forbids marks on a SYN; where bits are set that it knows nothing of, Linux thinks of later ones.
  const bool forbidden = (ip.tos() & ecn_field) != 0 && (syn.bytes()[12] & reserved_bits) == 0;
  Agreement a;
  a.local = {ip.destination(), port_};
  a.remote = {ip.source(), syn.source_port()};
  a.flow = flow;
  a.ip_options = net::answer_options(ip, now(), ip.destination());
  a.own = static_cast<std::uint32_t>(random_.next());
  a.theirs = syn.sequence();
  a.timestamps = offered.timestamps.has_value();
  if (a.timestamps) a.recent = offered.timestamps->value;
  a.clock_offset = clock_offset(secret_, ip);
  a.their_mss = offered.mss.value_or(0) != 0 ? *offered.mss : 536;
  a.scaled = kept && offered.window_scale;
  if (a.scaled) a.their_scale = *offered.window_scale;
  a.sack = kept && offered.sack_permitted;
  a.ecn = kept && syn.flags().has(TcpFlags::ece | TcpFlags::cwr) && !forbidden;
  a.first = first_window(stack_.interface_mtu(a.remote.address), a.timestamps);
  return a;
}

// --- what is sent ---------------------------------------------------------------------------------------------------

void HeldPort::answer_again(Request& request) { request.last_stamp = answer(request.agreed); }

/// SYN+ACK; the timestamp that it bears.
std::uint32_t HeldPort::answer(const Agreement& a) {
  const std::uint32_t stamp = timestamp_now(a, now());
  OptionList options;
  options.word(2, 4, static_cast<std::uint8_t>(a.first.mss >> 8), static_cast<std::uint8_t>(a.first.mss));
  if (a.timestamps) options.timestamps(stamp, a.recent, a.sack);
  if (a.sack && !a.timestamps) options.word(1, 1, 4, 2);
  if (a.scaled) options.word(1, 3, 3, ReceiveWindow::scale);
  net::Packet packet = stack_.make(40 + a.ip_options.size + options.view().size(), a.flow);
  wire::write_tcp(
      packet.bytes(),
      {.source = a.local.address, .destination = a.remote.address, .ttl = stack_.ttl(), .options = a.ip_options.view()},
      {.source_port = a.local.port,
       .destination_port = a.remote.port,
       .sequence = a.own,
       .acknowledgment = a.theirs + 1,
       .flags = {static_cast<std::uint8_t>(TcpFlags::syn | TcpFlags::ack | (a.ecn ? TcpFlags::ece : 0))},
       .window = static_cast<std::uint16_t>(a.first.window),
       .options = options.view()},
      {});
  stack_.node().output(std::move(packet));
  return stamp;
}

/// To a segment that does not fit, without a connection yet: in the service class and with the IP options of what it
/// answers.
void HeldPort::acknowledge(const Request& request, wire::Ipv4View ip) {
  const Agreement& a = request.agreed;
  const net::AnswerOptions ip_options = net::answer_options(ip, now(), ip.destination());
  if (!ip_options.possible) return;
  OptionList options;
  if (a.timestamps) options.timestamps(timestamp_now(a, now()), a.recent);
  net::Packet packet = stack_.make(40 + ip_options.size + options.view().size(), a.flow);
  wire::write_tcp(packet.bytes(),
                  {.source = a.local.address,
                   .destination = a.remote.address,
                   .ttl = stack_.ttl(),
                   .tos = static_cast<std::uint8_t>(ip.tos() & ~ecn_field),
                   .options = ip_options.view()},
                  {.source_port = a.local.port,
                   .destination_port = a.remote.port,
                   .sequence = a.own + 1,
                   .acknowledgment = a.theirs + 1,
                   .flags = {TcpFlags::ack},
                   .window = static_cast<std::uint16_t>(a.first.window >> (a.scaled ? ReceiveWindow::scale : 0)),
                   .options = options.view()},
                  {});
  stack_.node().output(std::move(packet));
}

// --- all of one stack -----------------------------------------------------------------------------------------------

HeldPorts::HeldPorts(net::Stack& stack)
    : stack_(stack),
      random_(stack.network().random("held-ports/" + stack.network().name(stack.node().id()))),
      secret_(random_.next()) {
  stack_.set_tcp_segment_handler(this);
}

HeldPorts::~HeldPorts() { stack_.set_tcp_segment_handler(nullptr); }

bool HeldPorts::hold(std::uint16_t port) {
  if (stack_.serves(wire::Protocol::tcp, port)) return false;
  ports_.push_back(std::make_unique<HeldPort>(stack_, port, random_, secret_));
  return true;
}

HeldPort* HeldPorts::find(std::uint16_t port) const {
  const auto found = std::ranges::find_if(ports_, [&](const auto& one) { return one->port() == port; });
  return found == ports_.end() ? nullptr : found->get();
}

HeldPort::Verdict HeldPorts::on_segment(wire::Ipv4View ip, wire::TcpView tcp, trace::FlowId flow) {
  return find(tcp.destination_port())->on_segment(ip, tcp, flow);
}

}  // namespace masqsim::box
