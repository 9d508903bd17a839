#include "neighbours.hpp"

#include <algorithm>
#include <utility>

#include "network.hpp"

namespace masqsim::net {

namespace {
constexpr int questions = 3;
constexpr Duration pause = 1_s;
}  // namespace

void Neighbours::wait_for(wire::Address next_hop, InterfaceIndex out, Waiting waiting) {
  const auto open = std::find_if(questions_.begin(), questions_.end(),
                                 [&](const Question& q) { return q.next_hop == next_hop && q.out == out; });
  if (open != questions_.end()) {
    open->waiting.push_back(std::move(waiting));
    return;
  }
  questions_.push_back({++last_number_, next_hop, out, 1, {}});
  questions_.back().waiting.push_back(std::move(waiting));
  node_.network().engine().schedule(node_.network().now() + pause, *this, last_number_);
}

void Neighbours::forget(InterfaceIndex out, wire::Prefix network) {
  std::erase_if(questions_, [&](const Question& q) {
    if (q.out != out || !network.contains(q.next_hop)) return false;
    for (const Waiting& one : q.waiting) {
      node_.say_drop(one.packet, Reason::link_down, "its neighbour had not answered yet", out);
    }
    return true;
  });
}

void Neighbours::on_event(std::uint64_t argument) {
  const auto place =
      std::find_if(questions_.begin(), questions_.end(), [&](const Question& q) { return q.number == argument; });
  if (place == questions_.end()) return;  // forgotten
  // The first of those that wait tries again for all.
  const bool there =
      node_.network().transmit(node_, place->out, place->waiting.front().packet, place->next_hop) != Sent::no_neighbour;
  if (!there && place->asked < questions) {
    ++place->asked;
    node_.network().engine().schedule(node_.network().now() + pause, *this, argument);
    return;
  }
  Question answered = std::move(*place);
  questions_.erase(place);
  for (Waiting& one : answered.waiting) {
    if (!one.packet) continue;
    if (!there) {
      owner_.on_no_neighbour(std::move(one), answered.out);
    } else if (node_.network().transmit(node_, answered.out, one.packet, answered.next_hop) == Sent::no_neighbour) {
      wait_for(answered.next_hop, answered.out, std::move(one));
    }
  }
}

}  // namespace masqsim::net
