// Cuts a chunk into pieces where its bytes hold together least, by the n-gram model: Viterbi over states.
//
// A state says how far into its piece a byte is: 0 is the first byte of a piece, j the byte number j + 1,
// and the last state N - 1 stands for "number N or later". Byte i in state j scores the log probability of
// the byte given the j bytes before it, so a piece is a run of bytes predicted from inside the piece:
//
//   byte     t   h   e   _   c   a   t          the cuts that follow: the | _cat
//   state    0   1   2   0   1   2   3          allowed: any state ─▶ 0,  j ─▶ j + 1,  N-1 ─▶ N-1
//   score  p(t) p(h|t) p(e|th) p(_) p(c|_) ...  an unknown n-gram scores -inf
//
// With ensure_unicode a continuation byte (80..BF) cannot be in state 0.
//
// Ties: the smallest predecessor wins, judged after the byte's score was added. Where every state of a byte
// is impossible (a rare character), all later ones are too, and the rules lead to single bytes from the
// byte before on: the "dead zone" of the original, kept. With repair_dead_zones the character alone becomes
// single bytes, and the search begins anew behind it: at most twice the time.
//
// Costs: O(bytes * N); one byte per byte.
// Thread rule: one Segmenter per thread; they share the model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "train/ngram_model.h"

namespace bytepiece {

class Segmenter {
 public:
  Segmenter(const NgramModel& model, bool ensure_unicode, bool repair_dead_zones = false)
      : model_(model), ensure_unicode_(ensure_unicode), repair_dead_zones_(repair_dead_zones) {}

  // The pieces of the chunk, from the last to the first; valid until the next call, as views of it.
  const std::vector<std::string_view>& segment(std::string_view chunk);

 private:
  struct End {
    std::size_t size;   // bytes that have a possible state; the first dead byte stops the search if it is to
                        // be repaired
    std::size_t state;  // the best of the last of them
  };
  template <int kOrder>
  End forward(std::string_view chunk);  // fills origins_
  End forward_any(std::string_view chunk);
  void trace(std::string_view chunk, std::size_t state);  // appends the pieces, from the last on
  void segment_repaired(std::string_view chunk);

  const NgramModel& model_;
  bool ensure_unicode_;
  bool repair_dead_zones_;
  // Per byte, where its best paths come from: into state 0 in the low bits; the high bit is set if state
  // N-1 comes from itself. The other states have one predecessor.
  std::vector<std::uint8_t> origins_;
  std::vector<std::string_view> pieces_;
};

}  // namespace bytepiece
