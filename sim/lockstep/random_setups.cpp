#include <fmt/format.h>

#include <stdexcept>

#include "differential.hpp"
#include "sim/cases/case.hpp"

namespace masqsim::lockstep {
namespace {

struct Words {
  std::string_view name;
  std::string_view gateway;
};

// Reassembly gives up after a second, so that unfinished datagrams of one sequence do not crowd the next. The addresses
// of pools have a neighbour outside, or what comes for them untranslated would be refused when nobody answers for them.
constexpr Words words[] = {
    {"plain", R"({"source": [{"out": "wan0", "action": "masquerade"}], "reassembly-timeout-s": 1})"},
    {"forwards",
     R"({"source": [{"out": "wan0", "action": "masquerade"}, {"out": "lan0", "in": "lan0", "only": "port-forwarded", "action": "source-nat", "addresses": ["203.0.113.1", "203.0.113.1"]}], "destination": [{"to": "203.0.113.1", "protocol": "tcp", "port": 8080, "forward": "192.168.1.10:80"}, {"to": "203.0.113.1", "protocol": "udp", "port": 8080, "forward": "192.168.1.10:80"}], "reassembly-timeout-s": 1})"},
    {"hairpin-dnat-only",
     R"({"source": [{"out": "wan0", "action": "masquerade"}], "destination": [{"to": "203.0.113.1", "protocol": "tcp", "port": 8080, "forward": "192.168.1.11:5000"}, {"to": "203.0.113.1", "protocol": "udp", "port": 8080, "forward": "192.168.1.11"}], "reassembly-timeout-s": 1})"},
    {"few-ports",
     R"({"source": [{"out": "wan0", "protocol": "udp", "action": "masquerade", "ports": [2000, 2004]}, {"out": "wan0", "protocol": "tcp", "action": "masquerade", "ports": [2000, 2003]}, {"out": "wan0", "action": "masquerade"}], "reassembly-timeout-s": 1})"},
    {"fully-random",
     R"({"source": [{"out": "wan0", "action": "masquerade", "pick": "fully-random"}], "reassembly-timeout-s": 1})"},
    {"pool",
     R"({"source": [{"out": "wan0", "action": "source-nat", "addresses": ["203.0.113.10", "203.0.113.13"]}], "addressing": ["neigh add 203.0.113.10 lladdr 02:00:00:00:02:02 dev wan0", "neigh add 203.0.113.11 lladdr 02:00:00:00:02:02 dev wan0", "neigh add 203.0.113.12 lladdr 02:00:00:00:02:02 dev wan0", "neigh add 203.0.113.13 lladdr 02:00:00:00:02:02 dev wan0"], "reassembly-timeout-s": 1})"},
    {"pool-persistent",
     R"({"source": [{"out": "wan0", "action": "source-nat", "addresses": ["203.0.113.10", "203.0.113.13"], "pick": "persistent"}], "addressing": ["neigh add 203.0.113.10 lladdr 02:00:00:00:02:02 dev wan0", "neigh add 203.0.113.11 lladdr 02:00:00:00:02:02 dev wan0", "neigh add 203.0.113.12 lladdr 02:00:00:00:02:02 dev wan0", "neigh add 203.0.113.13 lladdr 02:00:00:00:02:02 dev wan0"], "reassembly-timeout-s": 1})"},
    {"one-to-one",
     R"({"source": [{"out": "wan0", "from": "192.168.1.10", "action": "source-nat", "addresses": ["203.0.113.10", "203.0.113.10"]}, {"out": "wan0", "to": "198.51.100.8", "action": "exempt"}, {"out": "wan0", "action": "masquerade"}], "destination": [{"to": "203.0.113.10", "forward": "192.168.1.10"}], "addressing": ["neigh add 203.0.113.10 lladdr 02:00:00:00:02:02 dev wan0"], "reassembly-timeout-s": 1})"},
    {"firewall",
     R"({"source": [{"out": "wan0", "action": "masquerade"}], "firewall": {"input": "drop unless established, related or from lan0", "forward": "drop unless established, related, or new from lan0 to wan0"}, "reassembly-timeout-s": 1})"},
    {"liberal",
     R"({"source": [{"out": "wan0", "action": "masquerade"}], "tcp-be-liberal": 1, "verify-checksums": 0, "reassembly-timeout-s": 1})"},
    {"strict",
     R"({"source": [{"out": "wan0", "action": "masquerade"}], "tcp-loose": 0, "reverse-path-filter": 1, "wan-mtu": 1400, "reassembly-timeout-s": 1})"},
    {"untracked", R"({"source": [], "reassembly-timeout-s": 1})"},
    {"rules",
     R"({"source": [{"out": "wan0", "protocol": "icmp", "from": "192.168.1.12", "action": "exempt"}, {"out": "wan0", "from": "192.168.1.10", "to": "198.51.100.8", "action": "source-nat", "addresses": ["203.0.113.10", "203.0.113.10"]}, {"in": "wan0", "out": "wan0", "action": "exempt"}, {"out": "lan0", "in": "wan0", "protocol": "udp", "action": "masquerade"}, {"in": "lan0", "action": "masquerade", "pick": "persistent"}], "addressing": ["neigh add 203.0.113.10 lladdr 02:00:00:00:02:02 dev wan0"], "reassembly-timeout-s": 1})"},
    {"pool-ports",
     R"({"source": [{"out": "wan0", "protocol": "udp", "action": "source-nat", "addresses": ["203.0.113.10", "203.0.113.11"], "ports": [3000, 3003]}, {"out": "wan0", "protocol": "tcp", "action": "source-nat", "addresses": ["203.0.113.10", "203.0.113.13"], "pick": "random"}, {"out": "wan0", "action": "masquerade"}], "tcp-loose": 0, "addressing": ["neigh add 203.0.113.10 lladdr 02:00:00:00:02:02 dev wan0", "neigh add 203.0.113.11 lladdr 02:00:00:00:02:02 dev wan0", "neigh add 203.0.113.12 lladdr 02:00:00:00:02:02 dev wan0", "neigh add 203.0.113.13 lladdr 02:00:00:00:02:02 dev wan0"], "reassembly-timeout-s": 1})"},
    {"one-to-one-hairpin", R"({"source": [{"out": "wan0", "from": "192.168.1.10", "action": "source-nat", "addresses": ["203.0.113.10", "203.0.113.10"]}, {"out": "lan0", "in": "lan0", "only": "port-forwarded", "action": "masquerade"}, {"out": "wan0", "action": "masquerade"}], "destination": [{"to": "203.0.113.10", "forward": "192.168.1.10"}, {"to": "203.0.113.1", "forward": "192.168.1.10"}], "addressing": ["neigh add 203.0.113.10 lladdr 02:00:00:00:02:02 dev wan0"], "reassembly-timeout-s": 1})"},
    {"ftp",
     R"({"source": [{"out": "wan0", "action": "masquerade"}], "alg": ["ftp"], "destination": [{"to": "203.0.113.1", "protocol": "tcp", "port": 21, "forward": "192.168.1.10:21"}], "reassembly-timeout-s": 1})"},
    {"small-lan",
     R"({"source": [{"out": "wan0", "action": "masquerade"}], "lan-mtu": 576, "wan-mtu": 1000, "services": [{"proto": "udp", "port": 53}, {"proto": "udp", "port": 5000}], "reassembly-timeout-s": 1})"},
};

std::vector<RandomSetup> read_setups() {
  std::vector<RandomSetup> setups;
  for (const Words& w : words) {
    const std::string line = fmt::format(
        R"({{"name": "{}", "why": "random", "gateway": {}, "config": {{}}, "steps": [], "observed": [], "ct": []}})",
        w.name, w.gateway);
    cases::Cases read = cases::read_cases(line, w.name);
    if (!read.errors.empty()) throw std::logic_error(read.errors.front());
    setups.push_back({std::string(w.name), std::string(w.gateway), read.cases.front().setup});
  }
  return setups;
}

}  // namespace

const std::vector<RandomSetup>& random_setups() {
  static const std::vector<RandomSetup> setups = read_setups();
  return setups;
}

}  // namespace masqsim::lockstep
