// Runs a fuzz target without a fuzzer: over each file of the corpus, and over a fixed number of mutants of each.
// usage: masqsim_NAME_fuzz CORPUS...      (files or folders)
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "masqsim/base/random.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr int mutants_a_file = 200;

Bytes read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Up to four of: a byte changed, a bit turned, a piece cut out, a piece doubled, the end cut off.
Bytes mutant(Bytes bytes, masqsim::Random& random) {
  for (std::uint64_t left = random.below(4) + 1; left > 0 && !bytes.empty(); --left) {
    const std::uint64_t way = random.below(5);
    const std::uint64_t at = random.below(bytes.size());
    const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    const auto length = static_cast<std::ptrdiff_t>(random.below(std::min<std::uint64_t>(bytes.size() - at, 64)) + 1);
    if (way == 0) *place = static_cast<std::uint8_t>(random.next());
    if (way == 1) *place = static_cast<std::uint8_t>(*place ^ 1u << random.below(8));
    if (way == 2) bytes.erase(place, place + length);
    if (way == 3) {
      const Bytes piece(place, place + length);
      bytes.insert(place, piece.begin(), piece.end());
    }
    if (way == 4) bytes.resize(at);
  }
  return bytes;
}

}  // namespace

int main(int count, char** arguments) {
  std::vector<std::filesystem::path> files;
  for (int n = 1; n < count; ++n) {
    if (std::filesystem::is_directory(arguments[n])) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(arguments[n])) {
        if (entry.is_regular_file()) files.push_back(entry.path());
      }
    } else {
      files.emplace_back(arguments[n]);
    }
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) {
    std::fprintf(stderr, "no corpus\n");
    return 1;
  }
  std::size_t runs = 1;
  LLVMFuzzerTestOneInput(nullptr, 0);
  for (const std::filesystem::path& path : files) {
    const Bytes bytes = read(path);
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    masqsim::Random random(1, path.filename().string());
    for (int n = 0; n < mutants_a_file; ++n) {
      const Bytes changed = mutant(bytes, random);
      LLVMFuzzerTestOneInput(changed.data(), changed.size());
    }
    runs += mutants_a_file + 1;
  }
  std::printf("%zu inputs from %zu files\n", runs, files.size());
}
