// What the NAT RFCs require (4787 UDP, 5382 TCP, 5508 ICMP, of 6888 and 7857 what packets can show), each requirement
// tried on a gateway with packets of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/box/bench.hpp"

namespace masqsim::exam {

/// RFC 2119.
enum class Level : std::uint8_t { must, must_not, should, should_not, recommended, may };
std::string_view word(Level level);
constexpr bool binds(Level level) { return level == Level::must || level == Level::must_not; }

/// A MAY is never deviated from; its finding tells what the gateway chose.
enum class Outcome : std::uint8_t { complies, deviates, not_testable };
std::string_view word(Outcome outcome);

/// A packet on one of the gateway's two wires.
struct Seen {
  Time at;  ///< since the requirement's first packet; emerged packets have the time of the step they followed
  box::Side side{};
  bool entered = false;  ///< went into the gateway; else it came out
  std::vector<std::uint8_t> bytes;
};

class Exam;

struct Requirement {
  int rfc = 0;
  std::string_view id;  ///< "REQ-3a"; of RFC 7857, which does not number them, the section: "2.2"
  Level level{};
  std::string_view text;  ///< one line, our words
  Outcome (*examine)(Exam&) = nullptr;
};

/// In the order of the RFCs and their numbers.
const std::vector<Requirement>& rfc_requirements();

struct Finding {
  const Requirement* requirement = nullptr;
  Outcome outcome{};
  std::string note;  ///< what was seen, or why it could not be tried; may be empty
  std::vector<Seen> packets;
};

struct RfcOptions {
  nat::Config nat;  ///< as `bench_config` gives it
  std::function<std::unique_ptr<box::Bench>(const box::Setup&)> bench;
  Duration patience = 400'000_s;  ///< no requirement waits longer at a stretch; lives are then read from the table
};

/// `nat` with its rules put on the bench: whatever it translates is translated from lan0 to wan0 (ports and choice of
/// ports of its first translating source rule), no destination rules, `inside` of a firewall is lan0.
nat::Config bench_config(nat::Config nat);

/// Tries every requirement, each on a gateway of its own.
std::vector<Finding> examine(const RfcOptions& options);

/// True if no MUST and no MUST NOT is deviated from.
bool meets_every_must(const std::vector<Finding>& findings);

/// An aligned line a requirement, with `packets` those that show it under each, and a closing line of counts.
std::string to_text(const std::vector<Finding>& findings, bool packets);
/// One JSON object: the same, packets as hex.
std::string to_json(const std::vector<Finding>& findings);
/// DIRECTORY/rfc4787-req-1.pcap and so on. Throws MachineError.
void write_captures(const std::vector<Finding>& findings, const std::string& directory);

}  // namespace masqsim::exam
