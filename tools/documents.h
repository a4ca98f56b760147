// Turns every document of a corpus into a line of output, on all threads, in the order of the input.
//
// Memory is bounded: batches of documents of about 256 kB (or one longer document) go through a queue.
#pragma once

#include <bytepiece/corpus.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/output_file.h"
#include "tools/common.h"

namespace bytepiece::tools {

struct Mapping {
  std::string_view stage;  // for the progress line
  bool line_feeds = true;  // write one behind every document

  // Calls line() before each of the documents and appends what it becomes to the result; first_number is the
  // number of the first, counted from 1. Runs on many threads at once.
  std::function<void(std::span<const std::string_view> documents, std::uint64_t first_number,
                     const std::function<std::string&()>& line)>
      map;
};

// Where the input's last line has no line feed, the output's has none either.
void map_documents(const Corpus& corpus, const Mapping& mapping, const RunOptions& run, OutputFile& out);

}  // namespace bytepiece::tools
