#include "masqsim/trace/json.hpp"

#include <fmt/format.h>

#include <iterator>

#include "masqsim/base/printable.hpp"

namespace masqsim::trace {

namespace {

std::string_view word(NodeKind k) {
  static constexpr std::string_view words[] = {"host", "router", "gateway", "cloud"};
  return words[static_cast<std::size_t>(k)];
}

/// Members of one object, each after its comma.
class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }
  ~Object() { out_ += '}'; }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  std::string& key(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += name;
    return out_ += "\":";
  }
  template <std::integral Number>
  void number(std::string_view name, Number value) {
    const fmt::format_int digits(value);
    key(name).append(digits.data(), digits.size());
  }
  /// For the numbers where zero says nothing.
  void count(std::string_view name, std::uint64_t value) {
    if (value != 0) number(name, value);
  }
  void text(std::string_view name, std::string_view value) { append_json_string(key(name), value); }
  void flag(std::string_view name, bool value) {
    if (value) key(name) += "true";
  }
  void hex(std::string_view name, wire::ByteView bytes) {
    if (bytes.empty()) return;
    static constexpr char digits[] = "0123456789abcdef";
    std::string& out = key(name);
    const std::size_t start = out.size();
    out.resize(start + bytes.size() * 2 + 2, '"');
    char* place = out.data() + start + 1;
    for (const std::uint8_t byte : bytes) {
      *place++ = digits[byte >> 4];
      *place++ = digits[byte & 15];
    }
  }

 private:
  std::string& out_;
  bool first_ = true;
};

template <typename List, typename Each>
void append_array(Object& object, std::string_view name, const List& list, Each each) {
  std::string& out = object.key(name);
  out += '[';
  bool first = true;
  for (const auto& item : list) {
    if (!first) out += ',';
    first = false;
    Object member(out);
    each(member, item);
  }
  out += ']';
}

void append_header(std::string& out, const Header& h) {
  Object line(out);
  line.text("masqsim", "trace");
  line.number("version", 1);
  line.text("scenario", h.scenario);
  line.text("title", h.title);
  line.text("variant", h.variant);
  line.number("seed", h.seed);
  append_array(line, "nodes", h.nodes, [](Object& o, const NodeInfo& node) {
    o.text("name", node.name);
    o.text("kind", word(node.kind));
  });
  append_array(line, "points", h.points, [&](Object& o, const PointInfo& point) {
    o.text("name", point.name);
    if (point.node < h.nodes.size()) o.text("node", h.nodes[point.node].name);
    o.text("network", point.network);
    o.text("address", to_string(point.address));
    o.number("prefix", static_cast<unsigned>(point.prefix_length));
    o.number("mtu", point.mtu);
  });
  append_array(line, "flows", h.flows, [](Object& o, const FlowInfo& flow) {
    o.text("id", flow.id);
    o.text("from", flow.from);
    o.text("to", flow.to);
    o.text("verb", flow.verb);
  });
}

void append_row(std::string& out, const Row& row) {
  Object o(out);
  o.number("number", row.number);
  o.number("flow", row.flow);
  o.text("protocol", to_string(row.protocol));
  o.text("inside", to_string(row.inside));
  o.text("outside", to_string(row.outside));
  o.text("remote", to_string(row.remote));
  o.text("state", row.state);
  o.number("left_ns", row.left.ns);
}

void append_record(std::string& out, const Header& h, const Record& r) {
  Object line(out);
  line.number("ns", r.at.ns);
  line.text("kind", word(r.kind));
  if (r.node < h.nodes.size()) line.text("node", h.nodes[r.node].name);
  if (r.point < h.points.size()) line.text("point", h.points[r.point].name);
  if (r.flow != 0 && r.flow <= h.flows.size()) line.text("flow", h.flows[r.flow - 1].id);
  line.count("packet", r.packet);
  line.count("cause", r.cause);
  if (r.reason != Reason::none) line.text("reason", word(r.reason));
  line.count("mapping", r.mapping);
  line.count("nat_flow", r.nat_flow);
  line.flag("made_mapping", r.made_mapping);
  line.flag("made_flow", r.made_flow);
  line.hex("bytes", r.bytes);
  line.hex("before", r.before);
  if (!r.text.empty()) line.text("text", r.text);
  if (r.row != nullptr) append_row(line.key("row"), *r.row);
  if (r.steps.empty()) return;
  append_array(line, "steps", r.steps, [](Object& o, const Step& step) {
    o.text("question", step.question);
    o.key("yes") += step.yes ? "true" : "false";
    o.text("detail", step.detail);
    o.text("key", step.key);
  });
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const char c = text[0];
    const std::size_t length = character_at(text).length;
    if (length == 0) {
      out += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (length == 1 && (c < ' ' || c == 0x7f)) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

void JsonSink::begin(const Header& header) {
  header_ = &header;
  line_.clear();
  append_header(line_, header);
  line_ += '\n';
  out_.write(line_);
}

void JsonSink::record(const Record& record) {
  line_.clear();
  append_record(line_, *header_, record);
  line_ += '\n';
  out_.write(line_);
}

void JsonSink::end(Time at) { out_.write(fmt::format("{{\"end_ns\":{}}}\n", at.ns)); }

void JsonSink::broken_off(Time at, std::string_view why) {
  line_ = fmt::format("{{\"end_ns\":{},\"broken_off\":", at.ns);
  append_json_string(line_, why);
  line_ += "}\n";
  out_.write(line_);
}

}  // namespace masqsim::trace
