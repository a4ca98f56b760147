// Tested by tests/viterbi_test.cc and tests/sample_test.cc.
#include "encode/search.h"

#include <bytepiece/types.h>

#include "text/utf8.h"

namespace bytepiece {

void fail_forged() {
  throw Error("the search structure of this model is forged; make the file again with bytepiece convert");
}

std::size_t slice_size(std::string_view text) {
  if (text.size() <= kSpan) return text.size();
  std::size_t size = kSpan;
  for (int i = 0; i < 3 && is_continuation(text[size]); ++i) --size;
  return is_continuation(text[size]) ? kSpan : size;  // more than three belong to no character
}

}  // namespace bytepiece
