#include "masqsim/trace/golden.hpp"

#include <filesystem>
#include <system_error>

#include "masqsim/base/input.hpp"
#include "masqsim/base/output.hpp"
#include "masqsim/trace/diff.hpp"
#include "masqsim/trace/read.hpp"

namespace masqsim::trace {

namespace {

constexpr std::string_view large_magic = "# masqsim trace fingerprint 1: ";
constexpr std::size_t large = 1u << 20;

/// What of a trace is kept as golden: all of it, or of a large one its fingerprint.
std::string kept(const std::string& trace, std::string_view fingerprint) {
  return trace.size() <= large ? trace : std::string(large_magic) + std::string(fingerprint) + '\n';
}

std::string difference(const std::string& path, const std::string& wanted, const std::string& name,
                       const std::string& trace) {
  if (wanted.starts_with(large_magic) || trace.starts_with(large_magic)) {
    return "another fingerprint; to see what differs, write both traces with run --trace and compare them with diff";
  }
  try {
    return to_text(diff(parse_lines(wanted, path), parse_lines(trace, name)));
  } catch (const ReadError& error) {
    return error.what();
  }
}

}  // namespace

Goldens::Comparison Goldens::compare(const std::string& name, const std::string& trace,
                                     std::string_view fingerprint) const {
  const FileText golden = read_file(path(name), limits::file_bytes);
  if (golden.missing) return {State::missing, "there is none; --update writes it"};
  if (!golden.problem.empty()) return {State::unreadable, golden.problem};
  const std::string now = kept(trace, fingerprint);
  if (golden.text == now) return {State::equal, ""};
  return {State::differs, difference(path(name), golden.text, name, now)};
}

void Goldens::keep(const std::string& name, const std::string& trace, std::string_view fingerprint) const {
  const std::string file = path(name);
  if (std::error_code ignored;
      std::filesystem::exists(file, ignored) && !std::filesystem::is_regular_file(file, ignored)) {
    throw MachineError(file + ": is not a regular file");
  }
  std::error_code ignored;  // what is wrong with the folder, the file's own message says
  std::filesystem::create_directories(folder_, ignored);
  OutputFile out(file);
  out.write(kept(trace, fingerprint));
  out.commit();
}

}  // namespace masqsim::trace
