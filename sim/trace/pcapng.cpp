#include "masqsim/trace/pcapng.hpp"

#include <cstring>

#include "little_endian.hpp"
#include "masqsim/trace/rewrite.hpp"
#include "words.hpp"

namespace masqsim::trace {

namespace {

constexpr std::uint32_t section_header = 0x0a0d0d0a, interface_description = 1, enhanced_packet = 6;
constexpr std::uint16_t opt_end = 0, opt_comment = 1, shb_userappl = 4, if_name = 2, if_ipv4 = 4, if_tsresol = 9,
                        epb_flags = 2;
constexpr std::uint32_t inbound = 1, outbound = 2;
constexpr std::size_t longest_text = 1'000;  // an option holds 65,535 bytes, a reader far less
constexpr std::size_t most_pending = 4'096;  // packets of one moment whose fate is still awaited

constexpr std::size_t padded(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

/// A small block, built whole and then written: header blocks only, packets take the short way.
class BlockBuilder {
 public:
  explicit BlockBuilder(std::uint32_t type) {
    u32(type);
    u32(0);  // the length, when it is known
  }
  void u8(std::uint32_t v) { bytes_.push_back(static_cast<std::uint8_t>(v)); }
  void u16(std::uint32_t v) { u8(v), u8(v >> 8); }
  void u32(std::uint32_t v) { u16(v), u16(v >> 16); }
  void option(std::uint16_t code, std::string_view text) {
    text = text.substr(0, longest_text);
    u16(code);
    u16(static_cast<std::uint32_t>(text.size()));
    for (const char c : text) u8(static_cast<unsigned char>(c));
    bytes_.resize(padded(bytes_.size()));
  }
  void write_to(Output& out) {
    u16(opt_end);
    u16(0);
    const std::size_t length = bytes_.size() + 4;
    u32(static_cast<std::uint32_t>(length));
    LittleEndian(&bytes_[4]).u32(static_cast<std::uint32_t>(length));
    out.write(bytes_);
  }

 private:
  std::vector<std::uint8_t> bytes_;
};

void write_section(Output& out, const Header& header) {
  BlockBuilder block(section_header);
  block.u32(0x1a2b3c4d);  // the byte order
  block.u16(1), block.u16(0);
  block.u32(0xffffffff), block.u32(0xffffffff);  // a section of unknown length
  std::string comment = "scenario ";
  append_escaped(comment, header.scenario);
  if (!header.variant.empty()) append_escaped(comment += '@', header.variant);
  block.option(opt_comment, comment + ", seed " + std::to_string(header.seed));
  block.option(shb_userappl, "masqsim");
  block.write_to(out);
}

void write_interface(Output& out, const PointInfo& point) {
  BlockBuilder block(interface_description);
  block.u16(linktype_ipv4), block.u16(0);
  block.u32(0);  // no limit on a packet's length
  std::string name;
  append_escaped(name, point.name);
  block.option(if_name, name);
  const wire::Prefix prefix{point.address, point.prefix_length};
  std::uint8_t address[8];
  wire::store32(address, prefix.address.value);
  wire::store32(address + 4, prefix.mask());
  block.option(if_ipv4, {reinterpret_cast<const char*>(address), sizeof address});
  block.option(if_tsresol, "\x09");  // 10^-9 s
  block.write_to(out);
}

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
std::string drop_text(const Record& r) {
  std::string text = rewritten(r);
  text += (text.empty() ? "X " : "; X ") + std::string(word(r.reason));
  if (!r.text.empty()) append_escaped(text += ": ", r.text);
  return text;
}

void add_comment(std::string& comment, const std::string& text) { comment += (comment.empty() ? "" : "; ") + text; }

}  // namespace

void PcapngSink::begin(const Header& header) {
  points_ = header.points.size();
  write_section(out_, header);
  for (const PointInfo& point : header.points) write_interface(out_, point);
}

void PcapngSink::record(const Record& record) {
  if (record.at != now_ || pending_.size() >= most_pending) {
    write_pending();
    now_ = record.at;
  }
  switch (record.kind) {
    case Kind::send:
    case Kind::receive: return add_block(record);
    case Kind::translate: return note_translation(record);
    case Kind::deliver: return attach_note_to_last(record);
    case Kind::drop: return note_drop(record);
    default: return;
  }
}

void PcapngSink::end(Time) { write_pending(); }

void PcapngSink::add_block(const Record& r) {
  if (r.point >= points_) return;
  Block block{r.kind, r.node, r.point, r.packet, r.cause, bytes_.size(), r.bytes.size(), {}};
  bytes_.insert(bytes_.end(), r.bytes.begin(), r.bytes.end());
  if (r.kind == Kind::send) {
    std::erase_if(notes_, [&](const Note& note) {
      const bool mine = note.node == r.node && note.packet == (note.answers ? r.cause : r.packet);
      if (mine) add_comment(block.comment, note.comment);
      return mine;
    });
  }
  pending_.push_back(std::move(block));
}

void PcapngSink::note_translation(const Record& r) {
  const std::string text = translation_text(r);
  if (!text.empty()) notes_.push_back({r.node, r.packet, false, text});
}

void PcapngSink::attach_note_to_last(const Record& r) {
  if (notes_.empty()) return;
  Block* const block = last_seen(r.node, r.packet);
  std::erase_if(notes_, [&](const Note& note) {
    if (note.answers || note.node != r.node || note.packet != r.packet) return false;
    if (block != nullptr) add_comment(block->comment, note.comment);
    return true;
  });
}

void PcapngSink::note_drop(const Record& r) {
  if (r.packet == 0) return;
  attach_note_to_last(r);
  const std::string text = drop_text(r);
  if (Block* const block = last_seen(r.node, r.packet)) return add_comment(block->comment, text);
  for (Block& block : pending_) {
    if (block.kind == Kind::send && block.node == r.node && block.cause == r.packet) {
      return add_comment(block.comment, text);
    }
  }
  notes_.push_back({r.node, r.packet, true, text});
}

PcapngSink::Block* PcapngSink::last_seen(NodeId node, std::uint64_t packet) {
  for (auto block = pending_.rbegin(); block != pending_.rend(); ++block) {
    if (block->packet == packet && block->node == node) return &*block;
  }
  return nullptr;
}

void PcapngSink::write_pending() {
  for (const Block& block : pending_) write(block);
  pending_.clear();
  bytes_.clear();
  notes_.clear();
}

void PcapngSink::write(const Block& block) {
  std::string comment = block.comment.empty() ? "" : "masqsim: " + block.comment;
  if (comment.size() > longest_text) comment.resize(longest_text);
  const std::size_t comment_size = comment.empty() ? 0 : 4 + padded(comment.size());
  const std::size_t length = 28 + padded(block.size) + comment_size + 8 + 4 + 4;
  const auto ns = static_cast<std::uint64_t>(now_.ns);
  const auto size = static_cast<std::uint32_t>(block.size);

  std::uint8_t* const start = out_.claim(length);
  LittleEndian header(start);
  header.u32(enhanced_packet).u32(static_cast<std::uint32_t>(length)).u32(block.point);
  header.u32(static_cast<std::uint32_t>(ns >> 32)).u32(static_cast<std::uint32_t>(ns)).u32(size).u32(size);
  std::uint8_t* place = header.place();
  const auto add_padded = [&](const void* from, std::size_t count) {
    if (count > 0) std::memcpy(place, from, count);
    std::memset(place + count, 0, padded(count) - count);
    place += padded(count);
  };
  add_padded(bytes_.data() + block.offset, block.size);
  if (!comment.empty()) {
    place = LittleEndian(place).u16(opt_comment).u16(static_cast<std::uint32_t>(comment.size())).place();
    add_padded(comment.data(), comment.size());
  }
  LittleEndian tail(place);
  tail.u16(epb_flags).u16(4).u32(block.kind == Kind::receive ? inbound : outbound);
  tail.u16(opt_end).u16(0).u32(static_cast<std::uint32_t>(length));
}

}  // namespace masqsim::trace
