// A small run by hand, with every kind of record in it: what all sinks and readers are tried on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "masqsim/trace/sink.hpp"
#include "masqsim/wire/build.hpp"
#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"

namespace masqsim::trace::sample {

using Bytes = std::vector<std::uint8_t>;

inline constexpr wire::Address laptop = wire::address(192, 168, 1, 10);
inline constexpr wire::Address gateway = wire::address(203, 0, 113, 5);
inline constexpr wire::Address web = wire::address(198, 51, 100, 10);
inline constexpr wire::Address stranger = wire::address(198, 51, 100, 66);

inline Header header() {
  Header h;
  h.scenario = "inbound-fails";
  h.title = "Outbound works; inbound \"fails\"";
  h.seed = 1;
  h.nodes = {{"laptop", NodeKind::host}, {"gw", NodeKind::gateway}, {"web", NodeKind::host}};
  h.points = {{0, "laptop/home", "home", laptop, 24, 1500},
              {1, "gw/home", "home", wire::address(192, 168, 1, 1), 24, 1500},
              {1, "gw/internet", "internet", gateway, 24, 1500},
              {2, "web/internet", "internet", web, 24, 1500}};
  h.flows = {{"out", "laptop:40000", "web:80", "tcp"}, {"public", "stranger:50001", "203.0.113.5:22", "tcp"}};
  return h;
}

inline Bytes syn(wire::Address from, std::uint16_t from_port, wire::Address to, std::uint16_t to_port,
                 std::uint8_t ttl) {
  return wire::tcp_packet({.source = from, .destination = to, .ttl = ttl},
                          {.source_port = from_port, .destination_port = to_port, .flags = {wire::TcpFlags::syn}}, {});
}

inline Record packet(std::int64_t ns, Kind kind, NodeId node, PointId point, FlowId flow, std::uint64_t number,
                     wire::ByteView bytes) {
  Record r;
  r.at = {ns};
  r.kind = kind;
  r.node = node;
  r.point = point;
  r.flow = flow;
  r.packet = number;
  r.bytes = bytes;
  return r;
}

/// Says the whole run to `sink`; `h` outlives it. With `broken_off` it was not let run to its end.
inline void tell(Sink& sink, const Header& h, std::string_view broken_off = {}) {
  const Bytes inside = syn(laptop, 40000, web, 80, 64);
  const Bytes outside = syn(gateway, 40000, web, 80, 63);
  const Bytes knock = syn(stranger, 50001, gateway, 22, 62);
  const Bytes reset = wire::tcp_packet({.source = gateway, .destination = stranger, .ttl = 64, .fragment_word = 0},
                                       {.source_port = 22,
                                        .destination_port = 50001,
                                        .acknowledgment = 1,
                                        .flags = {wire::TcpFlags::rst | wire::TcpFlags::ack},
                                        .window = 0},
                                       {});
  const Row row{1,         2,          wire::Protocol::tcp,      {laptop, 40000}, {gateway, 40000},
                {web, 80}, "syn-sent", Duration{120'000'000'000}};

  sink.begin(h);
  sink.record(packet(0, Kind::send, 0, 0, 1, 1, inside));
  sink.record(packet(1'003'527, Kind::receive, 1, 1, 1, 1, inside));
  Record translate = packet(1'003'527, Kind::translate, 1, nowhere, 1, 1, outside);
  translate.before = inside;
  translate.made_flow = translate.made_mapping = true;
  translate.mapping = 1;
  translate.nat_flow = 2;
  sink.record(translate);
  sink.record(packet(1'003'527, Kind::send, 1, 2, 1, 1, outside));
  sink.record(packet(21'003'527, Kind::receive, 2, 3, 1, 1, outside));
  Record deliver = packet(21'003'527, Kind::deliver, 2, nowhere, 1, 1, outside);
  deliver.text = "tcp:80";
  sink.record(deliver);
  Record event = packet(42'000'000, Kind::event, 0, nowhere, 1, 0, {});
  event.text = "retransmits SYN";
  sink.record(event);
  sink.record(packet(4'020'000'000, Kind::receive, 1, 2, 2, 2, knock));
  const std::vector<Step> steps{{"addressed to gw?", true, "", ""},
                                {"port forward?", false, "nat.forward is empty", "nat.forward"}};
  Record drop = packet(4'020'000'000, Kind::drop, 1, 2, 2, 2, knock);
  drop.reason = Reason::no_mapping;
  drop.text = "nothing owns 203.0.113.5:22/tcp";
  drop.steps = steps;
  sink.record(drop);
  Record answer = packet(4'020'000'000, Kind::send, 1, 2, 2, 3, reset);
  answer.cause = 2;
  sink.record(answer);
  Record result = packet(4'040'000'000, Kind::result, 0, nowhere, 2, 0, {});
  result.text = "refused";
  sink.record(result);
  Record action = packet(5'000'000'000, Kind::action, 1, nowhere, 0, 0, {});
  action.text = "set gw nat.mapping: \xc3\xa4\n";
  sink.record(action);
  Record change = packet(121'003'527'000, Kind::change, 1, nowhere, 0, 0, {});
  change.text = "expired";
  change.row = &row;
  sink.record(change);
  Record table = packet(121'003'527'000, Kind::table, 1, nowhere, 0, 0, {});
  table.row = &row;
  sink.record(table);
  if (!broken_off.empty()) return sink.broken_off({122'000'000'000}, broken_off);
  sink.end({122'000'000'000});
}

}  // namespace masqsim::trace::sample
