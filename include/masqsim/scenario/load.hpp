// From a file to a Scenario, or to everything that is wrong with it. Never throws, whatever the bytes; any input of any
// size costs at most 250 ms and 64 MB.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "masqsim/scenario/model.hpp"

namespace masqsim::scenario {

/// One thing that is wrong. `line` 0: with the file as a whole, before it could be read.
struct Diagnostic {
  std::uint32_t line = 0;
  std::uint32_t column = 0;  ///< from 1, in characters
  std::uint32_t length = 1;  ///< characters to underline, on that line
  std::string message;       ///< "unknown mapping 'endpoint-indpendent'"
  std::string hint;          ///< "did you mean 'endpoint-independent'?"; may be empty
  std::string source;        ///< the source line
  bool operator==(const Diagnostic&) const = default;
};

/// One change of the file as it was written: made when its variant has been merged in, before `sets` are.
struct Edit {
  enum class What : std::uint8_t {
    put,     ///< `value` in place of what is there; keys on the way that are not there are made
    append,  ///< `value` becomes the last element of the list at `path`
    erase    ///< the key or element goes
  };
  What what = What::put;
  std::vector<std::string> path;  ///< keys; of a list's element its place, counted from 0
  std::string value{};            ///< YAML
  bool operator==(const Edit&) const = default;
};

struct LoadOptions {
  std::string variant;  ///< empty: the base
  /// a var's name, or the path of a scalar ("nodes.gw.nat.timeouts.udp"), and its value
  std::vector<std::pair<std::string, std::string>> sets;
  std::optional<std::uint64_t> seed;  ///< instead of the file's
  bool alone = false;                 ///< the other variants have been checked: they are not read once more
  std::vector<Edit> edits{};          ///< a path that leads nowhere is an error of the file as a whole
};

/// A scenario as its user gave it: what `load` has read, and how it was asked to read it.
struct Written {
  std::string text;
  std::string stem;  ///< stands for the name where the text gives none
  LoadOptions options;
};

/// `scenario` is set exactly if `diagnostics` is empty. Every variant has been checked too, not only the one asked for.
struct Loaded {
  std::optional<Scenario> scenario;
  std::vector<Diagnostic> diagnostics;  ///< in the order of the file, at most 20
  std::size_t found = 0;                ///< how many there were in all
  Written written{};                    ///< empty where the file could not be read
  std::vector<Diagnostic> kept{};       ///< rules of the base of which a variant keeps keys, which may not be meant
};

/// Reads `path`; "-" is standard input.
Loaded load(const std::string& path, const LoadOptions& options = {});
/// The same from memory; `stem` stands for the name where the text gives none.
Loaded load_text(std::string_view text, const LoadOptions& options = {}, std::string_view stem = "scenario");

/// "FILE@VARIANT" taken apart at the last '@'; a path that exists as it stands is left whole.
std::pair<std::string, std::string> split_variant(const std::string& argument);

/// What `check` prints for one file, each diagnostic as `PATH:LINE:COLUMN: error: MESSAGE`, the source line and a caret
/// line with the hint; the closing "2 errors; nothing was run" is `closing_line`.
std::string print_diagnostics(std::string_view path, const std::vector<Diagnostic>& diagnostics);
std::string closing_line(std::size_t errors);

}  // namespace masqsim::scenario
