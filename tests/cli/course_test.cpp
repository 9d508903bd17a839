// The labs that come with the program, and what one begins with.
#include <string>

#include "program.hpp"

namespace masqsim::cli_test {
namespace {

TEST(List, NamesEachLabWithItsVariantsAndEachCanBeRunByNumber) {
  const Ran ran = masqsim({"list"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("03  inbound-fails: Outbound works; inbound fails twice, for two reasons (5 questions)\n"
                         "      @forwarded: A port forward is a defined way in\n"),
            std::string::npos)
      << ran.out;
  const Ran by_number = masqsim({"run", "03@forwarded"});
  const Ran by_file = masqsim({"run", shipped("03-inbound-fails") + "@forwarded"});
  EXPECT_EQ(by_number.code, 0) << by_number.err;
  EXPECT_EQ(by_number.out.substr(0, by_number.out.find("NAT table")),
            by_file.out.substr(0, by_file.out.find("NAT table")));
  EXPECT_EQ(masqsim({"diff", "3", "inbound-fails@forwarded"}).code, 1);
  EXPECT_EQ(masqsim({"run", "77"}).code, 2);
}

TEST(New, WritesAFileThatRunsAndMeetsItsExpectations) {
  const Folder folder;
  const std::string file = folder.file("home.yaml");
  ASSERT_EQ(
      masqsim({"new", file, "--nodes", "laptop", "printer", "--forward", "tcp:2222=laptop:22", "udp:53=printer:53"})
          .code,
      0);
  const Ran ran = masqsim({"run", file});
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_EQ(ran.err, "");
  EXPECT_NE(ran.out.find("4 of 4 expectations met."), std::string::npos) << ran.out;
  const Ran again = masqsim({"new", file});
  EXPECT_EQ(again.code, 2);
  EXPECT_EQ(again.err, "masqsim: error: " + file + ": is there already\n");
  const std::string plain = folder.file("plain.yaml");
  ASSERT_EQ(masqsim({"new", plain}).code, 0);
  EXPECT_EQ(masqsim({"run", plain, "--quiet"}).code, 0);
}

TEST(New, RefusesNamesAndForwardsThatMakeNoScenario) {
  const Folder folder;
  const std::string file = folder.file("a.yaml");
  EXPECT_EQ(masqsim({"new", file, "--forward", "sctp:22"}).code, 2);
  EXPECT_EQ(masqsim({"new", file, "--forward", "tcp:70000=laptop:22"}).code, 2);
  EXPECT_EQ(masqsim({"new", file, "--forward", "tcp:22=phone:22"}).err,
            "masqsim: error: --forward tcp:22=phone:22: no node is called 'phone'\nhint: --nodes names them\n");
  EXPECT_EQ(masqsim({"new", file, "--nodes", "a b"}).code, 2);
  EXPECT_EQ(masqsim({"new", file, "--nodes", "gw"}).code, 2);
  EXPECT_EQ(folder.names(), std::vector<std::string>{});
}

TEST(Table, IsThatOfTheMomentInTheWordsThatAreWanted) {
  const std::string lab = shipped("03-inbound-fails");
  EXPECT_EQ(masqsim({"table", lab, "--at", "1s", "--as", "conntrack"}).out,
            "tcp      6 431999 ESTABLISHED src=192.168.1.10 dst=198.51.100.10 sport=40000 dport=80 src=198.51.100.10 "
            "dst=203.0.113.5 sport=80 dport=40000 [ASSURED] mark=0 use=1\n");
  EXPECT_EQ(masqsim({"table", lab, "--as", "ios"}).out,
            "Pro Inside global     Inside local       Outside local    Outside global\n"
            "tcp 203.0.113.5:40000 192.168.1.10:40000 198.51.100.10:80 198.51.100.10:80\n");
  EXPECT_EQ(masqsim({"table", lab, "--at", "20ms"}).out,
            "# proto inside             outside           remote           state    left\n"
            "1 tcp   192.168.1.10:40000 203.0.113.5:40000 198.51.100.10:80 syn-sent 1m59s\n");
  EXPECT_EQ(masqsim({"table", lab, "--as", "cisco"}).code, 2);
  EXPECT_EQ(masqsim({"table", lab, "--at", "soon"}).code, 2);
}

}  // namespace
}  // namespace masqsim::cli_test
