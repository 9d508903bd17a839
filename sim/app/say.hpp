// What programs write into the trace.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "app.hpp"
#include "sim/net/network.hpp"
#include "sim/net/trouble.hpp"

namespace masqsim::app {

void say_result(const net::Node& node, trace::FlowId flow, std::string_view word);

/// What an ICMP error makes of a flow that had no better luck.
std::string_view result_of(const net::Trouble& trouble);

/// An event record; the text is made only where somebody reads it.
template <typename... Args>
void say(const net::Node& node, trace::FlowId flow, fmt::format_string<Args...> text, Args&&... args) {
  if (!node.network().trace().on(trace::Kind::event)) return;
  node.network().say_event(node.id(), flow, fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace masqsim::app
