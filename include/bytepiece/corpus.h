// A Corpus is text that can be walked more than once: training walks it twice.
//
// Thread rule: walk() runs on one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bytepiece {

// A stretch of one document. A long document arrives in several parts, cut anywhere; the last one says so.
struct DocumentPart {
  std::string_view bytes;  // valid during the call only
  bool ends_document = true;
  bool unterminated = false;  // of a document that is a line: the file ended before a line feed
  // How much the document counts with TrainOptions::fewest_tokens; the same for all its parts.
  std::uint32_t weight = 1;
};

struct Corpus {
  // Calls visit for every part of every document, the same parts' bytes in the same order each time.
  // Throws Error when a document cannot be read. What visit throws passes through.
  std::function<void(const std::function<void(const DocumentPart&)>& visit)> walk;

  // How far the current walk has come and how far it goes, in any one unit (file bytes, say); for
  // progress only. May be empty.
  std::function<std::uint64_t()> position;
  std::uint64_t size = 0;

  std::string name = "the corpus";  // for messages

  // Share i of n, from 0 on: all shares together have the chunks of the corpus, each once. For work that is
  // resumed or spread over machines; empty: the corpus cannot be shared out.
  std::function<Corpus(std::size_t i, std::size_t n)> share;
  // What the corpus is, for comparing: two corpora of one identity are taken to be the same. Empty: unknown.
  std::string identity;
};

// Documents held in memory.
inline Corpus corpus_of(std::vector<std::string> documents) {
  Corpus corpus;
  corpus.walk = [documents = std::move(documents)](const auto& visit) {
    for (const std::string& document : documents) visit(DocumentPart{document});
  };
  return corpus;
}

}  // namespace bytepiece
