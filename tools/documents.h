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

  // Appends what a document becomes; number counts documents from 1. Runs on many threads at once.
  std::function<void(std::string_view document, std::uint64_t number, std::string& out)> map;

  // Or the same for many documents at once: calls line() before each of them and appends to what it returns.
  std::function<void(std::span<const std::string_view> documents, const std::function<std::string&()>& line)>
      map_all;
};

// Where the input's last line has no line feed, the output's has none either.
void map_documents(const Corpus& corpus, const Mapping& mapping, const RunOptions& run, OutputFile& out);

}  // namespace bytepiece::tools
