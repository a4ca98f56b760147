// Tested by tests/repeats_test.cc.
#include "train/repeats.h"

#include <divsufsort.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

#include "base/threads.h"
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

constexpr std::size_t kPartsPerThread = 4;  // as parts of the same size are not the same work

// Calls task(part, begin, end) for the parts of [0, n), on all threads.
template <class Task>
void for_parts(std::size_t threads, std::size_t n, const Task& task) {
  const std::size_t parts = kPartsPerThread * threads, size = n / parts + 1;
  parallel_for(threads, parts, [&](std::size_t, std::size_t part) {
    task(part, std::min(n, part * size), std::min(n, (part + 1) * size));
  });
}

// By place: how many bytes, at most `most`, what starts there has in common with what comes before it in the
// order. The number for a place is at most one less than that for the place before.
Places common_with_previous(std::string_view text, const Places& order, std::size_t most,
                            std::size_t threads) {
  Places previous(text.size());  // by place, then overwritten from the left
  for_parts(threads, text.size(), [&](std::size_t, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      previous[static_cast<std::size_t>(order[i])] = i > 0 ? order[i - 1] : -1;
    }
  });
  for_parts(threads, text.size(), [&](std::size_t, std::size_t begin, std::size_t end) {
    std::size_t common = 0;
    for (std::size_t place = begin; place < end; ++place) {
      if (previous[place] < 0) {
        common = 0;
      } else {
        const auto other = static_cast<std::size_t>(previous[place]);
        const std::size_t there = std::min(most, text.size() - std::max(place, other));
        while (common < there && text[place + common] == text[other + common]) ++common;
      }
      previous[place] = static_cast<std::int32_t>(common);
      if (common > 0) --common;
    }
  });
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
  Finder(std::string_view text, const RepeatOptions& options, std::size_t threads)
      : text_(text), options_(options), threads_(threads), order_(suffix_array(text)) {}

  Repeats find() {
    join(nodes());
    choose();
    return number();
  }

 private:
  // The first from there on in the order whose first two bytes are not those of the one before: no candidate
  // lies on both sides.
  std::size_t border(std::size_t i) const {
    if (i == 0 || i == order_.size()) return i;
    const auto begin_of = [&](std::int32_t place) {
      return text_.substr(static_cast<std::size_t>(place), 2);
    };
    const std::string_view before = begin_of(order_[i - 1]);
    const auto same = [&](std::int32_t place) { return begin_of(place) == before; };
    return static_cast<std::size_t>(
        std::partition_point(order_.begin() + static_cast<std::ptrdiff_t>(i), order_.end(), same) -
        order_.begin());
  }

  std::vector<std::vector<Candidate>> nodes() const {
    const std::size_t most =
        std::min<std::size_t>(options_.max_length, std::numeric_limits<std::int32_t>::max());
    const Places common = common_with_previous(text_, order_, most, threads_);
    std::vector<std::vector<Candidate>> found(kPartsPerThread * threads_);
    for_parts(threads_, order_.size(), [&](std::size_t part, std::size_t begin, std::size_t end) {
      add_nodes(common, border(begin), border(end), found[part]);
    });
    return found;
  }

  void join(std::vector<std::vector<Candidate>> found) {
    std::size_t all = 0;
    for (const std::vector<Candidate>& of_part : found) all += of_part.size();
    candidates_.reserve(all);
    for (std::vector<Candidate>& of_part : found) {
      candidates_.insert(candidates_.end(), of_part.begin(), of_part.end());
      of_part = {};
    }
  }

  // Visits the nodes of the suffix tree, children before parents, by a stack of those that are open.
  void add_nodes(const Places& common, std::size_t begin, std::size_t end,
                 std::vector<Candidate>& found) const {
    struct Open {
      std::uint32_t depth, first;
    };
    std::vector<Open> open{{0, 0}};
    for (std::size_t i = begin + 1; i <= end; ++i) {
      const std::uint32_t depth =
          i < end ? static_cast<std::uint32_t>(common[static_cast<std::size_t>(order_[i])]) : 0;
      auto first = static_cast<std::uint32_t>(i - 1);
      while (open.back().depth > depth) {
        const Open node = open.back();
        open.pop_back();
        const std::uint32_t above_depth = std::max(depth, open.back().depth);
        add({node.first, static_cast<std::uint32_t>(i - 1), node.depth, false}, above_depth, found);
        first = node.first;
      }
      if (open.back().depth < depth) open.push_back({depth, first});
    }
  }

  // A node, whose parent is above_depth deep: what lies on the edge between them occurs at the same places.
  void add(const Candidate& node, std::uint32_t above_depth, std::vector<Candidate>& found) const {
    if (node.count() < options_.min_count) return;
    const std::string_view bytes = text_.substr(static_cast<std::size_t>(order_[node.first]), node.length);
    const auto add_begin = [&](std::uint32_t length, bool character) {
      if (length > above_depth && length > 1) found.push_back({node.first, node.last, length, character});
    };
    if (!options_.whole_characters) {
      add_begin(static_cast<std::uint32_t>(std::min(bytes.size(), bytes.find(options_.separator))), false);
      return;
    }
    if (is_continuation(bytes[0])) return;
    const auto [length, first_length] = whole_characters(bytes);
    add_begin(first_length, true);
    if (length != first_length) add_begin(length, false);
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

  Repeats number() const {
    Repeats repeats;
    repeats.all.resize(256 + candidates_.size());
    repeats.longest.resize(text_.size());
    for (std::uint32_t byte = 0; byte < 256; ++byte) repeats.all[byte] = {0, 1, 0, byte};
    for (const char byte : text_) ++repeats.all[static_cast<unsigned char>(byte)].count;
    for_parts(threads_, order_.size(), [&](std::size_t, std::size_t begin, std::size_t end) {
      number(border(begin), border(end), repeats);
    });
    return repeats;
  }

  // Candidates contain one another or lie apart, so those around a place in the order are a stack.
  void number(std::size_t begin, std::size_t end, Repeats& repeats) const {
    struct Around {
      std::uint32_t last, number;
    };
    std::vector<Around> around;
    auto next = std::lower_bound(candidates_.begin(), candidates_.end(), begin,
                                 [](const Candidate& c, std::size_t first) { return c.first < first; });
    for (std::size_t i = begin; i < end; ++i) {
      const auto place = static_cast<std::uint32_t>(order_[i]);
      while (!around.empty() && around.back().last < i) around.pop_back();
      std::uint32_t longest =
          around.empty() ? static_cast<unsigned char>(text_[place]) : around.back().number;
      for (; next != candidates_.end() && next->first == i; ++next) {
        const auto number = static_cast<std::uint32_t>(256 + (next - candidates_.begin()));
        repeats.all[number] = {place, next->length, next->count(), longest};
        around.push_back({next->last, number});
        longest = number;
      }
      repeats.longest[place] = longest;
    }
  }

  std::string_view text_;
  const RepeatOptions& options_;
  std::size_t threads_;
  Places order_;
  std::vector<Candidate> candidates_;
};

}  // namespace

Repeats find_repeats(std::string_view text, const RepeatOptions& options, std::size_t threads) {
  return Finder(text, options, threads).find();
}

}  // namespace bytepiece
