// The text trace, taken apart: what diff compares, whether it came from a file or from a run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "masqsim/trace/sink.hpp"

namespace masqsim::trace {

/// The columns of one line of the text trace (see text.hpp).
struct Line {
  Time at;
  Kind kind{};
  std::string place;         ///< point or node
  std::uint64_t packet = 0;  ///< 0: none
  std::uint64_t cause = 0;   ///< 0: none
  std::string flow;          ///< "-" for none
  std::string story;         ///< the rest of the line

  bool operator==(const Line&) const = default;
};

struct Lines {
  std::string scenario;
  std::string variant;
  std::uint64_t seed = 0;
  std::vector<Line> lines;
  std::optional<Time> end;  ///< nothing for a trace that was cut
  std::string broken_off;   ///< why the run was not let run to its end; empty: it was

  bool operator==(const Lines&) const = default;
};

class LinesSink final : public Sink {
 public:
  void begin(const Header& header) override;
  void record(const Record& record) override;
  void end(Time at) override { lines_.end = at; }
  void broken_off(Time at, std::string_view why) override {
    end(at);
    lines_.broken_off = why;
  }
  std::uint64_t size() const override { return size_; }

  const Lines& lines() const { return lines_; }
  Lines take() { return std::move(lines_); }

 private:
  const Header* header_ = nullptr;
  Lines lines_;
  std::uint64_t size_ = 0;
};

}  // namespace masqsim::trace
