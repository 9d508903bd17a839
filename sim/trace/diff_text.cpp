// The words of a diff, read off the trace's own lines.
#include <algorithm>

#include "masqsim/trace/diff.hpp"

namespace masqsim::trace {

namespace {

/// What a line is about, and what became of it: "SYN > 203.0.113.5:22" and "X no-mapping".
struct Summary {
  std::string subject;
  std::string verdict;

  bool operator==(const Summary&) const = default;
};

std::string upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

std::string_view take_until(std::string_view& text, std::string_view separator) {
  const std::size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + separator.size());
  return part;
}

/// "SYN > B" from `wire::describe`'s "A > B tcp SYN seq=0 ...": the words between protocol and first value.
std::string subject_of_packet(std::string_view described) {
  std::string_view rest = described;
  take_until(rest, " > ");
  if (rest.empty()) return std::string(described.substr(0, described.find(':')));
  const std::string_view destination = take_until(rest, " ");
  const std::string_view protocol = take_until(rest, " ");
  std::string kind;
  while (!rest.empty()) {
    const std::string_view word = take_until(rest, " ");
    if (word.find_first_of("={") != std::string_view::npos) break;
    kind += (kind.empty() ? "" : " ") + std::string(word);
  }
  if (kind.empty()) kind = upper(std::string(protocol));
  return kind + " > " + std::string(destination);
}

/// "dst rewritten, tcp sum 679a=>e1ed" from "dst A => B, ttl 64 => 63, ip sum ..., tcp sum 679a => e1ed | mapping #1".
std::string verdict_of_translation(std::string_view changes) {
  std::string_view tail = changes;
  std::string_view rest = take_until(tail, " | ");
  if (rest == "unchanged") return "passed unchanged" + (tail.empty() ? "" : ": " + std::string(tail));
  std::string verdict;
  const auto add = [&](const std::string& part) { verdict += (verdict.empty() ? "" : ", ") + part; };
  while (!rest.empty()) {
    std::string_view change = take_until(rest, ", ");
    std::string_view to = change;
    const std::string from(take_until(to, " => "));
    const std::string field = from.substr(0, from.rfind(' '));
    const bool routine = field == "ttl" || field == "ip sum" || field == "ip length" || field.starts_with("quoted ip");
    if (field == "src" || field == "dst" || field == "icmp id") {
      add(field + " rewritten");
    } else if (!routine) {
      add(from + "=>" + std::string(to));
    }
  }
  if (verdict.empty()) return "passed" + (tail.empty() ? "" : ": " + std::string(tail));
  return verdict;
}

/// "tcp 192.168.1.10:40000 as 203.0.113.5:40000" and "its entry expired" from "expired mapping #1 flow #2 tcp INSIDE
/// OUTSIDE REMOTE STATE left 2m"; the numbers are the gateway's own business.
Summary summary_of_change(std::string_view story) {
  std::string_view rest = story;
  const std::string_view what = take_until(rest, " mapping ");
  const bool untranslated = rest.starts_with("#0 ");
  take_until(rest, " flow ");
  take_until(rest, " ");
  const std::string_view protocol = take_until(rest, " ");
  const std::string_view inside = take_until(rest, " ");
  const std::string_view outside = take_until(rest, " ");
  const std::string_view remote = take_until(rest, " ");
  if (remote.empty()) return {"an entry of the table", std::string(story)};
  std::string subject = std::string(protocol) + ' ' + std::string(inside);
  subject += untranslated ? " with " + std::string(remote) : " as " + std::string(outside);
  return {subject, "its entry is " + std::string(what)};
}

std::string node_of(const Line& line) { return line.place.substr(0, line.place.find('/')); }

Summary summary_of(const Line& line) {
  std::string_view packet = line.story;
  std::string_view tail = packet;
  packet = take_until(tail, " | ");
  switch (line.kind) {
    case Kind::send: return {subject_of_packet(packet), "sent"};
    case Kind::receive: return {subject_of_packet(packet), "received"};
    case Kind::deliver: return {subject_of_packet(packet), "delivered " + std::string(tail)};
    case Kind::drop: return {subject_of_packet(packet), "X " + std::string(tail.substr(0, tail.find(':')))};
    case Kind::translate: {
      // "SYN > 198.51.100.10:80 src ...": the subject ends behind the address.
      const std::string_view story = line.story;
      const std::size_t arrow = story.find(" > ");
      const std::size_t end = arrow == std::string_view::npos ? story.find(' ') : story.find(' ', arrow + 3);
      if (end == std::string_view::npos) return {line.story, ""};
      return {std::string(story.substr(0, end)), verdict_of_translation(story.substr(end + 1))};
    }
    case Kind::change: return summary_of_change(line.story);
    case Kind::event: return {node_of(line) + " says", line.story};
    case Kind::action: return {"set", line.story};
    default: return {std::string(word(line.kind)), line.story};
  }
}

/// The words of `story` that `other` has not at their place; all of it where the two are not built alike.
std::string words_of_its_own(std::string_view story, std::string_view other) {
  std::string own;
  const auto words = [](std::string_view text) { return std::count(text.begin(), text.end(), ' '); };
  if (words(story) != words(other)) return std::string(story);
  while (!story.empty()) {
    const std::string_view mine = take_until(story, " "), theirs = take_until(other, " ");
    if (mine != theirs) own += (own.empty() ? "" : " ") + std::string(mine);
  }
  return own;
}

/// Seconds to the microsecond, or to the nanosecond where that matters.
std::string moment(Time t) { return seconds(t, t.ns % 1'000 == 0 ? 6 : 9) + " s"; }

/// What sets `line` apart from `other`, which says the same in short: its source, its time, its place, a value.
std::string apart(const Line& line, const Line& other) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (line.at != other.at) add("at " + moment(line.at));
  if (line.place != other.place) add("at " + line.place);
  std::string_view mine = line.story, theirs = other.story;
  const std::string_view source = take_until(mine, " > "), their_source = take_until(theirs, " > ");
  const bool packet = !mine.empty() && !theirs.empty();
  const bool has_source = packet && source.find_first_of(".:") != std::string_view::npos;
  if (has_source && source != their_source) add("from " + std::string(source));
  const std::string own = has_source ? words_of_its_own(mine, theirs) : words_of_its_own(line.story, other.story);
  if (!own.empty() && text.empty()) add(own);
  if (text.empty() && line.packet != other.packet) add("as packet " + std::to_string(line.packet));
  if (text.empty() && line.cause != other.cause) add("in answer to packet " + std::to_string(line.cause));
  return text;
}

/// Both sides in two columns. What looks alike in short is told by what sets it apart; things of two kinds, which
/// cannot be compared, by when and where they happened.
std::string sides(const std::optional<Line>& a, const std::optional<Line>& b) {
  const auto summary = [](const std::optional<Line>& line) {
    return line ? summary_of(*line) : Summary{"nothing more", ""};
  };
  Summary first = summary(a), second = summary(b);
  if (a && b && first == second) {
    first.verdict += (first.verdict.empty() ? "" : " ") + apart(*a, *b);
    second.verdict += (second.verdict.empty() ? "" : " ") + apart(*b, *a);
  }
  const bool comparable =
      a && b && a->at == b->at && node_of(*a) == node_of(*b) && (a->packet == 0) == (b->packet == 0);
  if (a && b && a->kind != b->kind && !comparable) {
    first.subject = moment(a->at) + ' ' + node_of(*a) + ": " + first.subject;
    second.subject = moment(b->at) + ' ' + node_of(*b) + ": " + second.subject;
  }
  const std::size_t width = std::max(first.subject.size(), second.subject.size());
  const auto row = [&](char sign, const Summary& s) {
    std::string text = std::string{sign, ' '} + s.subject;
    if (!s.verdict.empty()) text += std::string(width - s.subject.size() + 3, ' ') + s.verdict;
    return text + '\n';
  };
  return row('-', first) + row('+', second);
}

std::string packets(std::uint64_t count) { return std::to_string(count) + (count == 1 ? " packet" : " packets"); }

/// "+ 2 packets; REFUSED => ESTABLISHED"; empty where neither changed.
std::string aftermath(const FlowDiff& d) {
  std::string text;
  if (d.packets_second > d.packets_first) text = "+ " + packets(d.packets_second - d.packets_first);
  if (d.packets_second < d.packets_first) text = "- " + packets(d.packets_first - d.packets_second);
  if (d.result_first != d.result_second) {
    const auto result = [](const std::optional<std::string>& r) { return r ? upper(*r) : "no result"; };
    text += (text.empty() ? "" : "; ") + result(d.result_first) + " => " + result(d.result_second);
  }
  return text.empty() ? text : text + '\n';
}

/// The flow of the next member of a group: "echo.12" after "echo.11"; empty for a name without a number.
std::string next_member(const std::string& flow) {
  const std::size_t dot = flow.rfind('.');
  if (dot == std::string::npos || dot + 1 == flow.size() || flow.size() - dot > 10) return {};
  std::uint64_t number = 0;
  for (std::size_t i = dot + 1; i < flow.size(); ++i) {
    if (flow[i] < '0' || flow[i] > '9') return {};
    number = number * 10 + static_cast<std::uint64_t>(flow[i] - '0');
  }
  return flow.substr(0, dot + 1) + std::to_string(number + 1);
}

/// Flows of which the same is to be said: one, or members of a group that follow one another.
struct Members {
  std::string first, last;
  std::uint64_t packets = 0;

  bool takes(const std::string& flow) const { return next_member(last) == flow; }
  void take(const std::string& flow, std::uint64_t its_packets) {
    last = flow;
    packets += its_packets;
  }
  std::string name() const { return first == last ? first : first + " to " + last; }
};

std::string same_flows(const std::vector<FlowDiff>& flows) {
  constexpr std::size_t most = 10;
  std::vector<Members> rows;
  for (const FlowDiff& flow : flows) {
    if (!flow.same() || flow.flow == "-") continue;
    if (rows.empty() || !rows.back().takes(flow.flow)) rows.push_back({flow.flow, flow.flow, 0});
    rows.back().take(flow.flow, flow.packets_first);
  }
  if (rows.empty()) return "";
  std::string names;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    total += rows[i].packets;
    if (i < most) names += (i == 0 ? "" : ", ") + rows[i].name();
  }
  if (rows.size() > most) names += " and " + std::to_string(rows.size() - most) + " more";
  return "same: " + names + " (" + packets(total) + ")\n";
}

}  // namespace

std::string to_text(const FlowDiff& flow) { return sides(flow.first, flow.second) + aftermath(flow); }

std::string to_text(const Diff& d) {
  std::string text;
  for (const std::string& line : d.header) text += line + '\n';
  text += same_flows(d.flows);
  for (std::size_t i = 0; i < d.flows.size(); ++i) {
    const FlowDiff& flow = d.flows[i];
    if (flow.same()) continue;
    const bool flowless = flow.flow == "-";
    if (!flowless && (!flow.in_first || !flow.in_second)) {
      Members row{flow.flow, flow.flow, flow.packets()};
      while (i + 1 < d.flows.size() && row.takes(d.flows[i + 1].flow) && flow.on_the_same_side(d.flows[i + 1])) {
        ++i;
        row.take(d.flows[i].flow, d.flows[i].packets());
      }
      text += row.name() + (flow.in_first ? ": only in the first (" : ": only in the second (") + packets(row.packets) +
              ")\n";
      continue;
    }
    text += (flowless ? "beside the flows" : flow.flow) + ": first difference " + moment(flow.at()) + ", " +
            flow.node() + '\n';
    text += to_text(flow);
  }
  if (d.same() && d.record != 0) {
    text += "same decisions; record " + std::to_string(d.record) + " is the first that differs in anything\n";
    text += sides(d.first, d.second);
  }
  return text;
}

}  // namespace masqsim::trace
