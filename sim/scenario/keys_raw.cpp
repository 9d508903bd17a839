#include "raw_packet.hpp"
#include "sections.hpp"

namespace masqsim::scenario {

namespace {

Type name_or_address() { return type::of(Type::Kind::next_hop); }

KeyRow number(std::string_view name, std::uint64_t most, std::string_view sentence, std::string standard = "0") {
  return {.name = name, .type = type::whole(0, most), .sentence = sentence, .standard = std::move(standard)};
}

/// A TCP number: itself, or counted from the connection's.
KeyRow sequence(std::string_view name, std::string_view sentence) {
  return {.name = name, .type = type::of(Type::Kind::value), .sentence = sentence, .standard = "0; with `of`: +0"};
}

KeyRow port(std::string_view name, std::string_view sentence) {
  return {.name = name, .type = type::whole(0, 65535), .sentence = sentence, .standard = "with `of`: the connection's"};
}

/// What every protocol's map has: the data, and a checksum that need not be right.
std::vector<KeyRow> with_data(std::vector<KeyRow> rows) {
  rows.push_back({.name = "send", .type = type::of(Type::Kind::size), .sentence = "Bytes of data.", .standard = "0B"});
  rows.push_back({.name = "text", .type = type::of(Type::Kind::text), .sentence = "The data, as text."});
  rows.push_back({.name = "hex", .type = type::of(Type::Kind::hex), .sentence = "The data, byte by byte."});
  rows.push_back({.name = "checksum",
                  .type = type::either({type::words({{"bad", "one more than the right one"}}), type::whole(0, 65535)}),
                  .sentence = "The checksum of the transport header.",
                  .standard = "the right one"});
  return rows;
}

}  // namespace

const Section& raw_section() {
  const auto part = [](std::string_view name, const Section& (*section)(), std::string_view sentence) {
    return KeyRow{.name = name, .type = type::section(section), .sentence = sentence};
  };
  static const Section section{
      .name = "rawPacket",
      .path = "actions.raw",
      .sentence = "A packet by its fields; lengths and sums follow from them.",
      .rows = {part("tcp", raw_tcp_section, "It is a TCP segment."),
               part("udp", raw_udp_section, "It is a UDP datagram."),
               part("icmp", raw_icmp_section, "It is an ICMP message."),
               {.name = "source",
                .type = name_or_address(),
                .sentence = "The source address, or whose it is.",
                .standard = "the sender's own; with `of`: the connection's"},
               {.name = "destination",
                .type = name_or_address(),
                .sentence = "The destination address, or whose it is.",
                .standard = "with `of`: the connection's"},
               {.name = "of",
                .type = type::of(Type::Kind::name),
                .sentence = "The tcp action whose connection gives what is not said here: ends, ports, and what `seq` "
                            "and `ack` are counted from. One of its two ends continues its own side, any other node "
                            "speaks for the called end, as the caller knows it."},
               number("ttl", 255, "The time to live.", "64"),
               number("tos", 255, "The type of service byte."),
               number("id", 65535, "The identification of the IP header."),
               {.name = "df",
                .type = type::of(Type::Kind::boolean),
                .sentence = "The packet must not be fragmented.",
                .standard = "false"}},
      .one_of = {"tcp", "udp", "icmp"},
      .any_of = {"destination", "of"}};
  return section;
}

const Section& raw_tcp_section() {
  static const Section section{
      .name = "rawTcp",
      .path = "actions.raw.tcp",
      .sentence = "A TCP segment.",
      .rows = with_data(
          {port("from", "The source port."),
           port("to", "The destination port."),
           {.name = "flags",
            .type = type::of(Type::Kind::text),
            .sentence = "Names such as SYN+ACK, letters such as FPU, or none.",
            .needed = true},
           sequence("seq",
                    "The sequence number: 1000 is the number itself, +1000 and -1 are counted from what the "
                    "sender would write next in the connection of these ends."),
           sequence("ack", "The acknowledgment number; +N and -N are counted from what the sender expects next."),
           number("window", 65535, "The window, not scaled.", "64240"),
           number("urgent", 65535, "The urgent pointer."),
           number("mss", 65535, "The maximum segment size option.", "no option")})};
  return section;
}

const Section& raw_udp_section() {
  static const Section section{
      .name = "rawUdp",
      .path = "actions.raw.udp",
      .sentence = "A UDP datagram.",
      .rows = with_data(
          {{.name = "from", .type = type::whole(0, 65535), .sentence = "The source port.", .needed = true},
           {.name = "to", .type = type::whole(0, 65535), .sentence = "The destination port.", .needed = true}})};
  return section;
}

const Section& raw_icmp_section() {
  std::vector<Type::Word> types;
  for (const IcmpType& one : icmp_types) types.push_back({one.name});
  static const Section section{
      .name = "rawIcmp",
      .path = "actions.raw.icmp",
      .sentence = "An ICMP message.",
      .rows = with_data({{.name = "type",
                          .type = type::either({type::words(types), type::whole(0, 255)}),
                          .sentence = "The type, by name or number.",
                          .needed = true},
                         number("code", 255, "The code."),
                         number("id", 65535, "Of a query: its id."),
                         number("seq", 65535, "Of a query: its sequence number."),
                         number("mtu", 65535, "Of type unreachable, code 4: the MTU of the next hop.", "none"),
                         {.name = "quoting",
                          .type = type::section(raw_section),
                          .sentence = "Of an error: the packet that it is about."}})};
  return section;
}

}  // namespace masqsim::scenario
