#include "masqsim/wire/address.hpp"

#include <gtest/gtest.h>

#include <string_view>

#include "masqsim/base/random.hpp"

namespace masqsim::wire {
namespace {

TEST(Address, ReadsBackWhatItWrote) {
  Random stream(1, "addresses");
  for (int n = 0; n < 5'000; ++n) {
    const Address a{static_cast<std::uint32_t>(stream.next())};
    ASSERT_EQ(parse_address(to_string(a)), a) << to_string(a);
    const Endpoint e{a, static_cast<std::uint16_t>(stream.next())};
    ASSERT_EQ(parse_endpoint(to_string(e)), e) << to_string(e);
    const std::uint64_t length = stream.below(33);
    const Prefix p = prefix_of(a, static_cast<std::uint8_t>(length));
    ASSERT_EQ(parse_prefix(to_string(p)), p) << to_string(p);
    ASSERT_TRUE(p.contains(a));
    ASSERT_TRUE(p.contains(p.broadcast()));
  }
}

TEST(Address, SaysWhatIsWrongWithATextThatIsNone) {
  struct Case {
    std::string_view text;
    std::string_view problem;
  };
  const Case bad[] = {{"", "needs four octets, a.b.c.d"},
                      {"10", "needs four octets, a.b.c.d"},
                      {"10.0.0", "needs four octets, a.b.c.d"},
                      {"10.0.0.", "octet 4 is empty"},
                      {".0.0.1", "octet 1 is empty"},
                      {"10..0.1", "octet 2 is empty"},
                      {"10.0.0.1.", "has more than four octets"},
                      {"10.0.0.1.1", "has more than four octets"},
                      {"10.0.0.256", "octet 4 is over 255"},
                      {"99999999999999999999.0.0.1", "octet 1 is over 255"},
                      {"010.0.0.1", "octet 1 has a leading zero"},
                      {"10.0.0.00", "octet 4 has a leading zero"},
                      {"0x0a.0.0.1", "octet 1 is not a number"},
                      {"10.0.0.-1", "octet 4 is not a number"},
                      {"10.0.0.1 ", "octet 4 is not a number"},
                      {"a.b.c.d", "octet 1 is not a number"}};
  for (const Case& c : bad) {
    EXPECT_EQ(address_problem(c.text), c.problem) << c.text;
    EXPECT_EQ(parse_address(c.text), std::nullopt) << c.text;
  }
  EXPECT_EQ(address_problem("0.0.0.0"), std::nullopt);
  EXPECT_EQ(address_problem("255.255.255.255"), std::nullopt);
}

TEST(Prefix, RefusesHostBitsAndLengthsOver32) {
  for (const std::string_view text : {"192.168.1.1/24", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0", "/8", "10.0.0.0/08",
                                      "10.0.0.0/-1", "10.0.0.0/8/8", "0.0.0.1/0"}) {
    EXPECT_EQ(parse_prefix(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_prefix("0.0.0.0/0"), (Prefix{{0}, 0}));
  EXPECT_EQ(parse_prefix("10.1.2.3/32"), (Prefix{address(10, 1, 2, 3), 32}));
}

TEST(Prefix, ContainsItsAddressesAndNoOthers) {
  const Prefix p = prefix_of(address(192, 168, 1, 77), 24);
  EXPECT_EQ(to_string(p), "192.168.1.0/24");
  EXPECT_TRUE(p.contains(address(192, 168, 1, 0)));
  EXPECT_TRUE(p.contains(address(192, 168, 1, 255)));
  EXPECT_FALSE(p.contains(address(192, 168, 2, 0)));
  EXPECT_FALSE(p.contains(address(192, 168, 0, 255)));
  EXPECT_EQ(p.broadcast(), address(192, 168, 1, 255));
  EXPECT_TRUE(prefix_of({}, 0).contains(address(255, 255, 255, 255)));
  EXPECT_EQ(prefix_of(address(10, 0, 0, 1), 32).broadcast(), address(10, 0, 0, 1));
}

TEST(Endpoint, RefusesPortsOutOfRange) {
  for (const std::string_view text : {"10.0.0.1:65536", "10.0.0.1:-1", "10.0.0.1:", "10.0.0.1", ":80", "10.0.0.1:080",
                                      "10.0.0.1:80:80", "10.0.0.256:80"}) {
    EXPECT_EQ(parse_endpoint(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_endpoint("10.0.0.1:0"), (Endpoint{address(10, 0, 0, 1), 0}));
}

TEST(Address, KnowsItsSpecialRangesToTheLastAddress) {
  struct Range {
    bool (*holds)(Address);
    Address first;
    Address last;
  };
  const Range ranges[] = {
      {[](Address a) { return a.is_private(); }, address(10, 0, 0, 0), address(10, 255, 255, 255)},
      {[](Address a) { return a.is_private(); }, address(172, 16, 0, 0), address(172, 31, 255, 255)},
      {[](Address a) { return a.is_private(); }, address(192, 168, 0, 0), address(192, 168, 255, 255)},
      {[](Address a) { return a.is_shared(); }, address(100, 64, 0, 0), address(100, 127, 255, 255)},
      {[](Address a) { return a.is_loopback(); }, address(127, 0, 0, 0), address(127, 255, 255, 255)},
      {[](Address a) { return a.is_multicast(); }, address(224, 0, 0, 0), address(239, 255, 255, 255)},
  };
  for (const Range& r : ranges) {
    EXPECT_TRUE(r.holds(r.first)) << to_string(r.first);
    EXPECT_TRUE(r.holds(r.last)) << to_string(r.last);
    EXPECT_FALSE(r.holds({r.first.value - 1})) << to_string(Address{r.first.value - 1});
    EXPECT_FALSE(r.holds({r.last.value + 1})) << to_string(Address{r.last.value + 1});
  }
  EXPECT_TRUE(address(255, 255, 255, 255).is_limited_broadcast());
  EXPECT_FALSE(address(255, 255, 255, 254).is_limited_broadcast());
}

TEST(Protocol, HasTheNamesOfTraces) {
  EXPECT_EQ(to_string(Protocol::icmp), "icmp");
  EXPECT_EQ(to_string(Protocol::tcp), "tcp");
  EXPECT_EQ(to_string(Protocol::udp), "udp");
  EXPECT_EQ(to_string(Protocol::gre), "gre");
  EXPECT_EQ(to_string(Protocol::esp), "esp");
  EXPECT_EQ(to_string(Protocol::sctp), "sctp");
  EXPECT_EQ(to_string(Protocol{253}), "proto-253");
}

}  // namespace
}  // namespace masqsim::wire
