// Maps a corpus batch by batch on all threads, and hands the results on in the order of the input.
//
//   documents   aa b cc dddddddddddddddddddddd e
//   batches     [aa b cc][ddddd][ddddddd][ddd][e]      about 256 kB each, or 32768 documents
//
// A batch holds whole documents, or a part of one that is longer: it is cut where its parts can be mapped one
// by one, so all threads work on a long document together. A stretch of more than 4 MB that cannot be cut, as
// one long line, is mapped in sequence by the thread that reads; the others work on what came before.
//
// Costs: memory for 4 batches and results per thread and 8 more, whatever the size of the corpus or of a
// document.
#pragma once

#include <bytepiece/corpus.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/threads.h"
#include "tools/common.h"
#include "tools/interrupt.h"
#include "tools/progress.h"

namespace bytepiece::tools {

struct Batch {
  std::string bytes;
  std::vector<std::size_t> ends;   // where in `bytes` each document, or the part of one, ends
  std::uint64_t first_number = 1;  // of the first document, counted from 1
  std::uint64_t offset = 0;        // of `bytes` in the document that a part belongs to
  std::uint64_t first_line = 0;    // how many lines of that document are before `bytes` (random.h)
  bool begins = true;              // false: `bytes` goes on with a document
  bool ends_document = true;       // false: the next batch goes on with it
  bool in_stretch = false;         // belongs to a stretch that cannot be cut
  bool ends_stretch = false;
  bool unterminated = false;  // its last document is the input's last, and that had no line feed

  std::vector<std::string_view> documents() const;
};

// Where a document may be cut: the last place inside `bytes`, 0 if there is none. It is known that there is
// none in its first `searched` bytes.
using LastCut = std::size_t (*)(std::string_view bytes, std::size_t searched);
// Behind a line feed and in front of another byte; behind a blank; at a multiple of 4; nowhere.
std::size_t last_line_begin(std::string_view bytes, std::size_t searched);
std::size_t last_blank_end(std::string_view bytes, std::size_t searched);
std::size_t last_id_begin(std::string_view bytes, std::size_t searched);
std::size_t no_cut(std::string_view bytes, std::size_t searched);

class Batcher {
 public:
  // Without `stretches` what cannot be cut is one batch however long it is. The first `skip` documents are
  // left out, but counted.
  Batcher(LastCut last_cut, bool stretches, std::uint64_t skip, std::function<void(Batch)> push)
      : last_cut_(last_cut), stretches_(stretches), skip_(skip), push_(std::move(push)) {}

  void add(const DocumentPart& part);
  void finish();

  std::uint64_t skip_left() const { return skip_; }  // of the documents to be left out: there were fewer

 private:
  bool is_full() const;
  void add_slice(const DocumentPart& slice);
  void cut_open_document();
  void push_whole_documents();
  void push_part(std::size_t end);

  LastCut last_cut_;
  bool stretches_;
  std::uint64_t skip_;
  std::function<void(Batch)> push_;
  Batch batch_;
  std::size_t open_begin_ = 0;  // of the open document in batch_.bytes
  std::size_t searched_ = 0;    // of batch_.bytes: there is no place to cut in so many
  char before_ = 0;             // batch_.bytes, where it goes on with a stretch
  bool open_ = false;
};

template <class Result>
struct Mapping {
  std::string_view stage;  // for the progress line
  std::uint64_t skip = 0;  // leaves out so many documents
  LastCut last_cut = no_cut;
  std::function<Result(const Batch&)> map;          // runs on many threads at once
  std::function<Result(const Batch&)> map_stretch;  // one after the other; may be empty if last_cut is no_cut
  std::function<void(const Result&)> sink;          // one after the other, in order
  std::function<std::string()> note = {};           // more for the progress line
};

// Throws Interrupted (interrupt.h) when the user wants to stop. Returns how many documents fewer there were
// than to be left out.
template <class Result>
std::uint64_t map_documents(const Corpus& corpus, const Mapping<Result>& mapping, const RunOptions& run) {
  struct Item {
    Batch batch;
    std::optional<Result> result;
  };
  ProgressLine progress(run.quiet);
  std::uint64_t skip_left = 0;
  catch_interrupts();
  ordered_pipeline<Item, Result>(
      resolve_threads(run.threads),
      [&](const auto& push) {
        Batcher batcher(mapping.last_cut, bool{mapping.map_stretch}, mapping.skip, [&](Batch batch) {
          stop_if_interrupted();
          Item item;
          if (batch.in_stretch) {
            item.result = mapping.map_stretch(batch);
          } else {
            item.batch = std::move(batch);
          }
          push(std::move(item));
          progress.show(mapping.stage, corpus.position(), corpus.size, true,
                        mapping.note ? mapping.note() : std::string());
        });
        corpus.walk([&](const DocumentPart& part) {
          stop_if_interrupted();
          batcher.add(part);
        });
        stop_if_interrupted();  // the program that wrote our input may have been stopped first
        batcher.finish();
        skip_left = batcher.skip_left();
      },
      [&](std::size_t, Item& item) {
        return item.result ? std::move(*item.result) : mapping.map(item.batch);
      },
      mapping.sink);
  return skip_left;
}

}  // namespace bytepiece::tools
