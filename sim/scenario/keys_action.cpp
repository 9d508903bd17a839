#include "sections.hpp"

namespace masqsim::scenario {

namespace {

constexpr std::uint8_t bit(Verb verb) { return static_cast<std::uint8_t>(1 << static_cast<int>(verb)); }
constexpr std::uint8_t tcp = bit(Verb::tcp), udp = bit(Verb::udp), ping = bit(Verb::ping),
                       trace = bit(Verb::traceroute), raw = bit(Verb::raw);

constexpr std::array<Word<Close>, 3> closes{{{"false", Close::never, "the connection stays open"},
                                             {"true", Close::fin, "it is closed with a FIN"},
                                             {"reset", Close::reset, "it is broken off with an RST"}}};

/// A key that goes with some verbs only.
Row<Action> with(int verbs, Row<Action> row) {
  row.key.verbs = static_cast<std::uint8_t>(verbs);
  if (!row.text) return row;
  row.text = [verbs, text = std::move(row.text)](const Action& action) {
    return (verbs & bit(action.verb)) != 0 ? text(action) : std::nullopt;
  };
  return row;
}
Row<Action> with(int verbs, KeyRow key) { return with(verbs, row::plain<Action>(std::move(key))); }

Row<Action> verb(std::string_view name, Type type, std::string_view sentence) {
  return row::plain<Action>({.name = name, .type = std::move(type), .sentence = sentence, .is_verb = true});
}

const Section& set_section() { return set_keys().section; }

}  // namespace

const Table<Action>& action_keys() {
  using namespace row;
  const Type target = type::of(Type::Kind::target);
  static const Table<Action> table{
      {.name = "action",
       .path = "actions",
       .sentence = "What happens at one time: each action but `set` is a flow, of a group one for each member.",
       .one_of = {"tcp", "udp", "ping", "traceroute", "raw", "set"},
       .condition = R"({"if": {"not": {"required": ["set"]}}, "then": {"required": ["from"]}})"},
      {
          duration<&Action::at>("at", "When it happens, since the beginning of the run."),
          plain<Action>({.name = "id",
                         .type = type::of(Type::Kind::name),
                         .sentence = "The name of the flow.",
                         .standard = "the verb and the place in the list: tcp-3"}),
          with(tcp | udp | ping | trace | raw,
               {.name = "from",
                .type = type::of(Type::Kind::origin),
                .sentence = "Who acts: a node, one member of a group or all of it, and from which port; the number of "
                            "a ping is its query id.",
                .standard = "a port that the node picks"}),
          verb("tcp", target, "Opens a connection to this node or address and port."),
          verb("udp", target, "Sends datagrams to this node or address and port."),
          verb("ping", target, "Sends echo requests to this node or address."),
          verb("traceroute", target, "Finds the routers on the way to this node or address."),
          verb("raw", type::either({type::of(Type::Kind::hex), type::section(raw_section)}), "Sends this IP packet."),
          verb("set", type::section(set_section), "Changes the network."),
          with(udp | raw, {.name = "network",
                           .type = type::of(Type::Kind::name),
                           .sentence = "The network that the packet goes out to.",
                           .standard = "as the node routes it"}),
          with(tcp | udp, {.name = "text", .type = type::of(Type::Kind::text), .sentence = "The bytes that are sent."}),
          with(tcp | udp, {.name = "hex", .type = type::of(Type::Kind::hex), .sentence = "The bytes that are sent."}),
          with(tcp | udp | ping,
               with_default("0B for tcp, 32B for udp, 56B for ping",
                            shown_if([](const Action& action) { return action.payload.empty(); },
                                     size<&Action::send>("send", "Bytes of each datagram, request or ping.")))),
          with(tcp | udp | ping | raw,
               whole<&Action::times>("times", 1, 1'000'000'000, "How often it is sent, by one socket.")),
          with(tcp | udp | ping | raw, duration<&Action::every>("every", "From one time to the next.", true)),
          with(tcp | udp | ping | trace | raw,
               [] {  // `show` prints it for groups only
                 Row<Action> stagger = duration<&Action::stagger>(
                     "stagger", "Of a group each member begins so much after the one before.");
                 stagger.text = {};
                 return stagger;
               }()),
          with(tcp | udp | ping | trace,
               duration<&Action::wait>(
                   "wait", "How long an answer, of TCP its next byte, is waited for before it is `no-answer`.")),
          with(tcp,
               word<&Action::close>("close", closes, "What happens to the connection when its exchanges are over.")),
          with(tcp, duration<&Action::keepalive>("keepalive",
                                                 "So long after the peer was heard last it is asked whether it lives; "
                                                 "0s: never.")),
          with(tcp | udp | ping,
               with_default("the node's", whole<&Action::ttl>("ttl", 1, 255, "The time to live of the packets."))),
          with(tcp | udp | ping | trace,
               whole<&Action::tos>("tos", 0, 255, "The type of service byte: DSCP and ECN (RFC 2474, RFC 3168).")),
          with(tcp | udp | ping,
               with_default("true for tcp, else false", boolean<&Action::df>("df", "The packets are not fragmented."))),
          with(trace, whole<&Action::hops>("hops", 1, 255, "The largest time to live that is tried.")),
      }};
  return table;
}

const Table<SetChannel>& set_keys() {
  using namespace row;
  const auto plain = [](std::string_view name, Type type, std::string_view sentence) {
    return row::plain<SetChannel>({.name = name, .type = std::move(type), .sentence = sentence});
  };
  const Type name = type::of(Type::Kind::name);
  static const Table<SetChannel> table{
      {.name = "set", .path = "actions.set", .sentence = "A change of one thing, from its time on."},
      {
          plain("node", name, "The node that changes."),
          plain("network", name, "The network that changes, or that `node` changes at."),
          plain("address", type::of(Type::Kind::interface_address),
                "The interface of `node` on `network` gets this address instead; the forwards of a gateway follow it."),
          plain("link", type::words({{"up"}, {"down"}}),
                "The network goes up or down, or the interface of `node` on it."),
          duration<&SetChannel::delay>("delay", "How long a packet takes, one way."),
          duration<&SetChannel::jitter>("jitter", "The delay varies by up to so much either way."),
          rate<&SetChannel::rate>("rate", "Bits of IP that a wire carries a second, each way."),
          percent<&SetChannel::loss>("loss", "The share of packets that are lost."),
          percent<&SetChannel::duplicate>("duplicate", "The share of packets that arrive twice."),
          percent<&SetChannel::reorder>("reorder", "The share of packets that overtake those before them."),
          plain("nat", type::section(+[]() -> const Section& { return nat_section(""); }),
                "Keys of the `nat` of `node`, merged over what it is by then; entries remain."),
          plain("flush", name, "The gateway that forgets its table."),
      }};
  return table;
}

}  // namespace masqsim::scenario
