// Everything that can be chosen about a NAT, with Linux's choice as the default of each member.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "masqsim/base/time.hpp"
#include "masqsim/wire/address.hpp"

namespace masqsim::nat {

/// The gateway numbers its interfaces; the core only compares the numbers.
using InterfaceId = std::uint16_t;
inline constexpr InterfaceId any_interface = 0xffff;

/// Both ends included; first <= last.
struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  bool operator==(const PortRange&) const = default;
};
struct AddressRange {
  wire::Address first;
  wire::Address last;
  bool operator==(const AddressRange&) const = default;
};

/// A rule of the `postrouting` hook. The first whose matches all hold decides; unset matches hold always.
struct SourceRule {
  enum class Action : std::uint8_t {
    masquerade,  ///< to the address of the interface that the packet leaves by
    source_nat,  ///< to `addresses`
    exempt       ///< not translated
  };

  InterfaceId out = any_interface;
  InterfaceId in = any_interface;
  std::optional<wire::Protocol> protocol;
  std::optional<wire::Prefix> from;
  std::optional<wire::Prefix> to;
  bool only_port_forwarded = false;  ///< only flows whose destination a rule below has translated (hairpin)

  Action action = Action::masquerade;
  AddressRange addresses;  ///< source_nat: the pool, one address or many
  /// unset: keep the source port, on a clash search its class: below 512, below 1024, above
  std::optional<PortRange> ports;
  bool random = false;          ///< never keep the port (nft `random`, `fully-random`: the same effect)
  bool persistent = false;      ///< pool: one inside host keeps one outside address whatever the remote
  bool keep_host_bits = false;  ///< NETMAP: pool and `from` are networks of one size, host bits are kept
  bool operator==(const SourceRule&) const = default;
};

/// A rule of the `prerouting` hook: a defined way in. First match decides.
struct DestinationRule {
  InterfaceId in = any_interface;
  std::optional<wire::Prefix> from;
  wire::Prefix to;                            ///< the outside address or network called
  std::optional<wire::Protocol> protocol;     ///< unset: every protocol
  std::optional<PortRange> port;              ///< unset: every port
  wire::Address forward;                      ///< the inside host; with keep_host_bits the first address of its network
  std::optional<std::uint16_t> forward_port;  ///< unset: the port stays
  bool keep_host_bits = false;
  bool operator==(const DestinationRule&) const = default;
};

/// RFC 4787 section 4.1. `linux` is address-and-port-dependent by right; in practice one inside endpoint mostly keeps
/// its outside endpoint, because the port is preserved and the newest mapping is reused, and an outside port may serve
/// two inside endpoints at once while their remotes differ. The other three own their outside port alone.
enum class Mapping : std::uint8_t { linux_like, endpoint_independent, address_dependent, address_and_port_dependent };

/// RFC 4787 section 5: which remotes may send to an outside endpoint that is mapped.
enum class Filtering : std::uint8_t { endpoint_independent, address_dependent, address_and_port_dependent };

/// RFC 4787 section 6, for mappings made by inside hosts and for port forwards. Inside callers come in by an interface
/// that is not outside (sides.hpp). A destination rule with `in` set is not concerned. What Linux
/// does with a destination rule of its own is `dnat_only`.
enum class Hairpin : std::uint8_t {
  none,       ///< dynamic mappings: the gateway's own stack answers; port forwards: only translated from outside
  dnat_only,  ///< port forwards are translated for inside callers too; the server sees the inside client
  full        ///< destination and source are translated: the server sees the outside endpoint (RFC 4787 REQ-9a)
};

/// Idle times after which an entry goes. Defaults: Linux 6.18. Each one's name is its key in the file.
struct Timeouts {
  Duration tcp_syn_sent = 120_s;
  Duration tcp_syn_recv = 60_s;
  Duration tcp_established = 432000_s;
  Duration tcp_fin_wait = 120_s;
  Duration tcp_close_wait = 60_s;
  Duration tcp_last_ack = 30_s;
  Duration tcp_time_wait = 120_s;
  Duration tcp_close = 10_s;
  Duration tcp_unacknowledged = 300_s;
  Duration tcp_max_retrans = 300_s;
  Duration udp = 30_s;
  Duration udp_stream = 120_s;
  Duration icmp = 30_s;
  Duration gre = 30_s;
  Duration gre_stream = 180_s;
  Duration generic = 600_s;
  Duration fragment = 30_s;
  bool operator==(const Timeouts&) const = default;
};

struct Limits {
  std::uint32_t table = 262144;  ///< entries at once (nf_conntrack_max)
  bool early_drop = true;        ///< full: an unassured entry goes for a new flow, as in Linux; false: RFC 6888 REQ-11
  std::optional<std::uint32_t> flows_per_host;  ///< of one inside address
  /// outside ports that rest at once (RFC 6888 REQ-8); beyond it the oldest is free
  std::optional<std::uint32_t> resting;
  bool reject_excess = true;      ///< over flows_per_host: ICMP 3/13 (else silence)
  bool reject_exhausted = false;  ///< no port or no place left: ICMP 3/1 (RFC 6888 REQ-11 B); Linux: silence
  bool operator==(const Limits&) const = default;
};

/// What an inbound packet that nothing owns gets.
enum class Unsolicited : std::uint8_t {
  reject,        ///< Linux: the gateway's own stack answers: RST, port unreachable, protocol unreachable
  drop,          ///< silence
  icmp_after_6s  ///< RFC 5382 REQ-4: a SYN waits 6 s for an outbound SYN, then ICMP 3/3
};

struct Firewall {
  bool drop_invalid = false;     ///< INVALID packets end here instead of leaking untranslated
  bool drop_direct = false;      ///< from outside, inside addresses are called through forwards and mappings only
  bool protect_input = false;    ///< to the gateway itself: only established, related, or from `inside`
  bool protect_forward = false;  ///< through it: only established, related, or new from `inside` to outside
  bool admit_forwarded = true;   ///< protect_forward also lets in what is called by a forward or a mapping
  std::vector<InterfaceId> inside;
  bool operator==(const Firewall&) const = default;
};

/// What the MSS option of a SYN (RFC 9293 section 3.7.1) may announce at most, as nft's `tcp option maxseg size set`.
struct MssClamp {
  std::uint16_t to = 0;  ///< bytes; 0: what the MTUs of the way on and of the way back leave room for (`rt mtu`)
  bool operator==(const MssClamp&) const = default;
};

struct Config {
  std::vector<SourceRule> source;
  std::vector<DestinationRule> destination;
  /// The interfaces that are outside where no source rule names one (sides.hpp); empty: not known.
  std::vector<InterfaceId> outside;
  Mapping mapping = Mapping::linux_like;
  Filtering filtering = Filtering::address_and_port_dependent;
  Hairpin hairpin = Hairpin::none;
  Timeouts timeouts;
  Limits limits;
  Unsolicited unsolicited = Unsolicited::reject;
  Firewall firewall;
  std::optional<MssClamp> mss_clamp;  ///< of forwarded SYNs; unset: their option stays as it is
  bool alg_ftp = false;               ///< control port 21
  bool verify_checksums = true;       ///< nf_conntrack_checksum: wrong transport sums are INVALID
  bool tcp_loose = true;              ///< pick up connections whose handshake was not seen
  bool tcp_be_liberal = false;        ///< skip the window checks
  bool inbound_refreshes = true;      ///< RFC 4787 REQ-6a; Linux: yes
  bool rst_keeps_state = false;       ///< RFC 7857 section 2.2: keep 4 minutes after an RST; Linux: delete or 10 s
  bool rst_refreshes = true;          ///< an outbound RST may lengthen an entry's life; false: RFC 7857 section 7.1
  bool verify_quoted = false;  ///< RFC 5508 REQ-3a: an ICMP error ends here if the IP header it quotes has a wrong sum
  /// source quench and information queries are translated; false: they end here (RFC 5508 REQ-10c)
  bool obsolete_icmp = true;
  bool keep_parity = false;  ///< RFC 4787 REQ-4, for chosen ports, while one of that parity is free
  bool unique_ids = false;   ///< datagrams of translated sources get IP ids of the NAT's own, those with DF excepted:
                             ///< RFC 7857 section 10, RFC 6864 section 5.3.1; Linux: copied
  /// beyond the memory for pieces the oldest datagram goes (RFC 4787 REQ-14a); Linux takes no new one
  bool oldest_pieces_go = false;
  /// RFC 4787 REQ-7: of equal routes a packet takes the one that does not lead back where it came
  /// from, and inside hosts find outside ones of their own subnet; Linux takes the first, and they find none
  bool overlap = false;
  std::uint32_t port_rest_s = 0;  ///< RFC 6888 REQ-8: seconds a freed outside port or query id rests, but of TCP, whose
                                  ///< connections were seen to end (exception A); Linux: none
  bool operator==(const Config&) const = default;
};

/// What RFC 4787, 5382 and 5508 require, with what RFC 6888 and 7857 change in them: endpoint-independent mapping and
/// filtering, full hairpin, 5 minutes for UDP, 2 h 4 min for established TCP, 4 minutes for the transitory states, 60 s
/// for ICMP, INVALID never leaks, nobody loses an entry to another. Rules, numbers of limits and interfaces of `base`
/// are kept.
Config rfc_preset(Config base);

/// `base` without translation, firewall, limit a host and helper (`nft flush ruleset`).
Config without_rules(Config base);

}  // namespace masqsim::nat
