#include "pcapng_blocks.hpp"

#include <cstring>
#include <vector>

#include "little_endian.hpp"
#include "words.hpp"

namespace masqsim::trace {

namespace {

constexpr std::uint32_t section_header = 0x0a0d0d0a, interface_description = 1, enhanced_packet = 6;
constexpr std::uint16_t opt_end = 0, opt_comment = 1, shb_userappl = 4, if_name = 2, if_ipv4 = 4, if_tsresol = 9,
                        epb_flags = 2;
constexpr std::uint32_t flag_inbound = 1, flag_outbound = 2;
constexpr std::size_t longest_text = 1'000;  // an option holds 65,535 bytes, a reader far less

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

}  // namespace

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

void write_packet(Output& out, std::uint32_t interface, Time at, bool inbound, wire::ByteView bytes,
                  std::string_view comment) {
  comment = comment.substr(0, longest_text);
  const std::size_t comment_size = comment.empty() ? 0 : 4 + padded(comment.size());
  const std::size_t length = 28 + padded(bytes.size()) + comment_size + 8 + 4 + 4;
  const auto ns = static_cast<std::uint64_t>(at.ns);
  const auto size = static_cast<std::uint32_t>(bytes.size());

  std::uint8_t* const start = out.claim(length);
  LittleEndian header(start);
  header.u32(enhanced_packet).u32(static_cast<std::uint32_t>(length)).u32(interface);
  header.u32(static_cast<std::uint32_t>(ns >> 32)).u32(static_cast<std::uint32_t>(ns)).u32(size).u32(size);
  std::uint8_t* place = header.place();
  const auto add_padded = [&](const void* from, std::size_t count) {
    if (count > 0) std::memcpy(place, from, count);
    std::memset(place + count, 0, padded(count) - count);
    place += padded(count);
  };
  add_padded(bytes.data(), bytes.size());
  if (!comment.empty()) {
    place = LittleEndian(place).u16(opt_comment).u16(static_cast<std::uint32_t>(comment.size())).place();
    add_padded(comment.data(), comment.size());
  }
  LittleEndian tail(place);
  tail.u16(epb_flags).u16(4).u32(inbound ? flag_inbound : flag_outbound);
  tail.u16(opt_end).u16(0).u32(static_cast<std::uint32_t>(length));
}

}  // namespace masqsim::trace
