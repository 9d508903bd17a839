#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "dot.hpp"
#include "look.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "story.hpp"
#include "words.hpp"
#include "zones.hpp"

namespace masqsim::viz {

using trace::Kind;
using trace::OwnedRecord;

void FlowPath::begin(const trace::Header& header) {
  header_ = header;
  for (std::size_t i = 0; i < header.flows.size(); ++i) {
    if (header.flows[i].id == flow_) id_ = static_cast<trace::FlowId>(i + 1);
  }
}

void FlowPath::record(const trace::Record& r) {
  if (id_ == 0 || r.flow != id_ || r.packet == 0) return;
  auto place = by_id_.find(r.packet);
  if (place == by_id_.end()) {
    // the first packets, and later those that were dropped last or answer one that was
    if (packets_.size() >= most_packets) return;
    place = by_id_.emplace(r.packet, packets_.size()).first;
    packets_.push_back({r.packet, r.cause, r.node});
  }
  std::vector<OwnedRecord>& way = packets_[place->second].way;
  if (way.size() < most_steps) way.push_back(OwnedRecord::from(r));
}

std::vector<const FlowPath::Packet*> FlowPath::chosen(const scenario::Finished& finished) const {
  std::vector<const Packet*> list;
  const auto add = [&](const Packet* packet) {
    if (packet != nullptr && std::ranges::find(list, packet) == list.end()) list.push_back(packet);
  };
  const auto first = [&](auto fits) -> const Packet* {
    const auto found = std::ranges::find_if(packets_, fits);
    return found == packets_.end() ? nullptr : &*found;
  };
  if (packets_.empty()) return list;
  const trace::NodeId initiator = packets_.front().from;
  if (is_traceroute()) {
    const Packet* farthest = &packets_.front();
    for (const Packet& p : packets_) {
      if (p.from == initiator && (answer_to(p.id) != nullptr || answer_to(farthest->id) == nullptr)) farthest = &p;
    }
    add(farthest);
    add(answer_to(farthest->id));
    return list;
  }
  add(&packets_.front());
  add(first([&](const Packet& p) { return p.from != initiator; }));
  for (const scenario::FlowOutcome& o : finished.flows) {
    if (o.flow != id_ || went_well(o.result) || o.packet == 0) continue;
    const Packet* ended = first([&](const Packet& p) { return p.id == o.packet; });
    if (ended == nullptr) continue;
    // What was tried again and again may have ended so the first time.
    for (const Packet* drawn : list) {
      if (ends_like(*drawn, *ended)) ended = drawn;
    }
    add(ended);
    add(answer_to(ended->id));
  }
  std::ranges::sort(list, {}, &Packet::id);
  return list;
}

bool FlowPath::ends_like(const Packet& a, const Packet& b) {
  if (a.way.empty() || b.way.empty()) return false;
  const trace::Record x = a.way.back().view(), y = b.way.back().view();
  return x.kind == Kind::drop && y.kind == Kind::drop && x.node == y.node && x.reason == y.reason;
}

bool FlowPath::is_traceroute() const { return header_.flows[id_ - 1].verb == "traceroute"; }

const FlowPath::Packet* FlowPath::answer_to(std::uint64_t packet) const {
  const auto found = std::ranges::find(packets_, packet, &Packet::cause);
  return found == packets_.end() ? nullptr : &*found;
}

/// One picture: visited nodes in their clusters, then the hops in the order of time.
class PathPicture {
 public:
  PathPicture(const FlowPath& path, const scenario::Scenario& scenario, const scenario::Finished& finished)
      : path_(path), header_(path.header_), scenario_(scenario), finished_(finished), zones_(zones_of(scenario)) {}

  std::string text() {
    const std::vector<const FlowPath::Packet*> packets = path_.chosen(finished_);
    for (const FlowPath::Packet* packet : packets) {
      for (const OwnedRecord& r : packet->way) events_.push_back(&r);
    }
    std::ranges::stable_sort(events_, {}, [](const OwnedRecord* r) { return r->plain.at; });
    for (const OwnedRecord* r : events_) {
      if (r->plain.node < header_.nodes.size()) visited_.insert(r->plain.node);
    }
    for (const OwnedRecord* r : events_) event(r->view());
    std::size_t drawn = packets.size();
    if (path_.is_traceroute()) drawn += other_probes(packets);
    out_ = look::head("digraph", path_.flow_, title(drawn));
    nodes();
    for (const Edge& edge : edges_) {
      out_ += edge.before + fmt::format("  {} -> {} [label=<<b>{}</b>  {}>, {}]\n", edge.from, edge.to,
                                        numbers_text(edge), edge.text, edge.attributes);
    }
    return out_ + "}\n";
  }

 private:
  /// Crossed once, or again and again by a packet that goes in circles.
  struct Edge {
    std::string from, to, text, attributes;
    std::vector<std::size_t> numbers;
    std::string_view what{};  ///< before the numbers
    std::string before{};     ///< what is drawn with it
    std::uint64_t packet = 0;
  };

  static std::string numbers_text(const Edge& edge) {
    constexpr std::size_t most = 4;
    std::string text(edge.what);
    for (std::size_t i = 0; i < edge.numbers.size(); ++i) {
      const bool last = i + 1 == edge.numbers.size();
      if (i < most - 1 || last) text += fmt::format("{}{}", i == 0 ? "" : ", ", edge.numbers[i]);
      if (i == most - 1 && !last) text += ", ...";
    }
    return text;
  }

  void draw(Edge edge) {
    for (Edge& drawn : edges_) {
      const bool same =
          drawn.from == edge.from && drawn.to == edge.to && drawn.text == edge.text && drawn.packet == edge.packet;
      if (same) return drawn.numbers.push_back(edge.numbers.front());
    }
    edges_.push_back(std::move(edge));
  }

  /// The answers to the probes that did not get so far, as one arc each from who answered; returns how many packets
  /// that was.
  std::size_t other_probes(const std::vector<const FlowPath::Packet*>& drawn) {
    std::size_t packets = 0;
    for (const FlowPath::Packet& probe : path_.packets_) {
      const FlowPath::Packet* answer = path_.answer_to(probe.id);
      if (probe.from != path_.packets_.front().from || answer == nullptr ||
          std::ranges::find(drawn, &probe) != drawn.end())
        continue;
      if (probe.way.empty() || answer->way.empty()) continue;
      const auto ip = wire::Ipv4View::parse_quoted(probe.way.front().view().bytes);
      if (!ip) continue;
      packets += 2;
      visited_.insert(answer->from);
      const trace::Record arrived = answer->way.back().view();
      draw({.from = id(answer->from),
            .to = id(probe.from),
            .text =
                fmt::format("{}<br/>{}", dot_html(kind_text(arrived.bytes)), dot_html(endpoints_text(arrived.bytes))),
            .attributes =
                fmt::format("color=\"{}\", style=dashed, constraint=false, tailport=s, headport=s", look::good),
            .numbers = {ip->ttl()},
            .what = "ttl "});
    }
    return packets;
  }

  std::string title(std::size_t drawn) const {
    const trace::FlowInfo& flow = header_.flows[path_.id_ - 1];
    std::string text = fmt::format("{}: {} -> {} {}", flow.id, flow.from, flow.to, flow.verb);
    for (const scenario::FlowOutcome& o : finished_.flows) {
      if (o.flow != path_.id_) continue;
      text += "  " + result_word(o.result);
      if (path_.is_traceroute() && drawn > 2) text += "  (dashed: answers to probes with a smaller TTL)";
      if (o.packets > drawn)
        text += fmt::format("  ({} more packet{} not drawn)", o.packets - drawn, o.packets - drawn == 1 ? "" : "s");
    }
    return text;
  }

  std::optional<scenario::NodeIndex> model_of(const std::string& name) const {
    if (const auto index = scenario_.node_named(name)) return index;
    const std::size_t dot = name.rfind('.');
    return dot == std::string::npos ? std::nullopt : scenario_.node_named(name.substr(0, dot));
  }

  /// The network in whose cluster the node is drawn.
  std::optional<scenario::NetworkIndex> home_of(trace::NodeId node) const {
    const std::string& name = header_.nodes[node].name;
    if (const auto index = model_of(name)) return zones_.homes[*index];
    return scenario_.network_named(name);  // the router that a cloud is
  }

  void nodes() {
    for (scenario::NetworkIndex n = 0; n < scenario_.networks.size(); ++n) {
      std::string inner;
      for (const trace::NodeId node : visited_) {
        if (home_of(node) == n) inner += node_text(node, "    ");
      }
      if (inner.empty()) continue;
      const Side side = zones_.networks[n];
      const std::string_view where = look::word(side);
      const std::string& name = scenario_.networks[n].name;
      out_ += look::cluster_head("cluster " + name, side, where.empty() ? name : fmt::format("{}: {}", where, name));
      out_ += inner;
      out_ += "  }\n";
    }
    for (const trace::NodeId node : visited_) {
      if (!home_of(node)) out_ += node_text(node, "  ");
    }
  }

  std::string node_text(trace::NodeId node, std::string_view indent) const {
    std::vector<std::string> lines;
    std::size_t more = 0;
    for (const trace::PointInfo& point : header_.points) {
      if (point.node != node || point.address.is_zero()) continue;
      if (lines.size() < 4) {
        lines.push_back(to_string(point.address));
      } else {
        ++more;
      }
    }
    if (header_.nodes[node].kind == trace::NodeKind::cloud) lines = {"no route to private addresses"};
    if (more > 0) lines.push_back(fmt::format("{} more", more));
    const auto index = model_of(header_.nodes[node].name);
    const look::Colours c = index ? look::of(scenario_.nodes[*index]) : look::router;
    return fmt::format("{}{} [label={}, color=\"{}\", fillcolor=\"{}\"{}]\n", indent, id(node),
                       look::label(header_.nodes[node].name, lines, rewrites(node)), c.line, c.fill,
                       header_.nodes[node].kind == trace::NodeKind::cloud ? ", shape=ellipse, style=filled" : "");
  }

  /// Before and after, for each packet that the node changed; what happened again and again is said once.
  std::vector<std::string> rewrites(trace::NodeId node) const {
    constexpr std::size_t most = 8;
    std::vector<std::pair<std::string, std::size_t>> told;
    for (const OwnedRecord* owned : events_) {
      const trace::Record r = owned->view();
      if (r.kind != Kind::translate || r.node != node) continue;
      std::string text = fmt::format("{}  {}", kind_text(r.bytes), rewrite_text(trace::changes_of(r.before, r.bytes)));
      if (r.mapping != 0) text += fmt::format("  ({}mapping #{})", r.made_mapping ? "new " : "", r.mapping);
      const auto before = std::ranges::find(told, text, [](const auto& t) { return t.first; });
      if (before != told.end()) {
        ++before->second;
      } else if (told.size() < most) {
        told.emplace_back(std::move(text), 1);
      }
    }
    std::vector<std::string> lines;
    for (const auto& [text, times] : told) {
      const std::size_t quoted = text.find("  quoted ");  // long: a line of its own
      lines.push_back(text.substr(0, quoted));
      if (quoted != std::string::npos) lines.push_back(text.substr(quoted + 2));
      if (times > 1) lines.back() += fmt::format("  {} times", times);
    }
    return lines;
  }

  std::string id(trace::NodeId node) const { return dot_quoted(header_.nodes[node].name); }

  void event(const trace::Record& r) {
    if (r.node >= header_.nodes.size()) return;
    switch (r.kind) {
      case Kind::send: last_[r.packet] = r.node; return;
      case Kind::receive: return hop(r);
      case Kind::drop: return drop(r);
      default: return;
    }
  }

  void hop(const trace::Record& r) {
    const auto from = last_.find(r.packet);
    if (from == last_.end()) return;
    const bool back = path_.packets_[path_.by_id_.at(r.packet)].from != path_.packets_.front().from;
    draw({.from = id(from->second),
          .to = id(r.node),
          .text = fmt::format("{}<br/>{}", dot_html(kind_text(r.bytes)), dot_html(endpoints_text(r.bytes))),
          .attributes = fmt::format("color=\"{}\"{}", back ? look::good : look::ink, back ? ", constraint=false" : ""),
          .numbers = {++hop_},
          .packet = r.packet});
    last_[r.packet] = r.node;
  }

  void drop(const trace::Record& r) {
    const std::string end = dot_quoted(fmt::format("drop {}", ++drops_));
    const std::string_view why = r.text.empty() ? sentence(r.reason) : r.text;
    const std::string octagon = fmt::format(
        "  {} [shape=octagon, style=filled, fillcolor=\"#fdecec\", color=\"{}\", fontcolor=\"{}\", "
        "label=<<b>X {}</b><br/><font point-size=\"11\">{}</font>>]\n",
        end, look::bad, look::bad, reason_word(r.reason), dot_html(why));
    draw({.from = id(r.node),
          .to = end,
          .text = dot_html(kind_text(r.bytes)),
          .attributes = fmt::format("style=dashed, color=\"{0}\", fontcolor=\"{0}\"", look::bad),
          .numbers = {++hop_},
          .before = octagon,
          .packet = r.packet});
  }

  const FlowPath& path_;
  const trace::Header& header_;
  const scenario::Scenario& scenario_;
  const scenario::Finished& finished_;
  Zones zones_;
  std::vector<const OwnedRecord*> events_;
  std::set<trace::NodeId> visited_;
  std::map<std::uint64_t, trace::NodeId> last_;  ///< where a packet is
  std::size_t hop_ = 0, drops_ = 0;
  std::vector<Edge> edges_;
  std::string out_;
};

std::string FlowPath::told(const scenario::Scenario& scenario, const scenario::Finished& finished) const {
  if (id_ == 0) return {};
  return PathPicture(*this, scenario, finished).text();
}

}  // namespace masqsim::viz
