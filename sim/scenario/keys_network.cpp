#include "sections.hpp"

namespace masqsim::scenario {

namespace {

constexpr std::array<Word<NetworkKind>, 3> kinds{
    {{"lan", NetworkKind::lan, "a shared segment with its switch"},
     {"cloud", NetworkKind::cloud, "the internet: one router, which has no route to private addresses"},
     {"link", NetworkKind::link, "a wire with two ends"}}};

}  // namespace

const Table<Network>& network_keys() {
  using namespace row;
  constexpr auto channel = &Network::channel;
  static const Table<Network> table{
      {.name = "network", .path = "networks.NAME", .sentence = "A network, and what its wires do to packets."},
      {
          word<&Network::kind>("kind", kinds, "What the network is."),
          {.key = {.name = "subnet",
                   .type = type::of(Type::Kind::subnet),
                   .sentence = "The subnet of a lan or a link; a cloud has none.",
                   .standard = "that of the first address"},
           .text =
               [](const Network& n) { return n.subnet ? std::optional(wire::to_string(*n.subnet)) : std::nullopt; }},
          duration<channel, &Channel::delay>("delay", "How long a packet takes, one way."),
          duration<channel, &Channel::jitter>("jitter",
                                              "The delay varies by up to so much either way; at most the delay."),
          rate<channel, &Channel::rate>("rate", "Bits of IP that a wire carries a second, each way."),
          size<channel, &Channel::queue>("queue", "Bytes that may wait for the wire.", true),
          percent<channel, &Channel::loss>("loss", "The share of packets that are lost."),
          percent<channel, &Channel::duplicate>("duplicate", "The share of packets that arrive twice."),
          percent<channel, &Channel::reorder>("reorder", "The share of packets that overtake those before them."),
          whole<channel, &Channel::mtu>("mtu", 68, 65535, "The largest IP packet in bytes (RFC 791)."),
      }};
  return table;
}

}  // namespace masqsim::scenario
