// Which networks and nodes lie inside the gateways, and which outside.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "masqsim/scenario/model.hpp"

namespace masqsim::viz {

enum class Side : std::uint8_t { neither, inside, outside, between };

struct Zones {
  std::vector<Side> networks;           ///< as Scenario::networks; between: inside of one gateway, outside of another
  std::vector<std::uint32_t> distance;  ///< of each network from the outermost one, in nodes crossed
  /// The one network that a node belongs to alone; nothing for nodes between networks.
  std::vector<std::optional<scenario::NetworkIndex>> homes;
};

Zones zones_of(const scenario::Scenario& scenario);

}  // namespace masqsim::viz
