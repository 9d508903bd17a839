// The terminal story: what happened to each flow, told in the few lines that decide it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "masqsim/scenario/run.hpp"
#include "masqsim/trace/sink.hpp"
#include "paint.hpp"

namespace masqsim::viz {

struct StoryText {
  std::string file;         ///< as the user named it, with its @VARIANT
  std::string fingerprint;  ///< of the run, 32 hex digits
  Paint paint;
  std::size_t width = 100;
  std::string options{};  ///< " --set keep=125s", as the run was asked for: what the closing hint repeats
};

/// Collects while the run goes on; memory grows with the number of flows of the file (a group counts as one), not with
/// packets. With `all` every packet of every flow is kept, up to `most_lines`; the rest is counted.
class Story final : public trace::Sink {
 public:
  static constexpr std::size_t most_lines = 100'000;
  static constexpr std::size_t most_rows = 20;  ///< of one table, without `all`

  explicit Story(bool all = false);
  ~Story() override;

  void begin(const trace::Header& header) override;
  void record(const trace::Record& record) override;
  bool wants_steps() const override { return true; }

  /// The whole story, ending with a newline.
  std::string told(const scenario::Finished& finished, const StoryText& text) const;

  struct Book;  ///< what was collected; private to viz

 private:
  std::unique_ptr<Book> book_;
};

/// True for the results that an initiator wants.
bool went_well(std::optional<scenario::Result> result);

/// "REFUSED"; "UNFINISHED" where the run ended first.
std::string result_word(std::optional<scenario::Result> result);

}  // namespace masqsim::viz
