#include "table_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/box/table_row.hpp"

namespace masqsim::standin {

namespace {

/// "SYN_SENT" of "syn-sent"; protocols without states have none in Linux.
std::string state_of(const trace::Row& row) {
  if (row.protocol != wire::Protocol::tcp && row.protocol != wire::Protocol::sctp) return {};
  std::string word = row.state;
  for (char& c : word) c = c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return word;
}

}  // namespace

std::string conntrack_text(const std::vector<trace::Row>& rows) {
  constexpr std::string_view family = "ipv4     2 ";  // conntrack leaves it out, the kernel's own file has it
  std::string text;
  for (const trace::Row& row : rows) {
    const std::string line = box::to_string({.protocol = row.protocol,
                                             .left_s = row.left.ns / 1'000'000'000,
                                             .state = state_of(row),
                                             .original = row.original,
                                             .reply = row.reply,
                                             .unreplied = row.unreplied,
                                             .assured = row.assured});
    text += line.substr(family.size()) + " mark=0 use=1\n";
  }
  return text;
}

std::string ios_text(const std::vector<trace::Row>& rows) {
  using Line = std::array<std::string, 5>;
  std::vector<Line> lines{{"Pro", "Inside global", "Inside local", "Outside local", "Outside global"}};
  for (const trace::Row& row : rows) {
    if (row.number == 0) continue;
    const std::string remote = to_string(row.remote);
    lines.push_back({wire::to_string(row.protocol), to_string(row.outside), to_string(row.inside), remote, remote});
  }
  std::array<std::size_t, 5> widths{};
  for (const Line& line : lines) {
    for (std::size_t n = 0; n < line.size(); ++n) widths[n] = std::max(widths[n], line[n].size());
  }
  std::string text;
  for (const Line& line : lines) {
    std::string row;
    for (std::size_t n = 0; n < line.size(); ++n) row += fmt::format("{:<{}} ", line[n], widths[n]);
    row.resize(row.find_last_not_of(' ') + 1);
    text += row + '\n';
  }
  return text;
}

}  // namespace masqsim::standin
