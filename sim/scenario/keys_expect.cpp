#include "sections.hpp"

namespace masqsim::scenario {

namespace {

constexpr auto results = std::to_array<Word<Result>>({
#define X(name, word, good, sentence) {word, Result::name, sentence},
    MASQSIM_RESULTS(X)
#undef X
});

const std::vector<Word<Reason>>& reason_words() {
  static const std::vector<Word<Reason>> words = [] {
    std::vector<Word<Reason>> all;
    for (const ReasonText& entry : reasons) {
      if (entry.reason != Reason::none) all.push_back({entry.word, entry.reason, entry.sentence});
    }
    return all;
  }();
  return words;
}

Type endpoint_or_any() { return type::either({type::words({{"any"}}), type::of(Type::Kind::endpoint)}); }

Type patterns() {
  const Type pattern = type::section(section_of<pattern_keys>);
  return type::either({pattern, type::list(pattern)});
}

}  // namespace

const Table<FlowExpectation>& flow_expectation_keys() {
  using namespace row;
  using E = FlowExpectation;
  static const Table<E> table{
      {.name = "flowExpectation",
       .path = "expect",
       .sentence = "What should come of a flow.",
       .any_of = {"result", "not", "at", "reason", "seen", "replies", "arrived", "received", "path"}},
      {
          plain<E>({.name = "flow",
                    .type = type::of(Type::Kind::name),
                    .sentence = "The id of an action; of a group all of it (echo) or one member (echo.7).",
                    .needed = true}),
          word<&E::result>("result", results, "What the initiator experienced.", "result"),
          word<&E::not_result>("not", results, "What the initiator did not experience.", "result"),
          plain<E>({.name = "at",
                    .type = type::of(Type::Kind::name),
                    .sentence = "The node or network where the flow ended."}),
          word<&E::reason>("reason", reason_words(), "Why the flow ended.", "reason"),
          plain<E>({.name = "seen",
                    .type = type::named(
                        type::either({type::of(Type::Kind::endpoint), type::list(type::of(Type::Kind::endpoint), 1)})),
                    .sentence =
                        "By node: the source that the first packet has there, or a list of all the sources that "
                        "the packets have there, in order."}),
          with_default("all", whole<&E::count>("count", 0, 1'000'000, "Of a group: so many flows, exactly.")),
          whole<&E::replies>("replies", 0, 1'000'000'000, "Answers to an action that repeats, each flow."),
          size<&E::arrived>("arrived", "Payload that the other end got, each flow."),
          size<&E::received>("received", "Payload that came back, each flow."),
          plain<E>({.name = "path",
                    .type = type::list(type::of(Type::Kind::name)),
                    .sentence = "Of a traceroute: who answered, in order."}),
      }};
  return table;
}

const Table<TableExpectation>& table_expectation_keys() {
  using namespace row;
  using E = TableExpectation;
  static const Table<E> table{
      {.name = "tableExpectation",
       .path = "expect",
       .sentence = "What should stand in the table of a gateway.",
       .any_of = {"count", "has", "not"}},
      {
          plain<E>({.name = "nat", .type = type::of(Type::Kind::name), .sentence = "The gateway.", .needed = true}),
          with_default("at the end", duration<&E::at>("at", "When the table is looked at.")),
          whole<&E::count>("count", 0, 16'777'216, "The number of entries."),
          plain<E>({.name = "has", .type = patterns(), .sentence = "Rows that are there."}),
          plain<E>({.name = "not", .type = patterns(), .sentence = "Rows that are not there."}),
      }};
  return table;
}

const Table<TablePattern>& pattern_keys() {
  using namespace row;
  const auto pattern = [](std::string_view name, std::string_view sentence) {
    return row::plain<TablePattern>({.name = name, .type = endpoint_or_any(), .sentence = sentence});
  };
  static const Table<TablePattern> table{
      {.name = "pattern", .path = "expect.has", .sentence = "A row of the table; what is left out matches anything."},
      {
          pattern("tcp", "The inside endpoint of a TCP entry."),
          pattern("udp", "The inside endpoint of a UDP entry."),
          pattern("icmp", "The inside address and query id of an ICMP entry."),
          pattern("as", "The outside endpoint."),
          pattern("remote", "The remote endpoint."),
          plain<TablePattern>(
              {.name = "state", .type = type::of(Type::Kind::text), .sentence = "The state, as the table prints it."}),
      }};
  return table;
}

}  // namespace masqsim::scenario
