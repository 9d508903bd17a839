#include "asker.hpp"

#include <algorithm>

#include "say.hpp"

namespace masqsim::app {

namespace {
enum Event : std::uint64_t { send_one, give_up };
}

Asker::Asker(net::Stack& stack, const Requests& requests) : stack_(stack), requests_(requests) {
  stack.network().engine().schedule(requests.at, *this, send_one);
}

void Asker::on_event(std::uint64_t what) {
  if (what == give_up) return finish();
  if (!socket_) socket_ = open();
  if (!socket_) return finish();
  send_next();
}

void Asker::send_next() {
  net::Network& network = stack_.network();
  ++sent_;
  if (sent_ < requests_.times) {
    network.engine().schedule(network.now() + requests_.every, *this, send_one);
  } else {
    network.engine().schedule(network.now() + requests_.wait, *this, give_up);
  }
  socket_->send(requests_.payload.empty() ? pattern(std::min(requests_.size, largest_datagram)) : requests_.payload,
                requests_.options, static_cast<std::uint16_t>(sent_));
}

void Asker::answered() {
  ++answers_;
  if (requests_.expects_reply) finish_if_complete();
}

void Asker::failed(std::string_view word) {
  ++failures_;
  failure_ = word;
  finish_if_complete();
}

void Asker::finish_if_complete() {
  if (answers_ + failures_ >= requests_.times) finish();
}

// The port stays open for late answers, but gives way to the next program that asks for it.
void Asker::finish() {
  if (finished_) return;
  finished_ = true;
  if (socket_ && sent_ == requests_.times) socket_->lend();
  const std::string_view nothing = requests_.expects_reply ? result::no_answer : result::sent;
  say_result(stack_.node(), requests_.flow, answers_ > 0 ? result::replied : failure_.empty() ? nothing : failure_);
}

}  // namespace masqsim::app
