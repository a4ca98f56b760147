// AVX2: four starts to a register, two registers of four lengths to a window. Levels past the first
// few are plain. Tested by tests/viterbi_test.cc.
#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <array>
#include <bit>

#include "encode/kernels.h"

#define BYTEPIECE_AVX2 [[gnu::target("avx2,bmi,bmi2,popcnt")]]

namespace bytepiece {
namespace {

constexpr std::size_t kLanes = 4;
constexpr std::size_t kDenseDepth = 4;  // symbols matched before the list of the living is made

BYTEPIECE_AVX2 inline __m256i load_symbols(const Symbol* s) {
  return _mm256_cvtepu16_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(s)));
}

BYTEPIECE_AVX2 inline __m256i low32(__m256i v) { return _mm256_blend_epi32(v, _mm256_setzero_si256(), 0xAA); }

// Of each unit the first eight bytes: base | label << 32.
BYTEPIECE_AVX2 inline __m256i gather_units(__m256i slot, const Unit* units) {
  return _mm256_i64gather_epi64(reinterpret_cast<const long long*>(units), _mm256_slli_epi64(slot, 1), 8);
}

BYTEPIECE_AVX2 inline __m256i load(const std::uint64_t* p) {
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(p));
}

BYTEPIECE_AVX2 inline void store(std::uint64_t* p, __m256i v) {
  _mm256_store_si256(reinterpret_cast<__m256i*>(p), v);
}

BYTEPIECE_AVX2 void first_level(const Unit* units, const Symbol* symbols, std::size_t n, std::uint64_t* nodes,
                                std::uint64_t* bases) {
  for (std::size_t i = 0; i < n; i += kLanes) {
    const __m256i slot = load_symbols(symbols + i);
    store(nodes + i, slot);
    store(bases + i, low32(gather_units(slot, units)));
  }
}

BYTEPIECE_AVX2 void next_level(const Unit* units, const Symbol* next, std::size_t n, std::uint64_t* nodes,
                               std::uint64_t* bases) {
  const __m256i no_children = _mm256_set1_epi64x(Trie::kNoChildren);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const __m256i symbol = load_symbols(next + i);
    const __m256i slot = _mm256_add_epi64(load(bases + i), symbol);
    const __m256i unit = gather_units(slot, units);
    const __m256i hit = _mm256_cmpeq_epi64(_mm256_srli_epi64(unit, 32), symbol);
    store(nodes + i, _mm256_blendv_epi8(load(nodes + i), slot, hit));
    store(bases + i, _mm256_blendv_epi8(no_children, low32(unit), hit));
  }
}

BYTEPIECE_AVX2 void match_avx2(const Trie& trie, const Symbol* symbols, std::size_t n, std::uint32_t* nodes,
                               MatchScratch& scratch) {
  const Unit* units = trie.units();
  for (std::size_t begin = 0; begin < n; begin += kBlock) {
    const std::size_t m = std::min(kBlock, n - begin);
    first_level(units, symbols + begin, m, scratch.nodes, scratch.bases);
    for (std::size_t d = 1; d < kDenseDepth; ++d) {
      next_level(units, symbols + begin + d, m, scratch.nodes, scratch.bases);
    }
    std::size_t alive = 0;
    for (std::size_t i = 0; i < m; ++i) {
      nodes[begin + i] = static_cast<std::uint32_t>(scratch.nodes[i]);
      scratch.walks[alive] = scratch.bases[i] | static_cast<Walk>(i) << 32;
      alive += scratch.bases[i] != Trie::kNoChildren;
    }
    finish_walks(trie, symbols + begin, kDenseDepth, alive, nodes + begin, scratch.walks);
  }
  fetch_rows(trie, nodes, n);
}

// Spreads packed scores over the four lengths of a set.
struct Expansion {
  std::array<std::int32_t, 8> order;    // by half of a lane: which half of the packed scores
  std::array<std::int64_t, 4> present;  // by lane: -1 if its length is in the set
};

constexpr auto kExpansions = [] {
  std::array<Expansion, 16> table{};
  for (unsigned set = 0; set < 16; ++set) {
    int rank = 0;
    for (unsigned l = 0; l < 4; ++l) {
      if (!(set >> l & 1)) continue;
      table[set].order[2 * l] = 2 * rank;
      table[set].order[2 * l + 1] = 2 * rank + 1;
      table[set].present[l] = -1;
      ++rank;
    }
  }
  return table;
}();

// The scores of four lengths, -inf where there is no piece.
BYTEPIECE_AVX2 inline __m256d expand(unsigned set, const std::uint32_t* entries) {
  const Expansion& e = kExpansions[set];
  const auto packed = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(entries));
  const auto order = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(e.order.data()));
  const auto present = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(e.present.data()));
  return _mm256_blendv_pd(_mm256_set1_pd(kNever),
                          _mm256_castsi256_pd(_mm256_permutevar8x32_epi32(packed, order)),
                          _mm256_castsi256_pd(present));
}

// Lanes 1 to 3 of a, then lane 0 of b.
BYTEPIECE_AVX2 inline __m256d shift(__m256d a, __m256d b) {
  return _mm256_permute4x64_pd(_mm256_blend_pd(a, b, 1), 0x39);
}

struct Window {
  __m256d low, high;
};

BYTEPIECE_AVX2 [[gnu::always_inline]] inline void forward_step(const Unit* units, const Trie& trie,
                                                               const Program& p, std::size_t i, double* ring,
                                                               Window& w) {
  const Unit& unit = units[p.nodes[i]];
  const std::uint32_t* entries = trie.entries() + unit.entries;
  const unsigned low = unit.near & 15, high = unit.near >> 4;
  const __m256d low_pieces = expand(low, entries);
  const __m256d high_pieces = expand(high, entries + 2 * std::popcount(low));
  if (p.takes[i] != 0) w.low = _mm256_blend_pd(w.low, _mm256_setzero_pd(), 1);
  const __m256d score = _mm256_broadcastsd_pd(_mm256_castpd256_pd128(w.low));
  double* slot = ring + ((i + Trie::kNear) & p.ring_mask);
  const __m256d old_low = shift(w.low, w.high);
  const __m256d old_high = shift(w.high, _mm256_broadcast_sd(slot));
  *slot = kNever;
  const __m256d x_low = _mm256_add_pd(score, low_pieces);
  const __m256d x_high = _mm256_add_pd(score, high_pieces);
  const int take_low = _mm256_movemask_pd(_mm256_cmp_pd(x_low, old_low, _CMP_GT_OQ));
  const int take_high = _mm256_movemask_pd(_mm256_cmp_pd(x_high, old_high, _CMP_GT_OQ));
  p.takes[i] = static_cast<std::uint8_t>(take_low | take_high << 4);
  w.low = _mm256_max_pd(x_low, old_low);
  w.high = _mm256_max_pd(x_high, old_high);
  if (unit.far != 0) [[unlikely]]
    push_far(trie, unit, p, i, _mm256_cvtsd_f64(score), ring);
}

BYTEPIECE_AVX2 void forward_avx2(const Trie& trie, const Program& program) {
  const Program p = program;
  const Unit* units = trie.units();
  double* const ring_a = p.rings;
  double* const ring_b = p.rings + p.ring_mask + 1;
  double* const windows_b = p.windows + Trie::kNear;
  Window wa{_mm256_loadu_pd(p.windows), _mm256_loadu_pd(p.windows + 4)};
  Window wb{_mm256_loadu_pd(windows_b), _mm256_loadu_pd(windows_b + 4)};
  std::size_t a = p.begin, b = p.half;
  for (; a < p.half && b < p.size; ++a, ++b) {
    forward_step(units, trie, p, a, ring_a, wa);
    forward_step(units, trie, p, b, ring_b, wb);
  }
  for (; a < p.half; ++a) forward_step(units, trie, p, a, ring_a, wa);
  for (; b < p.size; ++b) forward_step(units, trie, p, b, ring_b, wb);
  _mm256_storeu_pd(p.windows, wa.low);
  _mm256_storeu_pd(p.windows + 4, wa.high);
  _mm256_storeu_pd(windows_b, wb.low);
  _mm256_storeu_pd(windows_b + 4, wb.high);
}

// The weights of four lengths, 0 where there is no piece.
BYTEPIECE_AVX2 inline __m256d expand_weights(unsigned set, const std::uint32_t* weights) {
  const Expansion& e = kExpansions[set];
  const auto packed = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights));
  const auto order = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(e.order.data()));
  const auto present = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(e.present.data()));
  return _mm256_castsi256_pd(_mm256_and_si256(_mm256_permutevar8x32_epi32(packed, order), present));
}

BYTEPIECE_AVX2 inline void store_window(const Window& w, double* sums) {
  _mm256_storeu_pd(sums, w.low);
  _mm256_storeu_pd(sums + 4, w.high);
}

BYTEPIECE_AVX2 [[gnu::noinline]] Window scaled(const SumProgram& p, std::size_t i, double* ring,
                                               const Window& window) {
  double sums[Trie::kNear];
  store_window(window, sums);
  p.factors[i / kScaleStep] = scale_sums(sums, ring, p.ring_mask + 1);
  return {_mm256_loadu_pd(sums), _mm256_loadu_pd(sums + 4)};
}

BYTEPIECE_AVX2 [[gnu::always_inline]] inline void sum_step(const Unit* units, const Trie& trie,
                                                           const SumProgram& p, std::size_t i, double* ring,
                                                           Window& w) {
  const Unit& unit = units[p.nodes[i]];
  const std::uint32_t* const weights = trie.entries() + unit.entries;
  const unsigned low = unit.near & 15, high = unit.near >> 4;
  const __m256d low_pieces = expand_weights(low, weights);
  const __m256d high_pieces = expand_weights(high, weights + 2 * std::popcount(low));
  if (p.flags[i] & SumProgram::kStartsChunk) w.low = _mm256_blend_pd(w.low, _mm256_set1_pd(1.0), 1);
  if (i % kScaleStep == 0) {
    p.factors[i / kScaleStep] = 1.0;
    if (needs_scaling(_mm256_cvtsd_f64(w.low))) [[unlikely]]
      w = scaled(p, i, ring, w);
  }
  const __m256d sum = _mm256_broadcastsd_pd(_mm256_castpd256_pd128(w.low));
  double* const slot = ring + ((i + Trie::kNear) & p.ring_mask);
  const __m256d old_low = shift(w.low, w.high);
  const __m256d old_high = shift(w.high, _mm256_broadcast_sd(slot));
  *slot = 0;
  w.low = _mm256_add_pd(old_low, _mm256_mul_pd(sum, low_pieces));
  w.high = _mm256_add_pd(old_high, _mm256_mul_pd(sum, high_pieces));
  store_window(w, p.sums + i * Trie::kNear);
  if (unit.far != 0) [[unlikely]]
    add_far(trie, unit, p, i, _mm256_cvtsd_f64(sum), ring);
}

BYTEPIECE_AVX2 void sum_avx2(const Trie& trie, const SumProgram& program) {
  const SumProgram p = program;
  const Unit* units = trie.units();
  double* const ring_a = p.rings;
  double* const ring_b = p.rings + p.ring_mask + 1;
  double* const windows_b = p.windows + Trie::kNear;
  Window wa{_mm256_loadu_pd(p.windows), _mm256_loadu_pd(p.windows + 4)};
  Window wb{_mm256_loadu_pd(windows_b), _mm256_loadu_pd(windows_b + 4)};
  std::size_t a = p.begin, b = p.half;
  for (; a < p.half && b < p.size; ++a, ++b) {
    sum_step(units, trie, p, a, ring_a, wa);
    sum_step(units, trie, p, b, ring_b, wb);
  }
  for (; a < p.half; ++a) sum_step(units, trie, p, a, ring_a, wa);
  for (; b < p.size; ++b) sum_step(units, trie, p, b, ring_b, wb);
  store_window(wa, p.windows);
  store_window(wb, windows_b);
}

}  // namespace

const Kernels kAvx2Kernels = {match_avx2, forward_avx2, sum_avx2};

}  // namespace bytepiece

#endif
