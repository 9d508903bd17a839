#include "masqsim/trace/pcapng.hpp"

#include <algorithm>

#include "masqsim/trace/rewrite.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "pcapng_blocks.hpp"
#include "words.hpp"

namespace masqsim::trace {

namespace {

constexpr std::size_t most_pending = 16'384;  // blocks whose packets' fate is awaited
constexpr Duration patience{5'000'000'000};   // how long it is awaited

/// "src A => B, dst C => D"; empty where at most what every router changes was changed.
std::string rewritten(const Record& r) {
  std::string text;
  if (r.before.empty()) return text;
  for (const FieldChange& change : changes_of(r.before, r.bytes)) {
    if (change.weight == Weight::routine) continue;
    text += (text.empty() ? "" : ", ") + to_text(change);
  }
  return text;
}

std::string translation_text(const Record& r) {
  const std::string text = rewritten(r);
  if (text.empty()) return r.reason == Reason::none ? "" : "passed untranslated: " + std::string(word(r.reason));
  return r.mapping == 0 ? text : text + ", mapping #" + std::to_string(r.mapping);
}

/// Of a packet that was rewritten before it ended, that too.
std::string drop_text(const Record& r, const std::string& place) {
  std::string text = rewritten(r);
  text += (text.empty() ? "X " : "; X ") + std::string(word(r.reason)) + place;
  if (!r.text.empty()) append_escaped(text += ": ", r.text);
  return text;
}

void add_comment(std::string& comment, const std::string& text) { comment += (comment.empty() ? "" : "; ") + text; }

/// Whether a NAT gave the packet other addresses, ports or another ICMP id.
bool gives_another_form(const Record& translation) {
  if (translation.before.empty()) return false;
  return std::ranges::any_of(changes_of(translation.before, translation.bytes),
                             [](const FieldChange& change) { return change.weight == Weight::address; });
}

/// All pieces of one datagram have these in common (RFC 791).
bool is_same_datagram(wire::Ipv4View a, wire::Ipv4View b) {
  return a.source() == b.source() && a.destination() == b.destination() && a.protocol() == b.protocol() &&
         a.id() == b.id();
}

}  // namespace

void PcapngSink::begin(const Header& header) {
  header_ = &header;
  interfaces_.assign(header.points.size(), 0);
  for (const PointInfo& point : header.points) {
    chosen_.push_back(std::ranges::any_of(points_.names, [&](const std::string& name) {
      return name == point.name || name == header.nodes.at(point.node).name;
    }));
  }
  write_section(out_, header);
}

void PcapngSink::record(const Record& record) {
  if (record.at != now_) {
    close_moment();
    now_ = record.at;
    write_what_is_done();
  }
  switch (record.kind) {
    case Kind::send:
    case Kind::receive: return see(record);
    case Kind::translate: return note_translation(record);
    case Kind::deliver: attach_notes_to_last(record); return ended_.push_back(record.packet);
    case Kind::drop: return note_drop(record);
    default: return;
  }
}

void PcapngSink::end(Time) {
  close_moment();
  while (!blocks_.empty()) write_first();
}

void PcapngSink::see(const Record& r) {
  if (r.point >= interfaces_.size()) return;
  switch (points_.which) {
    case CapturePoints::Which::all: return add_block(r);
    case CapturePoints::Which::named: return chosen_[r.point] ? add_block(r) : void();
    case CapturePoints::Which::once: return is_new_form(r) ? add_block(r) : void();
  }
}

/// Whether the packet is to be shown here: it was never shown in this form, or only where the gateway's side that it
/// has reached now is the better place.
bool PcapngSink::is_new_form(const Record& r) {
  const auto found = shown_.find(r.packet);
  if (found == shown_.end()) return !is_piece_of_a_shown_packet(r);
  const Shown& shown = found->second;
  if (shown.rewritten) return true;
  if (r.kind == Kind::receive && is_gateway(r.node) && !shown.at_gateway) {
    Block* const elsewhere = pending(shown.block);
    if (elsewhere != nullptr) elsewhere->moved = true;
    return elsewhere != nullptr;
  }
  if (r.kind == Kind::send) cut_ = {r.node, {r.bytes.begin(), r.bytes.end()}, shown};
  return false;
}

/// The first piece of what a node cuts up keeps the packet's number, the others get new ones.
bool PcapngSink::is_piece_of_a_shown_packet(const Record& r) {
  if (r.kind != Kind::send || cut_.node != r.node) return false;
  const auto first = wire::Ipv4View::parse(cut_.piece);
  const auto piece = wire::Ipv4View::parse(r.bytes);
  if (!first || !piece || piece->fragment_offset() == 0 || !is_same_datagram(*first, *piece)) return false;
  shown_[r.packet] = cut_.whole;
  return true;
}

void PcapngSink::broken_off(Time at, std::string_view why) {
  const auto last = std::find_if(blocks_.rbegin(), blocks_.rend(), [](const Block& block) { return !block.moved; });
  if (last != blocks_.rend()) {
    std::string text = "the run was broken off after this packet: ";
    append_escaped(text, why);
    add_comment(last->comment, text);
  }
  end(at);
}

void PcapngSink::add_block(const Record& r) {
  if (blocks_.size() >= most_pending) write_first();
  std::string comment;
  if (const Block* const elsewhere = last_seen(r.node, r.packet); elsewhere != nullptr && elsewhere->moved) {
    comment = elsewhere->comment;
  }
  if (r.kind == Kind::send) {
    std::erase_if(notes_, [&](const Note& note) {
      const bool mine = note.node == r.node && note.packet == (note.answers ? r.cause : r.packet);
      if (mine) add_comment(comment, note.comment);
      return mine;
    });
  }
  shown_[r.packet] = {first_ + blocks_.size(), is_gateway(r.node)};
  blocks_.push_back({r.at, r.kind, r.node, r.point, r.cause, false, false, {r.bytes.begin(), r.bytes.end()}, comment});
}

void PcapngSink::note_translation(const Record& r) {
  const std::string text = translation_text(r);
  if (!text.empty()) notes_.push_back({r.node, r.packet, false, text});
  const auto shown = shown_.find(r.packet);
  if (shown == shown_.end() || !gives_another_form(r)) return;
  shown->second.rewritten = true;
  if (Block* const block = pending(shown->second.block)) block->done = true;
}

/// What was to be said on the packet as it leaves is said on it as it came: it does not leave.
void PcapngSink::attach_notes_to_last(const Record& r) {
  std::erase_if(notes_, [&](const Note& note) {
    if (note.answers || note.node != r.node || note.packet != r.packet) return false;
    attach(note.node, note.packet, note.comment);
    return true;
  });
}

void PcapngSink::note_drop(const Record& r) {
  if (r.packet == 0) return;
  attach_notes_to_last(r);
  ended_.push_back(r.packet);
  if (Block* const block = last_seen(r.node, r.packet)) {
    const bool here = block->node == r.node || r.node >= header_->nodes.size();
    return add_comment(block->comment, drop_text(r, here ? "" : " at " + header_->nodes[r.node].name));
  }
  const std::string text = drop_text(r, "");
  for (auto block = blocks_.rbegin(); block != blocks_.rend() && block->at == now_; ++block) {
    if (block->kind == Kind::send && block->node == r.node && block->cause == r.packet) {
      return add_comment(block->comment, text);
    }
  }
  notes_.push_back({r.node, r.packet, true, text});
}

void PcapngSink::attach(NodeId node, std::uint64_t packet, const std::string& comment) {
  if (Block* const block = last_seen(node, packet)) add_comment(block->comment, comment);
}

/// The block of the packet as it was last shown: at this node, or at any where each form is shown once.
PcapngSink::Block* PcapngSink::last_seen(NodeId node, std::uint64_t packet) {
  const auto shown = shown_.find(packet);
  Block* const block = shown == shown_.end() ? nullptr : pending(shown->second.block);
  if (block == nullptr || (block->node != node && points_.which != CapturePoints::Which::once)) return nullptr;
  return block;
}

/// nullptr where it is written already.
PcapngSink::Block* PcapngSink::pending(std::uint64_t number) {
  return number < first_ ? nullptr : &blocks_[number - first_];
}

bool PcapngSink::is_gateway(NodeId node) const {
  return node < header_->nodes.size() && header_->nodes[node].kind == NodeKind::gateway;
}

void PcapngSink::close_moment() {
  for (const Note& note : notes_) {
    if (!note.answers) attach(note.node, note.packet, note.comment);
  }
  notes_.clear();
  cut_ = {};
  for (const std::uint64_t packet : ended_) {
    const auto shown = shown_.find(packet);
    if (shown == shown_.end()) continue;
    if (Block* const block = pending(shown->second.block)) block->done = true;
    shown_.erase(shown);
  }
  ended_.clear();
}

void PcapngSink::write_what_is_done() {
  const bool await = points_.which == CapturePoints::Which::once;
  while (!blocks_.empty()) {
    const Block& block = blocks_.front();
    if (await && !block.done && !block.moved && now_ - block.at <= patience) return;
    write_first();
  }
  if (!await) shown_.clear();
}

void PcapngSink::write_first() {
  const Block block = std::move(blocks_.front());
  blocks_.pop_front();
  ++first_;
  if (block.moved) return;
  std::uint32_t& interface = interfaces_[block.point];
  if (interface == 0) {
    write_interface(out_, header_->points[block.point]);
    interface = ++interface_count_;
  }
  write_packet(out_, interface - 1, block.at, block.kind == Kind::receive, block.bytes,
               block.comment.empty() ? "" : "masqsim: " + block.comment);
}

}  // namespace masqsim::trace
