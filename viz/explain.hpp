// Why a flow ended as it did: where its fate was decided, where it ended, and the questions that were asked there.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "masqsim/scenario/remedy.hpp"
#include "masqsim/scenario/run.hpp"
#include "masqsim/trace/recording.hpp"
#include "masqsim/trace/sink.hpp"
#include "paint.hpp"

namespace masqsim::viz {

/// Collects what one flow's explanation needs: its drops and translations with their steps, what was answered, and
/// what other flows did to it: the entries that they made or ended, and the connections that they reset.
class Explanation final : public trace::Sink {
 public:
  /// `flow` is an id of the header; one that is not there explains nothing.
  explicit Explanation(std::string flow) : flow_(std::move(flow)) {}

  void begin(const trace::Header& header) override;
  void record(const trace::Record& record) override;
  bool wants_steps() const override { return true; }

  /// The whole explanation; `scenario` gives the places of the keys in the file.
  std::string told(const scenario::Scenario& scenario, const scenario::Finished& finished,
                   const std::optional<scenario::Remedy>& remedy, const Paint& paint) const;

 private:
  static constexpr std::size_t most = 64, most_others = 4096, most_way = 8;

  /// Drops that are alike: of one reason, at one place, between the same two endpoints.
  struct Ended {
    trace::OwnedRecord first;
    std::uint64_t last_packet = 0;
    Time last;
    std::string in;  ///< the network by which the first of them had come
    std::uint64_t count = 1;
  };
  /// A translation or delivery, the network by which the packet had come, and that by which the node sent it on.
  struct Step {
    trace::OwnedRecord record;
    std::string in;
    std::string out;
  };
  /// An entry that went, and the packet that ended it where one did.
  struct Gone {
    trace::OwnedRecord change;
    Time idle_since;
    std::optional<trace::OwnedRecord> by;
  };
  using EntryName = std::pair<trace::NodeId, std::uint64_t>;  ///< a gateway, and its number of the entry
  struct Entry {
    trace::OwnedRecord made;
    Time used;
  };
  class Teller;

  void note_own(const trace::Record& r);
  void note_send(const trace::Record& r);
  void note_drop(const trace::Record& r);
  std::string came_by(const trace::Record& r) const;
  void note_entry(const trace::Record& r);

  std::string flow_;
  trace::Header header_;  ///< a copy: the run's own is gone when this is told
  trace::FlowId id_ = 0;
  std::vector<Ended> drops_;
  std::vector<Step> way_;                            ///< the first translations and deliveries, in order
  std::vector<Step> unchanged_;                      ///< the first packets that a router let pass as they were
  std::vector<Step> led_;                            ///< the first packets that a gateway gave another destination
  std::uint64_t untold_ = 0;                         ///< those that followed `way_`
  std::map<std::uint64_t, std::string> answers_;     ///< packet => "gw answers RST"
  std::map<std::uint64_t, trace::PointId> came_by_;  ///< packet => where it was last received
  trace::NodeId initiator_ = trace::nowhere;
  std::map<EntryName, Entry> entries_;
  std::vector<Gone> gone_;
  std::vector<trace::OwnedRecord> resets_;  ///< RSTs of other flows, where they arrived
  std::optional<trace::OwnedRecord> last_arrival_;
};

}  // namespace masqsim::viz
