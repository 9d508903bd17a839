#include "masqsim/trace/lines.hpp"

#include "words.hpp"

namespace masqsim::trace {

void LinesSink::begin(const Header& header) {
  header_ = &header;
  lines_.scenario = header.scenario;
  lines_.variant = header.variant;
  lines_.seed = header.seed;
}

void LinesSink::record(const Record& record) {
  Line line{record.at,
            record.kind,
            std::string(place_name(*header_, record)),
            record.packet,
            record.cause,
            std::string(flow_name(*header_, record.flow)),
            {}};
  append_story(line.story, record);
  size_ += sizeof(Line) + line.place.size() + line.flow.size() + line.story.size();
  lines_.lines.push_back(std::move(line));
}

}  // namespace masqsim::trace
