// Tested by tests/fewest_tokens_test.cc.
#include "train/fewest_tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/threads.h"
#include "encode/viterbi.h"
#include "text/nfc.h"
#include "train/option_error.h"
#include "train/repeats.h"
#include "train/selection.h"
#include "train/text_batches.h"
#include "train/text_sample.h"

namespace bytepiece {
namespace {

constexpr char kSeparator = '\xFF';  // never in UTF-8
constexpr std::uint64_t kLeastCount = 5;
constexpr std::size_t kLeastCandidates = 500000, kCandidatesPerPiece = 15;
constexpr std::size_t kBatch = 1 << 18;
constexpr std::uint64_t kMostCharacters = 10000, kMostBytes = 40100;  // of a chunk
constexpr std::uint64_t kBatchesPerThread = 8;     // that wait or are worked on, with their chunks
constexpr std::uint64_t kBytesPerSampleByte = 14;  // of memory, to find repeats, at most; 11 to 13 were seen
constexpr std::uint64_t kFixedBytes = 64 << 20;

using Chunks = TextBatch;  // of chunks for texts

class FewestTokens {
 public:
  FewestTokens(const Corpus& corpus, const TrainOptions& options, const ProgressCallback& on_progress)
      : corpus_(corpus),
        options_(options),
        on_progress_(on_progress),
        threads_(resolve_threads(options.threads)),
        split_(training_split(options.isolate_digits)) {}

  Trained train() const {
    Trained trained;
    std::vector<std::vector<Piece>> pieces = choose(trained.text);
    count(pieces);
    for (std::vector<Piece>& of_size : pieces) {
      const std::uint64_t share = add_even_share(of_size);
      trained.vocabs.push_back(
          Vocab(std::move(of_size)).with_metadata({{"train.added_to_counts", std::to_string(share)}}));
    }
    return trained;
  }

 private:
  // How much text options.memory is enough for, as far as a sample goes.
  std::uint64_t text_that_fits() const {
    if (options_.memory == 0) return std::numeric_limits<std::uint64_t>::max();
    std::uint64_t fits = 0;
    for (std::uint64_t step = std::bit_floor(options_.sample); step > 0; step /= 2) {
      if (bytes_needed(fits + step) <= options_.memory) fits += step;
    }
    return fits;
  }

  [[noreturn]] void fail_for_memory() const {
    throw OptionError(
        "memory",
        fmt::format(
            "{:.1f} MB hold {:.1f} MB of text to choose from, and there is more; give up to {} MB, a smaller "
            "sample, fewer threads, or fewer ids",
            static_cast<double>(options_.memory) / 1e6, static_cast<double>(text_that_fits()) / 1e6,
            bytes_needed(options_.sample) / 1000000 + 1));
  }

  // Finding repeats, choosing, and walking the corpus come after one another.
  std::uint64_t bytes_needed(std::uint64_t sample) const {
    const std::uint64_t find = kBytesPerSampleByte * sample;
    const std::uint64_t starts = std::min(sample, options_.ensure_unicode ? kMostCharacters : kMostBytes);
    const std::uint64_t arcs = Appraiser::bytes(starts, options_.max_piece_length);
    const std::uint64_t choose = 5 * sample + Selection::bytes(most_candidates(sample), arcs, threads_);
    std::uint64_t sums = 0;
    for (const std::size_t size : options_.vocab_sizes) sums += 8 * std::min(size, most_candidates(sample));
    const std::uint64_t walk = 3 * sample + threads_ * (kBatchesPerThread * kBatch + sums);
    return kFixedBytes + std::max({find, choose, walk});
  }

  std::size_t most_candidates(std::size_t bytes) const {
    const std::size_t size = *std::max_element(options_.vocab_sizes.begin(), options_.vocab_sizes.end());
    return std::min(bytes, std::max(kLeastCandidates, kCandidatesPerPiece * size));
  }

  // The pieces of each size, with counts that need not be exact.
  std::vector<std::vector<Piece>> choose(TextDigest& corpus_text) const {
    TextSampler sampler(options_.sample, kSeparator);
    corpus_text = draw(sampler);
    const std::uint64_t all_bytes = sampler.seen_bytes();
    const TextSample sample = sampler.take();
    const std::string& text = sample.text;
    if (all_bytes == 0) {
      throw Error(fmt::format("{}: empty: not a single byte of text to train on", corpus_.name));
    }
    note("draw sample", fmt::format("{:.1f} of {:.1f} MB", static_cast<double>(text.size()) / 1e6,
                                    static_cast<double>(all_bytes) / 1e6));
    show("find repeats", 0, 0);
    const Repeats repeats = find_repeats(text, repeat_options(text.size(), all_bytes), threads_);
    note("find repeats", fmt::format("{} candidates", repeats.all.size()));

    Selection selection(sample, kSeparator, repeats, threads_);
    selection.on_round = [&](std::size_t size) {
      show("choose pieces", repeats.all.size() - size, repeats.all.size());
    };
    std::vector<std::vector<Piece>> pieces(options_.vocab_sizes.size());
    for (const std::size_t i : from_largest()) {
      selection.shrink(options_.vocab_sizes[i] - kFirstPiece);
      for (const Selection::Chosen& chosen : selection.chosen()) {
        const Repeat& repeat = repeats.all[chosen.repeat];
        const bool single = chosen.repeat < 256;
        pieces[i].push_back({single ? std::string(1, static_cast<char>(chosen.repeat))
                                    : text.substr(repeat.place, repeat.length),
                             chosen.count});
      }
    }
    note("choose pieces", {});
    return pieces;
  }

  RepeatOptions repeat_options(std::size_t size, std::uint64_t all_bytes) const {
    const double share = static_cast<double>(size) / static_cast<double>(all_bytes);
    RepeatOptions repeat;
    repeat.max_length = options_.max_piece_length;
    repeat.min_count = static_cast<std::uint32_t>(
        std::clamp(share * static_cast<double>(options_.min_count), static_cast<double>(kLeastCount), 1e9));
    repeat.most = most_candidates(size);
    repeat.whole_characters = options_.ensure_unicode;
    repeat.separator = kSeparator;
    return repeat;
  }

  std::vector<std::size_t> from_largest() const {
    std::vector<std::size_t> order(options_.vocab_sizes.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return options_.vocab_sizes[a] > options_.vocab_sizes[b];
    });
    return order;
  }

  // Throws as soon as there is more text than fits into memory.
  TextDigest draw(TextSampler& sampler) const {
    TextDigest text;
    const std::uint64_t most = text_that_fits();
    ordered_pipeline<TextBatch, Chunks>(
        threads_, [&](const auto& push) { walk_corpus("draw sample", push); },
        [&](std::size_t, const TextBatch& batch) { return chunks_of(batch); },
        [&](const Chunks& chunks) {
          chunks.for_each([&](std::string_view chunk) {
            sampler.add(chunk, chunks.weight);
            if (std::min<std::uint64_t>(sampler.bytes(), options_.sample) > most) fail_for_memory();
            text.add(chunk, chunks.weight);
          });
        });
    return text;
  }

  // Gives the pieces the counts of the best segmentation of the corpus, as the encoder finds it.
  void count(std::vector<std::vector<Piece>>& pieces) const {
    std::vector<Trie> tries;
    for (const std::vector<Piece>& of_size : pieces) tries.push_back(trie_of(of_size));
    struct Worker {
      Viterbi::Scratch scratch;
      std::vector<std::string_view> chunks;
      std::vector<std::vector<std::uint64_t>> sums;
    };
    std::vector<Worker> workers(threads_);
    for (Worker& worker : workers) {
      for (const std::vector<Piece>& of_size : pieces) worker.sums.emplace_back(of_size.size());
    }
    feed_workers<TextBatch>(
        threads_, [&](const auto& push) { walk_corpus("count pieces", push); },
        [&](std::size_t number, const TextBatch& batch) {
          Worker& worker = workers[number];
          const Chunks chunks = chunks_of(batch);
          worker.chunks.clear();
          chunks.for_each([&](std::string_view chunk) { worker.chunks.push_back(chunk); });
          for (std::size_t i = 0; i < pieces.size(); ++i) {
            Viterbi(tries[i]).encode_each(worker.chunks, worker.scratch, [&](std::span<const Id> ids) {
              for (const Id id : ids) ++worker.sums[i][id];
            });
          }
        });
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      for (std::size_t p = 0; p < pieces[i].size(); ++p) {
        std::uint64_t sum = 0;
        for (const Worker& worker : workers) sum += worker.sums[i][p];
        pieces[i][p].count = sum;
      }
    }
    note("count pieces", {});
  }

  // Adds the mean of the counts, rounded up, to each of them: half of the probability is shared out evenly.
  // Rare pieces become less dear, so that one of them rather stands for two frequent ones. Returns what was
  // added.
  static std::uint64_t add_even_share(std::vector<Piece>& pieces) {
    std::uint64_t total = 0;
    for (const Piece& piece : pieces) total += piece.count;
    const std::uint64_t share = total / pieces.size() + 1;  // so never 0
    for (Piece& piece : pieces) piece.count += share;
    return share;
  }

  static Trie trie_of(std::vector<Piece> pieces) {
    add_even_share(pieces);
    double total = 0;
    for (const Piece& piece : pieces) total += static_cast<double>(piece.count);
    std::vector<std::string_view> bytes;
    std::vector<double> scores;
    for (const Piece& piece : pieces) {
      bytes.push_back(piece.bytes);
      scores.push_back(std::log(static_cast<double>(piece.count)) - std::log(total));
    }
    return Trie(bytes, scores, 0);
  }

  template <class Push>
  void walk_corpus(std::string_view stage, const Push& push) const {
    TextBatcher batcher(kBatch, split_, [&](TextBatch batch) {
      push(std::move(batch));
      show(stage, corpus_.position ? corpus_.position() : 0, corpus_.size);
    });
    corpus_.walk([&](const DocumentPart& part) { batcher.add(part); });
    batcher.finish();
  }

  Chunks chunks_of(const TextBatch& batch) const {
    Chunks chunks{{}, {}, batch.weight};
    std::string buffer;
    batch.for_each([&](std::string_view text) {
      for_each_chunk(normalize(text, buffer), split_, [&](std::string_view chunk) {
        chunks.bytes += chunk;
        chunks.ends.push_back(chunks.bytes.size());
      });
    });
    return chunks;
  }

  void show(std::string_view stage, std::uint64_t done, std::uint64_t total) const {
    if (on_progress_) on_progress_({stage, done, total, {}});
  }
  void note(std::string_view stage, const std::string& found) const {
    if (on_progress_) on_progress_({stage, corpus_.size, corpus_.size, found});
  }

  const Corpus& corpus_;
  const TrainOptions& options_;
  const ProgressCallback& on_progress_;
  std::size_t threads_;
  SplitOptions split_;
};

}  // namespace

Trained train_fewest_tokens(const Corpus& corpus, const TrainOptions& options,
                            const ProgressCallback& on_progress) {
  return FewestTokens(corpus, options, on_progress).train();
}

}  // namespace bytepiece
