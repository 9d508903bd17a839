#include "signals.hpp"

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <string_view>

#include "masqsim/base/output.hpp"
#include "program.hpp"

namespace masqsim::cli {

namespace {

scenario::StopRequest stop;
Duration allowed;  // wall time

std::string why(int number) {
  switch (number) {
    case SIGINT: return "interrupted (SIGINT)";
    case SIGTERM: return "terminated (SIGTERM)";
    case SIGHUP: return "the terminal went away (SIGHUP)";
    default: return to_string(allowed) + " of wall time are all that --limits time=" + to_string(allowed) + " allows";
  }
}

int code_of(int number) { return number == SIGALRM ? static_cast<int>(Exit::limited) : 128 + number; }

extern "C" void on_signal(int number) {
  int nobody = 0;
  if (stop.heard && stop.asked.compare_exchange_strong(nobody, number)) return;
  remove_temporary_files();
  if (number == SIGALRM) {
    constexpr std::string_view text = "masqsim: error: the wall time of --limits is over; nothing was written\n";
    [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, text.data(), text.size());
  }
  ::_exit(code_of(number));
}

void take(int number) {
  struct sigaction action {};
  if (::sigaction(number, nullptr, &action) != 0 || action.sa_handler == SIG_IGN) return;
  std::memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  ::sigaction(number, &action, nullptr);
}

}  // namespace

void heed_signals() {
  stop.why = why;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) take(number);
}

void end_after(Duration wall_time) {
  allowed = wall_time;
  take(SIGALRM);
  // The second alarm ends the writing of what was recorded, should that take as long again.
  const ::timeval period{wall_time.ns / 1'000'000'000, wall_time.ns % 1'000'000'000 / 1'000};
  const ::itimerval timer{period, period};
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

scenario::StopRequest& program_stop() { return stop; }

int exit_code_of(const scenario::BrokenOff& broken_off) {
  return broken_off.asked == 0 ? static_cast<int>(Exit::limited) : code_of(broken_off.asked);
}

}  // namespace masqsim::cli
