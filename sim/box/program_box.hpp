// A program of the user's as a gateway: JSON lines over its standard input and output, in virtual time. The protocol is
// told in README.md beside this file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "box.hpp"
#include "program.hpp"
#include "protocol.hpp"

namespace masqsim::box {

/// How the program is started.
struct ProgramCommand {
  std::vector<std::string> words;
  Duration patience = 10_s;  ///< of the machine's time, for one line
};

class ProgramBox final : public Box {
 public:
  explicit ProgramBox(ProgramCommand command) : command_(std::move(command)) {}
  ~ProgramBox() override;

  std::string_view kind() const override { return "gateway program"; }
  Answer begin(const Place& place, const nat::Config& config, Time now) override;
  Answer receive(nat::InterfaceId in, wire::ByteView packet, Time now) override;
  Answer catch_up(Time) override { return {}; }
  Time wakes_at() const override { return wakes_at_; }
  Answer wake(Time now) override;
  Answer readdress(const Place& place, nat::InterfaceId changed, Time now) override;
  Answer adapt(const Place& place, Time now) override;
  Answer configure(const nat::Config& config, Time now) override;
  Answer flush(Time now) override;
  /// The last one that the program told; what it said to be left counts down by itself.
  std::vector<TableRow> table(Time now) override;
  bool tells_lifetimes() const override { return tells_lifetimes_; }

 private:
  Answer ask(std::string line, Time now);
  void take_table(std::vector<protocol::Row> rows, Time now);

  ProgramCommand command_;
  std::optional<Program> program_;
  std::vector<Port> ports_;  ///< as the program knows them
  std::vector<protocol::Row> table_;
  Time table_told_;
  bool tells_lifetimes_ = false;
  Time wakes_at_ = Time::never();
  std::size_t idle_wakes_ = 0;  ///< in a row, without a packet in between
};

}  // namespace masqsim::box
