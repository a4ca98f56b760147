// Tested by tests/prune_test.cc.
#include "train/prune.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "base/threads.h"
#include "encode/viterbi.h"

namespace bytepiece {
namespace {

constexpr std::size_t kTaskPieces = 4096;  // pieces that a thread takes at a time

using List = std::vector<PieceCount>;  // in the order of bytes, each piece once

// Which pieces to keep; the rest are dropped.
struct Division {
  List keep, drop;
};

bool bytes_less(const PieceCount& a, const PieceCount& b) { return a.bytes < b.bytes; }

std::uint64_t total_of(const List& pieces) {
  return std::accumulate(pieces.begin(), pieces.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const PieceCount& piece) { return sum + piece.count; });
}

PieceIndex index_of(const List& pieces) {
  const double log_total = std::log(static_cast<double>(total_of(pieces)));
  std::vector<std::string_view> bytes;
  std::vector<double> scores;
  for (const PieceCount& piece : pieces) {
    bytes.push_back(piece.bytes);
    scores.push_back(std::log(static_cast<double>(piece.count)) - log_total);
  }
  return PieceIndex(bytes, scores);
}

class Pruner {
 public:
  Pruner(const TrainOptions& options, std::size_t threads, const ProgressCallback& on_progress)
      : options_(options), threads_(threads), on_progress_(on_progress) {}

  // keep gains what spells drop.
  List without(const Division& pieces) const {
    List keep = pieces.keep;
    const std::vector<std::uint64_t> gains = spell(keep, pieces.drop);
    for (std::size_t i = 0; i < keep.size(); ++i) keep[i].count += gains[i];
    return keep;
  }

  // Drops the pieces that are not their own best segmentation, until there are none.
  List without_waste(List keep) const {
    for (;;) {
      const std::vector<std::uint64_t> counts = spell(keep, keep);
      List next;
      for (std::size_t i = 0; i < keep.size(); ++i) {
        if (counts[i] > 0) next.push_back({keep[i].bytes, counts[i]});
      }
      const bool stable = next.size() == keep.size();
      keep = std::move(next);
      if (stable) return keep;
    }
  }

  Division frequent_and_short(const List& all) const {
    Division pieces;
    for (const PieceCount& piece : all) {
      const bool stays = piece.bytes.size() == 1 || (piece.bytes.size() <= options_.max_piece_length &&
                                                     piece.count >= options_.min_count);
      (stays ? pieces.keep : pieces.drop).push_back(piece);
    }
    return pieces;
  }

  // The single bytes and the most frequent others, `size` in all.
  static Division most_frequent(List all, std::size_t size) {
    const auto rank = [](const PieceCount& a, const PieceCount& b) {
      const bool a_long = a.bytes.size() > 1, b_long = b.bytes.size() > 1;
      if (a_long != b_long) return b_long;
      if (a.count != b.count) return a.count > b.count;
      if (a.bytes.size() != b.bytes.size()) return a.bytes.size() > b.bytes.size();
      return a.bytes < b.bytes;
    };
    std::sort(all.begin(), all.end(), rank);
    const auto cut = all.begin() + static_cast<std::ptrdiff_t>(size);
    Division pieces{{all.begin(), cut}, {cut, all.end()}};
    std::sort(pieces.keep.begin(), pieces.keep.end(), bytes_less);
    return pieces;
  }

 private:
  // The sum over all texts of their counts, for each of `pieces` in the text's best segmentation.
  std::vector<std::uint64_t> spell(const List& pieces, const List& texts) const {
    const PieceIndex index = index_of(pieces);
    struct Worker {
      Viterbi viterbi;
      std::vector<std::uint32_t> segmentation;
      std::vector<std::uint64_t> sums;
    };
    std::vector<Worker> workers(threads_);
    const std::size_t tasks = (texts.size() + kTaskPieces - 1) / kTaskPieces;
    parallel_for(threads_, tasks, [&](std::size_t number, std::size_t task) {
      Worker& worker = workers[number];
      worker.sums.resize(pieces.size());
      const std::size_t end = std::min(texts.size(), (task + 1) * kTaskPieces);
      for (std::size_t i = task * kTaskPieces; i < end; ++i) {
        worker.segmentation.clear();
        worker.viterbi.segment(index, texts[i].bytes, worker.segmentation);
        for (const std::uint32_t piece : worker.segmentation) worker.sums[piece] += texts[i].count;
      }
      if (number == 0 && on_progress_) on_progress_({"prune", end, texts.size()});
    });
    std::vector<std::uint64_t> sums(pieces.size());
    for (const Worker& worker : workers) {
      for (std::size_t i = 0; i < worker.sums.size(); ++i) sums[i] += worker.sums[i];
    }
    return sums;
  }

  const TrainOptions& options_;
  std::size_t threads_;
  const ProgressCallback& on_progress_;
};

// The bytes 00..FF; a single byte that was not counted gets count 1.
constexpr std::array<char, 256> kAllBytes = [] {
  std::array<char, 256> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i);
  return bytes;
}();

void add_missing_bytes(List& pieces) {
  std::array<bool, 256> seen{};
  for (const PieceCount& piece : pieces) {
    if (piece.bytes.size() == 1) seen[static_cast<unsigned char>(piece.bytes[0])] = true;
  }
  for (std::size_t byte = 0; byte < seen.size(); ++byte) {
    if (!seen[byte]) pieces.push_back({std::string_view(&kAllBytes[byte], 1), 1});
  }
  std::sort(pieces.begin(), pieces.end(), bytes_less);
}

Vocab vocab_of(const List& pieces) {
  std::vector<Piece> owned;
  owned.reserve(pieces.size());
  for (const PieceCount& piece : pieces) owned.push_back({std::string(piece.bytes), piece.count});
  return Vocab(std::move(owned));
}

}  // namespace

std::vector<Vocab> prune(PieceCounts counts, const TrainOptions& options, std::size_t threads,
                         const ProgressCallback& on_progress) {
  const Pruner pruner(options, threads, on_progress);
  add_missing_bytes(counts.pieces);
  List keep = pruner.without_waste(pruner.without(pruner.frequent_and_short(counts.pieces)));

  const std::vector<std::size_t>& sizes = options.vocab_sizes;
  std::vector<std::size_t> order(sizes.size());  // from the largest size to the smallest
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return sizes[a] > sizes[b]; });

  std::vector<std::vector<Vocab>> made(sizes.size());
  for (const std::size_t i : order) {
    const std::size_t most = sizes[i] - kFirstPiece;
    if (keep.size() > most) {
      keep = pruner.without_waste(pruner.without(Pruner::most_frequent(std::move(keep), most)));
    }
    made[i].push_back(vocab_of(keep));
  }
  std::vector<Vocab> vocabs;
  for (std::vector<Vocab>& vocab : made) vocabs.push_back(std::move(vocab.front()));
  return vocabs;
}

}  // namespace bytepiece
