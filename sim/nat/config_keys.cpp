#include "config_keys.hpp"

#include <algorithm>
#include <array>
#include <type_traits>

namespace masqsim::nat {

namespace {

/// The member that a path of member pointers leads to.
template <auto... Path>
auto& member_at(auto& config) {
  return (config.*....*Path);
}

template <auto... Path>
KeyValue get_at(const Config& config) {
  const auto& member = member_at<Path...>(config);
  if constexpr (std::is_same_v<decltype(member), const Duration&>) {
    return member.ns;
  } else if constexpr (requires { member.has_value(); }) {
    return member ? KeyValue(*member) : std::nullopt;
  } else {
    return static_cast<std::int64_t>(member);
  }
}

template <auto... Path>
void set_at(Config& config, KeyValue value) {
  auto& member = member_at<Path...>(config);
  using Member = std::remove_reference_t<decltype(member)>;
  if constexpr (std::is_same_v<Member, Duration>) {
    member.ns = *value;
  } else if constexpr (requires { member.has_value(); }) {
    member.reset();
    if (value) member = static_cast<typename Member::value_type>(*value);
  } else {
    member = static_cast<Member>(*value);
  }
}

template <auto... Path>
constexpr ConfigKey boolean(std::string_view name, std::string_view sentence, LinuxSide linux_side = {}) {
  ConfigKey key{.name = name, .kind = KeyKind::boolean, .sentence = sentence, .linux_side = linux_side};
  key.get = get_at<Path...>;
  key.set = set_at<Path...>;
  return key;
}

template <auto... Path>
constexpr ConfigKey word(std::string_view name, std::span<const KeyWord> words, std::string_view sentence,
                         LinuxSide linux_side = {}) {
  ConfigKey key = boolean<Path...>(name, sentence, linux_side);
  key.kind = KeyKind::word;
  key.words = words;
  return key;
}

template <auto... Path>
constexpr ConfigKey number(std::string_view name, std::int64_t least, std::int64_t most, std::string_view sentence,
                           LinuxSide linux_side = {}) {
  ConfigKey key = boolean<Path...>(name, sentence, linux_side);
  key.kind = KeyKind::number;
  key.least = least;
  key.most = most;
  return key;
}

template <auto... Path>
constexpr ConfigKey number_or_unlimited(std::string_view name, std::int64_t least, std::int64_t most,
                                        std::string_view sentence) {
  ConfigKey key = number<Path...>(name, least, most, sentence);
  key.unlimited = true;
  return key;
}

template <auto Member>
constexpr ConfigKey timeout(std::string_view name, std::string_view sysctl, std::string_view sentence) {
  ConfigKey key = boolean<&Config::timeouts, Member>(name, sentence, {.sysctl = sysctl});
  key.kind = KeyKind::duration;
  key.least = 1;
  return key;
}

constexpr std::int64_t second = (1_s).ns;

constexpr ConfigKey port_rest(std::string_view name, std::string_view sentence, LinuxSide linux_side) {
  ConfigKey key{.name = name, .kind = KeyKind::duration, .sentence = sentence, .linux_side = linux_side};
  key.step = second;
  key.most = (1_h).ns;
  key.get = [](const Config& config) { return KeyValue(config.port_rest_s * second); };
  key.set = [](Config& config, KeyValue ns) { config.port_rest_s = static_cast<std::uint32_t>(*ns / second); };
  return key;
}

constexpr auto number_of(auto enumerator) { return static_cast<std::int64_t>(enumerator); }

// --- words ---------------------------------------------------------------------------------------------------------

constexpr std::array mapping_words{
    KeyWord{"linux", number_of(Mapping::linux_like),
            "by right address-and-port-dependent; the source port is kept where it is free"},
    KeyWord{"endpoint-independent", number_of(Mapping::endpoint_independent),
            "one outside endpoint for an inside endpoint, whatever the remote"},
    KeyWord{"address-dependent", number_of(Mapping::address_dependent), "one for each remote address"},
    KeyWord{"address-and-port-dependent", number_of(Mapping::address_and_port_dependent),
            "one for each remote address and port"}};
constexpr std::array filtering_words{
    KeyWord{"endpoint-independent", number_of(Filtering::endpoint_independent), "every remote may send"},
    KeyWord{"address-dependent", number_of(Filtering::address_dependent),
            "remotes whose address the inside host has sent to"},
    KeyWord{"address-and-port-dependent", number_of(Filtering::address_and_port_dependent),
            "remotes whose address and port the inside host has sent to"}};
constexpr std::array hairpin_words{
    KeyWord{"none", number_of(Hairpin::none), "the gateway itself answers; forwards are for outside callers"},
    KeyWord{"dnat-only", number_of(Hairpin::dnat_only),
            "forwards translate the destination; the server sees the inside caller"},
    KeyWord{"full", number_of(Hairpin::full), "source and destination are translated (RFC 4787 REQ-9a)"}};
constexpr std::array unsolicited_words{
    KeyWord{"reject", number_of(Unsolicited::reject),
            "the gateway answers as Linux does: RST, port unreachable or protocol unreachable"},
    KeyWord{"drop", number_of(Unsolicited::drop), "the gateway is silent"},
    KeyWord{"icmp-after-6s", number_of(Unsolicited::icmp_after_6s),
            "a SYN waits 6 s for an outbound SYN, then ICMP 3/3 is sent (RFC 5382 REQ-4)",
            "Linux answers a SYN at once"}};
constexpr std::array silence_words{KeyWord{"drop", 0, "the packet is dropped silently"},
                                   KeyWord{"reject", 1, "an ICMP error is sent to the inside host"}};
constexpr std::array pass_words{KeyWord{"pass", 0, "the packet goes on, as in Linux"},
                                KeyWord{"drop", 1, "the packet is dropped"}};
constexpr std::array protect_words{KeyWord{"open", 0, "every packet goes on"},
                                   KeyWord{"protect", 1, "everything else is dropped"}};
constexpr std::array helper_words{KeyWord{"ftp", 1, "PORT, PASV, EPRT and EPSV on control port 21"}};

constexpr std::int64_t no_clamp = -1;
constexpr std::array clamp_words{
    KeyWord{"none", no_clamp, "the option stays as it is"},
    KeyWord{"pmtu", 0, "what the MTUs of the way on and of the way back leave room for (nft: rt mtu)"}};

constexpr ConfigKey mss_clamp(std::string_view name, std::string_view sentence) {
  ConfigKey key{.name = name, .kind = KeyKind::number, .sentence = sentence, .words = clamp_words};
  key.least = 1;
  key.most = 65535;
  key.get = [](const Config& config) { return KeyValue(config.mss_clamp ? config.mss_clamp->to : no_clamp); };
  key.set = [](Config& config, KeyValue to) {
    config.mss_clamp.reset();
    if (*to != no_clamp) config.mss_clamp = MssClamp{static_cast<std::uint16_t>(*to)};
  };
  return key;
}

constexpr ConfigKey helpers(std::string_view name, std::string_view sentence) {
  ConfigKey key = boolean<&Config::alg_ftp>(name, sentence);
  key.kind = KeyKind::words;
  key.words = helper_words;
  return key;
}

// --- rows ----------------------------------------------------------------------------------------------------------

constexpr std::int64_t most_entries = 16'777'216;

constexpr auto rows = std::to_array<ConfigKey>({
    word<&Config::mapping>("mapping", mapping_words,
                           "How the outside endpoint of an inside endpoint is chosen (RFC 4787 section 4.1).",
                           {.cannot = "Linux maps endpoint-dependently by right, and in no other way"}),
    word<&Config::filtering>("filtering", filtering_words,
                             "Which remotes may send to an outside endpoint that is mapped (RFC 4787 section 5).",
                             {.cannot = "Linux admits the very remote that was called, and no other"}),
    word<&Config::hairpin>("hairpin", hairpin_words,
                           "What inside hosts get that call an outside endpoint of the gateway (RFC 4787 section 6)."),
    word<&Config::unsolicited>("unsolicited", unsolicited_words,
                               "What the sender of an inbound packet gets that belongs to no mapping."),

    timeout<&Timeouts::tcp_syn_sent>("timeouts.tcp-syn-sent", "net.netfilter.nf_conntrack_tcp_timeout_syn_sent",
                                     "Idle time of a connection whose SYN has no answer."),
    timeout<&Timeouts::tcp_syn_recv>("timeouts.tcp-syn-recv", "net.netfilter.nf_conntrack_tcp_timeout_syn_recv",
                                     "Idle time of a connection whose SYN+ACK has been seen, but no ACK."),
    timeout<&Timeouts::tcp_established>("timeouts.tcp-established",
                                        "net.netfilter.nf_conntrack_tcp_timeout_established",
                                        "Idle time of an established connection (RFC 5382 REQ-5: at least 2h4m)."),
    timeout<&Timeouts::tcp_fin_wait>("timeouts.tcp-fin-wait", "net.netfilter.nf_conntrack_tcp_timeout_fin_wait",
                                     "Idle time of a connection that one side has closed."),
    timeout<&Timeouts::tcp_close_wait>("timeouts.tcp-close-wait", "net.netfilter.nf_conntrack_tcp_timeout_close_wait",
                                       "Idle time of a connection whose FIN has been acknowledged."),
    timeout<&Timeouts::tcp_last_ack>("timeouts.tcp-last-ack", "net.netfilter.nf_conntrack_tcp_timeout_last_ack",
                                     "Idle time of a connection that both sides have closed, the last ACK missing."),
    timeout<&Timeouts::tcp_time_wait>("timeouts.tcp-time-wait", "net.netfilter.nf_conntrack_tcp_timeout_time_wait",
                                      "Time that an entry stays after both sides have closed."),
    timeout<&Timeouts::tcp_close>("timeouts.tcp-close", "net.netfilter.nf_conntrack_tcp_timeout_close",
                                  "Time that an entry stays after an RST."),
    timeout<&Timeouts::tcp_unacknowledged>(
        "timeouts.tcp-unacknowledged", "net.netfilter.nf_conntrack_tcp_timeout_unacknowledged",
        "Idle time of an established connection with data that is not acknowledged, if it is the shorter one."),
    timeout<&Timeouts::tcp_max_retrans>(
        "timeouts.tcp-max-retrans", "net.netfilter.nf_conntrack_tcp_timeout_max_retrans",
        "Idle time of a connection after three retransmissions of one segment, if it is the shorter one."),
    timeout<&Timeouts::udp>("timeouts.udp", "net.netfilter.nf_conntrack_udp_timeout",
                            "Idle time of a UDP flow that has no answer or is younger than 2 s."),
    timeout<&Timeouts::udp_stream>("timeouts.udp-stream", "net.netfilter.nf_conntrack_udp_timeout_stream",
                                   "Idle time of a UDP flow answered after 2 s (RFC 4787 REQ-5: at least 2m)."),
    timeout<&Timeouts::icmp>("timeouts.icmp", "net.netfilter.nf_conntrack_icmp_timeout",
                             "Idle time of an ICMP query (RFC 5508 REQ-2: at least 60s)."),
    timeout<&Timeouts::gre>("timeouts.gre", "net.netfilter.nf_conntrack_gre_timeout",
                            "Idle time of a GRE flow that has no answer."),
    timeout<&Timeouts::gre_stream>("timeouts.gre-stream", "net.netfilter.nf_conntrack_gre_timeout_stream",
                                   "Idle time of a GRE flow that has been answered."),
    timeout<&Timeouts::generic>("timeouts.generic", "net.netfilter.nf_conntrack_generic_timeout",
                                "Idle time of a flow of any other protocol."),
    timeout<&Timeouts::fragment>("timeouts.fragment", "net.ipv4.ipfrag_time",
                                 "Time that the pieces of a datagram are kept until the last one comes."),

    number<&Config::limits, &Limits::table>("limits.table", 1, most_entries,
                                            "Entries that the table holds at once (nf_conntrack_max).",
                                            {.cannot = "nf_conntrack_max is one value for all namespaces"}),
    boolean<&Config::limits, &Limits::early_drop>(
        "limits.early-drop", "A full table gives up an unassured entry for a new flow; RFC 6888 REQ-11 forbids it.",
        {.cannot = "Linux always gives up an unassured entry of a full table"}),
    number_or_unlimited<&Config::limits, &Limits::flows_per_host>(
        "limits.per-host", 0, most_entries, "Flows that one inside address has at once (RFC 6888 REQ-4)."),
    word<&Config::limits, &Limits::reject_excess>("limits.excess", silence_words,
                                                  "What a flow beyond `per-host` gets; the error is ICMP 3/13."),
    word<&Config::limits, &Limits::reject_exhausted>(
        "limits.exhausted", silence_words,
        "What a flow gets that finds no outside port or no place in the table; the error is ICMP 3/1 (RFC 6888 "
        "REQ-11).",
        {.cannot = "Linux drops silently what finds no port or no place in its table"}),
    number_or_unlimited<&Config::limits, &Limits::resting>(
        "limits.resting", 0, most_entries,
        "Outside ports that rest at once (see `port-rest`); beyond it the oldest is free."),

    word<&Config::firewall, &Firewall::drop_invalid>(
        "firewall.invalid", pass_words,
        "What becomes of packets that connection tracking calls INVALID; those that pass are not translated."),
    word<&Config::firewall, &Firewall::drop_direct>(
        "firewall.direct", pass_words,
        "What becomes of packets from outside to an inside address itself, past every forward and mapping."),
    word<&Config::firewall, &Firewall::protect_input>(
        "firewall.input", protect_words,
        "Packets to the gateway itself: `protect` lets in answers and what comes from inside."),
    word<&Config::firewall, &Firewall::protect_forward>(
        "firewall.forward", protect_words,
        "Packets through the gateway: `protect` lets pass answers, forwards, and what goes from inside to outside."),

    mss_clamp("mss-clamp",
              "What the MSS option of a forwarded SYN may announce at most (nft: tcp option maxseg size set)."),
    helpers("alg", "Helpers that read and rewrite payloads (application level gateways)."),
    boolean<&Config::verify_checksums>("verify-checksums",
                                       "Packets with a wrong TCP, UDP or ICMP checksum are INVALID.",
                                       {.sysctl = "net.netfilter.nf_conntrack_checksum"}),
    boolean<&Config::tcp_loose>("tcp-loose", "A connection whose handshake was not seen gets an entry.",
                                {.sysctl = "net.netfilter.nf_conntrack_tcp_loose"}),
    boolean<&Config::tcp_be_liberal>("tcp-be-liberal", "Segments outside the TCP window are not INVALID.",
                                     {.sysctl = "net.netfilter.nf_conntrack_tcp_be_liberal"}),
    boolean<&Config::inbound_refreshes>("inbound-refreshes",
                                        "Inbound packets keep an entry alive as outbound ones do (RFC 4787 REQ-6).",
                                        {.cannot = "in Linux packets of either direction refresh"}),
    boolean<&Config::rst_keeps_state>("rst-keeps-state",
                                      "An entry stays 4 minutes after an RST (RFC 7857 section 2.2).",
                                      {.cannot = "Linux ends a connection 10 s after a reset"}),
    boolean<&Config::rst_refreshes>(
        "rst-refreshes", "An outbound RST may lengthen the life of an entry; RFC 7857 section 7.1 forbids it.",
        {.cannot = "in Linux a reset sets the time that is left to 10 s, whatever it was"}),
    boolean<&Config::verify_quoted>(
        "verify-quoted",
        "An ICMP error is dropped if the IP header that it quotes has a wrong checksum (RFC 5508 REQ-3a).",
        {.cannot = "Linux does not look at the sum of a quoted header"}),
    boolean<&Config::obsolete_icmp>(
        "obsolete-icmp", "Source quench and information queries are translated; RFC 5508 REQ-10c has them dropped.",
        {.cannot = "Linux translates source quench and information queries as all the others"}),
    boolean<&Config::keep_parity>(
        "keep-parity", "A chosen port is even or odd as the source port is, while such a one is free (RFC 4787 REQ-4).",
        {.cannot = "Linux chooses any port on a clash"}),
    boolean<&Config::unique_ids>(
        "unique-ids",
        "Translated datagrams without DF leave with IP ids of the gateway's own (RFC 7857 section 10, RFC 6864).",
        {.cannot = "Linux copies IP ids"}),
    boolean<&Config::oldest_pieces_go>(
        "oldest-pieces-go",
        "When the memory for fragments is full, the oldest datagram goes; else no new one is taken (RFC 4787 REQ-14a).",
        {.cannot = "Linux takes no new datagram in pieces when its memory for them is full"}),
    boolean<&Config::overlap>("overlap", "Inside and outside may have the same subnet (RFC 4787 REQ-7).",
                              {.cannot = "Linux takes the first of equal routes"}),
    port_rest("port-rest", "Whole seconds that a freed outside port or query id rests, but for TCP (RFC 6888 REQ-8).",
              {.cannot = "Linux reuses a freed port at once"}),
});

}  // namespace

std::span<const ConfigKey> config_keys() { return rows; }

const ConfigKey& config_key(std::string_view name) { return *std::ranges::find(rows, name, &ConfigKey::name); }

std::string to_string(const ConfigKey& key, KeyValue value) {
  if (!value) return "unlimited";
  switch (key.kind) {
    case KeyKind::boolean: return *value != 0 ? "true" : "false";
    case KeyKind::duration: return to_string(Duration{*value});
    case KeyKind::number: {
      const auto word = std::ranges::find(key.words, *value, &KeyWord::value);
      return word != key.words.end() ? std::string(word->text) : std::to_string(*value);
    }
    case KeyKind::word: return std::string(std::ranges::find(key.words, *value, &KeyWord::value)->text);
    case KeyKind::words: break;
  }
  std::string list;
  for (const KeyWord& word : key.words) {
    if ((*value & word.value) != 0) list += (list.empty() ? "" : ", ") + std::string(word.text);
  }
  return '[' + list + ']';
}

}  // namespace masqsim::nat
