// What keeps a run busy without end: storms of answers, routing loops, copies of copies. Found by watching who sends
// what to whom for a while.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "masqsim/scenario/model.hpp"
#include "masqsim/trace/sink.hpp"
#include "masqsim/wire/describe.hpp"
#include "sim/net/network.hpp"

namespace masqsim::scenario {

class LoopFinder final : public trace::Sink {
 public:
  /// Both outlive the finder. Watches from now on.
  LoopFinder(net::Network& network, const Scenario& scenario);

  void record(const trace::Record& record) override;
  trace::Kinds kinds() const override { return only(trace::Kind::send) | only(trace::Kind::receive); }

  /// What the busiest flow of the records so far does, "packets go round (routing loop): a -> b over net (...)", and
  /// which networks copy its packets. Never empty.
  std::vector<std::string> sentences() const;

 private:
  /// Packets with these addresses that went from one node to another over one network.
  struct Leg {
    trace::FlowId flow = 0;
    trace::NodeId from = 0;
    trace::NodeId to = 0;
    trace::PointId by = 0;  // where they left, or (on the way before the watch began) where they arrived
    std::string packets;    // "10.0.0.2:7 > 10.0.0.3:7 udp"
    std::uint32_t destination = 0;
    std::uint64_t count = 0;
    bool broadcast = false;
  };
  struct Seen {
    trace::NodeId node = 0;  // that sent it last
    trace::PointId point = 0;
  };
  struct Flow {
    std::uint64_t crossings = 0;
    std::uint64_t sends = 0;
    std::uint64_t answers = 0;  // sends of packets that answer another
    bool goes_round = false;    // a packet left twice by one point
  };

  void note_send(const trace::Record& record);
  void note_receive(const trace::Record& record);
  trace::NodeId presumed_sender(const trace::Record& record, wire::Address source) const;
  std::vector<const Leg*> busiest_legs(trace::FlowId flow) const;
  bool is_circle(const std::vector<const Leg*>& legs) const;
  bool routes_lead_round(const Leg& leg) const;
  const net::Node* next_hop(const net::Node& node, wire::Address destination) const;
  std::string text(const Leg& leg) const;
  std::string origin(trace::FlowId flow) const;
  std::string copies(const std::vector<const Leg*>& legs) const;

  net::Network& network_;
  const Scenario& scenario_;
  std::unordered_map<std::uint64_t, Seen> sent_;  // by packet
  std::map<trace::FlowId, Flow> flows_;
  std::vector<Leg> legs_;                      // in the order of their first packet
  std::map<std::string, std::size_t> places_;  // in legs_, by what tells one leg from another
};

}  // namespace masqsim::scenario
