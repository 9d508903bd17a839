#include <gtest/gtest.h>

#include "masqsim/app/ping.hpp"
#include "masqsim/app/tcp.hpp"
#include "masqsim/app/udp.hpp"
#include "tests/net/two_hosts.hpp"

namespace masqsim::app {
namespace {

using test::TwoHosts;
using trace::Kind;
using Strings = std::vector<std::string>;

TEST(TcpClient, NeedsSixPacketsToAskAndBeAnswered) {
  TwoHosts lab;
  TcpServer server(lab.b.stack(), {.port = 80, .reply = 200});
  TcpClient client(lab.a.stack(),
                   {.flow = 1, .from_port = 40000, .to = {lab.b_address, 80}, .size = 100, .reply = 200});
  lab.run();
  EXPECT_EQ(lab.lines.sent,
            (Strings{"a: 10.0.0.1:40000 > 10.0.0.2:80 tcp SYN seq=2347595791 win=64240 len=0 ttl=64",
                     "b: 10.0.0.2:80 > 10.0.0.1:40000 tcp S+A seq=1019963893 ack=2347595792 win=64240 len=0 ttl=64",
                     "a: 10.0.0.1:40000 > 10.0.0.2:80 tcp ACK seq=2347595792 ack=1019963894 win=64240 len=0 ttl=64",
                     "a: 10.0.0.1:40000 > 10.0.0.2:80 tcp PSH+A seq=2347595792 ack=1019963894 win=64240 len=100 ttl=64",
                     "b: 10.0.0.2:80 > 10.0.0.1:40000 tcp PSH+A seq=1019963894 ack=2347595892 win=64240 len=200 ttl=64",
                     "a: 10.0.0.1:40000 > 10.0.0.2:80 tcp ACK seq=2347595892 ack=1019964094 win=64240 len=0 ttl=64"}));
  EXPECT_EQ(lab.lines.of({Kind::event, Kind::result}),
            (Strings{"0.002 a event established", "0.003 b event received 100 bytes",
                     "0.004 a event received 200 bytes", "0.004 a result established"}));
}

TEST(UdpClient, SaysEachAnswerAndThatItWasReplied) {
  TwoHosts lab;
  UdpServer server(lab.b.stack(), {.port = 53, .echo = true});
  UdpClient client(lab.a.stack(), {.flow = 1, .from_port = 5000, .to = {lab.b_address, 53}, .size = 64, .times = 2});
  lab.run();
  EXPECT_EQ(lab.lines.sent, (Strings{"a: 10.0.0.1:5000 > 10.0.0.2:53 udp len=64 ttl=64",
                                     "b: 10.0.0.2:53 > 10.0.0.1:5000 udp len=64 ttl=64",
                                     "a: 10.0.0.1:5000 > 10.0.0.2:53 udp len=64 ttl=64",
                                     "b: 10.0.0.2:53 > 10.0.0.1:5000 udp len=64 ttl=64"}));
  EXPECT_EQ(lab.lines.of({Kind::event, Kind::result}),
            (Strings{"0.002 a event answer 1 from 10.0.0.2:53, 64 bytes",
                     "1.002 a event answer 2 from 10.0.0.2:53, 64 bytes", "1.002 a result replied"}));
}

TEST(Ping, SaysWhoAnsweredWhich) {
  TwoHosts lab;
  Ping ping(lab.a.stack(), {.flow = 1, .id = 7, .to = lab.b_address});
  lab.run();
  EXPECT_EQ(lab.lines.sent, (Strings{"a: 10.0.0.1 > 10.0.0.2 icmp echo request id=7 seq=1 ttl=64",
                                     "b: 10.0.0.2 > 10.0.0.1 icmp echo reply id=7 seq=1 ttl=64"}));
  EXPECT_EQ(lab.lines.of({Kind::event, Kind::result}),
            (Strings{"0.002 a event answer to 1 from 10.0.0.2, 56 bytes, ttl 64", "0.002 a result replied"}));
}

}  // namespace
}  // namespace masqsim::app
