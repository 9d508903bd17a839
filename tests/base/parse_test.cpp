#include "masqsim/base/parse.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "masqsim/base/random.hpp"

namespace masqsim::parse {
namespace {

/// The value or the problem, as one text, so that a failure shows what came instead.
std::string shown(const Result<Duration>& r) {
  if (const Problem* p = std::get_if<Problem>(&r)) return p->text;
  return std::to_string(std::get<Duration>(r).ns) + "ns";
}
std::string shown(const Result<Rate>& r) {
  if (const Problem* p = std::get_if<Problem>(&r)) return p->text;
  return std::to_string(std::get<Rate>(r).bits_per_second) + "bps";
}
std::string shown(const Result<std::uint64_t>& r) {
  if (const Problem* p = std::get_if<Problem>(&r)) return p->text;
  return std::to_string(std::get<std::uint64_t>(r));
}
std::string shown(const Result<Ratio>& r) {
  if (const Problem* p = std::get_if<Problem>(&r)) return p->text;
  return std::to_string(std::get<Ratio>(r).part) + "/" + std::to_string(std::get<Ratio>(r).whole);
}

struct Case {
  std::string_view text;
  std::string_view result;
};

TEST(ParseWhole, TakesPlainDecimalsWithinTheRange) {
  const Case good[] = {{"1", "1"}, {"80", "80"}, {"65535", "65535"}};
  for (const Case& c : good) EXPECT_EQ(shown(whole(c.text, 1, 65535)), c.result);
  EXPECT_EQ(shown(whole("0", 0, 10)), "0");
  EXPECT_EQ(shown(whole("18446744073709551615", 0, UINT64_MAX)), "18446744073709551615");
}

TEST(ParseWhole, RefusesEverythingElse) {
  for (const std::string text : {"", "0", "65536", "-1", "+1", "010", "0x50", "1e3", "nan", "1_000", "1,000", "1.0",
                                 " 1", "1 ", "99999999999999999999", "18446744073709551616", "one", "١"}) {
    const std::string said = shown(whole(text, 1, 65535));
    EXPECT_TRUE(said.starts_with("must be a whole number from 1 to 65535, got '")) << text << " gave " << said;
  }
  EXPECT_EQ(shown(whole("65536", 1, 65535)), "must be a whole number from 1 to 65535, got '65536'");
}

TEST(ParseWhole, MessagesNeverCarryControlCharacters) {
  EXPECT_EQ(shown(whole("1\x1b[2J\n\xff", 1, 9)), "must be a whole number from 1 to 9, got '1\\x1b[2J\\x0a\\xff'");
  EXPECT_EQ(shown(whole(std::string(100, '7'), 1, 9)),
            "must be a whole number from 1 to 9, got '" + std::string(64, '7') + "...'");
}

TEST(ParseDuration, ReadsEveryUnitExactly) {
  const Case good[] = {{"0s", "0ns"},
                       {"0ns", "0ns"},
                       {"1ns", "1ns"},
                       {"5us", "5000ns"},
                       {"5ms", "5000000ns"},
                       {"1.5s", "1500000000ns"},
                       {"0.000000001s", "1ns"},
                       {"2m", "120000000000ns"},
                       {"2h4m", "7440000000000ns"},
                       {"1h0.5s", "3600500000000ns"},
                       {"1h1m1s1ms1us1ns", "3661001001001ns"},
                       {"87600h", "315360000000000000ns"}};
  for (const Case& c : good) EXPECT_EQ(shown(duration(c.text)), c.result) << c.text;
}

TEST(ParseDuration, SaysWhatIsWrong) {
  const Case bad[] = {
      {"5", "needs a unit (ns, us, ms, s, m, h), got '5'"},
      {"0", "needs a unit (ns, us, ms, s, m, h), got '0'"},
      {"1.5", "needs a unit (ns, us, ms, s, m, h), got '1.5'"},
      {"2h4", "needs a unit (ns, us, ms, s, m, h), got '2h4'"},
      {"-5ms", "must not be negative, got '-5ms'"},
      {"5 ms", "has an unknown unit (known: ns, us, ms, s, m, h), got '5 ms'"},
      {"5sec", "has an unknown unit (known: ns, us, ms, s, m, h), got '5sec'"},
      {"5MS", "has an unknown unit (known: ns, us, ms, s, m, h), got '5MS'"},
      {"1e3s", "has an unknown unit (known: ns, us, ms, s, m, h), got '1e3s'"},
      {"0x5s", "has an unknown unit (known: ns, us, ms, s, m, h), got '0x5s'"},
      {"0.5ns", "is finer than the smallest unit, got '0.5ns'"},
      {"1.0000000001s", "is finer than the smallest unit, got '1.0000000001s'"},
      {"", "must be a number with a unit, such as 5ms or 2h4m, got ''"},
      {"ms", "must be a number with a unit, such as 5ms or 2h4m, got 'ms'"},
      {"5.s", "must be a number with a unit, such as 5ms or 2h4m, got '5.s'"},
      {".5s", "must be a number with a unit, such as 5ms or 2h4m, got '.5s'"},
      {"+5s", "must be a number with a unit, such as 5ms or 2h4m, got '+5s'"},
      {"05s", "must be a number with a unit, such as 5ms or 2h4m, got '05s'"},
      {"inf", "must be a number with a unit, such as 5ms or 2h4m, got 'inf'"},
      {"4m2h", "must name each unit once, the largest first, got '4m2h'"},
      {"1s1s", "must name each unit once, the largest first, got '1s1s'"},
      {"87841h", "must be at most 10 years, got '87841h'"},
      {"87839h999m", "must be at most 10 years, got '87839h999m'"},
      {"9999999999h", "is too large, got '9999999999h'"},
      {"99999999999999999999s", "is too large, got '99999999999999999999s'"},
      {"0.99999999999999999999999s", "is finer than the smallest unit, got '0.99999999999999999999999s'"},
  };
  for (const Case& c : bad) EXPECT_EQ(shown(duration(c.text)), c.result) << c.text;
}

TEST(ParseDuration, ReadsBackWhatItWrote) {
  Random stream(1, "durations");
  for (int n = 0; n < 2'000; ++n) {
    const std::uint64_t shift = stream.below(58);
    const Duration d{static_cast<std::int64_t>(stream.below(300'000'000'000'000'000) >> shift)};
    ASSERT_EQ(duration(to_string(d)), Result<Duration>{d}) << to_string(d);
  }
}

TEST(ParseRate, ReadsDecimalUnits) {
  const Case good[] = {{"1bps", "1bps"},
                       {"9600bps", "9600bps"},
                       {"64kbps", "64000bps"},
                       {"100Mbps", "100000000bps"},
                       {"1.5Gbps", "1500000000bps"},
                       {"1000Gbps", "1000000000000bps"}};
  for (const Case& c : good) EXPECT_EQ(shown(rate(c.text)), c.result);
}

TEST(ParseRate, SaysWhatIsWrong) {
  const Case bad[] = {{"100", "needs a unit (bps, kbps, Mbps, Gbps), got '100'"},
                      {"0bps", "must be from 1bps to 1000Gbps, got '0bps'"},
                      {"1001Gbps", "must be from 1bps to 1000Gbps, got '1001Gbps'"},
                      {"-1Mbps", "must not be negative, got '-1Mbps'"},
                      {"1mbps", "has an unknown unit (known: bps, kbps, Mbps, Gbps), got '1mbps'"},
                      {"1Mbps2", "has an unknown unit (known: bps, kbps, Mbps, Gbps), got '1Mbps2'"},
                      {"1Mbps2kbps", "has an unknown unit (known: bps, kbps, Mbps, Gbps), got '1Mbps2kbps'"},
                      {"0.5bps", "is finer than the smallest unit, got '0.5bps'"},
                      {"fast", "must be a number with a unit, such as 100Mbps, got 'fast'"}};
  for (const Case& c : bad) EXPECT_EQ(shown(rate(c.text)), c.result) << c.text;
}

TEST(ParseSize, KnowsDecimalAndBinaryUnits) {
  const Case good[] = {{"0B", "0"},        {"200B", "200"},     {"64kB", "64000"}, {"64KiB", "65536"},
                       {"1MB", "1000000"}, {"1MiB", "1048576"}, {"1.5kB", "1500"}, {"1000MB", "1000000000"}};
  for (const Case& c : good) EXPECT_EQ(shown(parse::size(c.text)), c.result) << c.text;
}

TEST(ParseSize, SaysWhatIsWrong) {
  const Case bad[] = {{"200", "needs a unit (B, kB, KiB, MB, MiB), got '200'"},
                      {"200b", "has an unknown unit (known: B, kB, KiB, MB, MiB), got '200b'"},
                      {"1001MB", "must be at most 1000MB, got '1001MB'"},
                      {"0.5B", "is finer than the smallest unit, got '0.5B'"},
                      {"-1B", "must not be negative, got '-1B'"}};
  for (const Case& c : bad) EXPECT_EQ(shown(parse::size(c.text)), c.result) << c.text;
}

TEST(ParsePercent, IsAnExactRatio) {
  const Case good[] = {{"0%", "0/100000000000"},
                       {"1%", "1000000000/100000000000"},
                       {"0.05%", "50000000/100000000000"},
                       {"0.000000001%", "1/100000000000"},
                       {"100%", "100000000000/100000000000"}};
  for (const Case& c : good) EXPECT_EQ(shown(percent(c.text)), c.result) << c.text;
}

TEST(ParsePercent, SaysWhatIsWrong) {
  const Case bad[] = {{"1", "needs a unit (%), got '1'"},
                      {"101%", "must be from 0% to 100%, got '101%'"},
                      {"100.000000001%", "must be from 0% to 100%, got '100.000000001%'"},
                      {"0.0000000001%", "is finer than the smallest unit, got '0.0000000001%'"},
                      {"-1%", "must not be negative, got '-1%'"},
                      {"1%%", "has an unknown unit (known: %), got '1%%'"}};
  for (const Case& c : bad) EXPECT_EQ(shown(percent(c.text)), c.result) << c.text;
}

TEST(ParseText, WritesTheLargestExactUnit) {
  EXPECT_EQ(to_string(Rate{1'500'000'000}), "1500Mbps");
  EXPECT_EQ(to_string(Rate{2'000'000'000}), "2Gbps");
  EXPECT_EQ(to_string(Rate{9'600}), "9600bps");
  EXPECT_EQ(size_text(65'536), "64KiB");
  EXPECT_EQ(size_text(64'000), "64kB");
  EXPECT_EQ(size_text(1'048'576), "1MiB");
  EXPECT_EQ(size_text(0), "0B");
  EXPECT_EQ(percent_text({15, 1'000}), "1.5%");
  EXPECT_EQ(percent_text({1, 20}), "5%");
  EXPECT_EQ(percent_text({0, 1}), "0%");
  EXPECT_EQ(percent_text({1, 1}), "100%");
}

TEST(ParseText, ReadsBackWhatItWrote) {
  Random stream(1, "sizes");
  for (int n = 0; n < 2'000; ++n) {
    const std::uint64_t shift = stream.below(30);
    const std::uint64_t bytes = stream.below(1'000'000'001) >> shift;
    ASSERT_EQ(parse::size(size_text(bytes)), Result<std::uint64_t>{bytes}) << size_text(bytes);
    const Rate r{(stream.below(1'000'000'000'000) >> shift) + 1};
    ASSERT_EQ(rate(to_string(r)), Result<Rate>{r}) << to_string(r);
    const Ratio p{stream.below(100'000'000'001), 100'000'000'000};
    ASSERT_EQ(percent(percent_text(p)), Result<Ratio>{p}) << percent_text(p);
  }
}

// Whatever the bytes, an answer comes back, and its message is printable.
TEST(ParseText, TakesAnyBytes) {
  Random stream(1, "bytes");
  constexpr std::string_view alphabet = "0123456789.-+ smhunkKMGiBbps%\n\x80";
  for (int n = 0; n < 20'000; ++n) {
    std::string text;
    for (std::uint64_t left = stream.below(12); left > 0; --left) text += alphabet[stream.below(alphabet.size())];
    for (const std::string& said : {shown(duration(text)), shown(rate(text)), shown(parse::size(text)),
                                    shown(percent(text)), shown(whole(text, 0, 1'000))}) {
      for (const char c : said) ASSERT_TRUE(c >= 0x20 && c < 0x7f) << said;
    }
  }
}

}  // namespace
}  // namespace masqsim::parse
