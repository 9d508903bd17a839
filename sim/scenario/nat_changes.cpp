#include "nat_changes.hpp"

#include <fmt/format.h>

#include "masqsim/base/parse.hpp"
#include "nat_words.hpp"
#include "timeouts.hpp"

namespace masqsim::scenario {

namespace {

std::string rules_text(std::size_t count) {
  if (count == 0) return "(none)";
  return count == 1 ? "(1 rule)" : fmt::format("({} rules)", count);
}

std::string boolean(bool value) { return value ? "true" : "false"; }

class Changes {
 public:
  void add(bool differs, std::string_view key, std::string_view value) {
    if (differs) text_ += fmt::format("{}{} {}", text_.empty() ? "" : ", ", key, value);
  }
  template <typename Rule>
  void rules(std::string_view key, const std::vector<Rule>& before, const std::vector<Rule>& after) {
    add(before != after, key, rules_text(after.size()));
  }
  template <typename Words, typename T>
  void word(std::string_view key, const Words& words, T before, T after) {
    add(before != after, key, word_in(words, after));
  }
  void flag(std::string_view key, bool before, bool after) { add(before != after, key, boolean(after)); }

  std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

std::string changes_of(const NatSpec& before, const NatSpec& after) {
  const nat::Config &b = before.config, &a = after.config;
  Changes changes;
  changes.word("preset", preset_words, before.rfc, after.rfc);
  changes.rules("masquerade", before.masquerade, after.masquerade);
  changes.rules("source", before.source, after.source);
  changes.rules("one-to-one", before.one_to_one, after.one_to_one);
  changes.rules("forward", before.forward, after.forward);
  changes.word("mapping", mapping_words, b.mapping, a.mapping);
  changes.word("filtering", filtering_words, b.filtering, a.filtering);
  changes.word("hairpin", hairpin_words, b.hairpin, a.hairpin);
  changes.word("unsolicited", unsolicited_words, b.unsolicited, a.unsolicited);
  for (const TimeoutKey& entry : timeout_keys) {
    changes.add(b.timeouts.*entry.member != a.timeouts.*entry.member, fmt::format("timeouts.{}", entry.key),
                to_string(a.timeouts.*entry.member));
  }
  const auto limit = [](const std::optional<std::uint32_t>& flows) {
    return flows ? std::to_string(*flows) : "unlimited";
  };
  changes.add(b.limits.table != a.limits.table, "limits.table", std::to_string(a.limits.table));
  changes.add(b.limits.flows_per_host != a.limits.flows_per_host, "limits.per-host", limit(a.limits.flows_per_host));
  changes.word("limits.excess", excess_words, b.limits.reject_excess, a.limits.reject_excess);
  changes.word("firewall.invalid", invalid_words, b.firewall.drop_invalid, a.firewall.drop_invalid);
  changes.word("firewall.input", protect_words, b.firewall.protect_input, a.firewall.protect_input);
  changes.word("firewall.forward", protect_words, b.firewall.protect_forward, a.firewall.protect_forward);
  changes.add(b.firewall.inside != a.firewall.inside, "firewall.inside",
              fmt::format("({} network{})", a.firewall.inside.size(), a.firewall.inside.size() == 1 ? "" : "s"));
  changes.add(b.alg_ftp != a.alg_ftp, "alg", a.alg_ftp ? "ftp" : "(none)");
  changes.flag("verify-checksums", b.verify_checksums, a.verify_checksums);
  changes.flag("tcp-loose", b.tcp_loose, a.tcp_loose);
  changes.flag("tcp-be-liberal", b.tcp_be_liberal, a.tcp_be_liberal);
  changes.flag("inbound-refreshes", b.inbound_refreshes, a.inbound_refreshes);
  changes.flag("rst-keeps-state", b.rst_keeps_state, a.rst_keeps_state);
  changes.flag("keep-parity", b.keep_parity, a.keep_parity);
  changes.add(b.port_rest_s != a.port_rest_s, "port-rest", fmt::format("{}s", a.port_rest_s));
  return std::move(changes).text();
}

}  // namespace masqsim::scenario
