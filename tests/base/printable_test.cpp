#include "masqsim/base/printable.hpp"

#include <gtest/gtest.h>

namespace masqsim {
namespace {

TEST(Printable, LetsThroughWhatAPersonReads) {
  for (const char* text :
       {"plain ASCII ~", "caf\xc3\xa9", "\xe2\x82\xac 5", "\xe2\x9d\xa4\xef\xb8\x8f", "\xf0\x9f\x98\x80"}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Printable, ShowsAsBytesWhatATerminalObeysOrAReaderCannotSee) {
  EXPECT_EQ(printable("a\033[31mb\nc\x7f\t"), "a\\x1b[31mb\\x0ac\\x7f\\x09");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");  // CSI as one character
  EXPECT_EQ(printable("\xe9t\xc3"), "\\xe9t\\xc3");
  for (const std::uint32_t code : {0xadu, 0x34fu, 0x61cu, 0x115fu, 0x180eu, 0x200bu, 0x202eu, 0x2066u, 0x3164u, 0xfdd0u,
                                   0xfeffu, 0xffa0u, 0xfff9u, 0xfffeu, 0x1fffeu, 0xe0041u, 0x10ffffu}) {
    EXPECT_TRUE(is_unprintable(code)) << std::hex << code;
  }
  for (const std::uint32_t code : {0x20u, 0xa0u, 0xaeu, 0x61du, 0x2010u, 0x3163u, 0xfe0fu, 0xfffcu, 0x1f600u}) {
    EXPECT_FALSE(is_unprintable(code)) << std::hex << code;
  }
}

TEST(Printable, KeepsLinesApartWhereItIsToldTo) {
  EXPECT_EQ(printable_lines("one\ntwo\r\n\033x\n"), "one\ntwo\\x0d\n\\x1bx\n");
}

TEST(CharacterAt, TakesStrictUtf8Alone) {
  EXPECT_EQ(character_at("\xc3\xa9").code, 0xe9u);
  EXPECT_EQ(character_at("x\xf0\x9f\x98\x80", 1).length, 4u);
  for (const char* bad : {"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "\xe2\x82"}) {
    EXPECT_EQ(character_at(bad).length, 0u);
  }
}

}  // namespace
}  // namespace masqsim
