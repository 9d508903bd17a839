// What the lab page asks of the simulator and what it is told, as JSON text both ways. The browser asks the same engine
// (main.cpp) as `masqsim lab` does when it records the run that it embeds, so the two can be compared byte for byte.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "masqsim/scenario/limits.hpp"

namespace masqsim::page {

/// As `--strict-limits` has them, less of memory and output: a browser's tab has less. The time on the wall is the
/// page's.
inline constexpr scenario::Limits limits{
    .hosts = 100'000, .packets = 1'000'000, .routes = 100'000'000, .memory = 256'000'000, .output = 128'000'000};

/// Remembers the runs that it is asked about: the lab's own, which is the first, the last, and the one before.
class Engine {
 public:
  Engine();
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Answers one request, an object with a member `do`:
  ///
  ///   {"do":"run","yaml":TEXT,"variant":NAME,"questions":[...]}   runs it and asks these (see lab_file.hpp)
  ///   {"do":"check","yaml":TEXT,"variant":NAME}                   what `masqsim check` says
  ///   {"do":"differences"}                                        the last run against the lab's own and the one
  ///   before
  ///   {"do":"explain","flow":ID}                                  why this flow of the last run ended so, and a remedy
  ///   {"do":"answer","question":N,"text":TEXT}                    whether TEXT answers question N (from 0) of the last
  ///   run
  ///   {"do":"edit","gateway":NAME,"key":KEY,"value":YAML}         the last run's file with another value of a NAT's
  ///   key
  ///
  /// The answer has `ok`; where it is false, `errors` holds what is wrong with the file (line, column, length, message,
  /// hint), or `error` says what is wrong with the request. Runs keep to the limits for files of strangers. Never
  /// throws.
  std::string ask(std::string_view request);

  /// The last run as a pcapng capture: of the link ends named so ("gw/home"), or, with none, each packet once in each
  /// of its forms. Empty where nothing ran.
  std::string capture(const std::vector<std::string>& points) const;

 private:
  struct Run;
  std::string run(std::string_view yaml, const std::string& variant, std::string_view questions);
  std::string explain(const std::string& flow) const;
  std::string differences() const;
  std::string is_right(std::size_t question, std::string_view text) const;
  std::string edit(const std::string& gateway, const std::string& key, const std::string& value) const;

  std::shared_ptr<const Run> first_, before_, last_;
};

}  // namespace masqsim::page
