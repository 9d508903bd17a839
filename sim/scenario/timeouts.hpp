// The names of the idle times in the file; each is its member's, with hyphens.
#pragma once

#include <array>
#include <string_view>

#include "masqsim/nat/config.hpp"

namespace masqsim::scenario {

struct TimeoutKey {
  std::string_view key;
  Duration nat::Timeouts::*member;
};

inline constexpr std::array<TimeoutKey, 17> timeout_keys{{
    {"tcp-syn-sent", &nat::Timeouts::tcp_syn_sent},
    {"tcp-syn-recv", &nat::Timeouts::tcp_syn_recv},
    {"tcp-established", &nat::Timeouts::tcp_established},
    {"tcp-fin-wait", &nat::Timeouts::tcp_fin_wait},
    {"tcp-close-wait", &nat::Timeouts::tcp_close_wait},
    {"tcp-last-ack", &nat::Timeouts::tcp_last_ack},
    {"tcp-time-wait", &nat::Timeouts::tcp_time_wait},
    {"tcp-close", &nat::Timeouts::tcp_close},
    {"tcp-unacknowledged", &nat::Timeouts::tcp_unacknowledged},
    {"tcp-max-retrans", &nat::Timeouts::tcp_max_retrans},
    {"udp", &nat::Timeouts::udp},
    {"udp-stream", &nat::Timeouts::udp_stream},
    {"icmp", &nat::Timeouts::icmp},
    {"gre", &nat::Timeouts::gre},
    {"gre-stream", &nat::Timeouts::gre_stream},
    {"generic", &nat::Timeouts::generic},
    {"fragment", &nat::Timeouts::fragment},
}};

}  // namespace masqsim::scenario
