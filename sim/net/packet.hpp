// A packet on its way: real bytes with one owner, and the marks the simulator keeps beside them.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "masqsim/trace/record.hpp"
#include "masqsim/wire/address.hpp"
#include "masqsim/wire/bytes.hpp"

namespace masqsim::net {

class Node;
class Pool;

using InterfaceIndex = std::uint16_t;  ///< place in Node::interfaces()
inline constexpr InterfaceIndex no_interface = 0xffff;

/// What lies in front of the bytes in the pool. Never seen by anything that models the network itself.
struct PacketBlock {
  wire::Buffer buffer;
  Pool* pool = nullptr;
  std::uint64_t id = 0;                     ///< survives every rewrite and hop
  std::uint64_t cause = 0;                  ///< the packet this one answers; 0: none
  Node* receiver = nullptr;                 ///< while on a link: who gets it
  trace::FlowId flow = 0;                   ///< the action of the scenario it belongs to; answers inherit it
  wire::Address next_hop;                   ///< while on a link with two ends: the neighbour that its sender named
  InterfaceIndex interface = no_interface;  ///< by which interface it arrives or arrived; no_interface: made here
  InterfaceIndex asked_by = no_interface;   ///< of an answer: by which interface the packet came that it answers
  InterfaceIndex bound_to = no_interface;   ///< made here for this interface alone (Linux: SO_BINDTODEVICE)
  std::uint8_t size_class = 0;
  bool forged = false;          ///< injected as raw bytes: nothing about it need be sound
  bool options_unread = false;  ///< it ended before its IP options were read: no answer bears them
};

/// Move-only; the bytes go back to the pool with it. At least 64 bytes of room beyond the size asked for.
class Packet {
 public:
  Packet() = default;
  Packet(Packet&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Packet& operator=(Packet&& other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Packet();

  explicit operator bool() const { return block_ != nullptr; }
  wire::Buffer& buffer() const { return block_->buffer; }
  wire::ByteEdit bytes() const { return block_->buffer.bytes(); }
  wire::ByteView view() const { return block_->buffer.view(); }
  std::uint32_t size() const { return block_->buffer.size; }
  PacketBlock& marks() const { return *block_; }
  std::uint64_t id() const { return block_->id; }
  trace::FlowId flow() const { return block_->flow; }

  /// Another packet with the same bytes and flow, and an id of its own; its cause is this packet's cause.
  Packet duplicate() const;

  /// For the event queue only: gives the packet away as a number, and takes it back.
  std::uint64_t release() { return reinterpret_cast<std::uint64_t>(std::exchange(block_, nullptr)); }
  static Packet adopt(std::uint64_t number) { return Packet(reinterpret_cast<PacketBlock*>(number)); }

 private:
  friend class Pool;
  explicit Packet(PacketBlock* block) : block_(block) {}
  PacketBlock* block_ = nullptr;
};

/// Buffers by size class on free lists; ids in order of birth from 1.
class Pool {
 public:
  Pool() = default;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// A new packet of `size` bytes (uninitialised), at most 65535.
  Packet make(std::size_t size, trace::FlowId flow, std::uint64_t cause = 0);
  /// A new packet with these bytes.
  Packet make(wire::ByteView bytes, trace::FlowId flow, std::uint64_t cause = 0);

  std::uint64_t packets_made() const { return last_id_; }
  /// Bytes that the pool has taken so far; it gives none back before its end.
  std::uint64_t memory() const { return memory_; }

 private:
  friend class Packet;
  PacketBlock* take(std::size_t size);
  void give_back(PacketBlock* block);

  static constexpr std::size_t class_sizes[] = {256, 2048, 9216, 65536 + 128};
  std::vector<PacketBlock*> free_[4];
  std::vector<std::unique_ptr<std::uint8_t[]>> slabs_;
  std::uint64_t last_id_ = 0;
  std::uint64_t memory_ = 0;
};

inline Packet::~Packet() {
  if (block_) block_->pool->give_back(block_);
}

}  // namespace masqsim::net
