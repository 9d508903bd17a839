#include "report.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace masqsim::scenario {

namespace {

// a file of nothing but faults must not fill the memory with their sentences
constexpr std::size_t kept_at_most = 1000;

}  // namespace

void Report::error(Span where, std::string message, std::string hint) {
  if (spoilt_.contains(where.offset)) return;
  if (faults_.size() >= kept_at_most) {
    ++found_;
    return;
  }
  const Assigned* option = assigned(where);
  if (option) message = fmt::format("--set {}: {}", labels_[option->label], message);
  // The value of one option may stand at many places: what is wrong with it is said once.
  if (!known_.emplace(option ? static_cast<std::uint32_t>(source_->text().size()) + 1 : where.offset, message).second) {
    return;
  }
  ++found_;
  if (option) return faults_.push_back({where, false, std::move(message), std::move(hint)});
  const bool inside =
      where.offset >= variant_span_.offset && where.offset < variant_span_.offset + variant_span_.length;
  if (!variant_.empty() && !inside) message += " (in variant " + quoted(variant_) + ")";
  faults_.push_back({where, true, std::move(message), std::move(hint)});
}

void Report::error(std::string message) {
  ++found_;
  if (faults_.size() < kept_at_most) faults_.push_back({{}, false, std::move(message), {}});
}

bool Report::affords_hint(std::size_t comparisons) {
  if (comparisons > comparisons_left_) return false;
  comparisons_left_ -= comparisons;
  return true;
}

Span Report::set_by_option(const std::string& label, Span instead) {
  const auto known = std::find(labels_.begin(), labels_.end(), label);
  const auto number = static_cast<std::uint32_t>(known - labels_.begin());
  if (known == labels_.end()) labels_.push_back(label);
  if (const Assigned* before = assigned(instead)) instead = before->instead;
  assigned_.push_back({number, instead});
  return {static_cast<std::uint32_t>(source_->text().size() + assigned_.size()), 1};
}

const Report::Assigned* Report::assigned(Span where) const {
  const std::size_t end = source_->text().size();
  return where.offset > end ? &assigned_[where.offset - end - 1] : nullptr;
}

Position Report::position(Span where) const {
  const Assigned* option = assigned(where);
  return source_->position(option ? option->instead.offset : where.offset);
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
    diagnostics.push_back(
        {at.line, at.column, length, fault->message, fault->hint, std::string(source_->line(at.line))});
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

std::string listed(const std::vector<std::string_view>& names) {
  constexpr std::size_t many = 40;
  const std::size_t shown = names.size() > many ? 8 : names.size();
  std::string text;
  for (std::size_t n = 0; n < shown; ++n) text += (n > 0 ? ", " : "") + std::string(names[n]);
  return shown < names.size() ? fmt::format("{} and {} more", text, names.size() - shown) : text;
}

}  // namespace masqsim::scenario
