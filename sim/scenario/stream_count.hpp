// How many bytes of a TCP stream were delivered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

namespace masqsim::scenario {

/// The bytes of one direction of a TCP connection that were delivered, each counted once however often it came.
class StreamCount {
 public:
  void segment(std::uint32_t sequence, std::size_t length, bool syn);
  /// True where all of the segment, which is not empty, was delivered before.
  bool knows(std::uint32_t sequence, std::size_t length, bool syn) const;
  std::uint64_t bytes() const { return bytes_; }

 private:
  /// Where `sequence` lies in the stream, 0 its first byte; negative before it.
  std::int64_t place_of(std::uint32_t sequence) const;

  std::optional<std::uint32_t> start_;             // sequence number of the first byte of data
  std::map<std::uint64_t, std::uint64_t> pieces_;  // delivered ranges beyond `bytes_`: begin and end
  std::uint64_t bytes_ = 0;
};

}  // namespace masqsim::scenario
