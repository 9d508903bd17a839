#include "masqsim/trace/recording.hpp"

namespace masqsim::trace {

OwnedRecord OwnedRecord::from(const Record& record) {
  OwnedRecord owned{record,
                    {record.bytes.begin(), record.bytes.end()},
                    {record.before.begin(), record.before.end()},
                    std::string(record.text),
                    record.row != nullptr ? std::optional<Row>(*record.row) : std::nullopt,
                    {record.steps.begin(), record.steps.end()}};
  owned.plain.bytes = owned.plain.before = {};
  owned.plain.text = {};
  owned.plain.row = nullptr;
  owned.plain.steps = {};
  return owned;
}

Record OwnedRecord::view() const {
  Record record = plain;
  record.bytes = bytes;
  record.before = before;
  record.text = text;
  record.row = row ? &*row : nullptr;
  record.steps = steps;
  return record;
}

void Recording::replay(Sink& sink) const {
  sink.begin(header);
  for (const OwnedRecord& record : records) sink.record(record.view());
  if (!end) return;
  if (broken_off.empty()) return sink.end(*end);
  sink.broken_off(*end, broken_off);
}

}  // namespace masqsim::trace
