// Collects what is wrong with a file: everything at once, each fault once, in the order of the file.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "source.hpp"

namespace masqsim::scenario {

inline constexpr std::size_t shown_at_most = 20;

/// A stretch of the file: bytes from its beginning, and how many of them.
struct Span {
  std::uint32_t offset = 0;
  std::uint32_t length = 1;
};

class Report {
 public:
  explicit Report(const Source& source) : source_(&source) {}

  void error(Span where, std::string message, std::string hint = {});
  /// What is said of this place from here on only follows from what has been said of it.
  void spoil(Span where) { spoilt_.insert(where.offset); }
  /// With the file as a whole or the command line, not with a place.
  void error(std::string message);

  /// A place for what `--set LABEL` ("udp=5s") put where `instead` stands: faults of it name the option, not the file.
  Span set_by_option(const std::string& label, Span instead);

  /// From here on the variant `name`, which stands in `where`, is read over the base: a fault of the base's own text
  /// that shows only now is said to be in the variant.
  void enter_variant(std::string name, Span where);

  bool clean() const { return found_ == 0; }
  std::size_t found() const { return found_; }
  /// While false, finding suggestions is not worth its time any more.
  bool wants_hints() const { return found_ < 100; }
  /// Takes from what all suggestions of one load may cost; false where that is used up.
  bool affords_hint(std::size_t comparisons);
  Position position(Span where) const;

  /// The first 20 in the order of the file.
  std::vector<Diagnostic> take() const;

 private:
  struct Fault {
    Span where;
    bool placed = true;
    std::string message;
    std::string hint;
  };

  struct Assigned {
    std::uint32_t label = 0;  // in labels_
    Span instead;
  };
  const Assigned* assigned(Span where) const;

  const Source* source_;
  std::vector<Assigned> assigned_;  // their offsets are those behind the end of the file
  std::vector<std::string> labels_;
  std::vector<Fault> faults_;
  std::set<std::pair<std::uint32_t, std::string>> known_;
  std::set<std::uint32_t> spoilt_;
  std::string variant_;
  Span variant_span_;
  std::size_t found_ = 0;
  std::size_t comparisons_left_ = 4'000'000;  // of characters
};

/// The text in single quotes, unprintable bytes as \xNN, cut after 64 bytes.
std::string quoted(std::string_view text);

/// "a, b, c"; of many the first eight, "and 992 more".
std::string listed(const std::vector<std::string_view>& names);

}  // namespace masqsim::scenario
