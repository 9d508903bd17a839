// The collected story as text: aligned, at most `width` columns.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "book.hpp"
#include "story.hpp"
#include "table.hpp"
#include "words.hpp"

namespace masqsim::viz {

namespace {

using scenario::Finished;
using scenario::FlowOutcome;
using scenario::Verdict;

std::string_view plural(std::uint64_t count) { return count == 1 ? "" : "s"; }

/// How the outcomes of a thread's flows stand to what was wanted of them.
struct Judged {
  std::string title_result;  ///< "REFUSED"
  std::string status;        ///< "ok, expected"
  bool well = false;         ///< shown as good
};

class Layout {
 public:
  Layout(const Story::Book& book, const Finished& finished, const StoryText& text)
      : book_(book), finished_(finished), text_(text), paint_(text.paint) {
    measure();
  }

  std::string all() {
    head();
    for (std::size_t i = 0; i < book_.threads.size(); ++i) thread(i);
    changes();
    tables();
    untold();
    failures();
    foot();
    return std::move(out_);
  }

 private:
  struct Widths {
    std::size_t number = 0, id = 0, ends = 0, result = 11, time = 0, place = 0, kind = 3;
  };

  void measure() {
    width_.number = fmt::format("[{}]", book_.threads.size()).size();
    for (const Thread& t : book_.threads) {
      width_.id = std::max(width_.id, id_of(t).size());
      width_.ends = std::max(width_.ends, ends_of(t).size());
      for (const Line& l : t.lines) measure(l);
    }
    for (const Line& l : book_.changes) width_.time = std::max(width_.time, seconds(l.at, 6).size());
    width_.id = std::min<std::size_t>(width_.id, 20);
    width_.ends = std::min<std::size_t>(width_.ends, 54);
    width_.place = std::min<std::size_t>(width_.place, 20);
    width_.kind = std::min<std::size_t>(width_.kind, 10);
  }
  void measure(const Line& l) {
    width_.time = std::max(width_.time, seconds(l.at, 6).size());
    width_.place = std::max(width_.place, l.place.size());
    width_.kind = std::max(width_.kind, l.kind.size());
  }

  void put(std::string_view line) {
    out_ += line;
    while (!out_.empty() && out_.back() == ' ') out_.pop_back();
    out_ += '\n';
  }

  void head() {
    const trace::Header& header = *book_.header;
    std::string name = header.scenario;
    if (!header.variant.empty()) name += '@' + header.variant;
    std::string lead = paint_.strong(printable(name)) + (header.title.empty() ? "" : ": ");
    for (const std::string& row : wrapped(printable(header.title), name.size() + 2, 0, " ")) {
      put(lead + row);
      lead = "  ";
    }
    put(paint_.dim(fmt::format("seed {} - {} s simulated - {} packet{} - trace {}...", header.seed,
                               seconds(finished_.end, 3), finished_.packets, plural(finished_.packets),
                               text_.fingerprint.substr(0, 8))));
  }

  const trace::FlowInfo& info(const Thread& t) const { return book_.header->flows[t.first - 1]; }
  std::string id_of(const Thread& t) const {
    const std::string& id = info(t).id;
    return printable(t.members > 1 ? member_of(id).first : std::string_view(id));
  }
  std::string ends_of(const Thread& t) const {
    const trace::FlowInfo& flow = info(t);
    if (flow.verb == "set") return "set " + printable(flow.to);
    std::string from =
        t.members > 1 ? fmt::format("{} x {}", t.members, member_of(node_part(flow.from)).first) : flow.from;
    if (!flow.to.empty()) from += " -> " + flow.to;
    return printable(from + ' ' + flow.verb);
  }

  // --- titles

  const FlowOutcome* outcome(trace::FlowId flow) const {
    if (flow != 0 && flow <= finished_.flows.size() && finished_.flows[flow - 1].flow == flow) {
      return &finished_.flows[flow - 1];
    }
    const auto found = std::ranges::find(finished_.flows, flow, &FlowOutcome::flow);
    return found == finished_.flows.end() ? nullptr : &*found;
  }

  /// Of the verdicts on the thread's flows: whether there are any, and whether all are met.
  std::pair<bool, bool> verdicts(const Thread& t) const {
    bool any = false, met = true;
    const std::string group = id_of(t);
    for (const Verdict& v : finished_.expectations) {
      const bool about =
          v.flow == info(t).id || (t.members > 1 && (v.flow == group || member_of(v.flow).first == group));
      if (!about) continue;
      any = true;
      met = met && v.met;
    }
    return {any, met};
  }

  Judged judge(const Thread& t) const {
    std::map<std::string, std::uint32_t> counts;
    std::uint32_t ill = 0;
    for (trace::FlowId f = t.first; f < t.first + t.members; ++f) {
      const FlowOutcome* o = outcome(f);
      if (o == nullptr) return {};
      ++counts[result_word(o->result)];
      ill += went_well(o->result) ? 0 : 1;
    }
    const auto most = std::ranges::max_element(counts, {}, [](const auto& entry) { return entry.second; });
    const auto [judged, met] = verdicts(t);
    const bool well = ill == 0;
    Judged j{most->first, {}, met && (well || judged)};
    if (!well && info(t).verb == "raw") return raw(t, j, judged, met);
    const std::string share = t.members > 1 ? fmt::format("{} of {} ", most->second, t.members) : "";
    if (!met) {
      j.status = "not as expected";
    } else if (judged) {
      j.status = share + (well ? "ok" : "ok, expected");
    } else {
      j.status = well ? share + "ok" : t.members > 1 ? fmt::format("{} of {} failed", ill, t.members) : "failed";
    }
    return j;
  }

  /// Nobody waits for an answer to a raw packet, so none failed to come.
  Judged raw(const Thread& t, Judged j, bool judged, bool met) const {
    const FlowOutcome* o = outcome(t.first);
    j.title_result = o->reason == Reason::none ? "SENT" : "DROPPED";
    j.well = met;
    j.status = !met ? "not as expected" : judged ? "ok, expected" : "";
    return j;
  }

  void title(std::size_t index) {
    const Thread& t = book_.threads[index];
    const Judged j = judge(t);
    out_ += '\n';
    std::string text = padded(fmt::format("[{}]", index + 1), width_.number) + ' ';
    text += paint_.strong(padded(id_of(t), width_.id)) + "  ";
    text += j.title_result.empty() ? ends_of(t) : padded(ends_of(t), width_.ends) + "   ";
    if (!j.title_result.empty()) {
      const std::string result = padded(j.title_result, width_.result) + "   ";
      const std::string status = std::string(j.status.empty()           ? ""
                                             : j.well                   ? paint_.tick()
                                             : j.status.ends_with("ok") ? ""
                                                                        : std::string(paint_.cross()) + ' ') +
                                 j.status;
      text += j.well ? paint_.good(result + status) : paint_.bad(result + status);
    }
    put(text);
  }

  // --- lines

  void thread(std::size_t index) {
    const Thread& t = book_.threads[index];
    title(index);
    std::string_view example = t.members > 1 && !t.lines.empty() ? std::string_view(info(t).id) : "";
    if (!example.empty()) put(paint_.dim(fmt::format("  {} stands for all:", example)));
    const std::string more = more_text(t);
    const std::vector<const Line*> worth = worth_telling(t);
    for (const Line* l : worth) line(*l, l == worth.back() ? more : "");
    if (worth.empty() && !more.empty()) put("  " + more);
    if (t.members > 1) odd_members(t);
  }

  /// What a program says without a packet is told where nothing else tells why the flow failed.
  std::vector<const Line*> worth_telling(const Thread& t) const {
    const FlowOutcome* o = outcome(t.first);
    const bool well = o != nullptr && went_well(o->result);
    const bool dropped = std::ranges::any_of(t.lines, &Line::bad);
    std::vector<const Line*> worth;
    for (const Line& l : t.lines) {
      const bool word = l.packet == 0 && !l.event.empty() && !l.event.starts_with("hop ");
      const bool needed = !well && (!dropped || l.event.find("retransmit") != std::string::npos);
      if (book_.all || !word || needed) worth.push_back(&l);
    }
    return worth;
  }

  std::string more_text(const Thread& t) const {
    if (book_.all) return {};
    const FlowOutcome* o = outcome(t.first);
    const std::uint64_t born = o == nullptr ? 0 : o->packets;
    if (born <= t.shown.size()) return {};
    const std::uint64_t more = born - t.shown.size();
    return fmt::format("{} more packet{} (--all)", more, plural(more));
  }

  /// The members that fared otherwise than most, by what became of them.
  void odd_members(const Thread& t) {
    struct Fate {
      std::string result, reason, at;
      auto operator<=>(const Fate&) const = default;
    };
    std::map<Fate, std::pair<std::uint32_t, std::string>> fates;
    for (trace::FlowId f = t.first; f < t.first + t.members; ++f) {
      const FlowOutcome* o = outcome(f);
      if (o == nullptr) return;
      auto& [count, names] = fates[{result_word(o->result), std::string(word(o->reason)), o->at}];
      if (++count <= 3) names += (count == 1 ? "" : ", ") + o->id;
    }
    if (fates.size() < 2) return;
    for (const auto& [fate, members] : fates) {
      const auto& [count, names] = members;
      const std::string why =
          fate.reason == "none" ? "" : fmt::format(" {} {} at {}", paint_.cross(), fate.reason, fate.at);
      put(fmt::format("  {} x {}{}: {}{}", count, fate.result, why, names, count > 3 ? ", ..." : ""));
    }
  }

  void line(const Line& l, std::string_view more) {
    std::string when = seconds(l.at, 6);
    when.insert(0, width_.time - std::min(width_.time, when.size()), ' ');
    const std::string kind = padded(l.kind, width_.kind);
    const std::string lead = "  " + paint_.dim(when) + ' ' + padded(l.place, width_.place) + ' ' + kind + "  ";
    const std::size_t indent = 2 + width_.time + 1 + std::max(width_.place, l.place.size()) + 1 + kind.size() + 2;
    std::vector<std::string> rows = wrapped(l.text, l.bad ? 2 : 0, indent, l.bad ? " " : "  ");
    const std::string_view whose = l.alike_of_others ? " of this and other members" : "";
    if (l.alike > 0) append(rows, fmt::format("; {} more alike{}", l.alike, whose), indent);
    const bool below = !l.items.empty();
    if (!more.empty() && !below) append(rows, (rows.back().empty() ? "" : "; ") + std::string(more), indent);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::string text = rows[i];
      if (l.bad && i == 0) text.insert(0, std::string(paint_.cross()) + ' ');
      put((i == 0 ? lead : std::string(below_indent(indent), ' ')) + (l.bad ? paint_.bad(text) : text));
    }
    if (!below) return;
    std::vector<std::string> under = wrapped(joined(l.items, l.bad), 0, below_indent(indent), l.bad ? " " : "  ");
    if (!more.empty()) append(under, "; " + std::string(more), indent);
    for (const std::string& row : under) put(std::string(below_indent(indent), ' ') + paint_.dim(row));
  }

  static std::size_t below_indent(std::size_t indent) { return std::min<std::size_t>(indent, 40); }

  /// What happened reads on, figures stand apart.
  static std::string joined(const std::vector<std::string>& items, bool bad) {
    std::string text;
    for (const std::string& item : items) {
      if (!text.empty()) text += bad ? "; " : "  ";
      text += item;
    }
    return text;
  }

  /// `text` in rows that fit behind `indent` columns, broken at `gap` where it must be.
  std::vector<std::string> wrapped(std::string_view text, std::size_t taken, std::size_t indent,
                                   std::string_view gap) const {
    const std::size_t room = text_.width > indent + 20 ? text_.width - indent : 20;
    std::vector<std::string> rows(1);
    while (!text.empty()) {
      const std::size_t cut = text.find(gap);
      const std::string_view piece = text.substr(0, cut);
      text = cut == std::string_view::npos ? std::string_view() : text.substr(cut + gap.size());
      std::string& row = rows.back();
      const std::size_t used = row.size() + (rows.size() == 1 ? taken : 0);
      if (row.empty()) {
        row = piece;
      } else if (used + gap.size() + piece.size() <= room) {
        row.append(gap).append(piece);
      } else {
        rows.emplace_back(piece);
      }
    }
    return rows;
  }

  void append(std::vector<std::string>& rows, std::string_view text, std::size_t indent) const {
    if (indent + rows.back().size() + text.size() + 2 <= text_.width) {
      rows.back() += text;
      return;
    }
    const std::size_t word = text.find_first_not_of("; ");
    rows.emplace_back(text.substr(word));
  }

  // --- what is no flow's

  void changes() {
    if (book_.changes.empty()) return;
    put("");
    put(paint_.strong("Changed meanwhile"));
    for (const Line& l : book_.changes) {
      std::string when = seconds(l.at, 6);
      when.insert(0, width_.time - std::min(width_.time, when.size()), ' ');
      std::string lead = "  " + paint_.dim(when) + ' ';
      const std::size_t indent = 2 + when.size() + 1;
      for (const std::string& row : wrapped((l.place == "-" ? "" : l.place + ": ") + l.text, 0, indent + 2, " ")) {
        put(lead + row);
        lead.assign(indent + 2, ' ');
      }
    }
  }

  void tables() {
    for (const TableRows& table : book_.tables) {
      if (table.at != finished_.end) continue;
      put("");
      put(paint_.strong(
          fmt::format("NAT table of {} at {} s", book_.header->nodes[table.gateway].name, seconds(finished_.end, 3))));
      Table rows({"#", "proto", "inside", "outside", "remote", "state", "left"}, {0});
      for (const trace::Row& row : table.rows) {
        rows.add({row.number == 0 ? "-" : std::to_string(row.number), to_string(row.protocol), to_string(row.inside),
                  to_string(row.outside), to_string(row.remote), printable(row.state), left_text(row.left)});
      }
      out_ += rows.text("  ");
      if (std::ranges::any_of(table.rows, [](const trace::Row& row) { return row.number == 0; }))
        put("  -: translates nothing");
      if (table.count > table.rows.size()) put(fmt::format("  {} more rows (--all)", table.count - table.rows.size()));
    }
  }

  void untold() {
    if (book_.untold == 0 || !book_.all) return;
    put("");
    put(fmt::format("{} more lines; --trace FILE writes them all", book_.untold));
  }

  // --- the end

  void failures() {
    const std::string file = text_.file.substr(0, text_.file.size() - variant_part().size());
    const auto tell = [&](const Verdict& v, std::string_view what) {
      if (v.met) return;
      put("");
      const std::string where = v.line > 0 ? fmt::format("{}:{}:{}: ", printable(file), v.line, v.column) : "";
      put(paint_.bad(fmt::format("{} {}{}", paint_.cross(), where, what)));
      said("expected", v.what);
      said("came", v.instead);
    };
    for (const Verdict& v : finished_.expectations) tell(v, "expectation not met");
    for (const Verdict& v : finished_.lab) tell(v, "the lab's answer does not hold");
  }

  void said(std::string_view head, std::string_view what) {
    constexpr std::size_t indent = 14;
    std::string lead = "    " + padded(head, indent - 4);
    for (const std::string& row : wrapped(printable(what), 0, indent, " ")) {
      put(lead + row);
      lead.assign(indent, ' ');
    }
  }

  std::string variant_part() const {
    const std::string& variant = book_.header->variant;
    const std::string part = '@' + variant;
    return !variant.empty() && text_.file.ends_with(part) ? part : "";
  }

  void foot() {
    const std::vector<Verdict>& all = finished_.expectations;
    const auto met = std::ranges::count_if(all, &Verdict::met);
    const auto wrong = std::ranges::count_if(finished_.lab, [](const Verdict& v) { return !v.met; });
    put("");
    broken_off();
    std::string text = all.empty() ? "No expectations."
                                   : fmt::format("{} of {} expectation{} met.", met, all.size(), plural(all.size()));
    if (wrong > 0) text += fmt::format(" {} of {} lab answers do not hold.", wrong, finished_.lab.size());
    text = finished_.good() ? paint_.good(text) : paint_.bad(text);
    const std::string flow = worth_explaining();
    if (!flow.empty()) text += fmt::format(" Why: masqsim explain {} {}{}", text_.file, flow, text_.options);
    put(text);
  }

  void broken_off() {
    if (!finished_.broken_off) return;
    const auto tell = [&](std::string_view what) {
      std::string lead = "  ";
      for (const std::string& row : wrapped(printable(what), 0, 2, " ")) put(std::exchange(lead, "    ") + row);
    };
    put(paint_.bad(fmt::format("{} broken off at {} s:", paint_.cross(), seconds(finished_.end, 6))));
    tell(finished_.broken_off->why);
    for (const std::string& loop : finished_.broken_off->loops) tell(loop);
  }

  /// The flow whose failure says most: one that failed its expectation, else one that a gateway ended, else any.
  std::string worth_explaining() const {
    for (const Verdict& v : finished_.expectations) {
      if (!v.met && !v.flow.empty()) return v.flow;
    }
    std::string any;
    for (const FlowOutcome& o : finished_.flows) {
      if (went_well(o.result) || o.reason == Reason::none) continue;
      if (book_.header->flows[o.flow - 1].verb == "raw") continue;
      for (const trace::NodeInfo& node : book_.header->nodes) {
        if (node.name == o.at && node.kind == trace::NodeKind::gateway) return o.id;
      }
      if (any.empty()) any = o.id;
    }
    return any;
  }

  const Story::Book& book_;
  const Finished& finished_;
  const StoryText& text_;
  const Paint& paint_;
  Widths width_;
  std::string out_;
};

}  // namespace

bool went_well(std::optional<scenario::Result> result) { return result && is_good(*result); }

std::string result_word(std::optional<scenario::Result> result) {
  std::string text(result ? word(*result) : "unfinished");
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

std::string Story::told(const Finished& finished, const StoryText& text) const {
  if (!book_->header) return {};
  return Layout(*book_, finished, text).all();
}

}  // namespace masqsim::viz
