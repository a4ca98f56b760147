// Tested by tests/selection_test.cc.
#include "train/selection.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <numeric>
#include <string_view>
#include <utility>

#include "base/threads.h"
#include "text/script.h"
#include "text/utf8.h"

namespace bytepiece {
namespace {

constexpr std::uint32_t kSingleBytes = 256;

constexpr double kFlatten = 0.2;   // the power of a count that makes the cost of a piece
constexpr double kKeep = 0.85;     // of the pieces, per round
constexpr double kExchange = 0.5;  // of the size: how many unused pieces are tried
constexpr std::size_t kBlocks = 24;
constexpr std::size_t kStretch = 1 << 17;
constexpr double kDoubt = 0.9;
constexpr std::size_t kLettersOfScript = 64;
constexpr std::size_t kLettersOfPieces = 16;  // letters are kept for at most a 16th of the pieces

constexpr double kUnit = 1 << 14;            // the cost of a piece that occurs once
constexpr std::int64_t kLossUnit = 1 << 8;   // of a block's loss: 1/64 of that
constexpr std::int64_t kMostLoss = 1 << 29;  // no piece with as much is ever dropped
static_assert(kMostLoss * kMostLoss <= std::numeric_limits<std::int64_t>::max() / std::int64_t{kBlocks});

// How much a loss in a chunk counts: 64 times its tokens per four bytes, short chunks nearly 64.
constexpr std::int64_t kNeedUnit = 64;
std::int64_t need_of(std::size_t tokens, std::size_t bytes) {
  constexpr std::size_t kUsual = 40;  // tokens of four bytes that each chunk is taken to have besides
  return static_cast<std::int64_t>(kNeedUnit * 4 * (tokens + kUsual) / (bytes + 4 * kUsual));
}

// What can be counted on, from what each block adds up to.
class Scores {
 public:
  explicit Scores(std::size_t rows) : sums_(rows), squares_(rows) {}

  void add(const std::vector<std::int64_t>& losses) {
    const std::lock_guard lock(mutex_);
    for (std::size_t r = 0; r < losses.size(); ++r) {
      const std::int64_t loss = (losses[r] + kLossUnit / 2) / kLossUnit;
      sums_[r] += loss;
      squares_[r] += loss * loss;
    }
  }

  std::int64_t of(std::size_t row) const {
    return sums_[row] - std::llround(kDoubt * std::sqrt(static_cast<double>(squares_[row])));
  }

 private:
  std::mutex mutex_;
  std::vector<std::int64_t> sums_, squares_;  // by row
};

// The script of a character, for scripts without a name its stretch of 128 code points.
std::pair<std::string_view, std::uint32_t> alphabet_of(std::uint32_t code_point) {
  const std::string_view script = script_of(code_point);
  return {script, script == "other" ? code_point >> 7 : 0};
}

// The most frequent characters of more than one byte of each script: first those that are a script's first,
// then the second ones, and so on.
std::vector<std::uint32_t> letters_among(const Repeats& repeats, std::string_view text) {
  std::map<std::pair<std::string_view, std::uint32_t>, std::vector<std::uint32_t>> alphabets;
  for (std::uint32_t i = kSingleBytes; i < repeats.all.size(); ++i) {
    const Repeat& repeat = repeats.all[i];
    const Character c = character_at(text.substr(repeat.place, repeat.length), 0);
    if (c.length == repeat.length && c.length > 1) alphabets[alphabet_of(c.code_point)].push_back(i);
  }
  std::vector<std::uint32_t> letters;
  for (auto& [name, of_script] : alphabets) {
    std::stable_sort(of_script.begin(), of_script.end(), [&](std::uint32_t a, std::uint32_t b) {
      return repeats.all[a].count > repeats.all[b].count;
    });
  }
  for (std::size_t rank = 0; rank < kLettersOfScript; ++rank) {
    for (const auto& [name, of_script] : alphabets) {
      if (rank < of_script.size()) letters.push_back(of_script[rank]);
    }
  }
  return letters;
}

// The text as blocks of chunks.
class Blocks {
 public:
  Blocks(const TextSample& sample, char separator)
      : text_(sample.text),
        weights_(sample.weights),
        separator_(separator),
        stretch_(std::min(kStretch, text_.size() / kBlocks + 1)) {}

  // Calls visit(begin, size, weight) for each chunk of a block, empty ones left out.
  template <class Visit>
  void for_each_chunk(std::size_t block, const Visit& visit) const {
    for (std::size_t begin = block * stretch_; begin < text_.size(); begin += kBlocks * stretch_) {
      const std::size_t end = chunk_begin(begin + stretch_);
      for (std::size_t at = chunk_begin(begin); at < end;) {
        const std::size_t chunk_end = std::min(text_.find(separator_, at), text_.size());
        if (chunk_end > at) visit(at, chunk_end - at, weight_at(at));
        at = chunk_end + 1;
      }
    }
  }

 private:
  // The first place from there on where a chunk begins.
  std::size_t chunk_begin(std::size_t at) const {
    if (at == 0 || at > text_.size()) return std::min(at, text_.size());
    const std::size_t end = text_.find(separator_, at - 1);
    return end == text_.npos ? text_.size() : end + 1;
  }

  std::uint32_t weight_at(std::size_t at) const {
    return std::upper_bound(
               weights_.begin(), weights_.end(), at,
               [](std::size_t place, const TextSample::Weight& weight) { return place < weight.end; })
        ->weight;
  }

  std::string_view text_;
  std::span<const TextSample::Weight> weights_;
  char separator_;
  std::size_t stretch_;
};

}  // namespace

std::uint64_t Selection::bytes(std::uint64_t repeats, std::uint64_t of_appraiser, std::size_t threads) {
  constexpr std::uint64_t kShared = 100, kOfThread = 16;  // per repeat; a thread counts and sums up losses
  return kShared * repeats + std::min(threads, kBlocks) * (kOfThread * repeats + of_appraiser);
}

Selection::Selection(const TextSample& sample, char separator, const Repeats& repeats, std::size_t threads)
    : sample_(sample),
      separator_(separator),
      repeats_(repeats),
      threads_(std::min(threads, kBlocks)),
      letters_(letters_among(repeats, sample.text)),
      used_(repeats.all.size(), 1) {
  for (const Repeat& repeat : repeats.all) counts_.push_back(repeat.count);
}

void Selection::shrink(std::size_t size) {
  if (used() <= size) return;
  drop_to(size);
  add_unused(static_cast<std::size_t>(kExchange * static_cast<double>(size)));
  drop_to(size);
}

std::vector<Selection::Chosen> Selection::chosen() const {
  const Sums sums = ask(Ask::kCounts);
  std::vector<Chosen> chosen;
  for (std::uint32_t i = 0; i < used_.size(); ++i) {
    if (used_[i]) chosen.push_back({i, sums.counts[i]});
  }
  return chosen;
}

std::size_t Selection::used() const {
  return static_cast<std::size_t>(std::count(used_.begin(), used_.end(), 1));
}

// Costs are whole numbers, so that no last bit of a logarithm decides anything.
PieceTable Selection::table(bool with_unused) const {
  const auto log_flat = [&](std::size_t i) {
    return kFlatten * std::log(static_cast<double>(std::max<std::uint64_t>(counts_[i], 1)));
  };
  double total = 0;
  for (std::size_t i = 0; i < used_.size(); ++i) {
    if (used_[i]) total += std::exp(log_flat(i));
  }
  const double log_total = std::log(total);
  PieceTable table;
  table.longest_row.resize(used_.size());
  for (std::uint32_t i = 0; i < used_.size(); ++i) {
    const Repeat& repeat = repeats_.all[i];
    const std::uint32_t shorter = i < kSingleBytes ? PieceTable::kNone : table.longest_row[repeat.prefix];
    if (!used_[i] && !with_unused) {
      table.longest_row[i] = shorter;
      continue;
    }
    table.longest_row[i] = static_cast<std::uint32_t>(table.rows.size());
    table.repeats.push_back(i);
    table.rows.push_back({shorter, repeat.length & 0x7FFFFFFF, used_[i] != 0,
                          static_cast<std::int32_t>(std::lround(kUnit * (1 - log_flat(i) / log_total)))});
  }
  return table;
}

// Cuts the text and sums up what is asked for.
Selection::Sums Selection::ask(Ask what) const {
  if (on_round) on_round(used());
  const PieceTable table = this->table(what == Ask::kGains);
  const std::size_t rows = table.rows.size();
  const Blocks blocks(sample_, separator_);
  Scores scores(rows);
  struct Worker {
    explicit Worker(const PieceTable& t) : appraiser(t), counts(t.rows.size()) {}
    Appraiser appraiser;
    std::vector<std::uint64_t> counts;
    std::vector<std::int64_t> losses;  // or gains, of a block
  };
  std::vector<Worker> workers(threads_, Worker(table));
  parallel_for(threads_, kBlocks, [&](std::size_t number, std::size_t block) {
    Worker& worker = workers[number];
    worker.losses.assign(rows, 0);
    blocks.for_each_chunk(block, [&](std::size_t begin, std::size_t size, std::uint32_t weight) {
      const auto longest = std::span(repeats_.longest).subspan(begin, size);
      const auto tokens =
          what == Ask::kLosses ? worker.appraiser.best_with_losses(longest) : worker.appraiser.best(longest);
      const std::int64_t need = need_of(tokens.size(), size);
      const auto add = [&](std::uint32_t row, std::int32_t loss) {
        std::int64_t& sum = worker.losses[row];
        const std::int64_t needed = std::min(loss * need / kNeedUnit, kMostLoss);
        sum = std::min(sum + needed * weight, kMostLoss * kLossUnit);
      };
      if (what == Ask::kGains) {
        worker.appraiser.for_each_gain(longest, add);
        return;
      }
      for (const Appraiser::Token& token : tokens) {
        ++worker.counts[token.row];
        add(token.row, token.loss);
      }
    });
    if (what != Ask::kCounts) scores.add(worker.losses);
  });
  Sums sums{std::vector<std::uint64_t>(used_.size()), std::vector<std::int64_t>(used_.size())};
  for (std::size_t r = 0; r < rows; ++r) {
    sums.scores[table.repeats[r]] = scores.of(r);
    for (const Worker& worker : workers) sums.counts[table.repeats[r]] += worker.counts[r];
  }
  return sums;
}

void Selection::drop_to(std::size_t size) {
  const std::size_t kept = std::min(letters_.size(), (size - kSingleBytes) / kLettersOfPieces);
  for (std::size_t now = used(); now > size; now = used()) {
    Sums sums = ask(Ask::kLosses);
    for (const std::uint32_t i : std::span(letters_).first(kept)) {
      sums.scores[i] = std::numeric_limits<std::int64_t>::max();
    }
    std::vector<std::uint32_t> pieces;
    for (std::uint32_t i = kSingleBytes; i < used_.size(); ++i) {
      if (used_[i]) pieces.push_back(i);
    }
    for (std::uint32_t i = 0; i < used_.size(); ++i) {
      if (used_[i]) counts_[i] = sums.counts[i];
    }
    const std::size_t next = std::max(size, static_cast<std::size_t>(kKeep * static_cast<double>(now)));
    std::fill(used_.begin() + kSingleBytes, used_.end(), std::uint8_t{0});
    for (const std::uint32_t i : best_of(std::move(pieces), next - kSingleBytes, sums.scores)) used_[i] = 1;
  }
}

void Selection::add_unused(std::size_t number) {
  const Sums sums = ask(Ask::kGains);
  std::vector<std::uint32_t> pieces;
  for (std::uint32_t i = kSingleBytes; i < used_.size(); ++i) {
    if (!used_[i] && sums.scores[i] > 0) pieces.push_back(i);
  }
  for (const std::uint32_t i : best_of(std::move(pieces), number, sums.scores)) used_[i] = 1;
}

std::vector<std::uint32_t> Selection::best_of(std::vector<std::uint32_t> repeats, std::size_t number,
                                              const std::vector<std::int64_t>& scores) const {
  if (repeats.size() <= number) return repeats;
  std::nth_element(repeats.begin(), repeats.begin() + static_cast<std::ptrdiff_t>(number), repeats.end(),
                   [&](std::uint32_t a, std::uint32_t b) {
                     if (scores[a] != scores[b]) return scores[a] > scores[b];
                     return counts_[a] != counts_[b] ? counts_[a] > counts_[b] : a < b;
                   });
  repeats.resize(number);
  return repeats;
}

}  // namespace bytepiece
