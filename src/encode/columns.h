// Columns: what the phases of the search know of each symbol, an array for each.
//
//   place          0     1     2     3    4
//   symbols        a     b     _     c    stop ..    spell
//   nodes         "ab"  "b_"  "_"   "c"              match; the way back puts its ids here
//   takes          3     1     1     1               forward; in front of it Trace::kBefore zeros
//   far_lengths    ?     ?     ?     ?    ?          forward, where a piece of more than 8 symbols wins
//   randoms       .71   .08   .55   .3               where a path is drawn, for the start (sample.h)
//
// Costs: 11 bytes a symbol, 19 with random numbers. They are not vectors, as those would fill what they grow
// by with zeros. Thread rule: none; each search has its own.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "encode/kernels.h"
#include "encode/trace.h"

namespace bytepiece {

class Columns {
 public:
  explicit Columns(bool draws) : draws_(draws) {}

  Symbol* symbols() { return symbols_.get(); }
  std::uint32_t* nodes() { return nodes_.get(); }
  std::uint8_t* takes() { return takes_.get() + Trace::kBefore; }
  std::uint32_t* far_lengths() { return far_lengths_.get(); }
  double* randoms() { return randoms_.get(); }

  std::size_t room() const { return room_; }  // symbols, beside kSlack
  std::size_t bytes() const { return (room_ + kSlack) * (kBytesPerSymbol + (draws_ ? sizeof(double) : 0)); }

  // Makes room for so many symbols; the first `used` ones are kept.
  void reserve(std::size_t symbols, std::size_t used = 0) {
    if (symbols <= room_) return;
    room_ = std::max(symbols, room_ + room_ / 4);
    grow(symbols_, used, 0);
    grow(nodes_, used, 0);
    grow(far_lengths_, used, 0);
    grow(takes_, used, Trace::kBefore);
    if (draws_) grow(randoms_, used, 0);
  }

  // Forgets the first `by` of `size` symbols; the others, and the place behind them, move to the front.
  void drop_front(std::size_t by, std::size_t size) {
    const std::size_t n = size - by + 1;
    std::memmove(symbols(), symbols() + by, n * sizeof(Symbol));
    std::memmove(nodes(), nodes() + by, n * sizeof(std::uint32_t));
    std::memmove(far_lengths(), far_lengths() + by, n * sizeof(std::uint32_t));
    std::memmove(takes(), takes() + by, n);
    if (draws_) std::memmove(randoms(), randoms() + by, n * sizeof(double));
  }

 private:
  static constexpr std::size_t kBytesPerSymbol = sizeof(Symbol) + 2 * sizeof(std::uint32_t) + 1;

  template <class T>
  void grow(std::unique_ptr<T[]>& column, std::size_t used, std::size_t before) const {
    auto larger = std::make_unique_for_overwrite<T[]>(before + room_ + kSlack);
    std::fill_n(larger.get(), before, T{0});
    if (used > 0) std::copy_n(column.get() + before, used, larger.get() + before);
    column = std::move(larger);
  }

  bool draws_;
  std::size_t room_ = 0;
  std::unique_ptr<Symbol[]> symbols_;
  std::unique_ptr<std::uint32_t[]> nodes_, far_lengths_;
  std::unique_ptr<std::uint8_t[]> takes_;
  std::unique_ptr<double[]> randoms_;
};

}  // namespace bytepiece
