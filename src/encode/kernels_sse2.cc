// SSE2, which every x86-64 processor has: two lengths to a register; matching is plain. The whole encoder
// is 1.1 times as fast as plain. Tested by tests/viterbi_test.cc.
#if defined(__x86_64__)

#include <emmintrin.h>

#include <array>

#include "encode/kernels.h"

namespace bytepiece {
namespace {

// kRank[near][l]: how many of the lengths 1 .. l are in near, that is, which packed score belongs to length l
// + 1 if it is in near.
constexpr auto kRank = [] {
  std::array<std::array<std::uint8_t, Trie::kNear>, 256> table{};
  for (unsigned near = 0; near < 256; ++near) {
    std::uint8_t rank = 0;
    for (unsigned l = 0; l < Trie::kNear; rank = static_cast<std::uint8_t>(rank + (near >> l++ & 1))) {
      table[near][l] = rank;
    }
  }
  return table;
}();

// By two bits of near: the minimum with this turns what is not there into -inf, whatever bits it has.
alignas(16) constexpr double kLimits[4][2] = {
    {kNever, kNever}, {-kNever, kNever}, {kNever, -kNever}, {-kNever, -kNever}};

// By two bits of near: these bits of a weight turn what is not there into 0.
alignas(16) constexpr std::uint64_t kPresent[4][2] = {
    {0, 0}, {~std::uint64_t{0}, 0}, {0, ~std::uint64_t{0}}, {~std::uint64_t{0}, ~std::uint64_t{0}}};

struct Window {
  __m128d pairs[4];
};

Window load_window(const double* sums) {
  return {{_mm_loadu_pd(sums), _mm_loadu_pd(sums + 2), _mm_loadu_pd(sums + 4), _mm_loadu_pd(sums + 6)}};
}

void store_window(const Window& window, double* sums) {
  for (std::size_t k = 0; k < 4; ++k) _mm_storeu_pd(sums + 2 * k, window.pairs[k]);
}

[[gnu::noinline]] Window scaled(const Program& p, double* ring, const Window& window) {
  double sums[Trie::kNear];
  store_window(window, sums);
  scale_sums(sums, ring, p.ring_mask + 1);
  return load_window(sums);
}

// Two lengths of which `set` are pieces: `old` becomes what holds after this start; returns which pieces won.
template <bool kDraws>
[[gnu::always_inline]] inline __m128 relax(__m128d start, __m128d packed, unsigned set, __m128d u,
                                           __m128d& old) {
  if constexpr (kDraws) {
    const __m128d present = _mm_castsi128_pd(_mm_load_si128(reinterpret_cast<const __m128i*>(kPresent[set])));
    const __m128d x = _mm_mul_pd(start, _mm_and_pd(packed, present));
    old = _mm_add_pd(old, x);
    return _mm_castpd_ps(_mm_cmpgt_pd(x, _mm_mul_pd(u, old)));
  } else {
    const __m128d x = _mm_add_pd(start, _mm_min_pd(packed, _mm_load_pd(kLimits[set])));
    const __m128 wins = _mm_castpd_ps(_mm_cmpgt_pd(x, old));
    old = _mm_max_pd(x, old);
    return wins;
  }
}

template <bool kDraws>
[[gnu::always_inline]] inline void step(const Unit* units, const std::uint32_t* all_entries, const Trie& trie,
                                        const Program& p, std::size_t i, double* ring, Window& w) {
  const Unit& unit = units[p.nodes[i]];
  const auto& rank = kRank[unit.near];
  const std::uint32_t* const entries = all_entries + unit.entries;
  const auto piece = [&](unsigned l) { return load_score(entries + 2 * rank[l]); };
  if (p.takes[i] != 0) w.pairs[0] = _mm_move_sd(w.pairs[0], _mm_set_sd(kEmptyPath<kDraws>));
  if (kDraws && i % kScaleStep == 0 && needs_scaling(_mm_cvtsd_f64(w.pairs[0]))) [[unlikely]]
    w = scaled(p, ring, w);
  const __m128d start = _mm_unpacklo_pd(w.pairs[0], w.pairs[0]);
  const __m128d u = kDraws ? _mm_set1_pd(p.randoms[i]) : _mm_setzero_pd();
  double* const slot = ring + ((i + Trie::kNear) & p.ring_mask);
  const __m128d incoming = _mm_load_sd(slot);
  *slot = kNoPath<kDraws>;
  __m128 wins[4];
#pragma GCC unroll 4
  for (unsigned k = 0; k < 4; ++k) {
    const __m128d packed = _mm_set_pd(piece(2 * k + 1), piece(2 * k));
    __m128d next = _mm_shuffle_pd(w.pairs[k], k < 3 ? w.pairs[k + 1] : incoming, 1);
    wins[k] = relax<kDraws>(start, packed, unit.near >> (2 * k) & 3, u, next);
    w.pairs[k] = next;
  }
  const int low = _mm_movemask_ps(_mm_shuffle_ps(wins[0], wins[1], 0x88));
  const int high = _mm_movemask_ps(_mm_shuffle_ps(wins[2], wins[3], 0x88));
  p.takes[i] = static_cast<std::uint8_t>(low | high << 4);
  if (unit.far != 0) [[unlikely]]
    (kDraws ? draw_far : push_far)(trie, unit, p, i, _mm_cvtsd_f64(start), ring);
}

template <bool kDraws>
void forward_sse2(const Trie& trie, const Program& program) {
  const Program p = program;
  const Unit* const units = trie.units();
  const std::uint32_t* const entries = trie.entries();
  double* const ring_a = p.rings;
  double* const ring_b = p.rings + p.ring_mask + 1;
  Window wa = load_window(p.windows), wb = load_window(p.windows + Trie::kNear);
  std::size_t a = p.begin, b = p.half;
  for (; a < p.half && b < p.size; ++a, ++b) {
    step<kDraws>(units, entries, trie, p, a, ring_a, wa);
    step<kDraws>(units, entries, trie, p, b, ring_b, wb);
  }
  for (; a < p.half; ++a) step<kDraws>(units, entries, trie, p, a, ring_a, wa);
  for (; b < p.size; ++b) step<kDraws>(units, entries, trie, p, b, ring_b, wb);
  store_window(wa, p.windows);
  store_window(wb, p.windows + Trie::kNear);
}

}  // namespace

const Kernels kSse2Kernels = {match_plain, forward_sse2<false>, forward_sse2<true>, fill_randoms_plain};

}  // namespace bytepiece

#endif
