// The trace as text, one line a record: the golden format. A person reads it, diff compares it.
//
//   # masqsim trace 1
//   # scenario: inbound-fails
//   # variant: forwarded                               (not for the base)
//   # seed: 1
//   0.000000000   laptop/home        send      p1      out      192.168.1.10:40000 > 198.51.100.10:80 tcp SYN ...
//   0.001004000   gw                 translate p1      out      SYN > 198.51.100.10:80 src 192.168.1.10:40000 => ... |
//   # broken off: WHY                                  (only of a run that was not let run to its end)
//   # end: 11.000000000
//
// The first five columns hold no spaces: time in seconds; point or node; kind; packet, with `<pN` for the packet it
// answers; flow. "-" stands for none. What follows is for people, and complete enough that equal lines mean equal
// packets as far as `wire::describe` tells.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "masqsim/base/output.hpp"
#include "masqsim/trace/sink.hpp"

namespace masqsim::trace {

inline constexpr std::string_view text_magic = "# masqsim trace 1";

class TextSink final : public Sink {
 public:
  /// `out` outlives the sink; the owner commits it after `end`.
  explicit TextSink(Output& out) : out_(out) {}

  void begin(const Header& header) override;
  void record(const Record& record) override;
  void end(Time at) override;
  void broken_off(Time at, std::string_view why) override;
  std::uint64_t size() const override { return out_.size(); }

 private:
  Output& out_;
  const Header* header_ = nullptr;
  std::string line_;
};

/// One record's line without its end; `header` names the places.
std::string line_of(const Header& header, const Record& record);

}  // namespace masqsim::trace
