#include "render.hpp"

#include <graphviz/gvc.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <utility>
#include <vector>

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

/// Numbers for names in the order of the text. Graphviz's own are the addresses of strings, and it draws clusters in
/// their order: one text, many pictures.
class Ids {
 public:
  static Agiddisc_t* discipline() {
    static Agiddisc_t table{open, map, alloc, release, print, close, enter};
    return &table;
  }

 private:
  static void* open(Agraph_t*, Agdisc_t*) { return new Ids; }
  static void close(void* state) { delete static_cast<Ids*>(state); }

  /// Names are even, what has none is odd.
  static long map(void* state, int, char* name, IDTYPE* id, int create) {
    Ids& ids = *static_cast<Ids*>(state);
    if (name == nullptr) return create != 0 ? (*id = 2 * ids.nameless_++ + 1, 1) : 0;
    const auto known = ids.numbers_.find(name);
    if (known != ids.numbers_.end()) return *id = known->second, 1;
    if (create == 0) return 0;
    *id = 2 * (ids.names_.size() + 1);
    ids.names_.push_back(std::make_unique<std::string>(name));
    ids.numbers_.emplace(name, *id);
    return 1;
  }
  static long alloc(void*, int, IDTYPE) { return 0; }
  static void release(void*, int, IDTYPE) {}
  static char* print(void* state, int, IDTYPE id) {
    const Ids& ids = *static_cast<Ids*>(state);
    return id % 2 == 0 && id / 2 <= ids.names_.size() && id > 0 ? ids.names_[id / 2 - 1]->data() : nullptr;
  }
  static void enter(void*, int, void*) {}

  std::map<std::string, IDTYPE, std::less<>> numbers_;
  std::vector<std::unique_ptr<std::string>> names_;  // whose places stay
  IDTYPE nameless_ = 0;
};

/// Hands the text to Graphviz's reader.
struct Text {
  std::string_view rest;

  static int read(void* state, char* to, int room) {
    Text& text = *static_cast<Text*>(state);
    const std::size_t size = std::min(text.rest.size(), static_cast<std::size_t>(room));
    std::ranges::copy(text.rest.substr(0, size), to);
    text.rest.remove_prefix(size);
    return static_cast<int>(size);
  }
  static int put(void*, const char*) { return 0; }
  static int flush(void*) { return 0; }
};

Agraph_t* read_graph(const std::string& dot) {
  static Agiodisc_t io{Text::read, Text::put, Text::flush};
  static Agdisc_t disciplines{&AgMemDisc, Ids::discipline(), &io};
  Text text{dot};
  return agread(&text, &disciplines);
}

/// One for the process, never freed: the pango plugin keeps looking at the fonts of the first.
GVC_t* context() {
  static GVC_t* const only = gvContext();
  if (only == nullptr) throw failed("start");
  return only;
}

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
  const std::unique_ptr<Agraph_t, CloseGraph> graph(read_graph(dot));
  if (!graph) throw failed("read the picture's text");
  if (gvLayout(context(), graph.get(), "dot") != 0) throw failed("lay out the picture");
  static constexpr std::array<const char*, 4> formats{"dot", "svg", "png", "pdf"};
  char* data = nullptr;
  unsigned length = 0;
  const int status = gvRenderData(context(), graph.get(), formats[static_cast<std::size_t>(picture)], &data, &length);
  std::string bytes = status == 0 && data != nullptr ? std::string(data, length) : std::string();
  if (data != nullptr) gvFreeRenderData(data);
  gvFreeLayout(context(), graph.get());
  if (bytes.empty()) throw failed("draw the picture");
  if (picture == Picture::pdf) blank_dates(bytes);
  return bytes;
}

}  // namespace masqsim::viz

#ifdef MASQSIM_SANITIZED
/// Graphviz's plugins and their font libraries keep what they allocate until the process ends.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libfontconfig\nleak:libglib\nleak:libpango\nleak:libcairo\nleak:libgvc\nleak:libgvplugin\nleak:libcgraph\nleak:libltdl\nleak:libexpat\n";
}
#endif
