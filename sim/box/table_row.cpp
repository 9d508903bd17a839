#include "table_row.hpp"

#include <fmt/format.h>

#include <charconv>

#include "bench.hpp"

namespace masqsim::box {

namespace {

std::string_view next_word(std::string_view& line) {
  const std::size_t start = line.find_first_not_of(' ');
  if (start == std::string_view::npos) return line = {};
  line.remove_prefix(start);
  const std::string_view found = line.substr(0, line.find(' '));
  line.remove_prefix(found.size());
  return found;
}

template <typename Number>
std::optional<Number> number(std::string_view text, int base = 10) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string tuple_text(const wire::Tuple& t, bool reply) {
  std::string text = fmt::format("src={} dst={}", to_string(t.source.address), to_string(t.destination.address));
  if (t.protocol == wire::Protocol::icmp) {
    return text + fmt::format(" type={} code=0 id={}", reply ? 0 : 8, t.source.port);
  }
  if (t.protocol == wire::Protocol::gre) {
    text += fmt::format(" srckey={:#x} dstkey={:#x}", t.source.port, t.destination.port);
  }
  if (t.has_ports) text += fmt::format(" sport={} dport={}", t.source.port, t.destination.port);
  return text;
}

}  // namespace

std::string_view word(Side side) { return side == Side::in ? "in" : "out"; }

std::optional<TableRow> read_table_row(std::string_view line) {
  TableRow row;
  if (next_word(line) != "ipv4") return std::nullopt;
  next_word(line);  // 2, AF_INET
  next_word(line);  // the protocol's name
  const auto protocol = number<std::uint8_t>(next_word(line));
  const auto left = number<std::int64_t>(next_word(line));
  if (!protocol || !left) return std::nullopt;
  row.protocol = wire::Protocol{*protocol};
  row.left_s = *left;

  wire::Tuple* tuple = nullptr;
  for (std::string_view item = next_word(line); !item.empty(); item = next_word(line)) {
    if (item == "[UNREPLIED]") row.unreplied = true;
    if (item == "[ASSURED]") row.assured = true;
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos) {
      if (item.front() != '[') row.state = item;
      continue;
    }
    const std::string_view key = item.substr(0, equals);
    std::string_view value = item.substr(equals + 1);
    if (key == "src") {
      tuple = tuple ? &row.reply : &row.original;
      tuple->protocol = row.protocol;
      const auto address = wire::parse_address(value);
      if (!address) return std::nullopt;
      tuple->source.address = *address;
      continue;
    }
    if (!tuple) continue;
    if (key == "dst") {
      const auto address = wire::parse_address(value);
      if (!address) return std::nullopt;
      tuple->destination.address = *address;
    }
    if (key == "srckey" || key == "dstkey") {
      const auto call = number<std::uint16_t>(value.substr(value.starts_with("0x") ? 2 : 0), 16);
      if (!call) return std::nullopt;
      (key == "srckey" ? tuple->source : tuple->destination).port = *call;
    }
    if (key == "sport" || key == "dport" || key == "id") {
      const auto port = number<std::uint16_t>(value);
      if (!port) return std::nullopt;
      if (key != "dport") tuple->source.port = *port;
      if (key != "sport") tuple->destination.port = *port;
      tuple->has_ports = true;
    }
  }
  if (tuple != &row.reply) return std::nullopt;
  return row;
}

std::string to_string(const TableRow& row) {
  const bool named = row.protocol == wire::Protocol::icmp || row.protocol == wire::Protocol::tcp ||
                     row.protocol == wire::Protocol::udp || row.protocol == wire::Protocol::gre ||
                     row.protocol == wire::Protocol::sctp;
  std::string text = fmt::format("ipv4     2 {:<8} {} {} ", named ? wire::to_string(row.protocol) : "unknown",
                                 static_cast<unsigned>(row.protocol), row.left_s);
  if (!row.state.empty()) text += row.state + ' ';
  text += tuple_text(row.original, false);
  if (row.unreplied) text += " [UNREPLIED]";
  text += ' ' + tuple_text(row.reply, true);
  if (row.assured) text += " [ASSURED]";
  return text;
}

}  // namespace masqsim::box
