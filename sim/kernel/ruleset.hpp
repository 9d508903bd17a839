// A NAT configuration in the kernel's own words: nft rules and sysctls, to run here or to take to a real router.
#pragma once

#include <string>
#include <vector>

#include "masqsim/nat/config.hpp"

namespace masqsim::kernel {

struct Sysctl {
  std::string name;  ///< "net.netfilter.nf_conntrack_udp_timeout"
  std::string value;
  bool operator==(const Sysctl&) const = default;
};

/// What the rules call the things that the configuration only numbers.
struct Names {
  std::vector<std::string> interfaces;   ///< by nat::InterfaceId
  std::vector<nat::InterfaceId> inside;  ///< those that are not outside (nat::Sides)
  wire::Address outside;                 ///< the gateway's outside address, for hairpin; zero: not known
};

/// The names of a gateway's `interfaces`, whose first `addresses` these are, sorted by the sides of `config`.
Names names_by_side(const nat::Config& config, std::vector<std::string> interfaces,
                    const std::vector<wire::Address>& addresses);

struct Ruleset {
  std::string nft;                  ///< one table for NAT, one for filtering where the configuration filters
  std::vector<Sysctl> sysctls;      ///< only what differs from `before`
  std::vector<std::string> cannot;  ///< settings that Linux has no words for, each as a sentence
};

/// `before`: what the kernel has been told so far; by default nothing.
Ruleset ruleset_of(const nat::Config& config, const Names& names, const nat::Config& before = {});

/// The rules of a node that sends no ICMP error (RFC 1122 section 3.2.2), in a table of their own.
std::string silence_rules();

/// The ruleset as a file for `nft -f`: sysctls and what cannot be said as comments at the head.
std::string export_text(const Ruleset& ruleset, std::string_view title);

}  // namespace masqsim::kernel
