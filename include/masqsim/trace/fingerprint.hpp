// 128 bits that stand for a run: equal runs have equal fingerprints on every machine and compiler.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "masqsim/trace/sink.hpp"

namespace masqsim::trace {

/// Two independent 64-bit lanes over little-endian words. It finds accidents, not forgeries.
class Fingerprint {
 public:
  void add(std::uint64_t word) {
    a_ = rotated((a_ ^ word) * 0x9e3779b97f4a7c15u, 29);
    b_ = rotated((b_ + word) * 0xd1b54a32d192ed03u, 37) ^ 0x8cb92ba72f3d8dd7u;
  }
  /// The length goes first, so that ("ab", "c") and ("a", "bc") differ.
  void add(wire::ByteView bytes);
  void add(std::string_view text) { add({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}); }

  /// 32 lower-case hex digits.
  std::string hex() const;

 private:
  static constexpr std::uint64_t rotated(std::uint64_t v, int n) { return v << n | v >> (64 - n); }
  std::uint64_t a_ = 0x243f6a8885a308d3u;
  std::uint64_t b_ = 0x13198a2e03707344u;
};

/// Folds every field of every record (not the decision steps, which are there only when asked for), the names of nodes,
/// points and flows, and the end. Not the scenario's name, variant or seed: it is about what happened.
class FingerprintSink final : public Sink {
 public:
  void begin(const Header& header) override;
  void record(const Record& record) override;
  void end(Time at) override;

  std::string hex() const { return fingerprint_.hex(); }

 private:
  Fingerprint fingerprint_;
};

}  // namespace masqsim::trace
