#include "app.hpp"

#include <array>
#include <cassert>

#include "say.hpp"

namespace masqsim::app {

wire::ByteView pattern(std::size_t size) {
  static const auto letters = [] {
    std::array<std::uint8_t, 65536> bytes{};
    for (std::size_t n = 0; n < bytes.size(); ++n) bytes[n] = static_cast<std::uint8_t>('a' + n % 23);
    return bytes;
  }();
  assert(size <= letters.size());
  return wire::ByteView(letters).first(size);
}

void say_result(const net::Node& node, trace::FlowId flow, std::string_view word) {
  net::Network& network = node.network();
  if (!network.trace().on(trace::Kind::result)) return;
  trace::Record record;
  record.kind = trace::Kind::result;
  record.node = node.id();
  record.flow = flow;
  record.text = word;
  network.emit(record);
}

std::string_view result_of(const net::Trouble& trouble) {
  return kind_of(trouble) == net::TroubleKind::refused ? result::refused : result::unreachable;
}

}  // namespace masqsim::app
