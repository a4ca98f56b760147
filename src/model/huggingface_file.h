// The tokenizer.json of Hugging Face's tokenizers: Unigram models over bytes, both ways.
//
// Bytes are spelled in the "byte level" alphabet there, a character for each byte: printable ones of Latin-1
// as they are, the others from U+0100 on (a blank is Ġ). Their library spells a text so before it looks for
// pieces; no regular expression cuts it, no blank is put in front, NFC comes first:
//
//   "a b\n" ─▶ aĠbĊ        ["aĠ", -4.21]        id = place in the list
//
// Ids are equal. Special tokens, pad, bos and eos too, are "added tokens": their library reads them in texts.
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

// Whether the bytes begin as a tokenizer.json does.
bool is_huggingface(std::string_view bytes);

// Throws Error unless the bytes are a Unigram model over bytes.
Imported read_huggingface(std::string_view bytes);

// Returns what could not be kept, a line each. Throws Error; does not commit.
std::vector<std::string> write_huggingface(const Vocab& vocab, OutputFile& file);

}  // namespace bytepiece
