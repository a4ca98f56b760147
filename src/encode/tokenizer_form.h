// A Tokenizer with a chosen form of the search (kernels.h), for tests and benchmarks. Users get the fastest
// one that the processor has; ids do not depend on it.
#pragma once

#include <bytepiece/tokenizer.h>

#include "encode/kernels.h"
#include "encode/trie.h"

namespace bytepiece {

// REQUIRES: is_supported(form).
Tokenizer tokenizer_with_form(Vocab vocab, Form form);
Tokenizer tokenizer_of_file(const std::filesystem::path& path, Form form);  // throws Error

// The search structure of these pieces with their log probabilities.
Trie trie_of(const Vocab& vocab);

}  // namespace bytepiece
