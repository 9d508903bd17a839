// The keys of a scenario file as data. A key is one row of the section that it stands in: its name, what may stand at
// it, its default, and a sentence. Reading, `show`, the JSON Schema, `masqsim help` and the manual go by the rows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace masqsim::scenario {

struct Section;

/// What may stand at a key.
struct Type {
  enum class Kind : std::uint8_t {
    boolean,
    whole,     ///< `least` to `most`
    word,      ///< one of `words`
    duration,  ///< `least` nanoseconds at least, `most` at most; 2h4m
    rate,
    size,
    percent,
    text,
    name,
    address,
    prefix,
    subnet,
    interface_address,
    pool,      ///< an address, a range of addresses, a network
    endpoint,  ///< an address, a port or none
    ports,     ///< a port or a range of ports
    target,    ///< whom an action calls: NAME or ADDRESS, a port or none
    origin,    ///< who acts: NAME, a port or none
    next_hop,
    hex,
    answer,   ///< text or a number
    value,    ///< any scalar
    list,     ///< each element is one of `of`
    named,    ///< a map from names to `of`
    either,   ///< one of `of`
    section,  ///< a map with the keys of `section`
  };
  struct Word {
    std::string_view text;
    std::string_view sentence = {};
  };

  Kind kind = Kind::text;
  std::uint64_t least = 0;  ///< of a list or a map from names: elements
  std::uint64_t most = UINT64_MAX;
  std::uint64_t step = 1;  ///< of a duration: a value is a multiple of so many nanoseconds
  std::vector<Word> words = {};
  std::vector<Type> of = {};
  const Section& (*section)() = nullptr;  ///< a function, so that sections may refer to each other
};

namespace type {
Type of(Type::Kind kind);
Type whole(std::uint64_t least, std::uint64_t most);
Type words(std::vector<Type::Word> words);
/// A duration above zero.
Type positive_duration();
Type list(Type element, std::uint64_t least = 0);
Type named(Type value, std::uint64_t least = 0);
Type either(std::vector<Type> types);
Type section(const Section& (*section)());
/// One map, or a list of them, or the word "none".
Type rules(const Section& (*section)());
/// `type`, or the word "unlimited".
Type or_unlimited(Type type);
}  // namespace type

struct KeyRow {
  std::string_view name;
  Type type;
  std::string_view sentence;
  std::string standard = {};  ///< the default as a file says it, or in words; empty: there is none
  bool needed = false;
  std::string_view cannot = {};  ///< what Linux cannot do of it; empty: all of it, or it is no business of Linux
  std::string_view sysctl = {};  ///< how Linux calls it
  std::uint8_t verbs = 0;        ///< of an action: a bit for each Verb that it goes with; 0: all
  bool is_verb = false;          ///< of an action: the key is the verb
};

/// The keys of one map of the file.
struct Section {
  std::string_view name;      ///< "network": what the schema calls it
  std::string_view path;      ///< "networks.NAME": where it stands
  std::string_view sentence;  ///< what it describes
  std::vector<KeyRow> rows;
  std::vector<std::string_view> one_of = {};  ///< exactly one of these keys is there
  std::vector<std::string_view> any_of = {};  ///< one of these at least
  std::string_view condition = {};  ///< what else binds keys together: members of a JSON Schema object, as JSON

  std::vector<std::string_view> names() const;
  /// The row called `key`; nullptr where there is none.
  const KeyRow* find(std::string_view key) const;
};

/// The section of a whole file; every other one is reached from it.
const Section& file_section();
/// What a variant may change: the file's keys but for some.
const Section& variant_section();

}  // namespace masqsim::scenario
