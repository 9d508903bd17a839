// One run of a scenario in the terms that every gateway can tell, so that two runs through different gateways compare.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "masqsim/trace/record.hpp"

namespace masqsim::standin {

/// What is put into common terms:
///  - A gateway's numbers of flows and mappings, the reasons of its drops, who in it a packet was for, and what its
///  table
///    did without a packet are left out: only our own gateway tells them.
///  - A packet that ended in a gateway is shown as it came. How far it got inside (TTL, translation) nobody sees
///  outside.
///  - Of a datagram in fragments what came in and what went out is shown, the latter without a cause. Whether a
///  fragment
///    was held or dropped, and which one carried on, nobody sees outside.
///  - What a gateway sends of itself is shown as it leaves, not its way through the gateway's own NAT.
///  - Redirects are left out: how many are sent a second hangs on the clock (RFC 1812 section 5.2.7.2), and the
///  kernel's
///    clock is not the scenario's.
///  - TCP numbers count from each side's first (RFC 9293 section 3.4.1): an initial sequence number hangs on the ports
///    (RFC 6528), and so on those that a gateway chose.
///  - Packets are numbered anew, in the order in which they are shown.
class CommonTerms {
 public:
  void begin(const trace::Header& header);
  /// The record in common terms; nothing where only one gateway would tell it. Views of the result are valid until the
  /// next call.
  std::optional<trace::Record> of(const trace::Record& record);

 private:
  struct Connection {
    trace::NodeId initiator = trace::nowhere;  ///< who sent the flow's first packet
    std::optional<std::uint32_t> there, back;  ///< initial sequence numbers, from the initiator and to it
  };
  using AtNode = std::pair<trace::NodeId, std::uint64_t>;  ///< a node and a packet

  bool is_gateway(trace::NodeId node) const { return node < is_gateway_.size() && is_gateway_[node]; }
  void note(const trace::Record& record);
  wire::ByteView counted(wire::ByteView packet, const trace::Record& record, std::vector<std::uint8_t>& buffer) const;

  std::vector<bool> is_gateway_;                      ///< by NodeId
  std::map<AtNode, std::vector<std::uint8_t>> came_;  ///< packets that are in a gateway, as they came
  std::unordered_map<std::uint64_t, bool> outward_;   ///< by packet: whether the flow's initiator made it
  std::map<trace::FlowId, Connection> connections_;
  std::set<std::uint64_t> sent_fragments_;                    ///< packets that left a gateway
  std::unordered_map<std::uint64_t, std::uint64_t> numbers_;  ///< by packet, of those that were shown
  std::vector<std::uint8_t> bytes_, before_;
};

}  // namespace masqsim::standin
