// JSON lines back into records.
#include <map>
#include <nlohmann/json.hpp>

#include "lines_of_file.hpp"
#include "masqsim/trace/read.hpp"

namespace masqsim::trace {

namespace {

using Json = nlohmann::json;

/// One object of a line, its members fetched with the type they must have.
class Reader {
 public:
  Reader(const Json& object, const LinesOfFile& at) : object_(object), at_(at) {
    if (!object.is_object()) at.fail("expected a JSON object");
  }

  bool has(const char* key) const { return object_.contains(key); }
  const Json& member(const char* key) const {
    const auto found = object_.find(key);
    if (found == object_.end()) at_.fail(std::string("'") + key + "' is missing");
    return *found;
  }
  std::string text(const char* key) const {
    const Json& value = member(key);
    if (!value.is_string()) at_.fail(std::string("'") + key + "' must be a string");
    return value.get<std::string>();
  }
  std::string optional_text(const char* key) const { return has(key) ? text(key) : std::string(); }
  std::uint64_t number(const char* key, std::uint64_t most = UINT64_MAX) const {
    const Json& value = member(key);
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most) {
      at_.fail(std::string("'") + key + "' must be a whole number from 0 to " + std::to_string(most));
    }
    return value.get<std::uint64_t>();
  }
  std::uint64_t optional_number(const char* key) const { return has(key) ? number(key) : 0; }
  std::int64_t nanoseconds(const char* key) const {
    const Json& value = member(key);
    if (!value.is_number_integer() || (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX)) {
      at_.fail(std::string("'") + key + "' must be a whole number of nanoseconds");
    }
    return value.get<std::int64_t>();
  }
  bool flag(const char* key) const {
    if (!has(key)) return false;
    const Json& value = member(key);
    if (!value.is_boolean()) at_.fail(std::string("'") + key + "' must be true or false");
    return value.get<bool>();
  }
  std::vector<std::uint8_t> hex(const char* key) const {
    std::vector<std::uint8_t> bytes;
    if (!has(key)) return bytes;
    const Json& value = member(key);
    const std::string* digits = value.get_ptr<const std::string*>();
    if (digits == nullptr || digits->size() % 2 != 0) not_hex(key);
    bytes.reserve(digits->size() / 2);
    for (std::size_t i = 0; i < digits->size(); i += 2) {
      bytes.push_back(static_cast<std::uint8_t>(nibble((*digits)[i], key) << 4 | nibble((*digits)[i + 1], key)));
    }
    return bytes;
  }
  template <typename Each>
  void each(const char* key, Each take) const {
    const Json& list = member(key);
    if (!list.is_array()) at_.fail(std::string("'") + key + "' must be a list");
    for (const Json& item : list) take(Reader(item, at_));
  }
  const LinesOfFile& at() const { return at_; }

 private:
  unsigned nibble(char c, const char* key) const {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    not_hex(key);
  }
  [[noreturn]] void not_hex(const char* key) const {
    at_.fail(std::string("'") + key + "' must be lower-case hex, two digits a byte");
  }

  const Json& object_;
  const LinesOfFile& at_;
};

using Places = std::map<std::string, std::uint32_t, std::less<>>;

/// The place of a name that a record or point gives; it must be one of the header's.
std::uint32_t place_of(const Reader& r, const char* key, const Places& places) {
  const std::string name = r.text(key);
  const auto found = places.find(name);
  if (found == places.end()) {
    r.at().fail(std::string("unknown ") + key + ' ' + shown(name) + " (the header names none such)");
  }
  return found->second;
}

void add_place(const Reader& r, const char* key, Places& places, const std::string& name) {
  if (!places.emplace(name, static_cast<std::uint32_t>(places.size())).second) {
    r.at().fail(std::string("two of the header's ") + key + " are called " + shown(name));
  }
}

NodeKind node_kind(const Reader& r) {
  const std::string kind = r.text("kind");
  if (kind == "host") return NodeKind::host;
  if (kind == "router") return NodeKind::router;
  if (kind == "gateway") return NodeKind::gateway;
  if (kind == "cloud") return NodeKind::cloud;
  r.at().fail("unknown kind of node " + shown(kind) + " (host, router, gateway, cloud)");
}

wire::Endpoint endpoint(const Reader& r, const char* key) {
  const std::string text = r.text(key);
  const std::optional<wire::Endpoint> end = wire::parse_endpoint(text);
  if (!end) r.at().fail(std::string("'") + key + "' must be ADDRESS:PORT, got " + shown(text));
  return *end;
}

wire::Protocol protocol(const Reader& r) {
  const std::string text = r.text("protocol");
  for (unsigned p = 0; p < 256; ++p) {
    if (to_string(static_cast<wire::Protocol>(p)) == text) return static_cast<wire::Protocol>(p);
  }
  r.at().fail("unknown protocol " + shown(text));
}

/// What the header names, and the records of one file.
class JsonTrace {
 public:
  Recording take() { return std::move(recording_); }

  void header(const Reader& r) {
    if (r.optional_text("masqsim") != "trace") {
      r.at().fail("not a masqsim trace (the first line would be {\"masqsim\":\"trace\",\"version\":1,...})");
    }
    if (r.number("version") != 1) r.at().fail("unknown version of the trace (this program reads version 1)");
    Header& h = recording_.header;
    h.scenario = r.text("scenario");
    h.title = r.text("title");
    h.variant = r.text("variant");
    h.seed = r.number("seed");
    r.each("nodes", [&](const Reader& node) {
      h.nodes.push_back({node.text("name"), node_kind(node)});
      add_place(node, "nodes", nodes_, h.nodes.back().name);
    });
    r.each("points", [&](const Reader& point) { h.points.push_back(point_in(point)); });
    r.each("flows", [&](const Reader& flow) {
      h.flows.push_back({flow.text("id"), flow.text("from"), flow.text("to"), flow.text("verb")});
      add_place(flow, "flows", flows_, h.flows.back().id);
    });
  }

  void line(const Reader& r) {
    if (recording_.end) r.at().fail("a line after the end of the trace");
    if (r.has("end_ns")) {
      recording_.end = Time{r.nanoseconds("end_ns")};
      recording_.broken_off = r.optional_text("broken_off");
      return;
    }
    if (recording_.records.size() == limits::records) {
      r.at().fail("too many records (at most " + std::to_string(limits::records) + ")");
    }
    recording_.records.push_back(record(r));
  }

 private:
  PointInfo point_in(const Reader& r) {
    PointInfo point;
    point.node = place_of(r, "node", nodes_);
    point.name = r.text("name");
    point.network = r.text("network");
    const std::string address = r.text("address");
    const std::optional<wire::Address> parsed = wire::parse_address(address);
    if (!parsed) r.at().fail("'address' must be an IPv4 address, got " + shown(address));
    point.address = *parsed;
    point.prefix_length = static_cast<std::uint8_t>(r.number("prefix", 32));
    point.mtu = static_cast<std::uint32_t>(r.number("mtu", UINT32_MAX));
    add_place(r, "points", points_, point.name);
    return point;
  }

  OwnedRecord record(const Reader& r) const {
    OwnedRecord owned;
    Record& plain = owned.plain;
    plain.at = {r.nanoseconds("ns")};
    plain.kind = kind_called(r.text("kind"), r.at());
    if (r.has("node")) plain.node = place_of(r, "node", nodes_);
    if (r.has("point")) plain.point = place_of(r, "point", points_);
    if (r.has("flow")) plain.flow = place_of(r, "flow", flows_) + 1;
    plain.packet = r.optional_number("packet");
    plain.cause = r.optional_number("cause");
    if (r.has("reason")) plain.reason = reason(r);
    plain.mapping = r.optional_number("mapping");
    plain.nat_flow = r.optional_number("nat_flow");
    plain.made_mapping = r.flag("made_mapping");
    plain.made_flow = r.flag("made_flow");
    owned.bytes = r.hex("bytes");
    owned.before = r.hex("before");
    owned.text = r.optional_text("text");
    if (r.has("row")) owned.row = row(Reader(r.member("row"), r.at()));
    if (r.has("steps")) {
      r.each("steps", [&](const Reader& step) {
        owned.steps.push_back({step.text("question"), step.flag("yes"), step.text("detail"), step.text("key")});
      });
    }
    return owned;
  }

  static Reason reason(const Reader& r) {
    const std::string text = r.text("reason");
    const std::optional<Reason> found = reason_of(text);
    if (!found) r.at().fail("unknown reason " + shown(text));
    return *found;
  }

  static Row row(const Reader& r) {
    return {.number = r.number("number"),
            .flow = r.number("flow"),
            .protocol = protocol(r),
            .inside = endpoint(r, "inside"),
            .outside = endpoint(r, "outside"),
            .remote = endpoint(r, "remote"),
            .state = r.text("state"),
            .left = {r.nanoseconds("left_ns")}};
  }

  Recording recording_;
  Places nodes_, points_, flows_;
};

Json parsed(std::string_view line, const LinesOfFile& at) {
  // The deepest line is object, list, object.
  const auto shallow = [&](int depth, Json::parse_event_t, Json&) {
    if (depth > 8) at.fail("the JSON is nested too deep");
    return true;
  };
  try {
    return Json::parse(line, shallow);
  } catch (const Json::parse_error& error) {
    at.fail("not JSON: something is wrong at column " + std::to_string(error.byte));
  } catch (const Json::exception&) {
    at.fail("not JSON: a number is out of range");
  }
}

}  // namespace

Recording parse_recording(std::string_view text, const std::string& name) {
  LinesOfFile file(text, name);
  JsonTrace trace;
  std::string_view line;
  if (!file.next(line)) throw ReadError(name + ": the file is empty (a trace begins with its header)");
  if (!line.starts_with('{')) {
    file.fail("not a trace in JSON lines (write one with --json), got " + shown(line));
  }
  trace.header(Reader(parsed(line, file), file));
  while (file.next(line)) trace.line(Reader(parsed(line, file), file));
  return trace.take();
}

}  // namespace masqsim::trace
