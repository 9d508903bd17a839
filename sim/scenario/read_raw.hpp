// Reading `raw:` where it gives a packet by its fields.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "draft.hpp"

namespace masqsim::scenario {

/// Pairs of hex digits, spaces between them where one likes; nothing (reported) where it is none.
std::optional<std::vector<std::uint8_t>> read_hex(Report& report, const Value& value, std::string_view what);

/// The address by which the sender calls a node.
using AddressOf = std::function<std::optional<wire::Address>(NodeRef)>;

/// `raw: {tcp: {...}, source: ..., destination: ...}`. `of`, which may name a later action, is still to be looked up.
std::optional<RawPacket> read_raw_packet(Draft& draft, std::string_view who, const Value& value,
                                         const AddressOf& address_of);

/// The action that `of` names; false (reported) where it is none with a connection.
bool find_connection(Draft& draft, const Value& of, RawPacket& packet);

}  // namespace masqsim::scenario
