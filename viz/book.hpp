// What the story remembers of a run.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "masqsim/wire/describe.hpp"
#include "story.hpp"

namespace masqsim::viz {

/// One line of the story and the indented ones under it.
struct Line {
  Time at;
  std::string place;
  std::string kind;  ///< "SYN"; may be empty
  std::string text;
  bool bad = false;        ///< text begins with a reason and is marked with a cross
  bool is_change = false;  ///< an entry of the table went
  std::uint64_t packet = 0;
  std::string event{};               ///< of a program's word: what makes two of them alike
  std::vector<std::string> items{};  ///< of the lines below, wrapped between items
  std::uint64_t alike = 0;           ///< later ones like it that are not told
  bool alike_of_others = false;      ///< not all of those are of this line's flow
  trace::FlowId flow = 0;
};

/// What is told under one title: a flow, or all members' flows of a group.
struct Thread {
  trace::FlowId first = 0;
  std::uint32_t members = 1;
  trace::NodeId initiator = trace::nowhere;
  std::optional<wire::Tuple> own{};  ///< of the first packet that the initiator sent
  bool reached_gateway = false;
  bool arrived_back = false;
  std::vector<Line> lines{};
  std::vector<std::uint64_t> shown{};                            ///< packets that a line tells of
  std::vector<std::pair<trace::NodeId, std::string>> seen_at{};  ///< where, and as whom

  struct Crossing {  ///< a gateway and its mapping, and from where to where the first packet of that went
    trace::NodeId gateway = 0;
    std::uint64_t mapping = 0;
    wire::Endpoint from;
    wire::Address to;
    bool there = false, back = false;
  };
  std::vector<Crossing> crossings{};

  struct End {  ///< drops of one reason at one place: the example's, or those of all other members
    std::string place;
    Reason reason{};
    bool example = false;
    std::size_t line = 0;
  };
  std::vector<End> ends{};
  std::map<std::uint64_t, std::size_t> asked{};   ///< packet => the line that waits for what answers it
  std::pair<std::uint64_t, std::string> early{};  ///< the last packet answered before a line told of it, and the answer
};

struct TableRows {
  trace::NodeId gateway = 0;
  Time at;
  std::vector<trace::Row> rows{};
  std::uint64_t count = 0;
  std::uint64_t last = 0;  ///< the NAT's flow of the row told last; rows come in the order of making
};

struct Story::Book {
  std::optional<trace::Header> header{};  ///< a copy: the run's own is gone when the story is told
  bool all = false;
  std::vector<Thread> threads{};
  std::vector<std::uint32_t> thread_of{};  ///< by flow - 1
  std::vector<Line> changes{};             ///< what belongs to no flow
  std::vector<TableRows> tables{};
  std::map<std::pair<trace::NodeId, std::uint64_t>, std::uint32_t> owners{};  ///< a gateway's flow => its thread
  std::uint64_t newest = 0;                                                   ///< the packet born last
  std::size_t lines = 0;
  std::uint64_t untold = 0;  ///< lines beyond `most_lines`
};

/// A name without its member number: "clients.17" and 17; 0 for a name without one.
std::pair<std::string_view, std::uint32_t> member_of(std::string_view name);

}  // namespace masqsim::viz
