// Why a flow ended as it did: the packet that decided it, and the questions it was asked.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "masqsim/scenario/remedy.hpp"
#include "masqsim/scenario/run.hpp"
#include "masqsim/trace/recording.hpp"
#include "masqsim/trace/sink.hpp"
#include "paint.hpp"

namespace masqsim::viz {

/// Collects what one flow's explanation needs: its first drops with their steps, its translations, what was answered.
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
  static constexpr std::size_t most = 64;

  std::string told_drop(const scenario::Scenario& scenario, const trace::OwnedRecord& drop, const Paint& paint) const;
  std::string told_way(const Paint& paint) const;
  const trace::OwnedRecord* deciding_drop(const scenario::Finished& finished) const;

  std::string flow_;
  trace::Header header_;  ///< a copy: the run's own is gone when this is told
  trace::FlowId id_ = 0;
  std::vector<trace::OwnedRecord> drops_;
  std::vector<trace::OwnedRecord> way_;              ///< the first translations and deliveries, in order
  std::uint64_t untold_ = 0;                         ///< those that followed
  std::map<std::uint64_t, std::string> answers_;     ///< packet => "gw answers RST"
  std::map<std::uint64_t, trace::PointId> came_by_;  ///< packet => where it was last received
};

}  // namespace masqsim::viz
