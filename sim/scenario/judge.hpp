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

namespace masqsim::scenario {

/// Which flow of the trace stands for which action (and member of a group, counted from 1; 0: no group).
struct FlowPlan {
  ActionIndex action = 0;
  std::uint32_t member = 0;
  trace::NodeId initiator = 0;
};

/// The bytes of one direction of a TCP connection that were delivered, each counted once however often it came.
class StreamCount {
 public:
  void segment(std::uint32_t sequence, std::size_t length, bool syn);
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::optional<std::uint32_t> start_;             // sequence number of the first byte of data
  std::map<std::uint64_t, std::uint64_t> pieces_;  // delivered ranges beyond `bytes_`: begin and end
  std::uint64_t bytes_ = 0;
};

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
    bool delivered = false;  // one of its packets reached a program elsewhere

    std::uint64_t packets = 0;
    std::string result;  // the word of the result record
    Ending ended;        // by the last drop of a packet that is no ICMP error
    Ending error_ended;  // by the last drop of one that is
    StreamCount arrived;
    StreamCount received;
    std::vector<trace::NodeId> answered;  // who sent ICMP errors back, in order, nobody twice in a row
  };
  /// A place of the trace that a question or a `seen` looks at.
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
  struct TableSeen {
    Time at;
    trace::NodeId node = 0;
    std::vector<trace::Row> rows;
  };

  void note_drop(const trace::Record& record, FlowState& flow);
  void note_birth(const trace::Record& record);
  void note_delivery(const trace::Record& record, FlowState& flow);
  void note_watches(const trace::Record& record);

  void watch(trace::FlowId flow, trace::NodeId node, bool back, std::uint32_t packet);
  const Watch* watched(trace::FlowId flow, trace::NodeId node, bool back, std::uint32_t packet) const;
  std::vector<trace::FlowId> flows_of(ActionIndex action, std::uint32_t member) const;
  trace::NodeId node_called(const std::string& name) const;
  const std::vector<trace::Row>& table_at(NodeIndex gateway, std::optional<Time> at) const;

  FlowOutcome outcome(trace::FlowId flow) const;
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
  std::vector<bool> born_;                   // by packet id
  std::vector<bool> outward_;                // by packet id: the flow's initiator made it
  std::vector<bool> rejected_;               // by packet id: it reached the flow's initiator, who did not want it
  std::vector<TableSeen> tables_;
};

/// How an outcome reads: "refused at gw (no-mapping)".
std::string phrase(const FlowOutcome& outcome);

}  // namespace masqsim::scenario
