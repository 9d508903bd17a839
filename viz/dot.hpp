// Pictures as DOT text: the network of a file, and the way of one flow's packets through it. The order is the file's,
// so that two versions differ only where they differ.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "masqsim/scenario/run.hpp"
#include "masqsim/trace/recording.hpp"
#include "masqsim/trace/sink.hpp"

namespace masqsim::viz {

/// The topology: nodes with addresses and services, networks with what their wires do, the gateways' rules; what lies
/// inside and outside of the gateways as clusters. A group is one node.
std::string topology(const scenario::Scenario& scenario);

/// Collects the way of the packets that decide a flow: its first, the first that came back, the one that ended it and
/// the answer to that. Of a traceroute the probe that got farthest with its answer, and what answered the others.
class FlowPath final : public trace::Sink {
 public:
  explicit FlowPath(std::string flow) : flow_(std::move(flow)) {}

  void begin(const trace::Header& header) override;
  void record(const trace::Record& record) override;

  /// Numbered hops with the tuple on each, before and after at each gateway, a drop as a dashed edge to an octagon.
  std::string told(const scenario::Scenario& scenario, const scenario::Finished& finished) const;

 private:
  static constexpr std::size_t most_packets = 64;
  static constexpr std::size_t most_steps = 1024;  ///< of one packet: a TTL of 255 goes in circles for long

  struct Packet {
    std::uint64_t id = 0;
    std::uint64_t cause = 0;
    trace::NodeId from = trace::nowhere;
    std::vector<trace::OwnedRecord> way{};  ///< sends, receives, translations, deliveries, drops
  };

  std::vector<const Packet*> chosen(const scenario::Finished& finished) const;
  const Packet* answer_to(std::uint64_t packet) const;
  static bool ends_like(const Packet& a, const Packet& b);
  bool is_traceroute() const;
  friend class PathPicture;

  std::string flow_;
  trace::Header header_;  ///< a copy: the run's own is gone when this is told
  trace::FlowId id_ = 0;
  std::vector<Packet> packets_;
  std::map<std::uint64_t, std::size_t> by_id_;
};

/// A DOT string: quoted, with nothing in it that DOT or an SVG viewer would act on.
std::string dot_quoted(std::string_view text);

/// Text for inside an HTML-like label.
std::string dot_html(std::string_view text);

}  // namespace masqsim::viz
