#include "route.hpp"

#include <algorithm>
#include <bit>

namespace masqsim::net {

namespace {

constexpr std::size_t walk_at_most = 8;

std::uint64_t key(wire::Prefix p) { return std::uint64_t{p.length} << 32 | p.address.value; }

bool before(wire::Prefix a, wire::Prefix b) {
  return a.length != b.length ? a.length > b.length : a.address < b.address;
}

}  // namespace

std::vector<wire::Prefix> prefixes_of(wire::Address first, wire::Address last) {
  std::vector<wire::Prefix> parts;
  const std::uint64_t end = std::uint64_t{last.value} + 1;
  for (std::uint64_t at = first.value; at < end;) {
    const int aligned = at == 0 ? 32 : std::countr_zero(at);
    const int fitting = static_cast<int>(std::bit_width(end - at)) - 1;
    const int bits = std::min(aligned, fitting);
    parts.push_back({{static_cast<std::uint32_t>(at)}, static_cast<std::uint8_t>(32 - bits)});
    at += std::uint64_t{1} << bits;
  }
  return parts;
}

void RouteTable::add(const Route& route) {
  remove(route.to);
  append(route);
}

void RouteTable::add_subnet(wire::Prefix subnet, InterfaceIndex out) {
  const auto is_other_subnet = [&](const Route& r) {
    return r.kind == Route::Kind::forward && r.via.is_zero() && r.out != out;
  };
  std::erase_if(routes_, [&](const Route& r) { return r.to == subnet && !is_other_subnet(r); });
  append({.to = subnet, .out = out, .via = {}});
}

void RouteTable::remove_subnet(wire::Prefix subnet, InterfaceIndex out) {
  std::erase_if(routes_, [&](const Route& r) { return r.to == subnet && r.via.is_zero() && r.out == out; });
  lengths_.clear();
}

void RouteTable::append(const Route& route) {
  const auto behind = [](wire::Prefix to, const Route& other) { return before(to, other.to); };
  routes_.insert(std::upper_bound(routes_.begin(), routes_.end(), route.to, behind), route);
  lengths_.clear();
}

void RouteTable::add_before(const Route& route) {
  const auto is_before = [](const Route& other, wire::Prefix to) { return before(other.to, to); };
  routes_.insert(std::lower_bound(routes_.begin(), routes_.end(), route.to, is_before), route);
  lengths_.clear();
}

void RouteTable::remove(const Route& route) {
  std::erase(routes_, route);
  lengths_.clear();
}

void RouteTable::remove(wire::Prefix to) {
  const auto order = [](const Route& a, const Route& b) { return before(a.to, b.to); };
  const auto [first, last] = std::equal_range(routes_.begin(), routes_.end(), Route{.to = to}, order);
  routes_.erase(first, last);
  lengths_.clear();
}

void RouteTable::index() {
  by_prefix_.clear();
  lengths_.clear();
  for (std::uint32_t n = 0; n < routes_.size(); ++n) {
    by_prefix_.emplace(key(routes_[n].to), n);
    if (lengths_.empty() || lengths_.back() != routes_[n].to.length) lengths_.push_back(routes_[n].to.length);
  }
}

const Route* RouteTable::find(wire::Address destination) const {
  if (routes_.size() <= walk_at_most) {
    for (const Route& route : routes_) {
      if (route.to.contains(destination)) return &route;
    }
    return nullptr;
  }
  if (lengths_.empty()) const_cast<RouteTable*>(this)->index();
  for (const std::uint8_t length : lengths_) {
    const auto found = by_prefix_.find(key(wire::prefix_of(destination, length)));
    if (found != by_prefix_.end()) return &routes_[found->second];
  }
  return nullptr;
}

Route RouteTable::bound(wire::Address destination, InterfaceIndex out) const {
  for (const Route& route : routes_) {
    if (route.out == out && route.kind == Route::Kind::forward && route.to.contains(destination)) return route;
  }
  return {.to = {destination, 32}, .out = out, .via = {}};
}

std::span<const Route> RouteTable::routes_to(wire::Address destination) const {
  const Route* first = find(destination);
  if (first == nullptr) return {};
  const Route* last = first;
  for (const Route* end = routes_.data() + routes_.size(); last != end && last->to == first->to;) ++last;
  return {first, last};
}

}  // namespace masqsim::net
