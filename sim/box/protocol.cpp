#include "protocol.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "masqsim/base/closest.hpp"
#include "masqsim/wire/ipv4.hpp"

namespace masqsim::box::protocol {

namespace {

using Json = nlohmann::ordered_json;

/// The last nanosecond that a run can reach is later than that by as much again.
constexpr std::uint64_t most_time = INT64_MAX / 2;

[[noreturn]] void refuse(const std::string& what) { throw std::invalid_argument(what); }

// --- what the program is told ---------------------------------------------------------------------------------------

std::string text_of(const PortAddress& a) { return fmt::format("{}/{}", wire::to_string(a.address), a.length); }

/// The address, and under "also" the further ones, where there are any.
void put_addresses(Json& object, const Port& port) {
  object["address"] = port.addresses.empty() ? Json() : Json(text_of(port.addresses.front()));
  for (std::size_t n = 1; n < port.addresses.size(); ++n) object["also"].push_back(text_of(port.addresses[n]));
}

std::string range_text(nat::PortRange range) {
  return range.first == range.last ? fmt::format("{}", range.first) : fmt::format("{}-{}", range.first, range.last);
}

std::string range_text(nat::AddressRange range) {
  const std::string first = wire::to_string(range.first);
  return range.first == range.last ? first : first + '-' + wire::to_string(range.last);
}

void put_interface(Json& object, const char* key, nat::InterfaceId interface, const std::vector<Port>& ports) {
  if (interface != nat::any_interface && interface < ports.size()) object[key] = ports[interface].name;
}

Json source_rule(const nat::SourceRule& rule, const std::vector<Port>& ports) {
  constexpr std::array actions{"masquerade", "source", "exempt"};
  Json said;
  said["action"] = actions[static_cast<std::size_t>(rule.action)];
  put_interface(said, "out", rule.out, ports);
  put_interface(said, "in", rule.in, ports);
  if (rule.protocol) said["protocol"] = wire::to_string(*rule.protocol);
  if (rule.from) said["from"] = wire::to_string(*rule.from);
  if (rule.to) said["to"] = wire::to_string(*rule.to);
  if (rule.only_port_forwarded) said["only-forwarded"] = true;
  if (rule.action == nat::SourceRule::Action::source_nat) said["addresses"] = range_text(rule.addresses);
  if (rule.ports) said["ports"] = range_text(*rule.ports);
  if (rule.random) said["random"] = true;
  if (rule.persistent) said["persistent"] = true;
  if (rule.keep_host_bits) said["keep-host-bits"] = true;
  return said;
}

Json destination_rule(const nat::DestinationRule& rule, const std::vector<Port>& ports) {
  Json said;
  put_interface(said, "in", rule.in, ports);
  if (rule.from) said["from"] = wire::to_string(*rule.from);
  said["called"] = wire::to_string(rule.to);
  if (rule.protocol) said["protocol"] = wire::to_string(*rule.protocol);
  if (rule.port) said["ports"] = range_text(*rule.port);
  said["to"] = wire::to_string(rule.forward);
  if (rule.forward_port) said["to-port"] = *rule.forward_port;
  if (rule.keep_host_bits) said["keep-host-bits"] = true;
  return said;
}

/// What of `nat:` a program is told; durations are nanoseconds.
Json nat_of(const nat::Config& config, const std::vector<Port>& ports) {
  constexpr std::array mappings{"linux", "endpoint-independent", "address-dependent", "address-and-port-dependent"};
  constexpr std::array filterings{"endpoint-independent", "address-dependent", "address-and-port-dependent"};
  constexpr std::array hairpins{"none", "dnat-only", "full"};
  constexpr std::array unsolicited{"reject", "drop", "icmp-after-6s"};
  Json said;
  said["source"] = Json::array();
  said["forward"] = Json::array();
  for (const nat::SourceRule& rule : config.source) said["source"].push_back(source_rule(rule, ports));
  for (const nat::DestinationRule& rule : config.destination) said["forward"].push_back(destination_rule(rule, ports));
  said["mapping"] = mappings[static_cast<std::size_t>(config.mapping)];
  said["filtering"] = filterings[static_cast<std::size_t>(config.filtering)];
  said["hairpin"] = hairpins[static_cast<std::size_t>(config.hairpin)];
  said["unsolicited"] = unsolicited[static_cast<std::size_t>(config.unsolicited)];
  said["timeouts"] = {{"udp", config.timeouts.udp.ns},
                      {"udp-stream", config.timeouts.udp_stream.ns},
                      {"icmp", config.timeouts.icmp.ns},
                      {"tcp-established", config.timeouts.tcp_established.ns}};
  return said;
}

std::string setting(Time at, Json what) {
  Json line{{"at", at.ns}};
  line["set"] = std::move(what);
  return line.dump();
}

// --- what the program writes ----------------------------------------------------------------------------------------

std::string in_quotes(std::string_view text) { return Json(text).dump(-1, ' ', true, Json::error_handler_t::replace); }

/// The value of `key` in `object`, a string.
const std::string& text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) refuse(fmt::format("\"{}\" is missing", key));
  if (!found->is_string()) refuse(fmt::format("\"{}\" must be a string, got {}", key, found->dump(-1, ' ', true)));
  return found->get_ref<const std::string&>();
}

nat::InterfaceId interface_named(const std::string& name, const std::vector<Port>& ports) {
  std::string known;
  for (std::size_t n = 0; n < ports.size(); ++n) {
    if (ports[n].name == name) return static_cast<nat::InterfaceId>(n);
    known += (n == 0 ? "" : ", ") + in_quotes(ports[n].name);
  }
  refuse(fmt::format("\"out\": no interface is called {}; there are {}", in_quotes(name), known));
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::vector<std::uint8_t> bytes_of(const std::string& hex) {
  constexpr std::size_t longest = 65535;
  std::vector<std::uint8_t> bytes;
  for (std::size_t n = 0; n < hex.size(); ++n) {
    if (digit(hex[n]) < 0) {
      refuse(fmt::format("\"packet\": character {} is {}, and must be a hex digit", n + 1, in_quotes({&hex[n], 1})));
    }
  }
  if (hex.size() % 2 != 0)
    refuse(fmt::format("\"packet\" has {} hex digits, and must have two for each byte", hex.size()));
  if (hex.size() / 2 > longest) {
    refuse(fmt::format("\"packet\" has {} bytes; an IPv4 datagram has {} at most", hex.size() / 2, longest));
  }
  for (std::size_t n = 0; n < hex.size(); n += 2) {
    bytes.push_back(static_cast<std::uint8_t>(digit(hex[n]) << 4 | digit(hex[n + 1])));
  }
  return bytes;
}

Out read_out(const Json& object, const std::vector<Port>& ports) {
  Out out{interface_named(text_at(object, "out"), ports), bytes_of(text_at(object, "packet"))};
  const wire::ByteView bytes = out.bytes;
  if (bytes.size() < 20 || bytes[0] >> 4 != 4) {
    refuse(fmt::format("\"packet\" is not IPv4: it must begin with a header of at least 20 bytes and with 4, got {}",
                       in_quotes(wire::hex(bytes.first(std::min<std::size_t>(bytes.size(), 20))))));
  }
  const std::size_t total = wire::load16(&bytes[2]);
  if (total != bytes.size()) {
    refuse(fmt::format("\"packet\" has {} bytes, and its IPv4 header says {}", bytes.size(), total));
  }
  if (!wire::Ipv4View::parse(bytes)) refuse("\"packet\": the header length of its IPv4 header is wrong");
  return out;
}

/// The first 200 bytes, without the half of a UTF-8 character.
std::string beginning_of(const std::string& text) {
  std::size_t size = std::min<std::size_t>(text.size(), 200);
  while (size > 0 && size < text.size() && (text[size] & 0xc0) == 0x80) --size;
  return text.substr(0, size);
}

Drop read_drop(const Json& object) {
  const Json& said = object["drop"];
  Drop drop;
  if (said.is_string()) {
    const auto reason = reason_of(said.get_ref<const std::string&>());
    if (!reason) {
      std::vector<std::string_view> words;
      for (const ReasonText& one : reasons) words.push_back(one.word);
      const std::string_view meant = closest(said.get_ref<const std::string&>(), words);
      refuse(fmt::format(
          "\"drop\": {} is no reason; {}", in_quotes(said.get_ref<const std::string&>()),
          meant.empty() ? "\"none\" is right where none of the list fits" : "did you mean " + in_quotes(meant)));
    }
    drop.reason = *reason;
  } else if (said != true) {
    refuse("\"drop\" must be a reason such as \"no-mapping\", or true, got " + said.dump(-1, ' ', true));
  }
  if (object.contains("note")) drop.note = beginning_of(text_at(object, "note"));
  for (char& c : drop.note) {
    if (c >= 0 && (c < ' ' || c == 127)) c = ' ';  // one line of a trace
  }
  return drop;
}

wire::Endpoint endpoint_at(const Json& row, const char* key) {
  const std::string& text = text_at(row, key);
  const auto endpoint = wire::parse_endpoint(text);
  if (!endpoint)
    refuse(fmt::format("\"table\": \"{}\" must be such as \"192.168.1.10:40000\", got {}", key, in_quotes(text)));
  return *endpoint;
}

wire::Protocol protocol_at(const Json& row) {
  const std::string& text = text_at(row, "protocol");
  for (const wire::Protocol known : {wire::Protocol::tcp, wire::Protocol::udp, wire::Protocol::icmp}) {
    if (wire::to_string(known) == text) return known;
  }
  refuse(fmt::format("\"table\": \"protocol\" must be \"tcp\", \"udp\" or \"icmp\", got {}", in_quotes(text)));
}

Row read_row(const Json& row) {
  if (!row.is_object()) refuse("\"table\" must be an array of objects");
  Row read;
  const wire::Protocol protocol = protocol_at(row);
  const wire::Endpoint inside = endpoint_at(row, "inside"), outside = endpoint_at(row, "outside");
  const wire::Endpoint remote = row.contains("remote") ? endpoint_at(row, "remote") : wire::Endpoint{};
  read.row.protocol = protocol;
  read.row.original = {protocol, inside, remote, true};
  read.row.reply = {protocol, remote, outside, true};
  if (row.contains("state")) read.row.state = text_at(row, "state");
  if (const auto left = row.find("left"); left != row.end()) {
    if (!left->is_number_unsigned() || left->get<std::uint64_t>() > most_time) {
      refuse("\"table\": \"left\" must be a whole number of nanoseconds, got " + left->dump(-1, ' ', true));
    }
    read.left = Duration{left->get<std::int64_t>()};
  }
  return read;
}

std::vector<Row> read_table(const Json& said) {
  if (!said.is_array()) refuse("\"table\" must be an array of objects");
  std::vector<Row> rows;
  for (const Json& row : said) rows.push_back(read_row(row));
  return rows;
}

Done read_done(const Json& object) {
  if (object["done"] != true) refuse("\"done\" must be true");
  const auto wake = object.find("wake");
  if (wake == object.end() || wake->is_null()) return {};
  if (!wake->is_number_unsigned() || wake->get<std::uint64_t>() > most_time) {
    refuse("\"wake\" must be a whole number of nanoseconds since the start, got " + wake->dump(-1, ' ', true));
  }
  return {Time{wake->get<std::int64_t>()}};
}

}  // namespace

std::string hello(const Place& place, const nat::Config& config) {
  Json line{{"hello", 1}, {"name", place.name}, {"seed", place.seed}};
  line["interfaces"] = Json::array();
  for (const Port& port : place.ports) {
    Json said{{"name", port.name}};
    put_addresses(said, port);
    said["side"] = port.outside ? "outside" : "inside";
    said["mtu"] = port.mtu;
    line["interfaces"].push_back(std::move(said));
  }
  line["nat"] = nat_of(config, place.ports);
  return line.dump();
}

std::string in(Time at, std::string_view interface, wire::ByteView packet) {
  return Json{{"at", at.ns}, {"in", interface}, {"packet", wire::hex(packet)}}.dump();
}

std::string wake(Time at) { return Json{{"at", at.ns}, {"wake", true}}.dump(); }

std::string set_addresses(Time at, const Port& port) {
  Json what{{"interface", port.name}};
  put_addresses(what, port);
  return setting(at, std::move(what));
}

std::string set_link(Time at, const Port& port) {
  return setting(at, {{"interface", port.name}, {"link", port.up ? "up" : "down"}});
}

std::string set_config(Time at, const nat::Config& config, const std::vector<Port>& ports) {
  return setting(at, {{"nat", nat_of(config, ports)}});
}

std::string set_flush(Time at) { return setting(at, {{"flush", true}}); }

std::string bye() { return Json{{"bye", true}}.dump(); }

Said read(std::string_view line, const std::vector<Port>& ports) {
  const Json object = Json::parse(line, nullptr, false);
  if (!object.is_object()) refuse("it wrote a line that is no JSON object; right would be {\"done\": true}");
  if (object.contains("out")) return read_out(object, ports);
  if (object.contains("drop")) return read_drop(object);
  if (object.contains("table")) return read_table(object["table"]);
  if (object.contains("done")) return read_done(object);
  refuse("it wrote an object with none of \"out\", \"drop\", \"table\" and \"done\"");
}

}  // namespace masqsim::box::protocol
