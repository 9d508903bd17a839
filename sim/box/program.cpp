#include "program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <utility>

#include "masqsim/base/output.hpp"

namespace masqsim::box {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t longest_line = 4u << 20, kept_errors = 4096, shown_of_line = 300;
constexpr Duration farewell = 1_s;

[[noreturn]] void fail_here(const std::string& what) {
  throw MachineError("gateway program: " + what + ": " + std::strerror(errno));
}

/// A descriptor that no program inherits.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept { return std::swap(number_, other.number_), *this; }
  ~Descriptor() { close(); }

  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }
  void never_block() const { ::fcntl(number_, F_SETFL, ::fcntl(number_, F_GETFL) | O_NONBLOCK); }

 private:
  int number_ = -1;
};

std::pair<Descriptor, Descriptor> pipe_ends() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail_here("pipe");
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

/// A socket, since what is written into it after the program's end raises no signal.
std::pair<Descriptor, Descriptor> socket_ends() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) fail_here("socketpair");
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

/// After fork: nothing but calls that signal handlers may make.
[[noreturn]] void become(char* const* words, int in, int out, int err, int trouble, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGTERM, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(in, 0);
  ::dup2(out, 1);
  ::dup2(err, 2);
  ::execvp(words[0], words);
  const int error = errno;
  [[maybe_unused]] const ssize_t told = ::write(trouble, &error, sizeof error);
  ::_exit(127);
}

/// After fork: waits until the other end of `life` is closed, by whatever ends the process that holds it, and then ends
/// the program's group.
[[noreturn]] void guard(int life, pid_t group) {
  ::setpgid(0, 0);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(signal, SIG_IGN);
  const int most = static_cast<int>(::sysconf(_SC_OPEN_MAX));
  for (int n = 0; n < std::min(most, 1024); ++n) {
    if (n != life) ::close(n);
  }
  char byte{};
  while (::read(life, &byte, 1) < 0 && errno == EINTR) {
  }
  ::kill(-group, SIGKILL);
  ::_exit(0);
}

std::string shortened(std::string_view line) {
  if (line.size() <= shown_of_line) return std::string(line);
  return fmt::format("{}... ({} bytes)", line.substr(0, shown_of_line), line.size());
}

std::string ended_as(int status) {
  if (WIFEXITED(status)) return fmt::format("it ended with exit code {}", WEXITSTATUS(status));
  return fmt::format("signal {} ended it", WTERMSIG(status));
}

}  // namespace

std::string ProgramFailure::shortly() const {
  const std::string_view all = what();
  std::string_view last = all.substr(all.rfind('\n') + 1);
  last.remove_prefix(std::min(last.find_first_not_of(' '), last.size()));
  return fmt::format("{}; {}", all.substr(0, all.find('\n')), last);
}

std::vector<std::string> split_words(std::string_view command) {
  std::vector<std::string> words;
  std::optional<std::string> word;
  char quote = 0;
  for (std::size_t n = 0; n < command.size(); ++n) {
    const char c = command[n];
    if (quote == '\'' && c != quote) {
      *word += c;
    } else if (c == quote) {
      quote = 0;
    } else if (c == '\\' && n + 1 < command.size()) {
      word = word.value_or("") + command[++n];
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
      word = word.value_or("");
    } else if (quote == 0 && c == ' ') {
      if (word) words.push_back(*std::exchange(word, std::nullopt));
    } else {
      word = word.value_or("") + c;
    }
  }
  if (quote != 0) throw std::invalid_argument(fmt::format("the quote {} does not end", quote));
  if (word) words.push_back(*word);
  if (words.empty()) throw std::invalid_argument("no program is named");
  return words;
}

class Program::Process {
 public:
  Process(std::vector<std::string> words, std::string title, Duration patience)
      : title_(std::move(title)), patience_(patience) {
    start(std::move(words));
  }

  ~Process() {
    in_.close();
    ::kill(-child_, SIGKILL);
    if (!status_) reap();
    life_.close();
    while (::waitpid(guard_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  void tell(std::string line) {
    if (waiting_.empty()) read_some();
    if (!heard_.empty()) {
      last_ = heard_.substr(0, heard_.find('\n'));
      fail("it wrote more after its done");
    }
    told_ = std::move(line);
    waiting_ = told_ + '\n';
    due_ = Clock::now() + std::chrono::nanoseconds(patience_.ns);
  }

  std::string hear() {
    while (true) {
      const std::size_t end = heard_.find('\n', searched_);
      if (end != std::string::npos) {
        last_ = heard_.substr(0, end);
        heard_.erase(0, end + 1);
        searched_ = 0;
        return last_;
      }
      searched_ = heard_.size();
      if (heard_.size() > longest_line) {
        last_ = heard_;
        fail(fmt::format("it wrote a line of more than {} bytes", longest_line));
      }
      exchange();
    }
  }

  [[noreturn]] void fail(const std::string& what) {
    collect_errors();
    std::string text = fmt::format("{}: {}\n  told:       {}\n", title_, what, shortened(told_));
    text += fmt::format("  last line:  {}", last_.empty() ? "none" : shortened(last_));
    if (errors_.empty()) throw ProgramFailure(text + "\n  on standard error: nothing");
    text += "\n  the end of its standard error:";
    std::string_view left = errors_;
    while (!left.empty()) {
      const std::size_t end = std::min(left.find('\n'), left.size());
      text += fmt::format("\n    {}", left.substr(0, end));
      left.remove_prefix(std::min(end + 1, left.size()));
    }
    throw ProgramFailure(text);
  }

  void dismiss(std::string line) {
    waiting_ = std::move(line) + '\n';
    due_ = Clock::now() + std::chrono::nanoseconds(std::min(farewell, patience_).ns);
    while (!over_ && Clock::now() < due_) {
      if (waiting_.empty()) in_.close();
      if (!move_bytes()) return;
      heard_.clear();
    }
  }

 private:
  void start(std::vector<std::string> words) {
    auto [in_here, in_there] = socket_ends();
    std::swap(in_here, in_);
    auto [out_here, out_there] = pipe_ends();
    auto [err_here, err_there] = pipe_ends();
    auto [trouble_here, trouble_there] = pipe_ends();
    auto [life_there, life_here] = pipe_ends();
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    const pid_t parent = ::getpid();
    child_ = ::fork();
    if (child_ < 0) fail_here("fork");
    if (child_ == 0) {
      become(pointers.data(), in_there.number(), out_there.number(), err_there.number(), trouble_there.number(),
             parent);
    }
    ::setpgid(child_, child_);
    guard_ = ::fork();
    if (guard_ == 0) guard(life_there.number(), child_);
    out_ = std::move(out_here);
    err_ = std::move(err_here);
    life_ = std::move(life_here);
    for (const Descriptor* one : {&in_, &out_, &err_}) one->never_block();
    trouble_there.close();
    int error = 0;
    if (::read(trouble_here.number(), &error, sizeof error) == sizeof error) {
      reap();
      life_.close();
      ::waitpid(guard_, nullptr, 0);
      throw MachineError(fmt::format("{}: '{}' cannot be started: {}", title_, words[0], std::strerror(error)));
    }
  }

  /// Waits for bytes in either direction, until the patience ends.
  void exchange() {
    if (over_) {
      reap();
      fail(heard_.empty() ? ended_as(*status_) : ended_as(*status_) + ", in the middle of a line");
    }
    if (!move_bytes()) {
      last_ = heard_.empty() ? last_ : heard_;
      fail(fmt::format("it has not answered in {}", to_string(patience_)));
    }
  }

  /// False: the patience ended first.
  bool move_bytes() {
    std::array<pollfd, 3> watched{pollfd{out_.number(), POLLIN, 0}, pollfd{err_.number(), POLLIN, 0},
                                  pollfd{waiting_.empty() ? -1 : in_.number(), POLLOUT, 0}};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(due_ - Clock::now()).count();
    const int ready =
        left <= 0 ? 0 : ::poll(watched.data(), watched.size(), static_cast<int>(std::min<std::int64_t>(left, 1 << 30)));
    if (ready == 0) return false;
    if (ready < 0) return true;
    if (watched[1].revents != 0) collect_errors();
    if (watched[2].revents != 0) write_some();
    if (watched[0].revents != 0) read_some();
    return true;
  }

  void write_some() {
    const ssize_t written = ::send(in_.number(), waiting_.data(), waiting_.size(), MSG_NOSIGNAL);
    if (written >= 0) {
      waiting_.erase(0, static_cast<std::size_t>(written));
    } else if (errno != EAGAIN && errno != EINTR) {
      waiting_.clear();  // the program has closed its standard input: whether it ended, its standard output tells
    }
  }

  void read_some() {
    std::array<char, 65536> bytes;
    const ssize_t got = ::read(out_.number(), bytes.data(), bytes.size());
    if (got > 0) heard_.append(bytes.data(), static_cast<std::size_t>(got));
    if (got == 0) over_ = true;
  }

  void collect_errors() {
    std::array<char, 4096> bytes;
    while (err_.is_open()) {
      const ssize_t got = ::read(err_.number(), bytes.data(), bytes.size());
      if (got == 0) err_.close();
      if (got <= 0) break;
      errors_.append(bytes.data(), static_cast<std::size_t>(got));
      if (errors_.size() > kept_errors) errors_.erase(0, errors_.size() - kept_errors);
    }
  }

  /// The program closed its standard output or is not wanted any more: it ends by itself, or is made to.
  void reap() {
    for (int tries = 0; tries < 100; ++tries) {
      int status = 0;
      const pid_t done = ::waitpid(child_, &status, WNOHANG);
      if (done == child_) {
        status_ = status;
        return;
      }
      if (tries == 50) ::kill(-child_, SIGKILL);
      ::usleep(10'000);
    }
    status_ = 0;
  }

  std::string title_;
  Duration patience_;
  pid_t child_ = -1, guard_ = -1;
  Descriptor in_, out_, err_, life_;
  std::string told_, last_;  // for messages
  std::string waiting_;      // to be written
  std::string heard_;        // read, and not yet taken as lines
  std::size_t searched_ = 0;
  std::string errors_;
  Clock::time_point due_;
  bool over_ = false;
  std::optional<int> status_;
};

Program::Program(std::vector<std::string> words, std::string title, Duration patience)
    : process_(std::make_unique<Process>(std::move(words), std::move(title), patience)) {}
Program::~Program() = default;

void Program::tell(std::string line) { process_->tell(std::move(line)); }
std::string Program::hear() { return process_->hear(); }
void Program::fail(const std::string& what) { process_->fail(what); }
void Program::dismiss(std::string line) noexcept {
  try {
    process_->dismiss(std::move(line));
  } catch (...) {  // it is being let go: what it still does wrong concerns nobody
  }
}

}  // namespace masqsim::box
