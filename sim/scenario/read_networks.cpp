#include <fmt/format.h>

#include "draft.hpp"
#include "sections.hpp"

namespace masqsim::scenario {

namespace {

Network read_network(Draft& draft, const Key& key, const Value& value) {
  Network network;
  network.position = position_of(draft, key.span);
  network.name = key.text;
  const Fields fields(draft.report, value, "networks." + key.text, key.span, network_keys().section);
  if (!fields.ok()) return network;
  network_keys().read(fields, network);
  wire::Prefix subnet;
  if (const Value* written = fields.get("subnet")) {
    if (network.kind == NetworkKind::cloud) {
      draft.report.error(written->span, "a cloud has no subnet; its addresses are bare");
    } else if (written->is_scalar()) {
      network.subnet = read_prefix(draft.report, written->span, written->text);
    } else {
      fields.prefix("subnet", subnet);  // says that it must be one value
    }
  }
  const auto [delay, jitter] = std::pair(network.channel.delay, network.channel.jitter);
  if (jitter > delay) {
    draft.report.error(fields.get("jitter")->span,
                       fmt::format("jitter {} is more than the delay {}", to_string(jitter), to_string(delay)));
  }
  return network;
}

}  // namespace

void read_networks(Draft& draft, const Fields& root) {
  const Value* networks = root.need("networks");
  draft.lost_networks.all = !networks || !networks->is_map();
  if (!networks) return;
  if (!networks->is_map()) {
    draft.report.error(networks->span, fmt::format("'networks' must be a map of names, got {}", kind_word(*networks)));
    return;
  }
  for (std::size_t n = 0; n < networks->keys.size(); ++n) {
    const Key& key = networks->keys[n];
    if (!check_name(draft.report, "network", key.text, key.span, key.plain)) {
      draft.lost_networks.names.insert(key.text);
      continue;
    }
    if (!draft.networks.emplace(key.text, static_cast<NetworkIndex>(draft.scenario.networks.size())).second) continue;
    draft.network_spans.emplace(draft.networks.at(key.text), key.span);
    draft.scenario.networks.push_back(read_network(draft, key, networks->items[n]));
  }
}

}  // namespace masqsim::scenario
