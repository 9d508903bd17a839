#include "words.hpp"

#include <fmt/format.h>

#include <iterator>
#include <optional>

#include "masqsim/trace/rewrite.hpp"
#include "masqsim/wire/describe.hpp"

namespace masqsim::trace {

namespace {

void append_escaped_but(std::string& out, std::string_view text, char least) {
  for (const char c : text) {
    if (c >= least && c < 0x7f && c != '\\') {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
}

/// "SYN > 198.51.100.10:80": the packet as it leaves.
void append_subject(std::string& out, wire::ByteView bytes) {
  out += wire::kind_of(bytes);
  const std::optional<wire::Tuple> tuple = wire::tuple_of(bytes);
  if (!tuple) return;
  const bool port = tuple->has_ports && tuple->protocol != wire::Protocol::icmp;
  out += " > " + (port ? to_string(tuple->destination) : to_string(tuple->destination.address));
}

void append_translation(std::string& out, const Record& r) {
  append_subject(out, r.bytes);
  std::vector<FieldChange> changes;
  if (!r.before.empty()) changes = changes_of(r.before, r.bytes);
  std::string_view before = " ";
  for (const FieldChange& change : changes) {
    out += before;
    out += to_text(change);
    before = ", ";
  }
  if (changes.empty()) out += " unchanged";
  std::string_view separator = " | ";
  const auto part = [&](bool made, std::string_view what, std::uint64_t number) {
    if (number == 0) return;
    fmt::format_to(std::back_inserter(out), "{}{}{} #{}", separator, made ? "new " : "", what, number);
    separator = ", ";
  };
  part(r.made_mapping, "mapping", r.mapping);
  part(r.made_flow, "flow", r.nat_flow);
  if (r.reason != Reason::none) fmt::format_to(std::back_inserter(out), "{}{}", separator, word(r.reason));
}

}  // namespace

std::string_view place_name(const Header& header, const Record& record) {
  if (record.point < header.points.size()) return header.points[record.point].name;
  if (record.node < header.nodes.size()) return header.nodes[record.node].name;
  return "?";
}

std::string_view flow_name(const Header& header, FlowId flow) {
  if (flow == 0) return "-";
  return flow <= header.flows.size() ? std::string_view(header.flows[flow - 1].id) : "?";
}

void append_escaped(std::string& out, std::string_view text) { append_escaped_but(out, text, ' '); }

void append_word(std::string& out, std::string_view name) {
  if (name.empty()) {
    out += "\\x";
  } else if (name == "-") {
    out += "\\x2d";
  } else {
    append_escaped_but(out, name, '!');
  }
}

std::string to_text(const Row& row) {
  std::string text = fmt::format("#{} flow #{} {} {} {} {} ", row.number, row.flow, to_string(row.protocol),
                                 to_string(row.inside), to_string(row.outside), to_string(row.remote));
  append_word(text, row.state);
  return text + " left " + to_string(row.left);
}

void append_story(std::string& out, const Record& r) {
  switch (r.kind) {
    case Kind::send:
    case Kind::receive: out += wire::describe(r.bytes); break;
    case Kind::translate: append_translation(out, r); break;
    case Kind::deliver:
      out += wire::describe(r.bytes);
      out += " | to ";
      break;
    case Kind::drop:
      out += wire::describe(r.bytes);
      fmt::format_to(std::back_inserter(out), " | {}{}", word(r.reason), r.text.empty() ? "" : ": ");
      break;
    default: break;
  }
  append_escaped(out, r.text);
  // A translation has a row only where a sink asked for it, and the text is the same for everybody.
  if (r.row == nullptr || r.kind == Kind::translate) return;
  out += r.text.empty() ? "mapping " : " mapping ";
  out += to_text(*r.row);
}

}  // namespace masqsim::trace
