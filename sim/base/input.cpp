#include "masqsim/base/input.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace masqsim {

namespace {

/// A file descriptor that is closed at the end; standard input is left open.
struct Descriptor {
  int number;
  ~Descriptor() {
    if (number > 0) ::close(number);
  }
};

FileText refused(std::string problem) { return {{}, std::move(problem)}; }

}  // namespace

FileText read_file(const std::string& path, std::size_t most) {
  const bool standard_input = path == "-";
  // Without O_NONBLOCK, opening a FIFO waits for a writer.
  const Descriptor file{standard_input ? 0 : ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)};
  if (file.number < 0) return {{}, "cannot open: " + std::string(std::strerror(errno)), errno == ENOENT};
  struct stat status {};
  if (::fstat(file.number, &status) != 0) return refused("cannot open: " + std::string(std::strerror(errno)));
  if (S_ISDIR(status.st_mode)) return refused("is a directory");
  if (!standard_input && !S_ISREG(status.st_mode)) return refused("is not a regular file");
  const std::string limit = std::to_string(most);
  if (S_ISREG(status.st_mode) && status.st_size > static_cast<off_t>(most)) {
    return refused("file is " + std::to_string(status.st_size) + " bytes; the limit is " + limit);
  }
  FileText got;
  for (std::size_t piece = 1u << 16; got.text.size() <= most; piece = std::min<std::size_t>(piece * 2, 1u << 22)) {
    const std::size_t old = got.text.size();
    got.text.resize(old + piece);
    ssize_t count = 0;
    do count = ::read(file.number, got.text.data() + old, piece);
    while (count < 0 && errno == EINTR);
    if (count < 0) return refused("cannot read: " + std::string(std::strerror(errno)));
    got.text.resize(old + static_cast<std::size_t>(count));
    if (count == 0) return got;
  }
  return refused("more than " + limit + " bytes; that is the limit");
}

}  // namespace masqsim
