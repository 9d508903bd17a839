#include "masqsim/viz/render.hpp"

#include <graphviz/gvc.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <utility>

namespace masqsim::viz {

namespace {

/// What Graphviz last complained of; it knows no other way to say so.
std::string& complaint() {
  static std::string text;
  return text;
}

int keep_complaint(char* message) {
  if (complaint().size() < 400) complaint() += message;
  return 0;
}

RenderError failed(const std::string& what) {
  std::string why = complaint();
  while (!why.empty() && why.back() == '\n') why.pop_back();
  return RenderError("Graphviz cannot " + what + (why.empty() ? "" : ": " + why));
}

struct FreeContext {
  void operator()(GVC_t* context) const { gvFreeContext(context); }
};
struct CloseGraph {
  void operator()(Agraph_t* graph) const { agclose(graph); }
};

/// The moment of drawing is no part of the picture.
void blank_dates(std::string& pdf) {
  constexpr std::string_view key = "/CreationDate (D:", epoch = "19700101000000";
  for (std::size_t at = pdf.find(key); at != std::string::npos; at = pdf.find(key, at + 1)) {
    if (at + key.size() + epoch.size() <= pdf.size()) pdf.replace(at + key.size(), epoch.size(), epoch);
  }
}

}  // namespace

std::optional<Picture> picture_of(std::string_view word) {
  static constexpr std::array<std::pair<std::string_view, Picture>, 4> pictures{
      {{"dot", Picture::dot}, {"svg", Picture::svg}, {"png", Picture::png}, {"pdf", Picture::pdf}}};
  for (const auto& [name, picture] : pictures) {
    if (name == word) return picture;
  }
  return std::nullopt;
}

std::string render(const std::string& dot, Picture picture) {
  if (picture == Picture::dot) return dot;
  complaint().clear();
  agseterrf(keep_complaint);
  agseterr(AGERR);
  const std::unique_ptr<GVC_t, FreeContext> context(gvContext());
  if (!context) throw failed("start");
  const std::unique_ptr<Agraph_t, CloseGraph> graph(agmemread(dot.c_str()));
  if (!graph) throw failed("read the picture's text");
  if (gvLayout(context.get(), graph.get(), "dot") != 0) throw failed("lay out the picture");
  static constexpr std::array<const char*, 4> formats{"dot", "svg", "png", "pdf"};
  char* data = nullptr;
  unsigned length = 0;
  const int status = gvRenderData(context.get(), graph.get(), formats[static_cast<std::size_t>(picture)], &data, &length);
  std::string bytes = status == 0 && data != nullptr ? std::string(data, length) : std::string();
  if (data != nullptr) gvFreeRenderData(data);
  gvFreeLayout(context.get(), graph.get());
  if (bytes.empty()) throw failed("draw the picture");
  if (picture == Picture::pdf) blank_dates(bytes);
  return bytes;
}

}  // namespace masqsim::viz
