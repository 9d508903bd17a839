// What a set-up says of itself in few words: addresses, wires, services and rules, as the pictures and the page show
// them.
#pragma once

#include <string>
#include <vector>

#include "masqsim/scenario/model.hpp"

namespace masqsim::viz {

/// "192.168.1.10/24"; of a group "192.168.1.10 to 192.168.1.19/24". Without `prefix` the length is left out.
std::string range_text(const scenario::Node& node, const scenario::InterfaceAddress& a, bool prefix);

/// All addresses of the interface, separated by commas, without their lengths.
std::string address_text(const scenario::Node& node, const scenario::Interface& interface);

/// {"10ms  100Mbps", "loss 5%"}: at most two lines, none where the wire does nothing to a packet.
std::vector<std::string> channel_words(const scenario::Channel& channel);

/// "listens: tcp 22, udp 53"; empty where no program listens.
std::string service_text(const scenario::Node& node);

/// The rules of a gateway, a line each ("masquerades to internet"), the last "..." where they are many. Empty for a
/// node that is no gateway.
std::vector<std::string> nat_lines(const scenario::Scenario& scenario, const scenario::Node& node);

}  // namespace masqsim::viz
