// SentencePiece's model file, a protocol buffer (sentencepiece_model.proto): Unigram models, both ways.
//
//   ours                        theirs
//   0, 1, 2  pad, bos, eos      <unk>, <s>, </s>
//   b + 3    byte               ASCII but NUL: NORMAL, as "a"; others: BYTE, as <0xE4>
//   id       piece of chars     NORMAL, blanks as ▁ (U+2581)
//   id       what they cannot   UNUSED, as <unused 300>: pieces that are not whole
//            say                characters, or hold NUL or ▁
//   id       special token      CONTROL: never parsed in a text
//   behind   -                  BYTE once more for the ASCII ones, as byte fallback
//                               needs all 256; never used
//
// So ids are equal, pad aside. What has no piece goes to bytes on both sides. Texts are brought into NFC by
// the table that such a model has for that (charsmap.h), as far as a table can (nfc_rules.h).
//
// Their sums of scores are floats, whose last bits would decide all ties ("   " as two and one or one and two
// blanks) in other ways than sums of doubles do. So scores are rounded to multiples of 2^-12: their sums are
// exact up to 4096, and ties are ties on both sides, which go to the longest piece.
// In models that are imported, that cannot be mended: of several orders of the same pieces ("www" as ww, w or
// as w, ww) theirs is the one that wins by a sum in double precision against one that was rounded to a float,
// which depends on all that stands before. Other pieces come out only in texts that are not in NFC.
//
// Thread rule: pure functions; one call per file at a time.
#pragma once

#include <bytepiece/vocab.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/output_file.h"
#include "model/imported.h"

namespace bytepiece {

// Whether the bytes begin as such a model does.
bool is_sentencepiece(std::string_view bytes);

// Throws Error unless the bytes are a Unigram model.
Imported read_sentencepiece(std::string_view bytes);

// Returns what could not be kept, a line each. Throws Error; does not commit.
std::vector<std::string> write_sentencepiece(const Vocab& vocab, OutputFile& file);

}  // namespace bytepiece
