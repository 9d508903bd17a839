#include "masqsim/base/output.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cassert>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace masqsim {

namespace {

constexpr unsigned permission_bits = 07777;

/// The file that `path` stands for, with links followed as far as they lead; `path` itself where nothing is there yet.
std::string resolved(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
  if (real) return real.get();
  // A link that dangles: the file it names is the one to make.
  std::string link(PATH_MAX, '\0');
  const ssize_t length = ::readlink(path.c_str(), link.data(), link.size());
  if (length <= 0) return path;
  link.resize(static_cast<std::size_t>(length));
  const std::size_t slash = path.rfind('/');
  return link[0] == '/' || slash == std::string::npos ? link : path.substr(0, slash + 1) + link;
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// Whether the path itself is to blame, not the machine.
bool names_no_place(int error) {
  return error == ENOENT || error == ENOTDIR || error == EISDIR || error == ENAMETOOLONG || error == ELOOP;
}

/// A name in the target's directory that no other file of this or another process has.
std::string hidden_name(const std::string& target) {
  static std::atomic<unsigned> count{0};
  return directory_of(target) + "/.masqsim-" + std::to_string(::getpid()) + '-' + std::to_string(count++) + ".tmp";
}

}  // namespace

/// A name that must not outlive the program, in a list that a signal handler may walk at any moment: each change that a
/// walk could see is one store.
class OutputFile::Temporary {
 public:
  explicit Temporary(std::string name) : name_(std::move(name)), next_(first.load()) {
    if (Temporary* next = next_) next->previous_ = this;
    first = this;
  }
  ~Temporary() {
    Temporary* const next = next_;
    (previous_ != nullptr ? previous_->next_ : first) = next;
    if (next) next->previous_ = previous_;
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  const char* name() const { return name_.c_str(); }

  static void remove_all() noexcept {
    for (const Temporary* t = first; t != nullptr; t = t->next_) ::unlink(t->name());
  }

 private:
  static inline std::atomic<Temporary*> first{nullptr};
  std::string name_;
  std::atomic<Temporary*> next_;
  Temporary* previous_ = nullptr;
};

void remove_temporary_files() noexcept { OutputFile::Temporary::remove_all(); }

void Output::flush() {
  if (used_ == 0) return;
  const std::size_t size = used_;
  used_ = 0;
  drained_ += size;
  drain({reinterpret_cast<const char*>(buffer_.data()), size});
}

void Output::write_large(std::string_view text) {
  flush();
  if (text.size() <= buffer_.size()) return write(text);
  drained_ += text.size();
  drain(text);
}

void Output::make_room(std::size_t size) {
  flush();
  if (size > buffer_.size()) buffer_.resize(size);
}

OutputFile::OutputFile(std::string path) : OutputFile(std::move(path), Options{}) {}

OutputFile::OutputFile(std::string path, const Options& options)
    : Output(options.buffer), path_(std::move(path)), hold_open_(options.hold_open) {
  if (path_ == "-") {
    descriptor_ = STDOUT_FILENO;
    return;
  }
  if (path_.empty()) fail("cannot write", ENOENT);
  const std::string target = resolved(path_);
  struct stat status {};
  if (::stat(target.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) fail("cannot write", EISDIR);
    if (!S_ISREG(status.st_mode)) {
      descriptor_ = ::open(target.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
      if (descriptor_ < 0) fail("cannot write", errno);
      hold_open_ = true;
      return;
    }
    if (::access(target.c_str(), W_OK) != 0) fail("cannot write", errno);
    mode_ = status.st_mode & permission_bits;
  } else if (errno != ENOENT) {
    fail("cannot write", errno);
  }
  target_ = target;
  open_beside();
}

OutputFile::~OutputFile() {
  if (!finished_) discard();
}

void OutputFile::open_beside() {
  if (hold_open_) {
    descriptor_ = ::open(directory_of(target_).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
    // Kernels and file systems that know no nameless files say one of these.
    if (descriptor_ >= 0) return;
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT) fail("cannot write", errno);
  }
  open_hidden();
}

void OutputFile::open_hidden() {
  auto temporary = std::make_unique<Temporary>(hidden_name(target_));
  descriptor_ = ::open(temporary->name(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail("cannot write", errno);
  temporary_ = std::move(temporary);
  if (hold_open_) return;
  ::close(descriptor_);
  descriptor_ = -1;
}

void OutputFile::drain(std::string_view bytes) {
  assert(!finished_);
  if (reader_gone_) return;
  const bool reopen = descriptor_ < 0;
  if (reopen) {
    descriptor_ = ::open(temporary_->name(), O_WRONLY | O_APPEND | O_CLOEXEC);
    if (descriptor_ < 0) fail("cannot write", errno);
  }
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      reader_gone_ = true;
      return;
    } else if (errno != EINTR) {
      fail("cannot write", errno);
    }
  }
  if (!reopen) return;
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) fail("cannot write", errno);
}

void OutputFile::commit() {
  assert(!finished_);
  flush();
  if (path_ != "-") publish();
  finished_ = true;
}

void OutputFile::publish() {
  if (!target_.empty() && !temporary_) {
    // A nameless file gets a name here; a name beside its place first, because linking never replaces.
    auto temporary = std::make_unique<Temporary>(hidden_name(target_));
    const std::string self = "/proc/self/fd/" + std::to_string(descriptor_);
    if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, temporary->name(), AT_SYMLINK_FOLLOW) != 0) {
      fail("cannot write", errno);
    }
    temporary_ = std::move(temporary);
  }
  if (mode_ != 0 && ::chmod(temporary_->name(), mode_) != 0) fail("cannot write", errno);
  if (descriptor_ >= 0) {
    if (!target_.empty()) sync(descriptor_);
    const int closed = ::close(descriptor_);
    descriptor_ = -1;
    if (closed != 0) fail("cannot write", errno);
  }
  if (target_.empty()) return;
  if (::rename(temporary_->name(), target_.c_str()) != 0) fail("cannot rename into place", errno);
  temporary_.reset();
  if (!hold_open_) return;
  descriptor_ = ::open(directory_of(target_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor_ < 0) return;  // a folder that may be written but not read
  sync(descriptor_);
  ::close(descriptor_);
  descriptor_ = -1;
}

/// File systems that have nothing to wait for say EINVAL.
void OutputFile::sync(int descriptor) {
  if (::fsync(descriptor) != 0 && errno != EINVAL && errno != EROFS) fail("cannot write", errno);
}

void OutputFile::discard() noexcept {
  if (descriptor_ >= 0 && path_ != "-") ::close(descriptor_);
  descriptor_ = -1;
  if (temporary_) ::unlink(temporary_->name());
  temporary_.reset();
}

void OutputFile::fail(const char* what, int error) {
  discard();
  finished_ = true;
  const std::string name = path_ == "-" ? "standard output" : path_.empty() ? "''" : path_;
  const std::string message = name + ": " + what + ": " + std::strerror(error);
  if (names_no_place(error)) throw BadPlace(message);
  throw MachineError(message);
}

bool same_file(const std::string& a, const std::string& b) {
  const std::string first = resolved(a), second = resolved(b);
  struct stat one {
  }, other{};
  const bool first_is = ::stat(first.c_str(), &one) == 0, second_is = ::stat(second.c_str(), &other) == 0;
  const auto same = [&] { return one.st_dev == other.st_dev && one.st_ino == other.st_ino; };
  if (first_is || second_is) return first_is && second_is && S_ISREG(one.st_mode) && same();
  if (first.substr(first.rfind('/') + 1) != second.substr(second.rfind('/') + 1)) return false;
  return ::stat(directory_of(first).c_str(), &one) == 0 && ::stat(directory_of(second).c_str(), &other) == 0 && same();
}

void ignore_broken_pipes() { std::signal(SIGPIPE, SIG_IGN); }

}  // namespace masqsim
