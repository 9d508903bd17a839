// A run kept in memory, or read back from a file: what a picture or a page is drawn from.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "masqsim/trace/sink.hpp"

namespace masqsim::trace {

/// A record that owns what it shows.
struct OwnedRecord {
  Record plain;  ///< its views are empty; `view` fills them
  std::vector<std::uint8_t> bytes;
  std::vector<std::uint8_t> before;
  std::string text;
  std::optional<Row> row;
  std::vector<Step> steps;

  static OwnedRecord from(const Record& record);
  /// Valid while this record lives and stays where it is.
  Record view() const;
};

struct Recording {
  Header header;
  std::vector<OwnedRecord> records;
  std::optional<Time> end;  ///< nothing for a file that was cut
  std::string broken_off;   ///< why the run was not let run to its end; empty: it was

  /// Says all of it to `sink` again.
  void replay(Sink& sink) const;
};

class RecordingSink final : public Sink {
 public:
  void begin(const Header& header) override { recording_.header = header; }
  void record(const Record& record) override {
    recording_.records.push_back(OwnedRecord::from(record));
    size_ += sizeof(OwnedRecord) + record.bytes.size() + record.before.size() + record.text.size() +
             record.steps.size() * sizeof(Step);
  }
  void end(Time at) override { recording_.end = at; }
  void broken_off(Time at, std::string_view why) override {
    end(at);
    recording_.broken_off = why;
  }
  std::uint64_t size() const override { return size_; }
  bool wants_steps() const override { return true; }

  const Recording& recording() const { return recording_; }
  Recording take() { return std::move(recording_); }

 private:
  Recording recording_;
  std::uint64_t size_ = 0;
};

}  // namespace masqsim::trace
