#include "page.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "engine.hpp"
#include "lab_file.hpp"

namespace masqsim::page {

namespace {

using Json = nlohmann::ordered_json;

/// `text` for between tags or inside a quoted attribute.
std::string html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

/// JSON for inside a script element: no '<' that could end the element or open a comment.
std::string for_script(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) c == '<' ? out += "\\u003c" : out += c;
  return out;
}

/// A picture by its address alone, so that nothing in it can act.
std::string data_url(std::string_view svg) {
  constexpr std::string_view digits = "0123456789ABCDEF", plain = " ,.:;/=()-_+*!$";
  std::string out = "data:image/svg+xml,";
  for (const char c : svg) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (letter || plain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return out;
}

std::string pictures_of(const std::vector<Picture>& pictures) {
  std::string out;
  for (const Picture& picture : pictures) {
    const std::string words = html(picture.words);
    out += "<figure><img alt=\"" + words + "\" src=\"" + data_url(picture.svg) + "\"><figcaption>" + words +
           "</figcaption></figure>\n";
  }
  return out;
}

/// The tables as they are at the end of the run.
std::string tables_of(const Json& answer) {
  std::string rows;
  for (const Json& record : answer.at("trace")) {
    if (record.at("kind") != "table" || record.at("ns") != answer.at("end_ns")) continue;
    const Json& row = record.at("row");
    rows += "<tr><td>" + html(record.value("node", "")) + "</td>";
    for (const char* cell : {"protocol", "inside", "outside", "remote", "state"}) {
      rows += "<td>" + html(row.at(cell).get<std::string>()) + "</td>";
    }
    rows += "</tr>\n";
  }
  if (rows.empty()) return {};
  return "<table><thead><tr><th>gateway</th><th>proto</th><th>inside</th><th>outside</th><th>remote</th><th>state</th></tr>"
         "</thead><tbody>\n" +
         rows + "</tbody></table>\n";
}

std::string asked(const Json& questions) {
  std::string out;
  for (const Json& question : questions) out += "<li>" + html(question.at("ask").get<std::string>()) + "</li>\n";
  return out;
}

/// `page_template` with each @NAME@ of `places` replaced; what is put in is not looked at again.
std::string filled(std::string_view page_template,
                   const std::vector<std::pair<std::string_view, std::string>>& places) {
  std::string page;
  while (!page_template.empty()) {
    const std::size_t at = std::min(page_template.find('@'), page_template.size());
    page += page_template.substr(0, at);
    page_template.remove_prefix(at);
    std::string_view text = page_template.substr(0, 1);
    std::size_t length = text.size();
    for (const auto& [name, value] : places) {
      if (page_template.starts_with(name)) {
        length = name.size();
        text = value;
      }
    }
    page += text;
    page_template.remove_prefix(length);
  }
  return page;
}

}  // namespace

std::string page_of(std::string_view page_template, const Lab& lab) {
  const LabFile file = take_apart(lab.yaml);
  const Json questions = Json::parse(file.questions);
  const std::string which = questions.contains(lab.variant) ? lab.variant : "";
  Engine engine;
  const std::string recorded = engine.ask(Json{
      {"do", "run"},
      {"yaml", file.yaml},
      {"variant", lab.variant},
      {"questions",
       questions.value(which, Json::array())}}.dump());
  const Json answer = Json::parse(recorded);
  if (!answer.at("ok").get<bool>())
    throw std::invalid_argument(answer.value("error", "the page's engine refuses the file"));

  const std::string data = "{\"yaml\":" + Json(file.yaml).dump() + ",\"variant\":" + Json(lab.variant).dump() +
                           ",\"questions\":" + file.questions + ",\"recorded\":" + recorded + "}";
  const Json& setup = answer.at("setup");
  const std::string title = setup.at("title").get<std::string>();
  return filled(page_template, {
                                   {"@TITLE@", html(title.empty() ? setup.at("name").get<std::string>() : title)},
                                   {"@STORY@", html(answer.at("story").get<std::string>())},
                                   {"@PICTURES@", pictures_of(lab.pictures)},
                                   {"@TABLES@", tables_of(answer)},
                                   {"@ASKED@", asked(answer.at("questions"))},
                                   {"@FINGERPRINT@", answer.at("fingerprint").get<std::string>()},
                                   {"@LAB@", for_script(data)},
                               });
}

std::string index_of(std::string_view page_template, const std::string& title, const std::vector<Entry>& entries) {
  const auto between = [&](std::string_view begin, std::string_view end) {
    const std::size_t from = std::min(page_template.find(begin), page_template.size());
    const std::size_t to = std::min(page_template.find(end, from), page_template.size());
    return std::string(page_template.substr(from, to - from));
  };
  std::string rows;
  for (const Entry& entry : entries) {
    rows += "<li><a href=\"" + html(entry.page) + "\">" + html(entry.title.empty() ? entry.name : entry.title) + "</a>";
    rows += "<p class=\"quiet\">" + html(entry.name);
    if (entry.questions > 0) {
      rows += ", " + std::to_string(entry.questions) + (entry.questions == 1 ? " question" : " questions");
    }
    for (const std::string& variant : entry.variants) rows += "<br>variant: " + html(variant);
    rows += "</p></li>\n";
  }
  // The style's own policy stands in the template; an index has no script that it could allow.
  return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; " +
         between("style-src", ";") + "; base-uri 'none'; form-action 'none'\">\n<title>" + html(title) + "</title>\n" +
         between("<style>", "</style>") + "</style>\n</head>\n<body>\n<header><div><p class=\"brand\">masqsim</p><h1>" +
         html(title) + "</h1></div></header>\n<article id=\"static\">\n<ol class=\"course\">\n" + rows +
         "</ol>\n</article>\n</body>\n</html>\n";
}

}  // namespace masqsim::page
