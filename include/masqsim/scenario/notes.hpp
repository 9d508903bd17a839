// What a file may say, and hardly anybody means: nobody has the address that is called, nobody listens there, a rule
// that no packet meets. No errors: the file runs, and a lab may be about just that.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "masqsim/scenario/load.hpp"
#include "masqsim/scenario/model.hpp"

namespace masqsim::scenario {

struct Note {
  Position position;
  std::string message;  ///< "nobody has 192.168.1.99"
  bool operator==(const Note& other) const {
    return position.line == other.position.line && position.column == other.position.column && message == other.message;
  }
};

/// Drawn from the model alone, nothing is run; in the order of the file. What a flow that is expected to fail would be
/// told is left unsaid: the failure is meant. `stem` is the file's, to compare the name with; empty: unknown.
std::vector<Note> notes(const Scenario& scenario, std::string_view stem = {});

/// Those of a file's base and of all its variants, or of the one that it was read for, each once.
std::vector<Note> notes_of(const Loaded& loaded);

/// "PATH:16:25: note: MESSAGE", one a line.
std::string print_notes(std::string_view path, const std::vector<Note>& notes);

}  // namespace masqsim::scenario
