#include "masqsim/trace/golden.hpp"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "masqsim/base/input.hpp"
#include "masqsim/base/output.hpp"
#include "masqsim/trace/diff.hpp"
#include "masqsim/trace/read.hpp"

namespace masqsim::trace {

namespace {

constexpr std::size_t long_trace = 100'000;  // bytes
constexpr int trace_lines = 80;
constexpr int story_lines = 120;
constexpr std::string_view long_magic = "# masqsim golden 1, fingerprint ";
constexpr std::string_view bare_magic = "# masqsim trace fingerprint 1: ";  // how a very long trace was kept once
constexpr std::string_view story_follows = "# The trace goes on. The story:\n";

std::string_view first_lines(std::string_view text, int count) {
  std::size_t end = 0;
  for (int n = 0; n < count; ++n) {
    const std::size_t line_end = text.find('\n', end);
    if (line_end == std::string_view::npos) return text;
    end = line_end + 1;
  }
  return text.substr(0, end);
}

/// What is kept of a run: its trace, or of a long one
///
///     # masqsim golden 1, fingerprint 0123...
///     the first lines of the trace
///     # The trace goes on. The story:
///     the first lines of the story
std::string kept(const GoldenRun& run) {
  if (run.trace.size() <= long_trace) return run.trace;
  std::string text(long_magic);
  text += run.fingerprint + '\n';
  text += first_lines(run.trace, trace_lines);
  text += story_follows;
  text += first_lines(run.story, story_lines);
  return text;
}

/// The parts of a long run's golden file; a whole trace is its own beginning.
struct Parts {
  std::string_view beginning;
  std::string_view story;
};

Parts parts_of(std::string_view text) {
  if (text.starts_with(long_magic)) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  const std::size_t end = text.find(story_follows);
  if (end == std::string_view::npos) return {text, {}};
  return {text.substr(0, end), text.substr(end + story_follows.size())};
}

/// The first line in which two texts differ, as "- wanted" and "+ now".
std::string first_difference(std::string_view wanted, std::string_view now) {
  const auto take_line = [](std::string_view& text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return line;
  };
  while (!wanted.empty() || !now.empty()) {
    const std::string_view a = take_line(wanted);
    const std::string_view b = take_line(now);
    if (a != b) return "- " + std::string(a) + "\n+ " + std::string(b) + '\n';
  }
  return "";
}

std::string difference(const std::string& path, const std::string& wanted, const std::string& name,
                       const std::string& now) {
  const Parts was = parts_of(wanted);
  const Parts is = parts_of(now);
  try {
    if (was.beginning != is.beginning) {
      return to_text(diff(parse_lines(std::string(was.beginning), path), parse_lines(std::string(is.beginning), name)));
    }
  } catch (const ReadError& error) {
    return error.what();
  }
  const std::string hint = "to see every difference, write both traces with run --trace and compare them with diff";
  if (was.story == is.story) return "the same beginning and story, another fingerprint; " + hint;
  return "the same beginning, another story; " + hint + '\n' + first_difference(was.story, is.story);
}

}  // namespace

Goldens::Comparison Goldens::compare(const std::string& name, const GoldenRun& run) const {
  const FileText golden = read_file(path(name), limits::file_bytes);
  if (golden.missing) return {State::missing, "there is none; --update writes it"};
  if (!golden.problem.empty()) return {State::unreadable, golden.problem};
  const std::string now = kept(run);
  // Of a long run the whole trace may lie there as well, or its fingerprint alone.
  if (golden.text == now || golden.text == run.trace) return {State::equal, ""};
  if (golden.text == std::string(bare_magic) + run.fingerprint + '\n') return {State::equal, ""};
  return {State::differs,
          difference(path(name), golden.text, name, golden.text.starts_with(long_magic) ? now : run.trace)};
}

void Goldens::keep(const std::string& name, const GoldenRun& run) const {
  const std::string file = path(name);
  if (std::error_code ignored;
      std::filesystem::exists(file, ignored) && !std::filesystem::is_regular_file(file, ignored)) {
    throw MachineError(file + ": is not a regular file");
  }
  std::error_code ignored;  // what is wrong with the folder, the file's own message says
  std::filesystem::create_directories(folder_, ignored);
  OutputFile out(file);
  out.write(kept(run));
  out.commit();
}

}  // namespace masqsim::trace
