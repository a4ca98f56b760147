// Training that survives being killed: the steps of steps.h in a row, with the count files in a folder.
//
//   folder/manifest               what is being made: every option that changes the model, the corpus, the
//                                 version, the number of shards
//   folder/ngrams.1 ... ngrams.S  the n-grams of each shard of the corpus
//   folder/pieces.1 ... pieces.S  its pieces
//
// A shard has 32 MB of files or more, and there are at most 128 of them. A file appears whole or not at all,
// so whatever is there under its name is finished, and a run that finds it goes on behind it. After a kill
// this has to be redone: the shard that was being counted; the merge of all n-grams into the model, if pieces
// are still to be counted; and the pruning. Files are checked as they are read: one that is cut off or of
// another kind is made again, one whose content is damaged is named in an error.
//
// A manifest that differs in anything is refused: another corpus (see Corpus::identity), another option,
// another version. Threads and memory may change. The files stay when all is done; the folder may be deleted
// then. Two runs in one folder at a time do the same work twice, and no harm.
//
// Costs: up to a byte of disk per byte of mixed text in 32 MB shards, less in larger ones; counts are written
// and read once more than without, which takes 5 % of the time.
#pragma once

#include <bytepiece/corpus.h>
#include <bytepiece/train.h>

#include <cstddef>
#include <filesystem>
#include <vector>

#include "train/provenance.h"
#include "train/stages.h"
#include "train/steps.h"

namespace bytepiece {

// A folder of one run. The shards of which something is done are every.number, every.number + every.of, ...:
// all, or those of one of several processes. Throw Error.
class WorkFolder {
 public:
  // REQUIRES: the corpus and on_progress outlive it.
  WorkFolder(const Corpus& corpus, const TrainOptions& options, const ProgressCallback& on_progress);

  void claim() const;  // makes the folder this run's, or finds that it is already
  bool all_pieces_are_counted() const;
  // Count what is not finished, and open the files.
  std::vector<CountRun> count_ngrams(Shard every = {}) const;
  PieceCounts count_pieces(const NgramModel& model, Shard every = {}) const;
  PieceCounts pieces(Shard every = {}) const;  // opens the files

 private:
  CountDescription manifest() const;
  std::filesystem::path path(const char* kind, std::size_t shard) const;
  Counts open(const char* kind, Shard every) const;
  ProgressCallback progress_of(std::size_t shard) const;

  const Corpus& corpus_;
  TrainOptions options_;
  const ProgressCallback& on_progress_;
  std::filesystem::path folder_;
  std::size_t shards_ = 1;
};

// REQUIRES: check(options) passed, and options.work_dir is not empty. Throws Error.
Trained train_in_folder(const Corpus& corpus, const TrainOptions& options,
                        const ProgressCallback& on_progress);

}  // namespace bytepiece
