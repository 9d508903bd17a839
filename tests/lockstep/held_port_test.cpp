// The gateway's own TCP where a program only holds a port, played against the running kernel: segments that nobody
// thought of, with numbers relative to where each of the two began.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "masqsim/base/random.hpp"
#include "masqsim/wire/build.hpp"
#include "masqsim/wire/checksum.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "masqsim/wire/tcp.hpp"
#include "sim/box/kernel_bench.hpp"
#include "sim/box/own_bench.hpp"
#include "sim/cases/own_numbers.hpp"

namespace masqsim::lockstep {
namespace {

using wire::TcpFlags;
using Bytes = std::vector<std::uint8_t>;

constexpr wire::Address caller = wire::address(198, 51, 100, 7), gateway = wire::address(203, 0, 113, 1);
constexpr std::uint16_t first_port = 1000, ports = 200;
constexpr std::uint32_t first_number = 70'000, first_stamp = 5'000;

box::Setup with_services() {
  box::Setup setup;
  setup.nat.source = {{.out = box::wan}};
  for (std::uint16_t n = 0; n < ports; ++n)
    setup.services.push_back({wire::Protocol::tcp, static_cast<std::uint16_t>(first_port + n)});
  return setup;
}

/// What comes out of one gateway, told so that it can be compared.
class Party {
 public:
  explicit Party(std::unique_ptr<box::Bench> bench) : bench_(std::move(bench)) {}

  std::vector<Bytes> inject(Bytes packet, Duration pause) {
    numbers_.make_real(packet);
    std::vector<box::Emerged> emerged = bench_->inject(box::Side::out, packet);
    if (pause.ns > 0) {
      for (box::Emerged& later : bench_->wait(pause)) emerged.push_back(std::move(later));
    }
    return told(std::move(emerged));
  }
  std::vector<Bytes> wait(Duration span) { return told(bench_->wait(span)); }

 private:
  /// Without the ids and the times of a real clock; the sums over them are checked instead.
  std::vector<Bytes> told(std::vector<box::Emerged> emerged) {
    std::vector<Bytes> result;
    for (box::Emerged& e : emerged) {
      const auto ip = *wire::Ipv4View::parse(wire::ByteView(e.bytes));
      EXPECT_TRUE(ip.sum_ok());
      EXPECT_EQ(wire::pseudo_checksum(ip.source(), ip.destination(), ip.protocol(), ip.payload()), 0);
      numbers_.make_relative(e.bytes);
      for (const std::size_t at : {4u, 5u, 10u, 11u, 36u, 37u}) e.bytes[at] = 0;
      for (std::size_t at = 40; at + 10 <= e.bytes.size() && e.bytes[at] != 8; ++at) {
        if (at + 12 <= e.bytes.size() && e.bytes[at + 2] == 8 && e.bytes[at + 3] == 10)
          wire::store32(&e.bytes[at + 4], 0);
      }
      result.push_back(std::move(e.bytes));
    }
    return result;
  }

  std::unique_ptr<box::Bench> bench_;
  cases::OwnNumbers numbers_;
};

/// A caller who knows what was acknowledged, and mostly goes on from there.
class Caller {
 public:
  Caller(std::uint64_t seed, std::uint16_t port) : random_(seed, "caller"), port_(port) {}

  Bytes syn() {
    Bytes options;
    const auto add = [&](std::initializer_list<std::uint8_t> bytes) { options.insert(options.end(), bytes); };
    const auto high = static_cast<std::uint8_t>(below(6)), low = static_cast<std::uint8_t>(below(256));
    if (!one_in(6)) add({2, 4, high, low});
    sack_ = !one_in(4);
    stamps_ = !one_in(3);
    if (sack_) add({4, 2});
    if (stamps_) add({8, 10, 0, 0, 0x13, 0x88, 0, 0, 0, 0});
    if (!one_in(3)) add({3, 3, static_cast<std::uint8_t>(below(16))});
    while (options.size() % 4 != 0) options.push_back(1);
    const bool ecn = one_in(3);
    syn_ = segment(first_number, 0,
                   static_cast<std::uint8_t>(TcpFlags::syn | (ecn ? TcpFlags::ece | TcpFlags::cwr : 0)), 0, options, 0);
    return syn_;
  }
  Bytes handshake() {
    const std::size_t text = one_in(4) ? 10 : 0;
    return segment(first_number + 1, 1, TcpFlags::ack, text, stamp(), 0);
  }

  Bytes any() {
    constexpr int ack = TcpFlags::ack, psh = TcpFlags::psh, fin = TcpFlags::fin, syn = TcpFlags::syn,
                  rst = TcpFlags::rst;
    ++clock_;
    const std::uint32_t near = below(3), far = below(one_in(4) ? 70'000 : 60), again = far % 1400;
    const auto mark = static_cast<std::uint8_t>(one_in(3) ? below(4) : 0);
    const int sign = one_in(8) ? TcpFlags::cwr : 0, push = one_in(4) ? 0 : psh;
    const bool rather = one_in(3), coin = one_in(2);
    const std::size_t text = length();
    const Bytes times = stamp();
    switch (below(16)) {
      case 0: return segment(next_ - 1, 1, ack, near & 1, times, mark);         // a keepalive
      case 1: return segment(next_ - again, 1, ack | psh, again, times, mark);  // once more
      case 2: return segment(next_ - far, 1, ack | psh, text, times, mark);     // some of it once more
      case 3:
      case 4:
      case 5: return segment(next_ + far, 1, ack | psh, text, times, mark);     // too early
      case 6: return segment(next_, 1 + near, ack, coin ? 1 : 0, times, mark);  // acknowledges what was not sent
      case 7:
        return rather ? segment(next_ + (near == 0 ? far : 0), 1, ack | fin, coin ? text : 0, times, mark)
                      : segment(next_, 1, ack, 0, times, mark);
      case 8:
        return rather ? segment(next_ - near, 1, rst, 0, times, mark)
                      : segment(next_ + far, 1, coin ? rst : rst | ack, 0, times, mark);
      case 9: return rather ? syn_ : segment(next_ + far, 1, coin ? syn : syn | ack, 0, {}, 0);
      case 10: return segment(next_, 1, static_cast<int>(below(32)) & ~(rst | fin), near, times, mark);
      default: return segment(next_, 1, ack | push | sign, text, times, mark);
    }
  }
  void saw(const std::vector<Bytes>& emerged) {
    for (const Bytes& packet : emerged) {
      const auto tcp = wire::TcpView::parse(wire::Ipv4View::parse(wire::ByteView(packet))->payload());
      if (tcp->flags().any(TcpFlags::ack)) next_ = tcp->acknowledgment();
    }
  }

 private:
  bool one_in(std::uint64_t n) { return random_.below(n) == 0; }
  std::uint32_t below(std::uint64_t bound) { return static_cast<std::uint32_t>(random_.below(bound)); }
  std::size_t length() {
    constexpr std::size_t lengths[] = {1, 5, 10, 100, 128, 500, 536, 1000, 1400, 1448};
    return lengths[random_.below(std::size(lengths))];
  }
  Bytes stamp() {
    if (!stamps_ || one_in(12)) return {};
    Bytes options{1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0};
    const std::uint32_t off = one_in(8) ? below(400) : one_in(4) ? 1 : 0;
    wire::store32(&options[4], first_stamp + clock_ - off);
    wire::store32(&options[8], one_in(12) ? below(2) * 90'000 : 1);
    return options;
  }
  Bytes segment(std::uint32_t sequence, std::uint32_t acknowledgment, int flags, std::size_t length,
                const Bytes& options, std::uint8_t tos) {
    return wire::tcp_packet({.source = caller, .destination = gateway, .tos = tos},
                            {.source_port = 4000,
                             .destination_port = port_,
                             .sequence = sequence,
                             .acknowledgment = acknowledgment,
                             .flags = {static_cast<std::uint8_t>(flags)},
                             .window = static_cast<std::uint16_t>(one_in(10) ? 0 : 500),
                             .options = options},
                            Bytes(length, 'x'));
  }

  Random random_;
  std::uint16_t port_;
  bool sack_ = false, stamps_ = false;
  std::uint32_t next_ = first_number + 1, clock_ = 0;
  Bytes syn_;
};

std::string text_of(const char* who, const std::vector<Bytes>& emerged) {
  std::string text;
  for (const Bytes& packet : emerged)
    text += fmt::format("    {} {}\n      {}\n", who, wire::describe(packet), wire::hex(packet));
  return text;
}

/// One connection; where the two part, the story up to there.
std::string played(std::uint64_t seed, std::uint16_t port, Party& own, Party& kernel) {
  Caller who(seed, port);
  std::string story = fmt::format("seed {}\n", seed);
  const auto agree = [&](const Bytes& packet, Duration pause) {
    const std::vector<Bytes> theirs = kernel.inject(packet, pause), ours = own.inject(packet, pause);
    story += fmt::format("  > {}\n    {}\n", wire::describe(packet), wire::hex(packet)) + text_of("kernel", theirs);
    if (ours != theirs) story += text_of("own   ", ours);
    who.saw(theirs);
    return ours == theirs;
  };
  const std::size_t before_handshake = seed % 3 == 0 ? seed / 3 % 4 : 0;
  constexpr std::size_t moves = 24;
  // The kernel's clock ticks every 4 ms; a FIN's acknowledgment waits for it.
  const auto pause = [](const Bytes& packet) {
    const auto tcp = wire::TcpView::parse(wire::Ipv4View::parse(wire::ByteView(packet))->payload());
    return tcp->flags().any(TcpFlags::fin) ? 9_ms : 1_ms;
  };
  if (!agree(who.syn(), {})) return story;
  for (std::size_t n = 0; n < moves; ++n) {
    const Bytes packet = n == before_handshake ? who.handshake() : who.any();
    if (!agree(packet, pause(packet))) return story;
  }
  const std::vector<Bytes> theirs = kernel.wait(80_ms), ours = own.wait(80_ms);
  if (ours == theirs) return {};
  return story + "  at the end\n" + text_of("kernel", theirs) + text_of("own   ", ours);
}

TEST(HeldPort, AnswersSegmentsThatNobodyThoughtOfAsTheRunningKernelDoes) {
  if (kernel::missing()) GTEST_SKIP() << "SKIPPED, NOTHING PROVED: " << *kernel::missing();
  std::uint64_t connections = 40, seed = 1;
  if (const char* wanted = std::getenv("MASQSIM_HELD_CONNECTIONS")) connections = std::strtoull(wanted, nullptr, 10);
  if (const char* wanted = std::getenv("MASQSIM_HELD_SEED")) seed = std::strtoull(wanted, nullptr, 10);
  std::optional<Party> own, kernel;
  std::uint16_t port = ports;
  for (const std::uint64_t end = seed + connections; seed < end; ++seed) {
    std::string parted;
    // A busy machine lets the kernel's timers come early: what differs has to differ again.
    for (int tries = 0; tries < 3; ++tries) {
      if (port == ports) {
        port = 0;
        own.emplace(std::make_unique<box::OwnBench>(with_services(), 1, 100_us));
        kernel.emplace(std::make_unique<box::KernelBench>(with_services()));
      }
      parted = played(seed, static_cast<std::uint16_t>(first_port + port++), *own, *kernel);
      if (parted.empty()) break;
    }
    EXPECT_EQ(parted, "");
  }
}

}  // namespace
}  // namespace masqsim::lockstep
