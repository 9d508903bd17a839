// Rows of words under headings, each column as wide as its widest word.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "paint.hpp"

namespace masqsim::viz {

class Table {
 public:
  /// `right`: the columns that are set flush right.
  explicit Table(std::vector<std::string> heads, std::vector<std::size_t> right = {}) : right_(std::move(right)) {
    add(std::move(heads));
  }

  void add(std::vector<std::string> row) {
    widths_.resize(std::max(widths_.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths_[i] = std::max(widths_[i], row[i].size());
    rows_.push_back(std::move(row));
  }

  std::string text(std::string_view indent) const {
    std::string out;
    for (const std::vector<std::string>& row : rows_) {
      std::string line(indent);
      for (std::size_t i = 0; i < row.size(); ++i) {
        if (i > 0) line += ' ';
        const bool right = std::ranges::find(right_, i) != right_.end();
        line += right ? std::string(widths_[i] - row[i].size(), ' ') + row[i] : padded(row[i], widths_[i]);
      }
      line.resize(line.find_last_not_of(' ') + 1);
      out += line + '\n';
    }
    return out;
  }

 private:
  std::vector<std::size_t> right_;
  std::vector<std::size_t> widths_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace masqsim::viz
