#include <algorithm>

#include "say.hpp"
#include "tcp.hpp"

namespace masqsim::app {

namespace {
/// Events: 0 begins, `begin_next` the next request, `keepalive` asks whether the peer lives; any other is the number of
/// a request whose time is up.
constexpr std::uint64_t begin = 0, begin_next = std::uint64_t{1} << 32, keepalive = std::uint64_t{2} << 32;

constexpr Duration between_probes = 75_s;  // at most: Linux's tcp_keepalive_intvl
constexpr std::uint32_t most_probes = 9;   // Linux's tcp_keepalive_probes
}  // namespace

TcpClient::TcpClient(net::Stack& stack, const TcpClientParams& params) : stack_(stack), params_(params) {
  stack.network().engine().schedule(params.at, *this, begin);
}

void TcpClient::on_event(std::uint64_t what) {
  if (what == begin) {
    connection_ = stack_.connect(params_.to, params_.from_port, *this, params_.settings, params_.flow);
    if (connection_) return;
    say(stack_.node(), params_.flow, "port {} is in use", params_.from_port);
    return say_result(result::no_answer);
  }
  if (!connection_) return;
  if (what == keepalive) return look_for_life();
  if (over_) return;
  if (what == begin_next) return begin_request();
  if (!waiting_ || what != requests_) return;
  const Time due = connection_->last_progress() + params_.wait;
  if (due > stack_.network().now()) return stack_.network().engine().schedule(due, *this, requests_);
  give_up(fmt::format("the program gave up after {} without progress", to_string(params_.wait)));
  if (connection_->unacknowledged() == 0) return;
  connection_->forget();  // what a program's TCP_USER_TIMEOUT does
  connection_ = nullptr;
}

/// Says what came of the request under way.
void TcpClient::give_up(std::string_view when) {
  const bool upload = params_.reply == 0;
  const std::uint64_t wanted = upload ? request_size() : params_.reply;
  const std::uint64_t acknowledged = connection_->bytes_acknowledged() - acknowledged_before_;
  const std::uint64_t got = upload ? std::min(acknowledged, wanted) : answered_;
  if (got == 0) {
    say(stack_.node(), params_.flow, "no answer to request {}", requests_);
    return say_result(result::no_answer);
  }
  say(stack_.node(), params_.flow, "{} incomplete: {} of {} bytes when {}", upload ? "request" : "answer", got, wanted,
      when);
  say_result(result::incomplete);
}

void TcpClient::on_established(net::TcpConnection&) {
  say(stack_.node(), params_.flow, "established");
  if (params_.keepalive.ns > 0) look_for_life_at(stack_.network().now() + params_.keepalive);
  if (request_size() == 0) return finish_exchanges();
  begin_request();
}

/// By itself this is no reason to go on with the run.
void TcpClient::look_for_life_at(Time at) {
  stack_.network().engine().schedule(at, *this, keepalive, engine::Keep::background);
}

void TcpClient::look_for_life() {
  const Time now = stack_.network().now(), due = connection_->last_heard() + params_.keepalive;
  if (due > now) {
    probes_ = 0;
    return look_for_life_at(due);
  }
  if (probes_ == most_probes) {
    say(stack_.node(), params_.flow, "no answer to {} keepalives", probes_);
    say_result(result::reset);
    return connection_->abort();
  }
  ++probes_;
  look_for_life_at(now + std::min(params_.keepalive, between_probes));
  connection_->keep_alive();
}

void TcpClient::begin_request() {
  net::Network& network = stack_.network();
  ++requests_;
  request_at_ = network.now();
  poured_ = answered_ = 0;
  acknowledged_before_ = connection_->bytes_acknowledged();
  waiting_ = true;
  network.engine().schedule(network.now() + params_.wait, *this, requests_);
  pour();
}

void TcpClient::pour() {
  while (poured_ < request_size()) {
    const std::uint64_t left = request_size() - poured_;
    const wire::ByteView bytes =
        params_.payload.empty() ? pattern(std::min<std::uint64_t>(left, 65536)) : params_.payload.subspan(poured_);
    const std::size_t taken = connection_->send(bytes, bytes.size() < left);
    poured_ += taken;
    if (taken < bytes.size()) return;
  }
}

void TcpClient::on_data(net::TcpConnection&, wire::ByteView data, bool push) {
  received_ += data.size();
  answered_ += data.size();
  unsaid_ += data.size();
  const bool complete = waiting_ && params_.reply > 0 && answered_ >= params_.reply;
  if (complete || (push && params_.reply == 0)) {
    say(stack_.node(), params_.flow, "received {} bytes", unsaid_);
    unsaid_ = 0;
  }
  if (complete) check_answered();
}

void TcpClient::on_room(net::TcpConnection&) {
  if (!waiting_) return;
  if (poured_ < request_size()) return pour();
  check_answered();
}

void TcpClient::check_answered() {
  const bool answered =
      params_.reply > 0 ? answered_ >= params_.reply : poured_ == request_size() && connection_->unacknowledged() == 0;
  if (!waiting_ || !answered) return;
  waiting_ = false;
  if (requests_ == params_.times) return finish_exchanges();
  net::Network& network = stack_.network();
  network.engine().schedule(std::max(network.now(), request_at_ + params_.every), *this, begin_next);
}

void TcpClient::finish_exchanges() {
  say_result(result::established);
  if (params_.after == AfterExchange::close) connection_->close();
  if (params_.after == AfterExchange::reset) connection_->abort();
}

void TcpClient::on_end(net::TcpConnection& connection) {
  say(stack_.node(), params_.flow, "the peer closed");
  // There will be no more answers: the program has nothing to wait for.
  if (waiting_ && params_.reply > 0 && answered_ < params_.reply) {
    give_up("the peer closed");
    waiting_ = false;
  }
  connection.close();
}

void TcpClient::on_closed(net::TcpConnection&, net::TcpEnd end, const net::Trouble* trouble) {
  if (waiting_ && end == net::TcpEnd::no_answer) give_up("the connection was given up");
  connection_ = nullptr;
  waiting_ = false;
  if (trouble) say(stack_.node(), params_.flow, "{}", trouble->text());
  switch (end) {
    case net::TcpEnd::finished: return say(stack_.node(), params_.flow, "closed");
    case net::TcpEnd::aborted: return say(stack_.node(), params_.flow, "broke it off");
    case net::TcpEnd::refused: return say_result(result::refused);
    case net::TcpEnd::unreachable: return say_result(result::unreachable);
    case net::TcpEnd::no_answer: return say_result(result::no_answer);
    case net::TcpEnd::reset: return say_result(result::reset);
  }
}

void TcpClient::say_result(std::string_view word) {
  if (over_ && word != result::reset) return;
  over_ = true;
  app::say_result(stack_.node(), params_.flow, word);
}

}  // namespace masqsim::app
