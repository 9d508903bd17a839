// How far a long run is, on standard error, where that is a terminal. Never part of the output.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdio>

#include "masqsim/trace/sink.hpp"

namespace masqsim::cli {

class Progress final : public trace::Sink {
 public:
  static bool wanted() { return isatty(STDERR_FILENO) != 0; }

  void record(const trace::Record& record) override {
    if (++records_ % every != 0) return;
    std::fprintf(stderr, "\r%s s simulated, %llu million records", seconds(record.at, 3).c_str(),
                 static_cast<unsigned long long>(records_ / every));
    shown_ = true;
  }

  void clear() {
    if (shown_) std::fputs("\r\033[K", stderr);
    shown_ = false;
  }

 private:
  static constexpr std::uint64_t every = 1'000'000;
  std::uint64_t records_ = 0;
  bool shown_ = false;
};

}  // namespace masqsim::cli
