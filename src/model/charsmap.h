// SentencePiece's precompiled_charsmap: replacements of texts, the longest match first, as a trie.
//
//   size of the trie in bytes (4) | units of the trie (4 each) | results, each with a zero behind it
//
// The trie is a double array in the layout of darts-clone. The children of the node at place p lie at
// (p ^ offset) ^ label, where the node's unit has the offset and the child's the label:
//
//   unit   offset 22 bits | 0 | has a value 1 bit | label 8 bits
//   value  1 | 31 bits: where the result begins       at p ^ offset, of a node that has one
//
// Offsets of nodes are distinct, so the label alone proves the parent. All numbers are little-endian.
//
// Costs: some 20 bytes a rule. Thread rule: a pure function.
#pragma once

#include <map>
#include <string>

namespace bytepiece {

// REQUIRES: no text is empty or has a zero in it; fewer than a million rules.
std::string charsmap(const std::map<std::string, std::string>& rules);

}  // namespace bytepiece
