// Objects by index, in blocks that never move: no pause when it grows, no address that changes.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace masqsim::nat {

template <typename T>
class Pool {
 public:
  T& operator[](std::uint32_t index) { return (*blocks_[index / block_size])[index % block_size]; }
  const T& operator[](std::uint32_t index) const { return (*blocks_[index / block_size])[index % block_size]; }

  /// A fresh object; the index of one that was released last, else a new one.
  std::uint32_t take() {
    if (free_.empty()) {
      grow_to(end_ + 1);
      return end_ - 1;
    }
    const std::uint32_t index = free_.back();
    free_.pop_back();
    (*this)[index] = T();
    return index;
  }
  void release(std::uint32_t index) { free_.push_back(index); }

  /// Makes the indices below `end` usable, for pools that run beside another and take nothing themselves.
  void grow_to(std::uint32_t end) {
    while (blocks_.size() * block_size < end) blocks_.push_back(std::make_unique<std::array<T, block_size>>());
    end_ = end;
  }

  /// One past the highest index ever taken.
  std::uint32_t end() const { return end_; }

 private:
  static constexpr std::uint32_t block_size = 64;
  std::vector<std::unique_ptr<std::array<T, block_size>>> blocks_;
  std::vector<std::uint32_t> free_;
  std::uint32_t end_ = 0;
};

}  // namespace masqsim::nat
