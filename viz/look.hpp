// How pictures look: the few colours and fonts, and the heads of their DOT texts.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "dot.hpp"
#include "masqsim/scenario/model.hpp"
#include "zones.hpp"

namespace masqsim::viz::look {

inline constexpr std::string_view ink = "#1f2933", grey = "#52606d", bad = "#a61b1b", good = "#1b5e3b";

struct Colours {
  std::string_view line, fill;
};
inline Colours of(Side side) {
  switch (side) {
    case Side::inside: return {"#4f8a5b", "#eef7f0"};
    case Side::outside: return {"#4a74a8", "#eef3fb"};
    case Side::between: return {"#8a6d3b", "#faf5ea"};
    case Side::neither: break;
  }
  return {"#616e7c", "#f5f7fa"};
}
inline constexpr Colours gateway{"#b7791f", "#fff4d6"}, router{"#52606d", "#e4e7eb"}, host{"#52606d", "#ffffff"};

inline std::string_view word(Side side) {
  switch (side) {
    case Side::inside: return "inside";
    case Side::outside: return "outside";
    case Side::between: return "between";
    case Side::neither: break;
  }
  return "";
}

/// Lines of an HTML-like label: the first bold, the others smaller, `told` in ink below them.
inline std::string label(std::string_view head, const std::vector<std::string>& lines,
                         const std::vector<std::string>& told = {}) {
  std::string text = "<<b>" + dot_html(head) + "</b>";
  for (const std::string& line : lines) {
    text += fmt::format("<br/><font point-size=\"11\" color=\"{}\">{}</font>", grey, dot_html(line));
  }
  for (const std::string& line : told) text += fmt::format("<br/><font point-size=\"12\">{}</font>", dot_html(line));
  return text + ">";
}

/// Attributes that all pictures share; `kind` is "graph" or "digraph".
inline std::string head(std::string_view kind, std::string_view name, std::string_view title) {
  return fmt::format(
      "{} {} {{\n"
      "  graph [rankdir=LR, fontname=\"Helvetica\", fontsize=15, fontcolor=\"{}\", labelloc=t, label={},\n"
      "         bgcolor=\"white\", pad=0.3, nodesep=0.35, ranksep=0.7]\n"
      "  node [fontname=\"Helvetica\", fontsize=13, fontcolor=\"{}\", shape=box, style=\"rounded,filled\", "
      "fillcolor=\"white\", color=\"{}\", margin=\"0.16,0.08\"]\n"
      "  edge [fontname=\"Helvetica\", fontsize=11, fontcolor=\"{}\", color=\"{}\"]\n",
      kind, dot_quoted(name), ink, dot_quoted(title), ink, grey, grey, grey);
}

inline Colours of(const scenario::Node& node) {
  return node.nat ? gateway : node.kind == scenario::NodeKind::host ? host : router;
}

inline std::string cluster_head(std::string_view id, Side side, std::string_view label_text) {
  const Colours c = of(side);
  return fmt::format(
      "  subgraph {} {{\n    graph [label={}, labeljust=l, style=\"rounded,filled\", color=\"{}\", fillcolor=\"{}\", "
      "fontcolor=\"{}\", fontsize=13, margin=14]\n",
      dot_quoted(id), dot_quoted(label_text), c.line, c.fill, c.line);
}

}  // namespace masqsim::viz::look
