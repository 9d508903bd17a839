#include <fmt/format.h>

#include "draft.hpp"

namespace masqsim::scenario {

namespace {

constexpr std::array<Word<NetworkKind>, 3> kinds{
    {{"lan", NetworkKind::lan}, {"cloud", NetworkKind::cloud}, {"link", NetworkKind::link}}};

Channel read_channel(const Fields& fields) {
  Channel channel;
  fields.duration("delay", channel.delay);
  if (fields.duration("jitter", channel.jitter) && channel.jitter > channel.delay) {
    fields.report().error(fields.get("jitter")->span, fmt::format("jitter {} is more than the delay {}",
                                                                  to_string(channel.jitter), to_string(channel.delay)));
  }
  if (!is_unlimited(fields, "rate")) fields.rate("rate", channel.rate);
  if (!is_unlimited(fields, "queue")) {
    fields.maybe(channel.queue, [&](std::uint64_t& out) { return fields.size("queue", out); });
  }
  fields.percent("loss", channel.loss);
  fields.percent("duplicate", channel.duplicate);
  fields.percent("reorder", channel.reorder);
  fields.whole("mtu", 68, 65535, channel.mtu);
  return channel;
}

Network read_network(Draft& draft, const Key& key, const Value& value) {
  Network network;
  network.position = position_of(draft, key.span);
  network.name = key.text;
  const Fields fields(draft.report, value, "networks." + key.text, key.span,
                      {"kind", "subnet", "delay", "jitter", "rate", "queue", "loss", "duplicate", "reorder", "mtu"});
  if (!fields.ok()) return network;
  fields.word<NetworkKind>("kind", kinds, network.kind);
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
  network.channel = read_channel(fields);
  return network;
}

}  // namespace

bool is_unlimited(const Fields& fields, std::string_view key) {
  const Value* value = fields.has(key) ? fields.get(key) : nullptr;
  return value && value->is_scalar() && value->text == "unlimited";
}

void read_networks(Draft& draft, const Fields& root) {
  const Value* networks = root.need("networks");
  if (!networks) return;
  if (!networks->is_map()) {
    draft.report.error(networks->span, fmt::format("'networks' must be a map of names, got {}", kind_word(*networks)));
    return;
  }
  for (std::size_t n = 0; n < networks->keys.size(); ++n) {
    const Key& key = networks->keys[n];
    if (!check_name(draft.report, "network", key.text, key.span, key.plain)) continue;
    if (!draft.networks.emplace(key.text, static_cast<NetworkIndex>(draft.scenario.networks.size())).second) continue;
    draft.network_spans.emplace(draft.networks.at(key.text), key.span);
    draft.scenario.networks.push_back(read_network(draft, key, networks->items[n]));
  }
}

}  // namespace masqsim::scenario
