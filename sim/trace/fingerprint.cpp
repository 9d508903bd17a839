#include "masqsim/trace/fingerprint.hpp"

#include <fmt/format.h>

#include "masqsim/base/random.hpp"

namespace masqsim::trace {

namespace {

/// The first `size` (at most 8) bytes as a little-endian number, on any machine.
std::uint64_t little(const std::uint8_t* p, std::size_t size) {
  std::uint64_t v = 0;
  for (std::size_t i = 0; i < size; ++i) v |= std::uint64_t{p[i]} << (8 * i);
  return v;
}

std::uint64_t number(const wire::Endpoint& e) { return std::uint64_t{e.address.value} << 16 | e.port; }

void add_row(Fingerprint& f, const Row& row) {
  f.add(row.number);
  f.add(row.flow);
  f.add(static_cast<std::uint64_t>(row.protocol));
  f.add(number(row.inside));
  f.add(number(row.outside));
  f.add(number(row.remote));
  f.add(row.state);
  f.add(static_cast<std::uint64_t>(row.left.ns));
}

}  // namespace

void Fingerprint::add(wire::ByteView bytes) {
  add(std::uint64_t{bytes.size()});
  const std::uint8_t* p = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, p += 8) add(little(p, 8));
  if (left > 0) add(little(p, left));
}

std::string Fingerprint::hex() const { return fmt::format("{:016x}{:016x}", mix(a_ + b_), mix(b_ ^ mix(a_))); }

void FingerprintSink::begin(const Header& header) {
  fingerprint_.add(std::uint64_t{header.nodes.size()});
  for (const NodeInfo& node : header.nodes) fingerprint_.add(node.name);
  fingerprint_.add(std::uint64_t{header.points.size()});
  for (const PointInfo& point : header.points) fingerprint_.add(point.name);
  fingerprint_.add(std::uint64_t{header.flows.size()});
  for (const FlowInfo& flow : header.flows) fingerprint_.add(flow.id);
}

void FingerprintSink::record(const Record& r) {
  // A translation has a row only where a sink asked for it, and the fingerprint is the same for everybody.
  const Row* row = r.kind == Kind::translate ? nullptr : r.row;
  Fingerprint f = fingerprint_;  // in registers while one record goes by
  f.add(static_cast<std::uint64_t>(r.at.ns));
  f.add(static_cast<std::uint64_t>(r.kind) | static_cast<std::uint64_t>(r.reason) << 8 |
        std::uint64_t{r.made_flow} << 16 | std::uint64_t{r.made_mapping} << 17 | std::uint64_t{row != nullptr} << 18 |
        std::uint64_t{r.flow} << 32);
  f.add(std::uint64_t{r.node} << 32 | r.point);
  f.add(r.packet);
  f.add(r.cause);
  f.add(r.nat_flow);
  f.add(r.mapping);
  f.add(r.bytes);
  f.add(r.before);
  f.add(r.text);
  if (row != nullptr) add_row(f, *row);
  fingerprint_ = f;
}

void FingerprintSink::end(Time at) { fingerprint_.add(static_cast<std::uint64_t>(at.ns)); }

}  // namespace masqsim::trace
