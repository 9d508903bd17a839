#include "sim/net/network.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "masqsim/wire/build.hpp"

namespace masqsim::net {
namespace {

/// A node that notes what arrives and when.
class Probe final : public Node {
 public:
  using Node::Node;
  void receive(Packet packet, InterfaceIndex in) override {
    arrivals.push_back(fmt::format("{} p{} on {}", seconds(network_.now(), 6), packet.id(), in));
    order.push_back(packet.id());
  }
  void output(Packet) override {}

  std::vector<std::string> arrivals;
  std::vector<std::uint64_t> order;
};

/// Drops as "NODE REASON pN".
class Drops final : public trace::Sink {
 public:
  explicit Drops(const Network& network) : network_(network) {}
  void record(const trace::Record& r) override {
    if (r.kind == trace::Kind::drop) {
      seen.push_back(fmt::format("{} {} p{}", network_.name(r.node), word(r.reason), r.packet));
    }
  }
  std::vector<std::string> seen;

 private:
  const Network& network_;
};

class LinkTest : public testing::Test {
 protected:
  void lan(const LinkParams& params, std::uint64_t seed = 1) {
    network = std::make_unique<Network>(seed);
    drops = std::make_unique<Drops>(*network);
    network->trace().add(*drops);
    const std::uint32_t segment = network->add_segment("home", params, true);
    for (std::uint8_t n = 1; n <= 3; ++n) {
      probes[n] = &network->add<Probe>(fmt::format("n{}", n), trace::NodeKind::host);
      network->attach(*probes[n], segment, "home", "home", wire::address(192, 168, 1, n), 24);
    }
  }

  Sent send(std::uint8_t from, wire::Address to, std::size_t bytes = 100) {
    Packet packet = network->pool().make(bytes, 0);
    std::fill(packet.bytes().begin(), packet.bytes().end(), std::uint8_t{0});
    return network->transmit(*probes[from], 0, packet, to);
  }

  std::unique_ptr<Network> network;
  std::unique_ptr<Drops> drops;
  Probe* probes[4] = {};
};

const wire::Address two = wire::address(192, 168, 1, 2);

using Lines = std::vector<std::string>;

TEST_F(LinkTest, CrossingTakesTheDelayPlusTheTimeOnTheWire) {
  lan({.delay = 1_ms, .rate = {100'000'000}});
  send(1, two, 100);
  network->engine().run();
  EXPECT_EQ(probes[2]->arrivals, Lines{"0.001008 p1 on 0"});
}

TEST_F(LinkTest, ASendersPacketsWaitForItsWireAndOtherSendersDoNot) {
  lan({.delay = 1_ms, .rate = {1'000'000}});
  send(1, two, 1000);
  send(1, two, 1000);
  send(3, two, 1000);
  network->engine().run();
  EXPECT_EQ(probes[2]->arrivals, (Lines{"0.009000 p1 on 0", "0.009000 p3 on 0", "0.017000 p2 on 0"}));
}

TEST_F(LinkTest, AFullQueueDropsWhatFindsTooManyBytesWaiting) {
  lan({.rate = {8'000'000}, .queue = 150});
  for (int n = 0; n < 4; ++n) send(1, two, 100);
  network->engine().run();
  EXPECT_EQ(probes[2]->order, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(drops->seen, (Lines{"n1 queue-full p3", "n1 queue-full p4"}));
}

TEST_F(LinkTest, AQueueHoldsAsManyBytesAsItIsSaidTo) {
  lan({.rate = {8'000'000}, .queue = 200});
  for (int n = 0; n < 4; ++n) send(1, two, 100);
  network->engine().run();
  EXPECT_EQ(probes[2]->order, (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(drops->seen, Lines{"n1 queue-full p4"});
}

TEST_F(LinkTest, AnAddressThatNobodyHasIsNoNeighbourAndThePacketStaysTheSenders) {
  lan({});
  Packet packet = network->pool().make(20, 0);
  EXPECT_EQ(network->transmit(*probes[1], 0, packet, wire::address(192, 168, 1, 9)), Sent::no_neighbour);
  EXPECT_TRUE(packet);
}

TEST_F(LinkTest, BroadcastReachesEverybodyElse) {
  lan({.delay = 1_ms});
  send(1, wire::address(192, 168, 1, 255));
  network->engine().run();
  EXPECT_TRUE(probes[1]->arrivals.empty());
  EXPECT_EQ(probes[2]->arrivals, Lines{"0.001000 p2 on 0"});
  EXPECT_EQ(probes[3]->arrivals, Lines{"0.001000 p3 on 0"});
}

TEST_F(LinkTest, EveryKindOfBroadcastAndMulticastReachesEverybodyElse) {
  for (const wire::Address all : {wire::address(192, 168, 1, 255), wire::address(255, 255, 255, 255),
                                  wire::address(224, 0, 0, 1), wire::address(239, 1, 2, 3)}) {
    lan({});
    EXPECT_EQ(send(1, all), Sent::yes) << to_string(all);
    network->engine().run();
    EXPECT_EQ(probes[2]->arrivals.size(), 1u) << to_string(all);
    EXPECT_EQ(probes[3]->arrivals.size(), 1u) << to_string(all);
  }
}

TEST_F(LinkTest, LossDropsItsShareAndSaysSo) {
  lan({.loss = {1, 4}});
  for (int n = 0; n < 4000; ++n) send(1, two);
  network->engine().run();
  EXPECT_EQ(probes[2]->order.size() + drops->seen.size(), 4000u);
  EXPECT_NEAR(static_cast<double>(drops->seen.size()), 1000.0, 100.0);
  EXPECT_TRUE(drops->seen.front().starts_with("n1 link-loss p")) << drops->seen.front();
}

TEST_F(LinkTest, JitterVariesTheDelayEitherWayAndKeepsTheOrder) {
  lan({.delay = 10_ms, .jitter = 5_ms});
  for (int n = 0; n < 200; ++n) send(1, two);
  network->engine().run();
  EXPECT_TRUE(std::is_sorted(probes[2]->order.begin(), probes[2]->order.end()));
  EXPECT_GE(probes[2]->arrivals.front(), "0.005000");
  EXPECT_LE(probes[2]->arrivals.back(), "0.015001");
  EXPECT_NE(probes[2]->arrivals.front().substr(0, 8), probes[2]->arrivals.back().substr(0, 8));
}

TEST_F(LinkTest, ADuplicateComesBesideItsOriginalUnderANumberOfItsOwn) {
  lan({.delay = 1_ms, .duplicate = {1, 1}});
  send(1, two);
  network->engine().run();
  EXPECT_EQ(probes[2]->arrivals, (Lines{"0.001000 p1 on 0", "0.001000 p2 on 0"}));
}

TEST_F(LinkTest, AReorderedPacketTakesHalfTheDelay) {
  lan({.delay = 10_ms, .reorder = {1, 1}});
  send(1, two);
  network->engine().run();
  EXPECT_EQ(probes[2]->arrivals, Lines{"0.005000 p1 on 0"});
}

TEST_F(LinkTest, ALinkThatIsDownDropsAtItsSender) {
  lan({});
  network->segment(0).down = true;
  EXPECT_EQ(send(1, two), Sent::down);
  EXPECT_EQ(drops->seen, Lines{"n1 link-down p1"});
}

TEST_F(LinkTest, AnInterfaceThatIsDownDropsWhatArrives) {
  lan({.delay = 1_ms});
  send(1, two);
  probes[2]->interfaces()[0].up = false;
  network->engine().run();
  EXPECT_EQ(drops->seen, Lines{"n2 link-down p1"});
}

TEST_F(LinkTest, ANewAddressIsFoundAndTheOldOneIsGone) {
  lan({});
  network->set_addresses(*probes[2], 0, {{wire::address(192, 168, 1, 77), 24}});
  EXPECT_EQ(send(1, wire::address(192, 168, 1, 77)), Sent::yes);
  EXPECT_EQ(send(1, two), Sent::no_neighbour);
}

TEST_F(LinkTest, NewAddressesReplaceTheFurtherOnesAsWellAndTheRoutesToTheirSubnets) {
  lan({});
  const wire::Address alias = wire::address(192, 168, 1, 20), far = wire::address(10, 1, 0, 1);
  const auto subnets = [&] {
    std::string text;
    for (const Route& route : probes[2]->routes().all()) text += to_string(route.to) + ' ';
    return text;
  };
  network->set_addresses(*probes[2], 0, {{two, 24}, {alias, 24}, {far, 16}});
  EXPECT_EQ(send(1, alias), Sent::yes);
  EXPECT_EQ(send(1, far), Sent::yes);
  EXPECT_EQ(subnets(), "10.1.0.0/16 ");  // the first subnet was there before the network knew of it
  network->set_addresses(*probes[2], 0, {{alias, 24}});
  EXPECT_EQ(send(1, two), Sent::no_neighbour);
  EXPECT_EQ(send(1, far), Sent::no_neighbour);
  EXPECT_EQ(send(1, alias), Sent::yes);
  EXPECT_EQ(subnets(), "");
  network->set_addresses(*probes[2], 0, {});
  EXPECT_EQ(send(1, alias), Sent::no_neighbour);
}

TEST_F(LinkTest, AnAddressThatWasTakenOverIsAnsweredByItsFirstOwnerAgain) {
  lan({});
  const auto answered_by = [&] {
    send(1, two);
    network->engine().run();
    return std::exchange(probes[2]->order, {}).empty() ? (std::exchange(probes[3]->order, {}).empty() ? 0 : 3) : 2;
  };
  EXPECT_EQ(answered_by(), 2);
  network->set_addresses(*probes[3], 0, {{two, 24}});
  EXPECT_EQ(answered_by(), 3);
  network->set_addresses(*probes[3], 0, {{wire::address(192, 168, 1, 12), 24}});
  EXPECT_EQ(answered_by(), 2);
  network->set_addresses(*probes[3], 0, {{two, 24}});
  network->set_addresses(*probes[2], 0, {{wire::address(192, 168, 1, 13), 24}});
  EXPECT_EQ(answered_by(), 3);
  network->set_addresses(*probes[3], 0, {});
  EXPECT_EQ(send(1, two), Sent::no_neighbour);
}

TEST(Routes, OfARangeAreTheFewestPrefixesThatHoldIt) {
  const auto parts = [](wire::Address first, wire::Address last) {
    std::string text;
    for (const wire::Prefix p : prefixes_of(first, last)) text += to_string(p) + ' ';
    return text;
  };
  const auto a = [](unsigned d) { return wire::address(44, 0, 0, d); };
  EXPECT_EQ(parts(a(7), a(7)), "44.0.0.7/32 ");
  EXPECT_EQ(parts(a(0), wire::address(44, 255, 255, 255)), "44.0.0.0/8 ");
  EXPECT_EQ(parts(a(3), a(9)), "44.0.0.3/32 44.0.0.4/30 44.0.0.8/31 ");
  EXPECT_EQ(parts({0}, {0xffffffff}), "0.0.0.0/0 ");
  EXPECT_EQ(parts({1}, {0xffffffff}).substr(0, 26), "0.0.0.1/32 0.0.0.2/31 0.0.");
}

TEST(Chance, OfOneLinkIsNotDisturbedByAnother) {
  const auto lost = [](bool with_other) {
    Network network(7);
    if (with_other) network.add_segment("another", {.loss = {1, 2}}, true);
    const std::uint32_t segment = network.add_segment("home", {.loss = {1, 2}}, true);
    std::string pattern;
    for (int n = 0; n < 64; ++n) pattern += network.segment(segment).loss.chance({1, 2}) ? 'x' : '.';
    return pattern;
  };
  EXPECT_EQ(lost(false), lost(true));
}

TEST(Pool, GivesBuffersBackAndNumbersPacketsFromOne) {
  Pool pool;
  const std::uint8_t* place = nullptr;
  {
    const Packet first = pool.make(100, 3);
    place = first.bytes().data();
    EXPECT_EQ(first.id(), 1u);
    EXPECT_EQ(first.flow(), 3u);
    EXPECT_GE(first.buffer().room, 164u);
  }
  const Packet second = pool.make(100, 0);
  EXPECT_EQ(second.bytes().data(), place);
  EXPECT_EQ(second.id(), 2u);
}

TEST(Pool, MakesTheLargestDatagram) {
  Pool pool;
  const Packet packet = pool.make(65535, 0);
  EXPECT_EQ(packet.size(), 65535u);
  EXPECT_GE(packet.buffer().room, 65535u + 64u);
}

TEST(Pool, GivesTheSamePlaceAgainToAPacketOfTheSameSize) {
  Pool pool;
  const auto place = [&](std::size_t size) { return static_cast<const void*>(pool.make(size, 0).bytes().data()); };
  for (const std::size_t size : {100u, 1500u, 9000u, 65'535u}) {
    const void* first = place(size);
    EXPECT_EQ(place(size), first) << size;
  }
}

TEST(Pool, KnowsHowMuchMemoryItTook) {
  Pool pool;
  EXPECT_EQ(pool.memory(), 0u);
  std::vector<Packet> held;
  held.push_back(pool.make(100, 0));
  const std::uint64_t first = pool.memory();
  EXPECT_GE(first, 200u * 1024);
  EXPECT_LE(first, 256u * 1024);
  for (int n = 0; n < 1000; ++n) held.push_back(pool.make(100, 0));
  EXPECT_GE(pool.memory(), 1000u * 256);
  EXPECT_EQ(pool.memory() % first, 0u) << "one piece after the other, of one size";
  const std::uint64_t all = pool.memory();
  held.clear();
  for (int n = 0; n < 1000; ++n) held.push_back(pool.make(100, 0));
  EXPECT_EQ(pool.memory(), all) << "what was given back is used again";
}

/// A host at 198.51.100.10 alone on its link to a cloud.
TEST(Cloud, LearnsWhereANewAddressIsAndForgetsTheOldOne) {
  Network network(1);
  Probe& internet = network.add<Probe>("internet", trace::NodeKind::cloud);
  Probe& host = network.add<Probe>("host", trace::NodeKind::host);
  const wire::Address before = wire::address(198, 51, 100, 10), after = wire::address(198, 51, 100, 77);
  for (const bool shared : {false, true}) {
    const std::uint32_t link = network.add_segment("link", {}, shared);
    const InterfaceIndex out = network.attach(internet, link, "host", "link", wire::address(198, 51, 100, 1), 24);
    const InterfaceIndex own = network.attach(host, link, "internet", "link", before, 24);
    internet.routes().add({.to = {before, 32}, .out = out});
    network.set_addresses(host, own, {{after, 24}});
    std::string routes;
    for (const Route& route : internet.routes().all()) {
      routes += to_string(route.to) + " by " + std::to_string(route.out) + ' ';
    }
    EXPECT_EQ(routes, shared ? "198.51.100.10/32 by 1 198.51.100.77/32 by 0 " : "198.51.100.77/32 by 0 ");
  }
}

TEST(Routes, TheLongestPrefixWinsWalkedOrHashed) {
  for (const bool many : {false, true}) {
    RouteTable table;
    table.add({.to = {wire::address(0, 0, 0, 0), 0}, .out = 0});
    table.add({.to = {wire::address(10, 0, 0, 0), 8}, .out = 1});
    table.add({.to = {wire::address(10, 1, 0, 0), 16}, .out = 2});
    table.add({.to = {wire::address(10, 1, 2, 3), 32}, .out = 3});
    for (std::uint8_t n = 0; many && n < 100; ++n) table.add({.to = {wire::address(172, 16, n, 0), 24}, .out = 4});
    const auto out = [&](wire::Address a) { return table.find(a)->out; };
    EXPECT_EQ(out(wire::address(10, 1, 2, 3)), 3);
    EXPECT_EQ(out(wire::address(10, 1, 2, 4)), 2);
    EXPECT_EQ(out(wire::address(10, 2, 0, 0)), 1);
    EXPECT_EQ(out(wire::address(11, 0, 0, 0)), 0);
    table.remove(wire::Prefix{});
    EXPECT_EQ(table.find(wire::address(11, 0, 0, 0)), nullptr);
  }
}

TEST(Routes, ToOnePrefixStandInTheOrderOfTheirAddingWalkedOrHashed) {
  for (const bool many : {false, true}) {
    RouteTable table;
    const wire::Prefix home{wire::address(192, 168, 1, 0), 24};
    table.add({.to = home, .out = 9, .via = wire::address(10, 0, 0, 1)});
    table.add_subnet(home, 0);
    table.add_subnet(home, 1);
    table.add({.to = {}, .out = 2});
    for (std::uint8_t n = 0; many && n < 100; ++n) table.add({.to = {wire::address(172, 16, n, 0), 24}, .out = 4});
    const auto outs = [&](wire::Address a) {
      std::vector<InterfaceIndex> found;
      for (const Route& route : table.routes_to(a)) found.push_back(route.out);
      return found;
    };
    EXPECT_EQ(outs(wire::address(192, 168, 1, 66)), (std::vector<InterfaceIndex>{0, 1}));
    EXPECT_EQ(table.find(wire::address(192, 168, 1, 66))->out, 0);
    EXPECT_EQ(outs(wire::address(192, 168, 2, 66)), (std::vector<InterfaceIndex>{2}));
    table.remove_subnet(home, 0);
    EXPECT_EQ(outs(wire::address(192, 168, 1, 66)), (std::vector<InterfaceIndex>{1}));
    table.add({.to = home, .out = 3});
    EXPECT_EQ(outs(wire::address(192, 168, 1, 66)), (std::vector<InterfaceIndex>{3}));
    table.remove(home);
    table.remove(wire::Prefix{});
    EXPECT_EQ(outs(wire::address(192, 168, 1, 66)), (std::vector<InterfaceIndex>{}));
  }
}

TEST_F(LinkTest, WhoAnswersForAnAddressTakesWhatNobodyOnTheSegmentHas) {
  lan({});
  network->proxy_arp(*probes[1], 0, {{wire::address(192, 168, 1, 64), 26}});
  EXPECT_EQ(send(2, wire::address(192, 168, 1, 66)), Sent::yes);
  EXPECT_EQ(send(2, wire::address(192, 168, 1, 3)), Sent::yes);
  EXPECT_EQ(send(2, wire::address(192, 168, 1, 4)), Sent::no_neighbour);
  EXPECT_EQ(send(1, wire::address(192, 168, 1, 66)), Sent::no_neighbour) << "not for itself";
  network->engine().run();
  EXPECT_EQ(probes[1]->arrivals, (std::vector<std::string>{"0.000000 p1 on 0"}));
  EXPECT_EQ(probes[3]->arrivals, (std::vector<std::string>{"0.000000 p2 on 0"}));
  network->proxy_arp(*probes[1], 0, {});
  EXPECT_EQ(send(2, wire::address(192, 168, 1, 66)), Sent::no_neighbour);
}

}  // namespace
}  // namespace masqsim::net
