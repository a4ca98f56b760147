// The way back: the best pieces from an end of the dynamic program to its begin, read off the winners that
// the forward phase noted (kernels.h).
//
//   takes    .....1..  ......0.  .......0  |       bit l - 1 of takes[end - l]: when it was tried, the piece
//            end - 3   end - 2   end - 1   end     of l symbols that starts there won at `end`
//
// Starts are tried in ascending order, so the last to win, the smallest l (here 3), is the best piece; bits
// of other ends are between these bits.
//
// Costs: a few operations per id without a branch that is hard to guess, each waiting for the one before.
// Thread rule: const; the arrays are the caller's.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "encode/kernels.h"

namespace bytepiece {

inline constexpr Id kEndOfText = 0xFFFFFFFF;
inline constexpr Id kNoPiece = 0xFFFFFFFE;  // no piece ends there: scores in a model file were forged

// By byte: its bits. (Without -mpopcnt, std::popcount is a call.)
inline constexpr auto kBitCount = [] {
  std::array<std::uint8_t, 256> table{};
  for (unsigned i = 0; i < 256; ++i) table[i] = static_cast<std::uint8_t>(std::popcount(i));
  return table;
}();

class Trace {
 public:
  // So many takes before the end of a piece are looked at; before the first symbol they must be 0.
  static constexpr std::size_t kBefore = 8;

  Trace(const Trie& trie, const Symbol* symbols, const std::uint32_t* nodes, const std::uint8_t* takes,
        const std::uint32_t* far_lengths)
      : stop_(trie.alphabet().stop()),
        units_(trie.units()),
        unit_count_(trie.all_units().size()),
        entries_(trie.entries()),
        symbols_(symbols),
        nodes_(nodes),
        takes_(takes),
        far_lengths_(far_lengths) {}

  // The id of the best piece that ends at `end`, kEndOfText or kNoPiece; `end` moves to its start.
  [[gnu::always_inline]] Id step(std::size_t& end) const {
    const std::size_t near = near_length(end);
    if (near == 0) [[unlikely]]
      return far_step(end);
    end -= near;
    const Unit& unit = units_[nodes_[end]];
    const unsigned shorter = unit.near & ((1u << (near - 1)) - 1);
    return entries_[unit.entries - 1 - kBitCount[shorter]];
  }

 private:
  // The smallest l with bit l - 1 of takes[end - l] set, 0 if there is none. In the eight bytes
  // before `end`, read as a number whose highest byte is takes[end - 1], these bits lie on a
  // diagonal.
  std::size_t near_length(std::size_t end) const {
    constexpr std::uint64_t kDiagonal = 0x0102040810204080;
    std::uint64_t bits;
    std::memcpy(&bits, takes_ + end - kBefore, sizeof bits);
    if constexpr (std::endian::native == std::endian::big) bits = __builtin_bswap64(bits);
    bits &= kDiagonal;
    return bits == 0 ? 0 : static_cast<std::size_t>(std::countl_zero(bits)) / 8 + 1;
  }

  [[gnu::noinline]] Id far_step(std::size_t& end) const {
    if (symbols_[end - 1] == stop_) {
      --end;
      return kEndOfText;
    }
    const std::size_t length = far_lengths_[end];
    if (length - 1 < end && nodes_[end - length] < unit_count_) {
      const Unit& unit = units_[nodes_[end - length]];
      const std::uint32_t* id = entries_ + unit.entries - kBitCount[unit.near];
      for (unsigned k = 0; k < unit.far; ++k) {
        id -= 2;
        if (id[1] != length) continue;
        end -= length;
        return id[0];
      }
    }
    --end;
    return kNoPiece;
  }

  Symbol stop_;
  const Unit* units_;
  std::size_t unit_count_;
  const std::uint32_t* entries_;
  const Symbol* symbols_;
  const std::uint32_t* nodes_;
  const std::uint8_t* takes_;
  const std::uint32_t* far_lengths_;
};

// The last position through which all best paths go that end behind `end`; `begin`, through which they do, if
// they do not meet within `back` symbols ("aaaa..." may keep two paths apart for ever, and looking further
// back each time would be quadratic). They come through one of the last `reach` positions, the longest piece;
// back from there they meet soon.
//
//   begin ──▶ ... ──▶ meeting point ─┬▶ ─┬▶ ──▶  end
//                                    └─▶ └──▶ ───▶ |
//
// `alive` is working memory. REQUIRES: 2 * reach <= back.
inline std::size_t meeting_point(const Trace& trace, std::size_t begin, std::size_t end, std::size_t reach,
                                 std::size_t back, std::vector<std::uint8_t>& alive) {
  const std::size_t floor = end - std::min(end - begin, back);
  if (end - floor <= 2 * reach) return begin;
  alive.assign(end - floor + 1, 0);
  std::fill_n(alive.end() - static_cast<std::ptrdiff_t>(reach), reach, std::uint8_t{1});
  std::size_t paths = reach, at = end;
  for (; paths > 1; --at) {
    if (alive[at - floor] == 0) continue;
    std::size_t start = at;
    trace.step(start);
    if (start < floor) return begin;
    paths -= alive[start - floor];
    alive[start - floor] = 1;
  }
  while (alive[at - floor] == 0) --at;
  return at;
}

}  // namespace bytepiece
