// Recorded cases: a gateway's set-up, what is done to it step by step, and what came out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/box/bench.hpp"

namespace masqsim::cases {

struct Inject {
  box::Side side{};
  std::vector<std::uint8_t> bytes;
  bool relative = false;  ///< in the words of OwnNumbers; where one is, all that comes out is told so
};
struct Wait {
  Duration span;
};
using Step = std::variant<Inject, Wait, box::Action>;

struct Observed {
  std::size_t step = 0;  ///< place in `steps` of what it followed
  box::Side side{};
  std::vector<std::uint8_t> bytes;
  std::vector<std::size_t> varies;  ///< offsets of bytes that differ from run to run, ascending
};

/// The same set-up in the kernel's own words, for a bench that is a kernel. Absent: to be made from `Setup`.
struct KernelWords {
  std::optional<std::string> ruleset;          ///< nft
  std::map<std::string, std::string> sysctls;  ///< "net.ipv4.ipfrag_time": "1"
};

struct Case {
  std::string name;
  std::string why;
  box::Setup setup;
  KernelWords kernel;
  Duration settle = box::Bench::settle;  ///< the recorder waited so long after each step
  std::vector<Step> steps;
  std::vector<Observed> observed;
  std::vector<box::TableRow> table;
  std::string line;  ///< as it was read, for recording
  int line_number = 0;
};

/// All cases of `text` (JSON lines, or one JSON array), or everything that is wrong with it, each as
/// "FILE:LINE: what is wrong".
struct Cases {
  std::vector<Case> cases;
  std::vector<std::string> errors;
};
Cases read_cases(std::string_view text, std::string_view file_name);

/// One JSON line: `of` with `observed` and `ct` replaced.
std::string record_line(const Case& of, const std::vector<Observed>& observed, const std::vector<box::TableRow>& table);

}  // namespace masqsim::cases
