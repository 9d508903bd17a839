// What becomes of IP options: on the way through, in an answer, in the later pieces of a datagram. The numbers are RFC
// 791's; which of them Linux answers is recorded (options_in_errors, options_half_slot, options_error_source).
#include "sim/net/ip_options.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "masqsim/wire/build.hpp"
#include "masqsim/wire/describe.hpp"

namespace masqsim::net {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr wire::Address own = wire::address(10, 0, 0, 2);
constexpr Time noon{12 * 3600 * 1'000'000'000LL};  // 0x0293'2e00 ms

Bytes packet_with(const Bytes& options) {
  return wire::ip_packet({.source = wire::address(10, 0, 0, 1), .destination = own, .options = options},
                         wire::Protocol::udp, Bytes(8, 0));
}

/// The options of an answer in hex; "none possible" where there is to be no answer.
std::string answered(const Bytes& options, std::size_t damaged_at = 60) {
  const Bytes packet = packet_with(options);
  const AnswerOptions answer = answer_options(*wire::Ipv4View::parse(packet), noon, own, damaged_at);
  return answer.possible ? wire::hex(answer.view()) : "none possible";
}

/// The options of a datagram as its later pieces bear them.
std::string blanked(const Bytes& options) {
  Bytes packet = packet_with(options);
  blank_uncopied_options(*wire::Ipv4Edit::parse(packet));
  return wire::hex(wire::Ipv4View::parse(packet)->options());
}

TEST(AnswerOptions, RecordTheAnswererInTheNextSlotOfARoute) {
  EXPECT_EQ(answered({7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0}), "070b080a0000020000000000");
  EXPECT_EQ(answered({7, 11, 8, 1, 2, 3, 4, 0, 0, 0, 0, 0}), "070b0c010203040a00000200");
}

TEST(AnswerOptions, LeaveAFullRouteAsItIs) { EXPECT_EQ(answered({7, 7, 8, 1, 2, 3, 4, 0}), "0707080102030400"); }

TEST(AnswerOptions, StampTheTimeInTheNextSlot) { EXPECT_EQ(answered({68, 8, 5, 0, 0, 0, 0, 0}), "4408090002932e00"); }

TEST(AnswerOptions, StampAddressAndTimeWhereBothAreAskedFor) {
  EXPECT_EQ(answered({68, 12, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0}), "440c0d010a00000202932e00");
}

TEST(AnswerOptions, LeaveATimestampOfPrespecifiedAddressesAsItIs) {
  EXPECT_EQ(answered({68, 12, 5, 3, 10, 0, 0, 9, 0, 0, 0, 0}), "440c05030a00000900000000");
}

TEST(AnswerOptions, BearTheRouteBeforeTheTimestampAndNothingElse) {
  EXPECT_EQ(answered({148, 4, 0, 0, 1, 68, 8, 5, 0, 0, 0, 0, 0, 7, 7, 4, 0, 0, 0, 0}),
            "0707080a0000024408090002932e0000");
}

TEST(AnswerOptions, BearTheLastOfSeveralRoutes) {
  EXPECT_EQ(answered({7, 7, 8, 1, 2, 3, 4, 7, 7, 8, 5, 6, 7, 8, 0, 0}), "0707080506070800");
}

TEST(AnswerOptions, AreReadUpToTheEndOfTheListOnly) {
  EXPECT_EQ(answered({1, 1, 0, 7, 7, 4, 0, 0, 0, 0, 0, 0}), "");
  EXPECT_EQ(answered({7, 7, 4, 0, 0, 0, 0, 0}), "0707080a00000200");
}

TEST(AnswerOptions, AreReadUpToTheFirstThatIsDamaged) {
  EXPECT_EQ(answered({68, 8, 5, 0, 0, 0, 0, 0, 7, 1, 4, 0}), "4408090002932e00") << "shorter than its own head";
  EXPECT_EQ(answered({68, 8, 5, 0, 0, 0, 0, 0, 7, 9, 4, 0}), "4408090002932e00") << "longer than what is left";
  EXPECT_EQ(answered({1, 1, 1, 7}), "") << "without a length";
}

TEST(AnswerOptions, EndBeforeAnOptionThatIsTooShortForItsKind) {
  EXPECT_EQ(answered({7, 2, 68, 8, 5, 0, 0, 0, 0, 0, 0, 0}), "") << "a route without a pointer";
  EXPECT_EQ(answered({7, 3, 3, 68, 8, 5, 0, 0, 0, 0, 0, 0}), "") << "a pointer into the head";
  EXPECT_EQ(answered({7, 3, 4, 0}), "07030400") << "a route without a slot is full";
  EXPECT_EQ(answered({68, 3, 5, 7, 7, 4, 0, 0, 0, 0, 0, 0}), "") << "a timestamp without flags";
  EXPECT_EQ(answered({68, 4, 4, 0, 7, 7, 4, 0, 0, 0, 0, 0}), "");
  EXPECT_EQ(answered({68, 4, 5, 0}), "44040500");
}

TEST(AnswerOptions, ForbidAnAnswerWhereLessThanASlotIsLeft) {
  EXPECT_EQ(answered({7, 6, 4, 0, 0, 0, 0, 0}), "none possible");
  EXPECT_EQ(answered({7, 7, 4, 0, 0, 0, 0, 0}), "0707080a00000200") << "just a slot";
  EXPECT_EQ(answered({68, 7, 5, 0, 0, 0, 0, 0}), "none possible");
  EXPECT_EQ(answered({68, 11, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0}), "none possible");
  EXPECT_EQ(answered({68, 7, 5, 3, 0, 0, 0, 0}), "none possible");
  EXPECT_EQ(answered({68, 8, 5, 3, 10, 0, 0, 9}), "440805030a000009");
  EXPECT_EQ(answered({68, 7, 5, 2, 0, 0, 0, 0}), "4407050200000000") << "a kind without a meaning has no slots";
}

TEST(AnswerOptions, EndBeforeTheByteThatWasFoundDamaged) {
  const Bytes options{68, 8, 5, 0, 0, 0, 0, 0, 7, 7, 4, 0, 0, 0, 0, 0};
  EXPECT_EQ(answered(options, 35), "0707080a0000024408090002932e0000");
  EXPECT_EQ(answered(options, 34), "4408090002932e00");
  EXPECT_EQ(answered(options, 27), "");
}

TEST(LaterPieces, BearNoOperationsForWhatIsNotToBeCopied) {
  EXPECT_EQ(blanked({7, 3, 4, 148, 4, 0, 0, 1}), "0101019404000001");
  EXPECT_EQ(blanked({148, 4, 0, 0, 7, 7, 4, 0, 0, 0, 0, 148}), "940400000101010101010194") << "7 bytes, not one more";
}

TEST(LaterPieces, BearTheRestAsItIsBehindTheEndOrADamagedOption) {
  EXPECT_EQ(blanked({0, 7, 3, 4}), "00070304");
  EXPECT_EQ(blanked({7, 1, 4, 0}), "07010400");
  EXPECT_EQ(blanked({7, 5, 4, 0}), "07050400");
  EXPECT_EQ(blanked({1, 1, 1, 7}), "01010107");
  EXPECT_EQ(blanked({1, 1, 7, 2}), "01010101");
}

}  // namespace
}  // namespace masqsim::net
