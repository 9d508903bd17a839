#include "limits.hpp"

#include <string_view>
#include <variant>

#include "masqsim/base/parse.hpp"
#include "program.hpp"
#include "signals.hpp"

namespace masqsim::cli {

namespace {

constexpr scenario::Limits strict_limits{
    .hosts = 100'000, .packets = 1'000'000, .routes = 100'000'000, .memory = 512'000'000, .output = 512'000'000};
constexpr Duration strict_time = 10_s;
constexpr const char* example = "--limits hosts=3M,memory=16GB,time=10m";

Duration time_of(std::string_view text) {
  const auto parsed = parse::duration(text);
  const Duration* time = std::get_if<Duration>(&parsed);
  if (time == nullptr) throw UsageError("--limits: time " + std::get<parse::Problem>(parsed).text, example);
  if (time->ns < 1'000'000)
    throw UsageError("--limits: time is at least 1ms, got '" + std::string(text) + "'", example);
  return *time;
}

}  // namespace

void LimitArguments::add_to(CLI::App& verb) {
  verb.add_option(
          "--limits", limits,
          "what a run may cost, WORD=VALUE[,...]: hosts, packets, routes, memory, output, events, instant, time")
      ->allow_extra_args(false)
      ->type_name("LIMITS");
  verb.add_flag("--strict-limits", strict, "for files of strangers: 10 s of wall time, 512 MB, 100,000 hosts");
}

std::string LimitArguments::repeated() const {
  std::string text;
  for (const std::string& limit : limits) text += option_again("--limits", limit);
  return strict ? text + " --strict-limits" : text;
}

scenario::Limits LimitArguments::begin() const {
  scenario::Limits result = strict ? strict_limits : scenario::Limits{};
  Duration time = strict ? strict_time : Duration{};
  for (std::string_view all : limits) {
    for (;;) {
      const std::string_view one = all.substr(0, all.find(','));
      if (one.starts_with("time=")) {
        time = time_of(one.substr(5));
      } else if (const std::string problem = set_limit(result, one); !problem.empty()) {
        throw UsageError("--limits: " + problem, example);
      }
      if (one.size() == all.size()) break;
      all.remove_prefix(one.size() + 1);
    }
  }
  if (time.ns > 0) end_after(time);
  return result;
}

scenario::RunOptions LimitArguments::options() const {
  scenario::RunOptions options;
  options.limits = begin();
  options.stop = &program_stop();
  return options;
}

void tell_if_too_large(const std::string& file, const scenario::Scenario& scenario, const scenario::Limits& limits) {
  const std::vector<std::string> over = breaches(estimate(scenario), limits);
  if (over.empty()) return;
  std::string message = file + ": " + over.front();
  for (std::size_t n = 1; n < over.size(); ++n) message += "; " + over[n];
  throw UsageError(message, "nothing was run; a larger value of --limits lifts it");
}

int ended(const scenario::Finished& finished, int good_or_bad, bool told) {
  if (!finished.broken_off) return good_or_bad;
  if (!told) {
    complain("masqsim: broken off at " + seconds(finished.end, 6) +
             " s: " + printable(finished.broken_off->sentence()) + "\n");
  }
  return exit_code_of(*finished.broken_off);
}

}  // namespace masqsim::cli
