#include "sections.hpp"

namespace masqsim::scenario {

namespace {

Type named_section(const Section& (*section)()) { return type::named(type::section(section)); }

}  // namespace

const Table<Scenario>& file_keys() {
  using namespace row;
  static const Table<Scenario> table{
      {.name = "scenario", .path = "", .sentence = "A network, what its hosts send, and what should come of it."},
      {
          plain<Scenario>(
              {.name = "masqsim", .type = type::whole(1, 1), .sentence = "The version of the format.", .needed = true}),
          plain<Scenario>({.name = "name",
                           .type = type::of(Type::Kind::name),
                           .sentence = "The name of the scenario.",
                           .standard = "the file's, without its number"}),
          plain<Scenario>({.name = "title",
                           .type = type::of(Type::Kind::text),
                           .sentence = "One sentence that says what the scenario shows."}),
          whole<&Scenario::seed>("seed", 0, UINT64_MAX, "The seed of all chance."),
          with_default("when nothing more happens", duration<&Scenario::until>("until", "When the run ends.")),
          plain<Scenario>(
              {.name = "vars",
               .type = type::named(type::of(Type::Kind::value)),
               .sentence = "Variables: ${NAME} in any scalar is the value, and --set NAME=VALUE changes it."}),
          plain<Scenario>({.name = "networks",
                           .type = named_section(section_of<network_keys>),
                           .sentence = "The networks, by name.",
                           .needed = true}),
          plain<Scenario>({.name = "nodes",
                           .type = named_section(section_of<node_keys>),
                           .sentence = "The hosts, routers and gateways, by name.",
                           .needed = true}),
          plain<Scenario>({.name = "actions",
                           .type = type::list(type::section(section_of<action_keys>)),
                           .sentence = "What happens."}),
          plain<Scenario>({.name = "expect",
                           .type = type::list(type::either({type::section(section_of<flow_expectation_keys>),
                                                            type::section(section_of<table_expectation_keys>)})),
                           .sentence = "What should come of it."}),
          plain<Scenario>({.name = "lab",
                           .type = type::list(type::section(section_of<question_keys>)),
                           .sentence = "Questions for students."}),
          plain<Scenario>({.name = "variants",
                           .type = named_section(variant_section),
                           .sentence = "Changes of the file, by name; FILE@NAME runs one."}),
      }};
  return table;
}

const Section& file_section() { return file_keys().section; }

const Section& variant_section() {
  static const Section section = [] {
    Section made{.name = "variant",
                 .path = "variants.NAME",
                 .sentence = "What is other than in the file: maps merge, anything else replaces, null takes away.",
                 .rows = {}};
    for (const KeyRow& row : file_section().rows) {
      if (row.name == "masqsim" || row.name == "name" || row.name == "variants") continue;
      made.rows.push_back(row);
      made.rows.back().standard = "the file's";
      made.rows.back().needed = false;
    }
    return made;
  }();
  return section;
}

}  // namespace masqsim::scenario
