#include "program_box.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace masqsim::box {

namespace {

/// More than any gateway answers to one line, and less than what fills a machine.
constexpr std::size_t most_packets = 10'000;
constexpr std::size_t most_idle_wakes = 10'000;

bool same_addresses(const Port& a, const Port& b) {
  if (a.addresses.size() != b.addresses.size()) return false;
  for (std::size_t n = 0; n < a.addresses.size(); ++n) {
    if (a.addresses[n].address != b.addresses[n].address || a.addresses[n].length != b.addresses[n].length)
      return false;
  }
  return true;
}

void append(Answer& all, Answer more) {
  for (Out& out : more.outs) all.outs.push_back(std::move(out));
  if (!all.drop) all.drop = std::move(more.drop);
}

}  // namespace

ProgramBox::~ProgramBox() {
  if (program_) program_->dismiss(protocol::bye());
}

Answer ProgramBox::begin(const Place& place, const nat::Config& config, Time now) {
  program_.emplace(command_.words, fmt::format("gateway program '{}' of {}", command_.words.front(), place.name),
                   command_.patience);
  ports_ = place.ports;
  return ask(protocol::hello(place, config), now);
}

Answer ProgramBox::receive(nat::InterfaceId in, wire::ByteView packet, Time now) {
  idle_wakes_ = 0;
  return ask(protocol::in(now, ports_[in].name, packet), now);
}

Answer ProgramBox::wake(Time now) {
  wakes_at_ = Time::never();
  Answer answer = ask(protocol::wake(now), now);
  idle_wakes_ = answer.outs.empty() ? idle_wakes_ + 1 : 0;
  if (idle_wakes_ > most_idle_wakes) {
    program_->fail(
        fmt::format("it was woken {} times in a row and sent nothing; \"wake\" is for a time at which "
                    "something is due",
                    idle_wakes_));
  }
  return answer;
}

Answer ProgramBox::readdress(const Place& place, nat::InterfaceId changed, Time now) {
  const Port& port = place.ports[changed];
  if (same_addresses(port, ports_[changed])) return {};  // it went down: `adapt` tells that
  ports_[changed].addresses = port.addresses;
  return ask(protocol::set_addresses(now, port), now);
}

Answer ProgramBox::adapt(const Place& place, Time now) {
  Answer all;
  for (std::size_t n = 0; n < ports_.size(); ++n) {
    if (ports_[n].up == place.ports[n].up) continue;
    ports_[n].up = place.ports[n].up;
    append(all, ask(protocol::set_link(now, ports_[n]), now));
  }
  return all;
}

Answer ProgramBox::configure(const nat::Config& config, Time now) {
  return ask(protocol::set_config(now, config, ports_), now);
}

Answer ProgramBox::flush(Time now) { return ask(protocol::set_flush(now), now); }

void ProgramBox::take_table(std::vector<protocol::Row> rows, Time now) {
  table_ = std::move(rows);
  table_told_ = now;
  if (!table_.empty())
    tells_lifetimes_ = std::ranges::all_of(table_, [](const auto& row) { return row.left.has_value(); });
}

std::vector<TableRow> ProgramBox::table(Time now) {
  std::vector<TableRow> rows;
  for (const protocol::Row& told : table_) {
    const Duration left = told.left.value_or(Duration{}) - (now - table_told_);
    if (told.left && left < Duration{}) continue;
    rows.push_back(told.row);
    if (told.left) rows.back().left_s = left.ns / 1'000'000'000;
  }
  return rows;
}

Answer ProgramBox::ask(std::string line, Time now) {
  Answer answer;
  program_->tell(std::move(line));
  while (true) {
    const std::string written = program_->hear();
    try {
      protocol::Said said = protocol::read(written, ports_);
      if (Out* out = std::get_if<Out>(&said)) answer.outs.push_back(std::move(*out));
      if (Drop* drop = std::get_if<Drop>(&said); drop && !answer.drop) answer.drop = std::move(*drop);
      if (auto* rows = std::get_if<std::vector<protocol::Row>>(&said)) take_table(std::move(*rows), now);
      if (answer.outs.size() > most_packets) {
        throw std::invalid_argument(fmt::format("it wrote more than {} packets in answer to one line", most_packets));
      }
      const protocol::Done* done = std::get_if<protocol::Done>(&said);
      if (!done) continue;
      if (done->wake && *done->wake <= now) {
        throw std::invalid_argument(fmt::format(
            "\"wake\" must be later than now, {}, got {}; leave it out where nothing waits", now.ns, done->wake->ns));
      }
      if (done->wake) wakes_at_ = *done->wake;
      return answer;
    } catch (const std::invalid_argument& error) {
      program_->fail(error.what());
    }
  }
}

}  // namespace masqsim::box
