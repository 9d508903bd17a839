// The settings of a NAT that a file can name, one row a key. Whatever reads a setting, prints it, compares it, explains
// it or says it to Linux goes by these rows: a new setting is a member in config.hpp, a row here, and its use.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "masqsim/nat/config.hpp"

namespace masqsim::nat {

/// The value of a key of any kind: true is 1, a word is the number of its enumerator, a duration is nanoseconds, a list
/// of words has the bit KeyWord::value for each word that it holds. Nothing: the word "unlimited".
using KeyValue = std::optional<std::int64_t>;

struct KeyWord {
  std::string_view text;
  std::int64_t value = 0;
  std::string_view sentence;     ///< what the word chooses
  std::string_view cannot = {};  ///< why Linux cannot do it; empty: it can
};

enum class KeyKind : std::uint8_t { boolean, word, words, duration, number };

/// How Linux knows the setting.
struct LinuxSide {
  std::string_view sysctl = {};  ///< whole seconds of a duration, 0 or 1 of a boolean; empty: there is none
  std::string_view cannot = {};  ///< why Linux has the default only; empty: Linux can be told every value
};

struct ConfigKey {
  std::string_view name;  ///< "udp" in the map "timeouts" is "timeouts.udp"
  KeyKind kind = KeyKind::boolean;
  std::string_view sentence;  ///< what it does, with its source
  LinuxSide linux_side;
  std::span<const KeyWord> words;  ///< of the kinds word and words; of a number: what may stand in its place
  std::int64_t least = 0;          ///< of a duration (nanoseconds) and a number, both ends included
  std::int64_t most = INT64_MAX;
  std::int64_t step = 1;   ///< a value is a multiple of it
  bool unlimited = false;  ///< "unlimited" is a value, too
  KeyValue (*get)(const Config&);
  void (*set)(Config&, KeyValue);  ///< the value is one that the kind and the bounds allow

  /// "timeouts"; empty for a key of `nat:` itself.
  std::string_view group() const { return name.substr(0, name.find('.') == name.npos ? 0 : name.find('.')); }
  /// "udp": the name within the group.
  std::string_view leaf() const { return group().empty() ? name : name.substr(group().size() + 1); }
  bool same(const Config& a, const Config& b) const { return get(a) == get(b); }
};

/// All of them, in the order in which they are printed; those of one group follow each other.
std::span<const ConfigKey> config_keys();

/// The row called `name`, which must be one.
const ConfigKey& config_key(std::string_view name);

/// The value as a file says it: "true", "dnat-only", "[ftp]", "2h4m", "unlimited".
std::string to_string(const ConfigKey& key, KeyValue value);

}  // namespace masqsim::nat
