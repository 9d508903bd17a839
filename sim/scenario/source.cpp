#include "source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace masqsim::scenario {

Source::Source(std::string text) : text_(std::move(text)) {
  starts_.push_back(0);
  for (std::size_t n = 0; n < text_.size(); ++n) {
    if (text_[n] == '\n') starts_.push_back(static_cast<std::uint32_t>(n + 1));
  }
}

Position Source::position(std::size_t offset) const {
  const std::size_t at = std::min(offset, text_.size());
  const auto next = std::upper_bound(starts_.begin(), starts_.end(), at);
  const std::size_t line = static_cast<std::size_t>(next - starts_.begin());
  const std::size_t begin = starts_[line - 1];
  return {static_cast<std::uint32_t>(line), 1 + characters(begin, at - begin)};
}

std::string_view Source::line(std::uint32_t number) const {
  if (number == 0 || number > starts_.size()) return {};
  const std::size_t begin = starts_[number - 1];
  const std::size_t end = number < starts_.size() ? starts_[number] - 1 : text_.size();
  std::string_view line = std::string_view(text_).substr(begin, end - begin);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::uint32_t Source::characters(std::size_t offset, std::size_t length) const {
  std::uint32_t count = 0;
  const std::size_t end = std::min(text_.size(), offset + length);
  for (std::size_t n = offset; n < end && text_[n] != '\n'; ++n) {
    const auto byte = static_cast<unsigned char>(text_[n]);
    if ((byte & 0xc0) != 0x80) ++count;
  }
  return count;
}

namespace {

/// A file descriptor that is closed at the end; standard input is left open.
struct Descriptor {
  int number;
  ~Descriptor() {
    if (number > 0) ::close(number);
  }
};

}  // namespace

FileText read_file(const std::string& path) {
  const bool standard_input = path == "-";
  // Without O_NONBLOCK, opening a FIFO waits for a writer.
  const Descriptor file{standard_input ? 0 : ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  if (file.number < 0) return {{}, "cannot open: " + std::string(std::strerror(errno))};
  struct stat status {};
  if (::fstat(file.number, &status) != 0) return {{}, "cannot open: " + std::string(std::strerror(errno))};
  if (S_ISDIR(status.st_mode)) return {{}, "is a directory"};
  if (!standard_input && !S_ISREG(status.st_mode)) return {{}, "is not a regular file"};
  const auto too_large = [](std::size_t size) {
    return "file is " + std::to_string(size) + " bytes; the limit is " + std::to_string(largest_file);
  };
  if (S_ISREG(status.st_mode) && status.st_size > static_cast<off_t>(largest_file)) {
    return {{}, too_large(static_cast<std::size_t>(status.st_size))};
  }
  FileText got;
  std::array<char, 65536> chunk{};
  while (got.text.size() <= largest_file) {
    const ssize_t count = ::read(file.number, chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return {{}, "cannot read: " + std::string(std::strerror(errno))};
    if (count == 0) return got;
    got.text.append(chunk.data(), static_cast<std::size_t>(count));
  }
  return {{}, "more than " + std::to_string(largest_file) + " bytes; that is the limit"};
}

Character character_at(std::string_view text, std::size_t offset) {
  const auto byte = [&](std::size_t n) -> std::uint32_t {
    return offset + n < text.size() ? static_cast<unsigned char>(text[offset + n]) : 0u;
  };
  const auto tail = [&](std::size_t n) { return (byte(n) & 0xc0) == 0x80; };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {1, first};
  if (first >= 0xc2 && first <= 0xdf && tail(1)) return {2, (first & 0x1f) << 6 | (byte(1) & 0x3f)};
  if (first >= 0xe0 && first <= 0xef && tail(1) && tail(2)) {
    const std::uint32_t code = (first & 0x0f) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < 0x800 || surrogate ? Character{} : Character{3, code};
  }
  if (first >= 0xf0 && first <= 0xf4 && tail(1) && tail(2) && tail(3)) {
    const std::uint32_t code = (first & 0x07) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 | (byte(3) & 0x3f);
    return code < 0x10000 || code > 0x10ffff ? Character{} : Character{4, code};
  }
  return {};
}

bool is_unprintable(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || (code >= 0x200b && code <= 0x200f) ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
         (code & 0xfffe) == 0xfffe;
}

}  // namespace masqsim::scenario
