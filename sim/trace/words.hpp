// The words that the text trace, the diff and the captures' comments share.
#pragma once

#include <string>
#include <string_view>

#include "masqsim/trace/record.hpp"

namespace masqsim::trace {

/// The point's name where the record has one, else the node's; "?" for a place the header does not know.
std::string_view place_name(const Header& header, const Record& record);

/// The flow's id; "-" for none.
std::string_view flow_name(const Header& header, FlowId flow);

/// Printable ASCII without the backslash stays, every other byte becomes \xNN: a line stays one line.
void append_escaped(std::string& out, std::string_view text);

/// As `append_escaped`, spaces too, and never empty or "-": a name stays one word.
void append_word(std::string& out, std::string_view name);

/// "#1 flow #2 tcp 192.168.1.10:40000 203.0.113.5:40000 198.51.100.10:80 established left 119h59m49s".
std::string to_text(const Row& row);

/// What a record says beyond its time, place, packet and flow: the rest of its line in the text trace.
void append_story(std::string& out, const Record& record);

}  // namespace masqsim::trace
