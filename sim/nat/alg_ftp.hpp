// The FTP helper (RFC 959, RFC 2428), as nf_conntrack_ftp and nf_nat_ftp: it reads addresses and ports in control
// connections, writes the outside ones in their place, expects the data connection that will follow, and from then on
// keeps the sequence numbers of both sides right.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "packet.hpp"
#include "table.hpp"

namespace masqsim::nat {

inline constexpr std::uint16_t ftp_control_port = 21;

/// A data connection that was announced: from `source`, any port, to `destination`.
struct Expectation {
  std::uint32_t source = 0;
  wire::Endpoint destination;
  std::uint32_t master = no_flow;
  Direction direction{};   ///< of the control connection in which the data connection's first packet will go
  std::uint16_t port = 0;  ///< that was announced, before translation
  Time until;
};

class FtpHelper {
 public:
  /// The flow is a control connection from now on.
  void begin(std::uint32_t index) { sessions_.try_emplace(index); }
  /// The flow has gone; what it announced is not expected any more.
  void end(std::uint32_t index);

  enum class Fate : std::uint8_t { dropped, kept, rewritten };
  /// Reads a segment that is already translated, just before it leaves; may change its length. It must be dropped where
  /// it holds half an announcement or one that cannot be written.
  Fate read(wire::Buffer& buffer, Table& table, Random& random, std::uint32_t index, Direction direction, Time now);
  /// Corrects the numbers of a segment of a connection in which something was written. False: it must be dropped,
  /// because its options are damaged. Any bytes are taken for a TCP header.
  bool adjust(wire::ByteEdit segment, std::uint32_t index, Direction direction) const;
  /// The checksum of a segment that was rewritten, once its numbers are right; as a network card's, never zero.
  static void recompute_checksum(wire::Buffer& buffer);
  /// What adjusting adds to the numbers that one direction sends, at `sequence`.
  std::int32_t offset(std::uint32_t index, Direction direction, std::uint32_t sequence) const;

  /// The announcement that `key` fulfils; used up by this.
  std::optional<Expectation> fulfil(const Key& key, Time now);

 private:
  struct Shift {  // of one direction's numbers: `before` up to `position`, `after` beyond
    std::uint32_t position = 0;
    std::int32_t before = 0;
    std::int32_t after = 0;
  };
  struct Session {
    std::uint32_t line_ends[2][2] = {};  // the numbers at which the latest two lines ended
    int line_count[2] = {};
    Shift shifts[2];
  };
  using Place = std::pair<wire::Endpoint, std::uint32_t>;

  static bool at_line_start(const Session& s, Direction d, std::uint32_t sequence);
  static void note_line_end(Session& s, Direction d, std::uint32_t sequence);
  static void shift(Session& s, Direction d, std::uint32_t sequence, std::int32_t by);
  bool expect(Expectation& expectation, bool may_move, Random& random, Time now);

  std::unordered_map<std::uint32_t, Session> sessions_;  // only looked up
  std::map<Place, Expectation> expected_;                // by destination and source
};

}  // namespace masqsim::nat
