#include "masqsim/scenario/model.hpp"

#include <array>

namespace masqsim::scenario {

namespace {

struct ResultText {
  Result result;
  std::string_view word;
  bool good;
  std::string_view sentence;
};
constexpr std::array results{
#define X(name, word, good, sentence) ResultText{Result::name, word, good, sentence},
    MASQSIM_RESULTS(X)
#undef X
};

template <typename List>
std::optional<std::uint32_t> place_of(const List& list, std::string_view name) {
  for (std::uint32_t n = 0; n < list.size(); ++n) {
    if (list[n].name == name) return n;
  }
  return std::nullopt;
}

}  // namespace

std::string_view word(Result r) { return results[static_cast<std::size_t>(r)].word; }
bool is_good(Result r) { return results[static_cast<std::size_t>(r)].good; }
std::string_view sentence(Result r) { return results[static_cast<std::size_t>(r)].sentence; }

std::optional<Result> result_of(std::string_view word) {
  for (const ResultText& entry : results) {
    if (entry.word == word) return entry.result;
  }
  return std::nullopt;
}

std::string_view word(NetworkKind kind) {
  switch (kind) {
    case NetworkKind::lan: return "lan";
    case NetworkKind::cloud: return "cloud";
    case NetworkKind::link: return "link";
  }
  return {};
}

std::string_view word(NodeKind kind) {
  switch (kind) {
    case NodeKind::host: return "host";
    case NodeKind::router: return "router";
    case NodeKind::gateway: return "gateway";
  }
  return {};
}

std::string_view word(Verb verb) {
  switch (verb) {
    case Verb::tcp: return "tcp";
    case Verb::udp: return "udp";
    case Verb::ping: return "ping";
    case Verb::traceroute: return "traceroute";
    case Verb::raw: return "raw";
    case Verb::set: return "set";
  }
  return {};
}

std::string_view word(Close close) {
  switch (close) {
    case Close::never: return "false";
    case Close::fin: return "true";
    case Close::reset: return "reset";
  }
  return {};
}

std::optional<NodeIndex> Scenario::node_named(std::string_view wanted) const { return place_of(nodes, wanted); }
std::optional<NetworkIndex> Scenario::network_named(std::string_view wanted) const {
  return place_of(networks, wanted);
}

std::optional<ActionIndex> Scenario::action_with_id(std::string_view id) const {
  for (std::uint32_t n = 0; n < actions.size(); ++n) {
    if (actions[n].id == id) return n;
  }
  return std::nullopt;
}

std::string Scenario::name_of(NodeRef ref) const {
  const std::string& base = nodes[ref.node].name;
  return ref.member == 0 ? base : base + '.' + std::to_string(ref.member);
}

std::string Scenario::name_of(const Place& place) const {
  if (const auto* node = std::get_if<NodeRef>(&place.at)) return name_of(*node);
  return networks[std::get<NetworkIndex>(place.at)].name;
}

}  // namespace masqsim::scenario
