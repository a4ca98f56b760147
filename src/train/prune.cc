// Tested by tests/prune_test.cc.
#include "train/prune.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/threads.h"
#include "encode/viterbi.h"
#include "text/utf8.h"

namespace bytepiece {
namespace {

constexpr std::string_view kStage = "prune";
constexpr std::size_t kBatchPieces = 4096;  // pieces that a thread takes at a time

struct CountedPiece {
  std::string_view bytes;
  std::uint64_t count = 0;
};
using List = std::vector<CountedPiece>;  // in the order of bytes, each piece once

bool bytes_less(const CountedPiece& a, const CountedPiece& b) { return a.bytes < b.bytes; }

std::uint64_t total_of(const List& pieces) {
  std::uint64_t total = 0;
  for (const CountedPiece& piece : pieces) total += piece.count;
  return total;
}

// Adds the bytes of a counted piece to those of all. A piece is spelled with at most as many others as it has
// bytes: no sum of counts in this file is larger than all bytes (and the 256 of single bytes that did not
// occur), so that this one is checked and the others need not be. Piece files may hold anything.
void add_bytes(std::string_view piece, std::uint64_t count, std::uint64_t& total) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max() - 256;
  if (count > (kMost - total) / piece.size()) {
    throw Error("the counts of all pieces do not fit 64 bits; are shards counted twice?");
  }
  total += count * piece.size();
  const std::size_t line_feed = piece.find('\n');
  if (line_feed != std::string_view::npos &&
      piece.find_first_not_of('\n', line_feed) != std::string_view::npos) {
    throw Error("the counts of pieces hold one that goes on behind a line feed; count them again");
  }
}

Trie trie_of(const List& pieces) {
  const double log_total = std::log(static_cast<double>(total_of(pieces)));
  std::vector<std::string_view> bytes;
  std::vector<double> scores;
  for (const CountedPiece& piece : pieces) {
    bytes.push_back(piece.bytes);
    scores.push_back(std::log(static_cast<double>(piece.count)) - log_total);
  }
  return Trie(bytes, scores, 0);
}

// Texts to be spelled, with their counts; the bytes may be the batch's own.
struct Batch {
  List texts;
  std::vector<char> storage;
};
struct Texts {
  std::uint64_t size = 0;
  std::function<void(const std::function<void(Batch)>& push)> batches;
};

Texts texts_of(const List& texts) {
  return {texts.size(), [&texts](const auto& push) {
            for (std::size_t begin = 0; begin < texts.size(); begin += kBatchPieces) {
              const auto from = texts.begin() + static_cast<std::ptrdiff_t>(begin);
              const std::size_t size = std::min(kBatchPieces, texts.size() - begin);
              push({List(from, from + static_cast<std::ptrdiff_t>(size)), {}});
            }
          }};
}

class Pruner {
 public:
  Pruner(std::size_t threads, bool keep_characters, const ProgressCallback& on_progress)
      : threads_(threads), keep_characters_(keep_characters), on_progress_(on_progress) {}

  // keep gains what spells the texts.
  void absorb(List& keep, const Texts& texts) const {
    const std::vector<std::uint64_t> gains = spell(keep, texts);
    for (std::size_t i = 0; i < keep.size(); ++i) keep[i].count += gains[i];
  }

  // Drops the pieces that are not their own best segmentation, until there are none.
  void drop_waste(List& keep) const {
    for (bool stable = false; !stable;) {
      const std::vector<std::uint64_t> counts = spell(keep, texts_of(keep));
      List next;
      for (std::size_t i = 0; i < keep.size(); ++i) {
        if (counts[i] > 0) next.push_back({keep[i].bytes, counts[i]});
      }
      stable = next.size() == keep.size();
      keep = std::move(next);
    }
  }

  // Keeps the single bytes and the most frequent others, `size` in all. A character is as frequent as in all
  // pieces together, if characters are kept.
  void cut(List& keep, std::size_t size) const {
    struct Ranked {
      CountedPiece piece;
      std::uint64_t frequency;
    };
    std::vector<Ranked> ranked;
    const std::vector<std::uint64_t> frequencies = frequencies_of(keep);
    for (std::size_t i = 0; i < keep.size(); ++i) ranked.push_back({keep[i], frequencies[i]});
    const auto rank = [](const Ranked& ranked_a, const Ranked& ranked_b) {
      const CountedPiece &a = ranked_a.piece, &b = ranked_b.piece;
      const bool a_long = a.bytes.size() > 1, b_long = b.bytes.size() > 1;
      if (a_long != b_long) return b_long;
      if (ranked_a.frequency != ranked_b.frequency) return ranked_a.frequency > ranked_b.frequency;
      if (a.bytes.size() != b.bytes.size()) return a.bytes.size() > b.bytes.size();
      return a.bytes < b.bytes;
    };
    std::sort(ranked.begin(), ranked.end(), rank);
    for (std::size_t i = 0; i < keep.size(); ++i) keep[i] = ranked[i].piece;
    const List drop(keep.begin() + static_cast<std::ptrdiff_t>(size), keep.end());
    keep.resize(size);
    std::sort(keep.begin(), keep.end(), bytes_less);
    absorb(keep, texts_of(drop));
    drop_waste(keep);
  }

  // The sum over all texts of their counts, for each of `pieces` in the text's best segmentation.
  std::vector<std::uint64_t> spell(const List& pieces, const Texts& texts) const {
    const Trie trie = trie_of(pieces);
    const Viterbi viterbi(trie);
    struct Worker {
      Viterbi::Scratch scratch;
      std::vector<std::string_view> texts;
      std::vector<std::uint64_t> sums;
    };
    std::vector<Worker> workers(threads_);
    std::uint64_t done = 0;
    feed_workers<Batch>(
        threads_,
        [&](const auto& push) {
          texts.batches([&](Batch batch) {
            done += batch.texts.size();
            push(std::move(batch));
            if (on_progress_) on_progress_({kStage, done, texts.size, {}});
          });
        },
        [&](std::size_t number, const Batch& batch) {
          Worker& worker = workers[number];
          worker.sums.resize(pieces.size());
          worker.texts.clear();
          for (const CountedPiece& text : batch.texts) worker.texts.push_back(text.bytes);
          auto text = batch.texts.begin();
          viterbi.encode_each(worker.texts, worker.scratch, [&](std::span<const Id> pieces_of_text) {
            for (const Id piece : pieces_of_text) worker.sums[piece] += text->count;
            ++text;
          });
        });
    std::vector<std::uint64_t> sums(pieces.size());
    for (const Worker& worker : workers) {
      for (std::size_t i = 0; i < worker.sums.size(); ++i) sums[i] += worker.sums[i];
    }
    return sums;
  }

 private:
  std::vector<std::uint64_t> frequencies_of(const List& pieces) const {
    std::vector<std::uint64_t> frequencies;
    for (const CountedPiece& piece : pieces) frequencies.push_back(piece.count);
    if (!keep_characters_) return frequencies;
    std::unordered_map<std::uint32_t, std::uint64_t> of_characters;
    for (const CountedPiece& piece : pieces) {
      for (std::size_t at = 0; at < piece.bytes.size();) {
        const Character c = character_at(piece.bytes, at);
        of_characters[c.code_point] += piece.count;
        at += c.length;
      }
    }
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const Character c = character_at(pieces[i].bytes, 0);
      if (c.code_point != kInvalidByte && c.length == pieces[i].bytes.size()) {
        frequencies[i] = of_characters[c.code_point];
      }
    }
    return frequencies;
  }

  std::size_t threads_;
  bool keep_characters_;
  const ProgressCallback& on_progress_;
};

// The pieces that can stay, and all single bytes: one that was not counted has count 1.
class Candidates {
 public:
  explicit Candidates(const std::vector<CountRun>& runs) {
    std::array<std::uint64_t, 256> bytes{};
    for (MergedReader<std::string> all(runs); all.next();) {
      if (all.key().size() == 1) {
        bytes[static_cast<unsigned char>(all.key()[0])] = all.count();
      } else {
        list_.push_back({storage_.emplace_back(all.key()), all.count()});
      }
    }
    for (std::size_t byte = 0; byte < bytes.size(); ++byte) {
      const std::string& single = storage_.emplace_back(1, static_cast<char>(byte));
      list_.push_back({single, std::max<std::uint64_t>(bytes[byte], 1)});
    }
    std::sort(list_.begin(), list_.end(), bytes_less);
  }

  List& list() { return list_; }

 private:
  std::deque<std::string> storage_;  // what the list points into
  List list_;
};

// All pieces that were counted, of which some are candidates and the others are spelled by those.
class Division {
 public:
  Division(const std::vector<CountRun>& pieces, const TrainOptions& options,
           const ProgressCallback& on_progress)
      : pieces_(pieces), options_(options), on_progress_(on_progress) {}

  // Throws Error when the counts do not fit 64 bits, or when a file holds what is no piece.
  CountRun candidates() const {
    std::uint64_t walked = 0, total = 0;
    CountRun run;
    EntryWriter<std::string> writer(run.entries);
    for (MergedReader<std::string> all(pieces_); all.next();) {
      if (on_progress_ && ++walked % kEntriesPerCall == 0) on_progress_({kStage, walked, 0, {}});
      add_bytes(all.key(), all.count(), total);
      if (is_candidate(all.key(), all.count())) writer.append(all.key(), all.count());
    }
    return run;
  }

  // The others, counted into `size` as they are walked.
  Texts others(std::uint64_t& size) const {
    return {0, [this, &size](const auto& push) {
              push_others([&](Batch batch) {
                size += batch.texts.size();
                push(std::move(batch));
              });
            }};
  }

 private:
  void push_others(const std::function<void(Batch)>& push) const {
    Batch batch;
    std::vector<std::size_t> ends;
    std::size_t begin = 0;
    const auto flush = [&] {
      for (std::size_t i = 0; i < ends.size(); begin = ends[i++]) {
        batch.texts[i].bytes = std::string_view(batch.storage.data() + begin, ends[i] - begin);
      }
      push(std::exchange(batch, {}));
      ends.clear();
      begin = 0;
    };
    for (MergedReader<std::string> all(pieces_); all.next();) {
      if (is_candidate(all.key(), all.count())) continue;
      batch.storage.insert(batch.storage.end(), all.key().begin(), all.key().end());
      ends.push_back(batch.storage.size());
      batch.texts.push_back({{}, all.count()});
      if (ends.size() == kBatchPieces || batch.storage.size() >= (1 << 20)) flush();
    }
    if (!ends.empty()) flush();
  }

  bool is_candidate(const std::string& piece, std::uint64_t count) const {
    return piece.size() == 1 || (piece.size() <= options_.max_piece_length && count >= options_.min_count);
  }

  const std::vector<CountRun>& pieces_;
  const TrainOptions& options_;
  const ProgressCallback& on_progress_;
};

Vocab vocab_of(const List& pieces) {
  std::vector<Piece> owned;
  owned.reserve(pieces.size());
  for (const CountedPiece& piece : pieces) owned.push_back({std::string(piece.bytes), piece.count});
  return Vocab(std::move(owned));
}

}  // namespace

CountRun find_candidates(const std::vector<CountRun>& pieces, const TrainOptions& options,
                         const ProgressCallback& on_progress) {
  return Division(pieces, options, on_progress).candidates();
}

Gains spell_others(const std::vector<CountRun>& pieces, const std::vector<CountRun>& candidates,
                   const TrainOptions& options, std::size_t threads, const ProgressCallback& on_progress) {
  Candidates keep(candidates);
  Gains gains;
  const Division division(pieces, options, on_progress);
  gains.counts =
      Pruner(threads, options.keep_characters, on_progress).spell(keep.list(), division.others(gains.others));
  return gains;
}

std::vector<Vocab> prune(const std::vector<CountRun>& pieces, const TrainOptions& options,
                         std::size_t threads, const ProgressCallback& on_progress) {
  std::vector<CountRun> candidates;
  candidates.push_back(find_candidates(pieces, options, on_progress));
  const Gains gains = spell_others(pieces, candidates, options, threads, on_progress);
  return prune(candidates, gains, options, threads, on_progress);
}

std::vector<Vocab> prune(const std::vector<CountRun>& candidate_runs, const Gains& gains,
                         const TrainOptions& options, std::size_t threads,
                         const ProgressCallback& on_progress) {
  const Pruner pruner(threads, options.keep_characters, on_progress);
  Candidates all_candidates(candidate_runs);
  List& keep = all_candidates.list();
  for (std::size_t i = 0; i < keep.size(); ++i) keep[i].count += gains.counts[i];
  const std::size_t candidates = keep.size();
  pruner.drop_waste(keep);

  const std::vector<std::size_t>& sizes = options.vocab_sizes;
  std::vector<std::size_t> order(sizes.size());  // from the largest size to the smallest
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return sizes[a] > sizes[b]; });

  std::vector<std::vector<Vocab>> made(sizes.size());
  for (const std::size_t i : order) {
    const std::size_t most = sizes[i] - kFirstPiece;
    if (keep.size() > most) pruner.cut(keep, most);
    made[i].push_back(vocab_of(keep));
  }
  if (on_progress) {
    const std::uint64_t all = candidates + gains.others,
                        kept = made[order.front()].front().size() - kFirstPiece;
    on_progress({kStage, all, all, fmt::format("{} of {} different pieces kept", kept, all)});
  }
  std::vector<Vocab> vocabs;
  for (std::vector<Vocab>& vocab : made) vocabs.push_back(std::move(vocab.front()));
  return vocabs;
}

}  // namespace bytepiece
