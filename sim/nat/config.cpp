#include "masqsim/nat/config.hpp"

namespace masqsim::nat {

Config rfc_preset(Config base) {
  base.mapping = Mapping::endpoint_independent;      // RFC 4787 REQ-1, RFC 5382 REQ-1
  base.filtering = Filtering::endpoint_independent;  // RFC 4787 REQ-8: where transparency matters most
  base.hairpin = Hairpin::full;                      // RFC 4787 REQ-9, RFC 5382 REQ-8
  base.unsolicited = Unsolicited::icmp_after_6s;     // RFC 5382 REQ-4
  base.firewall.drop_invalid = true;                 // RFC 3022 section 4.1: private addresses stay inside,
  base.firewall.drop_direct = true;                  // those of answers, too
  base.rst_keeps_state = true;                       // RFC 7857 section 2.2
  base.rst_refreshes = false;                        // RFC 7857 section 7.1
  base.verify_quoted = true;                         // RFC 5508 REQ-3a
  base.obsolete_icmp = false;                        // RFC 5508 REQ-10c
  base.keep_parity = true;                           // RFC 4787 REQ-4
  base.unique_ids = true;                            // RFC 7857 section 10
  base.oldest_pieces_go = true;                      // RFC 4787 REQ-14a
  base.overlap = true;                               // RFC 4787 REQ-7
  base.port_rest_s = 120;                            // RFC 6888 REQ-8
  base.limits.early_drop = false;                    // RFC 6888 REQ-11 D
  base.limits.reject_exhausted = true;               // RFC 6888 REQ-11 B, RFC 5508 REQ-8

  Timeouts& t = base.timeouts;
  t.udp = t.udp_stream = 5_min;                                                // RFC 4787 REQ-5
  t.tcp_established = t.tcp_unacknowledged = t.tcp_max_retrans = 2_h + 4_min;  // RFC 5382 REQ-5
  t.tcp_syn_sent = t.tcp_syn_recv = t.tcp_fin_wait = t.tcp_close_wait = t.tcp_last_ack = t.tcp_time_wait = t.tcp_close =
      4_min;      // RFC 5382 REQ-5, RFC 7857 section 2.1
  t.icmp = 60_s;  // RFC 5508 REQ-2
  return base;
}

Config without_rules(Config base) {
  base.source.clear();
  base.destination.clear();
  base.firewall = {};
  base.limits.flows_per_host.reset();
  base.alg_ftp = false;
  base.unsolicited = Unsolicited::reject;
  return base;
}

}  // namespace masqsim::nat
