// The files that a run writes beside its story, each whole or not at all.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "masqsim/base/output.hpp"
#include "masqsim/trace/sink.hpp"

namespace masqsim::trace {
class PcapDirSink;
}

namespace masqsim::cli {

struct OutputArguments {
  std::string text;  ///< --trace
  std::string json;
  std::string pcap;
  bool pcap_all = false;
  std::vector<std::string> pcap_at;  ///< names of link ends or nodes
  std::string pcap_dir;

  void add_to(CLI::App& verb);
  /// True where one of them is standard output, so that nothing else may be written there.
  bool take_stdout() const { return text == "-" || json == "-" || pcap == "-"; }
};

class Outputs {
 public:
  /// `scenario` is the file that is read. Throws UsageError, MachineError.
  Outputs(const OutputArguments& arguments, const std::string& scenario);
  ~Outputs();

  void add_to(std::vector<trace::Sink*>& sinks) const;
  /// After the run: flushes, checks, renames.
  void commit();

 private:
  std::vector<std::unique_ptr<OutputFile>> files_;
  std::vector<std::unique_ptr<trace::Sink>> sinks_;
  std::unique_ptr<trace::PcapDirSink> points_;
};

}  // namespace masqsim::cli
