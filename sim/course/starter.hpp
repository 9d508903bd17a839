// A scenario to begin with: small, commented, valid, and running.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace masqsim::course {

struct StarterForward {
  std::string protocol = "tcp";  ///< "tcp" or "udp"
  std::uint16_t port = 22;       ///< that outsiders call
  std::string host;              ///< one of Starter::hosts
  std::uint16_t to = 22;         ///< where it listens
};

struct Starter {
  std::string name = "my-lab";
  std::vector<std::string> hosts{"laptop"};  ///< behind the gateway, 200 at most
  std::vector<StarterForward> forwards{};
};

/// The text of the file.
std::string text_of(const Starter& starter);

}  // namespace masqsim::course
