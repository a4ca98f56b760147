// Tested by tests/ngram_model_test.cc.
#include "train/ngram_model.h"

#include <bytepiece/types.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

namespace bytepiece {
namespace {

constexpr double kFree = 1;
constexpr std::size_t kFilterBits = 16;  // per n-gram

double log_of(std::uint64_t count) { return std::log(static_cast<double>(count)); }

// A place in [0, capacity), all bits of the n-gram mixed (finalizer of MurmurHash3).
std::size_t hash_place(Ngram ngram, std::size_t capacity) {
  std::uint64_t x = ngram;
  x = (x ^ x >> 33) * 0xFF51AFD7ED558CCD;
  x = (x ^ x >> 33) * 0xC4CEB9FE1A85EC53;
  return place_of(x, capacity);
}

std::size_t filter_words(std::size_t ngrams) { return 1 + ngrams * kFilterBits / 64; }

std::size_t capacity_of(std::size_t ngrams, bool scarce) {
  return (scarce ? ngrams + ngrams / 3 : 2 * ngrams) + 1;
}

// All rows, and the two longest tables, which are there when the last rows are.
std::uint64_t bytes_to_make(const NgramSizes& sizes, int order, bool scarce) {
  std::uint64_t bytes = 0, ngrams = 0;
  for (std::size_t length = 1; length < sizes.size(); ++length) {
    ngrams += sizes[length];
    bytes += capacity_of(sizes[length], scarce) * (length + 1) * sizeof(double);
    if (static_cast<int>(length) >= order - 1) bytes += sizes[length] * sizeof(NgramCount);
  }
  return bytes + filter_words(ngrams) * sizeof(std::uint64_t);
}

}  // namespace

std::uint64_t NgramModel::least_bytes(const NgramSizes& sizes, int order) {
  return bytes_to_make(sizes, order, true);
}

NgramModel::NgramModel(NgramTables tables, int order, std::uint64_t memory) : order_(order) {
  for (const std::vector<NgramCount>& table : tables) size_ += table.size();
  filter_.resize(filter_words(size_));
  scarce_ = memory > 0 && bytes_to_make(sizes_of(tables), order, false) > memory;

  std::uint64_t total = 0;
  for (NgramCount& entry : tables[1]) {
    if (entry.count == 0) entry.count = 1;
    if (entry.count > std::numeric_limits<std::uint64_t>::max() - total) {
      throw Error("the number of bytes counted does not fit 64 bits; are shards counted twice?");
    }
    total += entry.count;
  }
  for (int length = 1; length <= order; ++length) {
    const auto n = static_cast<std::size_t>(length);
    fill(length, tables[n], tables[n - 1], total);
    tables[n - 1] = {};
  }
}

void NgramModel::fill(int length, const std::vector<NgramCount>& table,
                      const std::vector<NgramCount>& shorter, std::uint64_t total) {
  Rows& rows = rows_[static_cast<std::size_t>(length)];
  const auto width = static_cast<std::size_t>(length) + 1;
  rows.capacity = capacity_of(table.size(), scarce_);
  rows.cells.assign(rows.capacity * width, kFree);
  auto prefix = shorter.begin();  // both tables ascend, and every prefix is there
  for (const NgramCount& entry : table) {
    std::uint64_t prefix_count = total;
    if (length > 1) {
      while (prefix->ngram != ngram_prefix(entry.ngram)) ++prefix;
      prefix_count = prefix->count;
    }
    double* row = rows.cells.data() + row_of(length, entry.ngram, first_row(length, entry.ngram)) * width;
    row[0] = std::bit_cast<double>(entry.ngram);
    if (length > 1) {
      const Ngram suffix = ngram_suffix(entry.ngram, length);
      const double* values = find(length - 1, suffix, first_row(length - 1, suffix));
      if (values == nullptr) throw Error("counts of n-grams do not belong together; count them again");
      std::copy_n(values, length - 1, row + 1);
    }
    row[width - 1] = log_of(entry.count) - log_of(prefix_count);
    const FilterPlace place = filter_place(length, entry.ngram);
    filter_[place.word] |= place.bits;
  }
}

std::size_t NgramModel::bytes() const {
  std::size_t cells = filter_.size();
  for (const Rows& rows : rows_) cells += rows.cells.size();
  return cells * sizeof(double);
}

std::size_t NgramModel::first_row(int length, Ngram ngram) const {
  return hash_place(ngram, rows_[static_cast<std::size_t>(length)].capacity);
}

std::size_t NgramModel::row_of(int length, Ngram ngram, std::size_t begin) const {
  const Rows& rows = rows_[static_cast<std::size_t>(length)];
  const auto width = static_cast<std::size_t>(length) + 1;
  for (std::size_t row = begin;;) {
    const double* cells = rows.cells.data() + row * width;
    if (cells[width - 1] == kFree || std::bit_cast<Ngram>(cells[0]) == ngram) return row;
    if (++row == rows.capacity) row = 0;
  }
}

const double* NgramModel::find(int length, Ngram ngram, std::size_t begin) const {
  const Rows& rows = rows_[static_cast<std::size_t>(length)];
  const auto width = static_cast<std::size_t>(length) + 1;
  const double* cells = rows.cells.data() + row_of(length, ngram, begin) * width;
  return cells[width - 1] == kFree ? nullptr : cells + 1;
}

NgramModel::FilterPlace NgramModel::filter_place(int length, Ngram ngram) const {
  std::uint64_t hash = (ngram ^ static_cast<std::uint64_t>(length) * 0xD6E8FEB86659FD93) * 0x9E3779B97F4A7C15;
  const std::size_t word = place_of(hash, filter_.size());
  hash ^= hash >> 29;
  const auto bit = [&](int shift) { return std::uint64_t{1} << (hash >> shift & 63); };
  return {word, bit(0) | bit(6) | bit(12)};
}

bool NgramModel::may_be_known(int length, Ngram ngram) const {
  const FilterPlace place = filter_place(length, ngram);
  return (filter_[place.word] & place.bits) == place.bits;
}

NgramModel::Sought NgramModel::seek(Ngram last, int most) const {
  int longest = most;
  while (longest > 1 && !may_be_known(longest, last & ngram_mask(longest))) --longest;
  const Sought sought{last, longest, first_row(longest, last & ngram_mask(longest))};
  const auto width = static_cast<std::size_t>(longest) + 1;
  const double* cells = rows_[static_cast<std::size_t>(longest)].cells.data() + sought.row * width;
  __builtin_prefetch(cells);
  __builtin_prefetch(cells + longest);
  return sought;
}

NgramModel::Found NgramModel::found(const Sought& sought) const {
  const double* values = find(sought.length, sought.last & ngram_mask(sought.length), sought.row);
  int length = sought.length;
  while (values == nullptr) {
    const Ngram shorter = sought.last & ngram_mask(--length);
    values = find(length, shorter, first_row(length, shorter));
  }
  return {length, values};
}

}  // namespace bytepiece
