// The lab page: one HTML file that holds the simulator, a scenario, and the scenario's recorded run.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace masqsim::page {

/// The page without a lab: HTML, style, scripts and the engine; the same bytes for every lab. Empty where this program
/// was built without the engine (`.ci/page` makes it).
std::string_view page_template();

/// A picture for readers without JavaScript.
struct Picture {
  std::string words;  ///< what it shows
  std::string svg;
};

struct Lab {
  std::string yaml;     ///< the scenario file as it stands; it loads
  std::string variant;  ///< the one that the page opens with; empty: the base
  std::vector<Picture> pictures;
};

/// The page of `lab`. Its bytes follow from the template and the lab alone. Throws std::invalid_argument where the
/// page's engine refuses the lab: it is larger than the limits for a page allow, or its questions cannot be taken out.
std::string page_of(std::string_view page_template, const Lab& lab);

/// A row of a course's index.
struct Entry {
  std::string page;  ///< the file's name beside the index: "03-inbound-fails.html"
  std::string name;
  std::string title;
  std::vector<std::string> variants;  ///< their titles, or names
  std::size_t questions = 0;
};

/// The first page of a course, in the look of its labs; without scripts.
std::string index_of(std::string_view page_template, const std::string& title, const std::vector<Entry>& entries);

}  // namespace masqsim::page
