#include "masqsim/base/reason.hpp"

#include <gtest/gtest.h>

#include <set>

namespace masqsim {
namespace {

TEST(Reason, EachWordLeadsBackToItsReason) {
  for (const ReasonText& entry : reasons) {
    EXPECT_EQ(reason_of(entry.word), entry.reason) << entry.word;
    EXPECT_EQ(word(entry.reason), entry.word);
    EXPECT_EQ(sentence(entry.reason), entry.sentence);
  }
}

TEST(Reason, WordsAreUniqueLowerCaseAndHyphenated) {
  std::set<std::string_view> seen;
  for (const ReasonText& entry : reasons) {
    EXPECT_TRUE(seen.insert(entry.word).second) << entry.word << " is there twice";
    EXPECT_EQ(entry.word.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string_view::npos) << entry.word;
  }
}

TEST(Reason, SentencesAreUniqueAndReadAsTheRestOfALine) {
  std::set<std::string_view> seen;
  for (const ReasonText& entry : reasons) {
    EXPECT_TRUE(seen.insert(entry.sentence).second) << entry.sentence << " is there twice";
    EXPECT_FALSE(entry.sentence.ends_with('.')) << entry.sentence;
  }
}

TEST(Reason, AWordOutsideTheListIsNone) {
  EXPECT_EQ(reason_of("no_mapping"), std::nullopt);
  EXPECT_EQ(reason_of("No-Mapping"), std::nullopt);
  EXPECT_EQ(reason_of(""), std::nullopt);
}

}  // namespace
}  // namespace masqsim
