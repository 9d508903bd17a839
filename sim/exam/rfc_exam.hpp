// How a requirement is tried: packets of three inside hosts and four remotes, what came out, and what that shows.
#pragma once

#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <utility>

#include "masqsim/wire/build.hpp"
#include "rfc.hpp"

namespace masqsim::exam {

using wire::Endpoint;
using wire::Protocol;

constexpr wire::Address host_a = wire::address(192, 168, 1, 10), host_b = wire::address(192, 168, 1, 11),
                        host_c = wire::address(192, 168, 1, 12), host_d = wire::address(192, 168, 1, 13);
constexpr wire::Address inside_router = wire::address(192, 168, 1, 254), outer = wire::address(203, 0, 113, 1);
constexpr wire::Address remote_1 = wire::address(198, 51, 100, 7), remote_2 = wire::address(198, 51, 100, 8),
                        remote_3 = wire::address(198, 51, 100, 9), outside_router = wire::address(203, 0, 113, 254);

using Bytes = std::vector<std::uint8_t>;
/// Type and code of every kind of error.
constexpr std::pair<std::uint8_t, std::uint8_t> icmp_errors[] = {{3, 0}, {3, 1}, {3, 2},  {3, 3},  {3, 4},
                                                                 {3, 5}, {3, 9}, {3, 10}, {3, 13}, {4, 0},
                                                                 {5, 0}, {5, 1}, {11, 0}, {11, 1}, {12, 0}};
constexpr std::uint16_t dont_fragment = 0x4000, may_fragment = 0;

// Whole packets. Query ids are the port of the endpoint that asks.
Bytes udp(Endpoint from, Endpoint to, std::size_t size = 8, std::uint16_t fragment_word = dont_fragment);
Bytes tcp(Endpoint from, Endpoint to, std::uint8_t flags, std::uint32_t sequence = 1000,
          std::uint32_t acknowledgment = 0, std::size_t size = 0);
Bytes icmp(wire::Address from, wire::Address to, std::uint8_t type, std::uint8_t code, std::uint32_t rest,
           wire::ByteView data);
Bytes echo(Endpoint from, wire::Address to);
Bytes echo_reply(wire::Address from, Endpoint to);
/// An ICMP error that quotes `about` up to `quoted` bytes.
Bytes icmp_error(wire::Address from, wire::Address to, std::uint8_t type, std::uint8_t code, wire::ByteView about,
                 std::size_t quoted = 576 - 28);
/// `datagram` cut behind each `size` bytes of payload (a multiple of 8).
std::vector<Bytes> pieces(const Bytes& datagram, std::size_t size);

/// What a requirement cannot be tried for; `what()` is said in its row.
class NotTestable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Exam {
 public:
  using Emergeds = std::vector<box::Emerged>;

  explicit Exam(const RfcOptions& options);

  /// The set-up of the next packets' gateway. Changes count from `restart` on.
  box::Setup& setup() { return setup_; }
  nat::Config& nat() { return setup_.nat; }
  /// A fresh gateway, with `setup()`.
  void restart();
  box::Bench& bench();

  Emergeds send(box::Side side, const Bytes& packet, bool told = true);
  Emergeds from_inside(const Bytes& packet) { return send(box::Side::in, packet); }
  Emergeds from_outside(const Bytes& packet) { return send(box::Side::out, packet); }
  /// Throws NotTestable where that is more than the patience.
  Emergeds wait(Duration span);
  bool can_wait(Duration span) const { return span <= options_.patience; }

  /// Sends, and gives what the remote sees as its sender; nothing if nothing came out to it.
  std::optional<Endpoint> outside_of(const Bytes& packet, wire::Address remote);
  /// UDP from an inside endpoint, seen from outside.
  std::optional<Endpoint> udp_out(Endpoint inside, Endpoint remote) {
    return outside_of(udp(inside, remote), remote.address);
  }
  /// True if what the outside sends reaches `inside`.
  bool reaches(const Bytes& packet, Endpoint inside);
  /// True if the flow that `inside` began lives `span` from now on without packets. Where that cannot be waited for,
  /// its row of the table says it. `probe` comes from outside and is to reach it.
  bool lives(Duration span, const Bytes& probe, Endpoint inside);
  /// Seconds until the first flow of `inside` expires; nothing if there is none.
  std::optional<std::int64_t> seconds_left(Endpoint inside);
  /// True if `packet` lengthens the life of the flow of `inside`.
  bool refreshes(box::Side side, const Bytes& packet, Endpoint inside);

  /// `ok` as an outcome, and what is said of it.
  Outcome found(bool ok, std::string note = {});
  void note(std::string text) { note_ = std::move(text); }

  std::string take_note() { return std::move(note_); }
  std::vector<Seen> take_packets() { return std::move(seen_); }

 private:
  Emergeds keep(Emergeds emerged, bool told = true);

  const RfcOptions& options_;
  box::Setup setup_;
  std::unique_ptr<box::Bench> bench_;
  Time now_;
  std::vector<Seen> seen_;
  std::string note_;
};

// What came out.
const box::Emerged* first_at(const std::vector<box::Emerged>& emerged, box::Side side);
std::optional<Endpoint> source_of(const box::Emerged& emerged);
std::optional<Endpoint> destination_of(const box::Emerged& emerged);
/// The first ICMP message of that type and code (any where negative) at `side`.
const box::Emerged* icmp_at(const std::vector<box::Emerged>& emerged, box::Side side, int type, int code = -1);
/// The quoted packet of an ICMP error.
wire::ByteView quoted(const box::Emerged& error);
std::string words(const std::optional<Endpoint>& endpoint);

/// A TCP connection that is driven by hand, both ends.
struct Connection {
  Exam& exam;
  Endpoint inside;
  Endpoint remote;
  Endpoint outside{};
  std::uint32_t ours = 1000, theirs = 5000;

  /// The handshake; false if it did not come about.
  bool open();
  bool send(std::size_t size);  ///< inside to remote, not acknowledged
  bool answer();                ///< remote acknowledges all
  bool close();                 ///< FIN each way, acknowledged
  bool fin_out();               ///< inside to remote, with the acknowledgment of all
  bool fin_in();
  bool acknowledge();  ///< inside acknowledges all
  bool inside_hears(std::uint8_t flags, std::size_t size = 0);
};

// The table, a file for each RFC.
std::vector<Requirement> rfc_4787(), rfc_5382(), rfc_5508(), rfc_6888(), rfc_7857();

}  // namespace masqsim::exam
