// AVX-512: eight starts or eight lengths to a register. Tested by tests/viterbi_test.cc.
//
// What decides the speed (measured on a Sapphire Rapids; clocks of 2.6 GHz):
// * Gathers are cheap (0.2 ns an element in the first cache, 0.4 ns in the second), but only while
//   a chain of dependent ones is short: levels 2 to 5 of one group in a row fill the reorder buffer
//   with waiting loads and cost 5 clocks per start and level. One level over a whole block, then
//   the next, costs 1 clock, so the first levels need no list of the living at all.
// * A level of the list reads and writes it in place. A load seems to wait for the addresses of
//   stores before it, which depend on what was found there: loading four groups before the first is
//   stored made matching 1.3 x faster.
// * Rows miss the second-level cache on English: without fetch_rows() matching takes 11 instead of 17
//   clocks a byte, but the dynamic program 23 instead of 15.
//
// Tried and not kept: gathers under a mask instead of harmless indices (same); results through a
// list instead of a scatter (same); a list per block instead of one per span (matching 1.15 x
// slower on English: a short list waits at every level); a dense depth chosen from the first block
// of each span (0.9 to 1.0 x); chunk starts as a mask instead of a branch (same). Not built: a
// second register for lengths 9 to 16, as much work again for each symbol against 7 % far starts on
// English and 0.2 % on Chinese.
#if defined(__x86_64__)

#if defined(__clang__)
#include <immintrin.h>
#else
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC bug 105593, in the header
#include <immintrin.h>
#pragma GCC diagnostic pop
#endif

#include <algorithm>
#include <bit>

#include "encode/kernels.h"

#define BYTEPIECE_AVX512 [[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi,bmi2,popcnt")]]

namespace bytepiece {
namespace {

constexpr std::size_t kLanes = 8;
constexpr std::size_t kDenseDepth = 5;  // symbols matched before the list of the living is made

BYTEPIECE_AVX512 inline __m512i load_symbols(const Symbol* s) {
  return _mm512_cvtepu16_epi64(_mm_loadu_si128(reinterpret_cast<const __m128i*>(s)));
}

BYTEPIECE_AVX512 inline __m512i low32(__m512i v) {
  return _mm512_and_si512(v, _mm512_set1_epi64(0xFFFFFFFF));
}

BYTEPIECE_AVX512 inline std::size_t count(__mmask8 lanes) {
  return static_cast<std::size_t>(std::popcount(static_cast<unsigned>(lanes)));
}

// Of each unit the first eight bytes: base | label << 32.
BYTEPIECE_AVX512 inline __m512i gather_units(__m512i slot, const Unit* units) {
  return _mm512_i64gather_epi64(_mm512_slli_epi64(slot, 1), units, 8);
}

BYTEPIECE_AVX512 void first_level(const Unit* units, const Symbol* symbols, std::size_t n,
                                  std::uint32_t* nodes, std::uint64_t* bases) {
  for (std::size_t i = 0; i < n; i += kLanes) {
    const __m512i slot = load_symbols(symbols + i);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(nodes + i), _mm512_cvtepi64_epi32(slot));
    _mm512_store_si512(bases + i, low32(gather_units(slot, units)));
  }
}

BYTEPIECE_AVX512 void next_level(const Unit* units, const Symbol* next, std::size_t n, std::uint32_t* nodes,
                                 std::uint64_t* bases) {
  const __m512i no_children = _mm512_set1_epi64(Trie::kNoChildren);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const __m512i symbol = load_symbols(next + i);
    const __m512i slot = _mm512_add_epi64(_mm512_load_si512(bases + i), symbol);
    const __m512i unit = gather_units(slot, units);
    const __mmask8 hit = _mm512_cmpeq_epi64_mask(_mm512_srli_epi64(unit, 32), symbol);
    _mm256_mask_storeu_epi32(nodes + i, hit, _mm512_cvtepi64_epi32(slot));
    _mm512_store_si512(bases + i, _mm512_mask_mov_epi64(no_children, hit, low32(unit)));
  }
}

// Appends the walks of starts first + [0, n) that can go on; returns their number.
BYTEPIECE_AVX512 std::size_t collect_walks(const std::uint64_t* bases, std::size_t first, std::size_t n,
                                           Walk* out) {
  const __m512i no_children = _mm512_set1_epi64(Trie::kNoChildren);
  const __m512i lanes = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
  std::size_t alive = 0;
  for (std::size_t i = 0; i < n; i += kLanes) {
    const __m512i base = _mm512_load_si512(bases + i);
    const __m512i start = _mm512_add_epi64(_mm512_set1_epi64(static_cast<long long>(first + i)), lanes);
    const __m512i walk = _mm512_or_si512(base, _mm512_slli_epi64(start, 32));
    const __mmask8 goes_on = _mm512_cmpneq_epi64_mask(base, no_children);
    _mm512_storeu_si512(out + alive, _mm512_maskz_compress_epi64(goes_on, walk));
    alive += count(goes_on);
  }
  return alive;
}

// One level of the list: every walk takes its next symbol; those that go on move to the front.
BYTEPIECE_AVX512 std::size_t step_walks(const Unit* units, const Symbol* next, std::size_t alive,
                                        std::uint32_t* nodes, Walk* walks) {
  constexpr std::size_t kGroups = 4;
  const __m512i no_children = _mm512_set1_epi64(Trie::kNoChildren);
  const __m512i low16 = _mm512_set1_epi64(0xFFFF);
  // Walks of start 0 from a leaf fill the last groups: they miss.
  for (std::size_t k = 0; k < kGroups; ++k) {
    _mm512_storeu_si512(walks + alive + k * kLanes, no_children);
  }
  std::size_t out = 0;
  for (std::size_t i = 0; i < alive; i += kGroups * kLanes) {
    __m512i start[kGroups], symbol[kGroups], slot[kGroups], unit[kGroups];
    for (std::size_t k = 0; k < kGroups; ++k) {
      const __m512i walk = _mm512_loadu_si512(walks + i + k * kLanes);
      start[k] = _mm512_srli_epi64(walk, 32);
      symbol[k] = _mm512_and_si512(_mm512_i64gather_epi64(start[k], next, 2), low16);
      slot[k] = _mm512_add_epi64(low32(walk), symbol[k]);
    }
    for (std::size_t k = 0; k < kGroups; ++k) unit[k] = gather_units(slot[k], units);
    for (std::size_t k = 0; k < kGroups; ++k) {
      const __mmask8 hit = _mm512_cmpeq_epi64_mask(_mm512_srli_epi64(unit[k], 32), symbol[k]);
      _mm512_mask_i64scatter_epi32(nodes, hit, start[k], _mm512_cvtepi64_epi32(slot[k]), 4);
      const __m512i base = low32(unit[k]);
      const __mmask8 goes_on = _mm512_mask_cmpneq_epi64_mask(hit, base, no_children);
      const __m512i walk = _mm512_or_si512(base, _mm512_slli_epi64(start[k], 32));
      _mm512_storeu_si512(walks + out, _mm512_maskz_compress_epi64(goes_on, walk));
      out += count(goes_on);
    }
  }
  return out;
}

BYTEPIECE_AVX512 void match_avx512(const Trie& trie, const Symbol* symbols, std::size_t n,
                                   std::uint32_t* nodes, MatchScratch& scratch) {
  const Unit* const units = trie.units();
  std::size_t alive = 0;
  for (std::size_t begin = 0; begin < n; begin += kBlock) {
    const std::size_t m = std::min(kBlock, n - begin);
    const Symbol* const block = symbols + begin;
    first_level(units, block, m, nodes + begin, scratch.bases);
    for (std::size_t depth = 1; depth < kDenseDepth; ++depth) {
      next_level(units, block + depth, m, nodes + begin, scratch.bases);
    }
    // Lanes past m belong to the next span or to the padding.
    for (std::size_t i = m; i % kLanes != 0; ++i) scratch.bases[i] = Trie::kNoChildren;
    alive += collect_walks(scratch.bases, begin, m, scratch.walks + alive);
  }
  for (std::size_t depth = kDenseDepth; alive > 0 && depth < trie.max_length(); ++depth) {
    alive = step_walks(units, symbols + depth, alive, nodes, scratch.walks);
  }
  fetch_rows(trie, nodes, n);
}

BYTEPIECE_AVX512 [[gnu::noinline]] __m512d scaled(const Program& p, double* ring, __m512d window) {
  double sums[Trie::kNear];
  _mm512_storeu_pd(sums, window);
  scale_sums(sums, ring, p.ring_mask + 1);
  return _mm512_loadu_pd(sums);
}

// Lane j of the window is S[i + j]; returns the window of i + 1.
template <bool kDraws>
BYTEPIECE_AVX512 [[gnu::always_inline]] inline __m512d step(const Unit* units, const Trie& trie,
                                                            const Program& p, std::size_t i, double* ring,
                                                            __m512d window) {
  const Unit& unit = units[p.nodes[i]];
  const __m512d pieces =
      _mm512_mask_expandloadu_pd(_mm512_set1_pd(kNoPath<kDraws>), unit.near, trie.entries() + unit.entries);
  if (p.takes[i] != 0) window = _mm512_mask_mov_pd(window, 1, _mm512_set1_pd(kEmptyPath<kDraws>));
  if (kDraws && i % kScaleStep == 0 && needs_scaling(_mm512_cvtsd_f64(window))) [[unlikely]]
    window = scaled(p, ring, window);
  double* const slot = ring + ((i + Trie::kNear) & p.ring_mask);
  const __m512d incoming = _mm512_castpd128_pd512(_mm_load_sd(slot));
  *slot = kNoPath<kDraws>;
  const __m512d old =
      _mm512_castsi512_pd(_mm512_alignr_epi64(_mm512_castpd_si512(incoming), _mm512_castpd_si512(window), 1));
  const __m512d start = _mm512_broadcastsd_pd(_mm512_castpd512_pd128(window));
  __m512d next;
  if constexpr (kDraws) {
    const __m512d x = _mm512_mul_pd(start, pieces);
    next = _mm512_add_pd(old, x);
    p.takes[i] = _mm512_cmp_pd_mask(x, _mm512_mul_pd(_mm512_set1_pd(p.randoms[i]), next), _CMP_GT_OQ);
  } else {
    const __m512d x = _mm512_add_pd(start, pieces);
    p.takes[i] = _mm512_cmp_pd_mask(x, old, _CMP_GT_OQ);
    next = _mm512_max_pd(x, old);
  }
  if (unit.far != 0) [[unlikely]]
    (kDraws ? draw_far : push_far)(trie, unit, p, i, _mm512_cvtsd_f64(window), ring);
  return next;
}

template <bool kDraws>
BYTEPIECE_AVX512 void forward_avx512(const Trie& trie, const Program& program) {
  const Program p = program;
  const Unit* const units = trie.units();
  double* const ring_a = p.rings;
  double* const ring_b = p.rings + p.ring_mask + 1;
  __m512d window_a = _mm512_loadu_pd(p.windows), window_b = _mm512_loadu_pd(p.windows + Trie::kNear);
  std::size_t a = p.begin, b = p.half;
  for (; a < p.half && b < p.size; ++a, ++b) {
    window_a = step<kDraws>(units, trie, p, a, ring_a, window_a);
    window_b = step<kDraws>(units, trie, p, b, ring_b, window_b);
  }
  for (; a < p.half; ++a) window_a = step<kDraws>(units, trie, p, a, ring_a, window_a);
  for (; b < p.size; ++b) window_b = step<kDraws>(units, trie, p, b, ring_b, window_b);
  _mm512_storeu_pd(p.windows, window_a);
  _mm512_storeu_pd(p.windows + Trie::kNear, window_b);
}

BYTEPIECE_AVX512 inline __m512i all_lanes(std::uint64_t x) {
  return _mm512_set1_epi64(static_cast<long long>(x));
}

// x ^ x >> kShift
template <int kShift>
BYTEPIECE_AVX512 inline __m512i folded(__m512i x) {
  return _mm512_xor_si512(x, _mm512_srli_epi64(x, kShift));
}

// As RandomNumbers::uniform(). Lanes past n are room that the columns have (kSlack).
BYTEPIECE_AVX512 void fill_randoms_avx512(const RandomNumbers& random, std::uint64_t place, std::size_t n,
                                          double* out) {
  const __m512i second = all_lanes(random.second());
  __m512i x = _mm512_add_epi64(
      all_lanes(random.first() + place * RandomNumbers::kWeyl),
      _mm512_mullo_epi64(_mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0), all_lanes(RandomNumbers::kWeyl)));
  for (std::size_t i = 0; i < n; i += kLanes) {
    __m512i bits = _mm512_mullo_epi64(folded<30>(x), all_lanes(kMixFirst));
    bits = _mm512_mullo_epi64(_mm512_xor_si512(folded<27>(bits), second), all_lanes(kMixSecond));
    const __m512d uniform = _mm512_cvtepi64_pd(_mm512_srli_epi64(folded<31>(bits), 11));
    _mm512_storeu_pd(out + i, _mm512_mul_pd(uniform, _mm512_set1_pd(0x1p-53)));
    x = _mm512_add_epi64(x, all_lanes(kLanes * RandomNumbers::kWeyl));
  }
}

}  // namespace

const Kernels kAvx512Kernels = {match_avx512, forward_avx512<false>, forward_avx512<true>,
                                fill_randoms_avx512};

}  // namespace bytepiece

#endif
