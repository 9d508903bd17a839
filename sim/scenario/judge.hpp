// A sink that remembers of a run what its expectations and questions ask for, and judges them at the end. Memory grows
// with flows and questions, not with packets (but for three bits a packet).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "masqsim/scenario/model.hpp"
#include "masqsim/scenario/run.hpp"
#include "masqsim/trace/sink.hpp"
#include "masqsim/wire/describe.hpp"
#include "plan.hpp"
#include "stream_count.hpp"

namespace masqsim::scenario {

class Judge final : public trace::Sink {
 public:
  /// `plans[n]` is the flow with FlowId n + 1.
  Judge(const Scenario& scenario, std::vector<FlowPlan> plans);

  void begin(const trace::Header& header) override;
  void record(const trace::Record& record) override;
  /// What crosses the links matters only where something looks at it there.
  trace::Kinds kinds() const override;

  /// When tables have to be said for what is asked about them, apart from the end.
  std::vector<std::pair<NodeIndex, Time>> table_times() const;

  std::vector<FlowOutcome> outcomes() const;
  std::vector<Verdict> expectations() const;
  std::vector<Verdict> lab() const;

 private:
  struct Ending {
    Reason reason = Reason::none;
    trace::NodeId node = trace::nowhere;
    trace::PointId point = trace::nowhere;
    std::uint64_t packet = 0;
  };
  struct FlowState {
    // what each delivery touches, in one line of the cache
    trace::NodeId initiator = 0;
    std::uint32_t replies = 0;
    std::uint64_t arrived_in_datagrams = 0;  // payload bytes
    std::uint64_t received_in_datagrams = 0;
    bool delivered = false;        // one of its packets reached a program at the other end
    bool may_answer = false;       // ... and one that answers
    std::uint16_t heard_port = 0;  // where the last of them did
    trace::NodeId heard_at = trace::nowhere;

    std::uint64_t packets = 0;
    std::string result;  // the word of the result record
    Ending ended;        // by the last drop of a packet that is no ICMP error
    Ending error_ended;  // by the last drop of one that is
    StreamCount arrived;
    StreamCount received;
    std::optional<wire::Tuple> own;     // of the first packet that the initiator made
    bool calls_itself = false;          // one of them reached the initiator as the other end
    std::vector<std::string> answered;  // who sent ICMP errors back, by name or else address; nobody twice in a row
  };
  /// A place of the trace that a question looks at.
  struct Watch {
    trace::NodeId node = 0;
    bool back = false;
    std::uint32_t packet = 1;  // the how-many-eth of its way there
    std::uint32_t met = 0;
    wire::Endpoint source{};
    wire::Endpoint destination{};
    bool has_ports = false;
    std::uint8_t ttl = 0;

    bool found() const { return met >= packet; }
  };
  struct Source {
    wire::Endpoint endpoint{};
    bool has_port = false;
    bool operator==(const Source&) const = default;
  };
  /// What a node of a `seen` saw: the sources of the flow's packets that arrived there, each where it changed.
  struct Sight {
    trace::NodeId node = 0;
    std::vector<Source> sources;
  };
  struct TableSeen {
    Time at;
    trace::NodeId node = 0;
    std::vector<trace::Row> rows;
  };

  void note_drop(const trace::Record& record, FlowState& flow);
  void note_birth(const trace::Record& record, FlowState& flow);
  void note_delivery(const trace::Record& record, FlowState& flow);
  void note_watches(const trace::Record& record);
  void note_sights(const trace::Record& record);
  void note_who_heard(const trace::Record& record, std::uint16_t port, FlowState& flow);

  bool born(std::uint64_t packet) const { return packet < born_.size() && born_[packet]; }
  bool goes_out(const trace::Record& record, FlowState& flow) const;
  bool is_request_to_itself(const trace::Record& record, const FlowState& flow) const;
  bool may_come_back(const Action& action) const;
  const Action& action_of(trace::FlowId flow) const { return scenario_.actions[plans_[flow - 1].action]; }
  const Sight* sight(trace::FlowId flow, trace::NodeId node) const;

  void watch(trace::FlowId flow, trace::NodeId node, bool back, std::uint32_t packet);
  const Watch* watched(trace::FlowId flow, trace::NodeId node, bool back, std::uint32_t packet) const;
  std::vector<trace::FlowId> flows_of(ActionIndex action, std::uint32_t member) const;
  trace::NodeId node_called(const std::string& name) const;
  const std::vector<trace::Row>& table_at(NodeIndex gateway, std::optional<Time> at) const;

  FlowOutcome outcome(trace::FlowId flow) const;
  static std::string unmet(const Seen& expected, const Sight* sight, const std::string& name);
  std::string unmet(const FlowExpectation& expected, trace::FlowId flow) const;
  Verdict judge(const FlowExpectation& expected) const;
  Verdict judge(const TableExpectation& expected) const;
  std::string answer_of(const Question& question) const;
  std::string table_answer(const Question& question) const;

  const Scenario& scenario_;
  std::vector<FlowPlan> plans_;
  const trace::Header* header_ = nullptr;
  std::map<std::string, trace::NodeId, std::less<>> nodes_;
  std::map<std::uint32_t, trace::NodeId> addresses_;
  std::vector<FlowState> flows_;
  std::vector<std::vector<Watch>> watches_;  // by flow
  std::vector<std::vector<Sight>> sights_;   // by flow
  std::vector<bool> born_;                   // by packet id
  std::vector<bool> outward_;                // by packet id: the flow's initiator made it, for the other end
  std::vector<bool> rejected_;               // by packet id: it reached the flow's initiator, who did not want it
  std::vector<TableSeen> tables_;
  bool looks_at_links_ = false;  // something is asked that only packets on links tell
};

}  // namespace masqsim::scenario
