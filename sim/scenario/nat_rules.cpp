#include "nat_rules.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "draft.hpp"

namespace masqsim::scenario {

namespace {

nat::InterfaceId id_of(const Node& node, NetworkIndex network) {
  return static_cast<nat::InterfaceId>(*interface_on(node, network));
}

nat::SourceRule rule_of(const Node& node, const SourceNat& rule) {
  nat::SourceRule made;
  made.out = id_of(node, rule.out);
  made.from = rule.from;
  made.to = rule.to;
  made.protocol = rule.protocol;
  made.action = rule.exempt ? nat::SourceRule::Action::exempt : nat::SourceRule::Action::source_nat;
  made.addresses = rule.addresses;
  made.ports = rule.ports;
  made.random = rule.random;
  made.persistent = rule.persistent;
  return made;
}

nat::SourceRule rule_of(const Node& node, const Masquerade& rule) {
  nat::SourceRule made;
  made.out = id_of(node, rule.out);
  made.from = rule.from;
  made.protocol = rule.protocol;
  made.ports = rule.ports;
  made.random = rule.random;
  return made;
}

class Compiler {
 public:
  Compiler(const Node& node, NatSpec& spec) : node_(node), spec_(spec) {
    const nat::Sides sides = sides_of(node, spec);
    for (std::size_t n = 0; n < node.interfaces.size(); ++n) {
      const auto id = static_cast<nat::InterfaceId>(n);
      (sides.is_outside(id) ? outside_ : inside_).push_back(id);
    }
  }

  void compile() {
    each("source", spec_.source, [&](const SourceNat& rule) {
      if (rule.exempt) spec_.config.source.push_back(rule_of(node_, rule));
    });
    each("one-to-one", spec_.one_to_one, [&](const AddressPair& pair) { compile_one_to_one(pair); });
    each("source", spec_.source, [&](const SourceNat& rule) {
      if (!rule.exempt) spec_.config.source.push_back(rule_of(node_, rule));
    });
    each("masquerade", spec_.masquerade,
         [&](const Masquerade& rule) { spec_.config.source.push_back(rule_of(node_, rule)); });
    // First match decides: a forward must come before the one-to-one pair that owns the whole address.
    const std::vector<nat::DestinationRule> pairs = std::exchange(spec_.config.destination, {});
    const std::vector<std::string> keys_of_pairs = std::exchange(spec_.destination_keys, {});
    each("forward", spec_.forward, [&](const Forward& forward) { compile_forward(forward); });
    spec_.config.destination.insert(spec_.config.destination.end(), pairs.begin(), pairs.end());
    spec_.destination_keys.insert(spec_.destination_keys.end(), keys_of_pairs.begin(), keys_of_pairs.end());
    each("twice-nat", spec_.twice_nat, [&](const AddressPair& pair) { compile_twice_nat(pair); });
  }

 private:
  /// Compiles each rule of a section, and notes of what comes of it which key of the file made it.
  template <typename Rule, typename Compile>
  void each(std::string_view section, const std::vector<Rule>& rules, const Compile& compile_one) {
    for (std::size_t n = 0; n < rules.size(); ++n) {
      compile_one(rules[n]);
      const std::string key = fmt::format("{}.{}", section, n);
      spec_.source_keys.resize(spec_.config.source.size(), key);
      spec_.destination_keys.resize(spec_.config.destination.size(), key);
    }
  }

  void compile_one_to_one(const AddressPair& pair) {
    for (const nat::InterfaceId out : outside_) {
      nat::SourceRule made;
      made.out = out;
      made.from = pair.inside;
      made.action = nat::SourceRule::Action::source_nat;
      made.addresses = {pair.outside.address, pair.outside.broadcast()};
      made.keep_host_bits = true;
      spec_.config.source.push_back(made);
    }
    nat::DestinationRule back;
    back.to = pair.outside;
    back.forward = pair.inside.address;
    back.keep_host_bits = true;
    spec_.config.destination.push_back(back);
  }

  /// From inside, pair.inside is called instead of pair.outside, and seen instead of it when it calls.
  void compile_twice_nat(const AddressPair& pair) {
    for (const nat::InterfaceId in : inside_) {
      nat::DestinationRule there;
      there.in = in;
      there.to = pair.inside;
      there.forward = pair.outside.address;
      there.keep_host_bits = true;
      spec_.config.destination.push_back(there);
      for (const nat::InterfaceId out : outside_) {
        nat::SourceRule back;
        back.in = out;
        back.out = in;
        back.from = pair.outside;
        back.only_port_forwarded = true;
        back.action = nat::SourceRule::Action::source_nat;
        back.addresses = {pair.inside.address, pair.inside.broadcast()};
        back.keep_host_bits = true;
        spec_.config.source.push_back(back);
      }
    }
  }

  /// From whichever side it is called: whether callers from inside are served is the core's `hairpin`.
  void compile_forward(const Forward& forward) {
    const auto add = [&](wire::Address called) {
      nat::DestinationRule made;
      made.from = forward.from;
      made.to = {called, 32};
      made.protocol = forward.protocol;
      made.port = forward.ports;
      made.forward = forward.to;
      made.forward_port = forward.to_port;
      spec_.config.destination.push_back(made);
    };
    if (forward.outside) return add(*forward.outside);
    for (const nat::InterfaceId in : outside_) {
      for (const InterfaceAddress& own : node_.interfaces[in].addresses) add(own.address);
    }
  }

  const Node& node_;
  NatSpec& spec_;
  std::vector<nat::InterfaceId> inside_, outside_;
};

}  // namespace

nat::Sides sides_of(const Node& node, const NatSpec& spec) {
  nat::Config config;
  config.outside = spec.config.outside;
  for (const SourceNat& rule : spec.source) config.source.push_back(rule_of(node, rule));
  for (const Masquerade& rule : spec.masquerade) config.source.push_back(rule_of(node, rule));
  return nat::Sides(config);
}

void compile_rules(const Node& node, NatSpec& spec) { Compiler(node, spec).compile(); }

}  // namespace masqsim::scenario
