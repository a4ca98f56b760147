// Plain C++, what the forms share, and the choice of a form. Tested by tests/viterbi_test.cc.
//
// Tried and not kept: a loop over the pieces of a row instead of eight fixed lengths (whole encoder
// 0.72 x on English, 0.88 x on code, the same on multi, 1.12 x on Chinese: how many there are is
// unpredictable); a copy of the row without the detour over `pieces` (dynamic program 0.8 x);
// levels with a branch per walk, or without fetching the next unit ahead (match 0.9 to 0.75 x); a list from
// the first level on (whole encoder 0.9 x on Chinese and multi).
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "encode/kernels.h"

namespace bytepiece {
namespace {

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

// kRank[near][l]: 1 + how many of the lengths 1 .. l are in near, 0 if length l + 1 is not.
constexpr auto kRank = [] {
  std::array<std::array<std::uint8_t, Trie::kNear>, 256> table{};
  for (unsigned near = 0; near < 256; ++near) {
    std::uint8_t rank = 0;
    for (unsigned l = 0; l < Trie::kNear; ++l) table[near][l] = near >> l & 1 ? ++rank : 0;
  }
  return table;
}();

template <bool kDraws>
void forward_plain(const Trie& trie, const Program& program) {
  const Program p = program;
  const Unit* const units = trie.units();
  const std::uint32_t* const all_entries = trie.entries();
  double* const ring = p.rings;
  double window[Trie::kNear];
  std::copy_n(p.windows, Trie::kNear, window);
  double pieces[1 + Trie::kNear];  // a row after what is no piece
  pieces[0] = kNoPath<kDraws>;
  for (std::size_t i = p.begin; i < p.size; ++i) {
    const Unit& unit = units[p.nodes[i]];
    const auto& rank = kRank[unit.near];
    std::memcpy(pieces + 1, all_entries + unit.entries, Trie::kNear * sizeof(double));
    if (p.takes[i] != 0) window[0] = kEmptyPath<kDraws>;
    if (kDraws && i % kScaleStep == 0 && needs_scaling(window[0])) scale_sums(window, ring, p.ring_mask + 1);
    const double start = window[0];
    double& incoming = ring[(i + Trie::kNear) & p.ring_mask];
    unsigned takes = 0;
#pragma GCC unroll 8
    for (unsigned l = 0; l < Trie::kNear; ++l) {
      const double piece = pieces[rank[l]];
      const double old = l + 1 < Trie::kNear ? window[l + 1] : incoming;
      if constexpr (kDraws) {
        const double x = start * piece;
        window[l] = old + x;
        takes |= static_cast<unsigned>(x > p.randoms[i] * window[l]) << l;
      } else {
        const double x = start + piece;
        takes |= static_cast<unsigned>(x > old) << l;
        window[l] = x > old ? x : old;
      }
    }
    incoming = kNoPath<kDraws>;
    p.takes[i] = static_cast<std::uint8_t>(takes);
    if (unit.far != 0) (kDraws ? draw_far : push_far)(trie, unit, p, i, start, ring);
  }
  std::copy_n(window, Trie::kNear, p.windows);
}

}  // namespace

void match_plain(const Trie& trie, const Symbol* symbols, std::size_t n, std::uint32_t* nodes,
                 MatchScratch& scratch) {
  const Unit* const units = trie.units();
  for (std::size_t begin = 0; begin < n; begin += kBlock) {
    const std::size_t m = std::min(kBlock, n - begin);
    // The first two levels at once, without a list.
    const Symbol* const block = symbols + begin;
    std::size_t alive = 0;
    for (std::size_t i = 0; i < m; ++i) {
      const std::uint32_t slot = units[block[i]].base + block[i + 1];
      const Unit& unit = units[slot];
      const bool hit = unit.label == block[i + 1];
      nodes[begin + i] = hit ? slot : block[i];
      scratch.walks[alive] = unit.base | static_cast<Walk>(i) << 32;
      __builtin_prefetch(units + unit.base + block[i + 2]);
      alive += hit & (unit.base != Trie::kNoChildren);
    }
    finish_walks(trie, block, 2, alive, nodes + begin, scratch.walks);
  }
  fetch_rows(trie, nodes, n);
}

void finish_walks(const Trie& trie, const Symbol* symbols, std::size_t depth, std::size_t alive,
                  std::uint32_t* nodes, Walk* walks) {
  for (; alive > 0 && depth < trie.max_length(); ++depth) {
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
    if (length > trie.max_length()) continue;  // forged
    const double x = score + load_score(piece);
    double& best = ring[(i + length) & program.ring_mask];
    if (x > best) {
      best = x;
      program.far_lengths[i + length] = static_cast<std::uint32_t>(length);
    }
  }
}

void draw_far(const Trie& trie, const Unit& unit, const Program& program, std::size_t i, double sum,
              double* ring) {
  const int near = std::popcount(unit.near);
  const std::uint32_t* piece = trie.entries() + unit.entries + 2 * near;
  const std::uint32_t* id = trie.entries() + unit.entries - near;
  for (unsigned k = 0; k < unit.far; ++k, piece += 2) {
    id -= 2;
    const std::size_t length = id[1];
    const double x = sum * load_score(piece);
    double& total = ring[(i + length) & program.ring_mask];
    total += x;
    if (x > program.randoms[i] * total) program.far_lengths[i + length] = static_cast<std::uint32_t>(length);
  }
}

void scale_sums(double* window, double* ring, std::size_t ring_size) {
  constexpr std::uint64_t kExponent = std::uint64_t{0x7FF} << 52, kOne = std::bit_cast<std::uint64_t>(1.0);
  const double factor =
      std::bit_cast<double>(2 * kOne - (std::bit_cast<std::uint64_t>(window[0]) & kExponent));
  for (std::size_t l = 0; l < Trie::kNear; ++l) window[l] *= factor;
  for (std::size_t k = 0; k < ring_size; ++k) ring[k] *= factor;
}

void fill_randoms_plain(const RandomNumbers& random, std::uint64_t place, std::size_t n, double* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = random.uniform(place + i);
}

const Kernels kPlainKernels = {match_plain, forward_plain<false>, forward_plain<true>, fill_randoms_plain};

#if defined(__x86_64__)

bool is_supported(Form form) {
  switch (form) {
    case Form::kPlain:
    case Form::kSse2:
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
    case Form::kSse2:
      return kSse2Kernels;
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
  constexpr std::string_view kNames[] = {"plain", "sse2", "avx2", "avx512"};
  return kNames[static_cast<std::size_t>(form)];
}

Form best_form() {
  for (const Form form : {Form::kAvx512, Form::kAvx2, Form::kSse2}) {
    if (is_supported(form)) return form;
  }
  return Form::kPlain;
}

}  // namespace bytepiece
