// What a scenario file says, as plain values: every name resolved, every default filled in, every number exact.
// Running and judging read this and nothing of the file; `load.hpp` makes it, and vouches for what is said here.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "masqsim/base/parse.hpp"
#include "masqsim/base/ratio.hpp"
#include "masqsim/base/reason.hpp"
#include "masqsim/base/time.hpp"
#include "masqsim/nat/config.hpp"
#include "masqsim/wire/address.hpp"

namespace masqsim::scenario {

/// Line and column in the file, counted from 1 in characters; 0: not written there (a default).
/// Where a thing stands is no part of what it is: two positions always compare equal.
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  bool operator==(const Position&) const { return true; }
};

/// Where the file says its name and what it says of nodes, by the path of the key: "nodes.gw.nat.forward.2.from". Rules
/// that a `set` changed stand at "actions.3.set.nat.forward". A map that stands alone in the place of a list is number
/// 0 of it, too.
struct Places {
  std::map<std::string, Position> of;
  bool operator==(const Places&) const { return true; }
};

/// Places in the vectors of Scenario.
using NetworkIndex = std::uint32_t;
using NodeIndex = std::uint32_t;
using ActionIndex = std::uint32_t;

/// A node, or of a group one member (counted from 1) or all of it (member 0).
struct NodeRef {
  NodeIndex node = 0;
  std::uint32_t member = 0;
  bool operator==(const NodeRef&) const = default;
};

/// Where a packet can be seen or can end: a node, or the router that a cloud is (and any network's wire).
struct Place {
  std::variant<NodeRef, NetworkIndex> at;  ///< index 0: a node, 1: a network
  bool operator==(const Place&) const = default;
};

// --- networks ------------------------------------------------------------------------------------------------------

enum class NetworkKind : std::uint8_t {
  lan,    ///< a shared segment; the switch is implied
  cloud,  ///< the internet: one router, every attachment a link of its own, no route to RFC 1918 and RFC 6598 space
  link    ///< a wire with two ends
};

/// What a wire does to a packet, in each direction alike. A LAN's is that of each pair of ports, a cloud's that of each
/// attachment: node to node over a cloud crosses two.
struct Channel {
  Duration delay;                      ///< one way, >= 0
  Duration jitter;                     ///< 0 to `delay`: the delay varies by up to so much either way
  parse::Rate rate;                    ///< 0: no limit
  std::optional<std::uint64_t> queue;  ///< bytes that may wait for the wire; unset: no limit
  Ratio loss;
  Ratio duplicate;
  Ratio reorder;             ///< the share of packets that overtake those before them
  std::uint32_t mtu = 1500;  ///< 68 to 65535 (RFC 791), bytes of one IP packet
  bool operator==(const Channel&) const = default;
};

struct Network {
  Position position;
  std::string name;
  NetworkKind kind = NetworkKind::lan;
  std::optional<wire::Prefix> subnet;  ///< lan and link: always set (from the first address where the file has none)
  Channel channel;
  bool operator==(const Network&) const = default;
};

// --- nodes ---------------------------------------------------------------------------------------------------------

enum class NodeKind : std::uint8_t { host, router, gateway };

struct InterfaceAddress {
  wire::Address address;     ///< of a group: its first member's; the k-th member has address + k - 1
  std::uint8_t length = 32;  ///< prefix length; 32 on clouds
  bool operator==(const InterfaceAddress&) const = default;
};

struct Interface {
  Position position;
  NetworkIndex network = 0;
  std::vector<InterfaceAddress> addresses;  ///< the first is the primary one; never empty
  std::uint32_t mtu = 1500;                 ///< the network's, unless the file says less
  bool operator==(const Interface&) const = default;
};

/// What a listening program answers to each datagram, or (TCP) once per connection when data has come. With neither
/// `echo` nor an answer it listens and says nothing.
struct Service {
  Position position;
  wire::Protocol protocol = wire::Protocol::tcp;  ///< tcp or udp
  std::uint16_t port = 0;                         ///< 1 to 65535
  bool echo = false;                              ///< sends back what came
  std::uint64_t reply = 0;                        ///< bytes it answers; 0: none
  std::vector<std::uint8_t> text;                 ///< the answer's bytes, `reply` of them; empty: any will do
  std::vector<std::uint8_t> greeting;             ///< tcp, `say`: sent when a connection has opened
  Duration after;                                 ///< thinks so long before it answers
  bool close = false;                             ///< tcp: closes when it has answered (or, silent, has read the end)
  bool operator==(const Service&) const = default;
};

struct Route {
  Position position;
  wire::Prefix to;    ///< 0.0.0.0/0: default
  wire::Address via;  ///< the next hop; zero with `network`
  /// `via: NETWORK`: out there, to the router of that cloud, or (lan, link) to the destination itself
  std::optional<NetworkIndex> network;
  bool operator==(const Route&) const = default;
};

// The rules of `nat:` as the file has them; NatSpec::config is what they mean to the core. Positions are kept for
// `explain` ("nat.forward is empty (22:16)").

struct Masquerade {
  Position position;
  NetworkIndex out = 0;
  std::optional<wire::Prefix> from;  ///< unset: any source (as Linux)
  std::optional<wire::Protocol> protocol;
  std::optional<nat::PortRange> ports;
  bool random = false;  ///< `pick: random`; else `pick: preserve`
  bool operator==(const Masquerade&) const = default;
};

struct SourceNat {
  Position position;
  NetworkIndex out = 0;
  std::optional<wire::Prefix> from;
  std::optional<wire::Prefix> to;
  std::optional<wire::Protocol> protocol;
  bool exempt = false;  ///< `exempt: true`: these are not translated
  nat::AddressRange addresses;
  std::optional<nat::PortRange> ports;
  bool random = false;
  bool persistent = false;  ///< `pick: persistent`
  bool operator==(const SourceNat&) const = default;
};

struct Forward {
  Position position;
  std::optional<wire::Protocol> protocol;  ///< unset: `all`
  std::optional<nat::PortRange> ports;     ///< unset with `all: true`
  wire::Address to;
  std::optional<std::uint16_t> to_port;  ///< unset: the port stays
  std::optional<wire::Prefix> from;      ///< remotes that may; unset: all
  std::optional<wire::Address> outside;  ///< the outside address called; unset: each of the gateway's outside ones
  bool operator==(const Forward&) const = default;
};

/// `one-to-one`: the inside is seen from outside as `outside`. `twice-nat` (RFC 2663 section 4.3): the outside, whose
/// addresses occur inside as well, is seen from inside as `inside`.
struct AddressPair {
  Position position;
  wire::Prefix inside;   ///< an address (length 32) or a network
  wire::Prefix outside;  ///< of the same length
  bool operator==(const AddressPair&) const = default;
};

struct NatSpec {
  Position position;          ///< of the value of `nat`
  Position forward_position;  ///< of the value of `nat.forward`; of `nat`'s own where there is none
  bool rfc = false;           ///< `preset: rfc`
  std::vector<Masquerade> masquerade;
  std::vector<SourceNat> source;
  std::vector<Forward> forward;
  std::vector<AddressPair> one_to_one;
  std::vector<AddressPair> twice_nat;
  std::vector<NetworkIndex> outside;  ///< the networks that are outside by nat::Sides; none: not known
  /// All of it for the core, interfaces numbered as in Node::interfaces. Order of source rules: exemptions, one-to-one,
  /// source, masquerade, twice-nat; of destination rules: forward, one-to-one, twice-nat.
  nat::Config config;
  /// For each rule of `config` the key that it was made of: "masquerade.0", "forward.2".
  std::vector<std::string> source_keys, destination_keys;
  bool operator==(const NatSpec&) const = default;
};

struct Node {
  Position position;
  std::string name;
  NodeKind kind = NodeKind::host;
  std::uint32_t count = 1;  ///< members; meaningful when `group`
  bool group = false;       ///< its members are called NAME.1 .. NAME.COUNT
  std::vector<Interface> interfaces;
  std::vector<Service> services;
  std::vector<Route> routes;   ///< those the file gives
  bool default_route = true;   ///< one is computed where `routes` has none; false: `default-route: none`, `routes: []`
  bool other_routes = true;    ///< those to subnets it is not on are computed: where the file has no `routes`
  bool icmp_silent = false;    ///< it sends no ICMP error, whatever it drops
  std::uint8_t ttl = 64;       ///< of what it sends itself
  bool rp_filter = false;      ///< router, gateway: strict reverse path check
  std::optional<NatSpec> nat;  ///< only gateways; unset: `nat: none`, a router
  bool operator==(const Node&) const = default;
};

// --- actions -------------------------------------------------------------------------------------------------------

enum class Verb : std::uint8_t { tcp, udp, ping, traceroute, raw, set };

/// Whom an action calls. `node:port` has been looked up: `address` is the node's on a network it shares with the
/// caller, else its first.
struct Target {
  Position position;
  std::string text;  ///< as the file has it
  wire::Address address;
  std::uint16_t port = 0;       ///< 0: none (ping)
  std::optional<NodeRef> node;  ///< set when it was called by name
  bool operator==(const Target&) const = default;
};

struct SetAddress {  ///< the interface gets other addresses (DHCP gave a new one)
  NodeRef node;
  std::uint32_t interface = 0;  ///< in Node::interfaces
  std::vector<InterfaceAddress> addresses;
  std::optional<nat::Config> nat;  ///< of a gateway: its forwards follow its address
  bool operator==(const SetAddress&) const = default;
};
struct SetLink {  ///< the network, or one node's attachment to it, goes down or up
  NetworkIndex network = 0;
  std::optional<NodeRef> node;
  bool up = true;
  bool operator==(const SetLink&) const = default;
};
struct SetChannel {  ///< the unset stay as they are
  NetworkIndex network = 0;
  std::optional<Duration> delay, jitter;
  std::optional<parse::Rate> rate;
  std::optional<Ratio> loss, duplicate, reorder;
  bool operator==(const SetChannel&) const = default;
};
struct SetNat {  ///< entries remain
  NodeIndex node = 0;
  NatSpec nat;          ///< all of the node's section as it is from then on
  std::string changes;  ///< what is other than before: "timeouts.udp 5s, forward (1 rule)"
  bool operator==(const SetNat&) const = default;
};
struct Flush {  ///< the gateway forgets its table
  NodeIndex node = 0;
  bool operator==(const Flush&) const = default;
};
using Setting = std::variant<SetAddress, SetLink, SetChannel, SetNat, Flush>;

/// tcp: what happens to the connection when its exchanges are over.
enum class Close : std::uint8_t { never, fin, reset };

/// TCP's sequence or acknowledgment number: as it is, or counted from what its sender would write next.
struct RawNumber {
  std::uint32_t value = 0;  ///< modulo 2^32: -1 is 0xffffffff
  bool relative = false;
  bool operator==(const RawNumber&) const = default;
};

/// A packet given by its fields; lengths and sums follow from them. What is unset comes from the connection.
struct RawPacket {
  Position position;
  /// The tcp action whose connection fills in ends and numbers: as the sending node knows it where it is one of the
  /// two ends; else the packet speaks for the called end, with the numbers that the caller expects.
  std::optional<ActionIndex> of;
  std::uint32_t of_member = 0;               ///< where `of` is an action of a group: which of its members'
  std::optional<wire::Address> source;       ///< unset: the connection's, else the sender's towards `destination`
  std::optional<wire::Address> destination;  ///< unset: the connection's
  std::uint8_t ttl = 64;
  std::uint8_t tos = 0;
  std::uint16_t id = 0;
  bool df = false;
  wire::Protocol protocol = wire::Protocol::tcp;  ///< tcp, udp or icmp
  std::optional<std::uint16_t> from_port, to_port;
  std::uint8_t flags = 0;  ///< tcp, as in wire::TcpFlags
  RawNumber seq, ack;
  std::uint16_t window = 64240;
  std::uint16_t urgent = 0;
  std::optional<std::uint16_t> mss;  ///< tcp: the option, where the segment has one
  std::uint8_t type = 8, code = 0;   ///< icmp
  std::uint16_t query_id = 0, query_sequence = 0;
  std::optional<std::uint16_t> mtu;       ///< icmp 3/4: the next hop's
  std::vector<RawPacket> quoting;         ///< icmp errors: the packet complained of, at most one
  std::vector<std::uint8_t> payload;      ///< what lies behind the header
  std::optional<std::uint16_t> checksum;  ///< of the transport header; unset: the right one
  bool bad_checksum = false;              ///< one more than the right one
  bool operator==(const RawPacket&) const = default;
};

/// One flow, or for `from: GROUP` one a member (their ids are ID.1 .. ID.COUNT). Its repetitions use one socket: the
/// same source port, TCP the same connection; a new flow is a new action.
struct Action {
  Position position;
  std::string id;
  Time at;
  NodeRef from;                            ///< not for `set`
  std::optional<std::uint16_t> from_port;  ///< ping: the query id; unset: the node picks one
  std::optional<NetworkIndex> network;     ///< raw, udp: out of which interface; unset: as the node routes it
  Verb verb = Verb::udp;
  Target target;                      ///< not for `raw` and `set`
  std::uint64_t send = 0;             ///< bytes of each datagram, exchange or ping
  std::vector<std::uint8_t> payload;  ///< the bytes themselves where the file gives them (text, hex; raw: the packet)
  std::optional<RawPacket> packet;    ///< raw: the packet by its fields, in the place of `payload`
  std::uint32_t times = 1;            ///< how often
  Duration every{1'000'000'000};      ///< from one time to the next
  Duration stagger;                   ///< of a group each member begins so much after the one before
  Duration wait{5'000'000'000};       ///< how long an answer is waited for; tcp: its next byte
  Close close = Close::never;
  Duration keepalive;     ///< tcp: so long after the peer was heard last it is asked whether it lives; 0: never
  std::uint8_t ttl = 64;  ///< the node's, unless the action says otherwise
  std::uint8_t tos = 0;
  bool df = false;             ///< tcp: true unless the file says otherwise
  std::uint8_t hops = 30;      ///< traceroute: the largest TTL tried
  std::optional<Setting> set;  ///< set when verb is `set`
  bool operator==(const Action&) const = default;
};

// --- expectations --------------------------------------------------------------------------------------------------

/// What the initiator of a flow experienced: name, word, whether the flow did what it was for, sentence.
#define MASQSIM_RESULTS(X)                                                                                             \
  X(established, "established", true, "the connection opened")                                                         \
  X(replied, "replied", true, "an answer came back")                                                                   \
  X(delivered, "delivered", true, "it arrived; nobody was to answer")                                                  \
  X(sent, "sent", true, "a raw packet left; no program waits for an answer")                                           \
  X(refused, "refused", false, "somebody answered that nothing listens there")                                         \
  X(unreachable, "unreachable", false, "a router answered that it leads nowhere")                                      \
  X(no_answer, "no-answer", false, "nothing came back")                                                                \
  X(incomplete, "incomplete", false, "the connection opened, and only a part of the answer came")                      \
  X(reset, "reset", false, "the connection opened, then was broken off")

enum class Result : std::uint8_t {
#define X(name, word, good, sentence) name,
  MASQSIM_RESULTS(X)
#undef X
};
std::string_view word(Result r);
bool is_good(Result r);  ///< the flow did what it was for
std::string_view sentence(Result r);
std::optional<Result> result_of(std::string_view word);

struct SeenSource {
  wire::Endpoint endpoint;
  bool any_port = false;  ///< the file gives an address alone
  bool operator==(const SeenSource&) const = default;
};

/// The source of the flow's packets as they arrive at `node`. One: of the first of them. Several: all the sources that
/// they have, each where it changes, in order.
struct Seen {
  Position position;
  NodeRef node;
  std::vector<SeenSource> as;  ///< never empty
  bool operator==(const Seen&) const = default;
};

/// A flow of a group or with a `count`: unset count means that all must fit; else exactly so many must.
struct FlowExpectation {
  Position position;
  ActionIndex flow = 0;
  std::uint32_t member = 0;  ///< of a group; 0: all
  std::optional<Result> result;
  std::optional<Result> not_result;  ///< `not: established`
  std::optional<Place> at;           ///< which place ended it
  std::optional<Reason> reason;
  std::vector<Seen> seen;
  std::optional<std::uint32_t> count;     ///< flows of the group
  std::optional<std::uint64_t> replies;   ///< answers to a repeated action (each flow)
  std::optional<std::uint64_t> arrived;   ///< payload bytes that the other end's program got (each flow)
  std::optional<std::uint64_t> received;  ///< payload bytes that came back to the initiator (each flow)
  std::vector<Place> path;                ///< traceroute: who answered, in order
  bool operator==(const FlowExpectation&) const = default;
};

/// A row of a gateway's table; the unset matches anything. A port 0 with any_port matches any.
struct TablePattern {
  Position position;
  std::optional<wire::Protocol> protocol;
  std::optional<wire::Endpoint> inside, outside, remote;
  bool any_inside_port = false, any_outside_port = false, any_remote_port = false;
  std::string state;  ///< nat::state_word; empty: any
  bool operator==(const TablePattern&) const = default;
};

struct TableExpectation {
  Position position;
  NodeIndex gateway = 0;
  std::optional<Time> at;              ///< unset: at the end
  std::optional<std::uint32_t> count;  ///< rows in all
  std::vector<TablePattern> has;
  std::vector<TablePattern> lacks;  ///< `not`
  bool operator==(const TableExpectation&) const = default;
};

using Expectation = std::variant<FlowExpectation, TableExpectation>;

// --- lab questions -------------------------------------------------------------------------------------------------

/// Which fact of the run a question asks for.
enum class Fact : std::uint8_t {
  source,       ///< flow and place: source of the packet as it arrives there, "203.0.113.5:40000"
  destination,  ///< flow and place
  ttl,          ///< flow and place
  result,       ///< flow
  reason,       ///< flow: why it ended
  place,        ///< flow: where it ended
  count,        ///< nat: rows of the table
  inside,       ///< nat: of row number `row`
  outside,
  remote,
  state
};

/// A question about one moment of the trace; its answer is checked against the run.
struct Question {
  Position position;
  std::string ask;
  Position when_position;
  Fact what = Fact::source;
  std::optional<ActionIndex> flow;  ///< of a group: member `member`
  std::uint32_t member = 0;
  std::optional<Place> at;           ///< where; unset for result, reason, place
  bool back = false;                 ///< `way: back`: the answer's packets; else those that go out
  std::uint32_t packet = 1;          ///< the how-many-eth packet of that way at that place
  std::optional<NodeIndex> gateway;  ///< nat questions
  std::optional<Time> time;          ///< nat questions: unset: at the end
  std::uint32_t row = 1;             ///< in the order of making
  Position answer_position;
  std::string answer;
  std::vector<std::string> choices;  ///< empty: the student writes it; else holds `answer`
  std::string hint;
  bool operator==(const Question&) const = default;
};

// --- the file ------------------------------------------------------------------------------------------------------

struct Variable {
  Position position;
  std::string name;
  std::string value;
  bool operator==(const Variable&) const = default;
};

struct VariantInfo {
  Position position;
  std::string name;
  std::string title;  ///< the variant's own, empty where it has none
  bool operator==(const VariantInfo&) const = default;
};

struct Scenario {
  std::string name;
  std::string variant;  ///< which one this is; empty: the base
  std::string title;
  std::uint64_t seed = 1;
  std::optional<Time> until;      ///< unset: until nothing more happens
  std::vector<Network> networks;  ///< all in the order of the file
  std::vector<Node> nodes;
  std::vector<Action> actions;
  std::vector<Expectation> expect;
  std::vector<Question> lab;
  std::vector<Variable> vars;  ///< as they were for this load
  std::vector<VariantInfo> variants;
  Places places;
  bool operator==(const Scenario&) const = default;

  /// The node or network called so; nothing if none is.
  std::optional<NodeIndex> node_named(std::string_view wanted) const;
  std::optional<NetworkIndex> network_named(std::string_view wanted) const;
  std::optional<ActionIndex> action_with_id(std::string_view id) const;
  /// "gw", "clients", "clients.7".
  std::string name_of(NodeRef ref) const;
  std::string name_of(const Place& place) const;
};

std::string_view word(NetworkKind kind);  ///< "lan"
std::string_view word(NodeKind kind);     ///< "gateway"
std::string_view word(Verb verb);         ///< "udp"
std::string_view word(Fact fact);         ///< "source"
std::string_view word(Close close);       ///< "false", "true", "reset"

/// The same scenario with every route that its run uses written out, computed ones included, but for those to the own
/// subnets.
Scenario with_routes(const Scenario& scenario);

/// The whole scenario (this variant of it) as YAML with every default written out. Loads back to an equal value, but
/// for `variant`, `vars` and `variants`, which are resolved away.
std::string resolved(const Scenario& scenario);

}  // namespace masqsim::scenario
