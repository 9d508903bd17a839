// Typed reading of a map: each key is asked for once by name, into the member that it fills; faults go to the report.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "keys.hpp"
#include "masqsim/base/parse.hpp"
#include "masqsim/scenario/model.hpp"
#include "tree.hpp"

namespace masqsim::scenario {

/// A word of the file and what it stands for.
template <typename T>
struct Word {
  std::string_view text;
  T value;
  std::string_view sentence = {};  ///< what it chooses
};

/// The one of `known` that `text` most likely stands for: another name of it ("snat" of source), or one mistyped. Empty
/// where none is near.
std::string_view meant_word(std::string_view text, const std::vector<std::string_view>& known);

class Fields {
 public:
  /// `path` is what messages call the map, `where` what they point at when something is missing. Keys that `section`
  /// does not know are reported at once; keys that begin with "x-" are free.
  Fields(Report& report, const Value& value, std::string path, Span where, const Section& section);

  /// False: not a map (reported), nothing to read.
  bool ok() const { return map_ != nullptr; }
  Report& report() const { return report_; }
  const std::string& path() const { return path_; }
  Span where() const { return where_; }

  /// The value of `key`; nullptr where it is absent or empty (which is reported).
  const Value* get(std::string_view key) const;
  bool has(std::string_view key) const { return map_ && map_->find(key); }
  /// True where `key` is absent, but an unknown key was most likely meant to be it: that has been said.
  bool meant(std::string_view key) const;
  Span key_span(std::string_view key) const;
  /// Reports a missing `key`.
  const Value* need(std::string_view key) const;
  /// The list at `key`; nullptr where there is none.
  const std::vector<Value>* list(std::string_view key) const;

  // Each returns true if the key is there and right, and only then writes.
  bool text(std::string_view key, std::string& out) const;
  bool boolean(std::string_view key, bool& out) const;
  bool duration(std::string_view key, Duration& out) const;
  bool time(std::string_view key, Time& out) const;
  bool rate(std::string_view key, parse::Rate& out) const;
  bool size(std::string_view key, std::uint64_t& out) const;
  bool percent(std::string_view key, Ratio& out) const;
  bool address(std::string_view key, wire::Address& out) const;
  /// A prefix, or an address alone (length 32).
  bool prefix(std::string_view key, wire::Prefix& out) const;
  /// "2000" or "2000-2001".
  bool ports(std::string_view key, nat::PortRange& out) const;

  template <typename T>
  bool whole(std::string_view key, std::uint64_t least, std::uint64_t most, T& out) const {
    std::uint64_t value = 0;
    if (!number(key, least, most, value)) return false;
    out = static_cast<T>(value);
    return true;
  }

  /// `noun`: what messages call the words; the key where it is empty.
  template <typename T>
  bool word(std::string_view key, std::span<const Word<T>> words, T& out, std::string_view noun = {}) const {
    const Value* value = get(key);
    if (!value) return false;
    std::vector<std::string_view> known;
    for (const Word<T>& entry : words) {
      if (value->is_scalar() && entry.text == value->text) {
        out = entry.value;
        return true;
      }
      known.push_back(entry.text);
    }
    unknown_word(noun.empty() ? key : noun, noun.empty() ? "word" : noun, *value, known);
    return false;
  }

  /// A word, or the one that an unknown one (which is reported) was most likely meant to be: what follows from that is
  /// not reported, too.
  template <typename T>
  bool word_or_meant(std::string_view key, std::span<const Word<T>> words, T& out, std::string_view noun = {}) const {
    if (word(key, words, out, noun)) return true;
    const Value* written = has(key) ? map_->find(key) : nullptr;
    if (!written || !written->is_scalar()) return false;
    std::vector<std::string_view> known;
    for (const Word<T>& entry : words) known.push_back(entry.text);
    const std::string_view near = meant_word(written->text, known);
    for (const Word<T>& entry : words) {
      if (entry.text == near) out = entry.value;
    }
    return !near.empty();
  }

  /// The same for an optional member.
  template <typename T, typename Read>
  bool maybe(std::optional<T>& out, Read read) const {
    T value{};
    if (!read(value)) return false;
    out = value;
    return true;
  }

 private:
  const Value* scalar(std::string_view key) const;
  bool number(std::string_view key, std::uint64_t least, std::uint64_t most, std::uint64_t& out) const;
  void unknown_word(std::string_view what, std::string_view noun, const Value& value,
                    const std::vector<std::string_view>& known) const;

  Report& report_;
  const Value* map_ = nullptr;
  std::string path_;
  Span where_;
  std::vector<std::string> meant_;
};

/// True where the value of `key` is the word "unlimited".
bool is_unlimited(const Fields& fields, std::string_view key);

/// The text of a scalar that every YAML reader takes for text; nothing (reported) otherwise.
const std::string* plain_text(Report& report, const Value& value, std::string_view what);

/// Reports what is wrong with `text` as an address, prefix or endpoint; nothing is returned then.
std::optional<wire::Address> read_address(Report& report, Span where, std::string_view text);
std::optional<wire::Prefix> read_prefix(Report& report, Span where, std::string_view text);
std::optional<std::uint16_t> read_port(Report& report, Span where, std::string_view text);
/// True for "10.1", "192.168.1.300" and the like: meant as an address, right or wrong.
bool looks_like_address(std::string_view text);

/// The rules for names of nodes, networks, flows, variables and variants; false (reported) where they are broken.
bool check_name(Report& report, std::string_view what, std::string_view name, Span where, bool plain);

/// "; did you mean 'x'?", or "; known WHAT: a, b, c".
std::string suggestion(Report& report, std::string_view text, std::string_view what,
                       const std::vector<std::string_view>& known);

}  // namespace masqsim::scenario
