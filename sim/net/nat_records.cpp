#include "nat_records.hpp"

namespace masqsim::net {

namespace {

trace::Row row_of(const nat::Entry& e) {
  return {.number = e.mapping,
          .flow = e.flow,
          .protocol = e.protocol,
          .inside = e.inside,
          .outside = e.outside,
          .remote = e.remote,
          .state = nat::state_word(e),
          .left = e.left,
          .original = e.original,
          .reply = e.reply,
          .unreplied = !e.replied,
          .assured = e.assured};
}

std::string_view word(nat::Change::Kind kind) {
  switch (kind) {
    case nat::Change::Kind::expired: return "expired";
    case nat::Change::Kind::removed: return "removed";
    case nat::Change::Kind::evicted: return "evicted";
    case nat::Change::Kind::flushed: return "flushed";
  }
  return "";
}

void record_entry(const Node& node, trace::Kind kind, const nat::Entry& entry, std::string_view text) {
  const trace::Row row = row_of(entry);
  trace::Record record;
  record.kind = kind;
  record.node = node.id();
  record.nat_flow = row.flow;
  record.mapping = row.number;
  record.text = text;
  record.row = &row;
  node.network().emit(record);
}

}  // namespace

void record_translation(const Node& node, const PacketContext& p, const std::vector<Step>& steps,
                        const std::optional<nat::Entry>& entry) {
  const std::optional<trace::Row> row = entry ? std::optional(row_of(*entry)) : std::nullopt;
  trace::Record record;
  record.kind = trace::Kind::translate;
  record.reason = p.untranslated;
  record.made_flow = p.track.made_flow();
  record.made_mapping = p.track.made_mapping();
  record.node = node.id();
  record.flow = p.packet.flow();
  record.packet = p.packet.id();
  record.cause = p.packet.marks().cause;
  record.nat_flow = p.track.flow();
  record.mapping = p.track.mapping();
  record.bytes = p.packet.view();
  record.before = p.before;
  record.steps = steps;
  record.row = row ? &*row : nullptr;
  node.network().emit(record);
}

void record_changes(const Node& node, const std::vector<nat::Change>& changes) {
  for (const nat::Change& change : changes) record_entry(node, trace::Kind::change, change.entry, word(change.kind));
}

void record_table(const Node& node, const std::vector<nat::Entry>& entries) {
  for (const nat::Entry& entry : entries) record_entry(node, trace::Kind::table, entry, {});
}

}  // namespace masqsim::net
