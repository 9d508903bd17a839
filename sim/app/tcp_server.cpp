#include <algorithm>

#include "say.hpp"
#include "tcp.hpp"

namespace masqsim::app {

TcpServer::TcpServer(net::Stack& stack, const TcpServerParams& params)
    : stack_(stack), params_(params), listening_(stack.listen(params.port, *this, params.settings)) {}

TcpServer::~TcpServer() = default;

net::TcpHandler& TcpServer::on_connection(net::TcpConnection& connection) {
  std::uint32_t place;
  if (free_.empty()) {
    place = static_cast<std::uint32_t>(guests_.size());
    guests_.emplace_back();
  } else {
    place = free_.back();
    free_.pop_back();
  }
  const std::uint32_t generation = guests_[place].generation + 1;
  guests_[place] = {.connection = &connection, .generation = generation, .echo = {}};
  connection.tag = place;
  return *this;
}

void TcpServer::on_established(net::TcpConnection& connection) {
  Guest& guest = guests_[connection.tag];
  guest.unsaid = params_.greeting.size();
  greet(guest);
}

void TcpServer::greet(Guest& guest) {
  if (guest.unsaid > 0) guest.unsaid -= guest.connection->send(params_.greeting.last(guest.unsaid));
}

void TcpServer::on_data(net::TcpConnection& connection, wire::ByteView data, bool push) {
  Guest& guest = guests_[connection.tag];
  guest.came += data.size();
  if (params_.echo) {
    guest.echo.insert(guest.echo.end(), data.begin(), data.end());
    return pour(guest);
  }
  if (!push) return;
  say(stack_.node(), connection.flow(), "received {} bytes", guest.came);
  guest.came = 0;
  if (params_.reply == 0) return;
  ++guest.thinking;
  if (params_.after.ns == 0) return answer(guest);
  net::Network& network = stack_.network();
  network.engine().schedule(network.now() + params_.after, *this, connection.tag << 32 | guest.generation);
}

void TcpServer::on_event(std::uint64_t argument) {
  Guest& guest = guests_[argument >> 32];
  if (guest.connection && guest.generation == static_cast<std::uint32_t>(argument)) answer(guest);
}

void TcpServer::answer(Guest& guest) {
  --guest.thinking;
  guest.owed += params_.reply;
  pour(guest);
}

/// What is to be sent next of the answers that are owed.
wire::ByteView TcpServer::rest_of_answer(const Guest& guest) const {
  if (params_.text.empty()) return pattern(std::min<std::uint64_t>(guest.owed, 65536));
  const std::size_t left = guest.owed % params_.text.size();
  return left == 0 ? params_.text : params_.text.last(left);
}

/// Queues what there is room for; closes when nothing is owed any more and that was agreed.
void TcpServer::pour(Guest& guest) {
  net::TcpConnection& connection = *guest.connection;
  if (guest.unsaid > 0) return;  // the greeting comes first
  if (params_.echo) {
    const std::size_t taken = connection.send(guest.echo);
    guest.echo.erase(guest.echo.begin(), guest.echo.begin() + static_cast<std::ptrdiff_t>(taken));
  }
  while (guest.owed > 0) {
    const wire::ByteView bytes = rest_of_answer(guest);
    const std::size_t taken = connection.send(bytes, bytes.size() < guest.owed);
    guest.owed -= taken;
    if (taken < bytes.size()) return;
  }
  const bool nothing_left = guest.echo.empty() && guest.thinking == 0;
  const bool answered = params_.close && params_.reply > 0;
  if (nothing_left && (guest.ended || answered)) connection.close();
}

void TcpServer::on_room(net::TcpConnection& connection) {
  Guest& guest = guests_[connection.tag];
  const bool greeted = guest.unsaid == 0;
  greet(guest);
  const bool was_kept_waiting = !greeted && guest.ended;
  if (guest.owed > 0 || !guest.echo.empty() || was_kept_waiting) pour(guest);
}

void TcpServer::on_end(net::TcpConnection& connection) {
  Guest& guest = guests_[connection.tag];
  guest.ended = true;
  pour(guest);
}

void TcpServer::on_closed(net::TcpConnection& connection, net::TcpEnd end, const net::Trouble*) {
  if (end == net::TcpEnd::reset) say(stack_.node(), connection.flow(), "the peer broke it off");
  Guest& guest = guests_[connection.tag];
  guest.connection = nullptr;
  guest.echo = {};
  free_.push_back(static_cast<std::uint32_t>(connection.tag));
}

}  // namespace masqsim::app
