// Which options of a segment are a signature (recorded: service_damaged_options, reset_options_short).
#include "sim/net/tcp_signature.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "masqsim/wire/build.hpp"
#include "masqsim/wire/ipv4.hpp"

namespace masqsim::net {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// Of a SYN with these options; no-operations make them `size` bytes.
Signature with(Bytes options, std::size_t size = 20) {
  options.resize(std::max(options.size(), size), 1);
  const Bytes packet = wire::tcp_packet({}, {.options = options}, {});
  return signature_of(*wire::TcpView::parse(wire::Ipv4View::parse(packet)->payload()));
}

/// An option of RFC 5925.
Bytes authentication(std::uint8_t length) {
  Bytes option(length, 0);
  option[0] = 29, option[1] = length;
  return option;
}

Bytes operator+(Bytes a, const Bytes& b) { return a.insert(a.end(), b.begin(), b.end()), a; }

TEST(Signature, IsNoneAmongOtherOptions) {
  EXPECT_EQ(with({}), Signature::none);
  EXPECT_EQ(with({2, 4, 5, 180, 1, 3, 3, 7}), Signature::none);
}

TEST(Signature, OfRfc5925IsIgnoredWhereItHoldsMoreThanItsHead) {
  EXPECT_EQ(with(authentication(5)), Signature::ignored);
  EXPECT_EQ(with(Bytes{1, 2, 4, 5, 180} + authentication(16), 24), Signature::ignored);
  EXPECT_EQ(with(authentication(4)), Signature::unacceptable);
}

TEST(Signature, OfRfc5925IsUnacceptableTwice) {
  EXPECT_EQ(with(authentication(8) + authentication(8), 36), Signature::unacceptable);
}

TEST(Signature, OfRfc2385IsUnacceptable) {
  Bytes old(18, 0);
  old[0] = 19, old[1] = 18;
  EXPECT_EQ(with(old), Signature::unacceptable);
  EXPECT_EQ(with(Bytes{1, 1} + old), Signature::unacceptable);
}

TEST(Signature, IsUnacceptableInADamagedList) {
  EXPECT_EQ(with({2, 1}), Signature::unacceptable) << "shorter than its own head";
  EXPECT_EQ(with({2, 0}), Signature::unacceptable);
  EXPECT_EQ(with({2, 20}), Signature::none) << "just as long as what is left";
  EXPECT_EQ(with({2, 21}), Signature::unacceptable);
}

TEST(Signature, IsNotSoughtWhereOneOfRfc2385HasNoRoom) {
  EXPECT_EQ(with(authentication(8), 16), Signature::none);
  EXPECT_EQ(with({1, 1, 1, 2, 1}), Signature::none) << "17 bytes are left at the damaged option";
  EXPECT_EQ(with({1, 1, 2, 1}), Signature::unacceptable) << "18 bytes";
}

TEST(Signature, IsNotSoughtBehindTheEndOfTheList) {
  EXPECT_EQ(with(Bytes{0} + authentication(8), 28), Signature::none);
  EXPECT_EQ(with(Bytes{1, 0, 2, 1}, 28), Signature::none);
}

}  // namespace
}  // namespace masqsim::net
