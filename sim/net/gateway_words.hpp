// What a gateway says of its decisions: which of its rules a flow met, and what ended a packet.
#pragma once

#include <string>
#include <vector>

#include "ip_layer.hpp"
#include "masqsim/nat/config.hpp"

namespace masqsim::net {

class GatewayWords {
 public:
  GatewayWords(const Network& network, const Node& gateway, const nat::Config& config)
      : network_(network), gateway_(gateway), config_(config) {}

  /// The rules that the first packet of a flow was held against on its way from `p.before` to `p.packet`. A rule that
  /// took it is told alone; where none did, each with what of it did not fit. The key of a step is
  /// "nat.source-rule.N.out": the place of the rule in Config::source, and the word of the file that decided.
  std::vector<Step> translation(const PacketContext& p) const;

  /// The firewall's key that ended the packet, and what it lets pass; `outside` is whether `p.in` leads outside.
  Step firewall(const PacketContext& p, bool outside) const;

 private:
  std::string network_of(InterfaceIndex interface) const;
  std::string insides() const;
  void destination(const PacketContext& p, std::vector<Step>& steps) const;
  void source(const PacketContext& p, std::vector<Step>& steps) const;
  std::string mismatch(const nat::SourceRule& rule, const PacketContext& p, std::string_view key) const;

  const Network& network_;
  const Node& gateway_;
  const nat::Config& config_;
};

}  // namespace masqsim::net
