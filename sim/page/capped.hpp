// A sink that lets the first records of a run through and counts the rest.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "masqsim/trace/sink.hpp"

namespace masqsim::page {

/// Records that one run tells the page. Whoever sees more than so many sees nothing.
inline constexpr std::size_t most_records = 5000;

/// Bytes of a packet that a record carries to the page: every header that Linux reads, quoted ones included.
inline constexpr std::size_t most_bytes = 192;

/// Passes on the first `most_records` records, and the end's tables and results whatever their number. For the page
/// bytes are cut to `most_bytes`, and a packet's bytes, and what it was before a rewrite, are left out where they are
/// those of its record before.
class Capped final : public trace::Sink {
 public:
  enum class Bytes : std::uint8_t { all, as_the_page_needs_them };
  Capped(trace::Sink& to, Bytes bytes) : to_(to), bytes_(bytes) {}

  void begin(const trace::Header& header) override { to_.begin(header); }
  void record(const trace::Record& record) override {
    ++seen_;
    const bool ends = record.kind == trace::Kind::result || record.kind == trace::Kind::table;
    if (told_ >= most_records && !(ends && told_ < 2 * most_records)) return;
    ++told_;
    if (bytes_ == Bytes::all) return to_.record(record);
    trace::Record cut = record;
    cut.bytes = cut.bytes.first(std::min(cut.bytes.size(), most_bytes));
    cut.before = cut.before.first(std::min(cut.before.size(), most_bytes));
    if (cut.packet != 0) {
      std::vector<std::uint8_t>& last = last_[cut.packet];
      if (std::ranges::equal(last, cut.before)) cut.before = {};
      if (std::ranges::equal(last, cut.bytes)) {
        cut.bytes = {};
      } else {
        last.assign(cut.bytes.begin(), cut.bytes.end());
      }
    }
    to_.record(cut);
  }
  void end(Time at) override { to_.end(at); }
  void broken_off(Time at, std::string_view why) override { to_.broken_off(at, why); }
  std::uint64_t size() const override { return to_.size(); }
  bool wants_steps() const override { return true; }
  bool wants_rows() const override { return true; }

  std::uint64_t seen() const { return seen_; }
  std::uint64_t told() const { return told_; }

 private:
  trace::Sink& to_;
  Bytes bytes_;
  std::uint64_t seen_ = 0;
  std::uint64_t told_ = 0;
  std::unordered_map<std::uint64_t, std::vector<std::uint8_t>> last_;  // by packet: its bytes in the record before
};

}  // namespace masqsim::page
