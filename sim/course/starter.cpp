#include "starter.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace masqsim::course {

namespace {

std::string host_text(const Starter& starter, std::size_t n) {
  const std::string& name = starter.hosts[n];
  std::string services;
  for (const StarterForward& f : starter.forwards) {
    if (f.host == name)
      services += fmt::format("{}{{{}: {}, reply: 100B}}", services.empty() ? "" : ", ", f.protocol, f.to);
  }
  std::string text = fmt::format("  {}:\n    interfaces: {{home: 192.168.1.{}/24}}\n", name, 10 + n);
  return services.empty() ? text : text + fmt::format("    services: [{}]\n", services);
}

std::string forwards_text(const Starter& starter) {
  if (starter.forwards.empty())
    return "      forward: []                  # no defined way in; {tcp: 22, to: \"" + starter.hosts.front() +
           ":22\"} would be one\n";
  std::string text = "      forward:                     # the defined ways in\n";
  for (const StarterForward& f : starter.forwards) {
    text += fmt::format("        - {{{}: {}, to: \"{}:{}\"}}\n", f.protocol, f.port, f.host, f.to);
  }
  return text;
}

}  // namespace

std::string text_of(const Starter& starter) {
  std::string text = fmt::format(
      "masqsim: 1\n"
      "name: {}\n"
      "title: What does the gateway do with each packet?\n"
      "networks:\n"
      "  home:     {{kind: lan, subnet: 192.168.1.0/24, delay: 1ms}}\n"
      "  internet: {{kind: cloud, delay: 10ms}}      # routers of the internet; they know no private address\n"
      "nodes:\n",
      starter.name);
  for (std::size_t n = 0; n < starter.hosts.size(); ++n) text += host_text(starter, n);
  text +=
      "  gw:\n"
      "    kind: gateway\n"
      "    interfaces: {home: 192.168.1.1/24, internet: 203.0.113.5}\n"
      "    nat:\n"
      "      masquerade: {out: internet}  # what leaves there carries the gateway's address\n";
  text += forwards_text(starter);
  text +=
      "  web:\n"
      "    interfaces: {internet: 198.51.100.10}\n"
      "    services: [{tcp: 80, reply: 200B}]\n"
      "  stranger:\n"
      "    interfaces: {internet: 198.51.100.66}\n"
      "actions:                           # who calls whom, and when\n";
  std::string expect = "expect:                            # what is to come of it; masqsim run tells what does\n";
  for (std::size_t n = 0; n < starter.hosts.size(); ++n) {
    const std::string& host = starter.hosts[n];
    const std::string id = n == 0 ? "out" : "out-" + host;
    text += fmt::format("  - {{at: {}s, id: {}, from: {}, tcp: \"web:80\", send: 100B}}\n", n, id, host);
    expect += fmt::format("  - {{flow: {}, result: established}}\n", id);
  }
  const std::size_t later = starter.hosts.size();
  if (starter.forwards.empty()) {
    text += fmt::format("  - {{at: {}s, id: in, from: stranger, tcp: \"203.0.113.5:22\"}}\n", later);
    expect += "  - {flow: in, result: refused, at: gw, reason: no-mapping}\n";
  }
  for (std::size_t n = 0; n < starter.forwards.size(); ++n) {
    const StarterForward& f = starter.forwards[n];
    const std::string id = n == 0 ? "in" : fmt::format("in-{}", n + 1);
    const bool udp = f.protocol == "udp";
    text += fmt::format("  - {{at: {}s, id: {}, from: stranger, {}: \"203.0.113.5:{}\"{}}}\n", later + n, id,
                        f.protocol, f.port, udp ? ", send: 20B" : "");
    expect += fmt::format("  - {{flow: {}, result: {}}}\n", id, udp ? "replied" : "established");
  }
  return text + expect;
}

}  // namespace masqsim::course
