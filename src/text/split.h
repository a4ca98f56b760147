// Splitting cuts normalized text into chunks; nothing that comes later crosses from one into the next.
//
// A chunk is a line with all line feeds after it:        "ab\n\ncd" ─▶ "ab\n\n" | "cd"
// With isolate_digits every digit is a chunk of its own:  "a12\n"   ─▶ "a" | "1" | "2" | "\n"
// With max_chars = M a line of more than M characters is cut after every M of them, at most 100 line feeds
// stay together, and a line feed joins the M characters before it.
//
// Characters are code points; an invalid byte counts as one. A line ends at U+000A only. A digit is a
// character of the Unicode category Nd.
//
// Costs: linear. Chunks are never empty and together they are the text. Thread rule: pure functions.
#pragma once

#include <cstddef>
#include <string_view>

namespace bytepiece {

struct SplitOptions {
  std::size_t max_chars = 0;  // 0: no limit
  bool isolate_digits = false;
};

// Where the chunk that begins at text[begin] ends. REQUIRES: begin < text.size(), and a chunk begins there.
std::size_t chunk_end(std::string_view text, std::size_t begin, const SplitOptions& options);

// Calls visit(chunk) for every chunk in order.
template <class Visit>
void for_each_chunk(std::string_view text, const SplitOptions& options, const Visit& visit) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = chunk_end(text, begin, options);
    visit(text.substr(begin, end - begin));
    begin = end;
  }
}

}  // namespace bytepiece
