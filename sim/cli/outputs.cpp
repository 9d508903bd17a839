#include "outputs.hpp"

#include "masqsim/trace/json.hpp"
#include "masqsim/trace/pcap.hpp"
#include "masqsim/trace/pcapng.hpp"
#include "masqsim/trace/text.hpp"
#include "program.hpp"

namespace masqsim::cli {

void OutputArguments::add_to(CLI::App& verb) {
  verb.add_option("--trace", text, "write the trace as text; - is standard output")->type_name("FILE");
  verb.add_option("--json", json, "write the trace as JSON lines")->type_name("FILE");
  verb.add_option("--pcap", pcap, "write a pcapng capture of all links, with comments")->type_name("FILE");
  verb.add_option("--pcap-dir", pcap_dir, "write one pcap capture a link end")->type_name("DIR");
}

Outputs::Outputs(const OutputArguments& arguments) {
  only_one_dash({arguments.text, arguments.json, arguments.pcap});
  const auto file = [&](const std::string& path) -> Output& {
    return *files_.emplace_back(std::make_unique<OutputFile>(path));
  };
  if (!arguments.text.empty()) sinks_.push_back(std::make_unique<trace::TextSink>(file(arguments.text)));
  if (!arguments.json.empty()) sinks_.push_back(std::make_unique<trace::JsonSink>(file(arguments.json)));
  if (!arguments.pcap.empty()) sinks_.push_back(std::make_unique<trace::PcapngSink>(file(arguments.pcap)));
  if (!arguments.pcap_dir.empty()) points_ = std::make_unique<trace::PcapDirSink>(arguments.pcap_dir);
}

Outputs::~Outputs() = default;

void Outputs::add_to(std::vector<trace::Sink*>& sinks) const {
  for (const auto& sink : sinks_) sinks.push_back(sink.get());
  if (points_) sinks.push_back(points_.get());
}

void Outputs::commit() {
  for (const auto& file : files_) file->commit();
  if (points_) points_->commit();
}

}  // namespace masqsim::cli
