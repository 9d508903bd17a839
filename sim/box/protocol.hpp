// The lines between masqsim and a gateway program. README.md beside this file tells their meaning.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "box.hpp"

namespace masqsim::box::protocol {

// What the program is told: one JSON object each, without a line feed.
std::string hello(const Place& place, const nat::Config& config);
std::string in(Time at, std::string_view interface, wire::ByteView packet);
std::string wake(Time at);
std::string set_addresses(Time at, const Port& port);
std::string set_link(Time at, const Port& port);
std::string set_config(Time at, const nat::Config& config, const std::vector<Port>& ports);
std::string set_flush(Time at);
std::string bye();

// What the program writes.
struct Row {
  TableRow row;                  ///< `left_s` is not set
  std::optional<Duration> left;  ///< until it expires
};
struct Done {
  std::optional<Time> wake;
};
using Said = std::variant<Out, Drop, std::vector<Row>, Done>;

/// Throws std::invalid_argument, which says what is wrong with `line` and what would be right. `ports` are the
/// interfaces that a packet may leave by.
Said read(std::string_view line, const std::vector<Port>& ports);

}  // namespace masqsim::box::protocol
