// One plain capture a point (pcap with nanoseconds): what tcpdump would have seen at that link end.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "masqsim/base/output.hpp"
#include "masqsim/trace/sink.hpp"

namespace masqsim::trace {

class PcapDirSink final : public Sink {
 public:
  /// Files appear in `directory`, which is made if it is not there. `begin` throws MachineError where that fails.
  explicit PcapDirSink(std::string directory) : directory_(std::move(directory)) {}

  void begin(const Header& header) override;
  void record(const Record& record) override;
  std::uint64_t size() const override { return size_; }

  /// Gives the files their names; until then none of them is seen. Throws MachineError.
  void commit();

 private:
  std::string directory_;
  std::vector<std::unique_ptr<OutputFile>> files_;  // by point
  std::uint64_t size_ = 0;                          // of all files together
};

/// A file name for each point: "gw/home" is "gw-home.pcap". Letters, digits, '.', '_' and '-' stay, all else becomes
/// '_'; no name begins with '.', none is longer than 200 characters, and where two would be equal (without regard to
/// case) the later ones get "-2", "-3", ...
std::vector<std::string> capture_names(const Header& header);

}  // namespace masqsim::trace
