// The questions of a lab in the terminal, and what becomes of the answers.
#include <string>

#include "program.hpp"

namespace masqsim::cli_test {
namespace {

const std::string lab = shipped("03-inbound-fails");
const std::string right = "203.0.113.5:40000\nc\n internet \nREFUSED\nb)\n";

TEST(Quiz, TakesTextsAndLettersFromAPipeAndCounts) {
  const Ran ran = masqsim({"quiz", lab}, {.input = right});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out.substr(0, ran.out.find("\n3.")),
            "Outbound works; inbound fails twice, for two reasons\n"
            "5 questions; '?' is a hint, an empty line goes on.\n\n"
            "1. Which source address and port does web see?\n"
            "> Right.\n\n"
            "2. stranger dials laptop's private address. How does that end?\n"
            "   a) established\n"
            "   b) refused\n"
            "   c) unreachable\n"
            "   d) no-answer\n"
            "> Right.\n");
  EXPECT_NE(ran.out.find("\n5 of 5 right, 5 of them at once.\n"), std::string::npos);
}

TEST(Quiz, NeverPrintsAnAnswerAndEndsWithOneWhereSomethingIsWrong) {
  const Ran ran = masqsim({"quiz", lab}, {.input = "x\n\n?\n"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.out.find("203.0.113.5:40000"), std::string::npos);
  EXPECT_NE(ran.out.find("> Not so.\n"), std::string::npos);
  EXPECT_NE(ran.out.find("> It never comes near the gateway.\n"), std::string::npos);
  EXPECT_NE(ran.out.find("\n0 of 5 right, 0 of them at once.\n"), std::string::npos);
}

TEST(Quiz, OfAFileThatAsksNothingIsAMistake) {
  const Folder folder;
  const std::string file = folder.write("a.yaml", "masqsim: 1\nnetworks: {}\nnodes: {}\n");
  const Ran ran = masqsim({"quiz", file});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err, "masqsim: error: " + file + ": it asks nothing\nhint: a lab: with questions\n");
}

TEST(Quiz, SavesWhatGradeCounts) {
  const Folder folder;
  ASSERT_EQ(masqsim({"quiz", lab, "-o", folder.file("anna.json")}, {.input = right}).code, 0);
  ASSERT_EQ(
      masqsim({"quiz", lab + "@forwarded", "-o", folder.file("ben.json")}, {.input = "192.168.1.10:22\nx\n"}).code, 1);
  const Ran graded = masqsim({"grade", lab, "--answers", folder.file("anna.json"), folder.file("ben.json")});
  EXPECT_EQ(graded.code, 0) << graded.err;
  EXPECT_EQ(graded.out,
            "lab inbound-fails\n"
            "student  questions   predictions  expectations  points\n"
            "anna     1 2 3 4 5   0 of 0       4 of 4        5 of 5\n"
            "ben      1 x         0 of 0       4 of 4        1 of 2\n"
            "  2: 'x' is not so\n");
}

TEST(Grade, TellsWhichFileIsNoneOnWhichLineAndGradesTheOthers) {
  const Folder folder;
  ASSERT_EQ(masqsim({"quiz", lab, "-o", folder.file("anna.json")}, {.input = right}).code, 0);
  const std::string broken = folder.write("broken.json",
                                          "{\"masqsim\": \"answers\",\n \"lab\": \"inbound-fails\",\n"
                                          " \"answers\": [\n  {\"question\": 8, \"answer\": \"x\"}]}");
  const Ran graded = masqsim({"grade", lab, "--answers", broken, folder.file("anna.json"), "--format", "csv"});
  EXPECT_EQ(graded.code, 2);
  EXPECT_EQ(graded.err, "masqsim: error: " + broken + ":4: the lab has no question 8; it has 5\n");
  EXPECT_NE(graded.out.find("\nanna,,1,1,1,1,1,1,1,1,1,1,5,0,0,4,4,5,\n"), std::string::npos) << graded.out;
}

TEST(Grade, NeedsAnswersAndALabThatAsks) {
  EXPECT_EQ(masqsim({"grade", lab}).code, 2);
  EXPECT_EQ(masqsim({"grade", lab, "--answers", "x.json", "--format", "xml"}).code, 2);
  const Folder folder;
  const std::string silent = folder.write("a.yaml", "masqsim: 1\nnetworks: {}\nnodes: {}\n");
  EXPECT_EQ(masqsim({"grade", silent, "--answers", "x.json"}).err,
            "masqsim: error: " + silent + ": it asks nothing\nhint: a lab: with questions\n");
}

}  // namespace
}  // namespace masqsim::cli_test
