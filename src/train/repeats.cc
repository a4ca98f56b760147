// Tested by tests/repeats_test.cc.
#include "train/repeats.h"

#include <divsufsort.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

#include "text/utf8.h"

namespace bytepiece {
namespace {

using Places = std::vector<std::int32_t>;

Places suffix_array(std::string_view text) {
  Places places(text.size());
  const auto* bytes = reinterpret_cast<const sauchar_t*>(text.data());
  if (!text.empty() && divsufsort(bytes, places.data(), static_cast<saidx_t>(text.size())) != 0) {
    throw std::bad_alloc();
  }
  return places;
}

// By place: how many bytes what starts there has in common with what comes before it in the order. The
// number for a place is at most one less than that for the place before.
Places common_with_previous(std::string_view text, const Places& order) {
  Places previous(text.size());  // by place, then overwritten from the left
  for (std::size_t i = 0; i < order.size(); ++i) {
    previous[static_cast<std::size_t>(order[i])] = i > 0 ? order[i - 1] : -1;
  }
  std::size_t common = 0;
  for (std::size_t place = 0; place < text.size(); ++place) {
    if (previous[place] < 0) {
      common = 0;
    } else {
      const auto other = static_cast<std::size_t>(previous[place]);
      const std::size_t most = text.size() - std::max(place, other);
      while (common < most && text[place + common] == text[other + common]) ++common;
    }
    previous[place] = static_cast<std::int32_t>(common);
    if (common > 0) --common;
  }
  return previous;
}

// A candidate: the first `length` bytes of what starts at the places order[first .. last].
struct Candidate {
  std::uint32_t first, last;
  std::uint32_t length;
  bool character;

  std::uint32_t count() const { return last - first + 1; }
  // The square of what candidates are ranked by.
  double rank() const {
    const double n = count();
    return n * n * (length - 1);
  }
};

class Finder {
 public:
  Finder(std::string_view text, const RepeatOptions& options)
      : text_(text), options_(options), order_(suffix_array(text)) {}

  Repeats find() {
    collect();
    choose();
    return number();
  }

 private:
  // Visits the nodes of the suffix tree, children before parents, by a stack of those that are open.
  void collect() {
    const Places common = common_with_previous(text_, order_);
    struct Open {
      std::uint32_t depth, first;
    };
    std::vector<Open> open{{0, 0}};
    const auto most = static_cast<std::uint32_t>(
        std::min<std::size_t>(options_.max_length, std::numeric_limits<std::uint32_t>::max()));
    for (std::size_t i = 1; i <= order_.size(); ++i) {
      const std::uint32_t depth =
          i < order_.size()
              ? std::min(most, static_cast<std::uint32_t>(common[static_cast<std::size_t>(order_[i])]))
              : 0;
      auto first = static_cast<std::uint32_t>(i - 1);
      while (open.back().depth > depth) {
        const Open node = open.back();
        open.pop_back();
        add(node.first, static_cast<std::uint32_t>(i - 1), node.depth, std::max(depth, open.back().depth));
        first = node.first;
      }
      if (open.back().depth < depth) open.push_back({depth, first});
    }
  }

  // A node, whose parent is above_depth deep: what lies on the edge between them occurs at the same places.
  void add(std::uint32_t first, std::uint32_t last, std::uint32_t depth, std::uint32_t above_depth) {
    if (last - first + 1 < options_.min_count) return;
    const std::string_view bytes = text_.substr(static_cast<std::size_t>(order_[first]), depth);
    if (options_.whole_characters) {
      if (is_continuation(bytes[0])) return;
      const auto [length, first_length] = whole_characters(bytes);
      if (first_length > above_depth && first_length > 1)
        candidates_.push_back({first, last, first_length, true});
      if (length > above_depth && length > 1 && length != first_length) {
        candidates_.push_back({first, last, length, false});
      }
    } else {
      const auto length = static_cast<std::uint32_t>(std::min(bytes.size(), bytes.find(options_.separator)));
      if (length > above_depth && length > 1) candidates_.push_back({first, last, length, false});
    }
  }

  struct Lengths {
    std::uint32_t all, first;  // bytes
  };
  // How long the whole characters at the begin of the bytes are, and the first of them.
  Lengths whole_characters(std::string_view bytes) const {
    Lengths lengths{0, 0};
    while (lengths.all < bytes.size()) {
      const Character c = character_at(bytes, lengths.all);
      if (c.code_point == kInvalidByte || bytes[lengths.all] == options_.separator) break;
      if (lengths.all == 0) lengths.first = c.length;
      lengths.all += c.length;
    }
    return lengths;
  }

  // Keeps the characters and the best others, in the order of bytes.
  void choose() {
    const auto others = std::partition(candidates_.begin(), candidates_.end(),
                                       [](const Candidate& candidate) { return candidate.character; });
    const auto better = [](const Candidate& a, const Candidate& b) {
      if (a.rank() != b.rank()) return a.rank() > b.rank();
      return a.first != b.first ? a.first < b.first : a.length < b.length;
    };
    const auto most = static_cast<std::ptrdiff_t>(options_.most);
    if (candidates_.end() - others > most) {
      std::nth_element(others, others + most, candidates_.end(), better);
      candidates_.erase(others + most, candidates_.end());
    }
    std::sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) {
      return a.first != b.first ? a.first < b.first : a.length < b.length;
    });
  }

  // Candidates contain one another or lie apart, so those around a place in the order are a stack.
  Repeats number() const {
    Repeats repeats;
    repeats.all.reserve(256 + candidates_.size());
    repeats.longest.resize(text_.size());
    for (std::uint32_t byte = 0; byte < 256; ++byte) repeats.all.push_back({0, 1, 0, byte});
    for (std::size_t place = 0; place < text_.size(); ++place) {
      const auto byte = static_cast<unsigned char>(text_[place]);
      repeats.longest[place] = byte;
      ++repeats.all[byte].count;
    }
    struct Around {
      std::uint32_t last, number;
    };
    std::vector<Around> around;
    auto next = candidates_.begin();
    for (std::uint32_t i = 0; i < order_.size(); ++i) {
      const auto place = static_cast<std::size_t>(order_[i]);
      while (!around.empty() && around.back().last < i) around.pop_back();
      for (; next != candidates_.end() && next->first == i; ++next) {
        const std::uint32_t prefix = around.empty() ? repeats.longest[place] : around.back().number;
        around.push_back({next->last, static_cast<std::uint32_t>(repeats.all.size())});
        repeats.all.push_back({static_cast<std::uint32_t>(place), next->length, next->count(), prefix});
      }
      if (!around.empty()) repeats.longest[place] = around.back().number;
    }
    return repeats;
  }

  std::string_view text_;
  const RepeatOptions& options_;
  Places order_;
  std::vector<Candidate> candidates_;
};

}  // namespace

Repeats find_repeats(std::string_view text, const RepeatOptions& options) {
  return Finder(text, options).find();
}

}  // namespace bytepiece
