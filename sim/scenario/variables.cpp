#include "variables.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace masqsim::scenario {

namespace {

constexpr std::size_t longest_value = 1000;
constexpr std::size_t longest_scalar = 65'536;
constexpr std::size_t most_expanded = 4'194'304;  // bytes of all scalars with variables in them

using Sets = std::vector<std::pair<std::string, std::string>>;

std::optional<std::size_t> variable(const std::vector<Variable>& variables, std::string_view name) {
  const auto less = [](const Variable& v, std::string_view n) { return v.name < n; };
  const auto found = std::lower_bound(variables.begin(), variables.end(), name, less);
  if (found == variables.end() || found->name != name) return std::nullopt;
  return static_cast<std::size_t>(found - variables.begin());
}

std::vector<std::string_view> names_of(const std::vector<Variable>& variables) {
  std::vector<std::string_view> names;
  for (const Variable& v : variables) names.push_back(v.name);
  return names;
}

std::string hint_for(Report& report, std::string_view name, const std::vector<Variable>& variables) {
  if (variables.empty()) return "; the file has none, and the path of a value has dots (nodes.gw.nat.timeouts.udp)";
  return suggestion(report, name, "variables", names_of(variables));
}

/// How faults name the option: "udp=5s", what nobody could read escaped and cut.
std::string label_of(const std::pair<std::string, std::string>& set) {
  const auto plain = [](const std::string& text) { return quoted(text).substr(1, quoted(text).size() - 2); };
  return plain(set.first) + "=" + plain(set.second);
}

/// What is wrong with a value that no file could hold either; empty: nothing. `of_variable`: it is a variable's.
std::string set_problem(std::string_view text, bool of_variable) {
  for (std::size_t n = 0; n < text.size();) {
    const Character c = character_at(text, n);
    if (c.length == 0) return "the value is not valid UTF-8";
    if (is_unprintable(c.code)) return fmt::format("the value holds the control character U+{:04X}", c.code);
    n += c.length;
  }
  if (!of_variable) return {};
  if (text.size() > longest_value) return fmt::format("the value of a variable is at most {} bytes", longest_value);
  return text.find("${") == std::string::npos ? "" : "the value of a variable holds no variables";
}

/// What is wrong with the path of a value that a run would not look at; empty: nothing.
std::string path_problem(std::string_view path) {
  const std::string_view first = path.substr(0, path.find('.'));
  const std::string_view rest = path.substr(std::min(path.find('.') + 1, path.size()));
  if (first == "vars") return fmt::format("a variable is set by its own name: --set {}=...", rest);
  if (first == "variants") {
    const std::string_view value = rest.substr(std::min(rest.find('.') + 1, rest.size()));
    return fmt::format("a variant is chosen as FILE@{}, and its values are set by their path in the file: --set {}=...",
                       rest.substr(0, rest.find('.')), value);
  }
  // Names may begin with "x-", keys that begin so are free and mean nothing.
  std::string_view before;
  for (std::string_view left = path; !left.empty();) {
    const std::string_view part = left.substr(0, left.find('.'));
    const bool is_name = before == "networks" || before == "nodes" || before == "interfaces" || before == "seen";
    if (part.starts_with("x-") && !is_name) return fmt::format("'{}' is a note that no run looks at", part);
    before = part;
    left.remove_prefix(std::min(part.size() + 1, left.size()));
  }
  return {};
}

/// The value at `key` of a map, or of a list the element with that id or number; made, and said to stand at `made_at`,
/// where a map has none.
Value* step_into(Value& value, const std::string& key, bool& made, Span made_at) {
  if (value.is_map()) {
    if (Value* found = value.find(key)) return found;
    made = true;
    value.keys.push_back({made_at, key, false});
    value.items.emplace_back();
    value.items.back().span = made_at;
    return &value.items.back();
  }
  if (!value.is_list()) return nullptr;
  for (Value& item : value.items) {
    const Value* id = item.is_map() ? item.find("id") : nullptr;
    if (id && id->text == key) return &item;
  }
  const auto number = parse::whole(key, 0, 100'000);
  const auto* n = std::get_if<std::uint64_t>(&number);
  return n && *n < value.items.size() ? &value.items[*n] : nullptr;
}

/// The longest head of `path` that ends before a '.' and names a part of `value` (names may hold dots), else the first.
std::size_t head_of(const Value& value, const std::string& path) {
  for (std::size_t dot = path.rfind('.'); dot != std::string::npos && dot > 0; dot = path.rfind('.', dot - 1)) {
    if (value.is_map() && value.find(path.substr(0, dot))) return dot;
  }
  return path.find('.');
}

/// The scalar at `path`, made where there is none; nullptr where the path leads into something that has no parts.
Value* scalar_at(Value& root, std::string path, Span made_at) {
  Value* at = &root;
  bool made = false;
  while (true) {
    const bool whole = !at->is_map() || at->find(path) || path.find('.') == std::string::npos;
    const std::size_t dot =
        whole && (at->is_map() || path.find('.') == std::string::npos) ? std::string::npos : head_of(*at, path);
    if (made && at->kind == Value::Kind::null) at->kind = Value::Kind::map;
    at = step_into(*at, path.substr(0, dot), made, made_at);
    if (!at) return nullptr;
    if (dot == std::string::npos) return at->is_map() || at->is_list() ? nullptr : at;
    path.erase(0, dot + 1);
    if (made && at->kind == Value::Kind::null) at->kind = Value::Kind::map;
  }
}

class Substitution {
 public:
  Substitution(Report& report, const std::vector<Variable>& variables, const Sets& sets)
      : report_(report), variables_(variables), sets_(sets) {}

  void visit(Value& value) {
    if (value.is_scalar()) fill(value);
    for (Value& item : value.items) visit(item);
  }

 private:
  void fill(Value& value) {
    if (!expand(value)) report_.spoil(value.span);
  }

  bool expand(Value& value) {
    std::size_t open = value.text.find("${");
    if (open == std::string::npos) return true;
    std::string out;
    std::size_t done = 0;
    const std::pair<std::string, std::string>* option = nullptr;
    for (; open != std::string::npos; open = value.text.find("${", done)) {
      const std::size_t close = value.text.find('}', open);
      if (close == std::string::npos) {
        report_.error(value.span, "${ without its }");
        return false;
      }
      const std::string name = value.text.substr(open + 2, close - open - 2);
      const auto found = variable(variables_, name);
      if (!found) {
        report_.error(value.span, fmt::format("unknown variable {}{}", quoted(name),
                                              suggestion(report_, name, "variables", names_of(variables_))));
        return false;
      }
      for (const auto& set : sets_) {
        if (set.first == name) option = &set;
      }
      out.append(value.text, done, open - done);
      out += variables_[*found].value;
      done = close + 1;
      expanded_ += variables_[*found].value.size();
      if (out.size() <= longest_scalar && expanded_ <= most_expanded) continue;
      report_.error(value.span, "too much text comes of these variables");
      return false;
    }
    out.append(value.text, done);
    value.text = std::move(out);
    value.filled = true;
    if (option) value.span = report_.set_by_option(label_of(*option), value.span);
    return true;
  }

  Report& report_;
  const std::vector<Variable>& variables_;
  const Sets& sets_;
  std::size_t expanded_ = 0;
};

}  // namespace

std::vector<Variable> read_variables(Report& report, const Value& root, const Sets& sets) {
  std::vector<Variable> variables;
  const Value* vars = root.find("vars");
  if (!vars) return variables;
  if (!vars->is_map()) {
    report.error(vars->span, fmt::format("'vars' must be a map of names and values, got {}", kind_word(*vars)));
    return variables;
  }
  for (std::size_t n = 0; n < vars->keys.size(); ++n) {
    const Key& key = vars->keys[n];
    const Value& value = vars->items[n];
    if (!check_name(report, "variable", key.text, key.span, key.plain)) continue;
    if (!value.is_scalar()) {
      report.error(value.span,
                   fmt::format("variable {} must be one value, got {}", quoted(key.text), kind_word(value)));
      continue;
    }
    if (value.text.size() > longest_value || value.text.find("${") != std::string::npos) {
      report.error(value.span, fmt::format("variable {} must be at most {} bytes and hold no variables",
                                           quoted(key.text), longest_value));
      continue;
    }
    variables.push_back({report.position(key.span), key.text, value.text});
  }
  std::stable_sort(variables.begin(), variables.end(),
                   [](const Variable& a, const Variable& b) { return a.name < b.name; });
  for (const auto& [name, value] : sets) {
    const auto found = variable(variables, name);
    if (found && set_problem(value, true).empty()) variables[*found].value = value;
  }
  return variables;
}

void apply_sets(Report& report, Value& root, const std::vector<Variable>& variables, const Sets& sets) {
  for (const auto& [name, text] : sets) {
    const bool of_variable = variable(variables, name).has_value();
    std::string problem = set_problem(text, of_variable);
    if (problem.empty() && of_variable) continue;
    const bool path = name.find('.') != std::string::npos || name == "seed" || name == "until" || name == "title";
    if (problem.empty()) problem = path ? path_problem(name) : "unknown variable" + hint_for(report, name, variables);
    const std::string label = label_of({name, text});
    Value* scalar = nullptr;
    if (problem.empty()) {
      scalar = scalar_at(root, name, report.set_by_option(label, root.span));
      if (!scalar) problem = "no scalar has this path";
    }
    if (!scalar) {
      report.error(fmt::format("--set {}: {}", label, problem));
      continue;
    }
    scalar->kind = Value::Kind::scalar;
    scalar->text = text;
    scalar->filled = true;
    scalar->span = report.set_by_option(label, scalar->span);
  }
}

void substitute(Report& report, Value& root, const std::vector<Variable>& variables, const Sets& sets) {
  Substitution(report, variables, sets).visit(root);
}

}  // namespace masqsim::scenario
