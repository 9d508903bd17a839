#include "masqsim/trace/diff.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace masqsim::trace {

namespace {

/// Numbers in the order of their first use.
class Renumbered {
 public:
  std::uint64_t operator()(std::uint64_t number) {
    return number == 0 ? 0 : numbers_.try_emplace(number, numbers_.size() + 1).first->second;
  }
  std::size_t size() const { return numbers_.size(); }

 private:
  std::map<std::uint64_t, std::uint64_t> numbers_;
};

/// A packet by its flow and its place in it, so that traces whose numbers are shifted still agree.
using PacketName = std::pair<std::string, std::uint64_t>;

struct FlowLines {
  std::vector<const Line*> lines;
  Renumbered packets;
  std::optional<std::string> result;
};

/// One side: its flows, in the order of their first record, and the name of every packet.
struct Side {
  explicit Side(const Lines& all) {
    for (const Line& line : all.lines) {
      nodes.insert(line.place.substr(0, line.place.find('/')));
      // A row that was asked for repeats what the records before it told.
      if (line.kind == Kind::table) continue;
      const auto [place, fresh] = flows.try_emplace(line.flow);
      if (fresh) order.push_back(line.flow);
      FlowLines& flow = place->second;
      flow.lines.push_back(&line);
      if (line.kind == Kind::result) flow.result = line.story;
      if (line.packet != 0) packets.try_emplace(line.packet, line.flow, flow.packets(line.packet));
    }
  }

  PacketName name_of(std::uint64_t packet) const {
    const auto found = packets.find(packet);
    return found == packets.end() ? PacketName{"", packet} : found->second;
  }

  std::map<std::string, FlowLines> flows;
  std::vector<std::string> order;
  std::map<std::uint64_t, PacketName> packets;
  std::set<std::string> nodes;
};

/// The story without what may shift: "#7" by its order of first use, an IP checksum not at all.
class Story {
 public:
  std::string operator()(const Line& line) {
    if (line.kind != Kind::translate && line.kind != Kind::change) return line.story;
    std::string out = without_ip_sums(line.story);
    const std::size_t tail = line.kind == Kind::change ? 0 : out.rfind(" | ");
    if (tail == std::string::npos) return out;
    return renumbered(out, tail);
  }

 private:
  static std::string without_ip_sums(std::string text) {
    for (std::size_t at = 0; (at = text.find("ip sum ", at)) != std::string::npos;) {
      text.erase(at, std::string_view("ip sum 4edb => d587").size());
    }
    return text;
  }

  std::string renumbered(const std::string& text, std::size_t from) {
    std::string out = text.substr(0, from);
    for (std::size_t i = from; i < text.size(); ++i) {
      out += text[i];
      if (text[i] != '#') continue;
      const std::size_t end = std::min(text.find_first_not_of("0123456789", i + 1), text.size());
      const bool flow = i >= 5 && text.compare(i - 5, 5, "flow ") == 0;
      const std::string number = text.substr(i + 1, end - i - 1);
      std::map<std::string, std::size_t>& known = flow ? flows_ : mappings_;
      out += std::to_string(known.try_emplace(number, known.size() + 1).first->second);
      i = end - 1;
    }
    return out;
  }

  std::map<std::string, std::size_t> flows_, mappings_;
};

void find_first_difference(FlowDiff& d, const FlowLines& a, const FlowLines& b, const Side& side_a,
                           const Side& side_b) {
  Story story_a, story_b;
  const std::size_t common = std::min(a.lines.size(), b.lines.size());
  std::size_t i = 0;
  for (; i < common; ++i) {
    const Line &x = *a.lines[i], &y = *b.lines[i];
    if (x.at != y.at || x.kind != y.kind || x.place != y.place) break;
    if (side_a.name_of(x.packet) != side_b.name_of(y.packet)) break;
    if (side_a.name_of(x.cause) != side_b.name_of(y.cause)) break;
    if (story_a(x) != story_b(y)) break;
  }
  if (i < a.lines.size()) d.first = *a.lines[i];
  if (i < b.lines.size()) d.second = *b.lines[i];
}

FlowDiff compare(const std::string& name, const Side& a, const Side& b) {
  static const FlowLines none;
  const auto lines_of = [&](const Side& side) -> const FlowLines& {
    const auto found = side.flows.find(name);
    return found == side.flows.end() ? none : found->second;
  };
  const FlowLines &first = lines_of(a), &second = lines_of(b);
  FlowDiff d;
  d.flow = name;
  d.in_first = !first.lines.empty();
  d.in_second = !second.lines.empty();
  d.packets_first = first.packets.size();
  d.packets_second = second.packets.size();
  d.result_first = first.result;
  d.result_second = second.result;
  find_first_difference(d, first, second, a, b);
  return d;
}

const Line& earlier(const std::optional<Line>& a, const std::optional<Line>& b) {
  if (!a || !b) return a ? *a : *b;
  return b->at < a->at ? *b : *a;
}

}  // namespace

Time FlowDiff::at() const { return earlier(first, second).at; }

std::string FlowDiff::node() const {
  const std::string& place = earlier(first, second).place;
  return place.substr(0, place.find('/'));
}

bool Diff::same() const {
  return std::ranges::all_of(flows, [](const FlowDiff& flow) { return flow.same(); });
}

Diff diff(const Lines& first, const Lines& second) {
  Diff d;
  if (first.scenario != second.scenario) d.header.push_back("scenario: " + first.scenario + " => " + second.scenario);
  if (first.seed != second.seed) {
    d.header.push_back("seed: " + std::to_string(first.seed) + " => " + std::to_string(second.seed));
  }
  if (first.broken_off != second.broken_off) {
    const auto end = [](const Lines& side) { return side.broken_off.empty() ? "ran to its end" : side.broken_off; };
    d.header.push_back("broken off: " + end(first) + " => " + end(second));
  }
  const Side a(first), b(second);
  std::ranges::set_difference(a.nodes, b.nodes, std::back_inserter(d.nodes_first));
  std::ranges::set_difference(b.nodes, a.nodes, std::back_inserter(d.nodes_second));
  for (const std::string& name : a.order) d.flows.push_back(compare(name, a, b));
  for (const std::string& name : b.order) {
    if (!a.flows.contains(name)) d.flows.push_back(compare(name, a, b));
  }
  const auto [x, y] = std::ranges::mismatch(first.lines, second.lines);
  if (x != first.lines.end()) d.first = *x;
  if (y != second.lines.end()) d.second = *y;
  if (d.first || d.second) d.record = static_cast<std::size_t>(x - first.lines.begin()) + 1;
  return d;
}

}  // namespace masqsim::trace
