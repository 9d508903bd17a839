// Any bytes as a packet: views stay in bounds, descriptions are printable and bounded, a rewrite and its undoing leave
// the bytes as they were.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "masqsim/wire/describe.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "masqsim/wire/tcp.hpp"

namespace {

void demand(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace masqsim::wire;
  const std::vector<std::uint8_t> bytes(data, data + size);
  const std::string line = describe(bytes);
  demand(!line.empty() && line.size() <= 400);
  demand(std::all_of(line.begin(), line.end(), [](char c) { return c >= 0x20 && c < 0x7f; }));
  demand(!kind_of(bytes).empty());
  demand(tuple_of(bytes).has_value() == Ipv4View::parse_quoted(bytes).has_value());

  std::vector<std::uint8_t> changed = bytes;
  const std::optional<Ipv4Edit> ip = Ipv4Edit::parse(changed);
  if (!ip) return 0;
  if (const auto tcp = TcpEdit::parse(ip->payload())) {
    (void)read_options(*TcpView::parse(Ipv4View::parse(bytes)->payload()));
  }
  const bool was_right = ip->sum_ok();
  const Address source = ip->source();
  const std::uint8_t ttl = ip->ttl();
  ip->rewrite_source(address(203, 0, 113, 5));
  ip->rewrite_ttl(static_cast<std::uint8_t>(ttl - 1));
  demand(ip->sum_ok() == was_right);
  ip->rewrite_ttl(ttl);
  ip->rewrite_source(source);
  demand(ip->sum_ok() == was_right);
  return 0;
}
