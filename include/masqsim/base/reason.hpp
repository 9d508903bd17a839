// Why a packet ended where it did: one closed list, shared by the NAT core, the network, the trace and the scenario
// file. It lives in base because the NAT core and the trace, which know nothing of each other, must say the same word.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace masqsim {

/// The closed list. `word` is what files and traces say, `sentence` what a person reads.
#define MASQSIM_REASONS(X)                                                                                             \
  X(none, "none", "nothing stopped it")                                                                                \
  X(no_route, "no-route", "no route leads to the destination")                                                         \
  X(no_mapping, "no-mapping", "nothing on the gateway owns the address and port")                                      \
  X(filtered, "filtered", "a mapping owns the port, but its filtering does not admit this remote")                     \
  X(mapping_expired, "mapping-expired", "a mapping owned the port, but its time ran out")                              \
  X(ports_exhausted, "ports-exhausted", "no outside port was free")                                                    \
  X(table_full, "table-full", "the gateway's table is full")                                                           \
  X(host_limit, "host-limit", "the inside host holds as many flows as it may")                                         \
  X(hairpin_off, "hairpin-off", "an inside host called the outside address, and hairpin is off")                       \
  X(wrong_peer, "wrong-peer", "the answer came from another address than the one called")                              \
  X(ttl_exceeded, "ttl-exceeded", "the time to live ran out")                                                          \
  X(too_big, "too-big", "larger than the next link carries, and it must not be fragmented")                            \
  X(refused, "refused", "nothing listens on the port")                                                                 \
  X(no_protocol, "no-protocol", "the node does not speak the protocol")                                                \
  X(invalid, "invalid", "the tracker calls it INVALID")                                                                \
  X(bad_header, "bad-header", "the IP header is damaged")                                                              \
  X(bad_checksum, "bad-checksum", "a checksum is wrong")                                                               \
  X(malformed, "malformed", "the transport header is damaged")                                                         \
  X(martian, "martian", "the source or destination address cannot be on that network")                                 \
  X(reverse_path, "reverse-path", "the way back to the source leads out of another interface")                         \
  X(source_route, "source-route", "source-routed packets are not taken")                                               \
  X(not_for_us, "not-for-us", "addressed to somebody else, and the node is no router")                                 \
  X(broadcast, "broadcast", "broadcast and multicast are not forwarded")                                               \
  X(firewall, "firewall", "a firewall rule drops it")                                                                  \
  X(unsolicited, "unsolicited", "nobody asked for it, and such packets are dropped silently")                          \
  X(host_unreachable, "host-unreachable", "no host with that address is on the last network")                          \
  X(fragment_overlap, "fragment-overlap", "pieces of the datagram overlap")                                            \
  X(reassembly_timeout, "reassembly-timeout", "not all pieces of the datagram came in time")                           \
  X(unrelated_icmp, "unrelated-icmp", "the ICMP message matches nothing that was sent")                                \
  X(stale, "stale", "a segment of a connection that is closed or moved on")                                            \
  X(link_loss, "link-loss", "the link lost it")                                                                        \
  X(link_down, "link-down", "the link or interface is down")                                                           \
  X(queue_full, "queue-full", "the queue before the link is full")

enum class Reason : std::uint8_t {
#define X(name, word, sentence) name,
  MASQSIM_REASONS(X)
#undef X
};

struct ReasonText {
  Reason reason;
  std::string_view word;
  std::string_view sentence;
};

inline constexpr std::array reasons{
#define X(name, word, sentence) ReasonText{Reason::name, word, sentence},
    MASQSIM_REASONS(X)
#undef X
};

constexpr std::string_view word(Reason r) { return reasons[static_cast<std::size_t>(r)].word; }
constexpr std::string_view sentence(Reason r) { return reasons[static_cast<std::size_t>(r)].sentence; }

/// The reason that `word` names; nothing for a word outside the list.
constexpr std::optional<Reason> reason_of(std::string_view text) {
  for (const ReasonText& entry : reasons) {
    if (entry.word == text) return entry.reason;
  }
  return std::nullopt;
}

}  // namespace masqsim
