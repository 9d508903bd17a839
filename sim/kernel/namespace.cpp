#include "namespace.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "linux_gateway.hpp"

extern char** environ;

namespace masqsim::kernel {
namespace {

Descriptor current_namespace() {
  Descriptor fd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!fd) throw Failure(fmt::format("cannot open /proc/thread-self/ns/net: {}", std::strerror(errno)));
  return fd;
}

std::string sysctl_path(std::string name) {
  std::replace(name.begin(), name.end(), '.', '/');
  return "/proc/sys/" + name;
}

std::string read_all(int fd) {
  std::string text;
  char piece[4096];
  ::lseek(fd, 0, SEEK_SET);
  for (ssize_t n; (n = ::read(fd, piece, sizeof piece)) > 0;) text.append(piece, static_cast<std::size_t>(n));
  return text;
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n <= 0) throw Failure(fmt::format("cannot write to memory: {}", std::strerror(errno)));
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace

Namespace::Namespace() {
  const Descriptor home = current_namespace();
  if (::unshare(CLONE_NEWNET) != 0) {
    throw Failure(fmt::format("cannot make a network namespace: {}", std::strerror(errno)));
  }
  fd_ = current_namespace();
  // A thread that cannot go home must not go on: whatever it did next would be done to the wrong network.
  if (::setns(home.number(), CLONE_NEWNET) != 0) std::abort();
}

Namespace::Inside::Inside(const Namespace& ns) : home_(current_namespace()) {
  if (::setns(ns.fd_.number(), CLONE_NEWNET) != 0) {
    throw Failure(fmt::format("cannot enter the network namespace: {}", std::strerror(errno)));
  }
}

Namespace::Inside::~Inside() {
  if (::setns(home_.number(), CLONE_NEWNET) != 0) std::abort();
}

bool has_sysctl(const std::string& name) { return ::access(sysctl_path(name).c_str(), W_OK) == 0; }

void write_sysctl(const std::string& name, const std::string& value) {
  const std::string path = sysctl_path(name);
  const Descriptor fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd || ::write(fd.number(), value.data(), value.size()) < 0) {
    throw Failure(fmt::format("cannot write '{}' to {}: {}", value, path, std::strerror(errno)));
  }
}

void run_program(const std::vector<std::string>& command, const std::string& input) {
  // Files in memory instead of pipes: neither side can block on the other.
  const Descriptor in(::memfd_create("input", MFD_CLOEXEC));
  const Descriptor out(::memfd_create("output", MFD_CLOEXEC));
  if (!in || !out) throw Failure(fmt::format("cannot make a file in memory: {}", std::strerror(errno)));
  write_all(in.number(), input);
  ::lseek(in.number(), 0, SEEK_SET);

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in.number(), 0);
  ::posix_spawn_file_actions_adddup2(&actions, out.number(), 1);
  ::posix_spawn_file_actions_adddup2(&actions, out.number(), 2);
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int failed = ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw Failure(fmt::format("cannot start {}: {}", command[0], std::strerror(failed)));

  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  std::string said = read_all(out.number());
  while (!said.empty() && said.back() == '\n') said.pop_back();
  throw Failure(fmt::format("{} failed: {}", fmt::join(command, " "), said));
}

}  // namespace masqsim::kernel
