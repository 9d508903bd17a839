#include "common_terms.hpp"

#include "masqsim/wire/checksum.hpp"
#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "masqsim/wire/tcp.hpp"

namespace masqsim::standin {

namespace {

using trace::Kind;

bool is_fragment(wire::ByteView packet) {
  const auto ip = wire::Ipv4View::parse(packet);
  return ip && ip->is_fragment();
}

/// The segment of a packet that is whole; nothing for another protocol.
template <typename Byte>
std::optional<wire::Tcp<Byte>> tcp_of(std::span<Byte> packet) {
  const auto ip = wire::Ipv4<Byte>::parse(packet);
  if (!ip || ip->protocol() != wire::Protocol::tcp || ip->is_fragment()) return std::nullopt;
  return wire::Tcp<Byte>::parse(ip->payload());
}

bool is_redirect(wire::ByteView packet) {
  const auto ip = wire::Ipv4View::parse(packet);
  return ip && ip->protocol() == wire::Protocol::icmp && !ip->is_fragment() && !ip->payload().empty() &&
         ip->payload()[0] == wire::icmp::redirect;
}

}  // namespace

void CommonTerms::begin(const trace::Header& header) {
  is_gateway_.clear();
  for (const trace::NodeInfo& node : header.nodes) is_gateway_.push_back(node.kind == trace::NodeKind::gateway);
}

std::optional<trace::Record> CommonTerms::of(const trace::Record& record) {
  if (is_redirect(record.bytes)) return std::nullopt;
  note(record);
  trace::Record told = record;
  if (is_gateway(record.node)) {
    if (record.kind == Kind::change || record.kind == Kind::table) return std::nullopt;
    const auto came = came_.find({record.node, record.packet});
    const bool in_fragments = is_fragment(record.bytes) || (came != came_.end() && is_fragment(came->second));
    if (in_fragments && record.kind != Kind::receive && record.kind != Kind::send) return std::nullopt;
    if (record.kind == Kind::translate && came == came_.end()) return std::nullopt;
    told.made_flow = told.made_mapping = false;
    told.nat_flow = told.mapping = 0;
    if (record.kind == Kind::drop || record.kind == Kind::deliver || record.kind == Kind::translate) {
      told.point = trace::nowhere;
      told.reason = Reason::none;
      told.text = {};
      told.steps = {};
    }
    if (record.kind == Kind::drop && came != came_.end()) told.bytes = came->second;
  }
  const auto cause = numbers_.find(record.cause);
  told.cause = sent_fragments_.contains(record.packet) || cause == numbers_.end() ? 0 : cause->second;
  if (record.packet != 0) told.packet = numbers_.try_emplace(record.packet, numbers_.size() + 1).first->second;
  told.bytes = counted(told.bytes, record, bytes_);
  told.before = counted(told.before, record, before_);
  return told;
}

/// What the records to come are told by.
void CommonTerms::note(const trace::Record& record) {
  if (record.packet == 0) return;
  if (record.kind == Kind::receive && is_gateway(record.node)) {
    came_[{record.node, record.packet}].assign(record.bytes.begin(), record.bytes.end());
  }
  if (record.kind == Kind::send && is_gateway(record.node) && is_fragment(record.bytes)) {
    sent_fragments_.insert(record.packet);
  }
  if (record.kind != Kind::send || outward_.contains(record.packet)) return;
  Connection& connection = connections_[record.flow];
  if (connection.initiator == trace::nowhere) connection.initiator = record.node;
  const bool outward = record.node == connection.initiator;
  outward_[record.packet] = outward;
  const auto segment = tcp_of(record.bytes);
  if (segment && segment->flags().has(wire::TcpFlags::syn)) {
    (outward ? connection.there : connection.back) = segment->sequence();
  }
}

/// `packet` with TCP numbers that count from each side's first; a wrong sum stays wrong by as much.
wire::ByteView CommonTerms::counted(wire::ByteView packet, const trace::Record& record,
                                    std::vector<std::uint8_t>& buffer) const {
  const auto outward = outward_.find(record.packet);
  const auto connection = connections_.find(record.flow);
  if (record.flow == 0 || outward == outward_.end() || connection == connections_.end() || !tcp_of(packet)) {
    return packet;
  }
  const auto& [there, back] = std::pair(connection->second.there, connection->second.back);
  const std::uint32_t own = (outward->second ? there : back).value_or(0);
  const std::uint32_t other = (outward->second ? back : there).value_or(0);
  buffer.assign(packet.begin(), packet.end());
  const wire::TcpEdit segment = *tcp_of(std::span<std::uint8_t>(buffer));
  std::uint16_t sum = wire::adjust32(segment.sum(), segment.sequence(), segment.sequence() - own);
  segment.set_sequence(segment.sequence() - own);
  if (segment.flags().has(wire::TcpFlags::ack)) {
    sum = wire::adjust32(sum, segment.acknowledgment(), segment.acknowledgment() - other);
    segment.set_acknowledgment(segment.acknowledgment() - other);
  }
  segment.set_sum(sum);
  return buffer;
}

}  // namespace masqsim::standin
