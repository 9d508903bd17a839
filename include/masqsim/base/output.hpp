// Everything masqsim writes leaves through here: checked to the last byte, and never seen half done.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace masqsim {

/// The machine failed us: a disk is full, a file cannot be written. The command line's exit code 3.
/// `what()` is "PATH: cannot write: No space left on device".
class MachineError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The path names no place where a file can be: it is empty, a folder, or in a folder that is not there. Exit code 2.
class BadPlace : public MachineError {
 public:
  using MachineError::MachineError;
};

/// Bytes on their way out, through one buffer; `drain` takes it when it is full.
class Output {
 public:
  static constexpr std::size_t default_buffer = 256 * 1024;

  virtual ~Output() = default;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void write(std::string_view text) {
    if (text.size() > buffer_.size() - used_) return write_large(text);
    std::memcpy(buffer_.data() + used_, text.data(), text.size());
    used_ += text.size();
  }
  void write(std::span<const std::uint8_t> bytes) {
    write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }
  /// The next `size` bytes of the output, for the caller to fill before anything else is written.
  /// A size above the buffer's makes the buffer that large.
  std::uint8_t* claim(std::size_t size) {
    if (size > buffer_.size() - used_) make_room(size);
    std::uint8_t* place = buffer_.data() + used_;
    used_ += size;
    return place;
  }
  /// Hands on what is in the buffer. Errors as `drain`.
  void flush();
  /// Bytes written so far, those in the buffer included.
  std::uint64_t size() const { return drained_ + used_; }

 protected:
  explicit Output(std::size_t buffer = default_buffer) : buffer_(buffer) {}
  /// Takes bytes in their order; throws MachineError where they cannot be written.
  virtual void drain(std::string_view bytes) = 0;

 private:
  void write_large(std::string_view text);
  void make_room(std::size_t size);

  std::vector<std::uint8_t> buffer_;
  std::size_t used_ = 0;
  std::uint64_t drained_ = 0;
};

/// Output into memory.
class OutputText final : public Output {
 public:
  OutputText() : Output(4096) {}
  /// All that was written so far; stays valid until the next write.
  const std::string& text() { return flush(), text_; }

 private:
  void drain(std::string_view bytes) override { text_ += bytes; }
  std::string text_;
};

/// A file that appears under its name whole or not at all: written beside its place without a name (or, where the file
/// system cannot do that, under a hidden one), checked, and renamed by `commit`. Dropped without commit, also by an
/// exception, it leaves nothing; what stood there before stays. A file that existed keeps its permissions; a symbolic
/// link is followed. Devices and FIFOs are written in place.
///
/// The path "-" is standard output. A reader that goes away (`| head`) is no error: what follows is thrown away.
/// For that the program must call `ignore_broken_pipes` once.
class OutputFile final : public Output {
 public:
  struct Options {
    std::size_t buffer = default_buffer;
    /// False for one of very many files: no descriptor is held between two drains, and `commit` does not wait for the
    /// disk.
    bool hold_open = true;
  };

  /// Throws BadPlace where the path names no place for a file, MachineError where the place cannot be written.
  explicit OutputFile(std::string path);
  OutputFile(std::string path, const Options& options);
  ~OutputFile() override;

  /// Flushes, waits until the disk has it, checks and renames; throws MachineError, and then nothing is left. Once
  /// only, and nothing after it.
  void commit();

  const std::string& path() const { return path_; }
  /// True when the reader of a pipe has gone: whoever writes may stop.
  bool reader_gone() const { return reader_gone_; }

 private:
  void drain(std::string_view bytes) override;
  void open_beside();
  void open_hidden();
  void publish();
  void sync(int descriptor);
  void discard() noexcept;
  [[noreturn]] void fail(const char* what, int error);

  class Temporary;
  friend void remove_temporary_files() noexcept;

  std::string path_;                      // as the user said it, for messages
  std::string target_;                    // the place itself, links followed; empty where it is written in place
  std::unique_ptr<Temporary> temporary_;  // the hidden name, while there is one
  unsigned mode_ = 0;                     // permissions of the file that is replaced; 0: there was none
  int descriptor_ = -1;
  bool hold_open_ = true;
  bool reader_gone_ = false;
  bool finished_ = false;
};

/// Whether writing to `a` and to `b` would write one regular file, links followed, also where it is not there yet.
bool same_file(const std::string& a, const std::string& b);

/// Removes the hidden names of all files that are neither committed nor dropped. Only for a signal handler that ends
/// the program afterwards: async-signal-safe.
void remove_temporary_files() noexcept;

/// A reader that closes its end of a pipe ends the writing, not the program. For `main`, before anything is written.
void ignore_broken_pipes();

}  // namespace masqsim
