// Tested by tests/double_array_test.cc.
#include "tools/bench/double_array.h"

#include <bytepiece/types.h>

#include <algorithm>
#include <deque>
#include <numeric>

namespace bytepiece::bench {
namespace {

constexpr std::size_t kBlock = 256;
constexpr std::size_t kOpenBlocks = 8;  // how many of the last blocks are searched for free places

}  // namespace

// Places the nodes level by level. A node yet to be placed is the range of sorted pieces that share its
// path: {a, ab, b} is the root, {a, ab} the node "a", {ab} the node "ab".
class DoubleArrayBuilder {
 public:
  DoubleArrayBuilder(std::span<const std::string_view> pieces, DoubleArray& array)
      : pieces_(pieces), array_(array), order_(pieces.size()) {
    std::iota(order_.begin(), order_.end(), std::uint32_t{0});
    std::sort(order_.begin(), order_.end(),
              [&](std::uint32_t a, std::uint32_t b) { return pieces_[a] < pieces_[b]; });
  }

  void build() {
    add_block();
    first_open_ = 1;  // block 0 holds the root alone
    std::deque<Range> queue{{DoubleArray::kRoot, 0, 0, order_.size()}};
    for (; !queue.empty(); queue.pop_front()) {
      for (const Range& child : place_children(queue.front())) queue.push_back(child);
    }
  }

 private:
  struct Range {
    DoubleArray::Place place;
    std::size_t depth;       // bytes
    std::size_t begin, end;  // in order_
  };

  unsigned char byte_at(std::size_t i, std::size_t depth) const {
    return static_cast<unsigned char>(pieces_[order_[i]][depth]);
  }

  // The node's children, their bytes found and their places chosen.
  std::vector<Range>& place_children(const Range& node) {
    children_.clear();
    std::size_t begin = node.begin;
    if (begin < node.end && pieces_[order_[begin]].size() == node.depth) {
      array_.pieces_[node.place] = order_[begin++];
    }
    while (begin < node.end) {
      std::size_t end = begin + 1;
      const unsigned char byte = byte_at(begin, node.depth);
      while (end < node.end && byte_at(end, node.depth) == byte) ++end;
      children_.push_back({byte, node.depth + 1, begin, end});
      begin = end;
    }
    if (children_.empty()) return children_;
    const DoubleArray::Place base = free_base();
    array_.nodes_[node.place].base = base;
    for (Range& child : children_) {
      child.place ^= base;
      array_.nodes_[child.place].parent = node.place;
      ++used_[child.place / kBlock];
    }
    return children_;
  }

  bool is_free(DoubleArray::Place place) const { return array_.nodes_[place].parent == place; }

  // A base at which all of children_ (whose place is still their byte) fall on free places.
  DoubleArray::Place free_base() {
    while (first_open_ < used_.size() && used_.size() - first_open_ > kOpenBlocks) ++first_open_;
    for (std::size_t block = first_open_; block < used_.size(); ++block) {
      if (used_[block] + children_.size() > kBlock) continue;
      const auto start = static_cast<DoubleArray::Place>(block * kBlock);
      for (DoubleArray::Place base = start; base < start + kBlock; ++base) {
        const auto fits = [&](const Range& child) { return is_free(base ^ child.place); };
        if (std::all_of(children_.begin(), children_.end(), fits)) return base;
      }
    }
    add_block();
    return static_cast<DoubleArray::Place>((used_.size() - 1) * kBlock);
  }

  void add_block() {
    const std::size_t start = array_.nodes_.size();
    if (start + kBlock > DoubleArray::kNoPiece) {
      throw Error("the pieces are too many for one search structure (2^32 places); use fewer");
    }
    array_.nodes_.resize(start + kBlock);
    array_.pieces_.resize(start + kBlock, DoubleArray::kNoPiece);
    for (std::size_t i = start; i < start + kBlock; ++i) {
      array_.nodes_[i].parent = static_cast<DoubleArray::Place>(i);
    }
    used_.push_back(0);
  }

  std::span<const std::string_view> pieces_;
  DoubleArray& array_;
  std::vector<std::uint32_t> order_;  // pieces in the order of their bytes
  std::vector<Range> children_;
  std::vector<std::size_t> used_;  // per block
  std::size_t first_open_ = 0;
};

DoubleArray::DoubleArray(std::span<const std::string_view> pieces) {
  DoubleArrayBuilder(pieces, *this).build();
  nodes_.shrink_to_fit();
  pieces_.shrink_to_fit();
}

}  // namespace bytepiece::bench
