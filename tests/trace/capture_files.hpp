// Captures in a directory of their own, and what tshark says of them.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace masqsim::trace::sample {

class CaptureFiles : public testing::Test {
 protected:
  CaptureFiles() {
    std::string name = testing::TempDir() + "masqsim-capture-XXXXXX";
    directory_ = ::mkdtemp(name.data());
  }
  ~CaptureFiles() override { std::filesystem::remove_all(directory_); }

  std::string at(const std::string& name) const { return (directory_ / name).string(); }
  std::string contents(const std::string& name) const {
    std::ifstream in(directory_ / name, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }

  static bool have_tshark() { return std::system("command -v tshark >/dev/null 2>&1") == 0; }

  /// What tshark prints for `fields`, with every checksum checked; warnings follow behind "stderr:".
  std::string tshark(const std::string& file, const std::string& fields) const {
    const std::string command =
        "tshark -r " + at(file) +
        " -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE -T fields -E separator=' ' "
        "-E quote=n " +
        fields + " 2>" + at("stderr");
    std::string text;
    std::FILE* const pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return "cannot start tshark";
    char piece[4096];
    for (std::size_t n; (n = std::fread(piece, 1, sizeof piece, pipe)) > 0;) text.append(piece, n);
    const int status = ::pclose(pipe);
    if (status != 0) text += "exit status " + std::to_string(status) + '\n';
    std::istringstream warnings(contents("stderr"));
    for (std::string line; std::getline(warnings, line);) {
      if (line.find("could be dangerous") == std::string::npos) text += "stderr: " + line + '\n';  // run by root
    }
    return text;
  }

  std::filesystem::path directory_;
};

}  // namespace masqsim::trace::sample
