// What happened, once, in the words of the field. Everything a user ever sees is drawn from these records.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "masqsim/base/reason.hpp"
#include "masqsim/base/step.hpp"
#include "masqsim/base/time.hpp"
#include "masqsim/wire/address.hpp"
#include "masqsim/wire/bytes.hpp"
#include "masqsim/wire/describe.hpp"

namespace masqsim::trace {

using NodeId = std::uint32_t;   ///< place in Header::nodes
using PointId = std::uint32_t;  ///< place in Header::points
using FlowId = std::uint32_t;   ///< place in Header::flows, plus 1; 0: no flow of the scenario's
inline constexpr std::uint32_t nowhere = 0xffffffff;

enum class NodeKind : std::uint8_t { host, router, gateway, cloud };

struct NodeInfo {
  std::string name;
  NodeKind kind{};
};

/// One end of a link: where packets are seen. Its name is "NODE/INTERFACE", such as "gw/home".
struct PointInfo {
  NodeId node = 0;
  std::string name;     ///< "gw/home"
  std::string network;  ///< the network of the file that the link belongs to
  wire::Address address;
  std::uint8_t prefix_length = 32;
  std::uint32_t mtu = 1500;
};

/// One action of the file, or one member's part of a group's action ("echo.17").
struct FlowInfo {
  std::string id;
  std::string from;  ///< "laptop:40000", as the story's title shows it
  std::string to;    ///< "web:80"
  std::string verb;  ///< "tcp", "udp", "ping", "raw", ...
};

/// What all records of a run refer to; told once before the first of them.
struct Header {
  std::string scenario;
  std::string title;
  std::string variant;  ///< empty for the base
  std::uint64_t seed = 0;
  std::vector<NodeInfo> nodes;
  std::vector<PointInfo> points;
  std::vector<FlowInfo> flows;
};

/// The kinds, and which fields beyond time, node and kind they fill.
enum class Kind : std::uint8_t {
  send,       ///< a node put the packet on a link: point, packet, bytes; cause where it answers another packet
  receive,    ///< a node took the packet from a link: point, packet, bytes
  translate,  ///< a gateway sent it through its NAT: bytes as it leaves, before as it came, nat_flow, mapping, made_*,
              ///< row as the packet left it, if asked for
              ///< (also for packets the NAT passed unchanged: then before equals bytes but for TTL; reason says why)
  deliver,    ///< the packet reached a program or the node's own stack: packet, bytes, text names who ("udp:53")
  drop,       ///< the packet ended here: packet, bytes, reason, text with the particulars; steps if asked for
  event,      ///< a program or stack says what it experienced: flow, text ("established", "retransmits SYN")
  result,     ///< what the flow's initiator experienced in the end: flow, text (one of the words of `expect: result`)
  change,     ///< a table changed without a packet: row, text ("expired", "removed", "evicted", "flushed")
  table,      ///< one row of a table that was asked for: row
  action      ///< a `set` of the file was carried out: text
};

std::string_view word(Kind k);

/// One row of a NAT table. `left` until it expires if nothing comes.
struct Row {
  std::uint64_t number = 0;  ///< of the mapping
  std::uint64_t flow = 0;    ///< of the NAT's flow
  wire::Protocol protocol{};
  wire::Endpoint inside;
  wire::Endpoint outside;
  wire::Endpoint remote;
  std::string state;
  Duration left;
  wire::Tuple original;    ///< of the flow's first packet as it came; an ICMP query's id is the port of both ends
  wire::Tuple reply;       ///< of what answers it, as that comes
  bool unreplied = false;  ///< nothing came back yet (conntrack: UNREPLIED)
  bool assured = false;    ///< conntrack's ASSURED
};

/// Views are valid during the call of Sink::record only.
struct Record {
  Time at;
  Kind kind{};
  Reason reason = Reason::none;
  bool made_flow = false;
  bool made_mapping = false;
  NodeId node = nowhere;
  PointId point = nowhere;
  FlowId flow = 0;
  std::uint64_t packet = 0;  ///< survives every rewrite and hop; a duplicate gets its own; 0: no packet
  std::uint64_t cause = 0;   ///< the packet this one answers (ICMP error, RST, reply); 0: none
  std::uint64_t nat_flow = 0;
  std::uint64_t mapping = 0;
  wire::ByteView bytes{};   ///< the packet as it is now
  wire::ByteView before{};  ///< the packet as it came in, where a gateway changed it
  std::string_view text{};
  const Row* row = nullptr;
  std::span<const Step> steps{};
};

}  // namespace masqsim::trace
