#include "story.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "book.hpp"
#include "masqsim/trace/rewrite.hpp"
#include "masqsim/wire/describe.hpp"
#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "words.hpp"

namespace masqsim::viz {

namespace {

using trace::Kind;
using trace::Record;

/// A flow with more decisive lines than this is told by its first ones.
constexpr std::size_t most_decisive = 60;
/// Gateway flows whose later fate is told.
constexpr std::size_t most_owners = 4096;

/// Events that differ in their figures only are alike; of a traceroute each hop is news.
std::string gist_of(std::string_view event) {
  if (event.starts_with("hop ")) return std::string(event);
  std::string gist;
  for (const char c : event) {
    if (c < '0' || c > '9') gist += c;
  }
  return gist;
}

/// Takes the records of one run into the book.
class Teller {
 public:
  Teller(Story::Book& book, const Record& record) : book_(book), header_(*book.header), r_(record) {}

  void tell() {
    if (r_.kind == Kind::table) return tell_row();
    if (r_.kind == Kind::change) return tell_change();
    if (r_.flow == 0 || r_.flow > book_.thread_of.size()) return tell_unowned();
    thread_ = &book_.threads[book_.thread_of[r_.flow - 1]];
    if (is_gateway(header_, r_.node) && r_.kind != Kind::event) thread_->reached_gateway = true;
    const bool example = r_.flow == thread_->first;
    switch (r_.kind) {
      case Kind::send: return tell_send(example);
      case Kind::drop: return tell_drop(example);
      case Kind::translate: return example ? tell_translation() : void();
      case Kind::deliver: return example ? tell_arrival() : void();
      case Kind::event: return example ? tell_event() : void();
      case Kind::action: return add(line(printable(r_.text)));
      default: return;
    }
  }

 private:
  Line line(std::string text, std::string kind = {}) const {
    return {.at = r_.at,
            .place = place_of(header_, r_),
            .kind = std::move(kind),
            .text = std::move(text),
            .packet = r_.packet,
            .flow = r_.flow};
  }

  void add(Line made) {
    if (book_.all ? book_.lines >= Story::most_lines : thread_->lines.size() >= most_decisive) {
      ++book_.untold;
      return;
    }
    ++book_.lines;
    if (made.packet != 0) {
      if (made.flow == thread_->first) show(made.packet);
      if (made.bad || (r_.kind == Kind::deliver && r_.node != thread_->initiator))
        thread_->asked[made.packet] = thread_->lines.size();
    }
    thread_->lines.push_back(std::move(made));
  }

  void show(std::uint64_t packet) {
    if (book_.all) return;
    if (std::ranges::find(thread_->shown, packet) == thread_->shown.end()) thread_->shown.push_back(packet);
  }

  void tell_send(bool example) {
    const bool born = r_.packet > book_.newest;
    book_.newest = std::max(book_.newest, r_.packet);
    if (!born) tell_way_out();
    if (example && thread_->initiator == trace::nowhere) thread_->initiator = r_.node;
    if (!born) return;
    if (example && r_.node == thread_->initiator && !thread_->own) thread_->own = wire::tuple_of(r_.bytes);
    if (r_.cause != 0) tell_answer();
    if (book_.all)
      add(line(endpoints_text(r_.bytes) + fmt::format(", {} bytes", r_.bytes.size()), kind_text(r_.bytes)));
  }

  /// Of a gateway with more than two networks it is worth telling by which of them a packet leaves.
  void tell_way_out() {
    if (!is_gateway(header_, r_.node) || legs(header_, r_.node) < 3 || r_.point >= header_.points.size()) return;
    if (thread_->lines.empty()) return;
    Line& last = thread_->lines.back();
    if (last.packet != r_.packet || last.bad || last.at != r_.at || last.place != place_of(header_, r_)) return;
    last.text += "  out by " + header_.points[r_.point].network;
  }

  /// The packet answers one that a line may tell of, already or soon.
  void tell_answer() {
    const auto asked = thread_->asked.find(r_.cause);
    if (asked == thread_->asked.end()) {
      thread_->early = {r_.cause, std::string()};
      if (r_.node < header_.nodes.size()) thread_->early.second = answer_text(header_, r_);
      return;
    }
    Line& question = thread_->lines[asked->second];
    if (question.place != place_of(header_, r_, false)) return;
    if (r_.flow == thread_->first) show(r_.packet);
    if (question.bad) {
      question.items.push_back(answer_text(header_, r_));
    } else {
      question.text += "; answers " + long_kind(r_.bytes);
    }
    thread_->asked.erase(asked);
  }

  void tell_translation() {
    const std::vector<trace::FieldChange> changes =
        r_.before.empty() ? std::vector<trace::FieldChange>{} : trace::changes_of(r_.before, r_.bytes);
    const bool there = first_crossing();
    const std::string helper = helper_text(changes);
    if (first_ || book_.all || !helper.empty()) {
      Line made = line(rewrite_text(changes), kind_text(r_.bytes));
      made.text += mapping_text(r_) + helper;
      if (there || book_.all) made.items = routine_items(changes);
      for (const Step& step : r_.steps) {
        if (!step.yes && r_.reason == Reason::none)
          made.items.push_back(printable(step.question + " no: " + step.detail));
      }
      add(std::move(made));
      tell_the_end_of_its_entry_last();
    }
    if (r_.made_flow && book_.owners.size() < most_owners) {
      book_.owners[{r_.node, r_.nat_flow}] = book_.thread_of[r_.flow - 1];
    }
  }

  /// A reset takes its entry along as it passes: told in the order of cause and effect.
  void tell_the_end_of_its_entry_last() {
    std::vector<Line>& lines = thread_->lines;
    if (lines.size() < 2 || lines.back().packet != r_.packet) return;
    Line& before = lines[lines.size() - 2];
    const bool ends_it = before.is_change && before.at == r_.at && before.place == lines.back().place;
    if (ends_it) std::swap(before, lines.back());
  }

  /// Sets `first_` if it is this gateway's first packet of its direction under its mapping; true for the direction of
  /// the mapping's first. A flow has several mappings where the gateway lost one: its time ran out, its address
  /// changed.
  bool first_crossing() {
    const wire::Tuple tuple = wire::tuple_of(r_.before.empty() ? r_.bytes : r_.before).value_or(wire::Tuple{});
    auto crossing = std::ranges::find_if(
        thread_->crossings, [&](const Thread::Crossing& c) { return c.gateway == r_.node && c.mapping == r_.mapping; });
    if (crossing == thread_->crossings.end()) {
      if (thread_->crossings.size() >= most_decisive) return first_ = false;
      crossing = thread_->crossings.insert(crossing, {r_.node, r_.mapping, tuple.source, tuple.destination.address});
    }
    // Callers of one forward differ in their ports; twins of overlapping networks have one address.
    const bool there = crossing->from.address == tuple.source.address &&
                       (crossing->from.port == tuple.source.port || crossing->to == tuple.destination.address);
    bool& seen = there ? crossing->there : crossing->back;
    first_ = !seen;
    seen = true;
    return there;
  }

  void tell_arrival() {
    if (r_.node == thread_->initiator && !is_request_to_itself()) {
      const bool first = !thread_->arrived_back && !answers_a_drop();
      if (!first && !book_.all) return;
      thread_->arrived_back = true;
      Line* told = last_event_of_now();
      if (told == nullptr) return add(line("arrives", kind_text(r_.bytes)));
      told->kind = kind_text(r_.bytes);
      told->packet = r_.packet;
      return show(r_.packet);
    }
    const std::string source = source_text(r_.bytes);
    if (!book_.all && !sees_somebody_new(source)) return go_with_the_first_piece();
    if (thread_->seen_at.size() < most_decisive) thread_->seen_at.emplace_back(r_.node, source);
    add(line("seen as " + source, kind_text(r_.bytes)));
  }

  /// A node that calls itself is the other end, too: what comes to another port than it asks from is no answer.
  bool is_request_to_itself() const {
    const auto tuple = wire::tuple_of(r_.bytes);
    if (!thread_->own || !tuple || !tuple->has_ports || tuple->protocol != thread_->own->protocol) return false;
    if (tuple->protocol != wire::Protocol::icmp) return tuple->destination.port != thread_->own->source.port;
    return kind_text(r_.bytes) == "echo request";
  }

  bool is_later_piece() const { return kind_text(r_.bytes) == "fragment"; }

  /// The flow has not reached this node yet, or not as `source`. An ICMP error comes from whoever complains, and later
  /// pieces of a datagram have no port to tell.
  bool sees_somebody_new(const std::string& source) const {
    if (thread_->seen_at.size() >= most_decisive) return false;
    const bool source_counts = !is_later_piece() && !kind_text(r_.bytes).starts_with("ICMP");
    return std::ranges::none_of(thread_->seen_at, [&](const auto& seen) {
      return seen.first == r_.node && (!source_counts || seen.second == source);
    });
  }

  /// What answers the last piece of a datagram answers the line that tells of its first.
  void go_with_the_first_piece() {
    if (!is_later_piece()) return;
    for (std::size_t i = thread_->lines.size(); i-- > 0;) {
      const Line& told = thread_->lines[i];
      if (told.at != r_.at || told.place != place_of(header_, r_) || !told.text.starts_with("seen as ")) continue;
      thread_->asked[r_.packet] = i;
      return;
    }
  }

  /// An ICMP error or reset that the line of the drop tells of already.
  bool answers_a_drop() const {
    const std::string kind = kind_text(r_.bytes);
    if (!kind.starts_with("ICMP") && !kind.starts_with("RST")) return false;
    return std::ranges::any_of(thread_->lines, [&](const Line& l) { return l.bad && l.packet == r_.cause; });
  }

  /// A program's word on the packet that is being delivered, said before the delivery was.
  Line* last_event_of_now() {
    if (thread_->lines.empty()) return nullptr;
    Line& last = thread_->lines.back();
    const bool fits = last.at == r_.at && last.packet == 0 && last.kind.empty() && last.place == place_of(header_, r_);
    return fits && !last.text.empty() ? &last : nullptr;
  }

  void tell_event() {
    if (thread_->initiator == trace::nowhere) thread_->initiator = r_.node;  // it could not even send
    const bool own = r_.node == thread_->initiator;
    if (!own && !book_.all) return;
    const std::string text = printable(with_name_of_hop(header_, r_.text));
    const std::string gist = gist_of(text);
    if (!thread_->lines.empty()) {
      Line& last = thread_->lines.back();
      if (own && last.at == r_.at && last.place == place_of(header_, r_) && last.text == "arrives") {
        last.text = text;
        last.event = gist;
        return;
      }
    }
    if (!book_.all) {
      for (Line& told : thread_->lines) {
        if (told.event == gist && !gist.empty()) return void(++told.alike);
      }
    }
    Line made = line(text);
    made.event = gist;
    add(std::move(made));
  }

  /// Of other members than the example, whose lines these are, it is said whose packet it was.
  void tell_drop(bool example) {
    const std::string place = place_of(header_, r_);
    if (!book_.all) {
      for (Thread::End& end : thread_->ends) {
        if (end.reason != r_.reason || end.place != place || end.example != example) continue;
        Line& told = thread_->lines[end.line];
        ++told.alike;
        told.alike_of_others = told.alike_of_others || told.flow != r_.flow;
        return;
      }
      if (thread_->lines.size() < most_decisive)
        thread_->ends.push_back({place, r_.reason, example, thread_->lines.size()});
    }
    const std::string_view why = r_.text.empty() ? sentence(r_.reason) : r_.text;
    const std::string whose = example ? "" : " of " + printable(header_.flows[r_.flow - 1].id);
    Line made = line(fmt::format("{}{}: {}", reason_word(r_.reason), whose, printable(why)), kind_text(r_.bytes));
    made.bad = !is_somebody_elses_broadcast();
    if (!thread_->reached_gateway) {
      const std::string gateway = gateway_before(header_, r_.node, r_.bytes);
      if (!gateway.empty()) made.items.push_back("never reached " + gateway);
    }
    if (thread_->early.first == r_.packet && !thread_->early.second.empty())
      made.items.push_back(thread_->early.second);
    add(std::move(made));
  }

  /// What goes to many is of no concern to those of them who do not listen for it.
  bool is_somebody_elses_broadcast() const {
    return r_.reason == Reason::broadcast && r_.node < header_.nodes.size() &&
           header_.nodes[r_.node].kind == trace::NodeKind::host;
  }

  void tell_unowned() {
    if (r_.kind == Kind::send) book_.newest = std::max(book_.newest, r_.packet);
    const bool worth = r_.kind == Kind::action || (r_.kind == Kind::event && book_.all);
    if (worth && book_.changes.size() < Story::most_lines) book_.changes.push_back(line(printable(r_.text)));
  }

  void tell_change() {
    if (r_.row == nullptr) return;
    const auto owner = book_.owners.find({r_.node, r_.row->flow});
    if (owner == book_.owners.end()) return;
    thread_ = &book_.threads[owner->second];
    const std::string which = r_.row->number == 0 ? "untranslated entry" : fmt::format("mapping #{}", r_.row->number);
    Line made = line(fmt::format("{} {}", which, printable(r_.text)));
    made.is_change = true;
    add(std::move(made));
    book_.owners.erase(owner);
  }

  void tell_row() {
    if (r_.row == nullptr) return;
    auto table = std::ranges::find(book_.tables, r_.node, &TableRows::gateway);
    if (table == book_.tables.end()) table = book_.tables.insert(table, TableRows{r_.node, r_.at});
    // An earlier one was asked for by an expectation, maybe at the very moment when the run ends.
    if (table->at != r_.at || r_.row->flow <= table->last) *table = {r_.node, r_.at};
    table->last = r_.row->flow;
    ++table->count;
    if (book_.all || table->rows.size() < Story::most_rows) table->rows.push_back(*r_.row);
  }

  Story::Book& book_;
  const trace::Header& header_;
  const Record& r_;
  Thread* thread_ = nullptr;
  bool first_ = false;
};

/// True where `info` is the next member's part of the action that `before` is a part of.
bool continues(const trace::FlowInfo& before, const trace::FlowInfo& info) {
  const auto [base, number] = member_of(before.id);
  const auto [next_base, next] = member_of(info.id);
  if (number == 0 || base != next_base || next != number + 1 || before.verb != info.verb) return false;
  return member_of(node_part(info.from)).second == next;
}

}  // namespace

std::pair<std::string_view, std::uint32_t> member_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return {name, 0};
  const std::string_view digits = name.substr(dot + 1);
  if (digits.empty() || digits.size() > 7 || digits.front() == '0') return {name, 0};
  std::uint32_t number = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return {name, 0};
    number = number * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return {name.substr(0, dot), number};
}

Story::Story(bool all) : book_(std::make_unique<Book>()) { book_->all = all; }
Story::~Story() = default;

void Story::begin(const trace::Header& header) {
  book_->header = header;
  book_->thread_of.resize(header.flows.size());
  for (std::size_t i = 0; i < header.flows.size(); ++i) {
    if (i > 0 && !book_->all && continues(header.flows[i - 1], header.flows[i])) {
      ++book_->threads.back().members;
    } else {
      book_->threads.push_back({.first = static_cast<trace::FlowId>(i + 1)});
    }
    book_->thread_of[i] = static_cast<std::uint32_t>(book_->threads.size() - 1);
  }
}

void Story::record(const trace::Record& record) { Teller(*book_, record).tell(); }

}  // namespace masqsim::viz
