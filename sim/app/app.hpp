// What every program on a node has in common.
#pragma once

#include <cstddef>
#include <string_view>

#include "masqsim/wire/bytes.hpp"
#include "sim/engine/engine.hpp"
#include "sim/net/stack.hpp"

namespace masqsim::app {

/// A program. It starts by itself at the time its parameters give, and must outlive the engine's run.
class App {
 public:
  App() = default;
  App(const App&) = delete;
  App& operator=(const App&) = delete;
  virtual ~App() = default;
};

/// How a client's flow went: the text of its `result` record. The last such record of a flow counts: a connection that
/// ended well for its program and is broken off later says `reset` behind `established`.
namespace result {
inline constexpr std::string_view established = "established";  ///< the connection opened, and all was exchanged
inline constexpr std::string_view replied = "replied";          ///< at least one answer came
inline constexpr std::string_view sent = "sent";        ///< no answer was to come; whether it arrived the trace tells
inline constexpr std::string_view refused = "refused";  ///< RST to the SYN, or ICMP 3/3
inline constexpr std::string_view unreachable = "unreachable";  ///< another ICMP error, or no route of the own node
inline constexpr std::string_view no_answer = "no-answer";      ///< nothing came in time
inline constexpr std::string_view incomplete = "incomplete";    ///< of what was asked or sent, a part got across
inline constexpr std::string_view reset = "reset";              ///< RST after the connection was established
}  // namespace result

/// `size` bytes (at most 65536) of what programs send that were given no text: "abc...w" over and over, as ping does.
wire::ByteView pattern(std::size_t size);

}  // namespace masqsim::app
