#include "packet.hpp"

#include <cassert>
#include <cstring>
#include <new>

namespace masqsim::net {

namespace {
constexpr std::size_t slab_bytes = 256 * 1024;
constexpr std::size_t spare_room = 64;
}  // namespace

PacketBlock* Pool::take(std::size_t size) {
  std::uint8_t size_class = 0;
  while (class_sizes[size_class] < size + spare_room) ++size_class;
  assert(size_class < 4);
  std::vector<PacketBlock*>& list = free_[size_class];
  if (list.empty()) {
    const std::size_t stride = sizeof(PacketBlock) + class_sizes[size_class];
    const std::size_t count = slab_bytes / stride;
    memory_ += stride * count;
    slabs_.push_back(std::make_unique_for_overwrite<std::uint8_t[]>(stride * count));
    for (std::size_t n = count; n-- > 0;) {
      std::uint8_t* place = slabs_.back().get() + n * stride;
      auto* block = new (place) PacketBlock;
      block->pool = this;
      block->size_class = size_class;
      block->buffer = {place + sizeof(PacketBlock), 0, static_cast<std::uint32_t>(class_sizes[size_class])};
      list.push_back(block);
    }
  }
  PacketBlock* block = list.back();
  list.pop_back();
  return block;
}

void Pool::give_back(PacketBlock* block) { free_[block->size_class].push_back(block); }

Packet Pool::make(std::size_t size, trace::FlowId flow, std::uint64_t cause) {
  PacketBlock* block = take(size);
  block->buffer.size = static_cast<std::uint32_t>(size);
  block->id = ++last_id_;
  block->cause = cause;
  block->flow = flow;
  block->receiver = nullptr;
  block->next_hop = {};
  block->interface = block->asked_by = block->bound_to = no_interface;
  block->forged = false;
  block->options_unread = false;
  return Packet(block);
}

Packet Pool::make(wire::ByteView bytes, trace::FlowId flow, std::uint64_t cause) {
  Packet packet = make(bytes.size(), flow, cause);
  if (!bytes.empty()) std::memcpy(packet.buffer().data, bytes.data(), bytes.size());
  return packet;
}

Packet Packet::duplicate() const {
  Packet copy = block_->pool->make(view(), block_->flow, block_->cause);
  copy.block_->forged = block_->forged;
  return copy;
}

}  // namespace masqsim::net
