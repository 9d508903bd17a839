#include "masqsim/trace/pcap.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>

#include "little_endian.hpp"

namespace masqsim::trace {

namespace {

constexpr std::size_t all_buffers = 64u << 20;  // bytes of memory for all files together
constexpr std::size_t most_held_open = 256;     // descriptors; beyond, a file is opened for each of its drains
constexpr std::uint32_t snap_length = 262'144;

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::string safe(std::string_view point) {
  std::string name;
  for (const char c : point.substr(0, 190)) {
    const bool good =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    name += good ? c : c == '/' ? '-' : '_';
  }
  if (name.empty() || name[0] == '.') name.insert(0, "_");
  return name;
}

}  // namespace

std::vector<std::string> capture_names(const Header& header) {
  std::vector<std::string> names;
  std::set<std::string> taken;
  std::map<std::string, std::uint64_t> uses;
  for (const PointInfo& point : header.points) {
    const std::string base = safe(point.name);
    std::uint64_t& used = uses[lower(base)];  // so that many equal names are numbered without trying them all
    std::string name;
    do {
      name = ++used == 1 ? base : base + '-' + std::to_string(used);
    } while (!taken.insert(lower(name)).second);
    names.push_back(name + ".pcap");
  }
  return names;
}

void PcapDirSink::begin(const Header& header) {
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  if (error) throw MachineError(directory_ + ": cannot make the directory: " + std::strerror(error.value()));
  const std::vector<std::string> names = capture_names(header);
  const OutputFile::Options options{
      .buffer = std::clamp<std::size_t>(all_buffers / std::max<std::size_t>(names.size(), 1), 1'024, 256 * 1'024),
      .hold_open = names.size() <= most_held_open};
  for (const std::string& name : names) {
    OutputFile& file = *files_.emplace_back(std::make_unique<OutputFile>(directory_ + '/' + name, options));
    LittleEndian(file.claim(24)).u32(0xa1b23c4d).u16(2).u16(4).u32(0).u32(0).u32(snap_length).u32(linktype_ipv4);
  }
}

void PcapDirSink::record(const Record& r) {
  if ((r.kind != Kind::send && r.kind != Kind::receive) || r.point >= files_.size()) return;
  const auto ns = static_cast<std::uint64_t>(r.at.ns);
  const auto size = static_cast<std::uint32_t>(r.bytes.size());
  size_ += 16 + size;
  LittleEndian header(files_[r.point]->claim(16 + r.bytes.size()));
  header.u32(static_cast<std::uint32_t>(ns / 1'000'000'000)).u32(static_cast<std::uint32_t>(ns % 1'000'000'000));
  header.u32(size).u32(size);
  if (size > 0) std::memcpy(header.place(), r.bytes.data(), size);
}

void PcapDirSink::commit() {
  for (const std::unique_ptr<OutputFile>& file : files_) file->commit();
}

}  // namespace masqsim::trace
