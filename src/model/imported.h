// A vocabulary made from another library's: pieces with probabilities instead of counts, ids of its own.
//
//   theirs   id 5 "▁the" -3.2      ours   id 913 " the" count e^-3.2 * 2^62
//
// Scores are natural logarithms of probabilities, which sum up to 1 at most. Counts are whole multiples of
// what the scores can come from (the counts of a model that was exported come back), else they are scaled to
// 2^62. What is missing up to 1 goes to the byte FF, which no text has, so that the scores stay the same, as
// far as whole counts can say them: a score below log 2^-62 = -42.98 becomes that, and a note says so.
//
// Thread rule: pure functions.
#pragma once

#include <bytepiece/vocab.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace bytepiece {

struct ScoredPiece {
  std::string bytes;
  double score = 0;
  std::uint32_t id = 0;  // theirs
};

struct Imported {
  Vocab vocab;
  std::vector<std::pair<Id, std::uint32_t>> ids;  // ours and theirs, of all that both have
  std::vector<std::string> notes;                 // what could not be kept, a line each
};

// What import collects: pieces in any order, special tokens in the order of their ids.
struct Import {
  std::vector<ScoredPiece> pieces;
  std::vector<std::pair<std::string, std::uint32_t>> special_tokens;
  std::vector<std::pair<Id, std::uint32_t>> reserved;  // pad, bos, eos
  std::vector<std::string> notes;
};

// Single bytes that are missing are added with a score below all others. Throws Error: a piece is there
// twice, a score is no logarithm of a probability.
Imported finish(Import import);

}  // namespace bytepiece
