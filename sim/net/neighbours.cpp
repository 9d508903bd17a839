#include "masqsim/net/neighbours.hpp"

#include <algorithm>
#include <utility>

#include "masqsim/net/network.hpp"

namespace masqsim::net {

namespace {
constexpr int questions = 3;
constexpr Duration pause = 1_s;
}  // namespace

void Neighbours::wait_for(wire::Address next_hop, InterfaceIndex out, Packet packet) {
  const auto open = std::find_if(questions_.begin(), questions_.end(), [&](const Question& q) {
    return q.next_hop == next_hop && q.out == out;
  });
  if (open != questions_.end()) {
    open->waiting.push_back(std::move(packet));
    return;
  }
  questions_.push_back({++last_number_, next_hop, out, 1, {}});
  questions_.back().waiting.push_back(std::move(packet));
  node_.network().engine().schedule(node_.network().now() + pause, *this, last_number_);
}

void Neighbours::on_event(std::uint64_t argument) {
  const auto place = std::find_if(questions_.begin(), questions_.end(),
                                  [&](const Question& q) { return q.number == argument; });
  // The first of those that wait tries again for all.
  const bool there = node_.network().transmit(node_, place->out, place->waiting.front(), place->next_hop) !=
                     Sent::no_neighbour;
  if (!there && place->asked < questions) {
    ++place->asked;
    node_.network().engine().schedule(node_.network().now() + pause, *this, argument);
    return;
  }
  Question answered = std::move(*place);
  questions_.erase(place);
  for (Packet& packet : answered.waiting) {
    if (!packet) continue;
    if (!there) {
      owner_.on_no_neighbour(std::move(packet), answered.out);
    } else if (node_.network().transmit(node_, answered.out, packet, answered.next_hop) == Sent::no_neighbour) {
      wait_for(answered.next_hop, answered.out, std::move(packet));
    }
  }
}

}  // namespace masqsim::net
