// Packets out of captures (pcap, pcapng) that tcpdump, Wireshark or masqsim wrote.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "masqsim/base/time.hpp"
#include "masqsim/trace/read.hpp"
#include "masqsim/wire/bytes.hpp"

namespace masqsim::trace {

struct CapturedPacket {
  Time at;                          ///< since 1970 in a real capture, since the simulation began in ours
  std::vector<std::uint8_t> bytes;  ///< from the IP header on, as far as it was captured
  std::uint32_t cut = 0;            ///< bytes that were on the wire but not captured
};

struct Capture {
  std::vector<CapturedPacket> packets;
  std::uint64_t skipped = 0;  ///< frames that hold no IPv4 packet (ARP, IPv6, ...)
};

namespace limits {
inline constexpr std::size_t capture_packets = 2'000'000;
inline constexpr std::size_t capture_bytes = 512u << 20;  ///< of all packets together
}  // namespace limits

/// Ethernet (with VLAN tags), raw IP, Linux cooked and BSD loopback captures; "-" is standard input.
/// Throws ReadError: "FILE: what is wrong", with the packet's number where one is to blame.
Capture read_capture(const std::string& path);

/// The same from memory; `name` stands for the file in errors.
Capture parse_capture(wire::ByteView file, const std::string& name);

}  // namespace masqsim::trace
