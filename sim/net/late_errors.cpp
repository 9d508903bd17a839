#include "late_errors.hpp"

#include <utility>

#include "masqsim/wire/icmp.hpp"

namespace masqsim::net {

namespace {
constexpr Duration patience = 6_s;
}

void LateErrors::add(Packet syn) {
  waiting_.push_back({std::move(syn), network_.now() + patience});
  network_.engine().schedule(waiting_.back().due, *this, 0);
}

void LateErrors::on_event(std::uint64_t) {
  const Packet syn = std::move(waiting_.front().syn);
  waiting_.erase(waiting_.begin());
  const wire::Tuple called = *wire::tuple_of(syn.view());
  for (const nat::Entry& e : nat_.table(network_.now())) {
    if (e.protocol == called.protocol && e.outside == called.destination && e.remote == called.source) return;
  }
  ip_.send_icmp_error_from(called.destination.address, syn, wire::icmp::unreachable, wire::icmp::port_unreachable);
}

}  // namespace masqsim::net
