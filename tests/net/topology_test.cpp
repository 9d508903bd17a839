#include "sim/net/topology.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace masqsim::net {
namespace {

using trace::NodeKind;
using Lines = std::vector<std::string>;

wire::Address at(const char* text) { return *wire::parse_address(text); }

/// Nodes by the order of their making; `plug` gives the interface its number.
struct Plan {
  Topology topology;

  trace::NodeId node(NodeKind kind) {
    topology.nodes.push_back({.kind = kind});
    return static_cast<trace::NodeId>(topology.nodes.size() - 1);
  }
  std::uint32_t segment() { return topology.segments++; }
  Topology::Attachment& plug(trace::NodeId id, std::uint32_t segment, const char* address, std::uint8_t length) {
    auto& attachments = topology.nodes[id].attachments;
    attachments.push_back({.interface = static_cast<InterfaceIndex>(attachments.size()),
                           .segment = segment,
                           .address = at(address),
                           .prefix_length = length,
                           .also = {}});
    return attachments.back();
  }
  /// A link of its own between `id` and a cloud.
  void plug_cloud(trace::NodeId id, trace::NodeId cloud, const char* address, bool outside = false) {
    const std::uint32_t link = segment();
    plug(id, link, address, 32).outside = outside;
    plug(cloud, link, "198.18.0.1", 32);
  }
  Lines routes(trace::NodeId id) const {
    const std::vector<RouteTable> tables = compute(topology);
    Lines lines;
    for (const Route& r : tables[id].all()) {
      lines.push_back(fmt::format("{} out {} via {}", wire::to_string(r.to), r.out,
                                  r.via.is_zero() ? "link" : wire::to_string(r.via)));
    }
    return lines;
  }
};

/// laptop - gw - internet - web
struct Home : Plan {
  trace::NodeId internet = node(NodeKind::cloud);
  trace::NodeId laptop = node(NodeKind::host);
  trace::NodeId gw = node(NodeKind::gateway);
  trace::NodeId web = node(NodeKind::host);
  std::uint32_t lan = segment();

  Home() {
    plug(laptop, lan, "192.168.1.10", 24);
    plug(gw, lan, "192.168.1.1", 24);
    plug_cloud(gw, internet, "203.0.113.5", true);
    plug_cloud(web, internet, "198.51.100.10");
  }
};

TEST(Topology, AHostSendsEverythingToTheOneRouterOfItsLan) {
  EXPECT_EQ(Home().routes(1), (Lines{"192.168.1.0/24 out 0 via link", "0.0.0.0/0 out 0 via 192.168.1.1"}));
}

TEST(Topology, AGatewayAndAHostOnTheInternetSendEverythingThere) {
  EXPECT_EQ(Home().routes(2), (Lines{"192.168.1.0/24 out 0 via link", "0.0.0.0/0 out 1 via link"}));
  EXPECT_EQ(Home().routes(3), Lines{"0.0.0.0/0 out 0 via link"});
}

TEST(Topology, TheInternetKnowsItsAttachmentsAndNoPrivateNetwork) {
  EXPECT_EQ(Home().routes(0), (Lines{"198.51.100.10/32 out 1 via link", "203.0.113.5/32 out 0 via link"}));
}

TEST(Topology, TheInternetKnowsAPublicNetworkBehindARouterAndAGatewaysPool) {
  Home home;
  const trace::NodeId router = home.node(NodeKind::router);
  const trace::NodeId server = home.node(NodeKind::host);
  const std::uint32_t farm = home.segment();
  home.plug_cloud(router, home.internet, "192.0.2.1");
  home.plug(router, farm, "198.51.100.129", 25);
  home.plug(server, farm, "198.51.100.130", 25);
  home.topology.nodes[home.gw].pools.push_back({at("203.0.113.8"), 29});
  EXPECT_EQ(home.routes(home.internet),
            (Lines{"192.0.2.1/32 out 2 via link", "198.51.100.10/32 out 1 via link", "203.0.113.5/32 out 0 via link",
                   "203.0.113.8/29 out 0 via link", "198.51.100.128/25 out 2 via 192.0.2.1"}));
}

TEST(Topology, TheInternetDoesNotLearnAPrivateNetworkBehindAPlainRouter) {
  Plan plan;
  const trace::NodeId internet = plan.node(NodeKind::cloud), router = plan.node(NodeKind::router);
  const std::uint32_t lan = plan.segment();
  plan.plug_cloud(router, internet, "203.0.113.5");
  plan.plug(router, lan, "192.168.1.1", 24);
  EXPECT_EQ(plan.routes(internet), (Lines{"203.0.113.5/32 out 0 via link"}));
}

TEST(Topology, RoutersOfAnOfficeFindEachOthersNetworksTheShortestWay) {
  Plan office;  // lan0 - a - lan1 - b - lan2, and a router c from lan0 to lan2
  const trace::NodeId a = office.node(NodeKind::router), b = office.node(NodeKind::router),
                      c = office.node(NodeKind::router);
  const std::uint32_t lan0 = office.segment(), lan1 = office.segment(), lan2 = office.segment();
  office.plug(a, lan0, "10.0.0.1", 24);
  office.plug(a, lan1, "10.0.1.1", 24);
  office.plug(b, lan1, "10.0.1.2", 24);
  office.plug(b, lan2, "10.0.2.2", 24);
  office.plug(c, lan0, "10.0.0.3", 24);
  office.plug(c, lan2, "10.0.2.3", 24);
  EXPECT_EQ(office.routes(a),
            (Lines{"10.0.0.0/24 out 0 via link", "10.0.1.0/24 out 1 via link", "10.0.2.0/24 out 1 via 10.0.1.2"}));
  const trace::NodeId host = office.node(NodeKind::host);
  office.plug(host, lan0, "10.0.0.50", 24);
  EXPECT_EQ(office.routes(host),
            (Lines{"10.0.0.0/24 out 0 via link", "10.0.1.0/24 out 0 via 10.0.0.1", "10.0.2.0/24 out 0 via 10.0.0.3"}));
}

TEST(Topology, DoubleNatGoesOutThroughBothAndStaysUnknownToTheOuter) {
  Plan plan;
  const trace::NodeId internet = plan.node(NodeKind::cloud), carrier = plan.node(NodeKind::gateway),
                      home = plan.node(NodeKind::gateway), laptop = plan.node(NodeKind::host);
  const std::uint32_t access = plan.segment(), lan = plan.segment();
  plan.plug(carrier, access, "100.64.0.1", 10);
  plan.plug_cloud(carrier, internet, "203.0.113.5", true);
  plan.plug(home, access, "100.64.0.2", 10).outside = true;
  plan.plug(home, lan, "192.168.1.1", 24);
  plan.plug(laptop, lan, "192.168.1.10", 24);
  EXPECT_EQ(plan.routes(carrier), (Lines{"100.64.0.0/10 out 0 via link", "0.0.0.0/0 out 1 via link"}));
  EXPECT_EQ(plan.routes(home),
            (Lines{"192.168.1.0/24 out 1 via link", "100.64.0.0/10 out 0 via link", "0.0.0.0/0 out 0 via 100.64.0.1"}));
  EXPECT_EQ(plan.routes(internet), Lines{"203.0.113.5/32 out 0 via link"});
}

TEST(Topology, AStaticRouteReplacesTheComputedOne) {
  Home home;
  home.topology.statics.push_back({home.laptop, {{0}, 0}, at("192.168.1.77")});
  EXPECT_EQ(home.routes(home.laptop), (Lines{"192.168.1.0/24 out 0 via link", "0.0.0.0/0 out 0 via 192.168.1.77"}));
}

TEST(Topology, ANodeThatLearnsNoDefaultRouteHasNone) {
  Home home;
  home.topology.nodes[home.laptop].learns_default = false;
  home.topology.nodes[home.gw].learns_default = false;
  EXPECT_EQ(home.routes(home.laptop), Lines{"192.168.1.0/24 out 0 via link"});
  EXPECT_EQ(home.routes(home.gw), Lines{"192.168.1.0/24 out 0 via link"});
}

TEST(Topology, AStaticRouteMayLeadOverACloudToAnybodyAttachedToIt) {
  Home home;
  home.topology.statics.push_back({home.gw, {at("192.0.2.0"), 24}, at("198.51.100.10")});
  home.topology.statics.push_back({home.gw, {at("192.0.2.128"), 25}, {}, 1});
  EXPECT_EQ(home.routes(home.gw), (Lines{"192.0.2.128/25 out 1 via link", "192.0.2.0/24 out 1 via 198.51.100.10",
                                         "192.168.1.0/24 out 0 via link", "0.0.0.0/0 out 1 via link"}));
}

TEST(Topology, AFurtherSubnetOfAnInterfaceIsConnectedThereAndFoundByRouters) {
  Plan office;  // lan0 - a - lan1, where a server has two more addresses
  const trace::NodeId a = office.node(NodeKind::router), b = office.node(NodeKind::router),
                      server = office.node(NodeKind::host);
  const std::uint32_t lan0 = office.segment(), lan1 = office.segment();
  office.plug(b, lan0, "10.0.0.2", 24);
  office.plug(a, lan0, "10.0.0.1", 24);
  office.plug(a, lan1, "10.0.1.1", 24);
  office.plug(server, lan1, "10.0.1.10", 24).also = {
      {at("10.96.0.10"), 32}, {at("10.7.0.1"), 16}, {at("10.0.1.11"), 32}};
  EXPECT_EQ(office.routes(server),
            (Lines{"10.0.1.0/24 out 0 via link", "10.7.0.0/16 out 0 via link", "0.0.0.0/0 out 0 via 10.0.1.1"}));
  EXPECT_EQ(office.routes(a), (Lines{"10.96.0.10/32 out 1 via link", "10.0.0.0/24 out 0 via link",
                                     "10.0.1.0/24 out 1 via link", "10.7.0.0/16 out 1 via link"}));
  EXPECT_EQ(office.routes(b), (Lines{"10.96.0.10/32 out 0 via 10.0.0.1", "10.0.0.0/24 out 0 via link",
                                     "10.0.1.0/24 out 0 via 10.0.0.1", "10.7.0.0/16 out 0 via 10.0.0.1"}));
}

TEST(Topology, ACustomerWithTwoProvidersCarriesNothingBetweenThem) {
  Plan plan;  // one - gw - two, and both providers on a core
  const trace::NodeId gw = plan.node(NodeKind::gateway), one = plan.node(NodeKind::router),
                      two = plan.node(NodeKind::router), far = plan.node(NodeKind::router);
  const std::uint32_t home = plan.segment(), isp1 = plan.segment(), isp2 = plan.segment(), core = plan.segment(),
                      core2 = plan.segment();
  plan.plug(gw, home, "192.168.1.1", 24);
  plan.plug(gw, isp1, "192.0.2.2", 30).outside = true;
  plan.plug(gw, isp2, "192.0.2.6", 30).outside = true;
  plan.plug(one, isp1, "192.0.2.1", 30);
  plan.plug(one, core, "198.51.100.1", 25);
  plan.plug(two, isp2, "192.0.2.5", 30);
  plan.plug(two, core2, "198.51.100.129", 25);
  plan.plug(far, core, "198.51.100.2", 25);
  plan.plug(far, core2, "198.51.100.130", 25);
  // The way through the customer would be shorter.
  EXPECT_EQ(plan.routes(one), (Lines{"192.0.2.0/30 out 0 via link", "192.0.2.4/30 out 1 via 198.51.100.2",
                                     "198.51.100.0/25 out 1 via link", "198.51.100.128/25 out 1 via 198.51.100.2"}));
}

TEST(Topology, AGatewayThatMasqueradesTowardsItsOwnLanStillLeadsThatLanOut) {
  Plan plan;
  const trace::NodeId internet = plan.node(NodeKind::cloud), gw = plan.node(NodeKind::gateway),
                      inner = plan.node(NodeKind::router);
  const std::uint32_t lan = plan.segment();
  plan.plug_cloud(gw, internet, "203.0.113.5", true);
  plan.plug(gw, lan, "192.168.1.1", 24).outside = true;
  plan.plug(inner, lan, "192.168.1.2", 24);
  EXPECT_EQ(plan.routes(inner), (Lines{"192.168.1.0/24 out 0 via link", "0.0.0.0/0 out 0 via 192.168.1.1"}));
}

TEST(Topology, ARouterThatLearnsNoOtherRoutesGetsOnlyADefaultRoute) {
  Plan office;
  const trace::NodeId internet = office.node(NodeKind::cloud), gw = office.node(NodeKind::gateway),
                      inner = office.node(NodeKind::router);
  const std::uint32_t near = office.segment(), far = office.segment();
  office.plug(gw, near, "10.0.0.1", 24);
  office.plug_cloud(gw, internet, "203.0.113.5", true);
  office.plug(inner, near, "10.0.0.2", 24);
  office.plug(inner, far, "10.0.1.2", 24);
  EXPECT_EQ(office.routes(gw),
            (Lines{"10.0.0.0/24 out 0 via link", "10.0.1.0/24 out 0 via 10.0.0.2", "0.0.0.0/0 out 1 via link"}));
  office.topology.nodes[gw].learns_others = false;
  office.topology.statics.push_back({gw, {at("10.0.9.0"), 24}, at("10.0.0.2")});
  EXPECT_EQ(office.routes(gw),
            (Lines{"10.0.0.0/24 out 0 via link", "10.0.9.0/24 out 0 via 10.0.0.2", "0.0.0.0/0 out 1 via link"}));
}

TEST(Topology, WhatIsNotPluggedTogetherIsOnAnotherIsland) {
  Home home;
  const trace::NodeId lonely = home.node(NodeKind::host);
  home.plug(lonely, home.segment(), "10.0.0.1", 24);
  EXPECT_EQ(islands(home.topology), (std::vector<std::uint32_t>{0, 0, 0, 0, 1}));
}

}  // namespace
}  // namespace masqsim::net
