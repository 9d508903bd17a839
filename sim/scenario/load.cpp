#include "masqsim/scenario/load.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "draft.hpp"
#include "edits.hpp"
#include "masqsim/base/input.hpp"
#include "sections.hpp"
#include "variables.hpp"

namespace masqsim::scenario {

namespace {

constexpr std::size_t most_variants = 64;
constexpr std::size_t most_merged = 150'000;  // values of all variants together, each with what it takes of the base

/// "03-inbound-fails" is called "inbound-fails".
std::string name_of_stem(std::string_view stem) {
  const std::size_t digits = std::min(stem.find_first_not_of("0123456789"), stem.size());
  const bool numbered = digits > 0 && digits + 1 < stem.size() && stem[digits] == '-';
  return std::string(numbered ? stem.substr(digits + 1) : stem);
}

void read_head(Draft& draft, const Fields& root, std::string_view stem) {
  Scenario& scenario = draft.scenario;
  std::uint64_t version = 0;
  root.need("masqsim");
  if (root.has("masqsim") && root.whole("masqsim", 1, UINT64_MAX, version) && version != 1) {
    draft.report.error(root.get("masqsim")->span,
                       fmt::format("this is version {} of the format; this program reads version 1", version));
  }
  scenario.name = name_of_stem(stem);
  if (root.text("name", scenario.name)) {
    check_name(draft.report, "scenario", scenario.name, root.get("name")->span, false);
  }
  root.text("title", scenario.title);
  file_keys().read(root, scenario);
}

/// Reads one whole file, variants merged in and variables put in place.
Scenario read_scenario(Report& report, std::size_t& budget, const Value& tree, std::string_view stem) {
  Draft draft{.report = report, .merge_budget = budget};
  const Fields root(report, tree, "", tree.span, file_section());
  if (!root.ok()) return {};
  read_head(draft, root, stem);
  read_networks(draft, root);
  read_nodes(draft, root);
  read_actions(draft, root);
  read_expectations(draft, root);
  read_lab(draft, root);
  return std::move(draft.scenario);
}

std::uint32_t last_offset(const Value& value) {
  std::uint32_t last = value.span.offset + value.span.length;
  for (const Key& key : value.keys) last = std::max(last, key.span.offset + key.span.length);
  for (const Value& item : value.items) last = std::max(last, last_offset(item));
  return last;
}

class Loader {
 public:
  /// `manuscript` gets the tree of what was asked for as the user wrote it.
  Loader(const Source& source, const LoadOptions& options, std::string_view stem, Value* manuscript = nullptr)
      : report_(source), options_(options), stem_(stem), manuscript_(manuscript) {}

  Loaded load(const Source& source) {
    std::optional<Value> root = read_yaml(source, report_);
    Loaded loaded;
    if (root) loaded.scenario = read_all(*root);
    loaded.diagnostics = report_.take();
    loaded.found = report_.found();
    for (const Kept& one : kept_) {
      const Position at = source.position(one.where.offset);
      loaded.kept.push_back({at.line, at.column, one.where.length, one.message, {}, std::string(source.line(at.line))});
    }
    if (!report_.clean()) loaded.scenario.reset();
    return loaded;
  }

 private:
  std::optional<Scenario> read_all(const Value& root) {
    std::vector<VariantInfo> variants;
    if (root.is_map()) variants = list_variants(root);
    std::optional<Scenario> wanted;
    Scenario base = read_one(root, nullptr, options_.variant.empty());
    if (options_.variant.empty()) wanted = std::move(base);
    const Value* sections = root.is_map() ? root.find("variants") : nullptr;
    for (std::size_t n = 0; n < variants.size(); ++n) {
      const std::size_t place = places_[n];
      const Key& key = sections->keys[place];
      if (options_.alone && key.text != options_.variant) continue;
      report_.enter_variant(key.text, {key.span.offset, last_offset(sections->items[place]) - key.span.offset});
      Scenario scenario = read_one(root, &sections->items[place], key.text == options_.variant);
      scenario.variant = key.text;
      if (key.text == options_.variant) wanted = std::move(scenario);
      if (exhausted_) break;
    }
    if (!wanted && !exhausted_) refuse_variant(variants);
    if (!wanted) return std::nullopt;
    wanted->variants = std::move(variants);
    if (options_.seed) wanted->seed = *options_.seed;
    return wanted;
  }

  void refuse_variant(const std::vector<VariantInfo>& variants) {
    std::vector<std::string_view> names;
    for (const VariantInfo& variant : variants) names.push_back(variant.name);
    report_.error(
        fmt::format("no variant {}{}", quoted(options_.variant),
                    names.empty() ? "; the file has none" : suggestion(report_, options_.variant, "variants", names)));
  }

  std::vector<VariantInfo> list_variants(const Value& root) {
    std::vector<VariantInfo> variants;
    const Value* sections = root.find("variants");
    if (!sections || sections->kind == Value::Kind::null) return variants;
    if (!sections->is_map()) {
      report_.error(sections->span, fmt::format("'variants' must be a map of names, got {}", kind_word(*sections)));
      return variants;
    }
    if (sections->keys.size() > most_variants) {
      report_.error(sections->span, fmt::format("{} variants; the limit is {}", sections->keys.size(), most_variants));
      return variants;
    }
    for (std::size_t n = 0; n < sections->keys.size(); ++n) {
      const Key& key = sections->keys[n];
      if (!check_name(report_, "variant", key.text, key.span, key.plain)) continue;
      const Fields fields(report_, sections->items[n], "variants." + key.text, key.span, variant_section());
      for (const Key& inner : sections->items[n].keys) {
        if (!variant_section().find(inner.text))
          report_.spoil(inner.span);  // it has been said; the merged file has it again
      }
      if (!fields.ok()) continue;
      std::string title;
      const Value* own = sections->items[n].find("title");
      if (own && own->kind != Value::Kind::null) fields.text("title", title);
      variants.push_back({report_.position(key.span), key.text, title});
      places_.push_back(n);
    }
    return variants;
  }

  /// The base, or the base with a variant merged over it; `wanted` is the one that was asked for.
  Scenario read_one(const Value& root, const Value* variant, bool wanted) {
    Value tree = without_variants(root);
    const std::size_t size = tree.count();
    if (size > budget_) {
      report_.error("the variants are too large to be checked one by one");
      exhausted_ = true;
      return {};
    }
    budget_ -= size;
    if (variant) std::ranges::move(kept_of_rules(tree, *variant), std::back_inserter(kept_));
    if (variant && !merge(report_, budget_, tree, *variant)) {
      exhausted_ = true;
      return {};
    }
    if (!tree.is_map()) return read_scenario(report_, budget_, tree, stem_);
    if (wanted) {
      for (const Edit& edit : options_.edits) apply(report_, tree, edit);
      if (manuscript_ != nullptr) *manuscript_ = tree;
    }
    const std::vector<Variable> variables = read_variables(report_, tree, options_.sets);
    if (!variant || !sets_refused_) {
      const std::size_t before = report_.found();
      apply_sets(report_, tree, variables, options_.sets);
      sets_refused_ = report_.found() > before;
    }
    substitute(report_, tree, variables, options_.sets);
    Scenario scenario = read_scenario(report_, budget_, tree, stem_);
    scenario.vars = variables;
    if (wanted) scenario.places = places_of(report_, tree);
    return scenario;
  }

  /// A copy of the file without its variants, which are large and merged one at a time.
  static Value without_variants(const Value& root) {
    Value tree;
    tree.kind = root.kind;
    tree.plain = root.plain;
    tree.span = root.span;
    tree.text = root.text;
    for (std::size_t n = 0; n < root.items.size(); ++n) {
      if (root.is_map() && root.keys[n].text == "variants") continue;
      if (root.is_map()) tree.keys.push_back(root.keys[n]);
      tree.items.push_back(root.items[n]);
    }
    return tree;
  }

  Report report_;
  const LoadOptions& options_;
  std::string_view stem_;
  Value* manuscript_;
  std::vector<std::size_t> places_;  // of the good variants among all
  std::vector<Kept> kept_;
  std::size_t budget_ = most_merged;
  bool exhausted_ = false;
  bool sets_refused_ = false;
};

std::string stem_of(const std::string& path) {
  if (path == "-") return "scenario";
  const std::size_t slash = path.rfind('/');
  const std::string file = path.substr(slash == std::string::npos ? 0 : slash + 1);
  const std::size_t dot = file.rfind('.');
  return dot == std::string::npos || dot == 0 ? file : file.substr(0, dot);
}

}  // namespace

namespace {

std::string_view without_mark(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  return text;
}

}  // namespace

Loaded load_text(std::string_view text, const LoadOptions& options, std::string_view stem) {
  if (text.size() > largest_file) {
    return {std::nullopt,
            {{0, 0, 0, fmt::format("file is {} bytes; the limit is {}", text.size(), largest_file), {}, {}}},
            1};
  }
  const Source source{std::string(without_mark(text))};
  Loaded loaded = Loader(source, options, stem).load(source);
  loaded.written = {std::string(text), std::string(stem), options};
  return loaded;
}

Loaded load(const std::string& path, const LoadOptions& options) {
  const FileText file = read_file(path, largest_file);
  if (!file.problem.empty()) return {std::nullopt, {{0, 0, 0, file.problem, {}, {}}}, 1};
  return load_text(file.text, options, stem_of(path));
}

std::optional<Manuscript> manuscript_of(const Written& written) {
  const Source source{std::string(without_mark(written.text))};
  Manuscript made;
  Loaded loaded = Loader(source, written.options, written.stem, &made.tree).load(source);
  if (!loaded.scenario) return std::nullopt;
  return made;
}

std::pair<std::string, std::string> split_variant(const std::string& argument) {
  struct stat status {};
  const std::size_t at = argument.rfind('@');
  if (at == std::string::npos || ::stat(argument.c_str(), &status) == 0) return {argument, {}};
  return {argument.substr(0, at), argument.substr(at + 1)};
}

}  // namespace masqsim::scenario
