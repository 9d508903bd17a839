// The trace as a capture (pcapng, draft-ietf-opsawg-pcapng): one named interface a link end ("gw/home"), nanosecond
// times since the simulation began, each packet with its direction.
//
// A comment says what the gateway did: on the packet as it leaves where it was rewritten
// ("masqsim: src 192.168.1.10:40000 => 203.0.113.5:40000, mapping #1"), on the packet as it was last seen where it
// ended ("masqsim: X no-mapping: nothing owns 203.0.113.5:22/tcp"). A packet that ends long after it came (pieces that
// wait for the rest) is told of on the ICMP error that answers it, because its own place is written by then.
// The last packet of a run that was broken off says so.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "masqsim/base/output.hpp"
#include "masqsim/trace/sink.hpp"

namespace masqsim::trace {

/// Which link ends a capture shows.
///
/// Wireshark takes a packet that it sees at two link ends for a retransmission. A capture that it reads without a doubt
/// holds each packet once in each of its forms, a form being the addresses, ports and ICMP id that a NAT rewrites:
/// where a gateway first received or sent it in that form, or, where it never reached a gateway, at the link end that
/// sent it. So the gateways' sides hold whole conversations, and the other ends what only they saw.
struct CapturePoints {
  enum class Which : std::uint8_t {
    once,  ///< each packet once in each of its forms
    all,   ///< every packet at every link end that it passed
    named  ///< every packet at the link ends in `names`
  };
  Which which = Which::once;
  std::vector<std::string> names{};  ///< "gw/home", or "gw" for every link end of gw
};

class PcapngSink final : public Sink {
 public:
  /// `out` outlives the sink; the owner commits it after `end`. Names in `points` that the run has not, name nothing.
  explicit PcapngSink(Output& out, CapturePoints points = {}) : out_(out), points_(std::move(points)) {}

  void begin(const Header& header) override;
  void record(const Record& record) override;
  void end(Time at) override;
  void broken_off(Time at, std::string_view why) override;
  std::uint64_t size() const override { return out_.size(); }

 private:
  /// A packet at a link end. It is written when nothing more is to be told of it, or when that took too long.
  struct Block {
    Time at;
    Kind kind{};
    NodeId node = 0;
    PointId point = 0;
    std::uint64_t cause = 0;
    bool done = false;   ///< nothing more will be told of it
    bool moved = false;  ///< it is shown at another link end instead
    std::vector<std::uint8_t> bytes{};
    std::string comment{};
  };
  /// Where a packet that is on its way was shown last.
  struct Shown {
    std::uint64_t block = 0;  ///< its number, counted from the first of the run
    bool at_gateway = false;  ///< it stays there
    bool rewritten = false;   ///< it has another form by now
  };
  /// What is to be said on a packet that this node is yet to send.
  struct Note {
    NodeId node = 0;
    std::uint64_t packet = 0;
    bool answers = false;  ///< the comment is for the packet that answers `packet`
    std::string comment;
  };
  /// The first piece of a packet that a node cuts up in this moment, where the packet is shown already.
  struct Cut {
    NodeId node = nowhere;
    std::vector<std::uint8_t> piece{};
    Shown whole{};
  };

  void see(const Record& record);
  bool is_new_form(const Record& record);
  bool is_piece_of_a_shown_packet(const Record& record);
  void add_block(const Record& record);
  void note_translation(const Record& record);
  void note_drop(const Record& record);
  void attach_notes_to_last(const Record& record);
  void attach(NodeId node, std::uint64_t packet, const std::string& comment);
  Block* last_seen(NodeId node, std::uint64_t packet);
  Block* pending(std::uint64_t number);
  bool is_gateway(NodeId node) const;
  void close_moment();
  void write_what_is_done();
  void write_first();

  Output& out_;
  CapturePoints points_;
  const Header* header_ = nullptr;
  std::vector<bool> chosen_;               // by point: CapturePoints::names has it
  std::vector<std::uint32_t> interfaces_;  // by point: which interface of the file it is, from 1; 0: none yet
  std::uint32_t interface_count_ = 0;
  Time now_;
  std::deque<Block> blocks_;                        // in the order of time
  std::uint64_t first_ = 0;                         // the number of blocks_.front()
  std::unordered_map<std::uint64_t, Shown> shown_;  // by packet
  std::vector<std::uint64_t> ended_;                // packets that ended in this moment
  std::vector<Note> notes_;
  Cut cut_;
};

}  // namespace masqsim::trace
