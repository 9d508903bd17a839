#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "sim/course/shipped.hpp"
#include "sim/course/starter.hpp"

namespace masqsim::course {
namespace {

TEST(Shipped, AreTheFilesOfTheFolderByteForByteInTheOrderOfTheirNumbers) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(MASQSIM_SOURCE_DIR "/scenarios")) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path().string());
  }
  std::ranges::sort(files);
  ASSERT_EQ(shipped().size(), files.size());
  for (std::size_t n = 0; n < files.size(); ++n) {
    std::ostringstream text;
    text << std::ifstream(files[n]).rdbuf();
    EXPECT_EQ(std::filesystem::path(files[n]).stem().string(), shipped()[n].stem);
    EXPECT_TRUE(text.str() == shipped()[n].text) << files[n];
  }
}

TEST(Shipped, AreCalledByNumberNameOrBoth) {
  for (const char* word : {"03", "3", "inbound-fails", "03-inbound-fails"}) {
    const Shipped* lab = lab_called(word);
    ASSERT_NE(lab, nullptr) << word;
    EXPECT_EQ(lab->stem, "03-inbound-fails");
  }
  for (const char* word : {"", "0", "99", "003", "fails", "03-"}) EXPECT_EQ(lab_called(word), nullptr) << word;
}

TEST(Starter, IsAFileThatOnePersonCanReadAloud) {
  EXPECT_EQ(text_of({}), R"(masqsim: 1
name: my-lab
title: What does the gateway do with each packet?
networks:
  home:     {kind: lan, subnet: 192.168.1.0/24, delay: 1ms}
  internet: {kind: cloud, delay: 10ms}      # routers of the internet; they know no private address
nodes:
  laptop:
    interfaces: {home: 192.168.1.10/24}
  gw:
    kind: gateway
    interfaces: {home: 192.168.1.1/24, internet: 203.0.113.5}
    nat:
      masquerade: {out: internet}  # what leaves there carries the gateway's address
      forward: []                  # no defined way in; {tcp: 22, to: "laptop:22"} would be one
  web:
    interfaces: {internet: 198.51.100.10}
    services: [{tcp: 80, reply: 200B}]
  stranger:
    interfaces: {internet: 198.51.100.66}
actions:                           # who calls whom, and when
  - {at: 0s, id: out, from: laptop, tcp: "web:80", send: 100B}
  - {at: 1s, id: in, from: stranger, tcp: "203.0.113.5:22"}
expect:                            # what is to come of it; masqsim run tells what does
  - {flow: out, result: established}
  - {flow: in, result: refused, at: gw, reason: no-mapping}
)");
}

}  // namespace
}  // namespace masqsim::course
