#include "timers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "masqsim/scenario/run.hpp"
#include "masqsim/trace/sink.hpp"
#include "masqsim/wire/describe.hpp"

namespace masqsim::standin {
namespace {

/// Linux calls UDP traffic a stream this long after its first packet.
constexpr Duration stream_begins = 2_s;

class TimerWatch final : public trace::Sink {
 public:
  void begin(const trace::Header& header) override { header_ = &header; }

  void record(const trace::Record& record) override {
    const trace::NodeId node = node_of(record);
    if (seen || node == trace::nowhere || header_->nodes[node].kind != trace::NodeKind::gateway) return;
    if (record.kind == trace::Kind::change && record.text == "expired" && record.row != nullptr) {
      say(record, fmt::format("the entry of {} to {} expires", wire::to_string(record.row->inside),
                              wire::to_string(record.row->remote)));
    } else if (record.kind == trace::Kind::drop && record.reason == Reason::reassembly_timeout) {
      say(record, "a datagram's last pieces are given up");
    } else if (record.kind == trace::Kind::receive) {
      note_udp(record);
    }
  }

  std::optional<std::string> seen;

 private:
  trace::NodeId node_of(const trace::Record& record) const {
    return record.node == trace::nowhere && record.point != trace::nowhere ? header_->points[record.point].node
                                                                           : record.node;
  }

  void note_udp(const trace::Record& record) {
    const std::optional<wire::Tuple> tuple = wire::tuple_of(record.bytes);
    if (!tuple || tuple->protocol != wire::Protocol::udp || !tuple->has_ports) return;
    const auto key = std::make_tuple(node_of(record), std::min(tuple->source, tuple->destination),
                                     std::max(tuple->source, tuple->destination));
    const Time first = first_.try_emplace(key, record.at).first->second;
    if (record.at - first < stream_begins) return;
    say(record,
        fmt::format("{} to {} becomes a stream", wire::to_string(tuple->source), wire::to_string(tuple->destination)));
  }

  void say(const trace::Record& record, const std::string& what) {
    seen = fmt::format("{} at {} s in {}", what, seconds(record.at), header_->nodes[node_of(record)].name);
  }

  const trace::Header* header_ = nullptr;
  std::map<std::tuple<trace::NodeId, wire::Endpoint, wire::Endpoint>, Time> first_;
};

}  // namespace

std::optional<std::string> waits_for_timers(const scenario::Scenario& scenario) {
  TimerWatch watch;
  scenario::RunOptions options;
  options.sinks.push_back(&watch);
  scenario::run(scenario, options);
  return watch.seen;
}

}  // namespace masqsim::standin
