#include "conntrack.hpp"

#include <fmt/format.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "descriptor.hpp"
#include "linux_gateway.hpp"

namespace masqsim::kernel {

std::vector<std::string> conntrack_lines() {
  std::ifstream file("/proc/thread-self/net/nf_conntrack");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("ipv4")) continue;
    while (!line.empty() && line.back() == ' ') line.pop_back();
    lines.push_back(line);
  }
  return lines;
}

void conntrack_flush() {
  const Descriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  if (!socket) throw Failure(fmt::format("cannot open a netfilter socket: {}", std::strerror(errno)));
  struct Request {
    nlmsghdr header;
    nfgenmsg family;
  } request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  request.family.nfgen_family = AF_INET;
  request.family.version = NFNETLINK_V0;
  struct Answer {
    nlmsghdr header;
    nlmsgerr error;
  } answer{};
  const bool asked = ::send(socket.number(), &request, sizeof request, 0) == static_cast<ssize_t>(sizeof request);
  const bool answered =
      asked && ::recv(socket.number(), &answer, sizeof answer, 0) >= static_cast<ssize_t>(sizeof answer);
  if (!answered) throw Failure(fmt::format("cannot flush the connection table: {}", std::strerror(errno)));
  if (answer.error.error != 0) {
    throw Failure(fmt::format("cannot flush the connection table: {}", std::strerror(-answer.error.error)));
  }
}

}  // namespace masqsim::kernel
