// Building the trie: spell and sort the pieces, make nodes breadth first, place them in the double
// array, lay out the rows. Tested by tests/trie_test.cc.
#include "encode/trie.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>
#include <utility>

namespace bytepiece {
namespace {

constexpr Symbol kFree = 0xFFFF;  // the label of unused units; no symbol, not stop()
constexpr std::uint32_t kNone = 0xFFFFFFFF;

std::uint32_t checked32(std::size_t n) {
  if (n >= kNone) {
    throw Error("the pieces are too many for one search structure (2^32 places); use fewer");
  }
  return static_cast<std::uint32_t>(n);
}

// The pieces as symbols, in lexicographic order.
class SortedPieces {
 public:
  SortedPieces(const Alphabet& alphabet, std::span<const std::string_view> pieces) {
    std::size_t bytes = 0;
    for (const std::string_view p : pieces) bytes += p.size();
    symbols_.resize(bytes + 8);
    sorted_.reserve(pieces.size());
    std::size_t used = 0;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (leaves_chunk(pieces[i])) continue;
      const std::size_t n = alphabet.spell(pieces[i], symbols_.data() + used);
      if (n > Trie::kMaxPieceLength) {
        throw Error("a piece of " + std::to_string(pieces[i].size()) +
                    " bytes is too long to encode with; at most " + std::to_string(Trie::kMaxPieceLength) +
                    " symbols can be");
      }
      sorted_.push_back({sort_key(used, n), used, static_cast<std::uint32_t>(n), checked32(i)});
      used += n;
    }
    std::sort(sorted_.begin(), sorted_.end(), [this](const Entry& a, const Entry& b) {
      if (a.key != b.key) return a.key < b.key;
      const Symbol *x = &symbols_[a.begin], *y = &symbols_[b.begin];
      return std::lexicographical_compare(x, x + a.size, y, y + b.size);
    });
  }

  std::size_t size() const { return sorted_.size(); }
  std::size_t length(std::size_t i) const { return sorted_[i].size; }
  std::uint32_t piece(std::size_t i) const { return sorted_[i].piece; }
  Symbol symbol(std::size_t i, std::size_t depth) const { return symbols_[sorted_[i].begin + depth]; }

 private:
  struct Entry {
    std::uint64_t key;  // the first four symbols
    std::size_t begin;
    std::uint32_t size;
    std::uint32_t piece;
  };

  static bool leaves_chunk(std::string_view piece) {
    const std::size_t lf = piece.find('\n');
    return lf != piece.npos && piece.find_first_not_of('\n', lf) != piece.npos;
  }

  std::uint64_t sort_key(std::size_t begin, std::size_t n) const {
    std::uint64_t key = 0;
    for (std::size_t i = 0; i < 4; ++i) key = key << 16 | (i < n ? symbols_[begin + i] : Symbol{0});
    return key;
  }

  std::vector<Symbol> symbols_;
  std::vector<Entry> sorted_;
};

struct Node {
  std::uint32_t parent;
  std::uint32_t piece;  // kNone: no piece ends here
  std::uint32_t first_child, children;
  std::uint32_t depth;
  Symbol label;
  // The row: pieces on the path of at most kNear symbols, and all; which lengths; where.
  std::uint8_t near = 0;
  std::uint32_t near_count = 0, count = 0;
  std::uint32_t entries = 0;
};

// Breadth first, so parents come before children and siblings lie together; node 0 is the root.
std::vector<Node> make_nodes(const SortedPieces& pieces) {
  struct Range {
    std::uint32_t begin, end;  // the pieces below a node
  };
  std::vector<Node> nodes{{kNone, kNone, 0, 0, 0, kFree}};
  std::vector<Range> ranges{{0, checked32(pieces.size())}};
  for (std::uint32_t v = 0; v < nodes.size(); ++v) {
    auto [i, end] = ranges[v];
    const std::uint32_t depth = nodes[v].depth;
    if (pieces.length(i) == depth) nodes[v].piece = pieces.piece(i++);
    nodes[v].first_child = checked32(nodes.size());
    while (i < end) {
      const Symbol label = pieces.symbol(i, depth);
      const std::uint32_t begin = i;
      while (i < end && pieces.symbol(i, depth) == label) ++i;
      nodes.push_back({v, kNone, 0, 0, depth + 1, label});
      ranges.push_back({begin, i});
    }
    nodes[v].children = checked32(nodes.size()) - nodes[v].first_child;
  }
  return nodes;
}

// Finds free units for sets of siblings, trying 64 bases at a time.
class Packer {
 public:
  explicit Packer(std::size_t symbols) : symbols_(symbols) {
    grow(0);
    free_[symbols / 64] &= ~(std::uint64_t{1} << symbols % 64);  // the unit of stop() stays empty
  }

  std::uint32_t place_root(std::span<const Node> siblings) {
    take(siblings, 0);
    base_free_[0] &= ~(std::uint64_t{1} << Trie::kNoChildren);
    return 0;
  }

  // Sets of one size look where the last one of that size fitted, give or take kPatience words:
  // what is before is too full to be searched again and again.
  std::uint32_t place(std::span<const Node> siblings) {
    std::size_t& hint = hints_[std::min(siblings.size(), hints_.size() - 1)];
    const std::size_t lead = siblings.front().label / 64;
    const std::size_t first = std::max({hint, full_, lead}) - lead;
    for (std::size_t word = first;; ++word) {
      if (word + symbols_ / 64 + 2 >= free_.size()) grow(word);
      const std::uint64_t bases = fitting(siblings, word);
      if (bases == 0) continue;
      if (word > first + kPatience) hint = word + lead - kPatience;
      return take(siblings, word * 64 + static_cast<std::size_t>(std::countr_zero(bases)));
    }
  }

  std::size_t end() const { return end_; }

 private:
  static constexpr std::size_t kPatience =
      32;  // 256: takes 0.16 s instead of 0.07, encodes as fast; 16: 0.06

  void grow(std::size_t word) {
    const std::size_t n = (word + symbols_ / 64 + 64) * 3 / 2;
    free_.resize(n, ~std::uint64_t{0});
    base_free_.resize(n, ~std::uint64_t{0});
  }

  // Bit b is set if base word * 64 + b has never been given and all its units are free.
  std::uint64_t fitting(std::span<const Node> siblings, std::size_t word) const {
    std::uint64_t bases = base_free_[word];
    for (const Node& s : siblings) {
      const std::size_t i = word + s.label / 64;
      const unsigned shift = s.label % 64;
      std::uint64_t free = free_[i] >> shift;
      if (shift != 0) free |= free_[i + 1] << (64 - shift);
      bases &= free;
      if (bases == 0) break;
    }
    return bases;
  }

  std::uint32_t take(std::span<const Node> siblings, std::size_t base) {
    base_free_[base / 64] &= ~(std::uint64_t{1} << base % 64);
    for (const Node& s : siblings) {
      const std::size_t unit = base + s.label;
      free_[unit / 64] &= ~(std::uint64_t{1} << unit % 64);
      end_ = std::max(end_, unit + 1);
    }
    while (full_ + 1 < free_.size() && free_[full_] == 0) ++full_;
    return checked32(base);
  }

  std::size_t symbols_;
  std::size_t end_ = 0;   // of the units in use
  std::size_t full_ = 0;  // no word before this one has a free unit
  std::vector<std::uint64_t> free_, base_free_;
  std::vector<std::size_t> hints_ = std::vector<std::size_t>(32);
};

struct Placement {
  std::vector<std::uint32_t> bases;  // by node
  std::size_t end;
};

Placement place(const std::vector<Node>& nodes, std::size_t symbols) {
  const auto siblings = [&](std::uint32_t v) {
    return std::span(nodes).subspan(nodes[v].first_child, nodes[v].children);
  };
  std::vector<std::uint32_t> order;
  for (std::uint32_t v = 1; v < nodes.size(); ++v) {
    if (nodes[v].children > 0) order.push_back(v);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return nodes[a].children > nodes[b].children; });
  Packer packer(symbols);
  std::vector<std::uint32_t> bases(nodes.size(), Trie::kNoChildren);
  bases[0] = packer.place_root(siblings(0));
  for (const std::uint32_t v : order) bases[v] = packer.place(siblings(v));
  return {std::move(bases), packer.end()};
}

// How many words before its row's scores the id of a piece lies; `rank` pieces are shorter.
std::size_t id_words(std::size_t near_count, std::size_t rank) {
  return rank < near_count ? rank + 1 : near_count + 2 * (rank - near_count + 1);
}

// Sets the rows of all nodes; returns the number of words they take.
std::size_t plan_rows(std::vector<Node>& nodes) {
  for (std::size_t v = 1; v < nodes.size(); ++v) {
    Node& node = nodes[v];
    const Node& parent = nodes[node.parent];
    node.near = parent.near;
    node.near_count = parent.near_count;
    node.count = parent.count + (node.piece != kNone);
    if (node.piece == kNone || node.depth > Trie::kNear) continue;
    node.near = static_cast<std::uint8_t>(node.near | 1u << (node.depth - 1));
    ++node.near_count;
  }
  std::size_t words = Trie::kNear;
  for (std::size_t v = nodes.size(); --v > 0;) {
    Node& node = nodes[v];
    if (node.children > 0) {
      node.entries = nodes[node.first_child].entries;
      continue;
    }
    words += id_words(node.near_count, node.count - 1);
    node.entries = checked32(words);
    words += 2 * node.count;
  }
  return words;
}

// Writes the row of a leaf, which is a piece, from its end upwards.
void write_row(const std::vector<Node>& nodes, const Node& leaf, std::span<const double> scores, Id first_id,
               std::uint32_t* entries) {
  for (const Node* node = &leaf; node->depth > 0; node = &nodes[node->parent]) {
    if (node->piece == kNone) continue;
    const std::size_t rank = node->count - 1;
    std::memcpy(entries + leaf.entries + 2 * rank, &scores[node->piece], sizeof(double));
    std::uint32_t* const id = entries + leaf.entries - id_words(node->near_count, rank);
    id[0] = first_id + node->piece;
    if (node->depth > Trie::kNear) id[1] = node->depth;
  }
}

constexpr auto kBitCount = [] {  // std::popcount is a call where the processor is not known to have it
  std::array<std::uint8_t, 256> table{};
  for (unsigned i = 0; i < 256; ++i) table[i] = static_cast<std::uint8_t>(std::popcount(i));
  return table;
}();

// What a search needs of every unit, used or free (trie.h).
struct Limits {
  std::uint32_t symbols, last_base, words, near, far;
};

[[gnu::always_inline]] inline std::uint32_t larger(std::uint32_t a, std::uint32_t b) { return a > b ? a : b; }

// Every number is compared with the same limit for all units, so its extremes are enough, and compilers make
// vectors of that: 0.2 ms for 160k pieces with AVX2. REQUIRES: limits.words < 2^31.
[[gnu::always_inline]] inline bool units_hold_in(std::span<const Unit> units, const Limits& limits) {
  std::uint32_t base = 0, label = 0, near = 0, near_far = 0, entries = 0, behind = 0, before = 0, first = 1;
  for (std::size_t i = 0; i < units.size(); ++i) {
    const Unit& unit = units[i];
    const std::uint32_t both = unit.near | unit.far << 8, twice_far = both >> 8 << 1;
    const std::uint32_t own = unit.label | std::uint32_t{unit.zero} << 16;
    const std::uint32_t is_free = own == kFree ? kNone : 0;
    base = larger(base, unit.base);
    label = larger(label, own & ~is_free);
    near = larger(near, both & 0xFF);
    near_far = larger(near_far, both);
    first &= both | is_free;
    entries = larger(entries, unit.entries);
    behind = larger(behind, unit.entries + twice_far);
    before |= unit.entries - twice_far - std::uint32_t{Trie::kNear};
  }
  return base <= limits.last_base && label < limits.symbols && near <= limits.near && (first & 1) != 0 &&
         near_far >> 8 <= limits.far && entries <= limits.words && behind <= limits.words &&
         before >> 31 == 0;
}

bool units_hold_plain(std::span<const Unit> units, const Limits& limits) {
  return units_hold_in(units, limits);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] bool units_hold_avx2(std::span<const Unit> units, const Limits& limits) {
  return units_hold_in(units, limits);
}

bool units_hold(std::span<const Unit> units, const Limits& limits) {
  return __builtin_cpu_supports("avx2") ? units_hold_avx2(units, limits) : units_hold_plain(units, limits);
}
#else
bool units_hold(std::span<const Unit> units, const Limits& limits) { return units_hold_plain(units, limits); }
#endif

}  // namespace

Trie::Trie(std::span<const std::string_view> pieces, std::span<const double> scores, Id first_id)
    : alphabet_(pieces, scores) {
  struct Own {
    std::vector<Unit> units;
    std::vector<std::uint32_t> entries;
  };
  const auto arrays = std::make_shared<Own>();
  std::vector<Node> nodes = make_nodes(SortedPieces(alphabet_, pieces));
  arrays->entries.resize(plan_rows(nodes) + kPadding);
  const Placement placement = place(nodes, alphabet_.size());
  arrays->units.assign(placement.end + alphabet_.size() + 1, {kNoChildren, kFree, 0, kNear, 0, 0});
  for (std::size_t v = 1; v < nodes.size(); ++v) {
    const Node& node = nodes[v];
    if (node.children == 0) write_row(nodes, node, scores, first_id, arrays->entries.data());
    arrays->units[placement.bases[node.parent] + node.label] = {
        placement.bases[v], node.label, 0,
        node.entries,       node.near,  (node.count - node.near_count) & 0xFFFFFF};
    max_length_ = std::max<std::size_t>(max_length_, node.depth);
  }
  id_end_ = first_id + static_cast<Id>(pieces.size());
  units_ = arrays->units;
  entries_ = arrays->entries;
  owner_ = arrays;
}

Trie::Trie(Alphabet alphabet, Arrays arrays, std::size_t max_length, Id id_end)
    : alphabet_(std::move(alphabet)),
      units_(arrays.units),
      entries_(arrays.entries),
      max_length_(max_length),
      id_end_(id_end),
      owner_(std::move(arrays.owner)) {
  check();
}

void Trie::check() const {
  const auto expect = [](bool holds, const char* what) {
    if (!holds) throw Error(std::string("the search structure is not what it should be: ") + what);
  };
  const std::size_t symbols = alphabet_.size(), n = units_.size();
  expect(max_length_ >= 1 && max_length_ <= kMaxPieceLength, "its longest piece");
  expect(n > symbols && n < kNone && entries_.size() >= kPadding && entries_.size() <= kMostMapped,
         "its size");
  const std::size_t words = entries_.size() - kPadding, near = std::min(max_length_, kNear);
  const Limits limits = {static_cast<std::uint32_t>(symbols), static_cast<std::uint32_t>(n - symbols - 1),
                         static_cast<std::uint32_t>(words), (1u << near) - 1,
                         static_cast<std::uint32_t>(std::min(max_length_ - near, words / 2))};
  expect(units_hold(units_, limits), "a unit");
  for (std::size_t s = 0; s < symbols; ++s) expect(units_[s].label == s, "a symbol");
  expect(units_[symbols].label == kFree, "its stop");
}

Trie Trie::with_scores(const std::function<double(Id id, double score)>& score_of) const {
  struct Own {
    std::shared_ptr<const void> units;
    std::vector<std::uint32_t> entries;
  };
  const auto arrays = std::make_shared<Own>(Own{owner_, {entries_.begin(), entries_.end()}});
  for (const Unit& unit : units_) {
    if (unit.base != kNoChildren) continue;  // its row is part of a leaf's
    const std::size_t near = kBitCount[unit.near];
    for (std::size_t rank = 0; rank < near + unit.far; ++rank) {
      const std::size_t at = unit.entries + 2 * rank;
      double score;
      std::memcpy(&score, &entries_[at], sizeof score);
      score = score_of(entries_[unit.entries - id_words(near, rank)], score);
      std::memcpy(&arrays->entries[at], &score, sizeof score);
    }
  }
  Trie result = *this;
  result.entries_ = arrays->entries;
  result.owner_ = arrays;
  return result;
}

}  // namespace bytepiece
