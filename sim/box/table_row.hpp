// One line of a connection table, as Linux prints it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "masqsim/wire/describe.hpp"

namespace masqsim::box {

/// One line of the connection table, as /proc/net/nf_conntrack prints it. An ICMP query's id is the port of both ends.
struct TableRow {
  wire::Protocol protocol{};
  std::int64_t left_s = 0;  ///< whole seconds until it expires, cut off
  std::string state;        ///< "ESTABLISHED"; empty where the protocol has no states
  wire::Tuple original;
  wire::Tuple reply;
  bool unreplied = false;
  bool assured = false;
  bool operator==(const TableRow&) const = default;
};

/// Reads one line of /proc/net/nf_conntrack; nothing for a line that is none (IPv6, damaged).
std::optional<TableRow> read_table_row(std::string_view line);
/// The line again, without mark, zone and use.
std::string to_string(const TableRow& row);

}  // namespace masqsim::box
