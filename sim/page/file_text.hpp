// A scenario file as text: finding a value in it, and changing one while every other character, comments included,
// stays as its author wrote it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace masqsim::page {

/// Keys; of a list's element its place, counted from 0: {"nodes", "gw", "nat", "forward", "0"}.
using Path = std::vector<std::string>;

/// The characters of the value at `path`; nothing where the text has none, or is no YAML.
std::optional<std::string> text_at(std::string_view text, const Path& path);
/// The same of many paths.
std::vector<std::optional<std::string>> texts_at(std::string_view text, const std::vector<Path>& paths);

/// The text with `value` (YAML, in one line) at `path`: in place of what is there, else as a new key of the innermost
/// map that is there. Nothing where that cannot be done so that the file says just this.
std::optional<std::string> with(std::string_view text, const Path& path, const std::string& value);

/// Where `key` ("forward", "timeouts.udp") of the NAT of `gateway` stands; with `variant` where that says it.
Path nat_path(std::string_view variant, const std::string& gateway, std::string_view key);

/// The text without the key at `path`. Nothing where there is none, or where it cannot be taken out.
std::optional<std::string> without(std::string_view text, const Path& path);

}  // namespace masqsim::page
