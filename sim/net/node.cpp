#include "node.hpp"

#include "network.hpp"

namespace masqsim::net {

bool Node::owns(wire::Address a) const {
  for (const Interface& interface : interfaces_) {
    if (interface.owns(a)) return true;
  }
  return false;
}

void Node::say_drop(const Packet& packet, Reason reason, std::string_view text, InterfaceIndex at,
                    wire::ByteView before, std::span<const Step> steps) const {
  if (!network_.trace().on(trace::Kind::drop)) return;
  trace::Record record;
  record.kind = trace::Kind::drop;
  record.reason = reason;
  record.node = id_;
  record.point = at == no_interface ? trace::nowhere : interfaces_[at].point;
  record.flow = packet.flow();
  record.packet = packet.id();
  record.cause = packet.marks().cause;
  record.bytes = packet.view();
  record.before = before;
  record.text = text;
  record.steps = steps;
  network_.emit(record);
}

void Node::say_deliver(const Packet& packet, std::string_view text) const {
  if (!network_.trace().on(trace::Kind::deliver)) return;
  trace::Record record;
  record.kind = trace::Kind::deliver;
  record.node = id_;
  record.flow = packet.flow();
  record.packet = packet.id();
  record.cause = packet.marks().cause;
  record.bytes = packet.view();
  record.text = text;
  network_.emit(record);
}

}  // namespace masqsim::net
