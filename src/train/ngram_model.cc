// Tested by tests/ngram_model_test.cc.
#include "train/ngram_model.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace bytepiece {
namespace {

constexpr double kFree = 1;

double log_of(std::uint64_t count) { return std::log(static_cast<double>(count)); }

// A place in [0, capacity), all bits of the n-gram mixed (finalizer of MurmurHash3). REQUIRES: capacity <
// 2^32.
std::size_t hash_place(Ngram ngram, std::size_t capacity) {
  std::uint64_t x = ngram;
  x = (x ^ x >> 33) * 0xFF51AFD7ED558CCD;
  x = (x ^ x >> 33) * 0xC4CEB9FE1A85EC53;
  return (x >> 32) * capacity >> 32;
}

}  // namespace

NgramModel::NgramModel(NgramTables tables, int order) : order_(order) {
  std::uint64_t total = 0;
  for (NgramCount& entry : tables[1]) {
    if (entry.count == 0) entry.count = 1;
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
  rows.capacity = table.size() + table.size() / 3 + 1;
  rows.cells.assign(rows.capacity * width, kFree);
  auto prefix = shorter.begin();  // both tables ascend, and every prefix is there
  for (const NgramCount& entry : table) {
    std::uint64_t prefix_count = total;
    if (length > 1) {
      while (prefix->ngram != ngram_prefix(entry.ngram)) ++prefix;
      prefix_count = prefix->count;
    }
    double* row = rows.cells.data() + row_of(length, entry.ngram) * width;
    row[0] = std::bit_cast<double>(entry.ngram);
    if (length > 1) {
      const double* suffixes = find(length - 1, ngram_suffix(entry.ngram, length));
      std::copy_n(suffixes, length - 1, row + 1);
    }
    row[width - 1] = log_of(entry.count) - log_of(prefix_count);
  }
}

std::size_t NgramModel::row_of(int length, Ngram ngram) const {
  const Rows& rows = rows_[static_cast<std::size_t>(length)];
  const auto width = static_cast<std::size_t>(length) + 1;
  std::size_t row = hash_place(ngram, rows.capacity);
  for (;;) {
    const double* cells = rows.cells.data() + row * width;
    if (cells[width - 1] == kFree || std::bit_cast<Ngram>(cells[0]) == ngram) return row;
    if (++row == rows.capacity) row = 0;
  }
}

const double* NgramModel::find(int length, Ngram ngram) const {
  const Rows& rows = rows_[static_cast<std::size_t>(length)];
  const auto width = static_cast<std::size_t>(length) + 1;
  const double* cells = rows.cells.data() + row_of(length, ngram) * width;
  return cells[width - 1] == kFree ? nullptr : cells + 1;
}

}  // namespace bytepiece
