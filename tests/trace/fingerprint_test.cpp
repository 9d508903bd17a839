#include "masqsim/trace/fingerprint.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "tests/trace/sample.hpp"

namespace masqsim::trace {
namespace {

std::string fingerprint_of(const Header& header, const Record& record) {
  FingerprintSink sink;
  sink.begin(header);
  sink.record(record);
  sink.end({0});
  return sink.hex();
}

// A constant on purpose: it must be the same from every compiler, on every machine.
TEST(Fingerprint, IsTheSameEverywhere) {
  FingerprintSink sink;
  const Header header = sample::header();
  sample::tell(sink, header);
  EXPECT_EQ(sink.hex(), "2e316ad99cdd53d5f5b2fb1822947a82");
}

TEST(Fingerprint, ChangesWithEveryFieldOfARecord) {
  const Header header = sample::header();
  const sample::Bytes bytes = sample::syn(sample::laptop, 1, sample::web, 2, 64);
  sample::Bytes other = bytes;
  other.back() ^= 1;
  const Row row{1, 1, wire::Protocol::tcp, {}, {}, {}, "established", Duration{5}};
  Row later = row;
  later.left.ns = 6;
  const std::vector<std::function<void(Record&)>> edits{
      [](Record&) {},
      [](Record& r) { r.at.ns++; },
      [](Record& r) { r.kind = Kind::receive; },
      [](Record& r) { r.reason = Reason::stale; },
      [](Record& r) { r.made_flow = true; },
      [](Record& r) { r.made_mapping = true; },
      [](Record& r) { r.node = 1; },
      [](Record& r) { r.point = 1; },
      [](Record& r) { r.flow = 2; },
      [](Record& r) { r.packet = 9; },
      [](Record& r) { r.cause = 9; },
      [](Record& r) { r.nat_flow = 9; },
      [](Record& r) { r.mapping = 9; },
      [&](Record& r) { r.bytes = other; },
      [&](Record& r) { r.bytes = r.bytes.first(39); },
      [&](Record& r) { r.before = other; },
      [&](Record& r) { r.text = "x"; },
      [&](Record& r) { r.row = &row; },
      [&](Record& r) { r.row = &later; },
  };
  std::set<std::string> seen;
  for (const auto& edit : edits) {
    Record r = sample::packet(5, Kind::send, 0, 0, 1, 1, bytes);
    edit(r);
    seen.insert(fingerprint_of(header, r));
  }
  EXPECT_EQ(seen.size(), edits.size());
}

TEST(Fingerprint, LeavesOutStepsAndTheScenariosName) {
  Header header = sample::header();
  Record r = sample::packet(5, Kind::drop, 0, 0, 1, 1, {});
  const std::string bare = fingerprint_of(header, r);
  const std::vector<Step> steps{{"addressed to gw?", true, "", ""}};
  r.steps = steps;
  header.scenario = header.title = header.variant = "other";
  header.seed = 2;
  EXPECT_EQ(fingerprint_of(header, r), bare);
}

TEST(Fingerprint, HearsTheNamesAndTheEnd) {
  Header header = sample::header();
  FingerprintSink a, b;
  a.begin(header);
  a.end({1});
  b.begin(header);
  b.end({2});
  EXPECT_NE(a.hex(), b.hex());
  Header renamed = header;
  renamed.flows[0].id = "other";
  FingerprintSink c;
  c.begin(renamed);
  c.end({1});
  EXPECT_NE(a.hex(), c.hex());
}

}  // namespace
}  // namespace masqsim::trace
