#include <algorithm>

#include "sections.hpp"

namespace masqsim::scenario {

namespace {

constexpr std::uint64_t largest_group = 1'000'000;

constexpr std::array<Word<NodeKind>, 3> kinds{
    {{"host", NodeKind::host, "sends and listens, and forwards nothing"},
     {"router", NodeKind::router, "forwards"},
     {"gateway", NodeKind::gateway, "forwards, and translates as its `nat` says"}}};

// A gateway says what it translates, nothing else does; what a variable decides, a schema cannot know.
constexpr std::string_view only_gateways_have_nat = R"({
  "if": {"properties": {"kind": {"const": "gateway"}}, "required": ["kind"]},
  "then": {"required": ["nat"]},
  "else": {
    "if": {"not": {"required": ["kind"], "properties": {"kind": {"type": "string", "pattern": "\\$\\{"}}}},
    "then": {"properties": {"nat": false}}
  }
})";
constexpr std::array<Word<bool>, 2> default_routes{
    {{"computed", true, "where `routes` has none and the networks give one"},
     {"none", false, "there is none but those of `routes`; so it is with an empty list of `routes`"}}};
constexpr std::array<Word<bool>, 2> icmp_words{
    {{"answer", false, "every ICMP error that is owed is sent"},
     {"silent", true, "no ICMP error is sent (RFC 1122 section 3.2.2), as behind a filter; pings are answered"}}};
constexpr std::string_view one_answer = R"({"allOf": [
  {"not": {"required": ["text", "reply"]}},
  {"not": {"required": ["echo", "reply"], "properties": {"echo": {"const": true}}}},
  {"not": {"required": ["echo", "text"], "properties": {"echo": {"const": true}}}},
  {"not": {"required": ["udp", "say"]}}
]})";

}  // namespace

const Table<Node>& node_keys() {
  using namespace row;
  const auto is_group = [](const Node& node) { return node.group; };
  const auto has_no_default = [](const Node& node) {
    const bool takes_all_away = node.routes.empty() && !node.other_routes && !node.default_route;
    return !takes_all_away && std::ranges::none_of(node.routes, [](const Route& r) { return r.to.length == 0; });
  };
  const auto forwards = [](const Node& node) { return node.kind != NodeKind::host; };
  static const Table<Node> table{
      {.name = "node",
       .path = "nodes.NAME",
       .sentence = "A host, a router or a gateway.",
       .condition = only_gateways_have_nat},
      {
          word<&Node::kind>("kind", kinds, "What the node does."),
          with_default("no group",
                       shown_if(is_group, whole<&Node::count>(
                                              "count", 1, largest_group,
                                              "The node is a group of so many hosts, called NAME.1, NAME.2 and so on, "
                                              "with consecutive addresses."))),
          whole<&Node::ttl>("ttl", 1, 255, "The time to live of the packets that the node makes itself."),
          word<&Node::icmp_silent>("icmp", icmp_words, "Whether the node sends ICMP errors."),
          shown_if(forwards, boolean<&Node::rp_filter>(
                                 "rp-filter",
                                 "Routers and gateways: a packet is dropped that comes in by another interface than "
                                 "the way back to its source goes out by (RFC 3704, strict).")),
          plain<Node>({.name = "interfaces",
                       .type = type::named(type::either({type::of(Type::Kind::interface_address),
                                                         type::list(type::of(Type::Kind::interface_address), 1),
                                                         type::section(interface_section)}),
                                           1),
                       .sentence = "The networks that the node is on, and its addresses there.",
                       .needed = true}),
          plain<Node>({.name = "services",
                       .type = type::list(type::section(section_of<service_keys>)),
                       .sentence = "The programs that listen on the node."}),
          shown_if(has_no_default,
                   word<&Node::default_route>("default-route", default_routes, "Whether a default route is computed.")),
          plain<Node>({.name = "routes",
                       .type = type::list(type::section(route_section)),
                       .sentence = "Routes, besides those of the node's own subnets. A list replaces the computed ones "
                                   "but for the default route, an empty list that one, too.",
                       .standard = "computed"}),
          plain<Node>({.name = "nat",
                       .type = type::either({type::words({{"none", "a plain router"}}),
                                             type::section(+[]() -> const Section& { return nat_section(""); })}),
                       .sentence = "What a gateway translates; a gateway must say it."}),
      }};
  return table;
}

const Section& interface_section() {
  static const Section section{.name = "interface",
                               .path = "nodes.NAME.interfaces.NETWORK",
                               .sentence = "An interface with more than an address.",
                               .rows = {{.name = "address",
                                         .type = type::of(Type::Kind::interface_address),
                                         .sentence = "The address that the interface sends from.",
                                         .needed = true},
                                        {.name = "also",
                                         .type = type::list(type::of(Type::Kind::interface_address)),
                                         .sentence = "Further addresses of the interface."},
                                        {.name = "mtu",
                                         .type = type::whole(68, 65535),
                                         .sentence = "The largest IP packet in bytes, at most the network's.",
                                         .standard = "the network's"}}};
  return section;
}

const Table<Service>& service_keys() {
  using namespace row;
  const auto replies = [](const Service& service) { return !service.echo && service.text.empty(); };
  const auto is_tcp = [](const Service& service) { return service.protocol == wire::Protocol::tcp; };
  const auto port = [](std::string_view name, wire::Protocol protocol, std::string_view sentence) {
    return Row<Service>{.key = {.name = name, .type = type::whole(1, 65535), .sentence = sentence},
                        .text = [protocol](const Service& service) {
                          return service.protocol == protocol ? std::optional(std::to_string(service.port))
                                                              : std::nullopt;
                        }};
  };
  static const Table<Service> table{
      {.name = "service",
       .path = "nodes.NAME.services",
       .sentence = "A program that listens on one port.",
       .one_of = {"tcp", "udp"},
       .condition = one_answer},
      {
          port("tcp", wire::Protocol::tcp, "The TCP port that it listens on."),
          port("udp", wire::Protocol::udp, "The UDP port that it listens on."),
          boolean<&Service::echo>("echo", "It sends back what it receives."),
          shown_if(replies, size<&Service::reply>("reply", "Bytes that it answers to each request; 0B: nothing.")),
          plain<Service>({.name = "text",
                          .type = type::of(Type::Kind::text),
                          .sentence = "The bytes that it answers to each request."}),
          plain<Service>({.name = "say",
                          .type = type::of(Type::Kind::text),
                          .sentence = "TCP: the bytes that it sends as soon as a connection has opened."}),
          duration<&Service::after>("after", "How long it takes before it answers."),
          shown_if(is_tcp, boolean<&Service::close>("close", "TCP: it closes the connection when it has answered.")),
      }};
  return table;
}

const Section& route_section() {
  static const Section section{
      .name = "route",
      .path = "nodes.NAME.routes",
      .sentence = "A route of the node.",
      .rows = {{.name = "to",
                .type = type::either({type::words({{"default"}}), type::of(Type::Kind::prefix)}),
                .sentence = "The destinations that it is for.",
                .needed = true},
               {.name = "via",
                .type = type::of(Type::Kind::next_hop),
                .sentence = "The next hop: its address, or the name of a node on a common network; or the name of a "
                            "network: out there, to a cloud's router, or on a lan to the destination itself.",
                .needed = true}}};
  return section;
}

}  // namespace masqsim::scenario
