#include <algorithm>

#include <fmt/format.h>

#include "draft.hpp"
#include "facts.hpp"
#include "sections.hpp"

namespace masqsim::scenario {

std::optional<FlowRef> find_flow(Draft& draft, const Value& value) {
  const std::string* id = plain_text(draft.report, value, "flow");
  if (!id) return std::nullopt;
  const auto found = draft.actions.find(*id);
  if (found != draft.actions.end()) {
    if (draft.scenario.actions[found->second].verb == Verb::set) {
      draft.report.error(value.span, fmt::format("{} is a 'set'; it has no packets", quoted(*id)));
      return std::nullopt;
    }
    return FlowRef{found->second, 0};
  }
  const std::size_t dot = id->rfind('.');
  const auto group =
      dot == std::string::npos ? draft.actions.end() : draft.actions.find(std::string_view(*id).substr(0, dot));
  if (group != draft.actions.end()) {
    const NodeRef from = draft.scenario.actions[group->second].from;
    const std::vector<Node>& nodes = draft.scenario.nodes;
    // `from` may be unknown
    const bool of_group = from.node < nodes.size() && nodes[from.node].group && from.member == 0;
    const auto member = parse::whole(std::string_view(*id).substr(dot + 1), 1, of_group ? nodes[from.node].count : 1);
    const auto* number = std::get_if<std::uint64_t>(&member);
    if (of_group && number) return FlowRef{group->second, static_cast<std::uint32_t>(*number)};
  }
  if (draft.lost_actions.has(*id) || draft.lost_actions.has(std::string_view(*id).substr(0, dot))) return std::nullopt;
  draft.lost_actions.names.insert(*id);
  std::vector<std::string_view> known;
  for (const auto& [name, index] : draft.actions) {
    if (draft.scenario.actions[index].verb != Verb::set && known.size() < 1000) known.push_back(name);
  }
  draft.report.error(value.span,
                     fmt::format("unknown flow {}{}", quoted(*id), suggestion(draft.report, *id, "flows", known)));
  return std::nullopt;
}

std::optional<NodeIndex> find_gateway(Draft& draft, const Value& value) {
  const auto node = find_node(draft, "nat", value);
  if (!node) return std::nullopt;
  const Value* section = draft.nat_sections[node->node];
  if (section && !section->is_scalar()) return node->node;
  draft.report.error(value.span, fmt::format("{} does not translate; it has no table", quoted(value.text)));
  return std::nullopt;
}

namespace {

/// "203.0.113.5:40000", or an address alone for any port.
struct EndpointPattern {
  wire::Endpoint endpoint;
  bool any_port = false;
};
std::optional<EndpointPattern> read_endpoint(Report& report, const Value& value, std::string_view what) {
  const std::string* text = plain_text(report, value, what);
  if (!text) return std::nullopt;
  const std::size_t colon = text->find(':');
  const auto address = read_address(report, value.span, std::string_view(*text).substr(0, colon));
  if (!address) return std::nullopt;
  if (colon == std::string::npos) return EndpointPattern{{*address, 0}, true};
  const auto port = parse::whole(std::string_view(*text).substr(colon + 1), 0, 65535);
  if (const auto* problem = std::get_if<parse::Problem>(&port)) {
    report.error(value.span, "port " + problem->text);
    return std::nullopt;
  }
  return EndpointPattern{{*address, static_cast<std::uint16_t>(std::get<std::uint64_t>(port))}, false};
}

void read_seen(Draft& draft, const Fields& fields, FlowExpectation& expectation) {
  const Value* seen = fields.get("seen");
  if (!seen) return;
  if (!seen->is_map()) {
    draft.report.error(seen->span,
                       fmt::format("'seen' must be a map of nodes and endpoints, got {}", kind_word(*seen)));
    return;
  }
  for (std::size_t n = 0; n < seen->keys.size(); ++n) {
    const Key& key = seen->keys[n];
    const auto node = find_node(draft, "seen", key.text, key.span);
    std::vector<SeenSource> as;
    const auto add = [&](const Value& value) {
      if (const auto got = read_endpoint(draft.report, value, "seen")) as.push_back({got->endpoint, got->any_port});
    };
    if (seen->items[n].is_list()) {
      for (const Value& item : seen->items[n].items) add(item);
      if (seen->items[n].items.empty()) draft.report.error(seen->items[n].span, "'seen' needs a source at least");
    } else {
      add(seen->items[n]);
    }
    if (node && !as.empty()) expectation.seen.push_back({position_of(draft, key.span), *node, std::move(as)});
  }
}

/// A flow that did well was ended by nobody; a raw packet that was only sent was ended somewhere.
void refuse_impossible(const Fields& fields, const FlowExpectation& made) {
  if (!made.result || !is_good(*made.result) || *made.result == Result::sent) return;
  if (fields.get("result")->text != word(*made.result)) return;  // a guess, and reported
  for (const std::string_view key : {"at", "reason"}) {
    if (!fields.has(key)) continue;
    fields.report().error(fields.key_span(key),
                          fmt::format("a flow that is {} has no '{}': nothing ended it", word(*made.result), key));
  }
}

FlowExpectation read_flow_expectation(Draft& draft, const Value& value) {
  const Fields fields(draft.report, value, "expect", value.span, flow_expectation_keys().section);
  FlowExpectation made;
  made.position = position_of(draft, value.span);
  const Value* name = fields.get("flow");
  std::optional<FlowRef> flow;
  if (name) flow = find_flow(draft, *name);
  if (flow) {
    made.flow = flow->action;
    made.member = flow->member;
  }
  flow_expectation_keys().read(fields, made);
  if (const Value* at = fields.get("at")) made.at = find_place(draft, "expect", *at);
  read_seen(draft, fields, made);
  if (const auto* path = fields.list("path")) {
    for (const Value& step : *path) {
      if (const auto place = find_place(draft, "path", step)) made.path.push_back(*place);
    }
  }
  if (flow && fields.has("path") && draft.scenario.actions[made.flow].verb != Verb::traceroute) {
    draft.report.error(fields.key_span("path"), "'path' is for traceroute");
  }
  refuse_impossible(fields, made);
  const auto& facts = flow_expectation_keys().section.any_of;
  const bool says = std::ranges::any_of(facts, [&](std::string_view key) { return fields.has(key); });
  if (!says) draft.report.error(value.span, "this expects nothing of the flow; add 'result', 'seen', 'reason', ...");
  return made;
}

std::optional<TablePattern> read_pattern(Draft& draft, const Value& value, std::string_view key) {
  const Fields fields(draft.report, value, fmt::format("expect.{}", key), value.span, pattern_keys().section);
  if (!fields.ok()) return std::nullopt;
  TablePattern made;
  made.position = position_of(draft, value.span);
  static constexpr std::array<Word<wire::Protocol>, 3> protocols{
      {{"tcp", wire::Protocol::tcp}, {"udp", wire::Protocol::udp}, {"icmp", wire::Protocol::icmp}}};
  const auto endpoint = [&](std::string_view name, std::optional<wire::Endpoint>& out, bool& any_port) {
    const Value* written = fields.get(name);
    if (!written) return;
    if (written->is_scalar() && written->text == "any") return;
    const auto got = read_endpoint(draft.report, *written, name);
    if (!got) return;
    out = got->endpoint;
    any_port = got->any_port;
  };
  for (const auto& protocol : protocols) {
    if (!fields.has(protocol.text)) continue;
    if (made.protocol) draft.report.error(fields.key_span(protocol.text), "a table row has one protocol");
    made.protocol = protocol.value;
    endpoint(protocol.text, made.inside, made.any_inside_port);
  }
  endpoint("as", made.outside, made.any_outside_port);
  endpoint("remote", made.remote, made.any_remote_port);
  fields.text("state", made.state);
  return made;
}

void read_patterns(Draft& draft, const Fields& fields, std::string_view key, std::vector<TablePattern>& out) {
  const Value* value = fields.get(key);
  if (!value) return;
  const std::size_t count = value->is_list() ? value->items.size() : 1;
  for (std::size_t n = 0; n < count; ++n) {
    const auto pattern = read_pattern(draft, value->is_list() ? value->items[n] : *value, key);
    if (pattern) out.push_back(*pattern);
  }
}

TableExpectation read_table_expectation(Draft& draft, const Value& value) {
  const Fields fields(draft.report, value, "expect", value.span, table_expectation_keys().section);
  TableExpectation made;
  made.position = position_of(draft, value.span);
  if (const Value* name = fields.get("nat")) made.gateway = find_gateway(draft, *name).value_or(0);
  table_expectation_keys().read(fields, made);
  read_patterns(draft, fields, "has", made.has);
  read_patterns(draft, fields, "not", made.lacks);
  const auto& facts = table_expectation_keys().section.any_of;
  const bool says = std::ranges::any_of(facts, [&](std::string_view key) { return fields.has(key); });
  if (!says) draft.report.error(value.span, "this expects nothing of the table; add 'count', 'has' or 'not'");
  return made;
}

}  // namespace

void read_expectations(Draft& draft, const Fields& root) {
  const auto* expectations = root.list("expect");
  if (!expectations) return;
  for (const Value& value : *expectations) {
    const bool flow = value.is_map() && value.find("flow");
    const bool table = value.is_map() && value.find("nat");
    if (flow == table) {
      draft.report.error(value.span, "an expectation is about a 'flow' or about a gateway's table ('nat')");
      continue;
    }
    if (flow) {
      draft.scenario.expect.emplace_back(read_flow_expectation(draft, value));
    } else {
      draft.scenario.expect.emplace_back(read_table_expectation(draft, value));
    }
  }
}

}  // namespace masqsim::scenario
