// Plain C++, what the forms share, and the choice of a form. Tested by tests/viterbi_test.cc.
//
// Tried and not kept: a loop over the pieces of a row instead of eight fixed lengths (whole encoder
// 0.72 x on English, 0.88 x on code, the same on multi, 1.12 x on Chinese: how many there are is
// unpredictable); a copy of the row without the detour over `pieces` (dynamic program 0.8 x);
// levels with a branch per walk, or without fetching the next unit ahead (match 0.9 to 0.75 x).
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "encode/kernels.h"

namespace bytepiece {
namespace {

double load_score(const std::uint32_t* entry) {
  double score;
  std::memcpy(&score, entry, sizeof score);
  return score;
}

// One level: every walk takes its next symbol; those that go on move to the front. There are no
// branches, and the unit of the level after is fetched ahead.
std::size_t step_walks(const Unit* units, const Symbol* next, std::size_t alive, std::uint32_t* nodes,
                       Walk* walks) {
  std::size_t out = 0;
  for (std::size_t i = 0; i < alive; ++i) {
    const Walk walk = walks[i];
    const auto start = static_cast<std::uint32_t>(walk >> 32);
    const Symbol symbol = next[start];
    const std::uint32_t slot = static_cast<std::uint32_t>(walk) + symbol;
    const Unit& unit = units[slot];
    const bool hit = unit.label == symbol;
    const std::uint32_t old = nodes[start];
    nodes[start] = old ^ ((old ^ slot) & (0u - static_cast<std::uint32_t>(hit)));
    walks[out] = unit.base | (walk >> 32 << 32);
    __builtin_prefetch(units + unit.base + next[start + 1]);
    out += hit & (unit.base != Trie::kNoChildren);
  }
  return out;
}

void match_plain(const Trie& trie, const Symbol* symbols, std::size_t n, std::uint32_t* nodes,
                 MatchScratch& scratch) {
  const Unit* const units = trie.units();
  for (std::size_t begin = 0; begin < n; begin += kBlock) {
    const std::size_t m = std::min(kBlock, n - begin);
    for (std::size_t i = 0; i < m; ++i) {
      const Symbol symbol = symbols[begin + i];
      nodes[begin + i] = symbol;
      scratch.walks[i] = units[symbol].base | static_cast<Walk>(i) << 32;
    }
    finish_walks(trie, symbols + begin, 1, m, nodes + begin, scratch.walks);
  }
  fetch_rows(trie, nodes, n);
}

#if defined(__SSE2__)

// Pairs of doubles, which every x86-64 processor has: 1.1 times the plain C++ below, the whole encoder taken.

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

struct Window {
  __m128d pairs[4];
};

[[gnu::always_inline]] inline void forward_step(const Unit* units, const std::uint32_t* all_entries,
                                                const Trie& trie, const Program& p, std::size_t i,
                                                double* ring, Window& w) {
  const Unit& unit = units[p.nodes[i]];
  const auto& rank = kRank[unit.near];
  const std::uint32_t* const entries = all_entries + unit.entries;
  const auto piece = [&](unsigned l) { return load_score(entries + 2 * rank[l]); };
  if (p.takes[i] != 0) w.pairs[0] = _mm_move_sd(w.pairs[0], _mm_setzero_pd());
  const __m128d score = _mm_unpacklo_pd(w.pairs[0], w.pairs[0]);
  double* const slot = ring + ((i + Trie::kNear) & p.ring_mask);
  const __m128d incoming = _mm_load_sd(slot);
  *slot = kNever;
  __m128 wins[4];
#pragma GCC unroll 4
  for (unsigned k = 0; k < 4; ++k) {
    const __m128d packed = _mm_set_pd(piece(2 * k + 1), piece(2 * k));
    const __m128d pieces = _mm_min_pd(packed, _mm_load_pd(kLimits[unit.near >> (2 * k) & 3]));
    const __m128d old = _mm_shuffle_pd(w.pairs[k], k < 3 ? w.pairs[k + 1] : incoming, 1);
    const __m128d x = _mm_add_pd(score, pieces);
    wins[k] = _mm_castpd_ps(_mm_cmpgt_pd(x, old));
    w.pairs[k] = _mm_max_pd(x, old);
  }
  const int low = _mm_movemask_ps(_mm_shuffle_ps(wins[0], wins[1], 0x88));
  const int high = _mm_movemask_ps(_mm_shuffle_ps(wins[2], wins[3], 0x88));
  p.takes[i] = static_cast<std::uint8_t>(low | high << 4);
  if (unit.far != 0) [[unlikely]]
    push_far(trie, unit, p, i, _mm_cvtsd_f64(score), ring);
}

void forward_plain(const Trie& trie, const Program& program) {
  const Program p = program;
  const Unit* const units = trie.units();
  const std::uint32_t* const entries = trie.entries();
  double* const ring_a = p.rings;
  double* const ring_b = p.rings + p.ring_mask + 1;
  const __m128d never = _mm_set1_pd(kNever);
  Window wa{{never, never, never, never}};
  Window wb = wa;
  std::size_t a = 0, b = p.half;
  for (; a < p.half && b < p.size; ++a, ++b) {
    forward_step(units, entries, trie, p, a, ring_a, wa);
    forward_step(units, entries, trie, p, b, ring_b, wb);
  }
  for (; a < p.half; ++a) forward_step(units, entries, trie, p, a, ring_a, wa);
  for (; b < p.size; ++b) forward_step(units, entries, trie, p, b, ring_b, wb);
}

#else

// kRank[near][l]: 1 + how many of the lengths 1 .. l are in near, 0 if length l + 1 is not.
constexpr auto kRank = [] {
  std::array<std::array<std::uint8_t, Trie::kNear>, 256> table{};
  for (unsigned near = 0; near < 256; ++near) {
    std::uint8_t rank = 0;
    for (unsigned l = 0; l < Trie::kNear; ++l) table[near][l] = near >> l & 1 ? ++rank : 0;
  }
  return table;
}();

void forward_plain(const Trie& trie, const Program& program) {
  const Program p = program;
  const Unit* const units = trie.units();
  const std::uint32_t* const all_entries = trie.entries();
  double* const ring = p.rings;
  double window[Trie::kNear];
  std::fill(std::begin(window), std::end(window), kNever);
  double pieces[1 + Trie::kNear];  // a row's scores after one that never wins
  pieces[0] = kNever;
  for (std::size_t i = 0; i < p.size; ++i) {
    const Unit& unit = units[p.nodes[i]];
    const auto& rank = kRank[unit.near];
    std::memcpy(pieces + 1, all_entries + unit.entries, Trie::kNear * sizeof(double));
    const double score = p.takes[i] != 0 ? 0.0 : window[0];
    double& incoming = ring[(i + Trie::kNear) & p.ring_mask];
    unsigned takes = 0;
#pragma GCC unroll 8
    for (unsigned l = 0; l < Trie::kNear; ++l) {
      const double x = score + pieces[rank[l]];
      const double old = l + 1 < Trie::kNear ? window[l + 1] : incoming;
      takes |= static_cast<unsigned>(x > old) << l;
      window[l] = x > old ? x : old;
    }
    incoming = kNever;
    p.takes[i] = static_cast<std::uint8_t>(takes);
    if (unit.far != 0) push_far(trie, unit, p, i, score, ring);
  }
}

#endif

}  // namespace

void finish_walks(const Trie& trie, const Symbol* symbols, std::size_t depth, std::size_t alive,
                  std::uint32_t* nodes, Walk* walks) {
  for (; alive > 0; ++depth) {
    alive = step_walks(trie.units(), symbols + depth, alive, nodes, walks);
  }
}

void fetch_rows(const Trie& trie, const std::uint32_t* nodes, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    __builtin_prefetch(trie.entries() + trie.units()[nodes[i]].entries);
  }
}

void push_far(const Trie& trie, const Unit& unit, const Program& program, std::size_t i, double score,
              double* ring) {
  const std::uint32_t* const row = trie.entries() + unit.entries;
  const int near = std::popcount(unit.near);
  const std::uint32_t* piece = row + 2 * near;
  const std::uint32_t* id = row - near;
  for (unsigned k = 0; k < unit.far; ++k, piece += 2) {
    id -= 2;
    const std::size_t length = id[1];
    const double x = score + load_score(piece);
    double& best = ring[(i + length) & program.ring_mask];
    if (x > best) {
      best = x;
      program.far_lengths[i + length] = static_cast<std::uint32_t>(length);
    }
  }
}

const Kernels kPlainKernels = {match_plain, forward_plain};

#if defined(__x86_64__)

bool is_supported(Form form) {
  switch (form) {
    case Form::kPlain:
      return true;
    case Form::kAvx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
    case Form::kAvx512:
      return is_supported(Form::kAvx2) && __builtin_cpu_supports("avx512f") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl");
  }
  return false;
}

const Kernels& kernels(Form form) {
  switch (form) {
    case Form::kAvx2:
      return kAvx2Kernels;
    case Form::kAvx512:
      return kAvx512Kernels;
    default:
      return kPlainKernels;
  }
}

#else

bool is_supported(Form form) { return form == Form::kPlain; }
const Kernels& kernels(Form) { return kPlainKernels; }

#endif

std::string_view form_name(Form form) {
  constexpr std::string_view kNames[] = {"plain", "avx2", "avx512"};
  return kNames[static_cast<std::size_t>(form)];
}

Form best_form() {
  for (const Form form : {Form::kAvx512, Form::kAvx2}) {
    if (is_supported(form)) return form;
  }
  return Form::kPlain;
}

}  // namespace bytepiece
