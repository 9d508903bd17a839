// The connection table of the namespace that the calling thread is in.
#pragma once

#include <string>
#include <vector>

namespace masqsim::kernel {

/// IPv4 lines of /proc/net/nf_conntrack.
std::vector<std::string> conntrack_lines();

/// Deletes every entry, over netlink. Throws Failure.
void conntrack_flush();

}  // namespace masqsim::kernel
