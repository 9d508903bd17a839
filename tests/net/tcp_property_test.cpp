// Whatever a link does to packets, TCP brings every byte once and in order, or says that it cannot.
#include <gtest/gtest.h>

#include "masqsim/base/random.hpp"
#include "tests/net/two_hosts.hpp"

namespace masqsim::net {
namespace {

using test::TwoHosts;

/// Sends `outgoing`, in writes of random size, and keeps what comes; then closes. Reads with pauses if asked to.
class Peer final : public TcpHandler, public TcpAcceptor, private engine::Handler {
 public:
  Peer(Network& network, std::string_view name, std::size_t bytes, bool pauses)
      : network_(network), random_(network.random(name)), pauses_(pauses), outgoing(bytes) {
    for (std::uint8_t& byte : outgoing) byte = static_cast<std::uint8_t>(random_.next());
  }

  TcpHandler& on_connection(TcpConnection&) override { return *this; }
  void on_established(TcpConnection& c) override { connection_ = &c, pour(c); }
  void on_room(TcpConnection& c) override { pour(c); }
  void on_data(TcpConnection& c, wire::ByteView data, bool) override {
    incoming.insert(incoming.end(), data.begin(), data.end());
    if (!pauses_ || ended || random_.below(50) != 0) return;
    c.pause();
    const Duration pause{static_cast<std::int64_t>(random_.below(900'000'000))};
    network_.engine().schedule(network_.now() + pause, *this, 0);
  }
  void on_event(std::uint64_t) override {
    if (connection_) connection_->resume();
  }
  void on_end(TcpConnection&) override { ended = true; }
  void on_closed(TcpConnection&, TcpEnd how, const Trouble*) override { connection_ = nullptr, end = how; }

 private:
  void pour(TcpConnection& c) {
    while (sent_ < outgoing.size()) {
      const std::size_t part = std::min<std::size_t>(outgoing.size() - sent_, 1 + random_.below(20000));
      const std::size_t taken = c.send(wire::ByteView(outgoing).subspan(sent_, part));
      sent_ += taken;
      if (taken < part) return;
    }
    c.close();
  }

  Network& network_;
  Random random_;
  bool pauses_;
  TcpConnection* connection_ = nullptr;
  std::size_t sent_ = 0;

 public:
  std::vector<std::uint8_t> outgoing, incoming;
  bool ended = false;
  std::optional<TcpEnd> end;
};

struct Weather {
  const char* name;
  LinkParams link;
  bool pauses = false;
  std::uint32_t window = 64240;
};

class TcpUnderWeather : public testing::TestWithParam<Weather> {};

TEST_P(TcpUnderWeather, BringsEveryByteOnceAndInOrderBothWays) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    TwoHosts lab(GetParam().link, seed);
    lab.network.trace() = {};
    Peer client(lab.network, "client", 100'000 + 997 * seed, GetParam().pauses);
    Peer server(lab.network, "server", 50'000 + 1013 * seed, GetParam().pauses);
    const TcpSettings settings{.window = GetParam().window, .syn_tries = 10};
    lab.b.stack().listen(80, server, settings);
    lab.a.stack().connect({lab.b_address, 80}, 0, client, settings);
    lab.run();
    ASSERT_EQ(client.end, TcpEnd::finished);
    ASSERT_EQ(server.end, TcpEnd::finished);
    ASSERT_TRUE(client.ended && server.ended);
    ASSERT_EQ(server.incoming, client.outgoing);
    ASSERT_EQ(client.incoming, server.outgoing);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Links, TcpUnderWeather,
    testing::Values(
        Weather{"calm", {.delay = 5_ms, .rate = {10'000'000}}}, Weather{"loss", {.delay = 5_ms, .loss = {5, 100}}},
        Weather{"heavy_loss", {.delay = 20_ms, .loss = {20, 100}}},
        Weather{"reordering", {.delay = 5_ms, .jitter = 3_ms, .reorder = {20, 100}}},
        Weather{"duplicates", {.delay = 5_ms, .duplicate = {30, 100}}},
        Weather{"short_queue", {.delay = 10_ms, .rate = {8'000'000}, .queue = 12'000}},
        Weather{"small_mtu", {.delay = 2_ms, .loss = {1, 100}, .mtu = 100}},
        Weather{"slow_readers", {.delay = 5_ms}, true},
        Weather{"slow_readers_and_loss", {.delay = 5_ms, .loss = {5, 100}}, true, 5000},
        Weather{"large_windows", {.delay = 50_ms, .rate = {100'000'000}, .loss = {1, 1000}}, false, 1 << 20},
        Weather{"everything",
                {.delay = 5_ms, .loss = {5, 100}, .jitter = 2_ms, .duplicate = {5, 100}, .reorder = {5, 100}},
                true,
                20000}),
    [](const auto& weather) { return weather.param.name; });

}  // namespace
}  // namespace masqsim::net
