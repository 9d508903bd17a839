// The blocks of a pcapng file (draft-ietf-opsawg-pcapng) that a capture of a run consists of. All numbers are written
// little-endian, times as nanoseconds since the simulation began.
#pragma once

#include <cstdint>
#include <string_view>

#include "masqsim/base/output.hpp"
#include "masqsim/base/time.hpp"
#include "masqsim/trace/record.hpp"

namespace masqsim::trace {

void write_section(Output& out, const Header& header);

/// The first interface that is written has the number 0, the next the number 1.
void write_interface(Output& out, const PointInfo& point);

/// The packet with its direction; a comment that is longer than 1,000 bytes is cut, of an empty one nothing is written.
void write_packet(Output& out, std::uint32_t interface, Time at, bool inbound, wire::ByteView bytes,
                  std::string_view comment);

}  // namespace masqsim::trace
