// The trace as JSON lines: every field of every record, for programs. Reading it back (read.hpp) loses nothing.
//
// The first line is the header:
//   {"masqsim":"trace","version":1,"scenario":"...","title":"...","variant":"","seed":1,
//    "nodes":[{"name":"gw","kind":"gateway"}],
//    "points":[{"name":"gw/home","node":"gw","network":"home","address":"192.168.1.1","prefix":24,"mtu":1500}],
//    "flows":[{"id":"out","from":"laptop:40000","to":"web:80","verb":"tcp"}]}
// Then one line a record; what is none, zero, false or empty is left out:
//   {"ns":1003527,"kind":"translate","node":"gw","point":"gw/home","flow":"out","packet":1,"cause":0,"reason":"invalid",
//    "mapping":1,"nat_flow":2,"made_mapping":true,"made_flow":true,"bytes":"4500...","before":"4500...","text":"...",
//    "row":{"number":1,"flow":2,"protocol":"tcp","inside":"A:P","outside":"A:P","remote":"A:P","state":"...","left_ns":0},
//    "steps":[{"question":"...","yes":true,"detail":"...","key":"..."}]}
// The last line is {"end_ns":11000000000}, with "broken_off":"WHY" where the run was not let run to its end. Times are
// nanoseconds, bytes lower-case hex. Nodes, points and flows are named as the header names them; names are unique in
// each of the three lists.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "masqsim/base/output.hpp"
#include "masqsim/trace/sink.hpp"

namespace masqsim::trace {

class JsonSink final : public Sink {
 public:
  /// `out` outlives the sink; the owner commits it after `end`.
  explicit JsonSink(Output& out) : out_(out) {}

  void begin(const Header& header) override;
  void record(const Record& record) override;
  void end(Time at) override;
  void broken_off(Time at, std::string_view why) override;
  std::uint64_t size() const override { return out_.size(); }
  /// A page that is drawn from the file wants to explain each drop.
  bool wants_steps() const override { return true; }
  /// And to show the table at each moment.
  bool wants_rows() const override { return true; }

 private:
  Output& out_;
  const Header* header_ = nullptr;
  std::string line_;
};

/// `text` as a JSON string with its quotes. Control characters are escaped; a byte that is not part of valid UTF-8
/// becomes U+FFFD, so that what is written is always JSON.
void append_json_string(std::string& out, std::string_view text);

}  // namespace masqsim::trace
