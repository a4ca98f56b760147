// Tested by tests/mpi_test.sh.
#include "mpi/train.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/threads.h"
#include "mpi/exchange.h"
#include "train/option_error.h"
#include "train/prune.h"
#include "train/stages.h"
#include "train/steps.h"
#include "train/work_folder.h"

namespace bytepiece::mpi {
namespace {

class Training {
 public:
  Training(Ranks& ranks, const Corpus& corpus, const TrainOptions& options,
           const ProgressCallback& on_progress)
      : ranks_(ranks), corpus_(corpus), options_(options), on_progress_(on_progress) {
    if (options_.work_dir.empty()) {
      share_ = shard_of(corpus, mine());
      return;
    }
    if (ranks_.rank() > 0) ranks_.wait();  // the first makes the folder
    folder_.emplace(corpus, options, on_progress);
    folder_->claim();
    if (ranks_.rank() == 0) ranks_.wait();
    if (options_.tmp_dir.empty()) options_.tmp_dir = options_.work_dir;
  }

  Trained run() {
    PieceCounts counted = counted_pieces();
    const TextDigest text = {ranks_.sum(counted.text.bytes), ranks_.sum(counted.text.sum)};
    std::vector<CountRun> pieces = swapped<std::string>("exchange pieces", std::move(counted.runs));
    const auto candidates = gather_runs(ranks_, find_candidates(pieces, options_, on_progress_));
    Gains gains = spell_others(pieces, candidates, options_, threads(), on_progress_);
    pieces.clear();
    ranks_.add_up(gains.counts);
    gains.others = ranks_.sum(gains.others);
    if (ranks_.rank() > 0) return {};
    return {prune(candidates, gains, options_, threads(), on_progress_), text};
  }

 private:
  Shard mine() const { return {ranks_.rank() + 1, ranks_.size()}; }
  std::size_t threads() const { return resolve_threads(options_.threads); }
  bool on_all(bool here) { return ranks_.sum(here ? 1 : 0) == ranks_.size(); }

  template <class Key>
  std::vector<CountRun> swapped(std::string_view stage, std::vector<CountRun> runs) {
    const std::uint64_t total = bytes_of(runs);
    return exchange<Key>(ranks_, std::move(runs), pool_limits(options_), [&](std::uint64_t position) {
      if (on_progress_) on_progress_({stage, position, total, {}});
    });
  }

  std::vector<CountRun> counted_ngrams() {
    return folder_ ? folder_->count_ngrams(mine()) : count_ngrams(share_, options_, on_progress_);
  }

  PieceCounts counted_pieces() {
    if (folder_ && on_all(folder_->all_pieces_are_counted())) return folder_->pieces(mine());
    const NgramModel model = ngram_model();
    return folder_ ? folder_->count_pieces(model, mine())
                   : count_pieces(share_, model, options_, on_progress_);
  }

  NgramModel ngram_model() {
    constexpr std::string_view kStage = "merge n-grams";
    std::vector<CountRun> runs = swapped<NgramKey>("exchange n-grams", counted_ngrams());
    const std::uint64_t total = bytes_of(runs);
    const auto on_position = [&](std::uint64_t position) {
      if (on_progress_) on_progress_({kStage, position, total, {}});
    };
    NgramTables tables = derive_range(runs, options_.min_count, on_position);
    runs.clear();
    NgramModel model = bytepiece::ngram_model(joined(std::move(tables)), options_, corpus_.name);
    if (on_progress_) {
      on_progress_({kStage, total, total,
                    fmt::format("{} n-grams occur {} times or more", model.size(), options_.min_count)});
    }
    return model;
  }

  // The tables of all ranges in a row, on every rank.
  NgramTables joined(NgramTables own) {
    NgramTables all;
    std::vector<std::uint64_t> bytes;
    for (const NgramCount& entry : own[1]) bytes.push_back(entry.count);
    ranks_.add_up(bytes);
    for (std::size_t byte = 0; byte < bytes.size(); ++byte) all[1].push_back({byte, bytes[byte]});
    for (std::size_t length = 2; length < own.size(); ++length) {
      CountRun run;
      EntryWriter<NgramKey> writer(run.entries);
      for (const NgramCount& entry : std::exchange(own[length], {})) {
        writer.append({entry.ngram << (64 - 8 * length), static_cast<std::uint32_t>(length)}, entry.count);
      }
      for (const CountRun& range : gather_runs(ranks_, run)) append_range(range, all[length]);
    }
    drop_rare(options_.min_count, all);
    return all;
  }

  Ranks& ranks_;
  const Corpus& corpus_;
  TrainOptions options_;
  const ProgressCallback& on_progress_;
  Corpus share_;                      // of this rank
  std::optional<WorkFolder> folder_;  // or what shares it out
};

}  // namespace

void check(const TrainOptions& options) {
  if (options.fewest_tokens) {
    throw OptionError("fewest_tokens", "works on one machine only; train without it, or without ranks");
  }
  bytepiece::check(options);
}

std::vector<Vocab> train(Ranks& ranks, const Corpus& corpus, const TrainOptions& options,
                         const ProgressCallback& on_progress) {
  return complete(options, [&](const TrainOptions& without) {
    return Training(ranks, corpus, without, on_progress).run();
  });
}

}  // namespace bytepiece::mpi
