// A gateway on a test bench: packets go in at its two sides, and whatever comes out is seen. Which gateway it is (this
// project's own, or the running kernel) is the implementation's matter.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "masqsim/base/time.hpp"
#include "masqsim/wire/bytes.hpp"
#include "setup.hpp"
#include "table_row.hpp"

namespace masqsim::box {

/// Where a packet goes in or comes out. `in`: the inside, lan0; `out`: the outside, wan0.
enum class Side : std::uint8_t { in, out };

/// "in" or "out".
std::string_view word(Side side);

struct Emerged {
  Side side{};
  std::vector<std::uint8_t> bytes;  ///< an IPv4 packet
  bool operator==(const Emerged&) const = default;
};

/// Whether the gateway tells neighbours of shorter ways (RFC 1812 section 5.2.7.2): a few times a second at most, so
/// what it says depends on the clock, which two gateways in lockstep do not share.
enum class Redirects : std::uint8_t { as_always, off };

class Bench {
 public:
  virtual ~Bench() = default;

  /// How long after each injection or action the bench listens before the next step.
  static constexpr Duration settle = 30_ms;

  /// Puts `packet` on the wire at `side`, any bytes at all, and gives what came out in the `settle` time after it, in
  /// order of coming out. Each call takes exactly one settle time where time is virtual.
  virtual std::vector<Emerged> inject(Side side, wire::ByteView packet) = 0;
  /// Lets `span` pass.
  virtual std::vector<Emerged> wait(Duration span) = 0;
  /// Carries out `action` in the gateway, then one settle time.
  virtual std::vector<Emerged> act(const Action& action) = 0;
  /// Where the next injection makes this gateway choose an outside endpoint by chance, it is to take `outside`, if
  /// that is one it could have taken. A gateway whose chance is not ours does not listen.
  virtual void prefer(std::optional<wire::Endpoint> outside) { (void)outside; }
  /// The gateway's connection table now.
  virtual std::vector<TableRow> table() = 0;
  /// False: the gateway shows no table, or its rows do not say how long an entry still lives.
  virtual bool tells_lifetimes() const { return true; }
};

}  // namespace masqsim::box
