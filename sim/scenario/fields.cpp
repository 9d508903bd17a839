#include "fields.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "masqsim/base/closest.hpp"

namespace masqsim::scenario {

namespace {

/// What other tools and books call what a word of ours says.
struct OtherName {
  std::string_view written;
  std::string_view meant;
};
constexpr std::array<OtherName, 40> other_names{{{"wan", "cloud"},
                                                 {"internet", "cloud"},
                                                 {"public", "cloud"},
                                                 {"switch", "lan"},
                                                 {"subnet", "lan"},
                                                 {"bridge", "lan"},
                                                 {"ethernet", "lan"},
                                                 {"wire", "link"},
                                                 {"p2p", "link"},
                                                 {"point-to-point", "link"},
                                                 {"nat", "gateway"},
                                                 {"napt", "gateway"},
                                                 {"firewall", "gateway"},
                                                 {"home-router", "gateway"},
                                                 {"pc", "host"},
                                                 {"server", "host"},
                                                 {"client", "host"},
                                                 {"vm", "host"},
                                                 {"container", "host"},
                                                 {"snat", "source"},
                                                 {"dnat", "forward"},
                                                 {"port-forward", "forward"},
                                                 {"port-forwarding", "forward"},
                                                 {"port-forwards", "forward"},
                                                 {"forwards", "forward"},
                                                 {"redirect", "forward"},
                                                 {"publish", "forward"},
                                                 {"pat", "masquerade"},
                                                 {"overload", "masquerade"},
                                                 {"static", "one-to-one"},
                                                 {"static-nat", "one-to-one"},
                                                 {"netmap", "one-to-one"},
                                                 {"mss", "mss-clamp"},
                                                 {"gateway", "routes"},
                                                 {"default-gateway", "routes"},
                                                 {"bandwidth", "rate"},
                                                 {"latency", "delay"},
                                                 {"listen", "services"},
                                                 {"ip", "address"},
                                                 {"devices", "nodes"}}};

std::string in(const std::string& path) { return path.empty() ? "at the top level" : "in '" + path + "'"; }

/// What to write instead of a number that lacks its unit.
std::string unit_hint(std::string_view text, std::string_view one, std::string_view other) {
  if (text.empty() || text.size() > 6 || text.find_first_not_of("0123456789") != std::string_view::npos) return {};
  const std::string first = fmt::format("write {}{}", text, one);
  return other.empty() ? first : first + fmt::format(" or {}{}", text, other);
}

}  // namespace

Fields::Fields(Report& report, const Value& value, std::string path, Span where, const Section& section)
    : report_(report), path_(std::move(path)), where_(where) {
  if (!value.is_map()) {
    report_.error(value.span, fmt::format("{} must be a map of keys and values, got {}",
                                          path_.empty() ? "the file" : "'" + path_ + "'", kind_word(value)));
    return;
  }
  map_ = &value;
  for (const Key& key : value.keys) {
    if (key.text.starts_with("x-")) continue;
    if (section.find(key.text)) continue;
    if (report_.wants_hints() && report_.affords_hint(key.text.size() * section.rows.size() * 8)) {
      meant_.emplace_back(meant_word(key.text, section.names()));
    }
    report_.error(key.span, fmt::format("unknown key {} {}{}", quoted(key.text), in(path_),
                                        suggestion(report_, key.text, "keys", section.names())));
  }
}

const Value* Fields::get(std::string_view key) const {
  const Value* value = map_ ? map_->find(key) : nullptr;
  if (!value || value->kind != Value::Kind::null) return value;
  report_.error(key_span(key), fmt::format("'{}' has no value", key));
  return nullptr;
}

bool Fields::meant(std::string_view key) const {
  return !has(key) && std::find(meant_.begin(), meant_.end(), key) != meant_.end();
}

Span Fields::key_span(std::string_view key) const {
  for (std::size_t n = 0; map_ && n < map_->keys.size(); ++n) {
    if (map_->keys[n].text == key) return map_->keys[n].span;
  }
  return where_;
}

const Value* Fields::need(std::string_view key) const {
  if (map_ && !has(key) && !meant(key)) {
    report_.error(where_, fmt::format("{} needs '{}'", path_.empty() ? "the file" : "'" + path_ + "'", key));
  }
  return get(key);
}

const std::vector<Value>* Fields::list(std::string_view key) const {
  const Value* value = get(key);
  if (!value) return nullptr;
  if (value->is_list()) return &value->items;
  report_.error(value->span, fmt::format("'{}' must be a list, got {}", key, kind_word(*value)));
  return nullptr;
}

const Value* Fields::scalar(std::string_view key) const {
  const Value* value = get(key);
  if (!value || value->is_scalar()) return value;
  report_.error(value->span, fmt::format("{} must be one value, got {}", key, kind_word(*value)));
  return nullptr;
}

void Fields::unknown_word(std::string_view what, std::string_view noun, const Value& value,
                          const std::vector<std::string_view>& known) const {
  if (!value.is_scalar()) {
    report_.error(value.span, fmt::format("{} must be one of {}, got {}", what, listed(known), kind_word(value)));
    return;
  }
  std::string hint = suggestion(report_, value.text, std::string(noun) + 's', known);
  if (hint.starts_with("; ")) hint.erase(0, 2);
  report_.error(value.span, fmt::format("unknown {} {}", what, quoted(value.text)), hint);
}

bool Fields::text(std::string_view key, std::string& out) const {
  const Value* value = scalar(key);
  const std::string* got = value ? plain_text(report_, *value, key) : nullptr;
  if (!got) return false;
  out = *got;
  return true;
}

bool Fields::boolean(std::string_view key, bool& out) const {
  const Value* value = scalar(key);
  if (!value) return false;
  const bool unquoted = value->plain || value->filled;
  if (unquoted && (value->text == "true" || value->text == "false")) {
    out = value->text == "true";
    return true;
  }
  report_.error(value->span, fmt::format("{} must be true or false, got {}", key, quoted(value->text)));
  return false;
}

bool Fields::duration(std::string_view key, Duration& out) const {
  const Value* value = scalar(key);
  if (!value) return false;
  const auto got = parse::duration(value->text);
  if (const auto* problem = std::get_if<parse::Problem>(&got)) {
    report_.error(value->span, fmt::format("{} {}", key, problem->text), unit_hint(value->text, "ms", "s"));
    return false;
  }
  out = std::get<Duration>(got);
  return true;
}

bool Fields::time(std::string_view key, Time& out) const {
  Duration since;
  if (!duration(key, since)) return false;
  out = Time{since.ns};
  return true;
}

bool Fields::rate(std::string_view key, parse::Rate& out) const {
  const Value* value = scalar(key);
  if (!value) return false;
  const auto got = parse::rate(value->text);
  if (const auto* problem = std::get_if<parse::Problem>(&got)) {
    report_.error(value->span, fmt::format("{} {}", key, problem->text), unit_hint(value->text, "Mbps", ""));
    return false;
  }
  out = std::get<parse::Rate>(got);
  return true;
}

bool Fields::size(std::string_view key, std::uint64_t& out) const {
  const Value* value = scalar(key);
  if (!value) return false;
  const auto got = parse::size(value->text);
  if (const auto* problem = std::get_if<parse::Problem>(&got)) {
    report_.error(value->span, fmt::format("{} {}", key, problem->text), unit_hint(value->text, "B", "kB"));
    return false;
  }
  out = std::get<std::uint64_t>(got);
  return true;
}

bool Fields::percent(std::string_view key, Ratio& out) const {
  const Value* value = scalar(key);
  if (!value) return false;
  const auto got = parse::percent(value->text);
  if (const auto* problem = std::get_if<parse::Problem>(&got)) {
    report_.error(value->span, fmt::format("{} {}", key, problem->text), unit_hint(value->text, "%", ""));
    return false;
  }
  const Ratio ratio = std::get<Ratio>(got);
  out = ratio.is_zero() ? Ratio{} : ratio;
  return true;
}

bool Fields::number(std::string_view key, std::uint64_t least, std::uint64_t most, std::uint64_t& out) const {
  const Value* value = scalar(key);
  if (!value) return false;
  const auto got = parse::whole(value->text, least, most);
  if (const auto* problem = std::get_if<parse::Problem>(&got)) {
    report_.error(value->span, fmt::format("{} {}", key, problem->text));
    return false;
  }
  out = std::get<std::uint64_t>(got);
  return true;
}

bool Fields::address(std::string_view key, wire::Address& out) const {
  const Value* value = scalar(key);
  const auto got = value ? read_address(report_, value->span, value->text) : std::nullopt;
  if (!got) return false;
  out = *got;
  return true;
}

bool Fields::prefix(std::string_view key, wire::Prefix& out) const {
  const Value* value = scalar(key);
  if (!value) return false;
  if (value->text.find('/') == std::string::npos) {
    const auto alone = read_address(report_, value->span, value->text);
    if (alone) out = {*alone, 32};
    return alone.has_value();
  }
  const auto got = read_prefix(report_, value->span, value->text);
  if (!got) return false;
  out = *got;
  return true;
}

bool Fields::ports(std::string_view key, nat::PortRange& out) const {
  const Value* value = scalar(key);
  if (!value) return false;
  const std::string_view text = value->text;
  const std::size_t dash = text.find('-', 1);
  const auto first = read_port(report_, value->span, text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : read_port(report_, value->span, text.substr(dash + 1));
  if (!first || !last) return false;
  if (*last < *first) {
    report_.error(value->span, fmt::format("port range {} ends before it begins", quoted(text)));
    return false;
  }
  out = {*first, *last};
  return true;
}

bool is_unlimited(const Fields& fields, std::string_view key) {
  const Value* value = fields.has(key) ? fields.get(key) : nullptr;
  return value && value->is_scalar() && value->text == "unlimited";
}

const std::string* plain_text(Report& report, const Value& value, std::string_view what) {
  if (!value.is_scalar()) {
    report.error(value.span, fmt::format("{} must be text, got {}", what, kind_word(value)));
    return nullptr;
  }
  const std::string_view other = value.plain && !value.filled ? read_as(value.text) : std::string_view{};
  if (!other.empty()) {
    report.error(
        value.span,
        fmt::format("{} {} must stand in quotes: YAML readers take it for {}", what, quoted(value.text), other),
        fmt::format("write \"{}\"", value.text));
    return nullptr;
  }
  return &value.text;
}

std::optional<wire::Address> read_address(Report& report, Span where, std::string_view text) {
  if (const auto problem = wire::address_problem(text)) {
    report.error(where, fmt::format("{} is not an IPv4 address ({})", quoted(text), *problem));
    return std::nullopt;
  }
  return wire::parse_address(text);
}

std::optional<wire::Prefix> read_prefix(Report& report, Span where, std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    report.error(where, fmt::format("{} needs a prefix length, such as {}/24", quoted(text), text.substr(0, 15)));
    return std::nullopt;
  }
  const auto length = parse::whole(text.substr(slash + 1), 0, 32);
  if (const auto* problem = std::get_if<parse::Problem>(&length)) {
    report.error(where, "prefix length " + problem->text);
    return std::nullopt;
  }
  const auto address = read_address(report, where, text.substr(0, slash));
  if (!address) return std::nullopt;
  const wire::Prefix prefix = wire::prefix_of(*address, static_cast<std::uint8_t>(std::get<std::uint64_t>(length)));
  if (prefix.address == *address) return prefix;
  report.error(where, fmt::format("{} has host bits set (the network is {})", quoted(text), wire::to_string(prefix)));
  return std::nullopt;
}

std::optional<std::uint16_t> read_port(Report& report, Span where, std::string_view text) {
  const auto got = parse::whole(text, 1, 65535);
  if (const auto* value = std::get_if<std::uint64_t>(&got)) return static_cast<std::uint16_t>(*value);
  report.error(where, "port " + std::get<parse::Problem>(got).text);
  return std::nullopt;
}

bool looks_like_address(std::string_view text) {
  return text.find('.') != std::string_view::npos && text.find_first_not_of("0123456789./") == std::string_view::npos;
}

bool check_name(Report& report, std::string_view what, std::string_view name, Span where, bool plain) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  if (name.empty() || name.size() > 63 || !std::all_of(name.begin(), name.end(), allowed)) {
    report.error(
        where, fmt::format("{} name may use letters, digits, '.', '_' and '-' (1 to 63), got {}", what, quoted(name)));
    return false;
  }
  if (name[0] == '.' || name[0] == '-' || looks_like_address(name)) {
    report.error(where, fmt::format("{} name must begin with a letter or digit and not be an address, got {}", what,
                                    quoted(name)));
    return false;
  }
  const std::string_view other = plain ? read_as(name) : std::string_view{};
  if (other.empty()) return true;
  report.error(where,
               fmt::format("{} name {} must stand in quotes: YAML readers take it for {}", what, quoted(name), other),
               fmt::format("write \"{}\"", name));
  return false;
}

std::string_view meant_word(std::string_view text, const std::vector<std::string_view>& known) {
  for (const OtherName& other : other_names) {
    if (other.written != text) continue;
    const auto found = std::find(known.begin(), known.end(), other.meant);
    if (found != known.end()) return *found;
  }
  return closest(text, known);
}

std::string suggestion(Report& report, std::string_view text, std::string_view what,
                       const std::vector<std::string_view>& known) {
  std::size_t characters = 0;
  for (const std::string_view one : known) characters += one.size();
  if (!report.wants_hints() || !report.affords_hint(text.size() * characters)) return {};
  const std::string_view near = meant_word(text, known);
  if (near == "routes" && text.ends_with("gateway")) return "; write routes: [{to: default, via: ROUTER}]";
  if (!near.empty()) return fmt::format("; did you mean '{}'?", near);
  return known.empty() ? std::string{} : fmt::format("; known {}: {}", what, listed(known));
}

}  // namespace masqsim::scenario
