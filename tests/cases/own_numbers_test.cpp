// Numbers of the gateway's own TCP, told relative to where it began.
#include "sim/cases/own_numbers.hpp"

#include <gtest/gtest.h>

#include "masqsim/wire/build.hpp"
#include "masqsim/wire/tcp.hpp"

namespace masqsim::cases {
namespace {

using wire::TcpFlags;
using Bytes = std::vector<std::uint8_t>;

constexpr wire::Address gateway = wire::address(203, 0, 113, 1), caller = wire::address(198, 51, 100, 7);

/// Timestamps behind `pad` no-operations: an odd number lets their words lie across those of the checksum.
Bytes stamps(std::uint32_t value, std::uint32_t echo, std::size_t pad) {
  Bytes options(pad, 1);
  options.resize(pad + 10);
  options[pad] = 8, options[pad + 1] = 10;
  wire::store32(&options[pad + 2], value);
  wire::store32(&options[pad + 6], echo);
  while (options.size() % 4 != 0) options.push_back(1);
  return options;
}
Bytes from_gateway(std::uint8_t flags, std::uint32_t sequence, wire::ByteView options, std::uint8_t ttl = 64) {
  return wire::tcp_packet({.source = gateway, .destination = caller, .ttl = ttl},
                          {.source_port = 80,
                           .destination_port = 4000,
                           .sequence = sequence,
                           .acknowledgment = 7,
                           .flags = {flags},
                           .options = options},
                          {});
}
Bytes to_gateway(std::uint32_t acknowledgment, wire::ByteView options) {
  return wire::tcp_packet({.source = caller, .destination = gateway},
                          {.source_port = 4000,
                           .destination_port = 80,
                           .sequence = 7,
                           .acknowledgment = acknowledgment,
                           .flags = {TcpFlags::ack},
                           .options = options},
                          {});
}

TEST(OwnNumbers, CountFromTheSynAckAndBack) {
  for (const std::size_t pad : {0u, 1u, 2u}) {
    OwnNumbers numbers;
    Bytes answer = from_gateway(TcpFlags::syn | TcpFlags::ack, 0xfffffff0, stamps(0xfffffffe, 5, pad));
    numbers.make_relative(answer);
    EXPECT_EQ(answer, from_gateway(TcpFlags::syn | TcpFlags::ack, 0, stamps(1, 5, pad)));
    Bytes handshake = to_gateway(1, stamps(6, 1, pad));
    numbers.make_real(handshake);
    EXPECT_EQ(handshake, to_gateway(0xfffffff1, stamps(6, 0xfffffffe, pad)));
    Bytes later = from_gateway(TcpFlags::ack, 0xfffffff1, stamps(20, 6, pad));
    numbers.make_relative(later);
    EXPECT_EQ(later, from_gateway(TcpFlags::ack, 1, stamps(23, 6, pad)));
  }
}

TEST(OwnNumbers, LeaveOthersPacketsAndEchoesOfNothingAsTheyAre) {
  OwnNumbers numbers;
  const Bytes forwarded = from_gateway(TcpFlags::syn | TcpFlags::ack, 500, {}, 63);
  Bytes packet = forwarded;
  numbers.make_relative(packet);
  EXPECT_EQ(packet, forwarded);
  packet = from_gateway(TcpFlags::syn | TcpFlags::ack, 500, stamps(9, 0, 0));
  numbers.make_relative(packet);
  Bytes silent = to_gateway(0, stamps(6, 0, 0));
  numbers.make_real(silent);
  EXPECT_EQ(silent, to_gateway(500, stamps(6, 0, 0)));
  const Bytes refusal = from_gateway(TcpFlags::rst | TcpFlags::ack, 0, {});
  packet = refusal;
  numbers.make_relative(packet);
  EXPECT_EQ(packet, refusal) << "it counts from 0 in any case";
}

}  // namespace
}  // namespace masqsim::cases
