// Kernels: the two hot phases of the encoder, in four forms with the same results: plain C++, SSE2, AVX2
// and AVX-512. viterbi.h explains the phases and why they are exact; this file fixes what a form
// computes, the .cc files how.
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
// sum: the same with sums for maxima and products for sums (sample.h): S[e] is the weight of all
// segmentations
//   that end before e, and a row of weights takes the place of the row of scores. All windows are stored:
//   what a window holds for e after start i is the part of S[e] that comes from starts up to i, so those
//   on a diagonal are the running sums of S[e], and choosing among its pieces needs no other look-up:
//
//     window after e-3   .  .  c3             r = u * S[e] falls between two of
//     window after e-2   .  c3+c2                0 <= c3 <= c3+c2 <= c3+c2+c1 = S[e]
//     window after e-1   c3+c2+c1
//
//   The terms of a sum are added in order of ascending starts in every form. At every kScaleStep-th symbol
//   an S that has left [2^-kScaleBits, 2^kScaleBits] is brought back to [1, 2), and with it everything that
//   is still to come, by a power of two, which changes no digit; factors says by which.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

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
struct Program {
  const std::uint32_t* nodes;
  std::uint8_t* takes;         // in: 1 where a chunk starts, else 0
  std::uint32_t* far_lengths;  // out, where they are asked for
  double* rings;               // two of ring_mask + 1 > longest piece + 8; all -inf in between
  std::size_t ring_mask;
  double* windows;  // in and out: two of Trie::kNear; all -inf where a stream starts a chunk
  std::size_t begin, half, size;
};

inline constexpr std::size_t kScaleStep = 8;
inline constexpr int kScaleBits = 128;

// The sums over symbols [begin, size), in two streams as above; windows and rings are zero where those of
// Program are -inf. The trie has weights for scores.
struct SumProgram {
  const std::uint32_t* nodes;
  std::uint8_t* flags;         // in: kStartsChunk; out: kFarEnds added where a far piece ends
  std::uint32_t* far_lengths;  // out: the longest far piece that ends there, where flags has kFarEnds
  double* sums;                // out: Trie::kNear per symbol, the window after that start
  double* factors;             // out: by symbol / kScaleStep, what everything was multiplied by there
  double* rings;
  std::size_t ring_mask;
  double* windows;
  std::size_t begin, half, size;

  static constexpr std::uint8_t kStartsChunk = 1, kFarEnds = 2;
};

struct Kernels {
  // REQUIRES: 0 < n <= kSpan.
  void (*match)(const Trie& trie, const Symbol* symbols, std::size_t n, std::uint32_t* nodes,
                MatchScratch& scratch);
  void (*forward)(const Trie& trie, const Program& program);
  void (*sum)(const Trie& trie, const SumProgram& program);
};

// REQUIRES: is_supported(form).
const Kernels& kernels(Form form);

// ---- What the forms share ----

inline constexpr double kNever = -std::numeric_limits<double>::infinity();

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

// The same for sums.
void add_far(const Trie& trie, const Unit& unit, const SumProgram& program, std::size_t i, double sum,
             double* ring);

// Whether S[i] has left the range.
inline bool needs_scaling(double sum) {
  constexpr double kLargest = 0x1p128, kSmallest = 0x1p-128;
  static_assert(kScaleBits == 128);
  return sum > kLargest || (sum < kSmallest && sum > 0);
}

// Brings S[i], which is window[0], back into range; returns the factor.
double scale_sums(double* window, double* ring, std::size_t ring_size);

}  // namespace bytepiece
