#include "read_raw.hpp"

#include <fmt/format.h>

#include "facts.hpp"
#include "raw_packet.hpp"
#include "sections.hpp"

namespace masqsim::scenario {

namespace {

constexpr std::size_t longest_packet = 65535;

std::optional<std::uint8_t> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

class RawReader {
 public:
  RawReader(Draft& draft, std::string_view who, const AddressOf& address_of)
      : draft_(draft), report_(draft.report), who_(who), address_of_(address_of) {}

  std::optional<RawPacket> read(const Value& value, const std::string& path, bool quoted) {
    const Fields fields(report_, value, path, value.span, raw_section());
    if (!fields.ok()) return std::nullopt;
    RawPacket made;
    made.position = position_of(draft_, value.span);
    const bool connected = fields.has("of") && !quoted;
    if (fields.has("of") && quoted) {
      report_.error(fields.key_span("of"), "what is quoted says its own addresses and ports");
    }
    read_ip(fields, made, connected, quoted);
    const int protocols = (fields.has("tcp") ? 1 : 0) + (fields.has("udp") ? 1 : 0) + (fields.has("icmp") ? 1 : 0);
    if (protocols != 1) {
      report_.error(value.span, "a packet is one of 'tcp', 'udp' and 'icmp'");
      return std::nullopt;
    }
    if (fields.has("tcp")) return read_tcp(fields, made, connected);
    if (connected) report_.error(fields.key_span("of"), "'of' goes with 'tcp': only a connection has numbers");
    if (fields.has("udp")) return read_udp(fields, made);
    return read_icmp(fields, made, quoted);
  }

 private:
  void read_ip(const Fields& fields, RawPacket& made, bool connected, bool quoted) {
    read_end(fields, "source", made.source);
    read_end(fields, "destination", made.destination);
    if (!connected && !fields.has("destination")) {
      const std::string_view other = quoted ? "" : ", or 'of' with the id of a tcp action";
      report_.error(fields.where(), fmt::format("'{}' needs 'destination'{}", fields.path(), other));
    }
    fields.whole("ttl", 0, 255, made.ttl);
    fields.whole("tos", 0, 255, made.tos);
    fields.whole("id", 0, 65535, made.id);
    fields.boolean("df", made.df);
  }

  /// An address, or a node by the address that the sender calls it by.
  void read_end(const Fields& fields, std::string_view key, std::optional<wire::Address>& out) {
    const Value* value = fields.has(key) ? fields.get(key) : nullptr;
    const std::string* text = value ? plain_text(report_, *value, key) : nullptr;
    if (!text) return;
    if (looks_like_address(*text)) {
      out = read_address(report_, value->span, *text);
      return;
    }
    const auto node = find_node(draft_, who_, *value);
    if (!node) return;
    const Node& named = draft_.scenario.nodes[node->node];
    if (named.group && node->member == 0) {
      report_.error(value->span, fmt::format("'{0}' is a group; name one member, such as {0}.1", *text));
      return;
    }
    out = address_of_(*node);
  }

  std::optional<RawPacket> read_tcp(const Fields& fields, RawPacket& made, bool connected) {
    const Fields tcp(report_, *fields.get("tcp"), fields.path() + ".tcp", fields.key_span("tcp"), raw_tcp_section());
    if (!tcp.ok()) return std::nullopt;
    made.protocol = wire::Protocol::tcp;
    read_ports(tcp, made, connected);
    if (const Value* flags = tcp.need("flags")) {
      const std::string* text = plain_text(report_, *flags, "flags");
      const auto bits = text ? flags_of(*text) : std::nullopt;
      made.flags = bits.value_or(0);
      if (text && !bits) {
        report_.error(flags->span, fmt::format("unknown flags {}", quoted(*text)),
                      "write names such as SYN+ACK, letters such as FPU, or none");
      }
    }
    read_number(tcp, "seq", made.seq);
    read_number(tcp, "ack", made.ack);
    if (connected && !tcp.has("seq")) made.seq.relative = true;
    if (connected && !tcp.has("ack")) made.ack.relative = true;
    tcp.whole("window", 0, 65535, made.window);
    tcp.whole("urgent", 0, 65535, made.urgent);
    tcp.maybe(made.mss, [&](std::uint16_t& out) { return tcp.whole("mss", 0, 65535, out); });
    read_data(tcp, made);
    return made;
  }

  std::optional<RawPacket> read_udp(const Fields& fields, RawPacket& made) {
    const Fields udp(report_, *fields.get("udp"), fields.path() + ".udp", fields.key_span("udp"), raw_udp_section());
    if (!udp.ok()) return std::nullopt;
    made.protocol = wire::Protocol::udp;
    read_ports(udp, made, false);
    read_data(udp, made);
    return made;
  }

  std::optional<RawPacket> read_icmp(const Fields& fields, RawPacket& made, bool quoted) {
    const Fields icmp(report_, *fields.get("icmp"), fields.path() + ".icmp", fields.key_span("icmp"),
                      raw_icmp_section());
    if (!icmp.ok()) return std::nullopt;
    made.protocol = wire::Protocol::icmp;
    if (const Value* type = icmp.need("type")) {
      const bool digits = type->is_scalar() && type->text.find_first_not_of("0123456789") == std::string::npos;
      if (digits) {
        icmp.whole("type", 0, 255, made.type);
      } else {
        std::vector<Word<std::uint8_t>> words;
        for (const IcmpType& one : icmp_types) words.push_back({one.name, one.type});
        icmp.word<std::uint8_t>("type", words, made.type);
      }
    }
    icmp.whole("code", 0, 255, made.code);
    icmp.whole("id", 0, 65535, made.query_id);
    icmp.whole("seq", 0, 65535, made.query_sequence);
    icmp.maybe(made.mtu, [&](std::uint16_t& out) { return icmp.whole("mtu", 0, 65535, out); });
    read_data(icmp, made);
    const Value* quoting = icmp.has("quoting") ? icmp.get("quoting") : nullptr;
    if (!quoting) return made;
    if (quoted || !made.payload.empty()) {
      report_.error(icmp.key_span("quoting"), quoted
                                                  ? "an error about an error quotes no third packet"
                                                  : "'quoting' is what the error carries; no other data goes with it");
      return made;
    }
    if (auto packet = read(*quoting, icmp.path() + ".quoting", true)) {
      if (!packet->source) report_.error(quoting->span, "what is quoted needs its 'source'");
      made.quoting.push_back(std::move(*packet));
    }
    return made;
  }

  void read_ports(const Fields& fields, RawPacket& made, bool connected) {
    const auto port = [&](std::string_view key, std::optional<std::uint16_t>& out) {
      if (!connected) fields.need(key);
      if (!fields.has(key)) return;
      fields.maybe(out, [&](std::uint16_t& value) { return fields.whole(key, 0, 65535, value); });
    };
    port("from", made.from_port);
    port("to", made.to_port);
  }

  /// "1000" is the number itself, "+1000" and "-1" are counted from the connection's.
  void read_number(const Fields& fields, std::string_view key, RawNumber& out) {
    const Value* value = fields.has(key) ? fields.get(key) : nullptr;
    if (!value) return;
    if (!value->is_scalar()) {
      report_.error(value->span, fmt::format("{} must be a number, got {}", key, kind_word(*value)));
      return;
    }
    const std::string_view text = value->text;
    const bool relative = text.starts_with('+') || text.starts_with('-');
    const auto number = parse::whole(text.substr(relative ? 1 : 0), 0, relative ? 0x7fffffff : 0xffffffff);
    if (const auto* problem = std::get_if<parse::Problem>(&number)) {
      report_.error(value->span, fmt::format("{} {}", key, problem->text));
      return;
    }
    out.relative = relative;
    out.value = static_cast<std::uint32_t>(std::get<std::uint64_t>(number));
    if (text.starts_with('-')) out.value = 0 - out.value;
  }

  void read_data(const Fields& fields, RawPacket& made) {
    const int given = (fields.has("send") ? 1 : 0) + (fields.has("text") ? 1 : 0) + (fields.has("hex") ? 1 : 0);
    if (given > 1) report_.error(fields.where(), "a packet carries one of 'send', 'text' and 'hex'");
    std::uint64_t size = 0;
    std::string text;
    if (fields.has("send") && fields.size("send", size)) {
      for (std::uint64_t n = 0; n < std::min<std::uint64_t>(size, longest_packet); ++n) {
        made.payload.push_back(static_cast<std::uint8_t>('a' + n % 23));  // as ping fills its packets
      }
    }
    if (fields.has("text") && fields.text("text", text)) made.payload.assign(text.begin(), text.end());
    const Value* hex = fields.has("hex") ? fields.get("hex") : nullptr;
    if (hex) made.payload = read_hex(report_, *hex, "hex").value_or(std::vector<std::uint8_t>{});
    if (made.payload.size() > longest_packet - 60) {
      report_.error(fields.where(), fmt::format("one packet carries at most {}B", longest_packet - 60));
      made.payload.clear();
    }
    const Value* sum = fields.has("checksum") ? fields.get("checksum") : nullptr;
    if (!sum) return;
    if (sum->is_scalar() && sum->text == "bad") {
      made.bad_checksum = true;
      return;
    }
    fields.maybe(made.checksum, [&](std::uint16_t& out) { return fields.whole("checksum", 0, 65535, out); });
  }

  Draft& draft_;
  Report& report_;
  std::string_view who_;
  const AddressOf& address_of_;
};

}  // namespace

std::optional<std::vector<std::uint8_t>> read_hex(Report& report, const Value& value, std::string_view what) {
  const std::string* text = plain_text(report, value, what);
  if (!text) return std::nullopt;
  std::vector<std::uint8_t> bytes;
  std::optional<std::uint8_t> high;
  for (const char c : *text) {
    if (c == ' ' || c == '\n') continue;
    const auto digit = hex_digit(c);
    if (!digit) {
      report.error(value.span, fmt::format("{} must be hex digits, got {}", what, quoted(std::string_view(&c, 1))));
      return std::nullopt;
    }
    if (high) bytes.push_back(static_cast<std::uint8_t>(*high << 4 | *digit));
    high = high ? std::nullopt : digit;
  }
  if (!high && !bytes.empty() && bytes.size() <= 65535) return bytes;
  report.error(value.span, fmt::format("{} must be whole bytes, two hex digits each, 1 to 65535 of them", what));
  return std::nullopt;
}

std::optional<RawPacket> read_raw_packet(Draft& draft, std::string_view who, const Value& value,
                                         const AddressOf& address_of) {
  return RawReader(draft, who, address_of).read(value, "raw", false);
}

bool find_connection(Draft& draft, const Value& of, RawPacket& packet) {
  const auto flow = find_flow(draft, of);
  if (!flow) return false;
  const Action& action = draft.scenario.actions[flow->action];
  if (action.verb != Verb::tcp) {
    draft.report.error(
        of.span, fmt::format("{} is a {}; only a tcp action has a connection", quoted(of.text), word(action.verb)));
    return false;
  }
  const std::vector<Node>& nodes = draft.scenario.nodes;
  if (flow->member == 0 && action.from.node < nodes.size() && nodes[action.from.node].group &&
      action.from.member == 0) {
    draft.report.error(of.span,
                       fmt::format("{0} is of a group; name one member's, such as {1}.1", quoted(of.text), of.text));
    return false;
  }
  packet.of = flow->action;
  packet.of_member = flow->member;
  return true;
}

}  // namespace masqsim::scenario
