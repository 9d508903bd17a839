#include "scalars.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "masqsim/base/time.hpp"

namespace masqsim::scenario {

namespace {

#define BYTE "(0|[1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-5])"
#define ADDRESS BYTE "\\." BYTE "\\." BYTE "\\." BYTE
#define LENGTH "/([0-9]|[12][0-9]|3[0-2])"
#define PORT "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
#define DECIMAL "[0-9]+(\\.[0-9]+)?"

constexpr std::array scalars{
    Scalar{Type::Kind::boolean, "boolean", "true or false", ""},
    Scalar{Type::Kind::duration, "duration", "a time with its unit, such as 5ms, 1.5s or 2h4m",
           "(" DECIMAL "(h|m|s|ms|us|ns))+"},
    Scalar{Type::Kind::rate, "rate", "bits a second with their unit, such as 100Mbps", DECIMAL "(bps|kbps|Mbps|Gbps)"},
    Scalar{Type::Kind::size, "size", "bytes with their unit, such as 200B, 64kB or 1MiB", DECIMAL "(B|kB|KiB|MB|MiB)"},
    Scalar{Type::Kind::percent, "percent", "a percentage up to 100%, such as 1% or 0.05%",
           "0*(100(\\.0+)?|[0-9]{1,2}(\\.[0-9]+)?)%"},
    Scalar{Type::Kind::text, "text", "text", ""},
    Scalar{Type::Kind::name, "name", "a name: letters, digits, '.', '_' and '-'", "[A-Za-z0-9_][A-Za-z0-9._-]{0,62}"},
    Scalar{Type::Kind::address, "address", "an IPv4 address, such as 203.0.113.5", ADDRESS},
    Scalar{Type::Kind::prefix, "prefix", "a network, such as 192.168.1.0/24, or one address", ADDRESS "(" LENGTH ")?"},
    Scalar{Type::Kind::subnet, "subnet", "a network, such as 192.168.1.0/24", ADDRESS LENGTH},
    Scalar{Type::Kind::interface_address, "interfaceAddress",
           "an address, with its prefix length on lan and link (192.168.1.10/24), bare on a cloud (203.0.113.5)",
           ADDRESS "(" LENGTH ")?"},
    Scalar{Type::Kind::pool, "pool", "an address, or a pool: 203.0.113.8-203.0.113.11 or 203.0.113.8/30",
           ADDRESS "(-" ADDRESS "|" LENGTH ")?"},
    Scalar{Type::Kind::endpoint, "endpoint",
           "an address and port in quotes (\"203.0.113.5:40000\"), or an address alone for any port",
           ADDRESS "(:(0|" PORT "))?"},
    Scalar{Type::Kind::ports, "ports", "a port, or a range of ports: 2000-2001", PORT "(-" PORT ")?"},
    Scalar{Type::Kind::target, "target",
           "a node or an address, in quotes with a port: web, \"web:80\", \"203.0.113.5:22\"", "[^: ]+(:" PORT ")?"},
    Scalar{Type::Kind::origin, "origin", "a node or a group, in quotes with a port: laptop, \"laptop:40000\"",
           "[^: ]+(:(0|" PORT "))?"},
    Scalar{Type::Kind::next_hop, "nextHop", "an address or the name of a node", "[A-Za-z0-9._-]+"},
    Scalar{Type::Kind::hex, "hex", "bytes in hex, spaces where one likes", "[0-9a-fA-F \\n]+"},
    Scalar{Type::Kind::answer, "answer", "text or a whole number", ""},
    Scalar{Type::Kind::value, "value", "any single value", ""},
};

#undef BYTE
#undef ADDRESS
#undef LENGTH
#undef PORT
#undef DECIMAL

/// "a, b or c"
std::string one_of(std::vector<std::string> all) {
  all.erase(std::unique(all.begin(), all.end()), all.end());
  std::string text;
  for (std::size_t n = 0; n < all.size(); ++n) {
    text += (n == 0 ? "" : n + 1 == all.size() ? " or " : ", ") + all[n];
  }
  return text;
}

std::string describe_duration(const Type& type) {
  const std::string time(scalar(Type::Kind::duration)->sentence);
  if (type.step > 1)
    return time + ", whole seconds, at most " + to_string(Duration{static_cast<std::int64_t>(type.most)});
  return type.least > 0 ? time + ", above zero" : time;
}

}  // namespace

const Scalar* scalar(Type::Kind kind) {
  const auto found = std::ranges::find(scalars, kind, &Scalar::kind);
  return found == scalars.end() ? nullptr : &*found;
}

std::string describe(const Type& type) {
  std::vector<std::string> parts;
  switch (type.kind) {
    case Type::Kind::whole:
      if (type.least == type.most) return fmt::format("the number {}", type.least);
      return type.most == UINT64_MAX ? fmt::format("a whole number from {} on", type.least)
                                     : fmt::format("a whole number from {} to {}", type.least, type.most);
    case Type::Kind::word:
      for (const Type::Word& word : type.words) parts.emplace_back(word.text);
      return one_of(parts);
    case Type::Kind::duration: return describe_duration(type);
    case Type::Kind::list: return "a list, each element " + describe(type.of[0]);
    case Type::Kind::named: return "a map by name, each value " + describe(type.of[0]);
    case Type::Kind::either:
      for (const Type& one : type.of) parts.push_back(describe(one));
      return one_of(parts);
    case Type::Kind::section: return fmt::format("a map of the keys of {}", type.section().path);
    default: return std::string(scalar(type.kind)->sentence);
  }
}

}  // namespace masqsim::scenario
