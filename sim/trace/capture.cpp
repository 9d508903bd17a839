// The only door to libpcap.
#include "masqsim/trace/capture.hpp"

#include <pcap.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>

namespace masqsim::trace {

namespace {

constexpr std::uint16_t ethertype_ipv4 = 0x0800, ethertype_vlan = 0x8100, ethertype_qinq = 0x88a8;

/// Takes the link's header off a frame; nothing where what follows is not IPv4.
using Unwrap = std::optional<wire::ByteView> (*)(wire::ByteView frame);

std::optional<wire::ByteView> behind_ethertype(wire::ByteView frame, std::size_t type_at, std::size_t data_at) {
  while (frame.size() >= type_at + 2) {
    const std::uint16_t type = wire::load16(&frame[type_at]);
    if (type == ethertype_ipv4 && frame.size() >= data_at) return frame.subspan(data_at);
    if (type != ethertype_vlan && type != ethertype_qinq) return std::nullopt;
    type_at += 4;
    data_at += 4;
  }
  return std::nullopt;
}

std::optional<wire::ByteView> ethernet(wire::ByteView frame) { return behind_ethertype(frame, 12, 14); }
std::optional<wire::ByteView> cooked(wire::ByteView frame) { return behind_ethertype(frame, 14, 16); }

std::optional<wire::ByteView> cooked2(wire::ByteView frame) {
  if (frame.size() < 20 || wire::load16(&frame[0]) != ethertype_ipv4) return std::nullopt;
  return frame.subspan(20);
}

std::optional<wire::ByteView> raw(wire::ByteView frame) {
  if (frame.empty() || frame[0] >> 4 == 6) return std::nullopt;
  return frame;
}

/// The address family, 2 for IPv4, in the byte order of the capturing machine or (OpenBSD) of the network.
std::optional<wire::ByteView> loopback(wire::ByteView frame) {
  if (frame.size() < 4) return std::nullopt;
  const std::uint32_t family = wire::load32(&frame[0]);
  if (family != 2 && family != 0x02000000) return std::nullopt;
  return frame.subspan(4);
}

struct LinkType {
  int number;
  Unwrap unwrap;
};
constexpr LinkType link_types[] = {
    {DLT_EN10MB, ethernet},    {DLT_RAW, raw},       {DLT_IPV4, raw},     {DLT_LINUX_SLL, cooked},
    {DLT_LINUX_SLL2, cooked2}, {DLT_NULL, loopback}, {DLT_LOOP, loopback}};

struct Close {
  void operator()(pcap_t* p) const { ::pcap_close(p); }
  void operator()(std::FILE* f) const { std::fclose(f); }
};
using Handle = std::unique_ptr<pcap_t, Close>;
using File = std::unique_ptr<std::FILE, Close>;

Unwrap unwrap_for(int link_type, const std::string& name) {
  for (const LinkType& known : link_types) {
    if (known.number == link_type) return known.unwrap;
  }
  const char* const word = ::pcap_datalink_val_to_name(link_type);
  throw ReadError(name + ": link type " + (word != nullptr ? word : std::to_string(link_type)) +
                  " is not read (Ethernet, raw IP, Linux cooked and loopback are)");
}

Time time_of(const pcap_pkthdr& header, const std::string& where) {
  // libpcap puts nanoseconds into the field for microseconds when asked for that precision.
  if (header.ts.tv_sec < 0 || header.ts.tv_sec > 9'000'000'000 || header.ts.tv_usec < 0 ||
      header.ts.tv_usec > 999'999'999) {
    throw ReadError(where + "its time is out of range");
  }
  return {std::int64_t{header.ts.tv_sec} * 1'000'000'000 + header.ts.tv_usec};
}

Capture read_from(File file, const std::string& name) {
  char error[PCAP_ERRBUF_SIZE] = "";
  pcap_t* const opened = ::pcap_fopen_offline_with_tstamp_precision(file.get(), PCAP_TSTAMP_PRECISION_NANO, error);
  if (opened == nullptr) throw ReadError(name + ": not a capture: " + error);
  const Handle handle(opened);
  (void)file.release();  // closed with the handle
  const Unwrap unwrap = unwrap_for(::pcap_datalink(opened), name);

  Capture capture;
  std::size_t bytes = 0;
  for (std::uint64_t number = 1;; ++number) {
    const std::string where = name + ": packet " + std::to_string(number) + ": ";
    pcap_pkthdr* header = nullptr;
    const u_char* data = nullptr;
    const int got = ::pcap_next_ex(opened, &header, &data);
    if (got == PCAP_ERROR_BREAK) return capture;
    if (got != 1) throw ReadError(where + ::pcap_geterr(opened));
    const Time at = time_of(*header, where);
    const std::optional<wire::ByteView> packet = unwrap({data, header->caplen});
    if (!packet) {
      ++capture.skipped;
      continue;
    }
    bytes += packet->size();
    if (capture.packets.size() == limits::capture_packets || bytes > limits::capture_bytes) {
      throw ReadError(where + "the capture is too large (at most " + std::to_string(limits::capture_packets) +
                      " packets and " + std::to_string(limits::capture_bytes) + " bytes)");
    }
    capture.packets.push_back(
        {at, {packet->begin(), packet->end()}, header->len > header->caplen ? header->len - header->caplen : 0});
  }
}

}  // namespace

Capture read_capture(const std::string& path) {
  if (path == "-") {
    File input(::fdopen(::dup(STDIN_FILENO), "rb"));
    if (!input) throw ReadError(path + ": cannot read: " + std::strerror(errno));
    return read_from(std::move(input), path);
  }
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) throw ReadError(path + ": is a directory");
  File file(std::fopen(path.c_str(), "rb"));
  if (!file) throw ReadError(path + ": cannot open: " + std::strerror(errno));
  return read_from(std::move(file), path);
}

Capture parse_capture(wire::ByteView bytes, const std::string& name) {
  if (bytes.empty()) throw ReadError(name + ": not a capture: the file is empty");
  // Opened for reading only, so nothing is written through the pointer.
  File file(::fmemopen(const_cast<std::uint8_t*>(bytes.data()), bytes.size(), "rb"));
  if (!file) throw ReadError(name + ": cannot read: " + std::strerror(errno));
  return read_from(std::move(file), name);
}

}  // namespace masqsim::trace
