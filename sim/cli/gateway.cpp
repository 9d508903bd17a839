#include "gateway.hpp"

#include <stdexcept>

#include "masqsim/base/output.hpp"
#include "masqsim/base/parse.hpp"
#include "program.hpp"
#include "sim/box/box_bench.hpp"
#include "sim/box/kernel_bench.hpp"
#include "sim/box/own_bench.hpp"
#include "sim/kernel/linux_gateway.hpp"

namespace masqsim::cli {

namespace {

constexpr std::string_view program_mark = "exec:";

Duration patience_of(const std::string& text) {
  const auto span = parse::duration(text);
  if (const auto* problem = std::get_if<parse::Problem>(&span)) {
    throw UsageError("--gateway-timeout " + problem->text, "--gateway-timeout 10s");
  }
  if (std::get<Duration>(span) <= Duration{}) {
    throw UsageError("--gateway-timeout must be longer than nothing, got '" + text + "'", "--gateway-timeout 10s");
  }
  return std::get<Duration>(span);
}

/// Where the comma lies between the two gateways of "own,exec:nat --ports 1,2"; a program's words may have commas.
std::size_t middle_of(const std::string& words) {
  for (const std::string_view first : {"own,", "linux,"}) {
    if (words.starts_with(first)) return first.size() - 1;
  }
  for (const std::string_view second : {",own", ",linux"}) {
    if (words.ends_with(second)) return words.size() - second.size();
  }
  return words.find("," + std::string(program_mark));
}

}  // namespace

Gateway::Gateway(const std::string& word, Duration patience, bool real_time) : word_(word), real_time_(real_time) {
  if (word == "linux") {
    kind_ = Kind::kernel;
    maker_ = std::make_unique<standin::BoxGateways>(standin::kernel_gateways(real_time, doubts_));
  } else if (word.starts_with(program_mark)) {
    kind_ = Kind::program;
    try {
      command_ = {box::split_words(std::string_view(word).substr(program_mark.size())), patience};
    } catch (const std::invalid_argument& error) {
      throw UsageError("--gateway '" + word + "': " + error.what(), "--gateway 'exec:python3 nat.py'");
    }
    maker_ = std::make_unique<standin::BoxGateways>(standin::program_gateways(command_));
  } else if (word != "own") {
    throw UsageError("unknown gateway '" + word + "'", "own, linux or exec:PROGRAM");
  }
}

void Gateway::require() const {
  if (kind_ == Kind::kernel && kernel::missing()) throw MachineError(*kernel::missing());
}

std::string Gateway::reason_to_skip(const std::string& file, const scenario::Scenario& scenario) const {
  if (kind_ == Kind::own) return "";
  if (const std::string reason = standin::needs_own_gateway(scenario); !reason.empty()) {
    throw UsageError(file + ": " + reason + ", and only this project's own gateway runs programs",
                     "--gateway own, or a host beside the gateway");
  }
  require();
  return kind_ == Kind::kernel && !real_time_ ? timers_to_wait_for(scenario) : "";
}

void Gateway::tell_doubts() const {
  for (const std::string& doubt : *doubts_) complain("note: " + doubt + "\n");
}

std::unique_ptr<box::Bench> Gateway::bench(const box::Setup& setup, Duration settle, std::uint64_t seed) const {
  switch (kind_) {
    case Kind::kernel: return std::make_unique<box::KernelBench>(setup);
    case Kind::program:
      return std::make_unique<box::BoxBench>(std::make_unique<box::ProgramBox>(command_), setup, seed, settle);
    case Kind::own: break;
  }
  return std::make_unique<box::OwnBench>(setup, seed, settle);
}

void GatewayArguments::add_to(CLI::App& verb) {
  verb.add_option("--gateway", which,
                  "who plays the gateways: own; linux, this machine's kernel (root); or exec:PROGRAM, a program of "
                  "yours (sim/box/README.md tells what it is asked)")
      ->type_name("WHICH");
  add_timeout_to(verb);
}

void GatewayArguments::add_timeout_to(CLI::App& verb) {
  verb.add_option("--gateway-timeout", timeout, "how long a gateway program may take for one line (10s)")
      ->type_name("TIME");
}

void GatewayArguments::add_real_time_to(CLI::App& verb) {
  verb.add_flag("--real-time", real_time,
                "with --gateway linux: packets reach the kernel no sooner than the file says");
}

std::string GatewayArguments::repeated() const {
  const GatewayArguments standard;
  std::string text;
  if (which != standard.which) text += option_again("--gateway", which);
  if (timeout != standard.timeout) text += option_again("--gateway-timeout", timeout);
  return real_time ? text + " --real-time" : text;
}

Gateway GatewayArguments::chosen() const {
  if (real_time && which != "linux") throw UsageError("--real-time needs --gateway linux");
  return Gateway(which, patience_of(timeout), real_time);
}

std::pair<Gateway, Gateway> GatewayArguments::both() const {
  const std::size_t comma = middle_of(which);
  if (comma == std::string::npos) {
    throw UsageError("--gateway needs two gateways, got '" + which + "'", "--gateway own,linux");
  }
  const Duration patience = patience_of(timeout);
  return {Gateway(which.substr(0, comma), patience, real_time), Gateway(which.substr(comma + 1), patience, real_time)};
}

}  // namespace masqsim::cli
