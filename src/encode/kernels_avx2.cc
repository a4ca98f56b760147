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

// The scores or weights of four lengths, with what stands for no path where there is no piece.
template <bool kDraws>
BYTEPIECE_AVX2 inline __m256d expand(unsigned set, const std::uint32_t* entries) {
  const Expansion& e = kExpansions[set];
  const auto packed = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(entries));
  const auto order = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(e.order.data()));
  const auto present = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(e.present.data()));
  const __m256i spread = _mm256_permutevar8x32_epi32(packed, order);
  if constexpr (kDraws) return _mm256_castsi256_pd(_mm256_and_si256(spread, present));
  return _mm256_blendv_pd(_mm256_set1_pd(kNever), _mm256_castsi256_pd(spread), _mm256_castsi256_pd(present));
}

// Lanes 1 to 3 of a, then lane 0 of b.
BYTEPIECE_AVX2 inline __m256d shift(__m256d a, __m256d b) {
  return _mm256_permute4x64_pd(_mm256_blend_pd(a, b, 1), 0x39);
}

struct Window {
  __m256d low, high;
};

BYTEPIECE_AVX2 inline Window load_window(const double* sums) {
  return {_mm256_loadu_pd(sums), _mm256_loadu_pd(sums + 4)};
}

BYTEPIECE_AVX2 inline void store_window(const Window& w, double* sums) {
  _mm256_storeu_pd(sums, w.low);
  _mm256_storeu_pd(sums + 4, w.high);
}

BYTEPIECE_AVX2 [[gnu::noinline]] Window scaled(const Program& p, double* ring, const Window& window) {
  double sums[Trie::kNear];
  store_window(window, sums);
  scale_sums(sums, ring, p.ring_mask + 1);
  return load_window(sums);
}

// Four lengths: `old` becomes what holds after this start; returns which pieces won.
template <bool kDraws>
BYTEPIECE_AVX2 [[gnu::always_inline]] inline int relax(__m256d start, __m256d pieces, __m256d u,
                                                       __m256d& old) {
  if constexpr (kDraws) {
    const __m256d x = _mm256_mul_pd(start, pieces);
    old = _mm256_add_pd(old, x);
    return _mm256_movemask_pd(_mm256_cmp_pd(x, _mm256_mul_pd(u, old), _CMP_GT_OQ));
  } else {
    const __m256d x = _mm256_add_pd(start, pieces);
    const int wins = _mm256_movemask_pd(_mm256_cmp_pd(x, old, _CMP_GT_OQ));
    old = _mm256_max_pd(x, old);
    return wins;
  }
}

template <bool kDraws>
BYTEPIECE_AVX2 [[gnu::always_inline]] inline void step(const Unit* units, const Trie& trie, const Program& p,
                                                       std::size_t i, double* ring, Window& w) {
  const Unit& unit = units[p.nodes[i]];
  const std::uint32_t* entries = trie.entries() + unit.entries;
  const unsigned low = unit.near & 15, high = unit.near >> 4;
  const __m256d low_pieces = expand<kDraws>(low, entries);
  const __m256d high_pieces = expand<kDraws>(high, entries + 2 * std::popcount(low));
  if (p.takes[i] != 0) w.low = _mm256_blend_pd(w.low, _mm256_set1_pd(kEmptyPath<kDraws>), 1);
  if (kDraws && i % kScaleStep == 0 && needs_scaling(_mm256_cvtsd_f64(w.low))) [[unlikely]]
    w = scaled(p, ring, w);
  const __m256d start = _mm256_broadcastsd_pd(_mm256_castpd256_pd128(w.low));
  const __m256d u = kDraws ? _mm256_broadcast_sd(p.randoms + i) : _mm256_setzero_pd();
  double* const slot = ring + ((i + Trie::kNear) & p.ring_mask);
  __m256d next_low = shift(w.low, w.high);
  __m256d next_high = shift(w.high, _mm256_broadcast_sd(slot));
  *slot = kNoPath<kDraws>;
  const int wins_low = relax<kDraws>(start, low_pieces, u, next_low);
  const int wins_high = relax<kDraws>(start, high_pieces, u, next_high);
  p.takes[i] = static_cast<std::uint8_t>(wins_low | wins_high << 4);
  w = {next_low, next_high};
  if (unit.far != 0) [[unlikely]]
    (kDraws ? draw_far : push_far)(trie, unit, p, i, _mm256_cvtsd_f64(start), ring);
}

template <bool kDraws>
BYTEPIECE_AVX2 void forward_avx2(const Trie& trie, const Program& program) {
  const Program p = program;
  const Unit* units = trie.units();
  double* const ring_a = p.rings;
  double* const ring_b = p.rings + p.ring_mask + 1;
  Window wa = load_window(p.windows), wb = load_window(p.windows + Trie::kNear);
  std::size_t a = p.begin, b = p.half;
  for (; a < p.half && b < p.size; ++a, ++b) {
    step<kDraws>(units, trie, p, a, ring_a, wa);
    step<kDraws>(units, trie, p, b, ring_b, wb);
  }
  for (; a < p.half; ++a) step<kDraws>(units, trie, p, a, ring_a, wa);
  for (; b < p.size; ++b) step<kDraws>(units, trie, p, b, ring_b, wb);
  store_window(wa, p.windows);
  store_window(wb, p.windows + Trie::kNear);
}

}  // namespace

const Kernels kAvx2Kernels = {match_avx2, forward_avx2<false>, forward_avx2<true>, fill_randoms_plain};

}  // namespace bytepiece

#endif
