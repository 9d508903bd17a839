// The SCTP tracker alone. The client announces the tag 0x11, which the server's packets then bear, the server 0x22.
#include <gtest/gtest.h>

#include "bench.hpp"
#include "sim/nat/sctp_tracker.hpp"

namespace masqsim::nat::testing {
namespace {

constexpr std::uint8_t data = 0, init = 1, init_ack = 2, sack = 3, heartbeat = 4, heartbeat_ack = 5, abort_chunk = 6,
                       shutdown = 7, shutdown_ack = 8, error = 9, cookie_echo = 10, cookie_ack = 11,
                       shutdown_complete = 14;

Bytes chunk(std::uint8_t type, const Bytes& body = {}, std::uint8_t flags = 0) {
  Bytes bytes{type, flags, 0, static_cast<std::uint8_t>(4 + body.size())};
  bytes.insert(bytes.end(), body.begin(), body.end());
  bytes.resize((bytes.size() + 3) / 4 * 4);
  return bytes;
}
/// INIT or INIT ACK.
Bytes opening(std::uint8_t type, std::uint8_t tag) {
  return chunk(type, {0, 0, 0, tag, 0, 0, 0xff, 0xff, 0, 1, 0, 1, 0, 0, 0, 1});
}
Bytes packet(std::uint32_t tag, const std::vector<Bytes>& chunks) {
  Bytes bytes(12);
  wire::store32(&bytes[4], tag);
  for (const Bytes& c : chunks) bytes.insert(bytes.end(), c.begin(), c.end());
  return bytes;
}

/// One association, begun by the client's first packet; confirmed from its second packet on, as in the core.
struct Sctp : ::testing::Test {
  SctpTrack track;
  bool begun = false, confirmed = false;

  /// "CLOSED 10s", "ESTABLISHED 3m30s assured" where it becomes so; "CLOSED" where the time that is left stays;
  /// "invalid", "refused".
  std::string told(Direction direction, const Bytes& bytes) {
    if (!begun && !sctp_begin(track, bytes)) return "refused";
    begun = true;
    const SctpVerdict verdict = sctp_follow(track, direction, bytes, confirmed);
    confirmed = true;
    std::string line = verdict.valid ? to_string(track.state) : "invalid";
    if (verdict.timeout) line += ' ' + to_string(*verdict.timeout);
    return line + (verdict.established ? " assured" : "");
  }
  std::string client(std::uint32_t tag, const std::vector<Bytes>& chunks) {
    return told(Direction::original, packet(tag, chunks));
  }
  std::string server(std::uint32_t tag, const std::vector<Bytes>& chunks) {
    return told(Direction::reply, packet(tag, chunks));
  }

  void anew() { track = {}, begun = confirmed = false; }
  void establish() {
    anew();
    client(0, {opening(init, 0x11)});
    server(0x11, {opening(init_ack, 0x22)});
    client(0x22, {chunk(cookie_echo)});
    EXPECT_EQ(server(0x11, {chunk(cookie_ack)}), "ESTABLISHED 3m30s assured");
  }
  /// Both send an INIT before either is answered.
  void collide() {
    anew();
    client(0, {opening(init, 0x11)});
    EXPECT_EQ(server(0, {opening(init, 0x22)}), "CLOSED");
  }
};

TEST(SctpTables, AreTheKernelsForEveryStateAndChunk) {
  const std::array<std::uint8_t, 11> chunks{init,        init_ack,   abort_chunk,       shutdown,  shutdown_ack, error,
                                            cookie_echo, cookie_ack, shutdown_complete, heartbeat, heartbeat_ack};
  EXPECT_EQ(sctp_chunks, chunks);
  const std::string original =
      "CL CL CW CE ES CL CL SA CW|CL CL CW CE ES SS SR SA CL|CL CL CL CL CL CL CL CL CL|CL CL CW CE SS SS SR SA CL|"
      "SA CL CW CE ES SA SA SA SA|CL CL CW CE ES SS SR SA CL|CL CL CE CE ES SS SR SA CL|CL CL CW ES ES SS SR SA CL|"
      "CL CL CW CE ES SS SR CL CL|HS CL CW CE ES SS SR SA HS|CL CL CW CE ES SS SR SA HS|";
  const std::string reply =
      "-- CL CW CE ES SS SR SA --|-- CW CW CE ES SS SR SA --|-- CL CL CL CL CL CL CL --|-- CL CW CE SR SS SR SA --|"
      "-- CL CW CE ES SA SA SA --|-- CL CW CL ES SS SR SA --|-- CL CE CE ES SS SR SA --|-- CL CW ES ES SS SR SA --|"
      "-- CL CW CE ES SS SR CL --|-- CL CW CE ES SS SR SA HS|-- CL CW CE ES SS SR SA ES|";
  const auto text = [](const SctpTable& table) {
    const auto name = [](SctpState s) {
      switch (s) {
        case SctpState::none: return "--";
        case SctpState::closed: return "CL";
        case SctpState::cookie_wait: return "CW";
        case SctpState::cookie_echoed: return "CE";
        case SctpState::established: return "ES";
        case SctpState::shutdown_sent: return "SS";
        case SctpState::shutdown_recd: return "SR";
        case SctpState::shutdown_ack_sent: return "SA";
        case SctpState::heartbeat_sent: return "HS";
      }
      return "?";
    };
    std::string all;
    for (const auto& row : table) {
      for (std::size_t n = 0; n < row.size(); ++n) all += name(row[n]) + std::string(n == 8 ? "|" : " ");
    }
    return all;
  };
  EXPECT_EQ(text(sctp_original), original);
  EXPECT_EQ(text(sctp_reply), reply);
}

TEST_F(Sctp, KeepsEachStateForItsTime) {
  EXPECT_EQ(client(0, {opening(init, 0x11)}), "CLOSED 10s");
  EXPECT_EQ(client(0, {opening(init, 0x11)}), "CLOSED");  // again and again does not keep the port for ever
  EXPECT_EQ(server(0x11, {opening(init_ack, 0x22)}), "COOKIE_WAIT 3s");
  EXPECT_EQ(client(0, {opening(init, 0x11)}), "COOKIE_WAIT 3s");
  EXPECT_EQ(client(0x22, {chunk(cookie_echo)}), "COOKIE_ECHOED 3s");
  EXPECT_EQ(server(0x11, {chunk(cookie_ack)}), "ESTABLISHED 3m30s assured");
  EXPECT_EQ(server(0x11, {chunk(cookie_ack)}), "ESTABLISHED 3m30s");
  EXPECT_EQ(client(0x22, {chunk(data)}), "ESTABLISHED 3m30s");
  EXPECT_EQ(client(0x22, {chunk(sack), chunk(data)}), "ESTABLISHED 3m30s");
  EXPECT_EQ(server(0x11, {chunk(shutdown)}), "SHUTDOWN_RECD 3s");
  EXPECT_EQ(client(0x22, {chunk(shutdown_ack)}), "SHUTDOWN_ACK_SENT 3s");
  EXPECT_EQ(server(0x11, {chunk(shutdown_complete)}), "CLOSED 10s");
  EXPECT_EQ(server(0x11, {chunk(data)}), "CLOSED 10s");
  establish();
  EXPECT_EQ(client(0x22, {chunk(shutdown)}), "SHUTDOWN_SENT 3s");
  EXPECT_EQ(client(0, {opening(init, 0x11)}), "CLOSED 10s");
  anew();
  EXPECT_EQ(client(9, {chunk(heartbeat)}), "HEARTBEAT_SENT 30s");
  EXPECT_EQ(server(8, {chunk(heartbeat_ack)}), "ESTABLISHED 3m30s assured");
}

TEST_F(Sctp, BeginsWithAWholeInitWithoutATag) {
  SctpTrack fresh;
  EXPECT_FALSE(sctp_begin(fresh, packet(5, {opening(init, 0x11)})));
  EXPECT_FALSE(sctp_begin(fresh, packet(1, {opening(init, 0x11)})));
  Bytes cut = packet(0, {opening(init, 0x11)});
  cut.pop_back();
  EXPECT_FALSE(sctp_begin(fresh, cut));
  cut = packet(0, {opening(init, 0x11)});
  EXPECT_TRUE(sctp_begin(fresh, cut));
  EXPECT_EQ(fresh.tag[0], 0u);
  EXPECT_EQ(fresh.tag[1], 0x11u);
}

TEST_F(Sctp, BeginsWithNothingThatHasToBelongToSomethingKnown) {
  constexpr std::uint8_t ecne = 12, forward_tsn = 192;
  for (const std::uint8_t type : {data, sack, abort_chunk, cookie_ack, shutdown_complete, ecne, forward_tsn}) {
    EXPECT_EQ(client(0, {chunk(type)}), "refused") << int{type};
    EXPECT_EQ(client(0, {chunk(heartbeat), chunk(type)}), "refused") << int{type};
  }
  EXPECT_EQ(client(0, {}), "refused");
  EXPECT_EQ(client(0, {{heartbeat, 0, 0}}), "refused");
  EXPECT_EQ(client(0, {{heartbeat, 0, 0, 0}}), "refused");
}

TEST_F(Sctp, OfWhichOnlyTheEndIsSeenExpectsItsTagBack) {
  EXPECT_EQ(client(7, {chunk(shutdown_ack)}), "SHUTDOWN_ACK_SENT 3s");
  EXPECT_EQ(server(8, {chunk(shutdown_complete)}), "invalid");
  EXPECT_EQ(server(7, {chunk(shutdown_complete)}), "CLOSED 10s");
}

TEST_F(Sctp, ReadsTagsOfAllTheirBytes) {
  anew();
  EXPECT_EQ(client(0x01020304, {chunk(heartbeat)}), "HEARTBEAT_SENT 30s");
  EXPECT_EQ(track.tag[0], 0x01020304u);
  EXPECT_EQ(server(0x05060708, {chunk(heartbeat_ack)}), "ESTABLISHED 3m30s assured");
  EXPECT_EQ(track.tag[1], 0x05060708u);
  EXPECT_EQ(client(0x01020305, {chunk(data)}), "invalid");
  EXPECT_EQ(client(0x02020304, {chunk(data)}), "invalid");
  EXPECT_EQ(client(0x01020304, {chunk(data)}), "ESTABLISHED 3m30s");
}

TEST_F(Sctp, OpeningsAndTheLastAreBundledWithNothing) {
  establish();
  const SctpTrack before = track;
  for (const Bytes& one : {opening(init, 0x11), opening(init_ack, 0x22), chunk(shutdown_complete)}) {
    const std::uint32_t tag = one[0] == init ? 0 : 0x11;
    track = before;
    EXPECT_EQ(server(tag, {one}), "ESTABLISHED 3m30s") << int{one[0]};
    EXPECT_EQ(server(tag, {one, chunk(heartbeat)}), "invalid") << int{one[0]};
    EXPECT_EQ(server(tag, {chunk(heartbeat), one}), "invalid") << int{one[0]};
  }
  SctpTrack fresh;
  EXPECT_FALSE(sctp_begin(fresh, packet(0, {opening(init, 0x11), chunk(heartbeat)})));
  EXPECT_FALSE(sctp_begin(fresh, packet(0, {chunk(heartbeat), opening(init, 0x11)})));
}

TEST_F(Sctp, CookiesComeFirst) {
  establish();
  for (const std::uint8_t cookie : {cookie_echo, cookie_ack}) {
    EXPECT_EQ(server(0x11, {chunk(cookie), chunk(data)}), "ESTABLISHED 3m30s");
    EXPECT_EQ(server(0x11, {chunk(data), chunk(cookie)}), "invalid");
    EXPECT_EQ(server(0x11, {chunk(data), chunk(data), chunk(cookie)}), "invalid");
  }
}

TEST_F(Sctp, ChunksOfLengthZeroAreInvalid) {
  establish();
  EXPECT_EQ(server(0x11, {{data, 0, 0, 0}}), "invalid");
  EXPECT_EQ(server(0x11, {chunk(data), {data, 0, 0, 0}}), "invalid");
  EXPECT_EQ(server(0x11, {{data, 0, 0, 1}}), "ESTABLISHED 3m30s");
  EXPECT_EQ(server(0x11, {{data, 0, 1, 0}}), "ESTABLISHED 3m30s");
}

TEST_F(Sctp, ChunksLieAtMultiplesOfFour) {
  for (std::uint8_t size = 0; size < 10; ++size) {
    establish();
    EXPECT_EQ(server(0x11, {chunk(data, Bytes(size, shutdown)), chunk(shutdown)}), "SHUTDOWN_RECD 3s") << int{size};
  }
  establish();
  EXPECT_EQ(server(0x11, {chunk(data), {shutdown, 0, 0}}), "ESTABLISHED 3m30s");  // cut short: none
  EXPECT_EQ(server(0x11, {}), "invalid");
  EXPECT_EQ(server(0x11, {chunk(data, Bytes(0xf0)), chunk(shutdown)}), "SHUTDOWN_RECD 3s");
}

TEST_F(Sctp, PacketsBearTheTagOfTheirReceiver) {
  for (const std::uint8_t type : {data, sack, shutdown, error, cookie_ack, cookie_echo}) {
    establish();
    for (const std::uint32_t wrong : {0u, 0x21u, 0x11u}) {
      EXPECT_EQ(client(wrong, {chunk(type)}), "invalid") << int{type};
    }
    for (const std::uint32_t wrong : {0u, 0x12u, 0x22u}) {
      EXPECT_EQ(server(wrong, {chunk(type)}), "invalid") << int{type};
    }
    EXPECT_NE(client(0x22, {chunk(type)}), "invalid") << int{type};
    EXPECT_NE(server(0x11, {chunk(type)}), "invalid") << int{type};
  }
  establish();
  EXPECT_EQ(client(0x22, {opening(init, 0x11)}), "invalid");
  EXPECT_EQ(client(1, {opening(init, 0x11)}), "invalid");
  EXPECT_EQ(client(0x21, {opening(init_ack, 0x11)}), "invalid");
}

TEST_F(Sctp, AbortsAndTheLastMayBearTheSendersOwnTagIfTheySaySo) {
  for (const std::uint8_t type : {abort_chunk, shutdown_complete}) {
    const auto valid = [&](bool from_client, std::uint32_t tag, std::uint8_t flags) {
      establish();
      return (from_client ? client(tag, {chunk(type, {}, flags)}) : server(tag, {chunk(type, {}, flags)})) != "invalid";
    };
    EXPECT_TRUE(valid(true, 0x22, 0));
    EXPECT_FALSE(valid(true, 0x11, 0));
    EXPECT_FALSE(valid(true, 0x33, 0));
    EXPECT_TRUE(valid(true, 0x11, 1));
    EXPECT_FALSE(valid(true, 0x22, 1));
    EXPECT_TRUE(valid(false, 0x11, 0));
    EXPECT_FALSE(valid(false, 0x22, 0));
    EXPECT_TRUE(valid(false, 0x22, 1));
    EXPECT_FALSE(valid(false, 0x11, 1));
    EXPECT_TRUE(valid(false, 0x22, 0xff));
    EXPECT_TRUE(valid(false, 0x11, 0xfe));
  }
  establish();
  EXPECT_EQ(client(0x22, {chunk(abort_chunk)}), "CLOSED 10s");
}

TEST_F(Sctp, AnInitAckKeepsTheTagThatIsKnownButThatOfAnInitNotYetAcknowledgedMayChange) {
  client(0, {opening(init, 0x11)});
  EXPECT_EQ(server(0x11, {opening(init_ack, 0x22)}), "COOKIE_WAIT 3s");
  EXPECT_EQ(server(0x11, {opening(init_ack, 0x33)}), "COOKIE_WAIT 3s");
  EXPECT_EQ(track.tag[0], 0x33u);
  establish();
  EXPECT_EQ(server(0x11, {opening(init_ack, 0x33)}), "invalid");
  EXPECT_EQ(server(0x11, {opening(init_ack, 0x22)}), "ESTABLISHED 3m30s");
  EXPECT_EQ(client(0x22, {opening(init_ack, 0x33)}), "invalid");
  EXPECT_EQ(client(0x22, {opening(init_ack, 0x11)}), "ESTABLISHED 3m30s");
}

TEST_F(Sctp, AnInitAckTellsATagWhereNoneIsKnown) {
  client(9, {chunk(heartbeat)});
  EXPECT_EQ(client(9, {opening(init_ack, 0x11)}), "CLOSED 10s");
  EXPECT_EQ(track.tag[1], 0x11u);
}

TEST_F(Sctp, OpeningsCutShortAreInvalid) {
  for (const std::uint8_t type : {init, init_ack}) {
    establish();
    Bytes cut = packet(type == init ? 0 : 0x11, {opening(type, 0x22)});
    EXPECT_EQ(told(Direction::reply, cut), "ESTABLISHED 3m30s");
    cut.pop_back();
    EXPECT_EQ(told(Direction::reply, cut), "invalid");
  }
}

TEST_F(Sctp, WhereInitsCrossNeitherSideMayAnswerWithAnotherTag) {
  collide();
  EXPECT_EQ(client(0x22, {opening(init_ack, 0x99)}), "invalid");
  EXPECT_EQ(server(0x11, {opening(init_ack, 0x99)}), "invalid");
  EXPECT_EQ(client(0x22, {opening(init_ack, 0x11)}), "CLOSED 10s");
  EXPECT_EQ(server(0x11, {opening(init_ack, 0x22)}), "COOKIE_WAIT 3s");
}

TEST_F(Sctp, ThirdInitsForgetThatTheOtherSideBegan) {
  collide();
  EXPECT_EQ(client(0, {opening(init, 0x12)}), "CLOSED");
  EXPECT_EQ(client(0x22, {opening(init_ack, 0x99)}), "invalid");
  EXPECT_EQ(server(0x12, {opening(init_ack, 0x99)}), "COOKIE_WAIT 3s");
  collide();
  EXPECT_EQ(server(0, {opening(init, 0x23)}), "CLOSED");
  EXPECT_EQ(server(0x11, {opening(init_ack, 0x99)}), "invalid");
  EXPECT_EQ(client(0x23, {opening(init_ack, 0x99)}), "CLOSED 10s");
}

TEST_F(Sctp, ASecondInitOfOneSideAloneForgetsNothing) {
  client(0, {opening(init, 0x11)});
  EXPECT_EQ(client(0, {opening(init, 0x12)}), "CLOSED");
  EXPECT_EQ(track.tag[1], 0x12u);
  EXPECT_EQ(server(0x12, {opening(init_ack, 0x22)}), "COOKIE_WAIT 3s");
  EXPECT_EQ(server(0x12, {opening(init_ack, 0x33)}), "COOKIE_WAIT 3s");
}

TEST_F(Sctp, AnInitThatRepeatsAKnownTagBeginsNothing) {
  establish();
  EXPECT_EQ(client(0, {opening(init, 0x11)}), "ESTABLISHED 3m30s");
  EXPECT_EQ(server(0x11, {opening(init_ack, 0x33)}), "invalid");
  EXPECT_EQ(client(0, {opening(init, 0x12)}), "ESTABLISHED 3m30s");
  EXPECT_EQ(server(0x12, {opening(init_ack, 0x33)}), "ESTABLISHED 3m30s");
}

TEST_F(Sctp, ACookiesAcknowledgmentEndsTheBeginningOfBoth) {
  collide();
  EXPECT_EQ(server(0x11, {chunk(cookie_ack)}), "CLOSED 10s");
  EXPECT_EQ(server(0x11, {opening(init_ack, 0x99)}), "invalid");
  EXPECT_EQ(client(0x22, {opening(init_ack, 0x99)}), "invalid");
  collide();
  client(0x22, {chunk(cookie_ack)});
  EXPECT_EQ(server(0x11, {opening(init_ack, 0x99)}), "invalid");
  EXPECT_EQ(client(0x22, {opening(init_ack, 0x99)}), "invalid");
}

TEST_F(Sctp, HeartbeatsWithAnotherTagPassAndMoveTheAssociationOnceAnswered) {
  establish();
  EXPECT_EQ(client(0x33, {chunk(heartbeat)}), "ESTABLISHED");
  EXPECT_EQ(client(0x33, {chunk(heartbeat_ack)}), "invalid");  // its own side does not answer it
  EXPECT_EQ(server(0x44, {chunk(heartbeat_ack)}), "ESTABLISHED 3m30s");
  EXPECT_EQ(server(0x55, {chunk(heartbeat_ack)}), "invalid");  // answered already
  EXPECT_EQ(server(0x11, {chunk(data)}), "invalid");
  EXPECT_EQ(server(0x44, {chunk(data)}), "ESTABLISHED 3m30s");
  EXPECT_EQ(client(0x22, {chunk(data)}), "invalid");
  EXPECT_EQ(client(0x33, {chunk(heartbeat)}), "ESTABLISHED 3m30s");  // the first tag behind it counts
  EXPECT_EQ(client(0x33, {chunk(data)}), "ESTABLISHED 3m30s");
}

TEST_F(Sctp, AnInitAckMayTellTheTagThatAMovedAssociationLost) {
  establish();
  client(0x33, {chunk(heartbeat)});
  server(0x44, {chunk(heartbeat_ack)});
  EXPECT_EQ(track.tag[0], 0u);
  EXPECT_EQ(server(0x44, {opening(init_ack, 0x33)}), "ESTABLISHED 3m30s");
  EXPECT_EQ(track.tag[0], 0x33u);
}

TEST_F(Sctp, HeartbeatsFromTheOtherSideMoveItToo) {
  establish();
  EXPECT_EQ(server(0x44, {chunk(heartbeat)}), "ESTABLISHED");
  EXPECT_EQ(server(0x44, {chunk(heartbeat_ack)}), "invalid");
  EXPECT_EQ(client(0x33, {chunk(heartbeat_ack)}), "ESTABLISHED 3m30s");
  EXPECT_EQ(track.tag[0], 0x33u);
  EXPECT_EQ(track.tag[1], 0u);
  EXPECT_EQ(server(0x66, {chunk(heartbeat_ack)}), "ESTABLISHED 3m30s");
  EXPECT_EQ(track.tag[1], 0x66u);
}

TEST_F(Sctp, AHeartbeatOrItsAnswerThatFitsEndsTheWaitForTheStrayOnes) {
  for (const std::uint8_t type : {heartbeat, heartbeat_ack}) {
    for (const bool from_client : {true, false}) {
      establish();
      EXPECT_EQ(client(0x33, {chunk(heartbeat)}), "ESTABLISHED");
      EXPECT_EQ(from_client ? client(0x22, {chunk(type)}) : server(0x11, {chunk(type)}), "ESTABLISHED 3m30s");
      EXPECT_EQ(server(0x44, {chunk(heartbeat_ack)}), "invalid");
    }
  }
  establish();
  EXPECT_EQ(server(0x44, {chunk(heartbeat_ack)}), "invalid");  // nobody asked
}

TEST_F(Sctp, StrayHeartbeatsComeAloneAndWithoutData) {
  establish();
  EXPECT_EQ(client(0x33, {chunk(heartbeat), chunk(data)}), "invalid");
  EXPECT_EQ(client(0x33, {chunk(heartbeat), chunk(heartbeat)}), "invalid");
  establish();
  EXPECT_EQ(client(0x33, {chunk(heartbeat), chunk(heartbeat_ack)}), "invalid");
  establish();
  client(0x33, {chunk(heartbeat)});
  EXPECT_EQ(server(0x44, {chunk(heartbeat_ack), chunk(data)}), "invalid");
  EXPECT_EQ(server(0x44, {chunk(heartbeat_ack), chunk(sack)}), "ESTABLISHED 3m30s");
  EXPECT_EQ(server(0x44, {chunk(heartbeat), chunk(data)}), "ESTABLISHED 3m30s");
}

TEST_F(Sctp, OnAPathOfItsOwnOnlyHeartbeatsAnswerAHeartbeat) {
  for (const Bytes& other : {opening(init, 0x22), opening(init_ack, 0x22), chunk(abort_chunk), chunk(shutdown_ack)}) {
    anew();
    client(9, {chunk(heartbeat)});
    EXPECT_EQ(server(0, {other}), "invalid") << int{other[0]};
  }
  EXPECT_EQ(server(8, {chunk(heartbeat)}), "HEARTBEAT_SENT 30s");
}

TEST_F(Sctp, WhatAnInvalidPacketEstablishedBeforeItsLastChunkIsAssured) {
  client(0, {opening(init, 0x11)});
  server(0x11, {opening(init_ack, 0x22)});
  client(0x22, {chunk(cookie_echo)});
  EXPECT_EQ(client(0x33, {chunk(heartbeat_ack)}), "invalid");
  EXPECT_EQ(server(0x44, {chunk(cookie_ack), chunk(heartbeat_ack)}), "invalid assured");
}

}  // namespace
}  // namespace masqsim::nat::testing
