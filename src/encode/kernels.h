// Kernels: the hot phases of a search, in four forms with the same results: plain C++, SSE2, AVX2 and
// AVX-512. search.h explains the phases, viterbi.h and sample.h why they are exact; this file fixes what a
// form computes, the .cc files how.
//
// match: for each start its node, the unit of the deepest node on its path (trie.h). Walks go level
//   by level over thousands of starts: first all starts take their second symbol, then all their
//   third. What one walk does next is unpredictable and each step waits for memory; side by side,
//   steps need no branches and their loads overlap. After a few levels most walks are over; the
//   living are collected in a list that shrinks with every level.
//
// forward: the dynamic program. With S[e] the best sum that ends before symbol e, a window holds
//   S[i] .. S[i + 7]; a step takes S[i] out of it, adds the scores of the row of i, and keeps the
//   larger of the sums and what the window held:
//
//     window    S[i]  |  S[i+1]  S[i+2]  S[i+3] ..  S[i+8]     S[i+8] comes in from the ring
//     + row             S[i]+A   S[i]+AB  -inf  ..
//     takes               1        0       0                   bit l: the sum was strictly larger
//
//   Only `takes` is stored, a byte per symbol: the best piece that ends at e has the smallest
//   length l with bit l - 1 of takes[e - l] set, as later starts overwrite earlier ones. Pieces of
//   more than eight symbols go to a ring of scores indexed by their end, from which the window is
//   fed; they come from earlier starts than everything in the window and are in it first, as the
//   order demands. If no bit is set for e, the best piece is far and far_lengths[e] is its length.
//
// draw: the same with sums for maxima and products for sums: a row holds weights, S[e] is the weight of all
//   paths that end before e, and the piece from start s wins at e if u * S < its part of S, where S is the
//   sum so far, that part included, and u the random number of s, one for all pieces that start there
//   (sample.h proves that this draws exactly). At every kScaleStep-th symbol an S[i] that has left
//   [2^-kScaleBits, 2^kScaleBits] is brought back to [1, 2), and with it everything that is still to come, by
//   a power of two, which changes no digit. The terms of a sum are added in order of ascending starts in
//   every form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

#include "base/random_numbers.h"
#include "encode/trie.h"

namespace bytepiece {

enum class Form { kPlain, kSse2, kAvx2, kAvx512 };

bool is_supported(Form form);           // by this processor
Form best_form();                       // the last one that is supported
std::string_view form_name(Form form);  // plain, sse2, avx2, avx512

inline constexpr Form kForms[] = {Form::kPlain, Form::kSse2, Form::kAvx2, Form::kAvx512};

// Arrays of symbols and nodes have room for kSlack more elements, and the symbols that follow the
// text are stop(): kernels work on whole vectors.
inline constexpr std::size_t kSlack = 64;

// How many starts are matched at a time.
inline constexpr std::size_t kSpan = 8192;

// A start whose walk is not over: the base of its node | start << 32.
using Walk = std::uint64_t;

struct MatchScratch {
  alignas(64) Walk walks[kSpan + kSlack];
  alignas(64) std::uint64_t bases[kSpan + kSlack];
  alignas(64) std::uint64_t nodes[kSpan + kSlack];
};

// The dynamic program over symbols [begin, size), as two streams, [begin, half) and [half, size), that may
// be worked on in turns: one chain of additions and maxima cannot keep a processor busy. What is in windows
// and rings at the end of a stream is where the next call may go on.
template <class Number>
struct ProgramOf {
  const std::uint32_t* nodes;
  std::uint8_t* takes;         // in: 1 where a chunk starts, else 0
  std::uint32_t* far_lengths;  // out, where they are asked for
  const double* randoms;       // for draw
  Number* rings;               // two of ring_mask + 1 > longest piece + 8; all -inf (draw: 0) in between
  std::size_t ring_mask;
  Number* windows;  // in and out: two of Trie::kNear; all -inf (draw: 0) where a stream starts a chunk
  std::size_t begin, half, size;
};
using Program = ProgramOf<double>;

inline constexpr std::size_t kScaleStep = 8;
inline constexpr int kScaleBits = 128;

struct Kernels {
  // REQUIRES: 0 < n <= kSpan.
  void (*match)(const Trie& trie, const Symbol* symbols, std::size_t n, std::uint32_t* nodes,
                MatchScratch& scratch);
  void (*forward)(const Trie& trie, const Program& program);
  void (*draw)(const Trie& trie, const Program& program);
  // The random numbers of n places from `place` on; AVX-512 takes a quarter of the time.
  void (*fill_randoms)(const RandomNumbers& random, std::uint64_t place, std::size_t n, double* out);
};

// REQUIRES: is_supported(form).
const Kernels& kernels(Form form);

// ---- What the forms share ----

inline constexpr double kNever = -std::numeric_limits<double>::infinity();

// What stands for no path, and for the empty path.
template <bool kDraws>
inline constexpr double kNoPath = kDraws ? 0.0 : kNever;
template <bool kDraws>
inline constexpr double kEmptyPath = kDraws ? 1.0 : 0.0;

// How many starts are matched side by side: their state stays in the first-level cache.
inline constexpr std::size_t kBlock = 1024;

extern const Kernels kPlainKernels;
#if defined(__x86_64__)
extern const Kernels kSse2Kernels, kAvx2Kernels, kAvx512Kernels;
#endif

// A score among the entries of a row.
inline double load_score(const std::uint32_t* entry) {
  double score;
  std::memcpy(&score, entry, sizeof score);
  return score;
}

void fill_randoms_plain(const RandomNumbers& random, std::uint64_t place, std::size_t n, double* out);

void match_plain(const Trie& trie, const Symbol* symbols, std::size_t n, std::uint32_t* nodes,
                 MatchScratch& scratch);

// Takes `alive` walks that are `depth` symbols long to their ends.
void finish_walks(const Trie& trie, const Symbol* symbols, std::size_t depth, std::size_t alive,
                  std::uint32_t* nodes, Walk* walks);

// Fetches the rows that the dynamic program will need.
void fetch_rows(const Trie& trie, const std::uint32_t* nodes, std::size_t n);

// Relaxes the ends that the far pieces of start i reach; `score` is S[i].
void push_far(const Trie& trie, const Unit& unit, const Program& program, std::size_t i, double score,
              double* ring);

// The same where a path is drawn.
void draw_far(const Trie& trie, const Unit& unit, const Program& program, std::size_t i, double sum,
              double* ring);

// Whether S[i] has left the range.
inline bool needs_scaling(double sum) {
  constexpr double kLargest = 0x1p128, kSmallest = 0x1p-128;
  static_assert(kScaleBits == 128);
  return sum > kLargest || (sum < kSmallest && sum > 0);
}

// Brings S[i], which is window[0], back into range.
void scale_sums(double* window, double* ring, std::size_t ring_size);

}  // namespace bytepiece
