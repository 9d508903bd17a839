#include "masqsim/trace/text.hpp"

#include <fmt/format.h>

#include <iterator>

#include "words.hpp"

namespace masqsim::trace {

namespace {

// Where the columns begin. Wide enough for the usual; a longer word pushes the rest of its own line only.
constexpr std::size_t place_column = 14, kind_column = 33, packet_column = 43, flow_column = 51, story_column = 60;

/// Spaces up to `column`, at least one.
void pad(std::string& line, std::size_t column) { line.append(line.size() < column ? column - line.size() : 1, ' '); }

void append_line(std::string& line, const Header& header, const Record& r) {
  line += seconds(r.at);
  pad(line, place_column);
  append_word(line, place_name(header, r));
  pad(line, kind_column);
  line += word(r.kind);
  pad(line, packet_column);
  if (r.packet == 0) line += '-';
  if (r.packet != 0) fmt::format_to(std::back_inserter(line), "p{}", r.packet);
  if (r.cause != 0) fmt::format_to(std::back_inserter(line), "<p{}", r.cause);
  pad(line, flow_column);
  if (r.flow == 0) line += '-';
  if (r.flow != 0) append_word(line, flow_name(header, r.flow));
  const std::size_t named = line.size();
  pad(line, story_column);
  const std::size_t padded = line.size();
  append_story(line, r);
  if (line.size() == padded) line.resize(named);
}

}  // namespace

void TextSink::begin(const Header& header) {
  header_ = &header;
  const auto line = [&](std::string_view key, std::string_view value) {
    line_ = fmt::format("# {}: ", key);
    append_escaped(line_, value);
    line_ += '\n';
    out_.write(line_);
  };
  out_.write(text_magic);
  out_.write(std::string_view("\n"));
  line("scenario", header.scenario);
  if (!header.variant.empty()) line("variant", header.variant);
  line("seed", std::to_string(header.seed));
}

void TextSink::record(const Record& record) {
  line_.clear();
  append_line(line_, *header_, record);
  line_ += '\n';
  out_.write(line_);
}

void TextSink::end(Time at) { out_.write(fmt::format("# end: {}\n", seconds(at))); }

void TextSink::broken_off(Time at, std::string_view why) {
  line_ = "# broken off: ";
  append_escaped(line_, why);
  line_ += '\n';
  out_.write(line_);
  end(at);
}

std::string line_of(const Header& header, const Record& record) {
  std::string line;
  append_line(line, header, record);
  return line;
}

}  // namespace masqsim::trace
