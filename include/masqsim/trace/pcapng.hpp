// The trace as a capture (pcapng, draft-ietf-opsawg-pcapng): one named interface a link end, nanosecond times since the
// simulation began, a packet for every send and receive with its direction.
//
// A comment says what the gateway did: on the packet as it leaves where it was rewritten
// ("masqsim: src 192.168.1.10:40000 => 203.0.113.5:40000, mapping #1"), on the packet as it was last seen there where
// it ended ("masqsim: X no-mapping: nothing owns 203.0.113.5:22/tcp"). A packet that ends later than it came (pieces
// that wait for the rest) is told of on the ICMP error that answers it, because its own place is written by then.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "masqsim/base/output.hpp"
#include "masqsim/trace/sink.hpp"

namespace masqsim::trace {

class PcapngSink final : public Sink {
 public:
  /// `out` outlives the sink; the owner commits it after `end`.
  explicit PcapngSink(Output& out) : out_(out) {}

  void begin(const Header& header) override;
  void record(const Record& record) override;
  void end(Time at) override;

 private:
  /// A packet of this moment: it is written when the clock moves on, because what became of it is told after it.
  struct Block {
    Kind kind{};
    NodeId node = 0;
    PointId point = 0;
    std::uint64_t packet = 0;
    std::uint64_t cause = 0;
    std::size_t offset = 0;  // in bytes_
    std::size_t size = 0;
    std::string comment;
  };
  /// What is to be said on a packet that this node is yet to send.
  struct Note {
    NodeId node = 0;
    std::uint64_t packet = 0;
    bool answers = false;  // the comment is for the packet that answers `packet`
    std::string comment;
  };

  void add_block(const Record& record);
  void note_translation(const Record& record);
  void note_drop(const Record& record);
  void attach_note_to_last(const Record& record);
  Block* last_seen(NodeId node, std::uint64_t packet);
  void write_pending();
  void write(const Block& block);

  Output& out_;
  std::size_t points_ = 0;
  Time now_;
  std::vector<Block> pending_;
  std::vector<std::uint8_t> bytes_;  // of the pending blocks
  std::vector<Note> notes_;
};

}  // namespace masqsim::trace
