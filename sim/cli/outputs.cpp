#include "outputs.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "masqsim/base/closest.hpp"
#include "masqsim/trace/json.hpp"
#include "masqsim/trace/pcap.hpp"
#include "masqsim/trace/pcapng.hpp"
#include "masqsim/trace/text.hpp"
#include "program.hpp"

namespace masqsim::cli {

void OutputArguments::add_to(CLI::App& verb) {
  verb.add_option("--trace", text, "write the trace as text; - is standard output")
      ->check(need_name)
      ->type_name("FILE");
  verb.add_option("--json", json, "write the trace as JSON lines")->check(need_name)->type_name("FILE");
  verb.add_option("--pcap", pcap,
                  "write a pcapng capture with comments: each packet once in each of its forms, on the gateways' sides "
                  "or else where it was sent")
      ->check(need_name)
      ->type_name("FILE");
  verb.add_flag("--pcap-all", pcap_all, "with --pcap: every packet at every link end that it passed");
  verb.add_option("--pcap-at", pcap_at, "with --pcap: what these link ends saw, such as gw/home,web")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("POINT,...");
  verb.add_option("--pcap-dir", pcap_dir, "write one pcap capture a link end")->check(need_name)->type_name("DIR");
}

namespace {

/// Ends a run before its first packet where it has no link end or node of a name that --pcap-at gave.
class NamesLinkEnds final : public trace::Sink {
 public:
  explicit NamesLinkEnds(std::vector<std::string> names) : names_(std::move(names)) {}

  void begin(const trace::Header& header) override {
    std::vector<std::string_view> known;
    for (const trace::NodeInfo& node : header.nodes) known.push_back(node.name);
    for (const trace::PointInfo& point : header.points) known.push_back(point.name);
    for (const std::string& name : names_) {
      if (std::ranges::find(known, name) != known.end()) continue;
      const std::string_view meant = closest(name, known);
      throw UsageError("--pcap-at: no link end or node is called '" + name + "'",
                       meant.empty() ? "a link end is NODE/NETWORK, such as " + example(header)
                                     : "did you mean '" + std::string(meant) + "'?");
    }
  }
  void record(const trace::Record&) override {}
  trace::Kinds kinds() const override { return 0; }

 private:
  static std::string example(const trace::Header& header) {
    return header.points.empty() ? "gw/home" : header.points.front().name;
  }

  std::vector<std::string> names_;
};

trace::CapturePoints points_of(const OutputArguments& arguments) {
  using Which = trace::CapturePoints::Which;
  if (!arguments.pcap_at.empty()) return {Which::named, arguments.pcap_at};
  return {arguments.pcap_all ? Which::all : Which::once};
}

}  // namespace

Outputs::Outputs(const OutputArguments& arguments, const std::string& scenario) {
  for (const auto& [given, option] :
       {std::pair{arguments.pcap_all, "--pcap-all"}, {!arguments.pcap_at.empty(), "--pcap-at"}}) {
    if (given && arguments.pcap.empty()) throw UsageError(std::string(option) + " needs --pcap FILE");
  }
  if (arguments.pcap_all && !arguments.pcap_at.empty()) throw UsageError("--pcap-all and --pcap-at exclude each other");
  only_one_dash({arguments.text, arguments.json, arguments.pcap});
  keep_apart({{"the scenario", scenario}},
             {{"--trace", arguments.text}, {"--json", arguments.json}, {"--pcap", arguments.pcap}});
  const auto file = [&](const std::string& path) -> Output& {
    return *files_.emplace_back(std::make_unique<OutputFile>(path));
  };
  if (!arguments.pcap_at.empty()) sinks_.push_back(std::make_unique<NamesLinkEnds>(arguments.pcap_at));
  if (!arguments.text.empty()) sinks_.push_back(std::make_unique<trace::TextSink>(file(arguments.text)));
  if (!arguments.json.empty()) sinks_.push_back(std::make_unique<trace::JsonSink>(file(arguments.json)));
  if (!arguments.pcap.empty())
    sinks_.push_back(std::make_unique<trace::PcapngSink>(file(arguments.pcap), points_of(arguments)));
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
