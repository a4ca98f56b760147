// Tested by tests/charsmap_test.cc.
#include "model/charsmap.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/little_endian.h"

namespace bytepiece {
namespace {

constexpr std::size_t kBlock = 256;

struct Rule {
  std::string_view text;
  std::uint32_t result;
};

class DoubleArray {
 public:
  explicit DoubleArray(const std::vector<Rule>& rules) : rules_(rules) {
    grow();
    used_[0] = true;
    place(0, 0, rules.size(), 0);
  }

  const std::vector<std::uint32_t>& units() const { return units_; }

 private:
  static constexpr std::uint32_t kHasValue = 1u << 8, kIsValue = 1u << 31;

  // Places the children of the node at `at`, whose texts are rules [begin, end), equal up to `depth`.
  void place(std::size_t at, std::size_t begin, std::size_t end, std::size_t depth) {
    std::vector<std::pair<unsigned char, std::size_t>> children;  // label, and behind its last rule
    const bool has_value = rules_[begin].text.size() == depth;
    for (std::size_t i = begin + (has_value ? 1 : 0); i < end; ++i) {
      const auto label = static_cast<unsigned char>(rules_[i].text[depth]);
      if (children.empty() || children.back().first != label) children.emplace_back(label, i);
      children.back().second = i + 1;
    }
    std::vector<unsigned char> labels;
    if (has_value) labels.push_back(0);
    for (const auto& child : children) labels.push_back(child.first);
    const std::size_t base = find_base(labels);
    for (const unsigned char label : labels) used_[base ^ label] = true;
    is_base_[base] = true;
    units_[at] |= static_cast<std::uint32_t>(at ^ base) << 10;
    if (has_value) {
      units_[at] |= kHasValue;
      units_[base] = kIsValue | rules_[begin++].result;
    }
    for (const auto& child : children) units_[base ^ child.first] = child.first;
    for (const auto& [label, behind] : children) {
      place(base ^ label, begin, behind, depth + 1);
      begin = behind;
    }
  }

  // In one of the last blocks, as those before are nearly full.
  std::size_t find_base(const std::vector<unsigned char>& labels) {
    constexpr std::size_t kOpenBlocks = 8;
    for (std::size_t base = units_.size() - std::min(units_.size(), kOpenBlocks * kBlock);; ++base) {
      if (base == units_.size()) grow();
      const bool fits =
          !is_base_[base] && std::none_of(labels.begin(), labels.end(),
                                          [&](unsigned char label) { return used_[base ^ label]; });
      if (fits) return base;
    }
  }

  void grow() {
    units_.resize(units_.size() + kBlock);
    used_.resize(units_.size());
    is_base_.resize(units_.size());
  }

  const std::vector<Rule>& rules_;
  std::vector<std::uint32_t> units_;
  std::vector<bool> used_, is_base_;
};

}  // namespace

std::string charsmap(const std::map<std::string, std::string>& rules) {
  std::string results;
  std::map<std::string_view, std::uint32_t> places;
  std::vector<Rule> sorted;
  for (const auto& [text, result] : rules) {
    const auto [place, is_new] = places.emplace(result, static_cast<std::uint32_t>(results.size()));
    if (is_new) results.append(result).push_back('\0');
    sorted.push_back({text, place->second});
  }
  if (sorted.empty()) return {};
  const DoubleArray trie(sorted);
  std::string out;
  append_little_endian(static_cast<std::uint32_t>(4 * trie.units().size()), out);
  for (const std::uint32_t unit : trie.units()) append_little_endian(unit, out);
  return out + results;
}

}  // namespace bytepiece
