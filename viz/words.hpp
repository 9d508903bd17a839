// The words that story, explanation and pictures share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "masqsim/trace/record.hpp"
#include "masqsim/trace/rewrite.hpp"

namespace masqsim::viz {

/// "laptop" of "laptop:40000".
std::string_view node_part(std::string_view end);

bool is_gateway(const trace::Header& header, trace::NodeId node);

/// How many interfaces the node has.
std::size_t legs(const trace::Header& header, trace::NodeId node);

/// The node's name; with `wire` the network's for a packet that a link lost.
std::string place_of(const trace::Header& header, const trace::Record& record, bool wire = true);

/// Who has `address`; the address itself where nobody has.
std::string owner_of(const trace::Header& header, wire::Address address);

/// "hop 4 is internet (198.18.0.5)" of a traceroute's "hop 4 is 198.18.0.5"; anything else stays as it is.
std::string with_name_of_hop(const trace::Header& header, std::string_view event);

/// The gateway through which `node` would reach the destination of `packet`: one that has an interface in its network.
/// Empty if there is none, or if the node is in that network itself.
std::string gateway_before(const trace::Header& header, trace::NodeId node, wire::ByteView packet);

/// The word of a drop's reason; "no reason given" where the gateway that dropped the packet tells none.
std::string_view reason_word(Reason reason);

/// "SYN", "echo", "UDP": the story's narrow column.
std::string kind_text(wire::ByteView packet);
/// "SYN+ACK", "echo reply", "ICMP 3/0", "a datagram": in a sentence.
std::string long_kind(wire::ByteView packet);

/// "192.168.1.10:40000", "192.168.1.10 id 7", "192.168.1.10".
std::string source_text(wire::ByteView packet);
/// Source and destination: "192.168.1.10:40000 > 198.51.100.10:80".
std::string endpoints_text(wire::ByteView packet);

/// "RST from gw itself", "ICMP 3/0 to stranger".
std::string answer_text(const trace::Header& header, const trace::Record& answer);

/// "src 192.168.1.10:40000 => 203.0.113.5:40000"; "unchanged" where no address was.
std::string rewrite_text(const std::vector<trace::FieldChange>& changes);
/// What a helper did to the packet's payload: "  a helper rewrites the address that it announces"; else empty.
std::string helper_text(const std::vector<trace::FieldChange>& changes);
/// "  new mapping #1"; with the reason of a packet that was left untranslated.
std::string mapping_text(const trace::Record& record);
/// "ttl 64=>63", "ip sum 4edb=>d587", ...: what `rewrite_text` does not say.
std::vector<std::string> routine_items(const std::vector<trace::FieldChange>& changes);

/// How long a row still lives: whole seconds, below one whole milliseconds, so that a table stays narrow.
std::string left_text(Duration left);

}  // namespace masqsim::viz
