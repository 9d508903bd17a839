#include "random_packet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string>

#include "masqsim/wire/build.hpp"
#include "masqsim/wire/checksum.hpp"
#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "masqsim/wire/tcp.hpp"

namespace masqsim::lockstep {
namespace {

using wire::Protocol;
using wire::TcpFlags;
namespace icmp = wire::icmp;

constexpr std::uint16_t ftp_port = 21;

bool one_in(Random& random, std::uint64_t n) { return random.below(n) == 0; }

template <typename T, std::size_t N>
T pick(Random& random, const std::array<T, N>& from) {
  return from[random.below(N)];
}

Bytes payload(std::size_t size) {
  Bytes data(size);
  for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<std::uint8_t>('a' + i % 26);
  return data;
}

wire::IpFields ip_fields(wire::Address from, wire::Address to, std::uint16_t id, Random& random) {
  wire::IpFields ip{.source = from, .destination = to, .id = id};
  if (one_in(random, 3)) ip.fragment_word = 0;
  return ip;
}

// Where a connection stands, as its hosts see it: the next segment that a sound stack would send.
struct Natural {
  std::uint8_t from;
  std::uint8_t flags;
  std::size_t data;
};

Natural natural_segment(const RandomHosts::Flow& flow, Random& random) {
  constexpr std::uint8_t syn = TcpFlags::syn, ack = TcpFlags::ack, fin = TcpFlags::fin, psh = TcpFlags::psh;
  switch (flow.steps) {
    case 0: return {0, syn, 0};
    case 1: return {1, syn | ack, 0};
    case 2: return {0, ack, 0};
    default: break;
  }
  const auto either = static_cast<std::uint8_t>(random.below(2));
  if (flow.steps < 1000) {  // open: data either way, until somebody closes
    if (one_in(random, 6)) return {either, fin | ack, 0};
    if (one_in(random, 3)) return {either, ack, 0};
    return {either, psh | ack, pick(random, std::array<std::size_t, 4>{1, 10, 100, 1000})};
  }
  const auto closer = static_cast<std::uint8_t>(flow.steps % 2);
  const auto other = static_cast<std::uint8_t>(1 - closer);
  switch ((flow.steps - 1000) / 2) {
    case 0: return {other, ack, 0};
    case 1: return {other, fin | ack, 0};
    case 2: return {closer, ack, 0};
    default: return {0, syn, 0};  // the same ports again
  }
}

void advance(RandomHosts::Flow& flow, const Natural& n) {
  if (flow.steps < 1000) {
    flow.steps = (n.flags & TcpFlags::fin) != 0 ? 1000u + n.from : flow.steps + 1;
    return;
  }
  flow.steps += 2;
  if (flow.steps >= 1008) flow.steps = 1;
}

Bytes tcp_options(bool scaled, Random& random) {
  Bytes options{2, 4, 5, 0xb4};                                                                 // MSS 1460
  if (one_in(random, 2)) options.insert(options.end(), {4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0});  // SACK, timestamps
  if (scaled) options.insert(options.end(), {1, 3, 3, 7});
  return options;
}

/// With the checksum that Linux wants (sim/nat/packet.cpp).
Bytes udplite_segment(wire::IpFields ip, std::uint16_t from, std::uint16_t to, wire::ByteView data, Random& random) {
  Bytes segment(8 + data.size());
  wire::store16(&segment[0], from);
  wire::store16(&segment[2], to);
  const std::size_t covered = one_in(random, 2) ? 8 : segment.size();
  wire::store16(&segment[4], static_cast<std::uint16_t>(covered == segment.size() && one_in(random, 2) ? 0 : covered));
  std::copy(data.begin(), data.end(), segment.begin() + 8);
  const std::uint16_t sum = wire::Sum{}
                                .add32(ip.source.value)
                                .add32(ip.destination.value)
                                .add16(static_cast<std::uint16_t>(Protocol::udp))
                                .add16(static_cast<std::uint8_t>(segment.size()))
                                .add(wire::ByteView(segment).first(covered))
                                .checksum();
  wire::store16(&segment[6], sum == 0 ? 0xffff : sum);
  return segment;
}

/// One or two chunks, mostly such as the end sends in the course of an association. The first number of an end is the
/// tag that it announces.
Bytes sctp_segment(const RandomHosts::Flow& flow, std::uint8_t from, std::uint16_t to, Random& random) {
  constexpr std::uint8_t init = 1, init_ack = 2;
  constexpr std::array<std::uint8_t, 8> caller{init, init, 10, 10, 0, 0, 7, 14},
      answerer{init_ack, init_ack, 11, 11, 0, 3, 8, 5};
  constexpr std::array<std::uint8_t, 14> any{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 200};
  const std::uint8_t type = one_in(random, 4) ? pick(random, any)
                            : from == 0       ? pick(random, caller)
                                              : pick(random, answerer);
  const std::uint32_t own_tag = flow.ends[from].next_sequence, other_tag = flow.ends[1 - from].next_sequence;
  Bytes segment(12);
  wire::store16(&segment[0], flow.ends[from].own.port);
  wire::store16(&segment[2], to);
  wire::store32(&segment[4], one_in(random, 10) ? own_tag : type == init ? 0 : other_tag);
  const bool announces = type == init || type == init_ack;
  const auto add = [&](std::uint8_t kind, std::size_t size) {
    const std::size_t at = segment.size();
    segment.resize(at + size);
    segment[at] = kind;
    segment[at + 1] = one_in(random, 8) ? 1 : 0;
    wire::store16(&segment[at + 2], static_cast<std::uint16_t>(size));
    if (size >= 8) wire::store32(&segment[at + 4], own_tag);
  };
  add(type, announces ? 20 : 8);
  if (one_in(random, 8)) add(pick(random, any), 4);
  wire::store32(&segment[8], wire::sctp_checksum(segment));
  return segment;
}

/// A line of an FTP control connection, mostly an announcement, perhaps with something wrong. Digits stay: they might
/// name the port of another.
Bytes ftp_line(wire::Endpoint own, bool is_server, Random& random) {
  wire::Address announced = own.address;
  if (one_in(random, 8)) announced.value ^= 1;  // somebody else
  const std::uint16_t port = ftp_data_port(own);
  std::string commas = to_string(announced);
  std::replace(commas.begin(), commas.end(), '.', ',');
  commas += fmt::format(",{},{}", port >> 8, port & 0xff);
  const std::array client_lines{"PORT " + commas + "\r\n",
                                fmt::format("EPRT |1|{}|{}|\r\n", to_string(announced), port), std::string("NOOP\r\n")};
  const std::array server_lines{"227 Entering Passive Mode (" + commas + ")\r\n", fmt::format("229 (|||{}|)\r\n", port),
                                std::string("200 ok\r\n")};
  std::string line = pick(random, is_server ? server_lines : client_lines);
  constexpr std::string_view others = " ,.|!()xP\r\n";
  if (one_in(random, 4)) {
    const std::size_t at = random.below(line.size());
    const std::string other(1, others[random.below(others.size())]);
    const bool digit = line[at] >= '0' && line[at] <= '9';
    switch (random.below(digit ? 2 : 4)) {
      case 0: line.insert(at, other); break;
      case 1: line.resize(at + 1); break;
      case 2: line.replace(at, 1, other); break;
      default: line.erase(at, 1); break;
    }
  }
  return {line.begin(), line.end()};
}

std::uint32_t near(std::uint32_t exact, Random& random) {
  constexpr std::array<std::int32_t, 16> offsets{1,     -1,    10,    -10,   100,    -1000, 1460,   64239,
                                                 64240, 64241, 65535, 65536, -65536, 70000, -70000, 1 << 30};
  return exact + static_cast<std::uint32_t>(pick(random, offsets));
}

}  // namespace

std::uint16_t ftp_data_port(wire::Endpoint end) {
  return static_cast<std::uint16_t>(1024 + (end.address.value * 7919u + end.port * 104'729u) % 60'000u);
}

Bytes random_tcp(RandomHosts::Flow& flow, std::uint8_t from, wire::Endpoint to, std::uint16_t id, Random& random) {
  RandomHosts::End& own = flow.ends[from];
  RandomHosts::End& other = flow.ends[1 - from];
  Natural segment = natural_segment(flow, random);
  const bool natural = segment.from == from && !one_in(random, 5);
  if (natural) {
    advance(flow, segment);
  } else {
    constexpr std::array<std::uint8_t, 16> flags{0x02, 0x12, 0x10, 0x10, 0x18, 0x18, 0x11, 0x04,
                                                 0x14, 0x10, 0x19, 0x00, 0x01, 0x03, 0x29, 0x30};
    segment = {from, pick(random, flags), one_in(random, 2) ? 0u : random.below(1500)};
  }
  const bool syn = (segment.flags & TcpFlags::syn) != 0;
  Bytes options = syn && !one_in(random, 4) ? tcp_options(flow.scaled, random) : Bytes{};
  if (!syn && (segment.flags & TcpFlags::ack) != 0 && one_in(random, 8)) {  // SACK, behind two NOPs
    options.assign(12, 0);
    wire::store32(&options[0], 0x0101'050a);
    wire::store32(&options[4], near(other.next_sequence, random));
    wire::store32(&options[8], near(other.next_sequence, random));
  }
  const bool says_ftp = segment.data != 0 && (to.port == ftp_port || own.own.port == ftp_port);
  const Bytes data = says_ftp ? ftp_line(own.own, from == 1, random) : payload(segment.data);
  wire::TcpFields tcp{
      .source_port = own.own.port, .destination_port = to.port, .sequence = own.next_sequence, .options = options};
  tcp.flags.bits = segment.flags;
  const bool exact_sequence = natural || one_in(random, 2);
  if (!exact_sequence) tcp.sequence = near(tcp.sequence, random);
  if ((segment.flags & TcpFlags::ack) != 0) {
    tcp.acknowledgment = other.next_sequence;
    if (!natural && one_in(random, 3)) tcp.acknowledgment = near(tcp.acknowledgment, random);
  }
  constexpr std::array<std::uint16_t, 6> windows{64240, 64240, 65535, 512, 1000, 0};
  tcp.window = pick(random, windows);
  if (exact_sequence) {
    const bool fin = (segment.flags & TcpFlags::fin) != 0;
    own.next_sequence += static_cast<std::uint32_t>(data.size()) + (syn ? 1 : 0) + (fin ? 1 : 0);
  }
  return wire::tcp_packet(ip_fields(own.own.address, to.address, id, random), tcp, data);
}

Bytes random_datagram(const RandomHosts::Flow& flow, std::uint8_t from, wire::Endpoint to, std::uint16_t id,
                      Random& random) {
  const RandomHosts::End& own = flow.ends[from];
  const wire::IpFields ip = ip_fields(own.own.address, to.address, id, random);
  constexpr std::array<std::size_t, 5> sizes{0, 1, 8, 33, 500};
  const Bytes data = payload(pick(random, sizes));
  if (flow.protocol == Protocol::udp) return wire::udp_packet(ip, own.own.port, to.port, data);
  if (flow.protocol == Protocol::icmp) {
    const std::uint8_t answer =
        flow.icmp_type == icmp::echo ? icmp::echo_reply : static_cast<std::uint8_t>(flow.icmp_type + 1);
    const std::uint8_t type = from == 0 ? flow.icmp_type : answer;
    const std::uint16_t query_id = from == 0 ? own.own.port : to.port;
    return wire::icmp_packet(ip, {type, 0, std::uint32_t{query_id} << 16 | 1}, data);
  }
  if (flow.protocol == Protocol::sctp) {
    return wire::ip_packet(ip, flow.protocol, sctp_segment(flow, from, to.port, random));
  }
  if (flow.protocol == Protocol::udplite) {
    return wire::ip_packet(ip, flow.protocol, udplite_segment(ip, own.own.port, to.port, data, random));
  }
  Bytes segment = payload(8 + data.size());
  const bool is_pptp = flow.protocol == Protocol::gre && flow.scaled;
  if (flow.protocol == Protocol::gre) wire::store32(&segment[0], 0x0000'0800);  // version 0, no options, IPv4 inside
  if (is_pptp) {                                                                // RFC 2637: the call id of the receiver
    wire::store32(&segment[0], 0x3001'880b);
    wire::store16(&segment[6], from);
  }
  return wire::ip_packet(ip, flow.protocol, segment);
}

Bytes random_error(wire::ByteView about, wire::Address from, std::uint16_t id, Random& random) {
  struct Kind {
    std::uint8_t type, code;
    std::uint32_t rest;
  };
  constexpr std::array<Kind, 10> kinds{{{3, 0, 0},
                                        {3, 1, 0},
                                        {3, 3, 0},
                                        {3, 3, 0},
                                        {3, 4, 1400},
                                        {3, 13, 0},
                                        {11, 0, 0},
                                        {12, 0, 0x14000000},
                                        {4, 0, 0},
                                        {5, 1, 0xc0a80101}}};
  constexpr std::array<std::size_t, 7> cuts{28, 28, 40, 548, 27, 24, 20};
  const Kind kind = pick(random, kinds);
  const std::size_t cut = std::min(about.size(), pick(random, cuts));
  Bytes quote(about.begin(), about.begin() + static_cast<std::ptrdiff_t>(cut));
  if (one_in(random, 8)) quote[random.below(quote.size())] ^= static_cast<std::uint8_t>(1u << random.below(8));
  const wire::Address to{about.size() >= 20 ? wire::load32(&about[12]) : 0};
  return wire::icmp_packet(ip_fields(from, to, id, random), {kind.type, kind.code, kind.rest}, quote);
}

namespace {

// Each takes a sound packet, option-free header. Those that leave the header sound repair its checksum.
using Change = void (*)(Bytes&, Random&);

void fix(Bytes& p) { wire::Ipv4Edit::parse_quoted(std::span(p))->fix_sum(); }

void insert_options(Bytes& p, std::initializer_list<std::uint8_t> options) {
  p.insert(p.begin() + 20, options);
  p[0] = static_cast<std::uint8_t>(0x40 | (5 + options.size() / 4));
  wire::store16(&p[2], static_cast<std::uint16_t>(p.size()));
  fix(p);
}

void flip(Bytes& p, std::size_t first, std::size_t end, Random& random) {
  if (end <= first) return;
  const std::size_t at = first + random.below(end - first);
  p[at] ^= static_cast<std::uint8_t>(1u << random.below(8));
}

constexpr std::array changes{
    Change{[](Bytes& p, Random&) {
      p[8] = 1;
      fix(p);
    }},
    Change{[](Bytes& p, Random&) {
      p[8] = 1;
      fix(p);
    }},
    Change{[](Bytes& p, Random&) {
      p[8] = 2;
      fix(p);
    }},
    Change{[](Bytes& p, Random&) {
      p[8] = 0;
      fix(p);
    }},
    Change{[](Bytes& p, Random& r) {
      p[1] = static_cast<std::uint8_t>(r.below(256));
      fix(p);
    }},
    Change{[](Bytes& p, Random&) {
      p[6] |= 0x80;
      fix(p);
    }},  // the reserved bit
    Change{[](Bytes& p, Random&) {
      wire::store16(&p[4], 0);
      fix(p);
    }},
    Change{[](Bytes& p, Random&) { p[10] ^= 0x55; }},                                 // header checksum
    Change{[](Bytes& p, Random& r) { p.resize(p.size() + 1 + r.below(20), 0xee); }},  // beyond the total length
    Change{[](Bytes& p, Random& r) { p.resize(p.size() - 1 - r.below(std::min<std::size_t>(p.size() - 1, 30))); }},
    Change{[](Bytes& p, Random& r) {
      p.resize(20 + r.below(p.size() - 19));
      wire::store16(&p[2], static_cast<std::uint16_t>(p.size()));
      fix(p);
    }},
    Change{[](Bytes& p, Random&) {
      p[0] = 0x55;
      wire::store16(&p[10], wire::adjust(wire::load16(&p[10]), 0x4500, 0x5500));
    }},                                              // version 5
    Change{[](Bytes& p, Random&) { p[0] = 0x44; }},  // header too short
    Change{[](Bytes& p, Random&) {
      insert_options(p, {1, 1, 1, 1});
    }},  // NOP
    Change{[](Bytes& p, Random&) {
      insert_options(p, {7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    }},  // record route
    Change{[](Bytes& p, Random&) {
      insert_options(p, {131, 7, 4, 198, 51, 100, 8, 0});
    }},  // loose source route
    Change{[](Bytes& p, Random&) {
      insert_options(p, {7, 7, 4, 0, 0, 0, 0, 148, 4, 0, 0, 0});
    }},  // and a router alert
    Change{[](Bytes& p, Random&) {
      insert_options(p, {7, 7, 8, 9, 9, 9, 9, 1});
    }},  // a full record route
    Change{[](Bytes& p, Random& r) {
      insert_options(p, {7, static_cast<std::uint8_t>(r.below(9)), 4, 0, 0, 0, 0, 0});
    }},
    Change{[](Bytes& p, Random& r) {
      insert_options(p, {static_cast<std::uint8_t>(r.below(256)), 4, 0, 0});
    }},
    Change{[](Bytes& p, Random& r) { flip(p, 20, p.size(), r); }},
    Change{[](Bytes& p, Random& r) { flip(p, 20, p.size(), r); }},
    Change{[](Bytes& p, Random& r) { flip(p, 20, std::min<std::size_t>(p.size(), 40), r); }},
    Change{[](Bytes& p, Random& r) {  // TCP: offset; UDP: length; else a bit
      if (p[9] == 6 && p.size() > 32) {
        p[32] = static_cast<std::uint8_t>(r.below(16) << 4);
      } else if (p[9] == 17 && p.size() > 26)
        wire::store16(&p[24], static_cast<std::uint16_t>(r.below(600)));
      else
        flip(p, 20, p.size(), r);
    }},
    Change{[](Bytes& p, Random&) {
      if (p[9] == 17 && p.size() >= 28) wire::store16(&p[26], 0);
    }},  // no UDP checksum
    Change{[](Bytes& p, Random&) {
      if (p[9] == 17 && p.size() >= 28) wire::store16(&p[26], 0);
    }},
    Change{[](Bytes& p, Random&) {
      p[6] ^= 0x40;
      p.resize(1600, 0x33);
      wire::store16(&p[2], 1600);
      fix(p);
    }},  // large, damaged sum
    Change{[](Bytes& p, Random& r) {
      constexpr std::array<std::uint32_t, 6> sources{0x7f000001, 0, 0xc0a80101, 0xcb007101, 0xe0000001, 0xffffffff};
      wire::store32(&p[12], pick(r, sources));
      fix(p);
    }},
    Change{[](Bytes& p, Random& r) {
      constexpr std::array<std::uint32_t, 6> destinations{0x7f000001, 0,          0xc0a801ff,
                                                          0xcb0071ff, 0xe0000001, 0xffffffff};
      wire::store32(&p[16], pick(r, destinations));
      fix(p);
    }},
};

}  // namespace

void damage(Bytes& packet, Random& random) {
  if (packet.size() < 24) return;
  pick(random, changes)(packet, random);
}

std::vector<Bytes> in_pieces(const Bytes& packet, bool may_fail, Random& random) {
  const std::size_t size = packet.size() - 20;
  std::vector<Bytes> pieces;
  for (std::size_t at = 0; at < size;) {
    const std::size_t length = std::min(size - at, 8 * (1 + random.below(40)));
    Bytes piece(packet.begin(), packet.begin() + 20);
    piece.insert(piece.end(), packet.begin() + 20 + static_cast<std::ptrdiff_t>(at),
                 packet.begin() + 20 + static_cast<std::ptrdiff_t>(at + length));
    wire::store16(&piece[2], static_cast<std::uint16_t>(piece.size()));
    const bool last = at + length == size;
    wire::store16(&piece[6], static_cast<std::uint16_t>(at / 8 | (last ? 0 : wire::Ipv4View::more_fragments)));
    fix(piece);
    pieces.push_back(std::move(piece));
    at += length;
  }
  const std::uint64_t order = random.below(4);
  if (order == 1) std::reverse(pieces.begin(), pieces.end());
  if (order == 2) std::swap(pieces.front(), pieces[random.below(pieces.size())]);
  if (one_in(random, 6)) pieces.insert(pieces.begin() + 1, pieces.front());  // an exact duplicate
  if (may_fail && one_in(random, 4)) {
    pieces.erase(pieces.begin() + static_cast<std::ptrdiff_t>(random.below(pieces.size())));
  }
  if (may_fail && pieces.size() > 2 && one_in(random, 4)) {  // the second piece begins too early
    Bytes& second = pieces[1];
    const std::uint16_t word = wire::load16(&second[6]);
    if ((word & wire::Ipv4View::offset_mask) > 0) wire::store16(&second[6], static_cast<std::uint16_t>(word - 1));
    fix(second);
  }
  return pieces;
}

}  // namespace masqsim::lockstep
