// Every section of a scenario file, each as the table of its keys.
#pragma once

#include "masqsim/scenario/model.hpp"
#include "table.hpp"

namespace masqsim::scenario {

const Table<Scenario>& file_keys();

const Table<Network>& network_keys();

const Table<Node>& node_keys();
const Section& interface_section();
const Table<Service>& service_keys();
const Section& route_section();

/// `group`: "" for `nat:` itself, "timeouts", "limits" or "firewall". The settings among them are nat::config_keys().
const Section& nat_section(std::string_view group);
const Section& masquerade_section();
const Section& source_section();
const Section& pair_section();
const Section& forward_section();

const Table<Action>& action_keys();
/// Those of `set` that change what a network does to packets have members.
const Table<SetChannel>& set_keys();

/// A packet by its fields, and what lies in it.
const Section& raw_section();
const Section& raw_tcp_section();
const Section& raw_udp_section();
const Section& raw_icmp_section();

const Table<FlowExpectation>& flow_expectation_keys();
const Table<TableExpectation>& table_expectation_keys();
const Table<TablePattern>& pattern_keys();

const Table<Question>& question_keys();
const Table<Question>& flow_moment_keys();
const Table<Question>& table_moment_keys();

/// The section of a table, as a Type refers to it.
template <auto Keys>
const Section& section_of() {
  return Keys().section;
}

}  // namespace masqsim::scenario
