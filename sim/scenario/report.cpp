#include "report.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace masqsim::scenario {

namespace {

constexpr std::size_t kept_at_most = 1000;  // a file of nothing but faults must not fill the memory with their sentences

}  // namespace

void Report::error(Span where, std::string message, std::string hint) {
  if (spoilt_.contains(where.offset)) return;
  if (faults_.size() >= kept_at_most) {
    ++found_;
    return;
  }
  if (!known_.emplace(where.offset, message).second) return;
  ++found_;
  const bool inside =
      where.offset >= variant_span_.offset && where.offset < variant_span_.offset + variant_span_.length;
  if (!variant_.empty() && !inside) message += " (in variant " + quoted(variant_) + ")";
  faults_.push_back({where, true, std::move(message), std::move(hint)});
}

void Report::error(std::string message) {
  ++found_;
  if (faults_.size() < kept_at_most) faults_.push_back({{}, false, std::move(message), {}});
}

void Report::enter_variant(std::string name, Span where) {
  variant_ = std::move(name);
  variant_span_ = where;
}

std::vector<Diagnostic> Report::take() const {
  std::vector<const Fault*> order;
  order.reserve(faults_.size());
  for (const Fault& fault : faults_) order.push_back(&fault);
  std::stable_sort(order.begin(), order.end(), [](const Fault* a, const Fault* b) {
    if (a->placed != b->placed) return b->placed;
    return a->where.offset < b->where.offset;
  });
  order.resize(std::min(order.size(), shown_at_most));
  std::vector<Diagnostic> diagnostics;
  for (const Fault* fault : order) {
    if (!fault->placed) {
      diagnostics.push_back({0, 0, 0, fault->message, fault->hint, {}});
      continue;
    }
    const Position at = source_->position(fault->where.offset);
    const std::uint32_t length = std::max(1u, source_->characters(fault->where.offset, fault->where.length));
    diagnostics.push_back({at.line, at.column, length, fault->message, fault->hint, std::string(source_->line(at.line))});
  }
  return diagnostics;
}

std::string quoted(std::string_view text) {
  std::string out = "'";
  const std::string_view head = text.substr(0, 64);
  for (const char c : head) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += fmt::format("\\x{:02x}", byte);
    }
  }
  return out + (head.size() < text.size() ? "...'" : "'");
}

namespace {

/// Insertions, deletions, replacements and swaps of neighbours from `a` to `b` (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + change});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) now[j] = std::min(now[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(now);
  }
  return last[b.size()];
}

}  // namespace

std::string_view closest(std::string_view text, const std::vector<std::string_view>& candidates) {
  if (text.size() > 64) return {};
  std::string_view best;
  std::size_t least = std::max<std::size_t>(1, text.size() / 3) + 1;
  const std::size_t looked_at = std::min<std::size_t>(candidates.size(), 1000);
  for (std::size_t n = 0; n < looked_at; ++n) {
    const std::string_view candidate = candidates[n];
    const std::size_t apart =
        candidate.size() > text.size() ? candidate.size() - text.size() : text.size() - candidate.size();
    if (apart >= least) continue;
    const std::size_t d = distance(text, candidate);
    if (d < least && d < candidate.size()) {
      least = d;
      best = candidate;
    }
  }
  return best;
}

std::string listed(const std::vector<std::string_view>& names) {
  std::string text;
  for (std::size_t n = 0; n < names.size() && n < 8; ++n) text += (n > 0 ? ", " : "") + std::string(names[n]);
  return names.size() > 8 ? text + ", ..." : text;
}

}  // namespace masqsim::scenario
