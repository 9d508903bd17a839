#include "masqsim/nat/nat.hpp"

#include <utility>

#include "core.hpp"

namespace masqsim::nat {

Track::Track(Track&& other) noexcept { *this = std::move(other); }

Track& Track::operator=(Track&& other) noexcept {
  if (this == &other) return *this;
  abandon();
  core_ = std::exchange(other.core_, nullptr);
  index_ = std::exchange(other.index_, no_flow);
  flow_number_ = std::exchange(other.flow_number_, 0);
  mapping_number_ = std::exchange(other.mapping_number_, 0);
  relation_ = std::exchange(other.relation_, Relation::untracked);
  direction_ = std::exchange(other.direction_, Direction::original);
  made_flow_ = std::exchange(other.made_flow_, false);
  made_mapping_ = std::exchange(other.made_mapping_, false);
  return *this;
}

void Track::abandon() {
  if (core_ != nullptr) core_->release_unconfirmed(index_);
  core_ = nullptr;
}

Nat::Nat(Config config, Random random) : core_(std::make_unique<Core>(std::move(config), random)) {}
Nat::Nat(Nat&&) noexcept = default;
Nat& Nat::operator=(Nat&&) noexcept = default;
Nat::~Nat() = default;

const Config& Nat::config() const { return core_->config(); }
bool Nat::tracks() const { return core_->tracks(); }

Decision Nat::prerouting(wire::Buffer& packet, InterfaceId in, Time now, Track& track) {
  return core_->prerouting(packet, in, now, track);
}
Decision Nat::forward(wire::Buffer& packet, InterfaceId in, InterfaceId out, Time now, Track& track,
                      std::uint16_t mtu) {
  return core_->forward(packet, in, out, now, track, mtu);
}
Decision Nat::input(wire::Buffer& packet, InterfaceId in, Time now, Track& track) {
  return core_->input(packet, in, now, track);
}
Decision Nat::output(wire::Buffer& packet, Time now, Track& track, const Track* about) {
  return core_->output(packet, now, track, about);
}
Decision Nat::postrouting(wire::Buffer& packet, const Egress& egress, Time now, Track& track) {
  return core_->postrouting(packet, egress, now, track);
}

void Nat::detach_track(Track& track) { core_->detach_track(track); }
bool Nat::keeps_addresses(const Track& track) const { return core_->keeps_addresses(track); }
bool Nat::reads_payload(const Track& track) const { return core_->reads_payload(track); }

void Nat::set_own_addresses(std::vector<wire::Address> outside, std::vector<wire::Address> inside) {
  core_->set_own_addresses(std::move(outside), std::move(inside));
}

Time Nat::next_expiry() const { return core_->next_expiry(); }
void Nat::expire(Time now) { core_->expire(now); }
void Nat::watch(bool on) { core_->watch(on); }
std::vector<Change> Nat::take_changes() { return core_->take_changes(); }
std::size_t Nat::size() const { return core_->size(); }
std::vector<Entry> Nat::table(Time now) const { return core_->entries(now); }
std::optional<Entry> Nat::entry(std::uint64_t flow, Time now) const { return core_->entry(flow, now); }
std::optional<Entry> Nat::entry(const Track& track, Time now) const { return core_->entry(track, now); }
void Nat::flush(Time now) { core_->flush(now); }
void Nat::interface_lost(InterfaceId out, Time now, std::optional<wire::Address> address) {
  core_->interface_lost(out, now, address);
}
void Nat::configure(Config config) { core_->configure(std::move(config)); }
void Nat::prefer_port(std::optional<std::uint16_t> port) { core_->prefer_port(port); }
std::vector<Step> Nat::explain(wire::ByteView packet, InterfaceId in, Time now) const {
  return core_->explain(packet, in, now);
}
std::string Nat::invalid_because(wire::ByteView packet, Time now) const { return core_->invalid_because(packet, now); }
Reason Nat::unowned_reason(wire::ByteView packet, InterfaceId in, Time now) const {
  return core_->unowned_reason(packet, in, now);
}

}  // namespace masqsim::nat
