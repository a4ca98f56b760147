// Tested by tests/work_folder_test.cc.
#include "train/work_folder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include "base/threads.h"
#include "train/option_error.h"
#include "train/prune.h"
#include "train/stages.h"

namespace bytepiece {
namespace {

constexpr std::uint64_t kLeastShardBytes = 32 << 20;
constexpr std::uint64_t kMostShardsOfRun = 128;

bool is_finished(const std::filesystem::path& path, const CountDescription& description) {
  std::error_code error;
  try {
    return std::filesystem::exists(path, error) && is_of(CountFile::open(path)->description(), description);
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

WorkFolder::WorkFolder(const Corpus& corpus, const TrainOptions& options, const ProgressCallback& on_progress)
    : corpus_(corpus), options_(options), on_progress_(on_progress), folder_(options.work_dir) {
  shards_ = corpus.share ? std::clamp<std::uint64_t>(corpus.size / kLeastShardBytes, 1, kMostShardsOfRun) : 1;
  if (options_.tmp_dir.empty()) options_.tmp_dir = folder_;
}

// The manifest is a count file without counts.
CountDescription WorkFolder::manifest() const {
  CountDescription description = describe_pieces(corpus_, {1, shards_}, options_);
  description.erase("shards");
  description["kind"] = "manifest";
  description["shard_count"] = std::to_string(shards_);
  description["vocab_sizes"] = fmt::format("{}", fmt::join(options_.vocab_sizes, ","));
  description["keep_characters"] = std::to_string(static_cast<int>(options_.keep_characters));
  description["max_piece_length"] = std::to_string(options_.max_piece_length);
  return description;
}

void WorkFolder::claim() const {
  if (corpus_.identity.empty()) {
    throw OptionError("work_dir",
                      fmt::format("{}: cannot be told from another corpus; name files", corpus_.name));
  }
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) {
    throw OptionError("work_dir", fmt::format("{}: cannot be made: {}", folder_.string(), error.message()));
  }
  const std::filesystem::path path = folder_ / "manifest";
  const CountDescription now = manifest();
  const bool is_begun = std::filesystem::exists(path, error);
  if (error) {
    throw OptionError("work_dir", fmt::format("{}: cannot be read: {}; name another folder", path.string(),
                                              error.message()));
  }
  if (!is_begun) CountFileWriter(path, now).finish();
  const CountDescription then = CountFile::open(path)->description();
  for (const auto& [name, value] : now) {
    const auto found = then.find(name);
    if (found == then.end() || found->second != value) {
      throw OptionError(
          "work_dir",
          fmt::format("{} was begun with another {} ({}, now {}); go on with the same, or name "
                      "another folder",
                      folder_.string(), name, found == then.end() ? "none" : found->second, value));
    }
  }
}

std::filesystem::path WorkFolder::path(const char* kind, std::size_t shard) const {
  return folder_ / fmt::format("{}.{}", kind, shard);
}

Counts WorkFolder::open(const char* kind, Shard every) const {
  std::vector<std::filesystem::path> paths;
  for (std::size_t shard = every.number; shard <= shards_; shard += every.of) {
    paths.push_back(path(kind, shard));
  }
  if (paths.empty()) return {};
  return open_counts(paths, every.of == 1 ? Shards::kAll : Shards::kSome);
}

bool WorkFolder::all_pieces_are_counted() const {
  for (std::size_t shard = 1; shard <= shards_; ++shard) {
    if (!is_finished(path("pieces", shard), describe_pieces(corpus_, {shard, shards_}, options_)))
      return false;
  }
  return true;
}

PieceCounts WorkFolder::pieces(Shard every) const {
  Counts counts = open("pieces", every);
  return {std::move(counts.runs), counts.text};
}

std::vector<CountRun> WorkFolder::count_ngrams(Shard every) const {
  for (std::size_t shard = every.number; shard <= shards_; shard += every.of) {
    const std::filesystem::path output = path("ngrams", shard);
    if (is_finished(output, describe_ngrams(corpus_, {shard, shards_}, options_))) continue;
    write_ngram_counts(corpus_, {shard, shards_}, options_, output, progress_of(shard));
  }
  return open("ngrams", every).runs;
}

PieceCounts WorkFolder::count_pieces(const NgramModel& model, Shard every) const {
  for (std::size_t shard = every.number; shard <= shards_; shard += every.of) {
    const std::filesystem::path output = path("pieces", shard);
    if (is_finished(output, describe_pieces(corpus_, {shard, shards_}, options_))) continue;
    write_piece_counts(corpus_, {shard, shards_}, model, options_, output, progress_of(shard));
  }
  return pieces(every);
}

// A shard's progress as that of the corpus.
ProgressCallback WorkFolder::progress_of(std::size_t shard) const {
  if (!on_progress_ || shards_ == 1) return on_progress_;
  return [this, finished = corpus_.size / shards_ * (shard - 1)](Progress progress) {
    progress.done = std::min(progress.done + finished, corpus_.size);
    progress.total = corpus_.size;
    on_progress_(progress);
  };
}

Trained train_in_folder(const Corpus& corpus, const TrainOptions& options,
                        const ProgressCallback& on_progress) {
  const WorkFolder folder(corpus, options, on_progress);
  folder.claim();
  std::vector<CountRun> ngrams = folder.count_ngrams();
  if (!folder.all_pieces_are_counted()) {
    const NgramModel model = ngram_model(std::move(ngrams), options, corpus.name, on_progress);
    static_cast<void>(folder.count_pieces(model));
  }
  const PieceCounts pieces = folder.pieces();
  return {prune(pieces.runs, options, resolve_threads(options.threads), on_progress), pieces.text};
}

}  // namespace bytepiece
