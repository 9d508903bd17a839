// RFC 5508: NAT Behavioral Requirements for ICMP.
#include <algorithm>

#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "rfc_exam.hpp"

namespace masqsim::exam {

namespace {

namespace icmp_type = wire::icmp;

constexpr Endpoint a{host_a, 5000}, b{host_b, 5000}, r1{remote_1, 53};
constexpr Endpoint asker{host_a, 77}, other_asker{host_b, 77};

std::optional<Endpoint> echo_out(Exam& exam, Endpoint from, wire::Address to) {
  return exam.outside_of(echo(from, to), to);
}

Outcome queries_pass(Exam& exam) {
  bool all = true;
  for (const std::uint8_t type : {icmp_type::echo, icmp_type::timestamp, icmp_type::mask}) {
    const std::uint32_t rest = std::uint32_t{asker.port} << 16 | 1;
    const auto seen = exam.outside_of(icmp(asker.address, remote_1, type, 0, rest, Bytes(12)), remote_1);
    const auto answer = static_cast<std::uint8_t>(type == icmp_type::echo ? icmp_type::echo_reply : type + 1);
    all = all && seen &&
          exam.reaches(icmp(remote_1, outer, answer, 0, std::uint32_t{seen->port} << 16 | 1, Bytes(12)), asker);
  }
  return exam.found(all);
}

Outcome one_outside_id(Exam& exam) {
  echo_out(exam, other_asker, remote_2);
  const auto first = echo_out(exam, asker, remote_1), second = echo_out(exam, asker, remote_2);
  return exam.found(first && first == second, words(first) + " and " + words(second));
}

Outcome sixty_seconds(Exam& exam) {
  const auto seen = echo_out(exam, asker, remote_1);
  return exam.found(seen && exam.lives(59_s, echo_reply(remote_1, *seen), asker));
}

Outcome configurable_time(Exam& exam) {
  exam.nat().timeouts.icmp = 77_s;
  echo_out(exam, asker, remote_1);
  const auto left = exam.seconds_left(asker);
  return exam.found(left && *left >= 75 && *left <= 77);
}

/// A flow of `a`, and what the error that came in about it looks like inside.
std::optional<Endpoint> flow(Exam& exam) { return exam.udp_out(a, r1); }

/// Port unreachable about `about`, which the outside saw.
Bytes error_about(const Bytes& about, wire::Address from = remote_3) {
  return icmp_error(from, outer, icmp_type::unreachable, icmp_type::port_unreachable, about);
}

Outcome bad_sum_dropped(Exam& exam) {
  const auto seen = flow(exam);
  if (!seen) return exam.found(false);
  Bytes inbound = error_about(udp(*seen, r1));
  inbound[22] ^= 0xff;
  const bool in_dropped = exam.from_outside(inbound).empty();
  exam.udp_out(b, r1);
  Bytes outbound = icmp_error(b.address, remote_1, icmp_type::unreachable, icmp_type::port_unreachable, udp(r1, b));
  outbound[22] ^= 0xff;
  const bool out_dropped = exam.from_inside(outbound).empty();
  return exam.found(in_dropped && out_dropped, !in_dropped    ? "an inbound one passes"
                                               : !out_dropped ? "an outbound one passes"
                                                              : "");
}

Outcome bad_inner_sum_dropped(Exam& exam) {
  const auto seen = flow(exam);
  if (!seen) return exam.found(false);
  Bytes about = udp(*seen, r1);
  about[10] ^= 0xff;
  return exam.found(exam.from_outside(error_about(about)).empty());
}

bool told_inside(const std::vector<box::Emerged>& emerged, Endpoint inside) {
  const box::Emerged* error = icmp_at(emerged, box::Side::in, icmp_type::unreachable, icmp_type::port_unreachable);
  const auto about = error ? wire::tuple_of(quoted(*error)) : std::nullopt;
  return about && about->source == inside && destination_of(*error)->address == inside.address;
}

Outcome inner_options(Exam& exam) {
  const auto seen = flow(exam);
  if (!seen) return exam.found(false);
  const Bytes options{1, 1, 1, 1};
  wire::IpFields ip;
  ip.source = seen->address;
  ip.destination = remote_1;
  ip.options = options;
  return exam.found(
      told_inside(exam.from_outside(error_about(wire::udp_packet(ip, seen->port, r1.port, Bytes(8)))), a));
}

Outcome inner_transport_sum_ignored(Exam& exam) {
  const auto seen = flow(exam);
  if (!seen) return exam.found(false);
  Bytes about = udp(*seen, r1);
  about[26] ^= 0xff;
  return exam.found(told_inside(exam.from_outside(error_about(about)), a));
}

Outcome unknown_outside_dropped(Exam& exam) {
  return exam.found(exam.from_outside(error_about(udp({outer, 4321}, r1))).empty());
}

/// RFC 4884: the quote is filled up to 128 bytes, then come 12 bytes of extension, which are nobody's payload.
Outcome extensions_left_out(Exam& exam) {
  const auto seen = flow(exam);
  if (!seen) return exam.found(false);
  Bytes data = udp(*seen, r1);
  data.resize(128);
  const Bytes extension{0x20, 0, 0xbf, 0xfd, 0, 8, 1, 1, 0, 1, 2, 3};
  data.insert(data.end(), extension.begin(), extension.end());
  const std::uint32_t words_of_quote = 32u << 16;
  const auto emerged = exam.from_outside(
      icmp(remote_3, outer, icmp_type::unreachable, icmp_type::port_unreachable, words_of_quote, data));
  if (!told_inside(emerged, a)) return exam.found(false);
  const box::Emerged* error = first_at(emerged, box::Side::in);
  const auto message = wire::IcmpView::parse(wire::Ipv4View::parse(error->bytes)->payload());
  return exam.found(message->sum_ok() && std::ranges::equal(message->payload().last(12), extension) &&
                    message->payload()[127] == 0);
}

/// What comes in of an outside error; nothing if it does not come in.
std::optional<Bytes> outside_error(Exam& exam, std::uint8_t type, std::uint8_t code) {
  const auto seen = flow(exam);
  if (!seen) return std::nullopt;
  const auto emerged = exam.from_outside(icmp_error(remote_3, outer, type, code, udp(*seen, r1)));
  const box::Emerged* error = icmp_at(emerged, box::Side::in, type);
  return error ? std::optional(error->bytes) : std::nullopt;
}

Outcome inner_restored(Exam& exam) {
  const auto error = outside_error(exam, icmp_type::unreachable, icmp_type::port_unreachable);
  if (!error) return exam.found(false);
  const wire::ByteView quote = wire::Ipv4View::parse(*error)->payload().subspan(8);
  return exam.found(std::ranges::equal(quote, udp(a, r1)), wire::describe(quote));
}

Outcome kind_kept(Exam& exam) {
  for (const auto& [type, code] : {std::pair{icmp_type::unreachable, icmp_type::host_unreachable},
                                   std::pair{icmp_type::unreachable, icmp_type::admin_prohibited},
                                   std::pair{icmp_type::time_exceeded, std::uint8_t{1}}}) {
    exam.restart();
    const auto error = outside_error(exam, type, code);
    const auto message = error ? wire::IcmpView::parse(wire::Ipv4View::parse(*error)->payload()) : std::nullopt;
    if (!message || message->type() != type || message->code() != code || !message->sum_ok()) return exam.found(false);
  }
  return exam.found(true);
}

Outcome sent_to_the_quoted(Exam& exam) {
  const auto error = outside_error(exam, icmp_type::unreachable, icmp_type::port_unreachable);
  const auto ip = error ? wire::Ipv4View::parse(*error) : std::nullopt;
  return exam.found(ip && ip->destination() == a.address && ip->source() == remote_3 && ip->sum_ok());
}

Outcome unknown_inside_dropped(Exam& exam) {
  const Bytes error =
      icmp_error(a.address, remote_1, icmp_type::unreachable, icmp_type::port_unreachable, udp(r1, {host_a, 4321}));
  const auto emerged = exam.from_inside(error);
  return exam.found(emerged.empty(), emerged.empty() ? "" : "leaves from " + words(source_of(emerged.front())));
}

/// What goes out of an error that `from`, inside, sends about what `a` got from r1; and what r1 had sent.
struct Outbound {
  std::optional<Bytes> error;
  Bytes about;
};
Outbound inside_error(Exam& exam, wire::Address from, std::uint8_t type, std::uint8_t code) {
  const auto seen = flow(exam);
  if (!seen) return {};
  const Bytes sent = udp(r1, *seen);
  if (!exam.reaches(sent, a)) return {};
  const auto emerged = exam.from_inside(icmp_error(from, remote_1, type, code, udp(r1, a)));
  const box::Emerged* error = icmp_at(emerged, box::Side::out, type);
  return {error ? std::optional(error->bytes) : std::nullopt, sent};
}

Outcome outbound_inner_restored(Exam& exam) {
  const Outbound out = inside_error(exam, host_a, icmp_type::unreachable, icmp_type::port_unreachable);
  if (!out.error) return exam.found(false);
  const wire::ByteView quote = wire::Ipv4View::parse(*out.error)->payload().subspan(8);
  return exam.found(std::ranges::equal(quote, out.about), wire::describe(quote));
}

Outcome outbound_kind_kept(Exam& exam) {
  for (const std::uint8_t code : {icmp_type::port_unreachable, icmp_type::admin_prohibited}) {
    exam.restart();
    const Outbound out = inside_error(exam, host_a, icmp_type::unreachable, code);
    const auto message = out.error ? wire::IcmpView::parse(wire::Ipv4View::parse(*out.error)->payload()) : std::nullopt;
    if (!message || message->code() != code || !message->sum_ok()) return exam.found(false);
  }
  return exam.found(true);
}

Outcome outbound_from_outside_address(Exam& exam) {
  for (const wire::Address from : {host_a, inside_router}) {
    exam.restart();
    const Outbound out = inside_error(exam, from, icmp_type::unreachable, icmp_type::port_unreachable);
    if (!out.error || wire::Ipv4View::parse(*out.error)->source() != outer) {
      return exam.found(false, "of " + wire::to_string(from));
    }
  }
  return exam.found(true, "of a host and of a router");
}

/// About a query of an inside host, and about the answer to one; about UDP beside.
Outcome errors_change_no_timer(Exam& exam) {
  const auto query = echo_out(exam, asker, remote_1);
  if (!query) return exam.found(false);
  const auto seen = flow(exam);
  if (!seen) return exam.found(false);
  if (exam.refreshes(box::Side::out, error_about(udp(*seen, r1)), a)) return exam.found(false, "of UDP");
  if (exam.refreshes(box::Side::out, error_about(echo(*query, remote_1)), asker))
    return exam.found(false, "about a query");
  if (!exam.reaches(echo_reply(remote_1, *query), asker)) return exam.found(false, "about a query: it has gone");
  const Bytes about_answer =
      icmp_error(host_a, remote_1, icmp_type::unreachable, icmp_type::port_unreachable, echo_reply(remote_1, asker));
  if (exam.refreshes(box::Side::in, about_answer, asker)) return exam.found(false, "about an answer");
  return exam.found(exam.reaches(echo_reply(remote_1, *query), asker) && exam.reaches(udp(r1, *seen), a));
}

/// One-to-one translation (Basic NAT, RFC 2663 section 4.1.1): one host asks another at its outside address.
Outcome hairpinned_query(Exam& exam) {
  if (exam.nat().source.empty()) return exam.found(false);
  const wire::Prefix inside = wire::prefix_of(host_a, 29), outside = wire::prefix_of(wire::address(203, 0, 113, 8), 29);
  nat::SourceRule& out = exam.nat().source.front();
  out.action = nat::SourceRule::Action::source_nat;
  out.from = inside;
  out.addresses = {outside.address, outside.broadcast()};
  out.keep_host_bits = true;
  exam.nat().destination.push_back({.from = {},
                                    .to = outside,
                                    .protocol = {},
                                    .port = {},
                                    .forward = inside.address,
                                    .forward_port = {},
                                    .keep_host_bits = true});
  const wire::Address asker_outside = wire::address(203, 0, 113, 10), other_outside = wire::address(203, 0, 113, 11);
  const auto asked = exam.from_inside(echo(asker, other_outside));
  const box::Emerged* query = icmp_at(asked, box::Side::in, icmp_type::echo);
  if (!query || destination_of(*query)->address != other_asker.address) return exam.found(false);
  if (source_of(*query)->address != asker_outside) return exam.found(false, "from " + words(source_of(*query)));
  const auto answered = exam.from_inside(echo_reply(other_asker.address, {asker_outside, source_of(*query)->port}));
  const box::Emerged* answer = icmp_at(answered, box::Side::in, icmp_type::echo_reply);
  return exam.found(answer && destination_of(*answer)->address == asker.address &&
                    source_of(*answer)->address == other_outside);
}

Outcome hairpinned_error(Exam& exam) {
  const Endpoint caller{host_a, 6000};
  const auto caller_outside = exam.udp_out(caller, r1), called = exam.udp_out(b, r1);
  if (!called || !caller_outside) return exam.found(false);
  const auto arrived = exam.from_inside(udp(caller, *called));
  const box::Emerged* packet = first_at(arrived, box::Side::in);
  if (!packet || destination_of(*packet) != b) return exam.found(false, "the packet it is about does not pass");
  const auto emerged = exam.from_inside(icmp_error(b.address, source_of(*packet)->address, icmp_type::unreachable,
                                                   icmp_type::port_unreachable, packet->bytes));
  return exam.found(told_inside(emerged, caller));
}

bool told_unreachable(const std::vector<box::Emerged>& emerged, std::uint8_t code) {
  return icmp_at(emerged, box::Side::in, icmp_type::unreachable, code) && !first_at(emerged, box::Side::out);
}

Outcome exhaustion_told(Exam& exam) {
  if (exam.nat().source.empty()) return exam.found(false);
  exam.nat().source.front().ports = nat::PortRange{2000, 2000};
  exam.udp_out(a, r1);
  const auto emerged = exam.from_inside(udp(b, r1));
  const bool told =
      told_unreachable(emerged, icmp_type::admin_prohibited) || told_unreachable(emerged, icmp_type::host_unreachable);
  const bool by_6888 = icmp_at(emerged, box::Side::in, icmp_type::unreachable, icmp_type::host_unreachable);
  return exam.found(told, by_6888 ? "code 1 in place of 13, as RFC 6888 REQ-11 has it: TCP must not give up" : "");
}

Outcome refusal_told(Exam& exam) {
  exam.nat().limits.flows_per_host = 1;
  exam.udp_out(a, r1);
  return exam.found(told_unreachable(exam.from_inside(udp({host_a, 5001}, r1)), icmp_type::admin_prohibited));
}

Outcome may_suppress(Exam& exam) { return exam.found(true, "not made use of"); }

Outcome needed_kinds(Exam& exam) {
  const auto seen = flow(exam);
  if (!seen) return exam.found(false);
  const auto unreachable = exam.from_outside(error_about(udp(*seen, r1)));
  const auto exceeded = exam.from_outside(icmp_error(remote_3, outer, icmp_type::time_exceeded, 0, udp(*seen, r1)));
  const auto ping = echo_out(exam, asker, remote_1);
  return exam.found(told_inside(unreachable, a) && icmp_at(exceeded, box::Side::in, icmp_type::time_exceeded) && ping &&
                    exam.reaches(echo_reply(remote_1, *ping), asker));
}

Outcome other_kinds(Exam& exam) {
  const auto seen = flow(exam);
  const auto problem = exam.from_outside(
      icmp_error(remote_3, outer, icmp_type::parameter_problem, 0, udp(seen.value_or(Endpoint{}), r1)));
  return exam.found(true, icmp_at(problem, box::Side::in, icmp_type::parameter_problem) ? "parameter problem passes"
                                                                                        : "not made use of");
}

Outcome obsolete_kinds(Exam& exam) {
  const auto seen = flow(exam);
  if (!seen) return exam.found(false);
  const auto quench = exam.from_outside(icmp_error(remote_3, outer, icmp_type::source_quench, 0, udp(*seen, r1)));
  const auto asked = exam.from_inside(icmp(host_a, remote_1, icmp_type::information, 0, 77u << 16, {}));
  if (!quench.empty()) return exam.found(false, "source quench passes");
  return exam.found(asked.empty(), asked.empty() ? "" : "an information request passes");
}

Outcome own_errors(Exam& exam) {
  Bytes last_hop = udp(a, r1);
  wire::Ipv4Edit::parse(last_hop)->rewrite_ttl(1);
  const auto emerged = exam.from_inside(last_hop);
  const box::Emerged* error = icmp_at(emerged, box::Side::in, icmp_type::time_exceeded);
  return exam.found(error && wire::Ipv4View::parse(error->bytes)->tos() >= 0xc0 && source_of(*error)->address != outer);
}

/// RFC 1812 section 4.3.2.7: about errors, broadcasts and pieces that are not the first.
Outcome no_error_about_errors(Exam& exam) {
  const auto dies_here = [&](Bytes packet) {
    wire::Ipv4Edit::parse(packet)->rewrite_ttl(1);
    return exam.from_inside(packet).empty();
  };
  const bool about_error =
      dies_here(icmp_error(a.address, remote_1, icmp_type::unreachable, icmp_type::port_unreachable, udp(r1, a)));
  const bool about_many = dies_here(udp(a, {wire::address(255, 255, 255, 255), 53}));
  return exam.found(about_error && about_many);
}

Outcome others_may_drop(Exam& exam) {
  const auto emerged = exam.from_inside(icmp(host_a, remote_1, 42, 0, 0, Bytes(8)));
  const bool leaks =
      first_at(emerged, box::Side::out) && source_of(*first_at(emerged, box::Side::out))->address == host_a;
  return exam.found(true, emerged.empty() ? "dropped" : leaks ? "leaks untranslated" : "handled");
}

}  // namespace

std::vector<Requirement> rfc_5508() {
  using enum Level;
  return {
      {5508, "REQ-1", must, "queries from inside and their replies pass", queries_pass},
      {5508, "REQ-1a", should, "one outside query id, whatever the remote", one_outside_id},
      {5508, "REQ-2", must, "a query's mapping lives at least 60 s", sixty_seconds},
      {5508, "REQ-2a", recommended, "the time can be set", configurable_time},
      {5508, "REQ-3", should, "an error with a wrong ICMP sum is dropped", bad_sum_dropped},
      {5508, "REQ-3a", should, "so is one whose inner IP sum is wrong", bad_inner_sum_dropped},
      {5508, "REQ-3b", must, "options of the inner header are stepped over", inner_options},
      {5508, "REQ-3c", should_not, "the inner transport sum is not looked at", inner_transport_sum_ignored},
      {5508, "REQ-3d", must, "extensions behind the quote are left out of it", extensions_left_out},
      {5508, "REQ-4", should, "an outside error about no mapping is dropped", unknown_outside_dropped},
      {5508, "REQ-4a", must, "an outside error comes in with the inner headers restored", inner_restored},
      {5508, "REQ-4b", must, "with its type and code", kind_kept},
      {5508, "REQ-4c", must, "to whom sent what it quotes", sent_to_the_quoted},
      {5508, "REQ-5", should, "an inside error about no mapping is dropped", unknown_inside_dropped},
      {5508, "REQ-5a", must, "an inside error goes out with the inner headers restored", outbound_inner_restored},
      {5508, "REQ-5b", must, "with its type and code", outbound_kind_kept},
      {5508, "REQ-5c", must, "from an outside address, whoever inside sent it", outbound_from_outside_address},
      {5508, "REQ-6", must_not, "an error neither refreshes nor ends a mapping", errors_change_no_timer},
      {5508, "REQ-7", must, "with one-to-one translation, inside hosts can ask each other by outside addresses",
       hairpinned_query},
      {5508, "REQ-7a", must, "an error about a hairpinned packet comes back translated", hairpinned_error},
      {5508, "REQ-8", should, "no port left: the packet is dropped, its sender told", exhaustion_told},
      {5508, "REQ-8", should, "no more allowed: the same, administratively prohibited", refusal_told},
      {5508, "REQ-9", may, "policy suppresses ICMP", may_suppress},
      {5508, "REQ-10a", must, "unreachable, time exceeded and echo pass", needed_kinds},
      {5508, "REQ-10b", may, "so do other kinds", other_kinds},
      {5508, "REQ-10c", should_not, "source quench and information requests do not", obsolete_kinds},
      {5508, "REQ-10d", recommended, "the gateway's own errors have the precedence of RFC 1812", own_errors},
      {5508, "REQ-10e", recommended, "and are sent about no error and no broadcast (RFC 1812)", no_error_about_errors},
      {5508, "REQ-11", may, "other ICMP is dropped or handled", others_may_drop},
  };
}

}  // namespace masqsim::exam
