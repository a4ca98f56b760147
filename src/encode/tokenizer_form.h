// A Tokenizer with a chosen form of the search (kernels.h), for tests and benchmarks. Users get the fastest
// one that the processor has; ids do not depend on it.
#pragma once

#include <bytepiece/tokenizer.h>

#include "encode/kernels.h"

namespace bytepiece {

// REQUIRES: is_supported(form).
Tokenizer tokenizer_with_form(Vocab vocab, Form form);
Tokenizer tokenizer_of_file(const std::filesystem::path& path, Form form);  // throws Error

}  // namespace bytepiece
