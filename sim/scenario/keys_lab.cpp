#include "sections.hpp"

namespace masqsim::scenario {

namespace {

constexpr std::array<Word<bool>, 2> ways{
    {{"out", false, "packets of the initiator"}, {"back", true, "packets of the other end"}}};

Type facts(std::initializer_list<Fact> all) {
  Type type{.kind = Type::Kind::word};
  for (const Fact fact : all) type.words.push_back({word(fact)});
  return type;
}

}  // namespace

const Table<Question>& question_keys() {
  using namespace row;
  static const Table<Question> table{
      {.name = "question", .path = "lab", .sentence = "A question about the run; its answer is checked against it."},
      {
          plain<Question>(
              {.name = "ask", .type = type::of(Type::Kind::text), .sentence = "The question.", .needed = true}),
          plain<Question>({.name = "when",
                           .type = type::either({type::section(section_of<flow_moment_keys>),
                                                 type::section(section_of<table_moment_keys>)}),
                           .sentence = "The moment of the run that the question is about.",
                           .needed = true}),
          plain<Question>({.name = "answer",
                           .type = type::of(Type::Kind::answer),
                           .sentence = "The right answer, as the run has it.",
                           .needed = true}),
          plain<Question>({.name = "choices",
                           .type = type::list(type::of(Type::Kind::answer)),
                           .sentence = "What the student chooses from; one is the answer.",
                           .standard = "the student writes the answer"}),
          plain<Question>({.name = "hint", .type = type::of(Type::Kind::text), .sentence = "A hint for the student."}),
      }};
  return table;
}

const Table<Question>& flow_moment_keys() {
  using namespace row;
  static const Table<Question> table{
      {.name = "flowMoment", .path = "lab.when", .sentence = "A moment in the life of a flow."},
      {
          plain<Question>({.name = "flow",
                           .type = type::of(Type::Kind::name),
                           .sentence = "The id of an action, or one member of a group.",
                           .needed = true}),
          plain<Question>({.name = "at",
                           .type = type::of(Type::Kind::name),
                           .sentence = "The node or network where a packet is looked at."}),
          plain<Question>(
              {.name = "what",
               .type = facts({Fact::source, Fact::destination, Fact::ttl, Fact::result, Fact::reason, Fact::place}),
               .sentence = "What is asked for.",
               .standard = "source with `at`, else result"}),
          word<&Question::back>("way", ways, "Which packets are looked at."),
          whole<&Question::packet>("packet", 1, 1'000'000, "Which packet of that way at that place, from 1 on."),
      }};
  return table;
}

const Table<Question>& table_moment_keys() {
  using namespace row;
  static const Table<Question> table{
      {.name = "tableMoment", .path = "lab.when", .sentence = "A moment of the table of a gateway."},
      {
          plain<Question>(
              {.name = "nat", .type = type::of(Type::Kind::name), .sentence = "The gateway.", .needed = true}),
          with_default("at the end", duration<&Question::time>("at", "When the table is looked at.")),
          plain<Question>({.name = "what",
                           .type = facts({Fact::count, Fact::inside, Fact::outside, Fact::remote, Fact::state}),
                           .sentence = "What is asked for.",
                           .standard = "count"}),
          whole<&Question::row>("row", 1, 1'000'000, "Which row, in the order of their making, from 1 on."),
      }};
  return table;
}

}  // namespace masqsim::scenario
