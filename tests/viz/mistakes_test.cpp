// What students do wrong: each file of tests/scenario/mistakes holds one mistake. `explain` must name where the flow's
// fate was decided, and a change that lets it pass, which has been tried.
#include <gtest/gtest.h>

#include "masqsim/scenario/load.hpp"
#include "masqsim/scenario/remedy.hpp"
#include "masqsim/scenario/run.hpp"
#include "tests/viz/expected.hpp"
#include "viz/explain.hpp"

namespace masqsim::viz {
namespace {

struct Mistake {
  const char* file;
  const char* flow;
  const char* cause;   ///< a whole line of the explanation
  const char* remedy;  ///< its last line
};

void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.file; }

const Mistake mistakes[] = {
    {"calls-itself", "call", "  1 port forward?  yes  to 192.168.1.10:22 (15:17)",
     "Would pass with: hairpin: full   (gw, 14:16; tried: the same run with it is ESTABLISHED)"},
    {"exempt-too-much", "out", "  1 exempt?  yes  its source stays as it is (14:16)",
     "Would pass with: source without this exempt rule   (gw, 14:16; tried: the same run with it is ESTABLISHED)"},
    {"few-flows", "three",
     "  => host-limit: the inside host holds as many flows as it may; gw answers ICMP 3/13 (administratively prohibited)",
     "Would pass with: limits: {per-host: unlimited}   (gw, 12:59; tried: the same run with it is ESTABLISHED)"},
    {"few-ports", "ask.3",
     "  => ports-exhausted: no outside port was free; nobody is told; 2 more alike until 5.001000 s",
     "Would pass with: masquerade: {ports: 1024-65535}   (gw, 12:46; tried: the same run with it is ESTABLISHED)"},
    {"flushed", "ask",
     "gw, 1.000000 s: udp mapping #1, 192.168.1.10:41000 as 203.0.113.5:41000 with 198.51.100.20:53, unreplied, flushed: a set flushed the table",
     "Would pass with: no action forget   (16:5; tried: the same run with it is REPLIED)"},
    {"for-udp-only", "out", "  1 masquerade?  no   protocol is udp, this packet is tcp (12:50)",
     "Would pass with: masquerade without protocol   (gw, 12:50; tried: the same run with it is ESTABLISHED)"},
    {"forward-for-another", "in", "  3 port forward?      no   tcp 22 is forwarded for 198.51.100.10 only (15:9)",
     "Would pass with: forward tcp 22 without from   (gw, 16:44; tried: the same run with it is ESTABLISHED)"},
    {"forward-for-udp", "in", "  3 port forward?      no   no forward for tcp port 22 (14:16)",
     "Would pass with: forward: [{tcp: 22, ...}]   (gw, 14:17; tried: the same run with it is ESTABLISHED)"},
    {"forward-to-nobody", "in", "  1 port forward?  yes  to 192.168.1.99:22 (14:17)",
     "Would pass with: forward: [{tcp: 22, to: \"laptop:22\"}]   (gw, 14:31; tried: the same run with it is ESTABLISHED)"},
    {"forward-to-web", "in", "  1 port forward?  yes  to 198.51.100.10:22 (14:17)",
     "Would pass with: forward: [{tcp: 22, to: \"laptop:22\"}]   (gw, 14:31; tried: the same run with it is ESTABLISHED)"},
    {"forward-to-wrong-port", "in", "  1 port forward?  yes  to 192.168.1.10:2222 (14:17)",
     "Would pass with: forward: [{tcp: 22, to: \"laptop:22\"}]   (gw, 14:31; tried: the same run with it is ESTABLISHED)"},
    {"from-elsewhere", "out", "  1 masquerade?  no   from is 10.0.0.0/8, this packet comes from 192.168.1.10 (12:45)",
     "Would pass with: masquerade without from   (gw, 12:45; tried: the same run with it is ESTABLISHED)"},
    {"hairpin", "call", "  4 hairpin?           no   an inside host calls the outside address",
     "Would pass with: hairpin: full   (gw; tried: the same run with it is ESTABLISHED)"},
    {"half-hairpin", "call", "  1 port forward?  yes  to 192.168.1.10:22 (16:17)",
     "Would pass with: hairpin: full   (gw, 15:16; tried: the same run with it is ESTABLISHED)"},
    {"impatient", "ask", "  => an answer reached laptop at 2.042000 s, later than it was waited for",
     "Would pass with: wait: 30s   (ask, 15:5; tried: the same run with it is REPLIED)"},
    {"inside-is-nothing", "out",
     "  1 may it pass to the other side?  no   forward: protect passes answers and what is new from inside (internet); this goes from home to internet (14:27)",
     "Would pass with: firewall: {inside: [home]}   (gw, 14:44; tried: the same run with it is ESTABLISHED)"},
    {"late-push", "push",
     "gw, 30.041000 s: udp mapping #1, 192.168.1.10:41000 as 203.0.113.5:41000 with 198.51.100.10:53, replied, expired: no packet for 30s, timeouts.udp",
     "Would pass with: timeouts: {udp: 2m}   (gw; tried: the same run with it is DELIVERED)"},
    {"link-down", "out", "  => link-down: the link or interface is down; nobody is told; 2 more alike until 4.000000 s",
     "Would pass with: link: up   (cut, 15:5; tried: the same run with it is ESTABLISHED)"},
    {"nat-none", "out", "  => gw translates nothing, its nat is none (12:10); the source stays as it is",
     "Would pass with: nat: {masquerade: {out: internet}}   (gw, 12:10; tried: the same run with it is ESTABLISHED)"},
    {"no-forward", "in", "  3 port forward?      no   nat.forward is empty (12:10)",
     "Would pass with: forward: [{tcp: 22, to: \"laptop:22\"}]   (gw; tried: the same run with it is ESTABLISHED)"},
    {"no-leg", "out", "  => no-route: to 198.51.100.10; nobody is told",
     "Would pass with: interfaces: {home: 192.168.1.1/24}   (gw; tried: the same run with it is ESTABLISHED)"},
    {"no-masquerade", "out", "  1 a rule for its source?  no   nat has none (12:10)",
     "Would pass with: masquerade: {out: internet}   (gw; tried: the same run with it is ESTABLISHED)"},
    {"other-door", "in", "  3 port forward?      no   no forward for tcp port 80 (14:16)",
     "Would pass with: tcp: \"203.0.113.5:8080\"   (in, 17:51; tried: the same run with it is ESTABLISHED)"},
    {"other-port", "out", "  => refused: no program on tcp:8080; web answers RST",
     "Would pass with: tcp: \"web:80\"   (out, 15:50; tried: the same run with it is ESTABLISHED)"},
    {"private-call", "in", "  => no-route: private address (RFC 1918); internet answers ICMP 3/0 (net unreachable)",
     "Would pass with: forward: [{tcp: 22, to: \"laptop:22\"}], and calling 203.0.113.5:22   (gw; tried: the same run with it is ESTABLISHED)"},
    {"protected-forward", "call",
     "  1 may it pass to the other side?  no   forward: protect passes answers and what is new from inside (home); this goes from dmz to home (16:27)",
     "Would pass with: firewall: {forward: open}   (gw, 16:27; tried: the same run with it is ESTABLISHED)"},
    {"protected-input", "ping",
     "  1 may it reach gw itself?  no   input: protect takes answers and what comes from inside (home); this came from internet (14:25)",
     "Would pass with: firewall: {input: open}   (gw, 14:25; tried: the same run with it is REPLIED)"},
    {"quiet-connection", "talk",
     "gw, 300.085000 s: tcp mapping #1, 192.168.1.10:40000 as 203.0.113.5:40000 with 198.51.100.20:22, established, expired: no packet for 5m, timeouts.tcp-established (16:35)",
     "Would pass with: timeouts: {tcp-established: 30m}   (gw, 16:35; tried: the same run with it is ESTABLISHED)"},
    {"route-to-a-host", "out",
     "  => not-for-us: addressed to somebody else, and the node is no router; nobody is told; 2 more alike until 3.001000 s",
     "Would pass with: no routes key   (laptop, 8:57; tried: the same run with it is ESTABLISHED)"},
    {"router-instead", "out", "  => gw translates nothing, it is a router; the source stays as it is",
     "Would pass with: kind: gateway, nat: {masquerade: {out: internet}}   (gw, 9:14; tried: the same run with it is ESTABLISHED)"},
    {"second-lan-left-out", "second",
     "  1 masquerade?  no   from is 10.4.10.0/24, this packet comes from 10.4.11.1 (14:45)",
     "Would pass with: masquerade: {from: 10.4.10.0/23}   (gw, 14:45; tried: the same run with it is ESTABLISHED)"},
    {"short-life", "out", "  => ttl-exceeded: the time to live ran out; internet answers ICMP 11/0 (TTL exceeded)",
     "Would pass with: ttl: 64   (out, 15:5; tried: the same run with it is ESTABLISHED)"},
    {"slow-answer", "ask",
     "gw, 30.001000 s: udp mapping #1, 192.168.1.10:41000 as 203.0.113.5:41000 with 198.51.100.20:53, unreplied, expired: no packet for 30s, timeouts.udp",
     "Would pass with: timeouts: {udp: 1m}   (gw; tried: the same run with it is REPLIED)"},
    {"small-pool", "ask.3",
     "  => ports-exhausted: no outside port was free; nobody is told; 2 more alike until 5.001000 s",
     "Would pass with: source: {ports: 1024-65535}   (gw, 12:64; tried: the same run with it is ESTABLISHED)"},
    {"small-table", "two",
     "  => table-full: the gateway's table is full; nobody is told; 2 more alike until 4.001000 s",
     "Would pass with: limits: {table: 262144}   (gw, 12:56; tried: the same run with it is ESTABLISHED)"},
    {"strict-reverse-path", "out",
     "  => reverse-path: it came by two, and the way back to 192.0.2.66 is by one; nobody is told; 4 more alike until 3.005000 s",
     "Would pass with: rp-filter: false   (gw, 15:16; tried: the same run with it is ESTABLISHED)"},
    {"too-big", "ask", "  => too-big: 1428 bytes, the link takes 1400; gw answers ICMP 3/4 (fragmentation needed)",
     "Would pass with: mtu: 1500   (internet, 6:3; tried: the same run with it is REPLIED)"},
    {"wrong-address", "out", "  => no-route: to 198.51.100.99; internet answers ICMP 3/0 (net unreachable)",
     "Would pass with: tcp: \"web:80\"   (out, 15:50; tried: the same run with it is ESTABLISHED)"},
    {"wrong-out", "out", "  1 masquerade?  no   out is home, this packet leaves by internet (12:29)",
     "Would pass with: masquerade: {out: internet}   (gw, 12:29; tried: the same run with it is ESTABLISHED)"},
};

std::string explained(const std::string& path, const std::string& flow) {
  const scenario::Loaded loaded = scenario::load(path);
  if (!loaded.scenario) return scenario::print_diagnostics(path, loaded.diagnostics);
  Explanation explanation(flow);
  const scenario::Finished finished = viz_test::run_into(*loaded.scenario, explanation);
  return explanation.told(*loaded.scenario, finished,
                          scenario::remedy(loaded.written, *loaded.scenario, finished, flow), {});
}

class MistakeTest : public testing::TestWithParam<Mistake> {};

TEST_P(MistakeTest, IsNamedAndItsRemedyWorks) {
  const Mistake& mistake = GetParam();
  const std::string text =
      explained(std::string(MASQSIM_SOURCE_DIR) + "/tests/scenario/mistakes/" + mistake.file + ".yaml", mistake.flow);
  EXPECT_NE(('\n' + text).find('\n' + std::string(mistake.cause) + '\n'), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with(std::string(mistake.remedy) + '\n')) << text;
}

INSTANTIATE_TEST_SUITE_P(Students, MistakeTest, testing::ValuesIn(mistakes), [](const auto& mistake) {
  std::string name = mistake.param.file;
  std::erase(name, '-');
  return name;
});

}  // namespace
}  // namespace masqsim::viz
