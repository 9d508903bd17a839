#include "report.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace masqsim::viz {

std::string text(const std::vector<scenario::Suite>& suites, const Paint& paint) {
  std::string out;
  std::size_t checks = 0, failed = 0, skipped = 0, width = 0;
  for (const scenario::Suite& suite : suites) width = std::max(width, suite.name.size());
  for (const scenario::Suite& suite : suites) {
    checks += suite.checks.size();
    failed += suite.failed();
    skipped += suite.skipped.empty() ? 0 : 1;
    std::string status = paint.good(std::string(paint.tick()) + "ok");
    if (!suite.skipped.empty()) status = paint.dim("skipped");
    if (!suite.good()) status = paint.bad(fmt::format("{} FAILED", paint.cross()));
    out += fmt::format("{}  {:>3} checks  {}\n", padded(printable(suite.name), width), suite.checks.size(), status);
    if (!suite.skipped.empty()) out += "    " + printable(suite.skipped) + '\n';
    for (const scenario::Check& check : suite.checks) {
      if (check.met) continue;
      out += "    " + printable(check.name) + '\n';
      for (const std::string_view line : check.lines()) out += "      " + printable(line) + '\n';
    }
  }
  std::string last = fmt::format("{} of {} checks good in {} run{}", checks - failed, checks, suites.size(),
                                 suites.size() == 1 ? "" : "s");
  if (skipped > 0) last += fmt::format(", {} of them skipped", skipped);
  return out + (failed == 0 ? paint.good(last) : paint.bad(last)) + '\n';
}

}  // namespace masqsim::viz
