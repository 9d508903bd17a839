#include "words.hpp"

#include <fmt/format.h>

#include "masqsim/wire/describe.hpp"
#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "paint.hpp"

namespace masqsim::viz {

namespace {

std::string end_text(const wire::Tuple& tuple, const wire::Endpoint& end) {
  if (!tuple.has_ports) return to_string(end.address);
  if (tuple.protocol == wire::Protocol::icmp) return fmt::format("{} id {}", to_string(end.address), end.port);
  return to_string(end);
}

std::optional<wire::IcmpView> icmp_of(wire::ByteView packet) {
  const std::optional<wire::Ipv4View> ip = wire::Ipv4View::parse_quoted(packet);
  if (!ip || ip->protocol() != wire::Protocol::icmp || ip->fragment_offset() != 0) return std::nullopt;
  return wire::IcmpView::parse(ip->payload());
}

}  // namespace

std::string_view node_part(std::string_view end) { return end.substr(0, end.find(':')); }

bool is_gateway(const trace::Header& header, trace::NodeId node) {
  return node < header.nodes.size() && header.nodes[node].kind == trace::NodeKind::gateway;
}

std::size_t legs(const trace::Header& header, trace::NodeId node) {
  std::size_t count = 0;
  for (const trace::PointInfo& point : header.points) count += point.node == node ? 1 : 0;
  return count;
}

std::string place_of(const trace::Header& header, const trace::Record& record, bool wire) {
  const bool lost = record.reason == Reason::link_loss || record.reason == Reason::queue_full;
  if (wire && lost && record.point < header.points.size()) return header.points[record.point].network;
  return record.node < header.nodes.size() ? header.nodes[record.node].name : "-";
}

std::string owner_of(const trace::Header& header, wire::Address address) {
  for (const trace::PointInfo& point : header.points) {
    if (point.address == address) return header.nodes[point.node].name;
  }
  return to_string(address);
}

std::string with_name_of_hop(const trace::Header& header, std::string_view event) {
  constexpr std::string_view is = " is ";
  const std::size_t at = event.find(is);
  if (!event.starts_with("hop ") || at == std::string_view::npos) return std::string(event);
  const std::string_view address = event.substr(at + is.size());
  for (const trace::PointInfo& point : header.points) {
    if (to_string(point.address) != address) continue;
    return fmt::format("{}{}{} ({})", event.substr(0, at), is, header.nodes[point.node].name, address);
  }
  return std::string(event);
}

std::string gateway_before(const trace::Header& header, trace::NodeId node, wire::ByteView packet) {
  const std::optional<wire::Tuple> tuple = wire::tuple_of(packet);
  if (!tuple) return {};
  std::string gateway;
  for (const trace::PointInfo& point : header.points) {
    const wire::Prefix network = wire::prefix_of(point.address, point.prefix_length);
    if (point.prefix_length == 32 || !network.contains(tuple->destination.address)) continue;
    if (point.node == node) return {};
    if (gateway.empty() && is_gateway(header, point.node)) gateway = header.nodes[point.node].name;
  }
  return gateway;
}

std::string kind_text(wire::ByteView packet) {
  const std::string kind = wire::kind_of(packet);
  if (kind == "echo request") return "echo";
  if (kind == "echo reply") return "reply";
  if (const std::optional<wire::IcmpView> icmp = icmp_of(packet)) {
    return fmt::format("ICMP {}/{}", icmp->type(), icmp->code());
  }
  return kind;
}

std::string long_kind(wire::ByteView packet) {
  const std::string kind = wire::kind_of(packet);
  if (kind == "S+A") return "SYN+ACK";
  if (kind == "RST+A") return "RST";
  if (kind == "UDP") return "a datagram";
  const std::optional<wire::IcmpView> icmp = icmp_of(packet);
  return icmp && icmp->is_error() ? fmt::format("ICMP {}/{} ({})", icmp->type(), icmp->code(), kind) : kind;
}

std::string source_text(wire::ByteView packet) {
  const std::optional<wire::Tuple> tuple = wire::tuple_of(packet);
  return tuple ? end_text(*tuple, tuple->source) : "no IPv4 packet";
}

std::string endpoints_text(wire::ByteView packet) {
  const std::optional<wire::Tuple> tuple = wire::tuple_of(packet);
  if (!tuple) return "no IPv4 packet";
  if (tuple->protocol == wire::Protocol::icmp) {
    const std::string id = tuple->has_ports ? fmt::format(" id {}", tuple->source.port) : "";
    return to_string(tuple->source.address) + " > " + to_string(tuple->destination.address) + id;
  }
  return end_text(*tuple, tuple->source) + " > " + end_text(*tuple, tuple->destination);
}

std::string answer_text(const trace::Header& header, const trace::Record& answer) {
  const std::string name = header.nodes[answer.node].name;
  if (const std::optional<wire::IcmpView> icmp = icmp_of(answer.bytes); icmp && icmp->is_error()) {
    const std::optional<wire::Tuple> tuple = wire::tuple_of(answer.bytes);
    return fmt::format("ICMP {}/{} to {}", icmp->type(), icmp->code(), owner_of(header, tuple->destination.address));
  }
  return fmt::format("{} from {}{}", long_kind(answer.bytes), name, is_gateway(header, answer.node) ? " itself" : "");
}

std::string rewrite_text(const std::vector<trace::FieldChange>& changes) {
  std::string text;
  for (const trace::FieldChange& change : changes) {
    if (change.weight != trace::Weight::address) continue;
    if (!text.empty()) text += "  ";
    text += trace::to_text(change);
  }
  return text.empty() ? "passes with its addresses unchanged" : text;
}

std::string helper_text(const std::vector<trace::FieldChange>& changes) {
  for (const trace::FieldChange& change : changes) {
    if (change.field.starts_with("payload")) return "  a helper rewrites the address that it announces";
  }
  return {};
}

std::string_view reason_word(Reason reason) { return reason == Reason::none ? "no reason given" : word(reason); }

std::string mapping_text(const trace::Record& record) {
  std::string text;
  if (record.mapping != 0) text = fmt::format("  {}mapping #{}", record.made_mapping ? "new " : "", record.mapping);
  if (record.reason == Reason::none) return text;
  const bool known = record.reason == Reason::invalid && !record.steps.empty() && !record.steps.front().detail.empty();
  const std::string why = known ? record.steps.front().detail : std::string(sentence(record.reason));
  text += fmt::format("  {}: {}", word(record.reason), printable(why));
  return text;
}

std::vector<std::string> routine_items(const std::vector<trace::FieldChange>& changes) {
  std::vector<std::string> items;
  for (const trace::FieldChange& change : changes) {
    if (change.weight != trace::Weight::address) items.push_back(trace::to_text(change, "=>"));
  }
  return items;
}

std::string left_text(Duration left) {
  constexpr std::int64_t second = 1'000'000'000;
  const std::int64_t unit = left.ns >= second ? second : 1'000'000;
  return to_string(Duration{left.ns / unit * unit});
}

}  // namespace masqsim::viz
