// Tested by tests/sample_test.cc.
#include "encode/sample.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numbers>
#include <unordered_map>
#include <utility>

#include "encode/batches.h"
#include "encode/trace.h"

namespace bytepiece {
namespace {

constexpr std::size_t kBatch = 4096;       // bytes that go through the phases together
constexpr std::size_t kFirstStrong = 256;  // symbol
constexpr std::size_t kMostBytes = 4;      // of a symbol

}  // namespace

// The way back from an end. Positions are those of the columns in Scratch.
class SampleSearch::Draw {
 public:
  Draw(const SampleSearch& search, const Symbol* symbols, Scratch& scratch)
      : search_(search),
        units_(search.trie_.units()),
        entries_(search.trie_.entries()),
        symbols_(symbols),
        nodes_(scratch.nodes_.get()),
        flags_(scratch.flags_.get()),
        far_lengths_(scratch.far_lengths_.get()),
        sums_(scratch.sums()),
        factors_(scratch.factors_.get()) {}

  // Moves `end` to the start of the piece drawn and writes its id before `out`: one id, or those of the bytes
  // of a strong character.
  void step(std::size_t& end, double u, Id*& out) const {
    const double total = sums_[(end - 1) * Trie::kNear];
    if (total == 0) [[unlikely]] {  // stop()
      --end;
      *--out = kEndOfText;
      return;
    }
    const double mark = u * total;
    const std::size_t length = length_of(end, mark);
    const std::size_t start = end - length;
    if (length == 1 && symbols_[start] >= kFirstStrong) {
      strong_step(end, mark, total, out);
    } else {
      *--out = id_of(units_[nodes_[start]], length);
    }
    end = start;
  }

  // The start of the piece drawn.
  std::size_t start_of(std::size_t end, double u) const {
    return end - length_of(end, u * sums_[(end - 1) * Trie::kNear]);
  }

 private:
  // The first running sum larger than the mark belongs to the piece drawn.
  std::size_t length_of(std::size_t end, double mark) const {
    const std::size_t block = (end - 1) / kScaleStep;
    const std::size_t earlier = Trie::kNear - 1 - (end - 1) % kScaleStep;  // starts in the block before
    const double factor = factors_[block];
    if (earlier > 0 && factor != 1.0) [[unlikely]]
      return length_across(end, mark, earlier, factor);
    const double* sum = sums_ + end * Trie::kNear - 1;  // that of start e - l is l * (kNear - 1) before
    std::size_t passed = 0;
#pragma GCC unroll 8
    for (std::size_t l = 1; l <= Trie::kNear; ++l) passed += *(sum - l * (Trie::kNear - 1)) <= mark;
    return passed > 0 ? Trie::kNear - passed : far_length(end, mark);
  }

  // The same where the first `earlier` of the sums were brought to another scale afterwards.
  std::size_t length_across(std::size_t end, double mark, std::size_t earlier, double factor) const {
    std::size_t passed = 0;
    for (std::size_t k = 0; k < Trie::kNear; ++k) {
      const std::size_t length = Trie::kNear - k;
      // (end - length) may be before the first symbol: zeros are there.
      const double* row = sums_ + (static_cast<std::ptrdiff_t>(end) - static_cast<std::ptrdiff_t>(length)) *
                                      static_cast<std::ptrdiff_t>(Trie::kNear);
      passed += row[length - 1] * (k < earlier ? factor : 1.0) <= mark;
    }
    return passed > 0 ? Trie::kNear - passed : far_length(end, mark);
  }

  // Far pieces are the first terms of the sum; if none was drawn, it was the longest near one.
  [[gnu::noinline]] std::size_t far_length(std::size_t end, double mark) const {
    if (!(flags_[end] & SumProgram::kFarEnds)) return Trie::kNear;
    double sum = 0;
    for (const std::size_t length : search_.far_lengths_) {
      if (length > far_lengths_[end] || length > end) continue;
      const std::size_t start = end - length;
      const Unit& unit = units_[nodes_[start]];
      const std::size_t rank = far_rank(unit, length);
      if (rank == unit.far) continue;
      const double weight = load_score(entries_ + unit.entries + 2 * (kBitCount[unit.near] + rank));
      sum += sum_before(start) * weight * factors_between(start, end - 1);
      if (sum > mark) return length;
    }
    return Trie::kNear;
  }

  // S[start] in the scale that holds there.
  double sum_before(std::size_t start) const {
    if (flags_[start] & SumProgram::kStartsChunk) return 1.0;
    const double sum = sums_[(start - 1) * Trie::kNear];
    return start % kScaleStep == 0 ? sum * factors_[start / kScaleStep] : sum;
  }

  // What turns the scale at one symbol into that at a later one.
  double factors_between(std::size_t from, std::size_t to) const {
    double factor = 1;
    for (std::size_t k = from / kScaleStep + 1; k <= to / kScaleStep; ++k) factor *= factors_[k];
    return factor;
  }

  // Which of the far pieces of the row has that length; unit.far if none has.
  std::size_t far_rank(const Unit& unit, std::size_t length) const {
    const std::uint32_t* id = entries_ + unit.entries - kBitCount[unit.near];
    for (std::size_t rank = 0; rank < unit.far; ++rank) {
      id -= 2;
      if (id[1] >= length) return id[1] == length ? rank : unit.far;
    }
    return unit.far;
  }

  Id id_of(const Unit& unit, std::size_t length) const {
    if (length <= Trie::kNear) [[likely]] {
      const unsigned shorter = unit.near & ((1u << (length - 1)) - 1);
      if (unit.near >> (length - 1) & 1) return entries_[unit.entries - 1 - kBitCount[shorter]];
    }
    return entries_[unit.entries - kBitCount[unit.near] - 2 * (far_rank(unit, length) + 1)];
  }

  // The strong character alone: its own piece, or its bytes.
  void strong_step(std::size_t end, double mark, double total, Id*& out) const {
    double before = 0;  // the sum without the symbol
    if (end >= 2) {
      before = sums_[(end - 2) * Trie::kNear + 1];
      if ((end - 1) % kScaleStep == 0) before *= factors_[(end - 1) / kScaleStep];
    }
    const StrongCharacter& c = search_.strong_[symbols_[end - 1] - kFirstStrong];
    if (mark - before < c.share * (total - before)) {
      *--out = c.id;
    } else {
      for (std::size_t i = 0; i < c.length; ++i) *--out = c.bytes[i];
    }
  }

  const SampleSearch& search_;
  const Unit* units_;
  const std::uint32_t* entries_;
  const Symbol* symbols_;
  const std::uint32_t* nodes_;
  const std::uint8_t* flags_;
  const std::uint32_t* far_lengths_;
  const double* sums_;
  const double* factors_;
};

// ---- Weights ----

std::unordered_map<Id, double> SampleSearch::weights_by_id(const std::vector<StrongCharacter>& strong) {
  std::unordered_map<Id, double> weights;
  for (const StrongCharacter& c : strong) weights.emplace(c.id, c.weight);
  return weights;
}

std::vector<SampleSearch::StrongCharacter> SampleSearch::strong_characters(const Trie& trie,
                                                                           const Vocab& vocab, double alpha) {
  std::vector<StrongCharacter> all;
  for (std::size_t symbol = kFirstStrong; symbol < trie.alphabet().size(); ++symbol) {
    const Id id = trie.entries()[trie.units()[symbol].entries - 1];
    const std::string_view bytes = vocab.bytes(id);
    StrongCharacter c{id, 0, 0, {}, static_cast<std::uint32_t>(bytes.size())};
    double spelled = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      c.bytes[i] = kFirstPiece + static_cast<unsigned char>(bytes[bytes.size() - 1 - i]);
      spelled += vocab.log_prob(c.bytes[i]);
    }
    c.weight = std::exp(alpha * vocab.log_prob(id)) + std::exp(alpha * spelled);
    c.share = 1 / (1 + std::exp(alpha * (spelled - vocab.log_prob(id))));
    all.push_back(c);
  }
  return all;
}

namespace {

// All lengths of far pieces, each once, longest first.
std::vector<std::uint32_t> far_lengths_of(const Trie& trie) {
  std::vector<bool> is_far(trie.max_length() + 1);
  for (const Unit& unit : trie.all_units()) {
    const std::uint32_t* id = trie.entries() + unit.entries - std::popcount(unit.near);
    for (std::size_t k = 0; k < unit.far; ++k) is_far[*((id -= 2) + 1)] = true;
  }
  std::vector<std::uint32_t> lengths;
  for (std::size_t length = is_far.size(); length-- > 0;) {
    if (is_far[length]) lengths.push_back(static_cast<std::uint32_t>(length));
  }
  return lengths;
}

}  // namespace

SampleSearch::SampleSearch(const Trie& trie, const Vocab& vocab, double alpha, Form form)
    : strong_(strong_characters(trie, vocab, alpha)),
      trie_(trie.with_scores([&, weights = weights_by_id(strong_)](Id id, double score) {
        const auto strong = weights.find(id);
        return strong != weights.end() ? strong->second : std::exp(alpha * score);
      })),
      kernels_(&kernels(form)),
      ring_size_(std::bit_ceil(trie.max_length() + Trie::kNear + 1)),
      far_lengths_(far_lengths_of(trie)),
      fits_(stays_in_range(vocab, alpha)) {}

// The bound in the header.
bool SampleSearch::stays_in_range(const Vocab& vocab, double alpha) const {
  constexpr double kGrowth = 1.6;  // log2(3), rounded up
  const std::size_t symbols = trie_.alphabet().size();
  std::vector<double> cost(symbols);  // bits
  double most = 0;
  for (std::size_t s = 0; s < symbols; ++s) {
    const Id id = trie_.entries()[trie_.units()[s].entries - 1];
    cost[s] = -alpha * vocab.log_prob(id) * std::numbers::log2e;
    most = std::max(most, cost[s]);
  }
  double gain = 0, dearest = 0;
  std::vector<Symbol> spelled(vocab.max_piece_length() + 8);
  for (Id id = kFirstPiece; id < vocab.size(); ++id) {
    const double piece = -alpha * vocab.log_prob(id) * std::numbers::log2e;
    const std::size_t n = trie_.alphabet().spell(vocab.bytes(id), spelled.data());
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += cost[spelled[i]];
    gain = std::max(gain, sum - piece);
    dearest = std::max(dearest, piece);
  }
  const auto longest = static_cast<double>(trie_.max_length());
  const auto step = static_cast<double>(kScaleStep);
  return kScaleBits + step * most + dearest + gain + std::log2(longest) + kGrowth * (longest + step) <= 1022;
}

// ---- Working memory ----

SampleSearch::Scratch::Scratch() : match_(std::make_unique_for_overwrite<MatchScratch>()) {}

std::size_t SampleSearch::Scratch::bytes() const {
  constexpr std::size_t kPerSymbol = sizeof(Symbol) + 2 * sizeof(std::uint32_t) + 1 +
                                     kMostBytes * sizeof(Id) + (Trie::kNear + 1) * sizeof(double);
  return room_ * kPerSymbol + rings_.capacity() * sizeof(double) + line_.capacity() * sizeof(Symbol) +
         sizeof(MatchScratch);
}

// Keeps nothing.
void SampleSearch::Scratch::reserve(std::size_t symbols) {
  if (room_ >= symbols + kSlack) return;
  room_ = symbols + kSlack;
  symbols_ = std::make_unique_for_overwrite<Symbol[]>(room_);
  nodes_ = std::make_unique_for_overwrite<std::uint32_t[]>(room_);
  flags_ = std::make_unique_for_overwrite<std::uint8_t[]>(room_);
  far_lengths_ = std::make_unique_for_overwrite<std::uint32_t[]>(room_);
  windows_ = std::make_unique_for_overwrite<Window[]>(Trie::kNear + room_);
  std::fill_n(windows_.get(), Trie::kNear, Window{});
  factors_ = std::make_unique_for_overwrite<double[]>(room_ / kScaleStep + 1);
  ids_ = std::make_unique_for_overwrite<Id[]>(kMostBytes * room_);
}

namespace {

template <class T>
void regrow(std::unique_ptr<T[]>& column, std::size_t old_size, std::size_t size) {
  std::unique_ptr<T[]> grown = std::make_unique<T[]>(size);
  std::copy_n(column.get(), old_size, grown.get());
  column = std::move(grown);
}

}  // namespace

// Doubles the room of what sample_line() keeps from span to span.
void SampleSearch::Scratch::grow() {
  const std::size_t old = std::exchange(room_, 2 * room_);
  symbols_ = std::make_unique_for_overwrite<Symbol[]>(room_);
  regrow(nodes_, old, room_);
  regrow(flags_, old, room_);
  regrow(far_lengths_, old, room_);
  regrow(windows_, Trie::kNear + old, Trie::kNear + room_);
  regrow(factors_, old / kScaleStep + 1, room_ / kScaleStep + 1);
  ids_ = std::make_unique_for_overwrite<Id[]>(kMostBytes * room_);
}

// Forgets the first `drop` symbols of `used`. REQUIRES: kScaleStep divides drop.
void SampleSearch::Scratch::drop_front(std::size_t drop, std::size_t used) {
  std::copy(nodes_.get() + drop, nodes_.get() + used, nodes_.get());
  std::copy(flags_.get() + drop, flags_.get() + room_, flags_.get());
  std::fill_n(flags_.get() + (room_ - drop), drop, std::uint8_t{0});
  std::copy(far_lengths_.get() + drop, far_lengths_.get() + room_, far_lengths_.get());
  std::copy(sums() + drop * Trie::kNear, sums() + used * Trie::kNear, sums());
  std::copy(factors_.get() + drop / kScaleStep, factors_.get() + used / kScaleStep + 1, factors_.get());
}

void SampleSearch::Scratch::reserve_rings(std::size_t ring_size) {
  if (rings_.size() < 2 * ring_size) rings_.resize(2 * ring_size, 0.0);
}

// ---- Search ----

void SampleSearch::sample(std::string_view text, const RandomKey& key, Scratch& scratch,
                          std::vector<Id>& out) const {
  const RandomNumbers random(key);
  std::uint64_t line = key.line;
  while (!text.empty()) {
    const std::size_t size = batch_size(text, kBatch);
    if (size > kBatch) {
      sample_line(text.substr(0, size), random, place_in_line(line, 0), scratch, out);
      ++line;
    } else {
      scratch.reserve(2 * kBatch);
      const std::size_t n = trie_.alphabet().spell(text.substr(0, size), scratch.symbols_.get());
      scratch.texts_.assign(1, random);
      search(n, line, scratch);
      line += scratch.lines_.size();
      out.insert(out.end(), scratch.first_.begin(), scratch.first_.end());
      out.insert(out.end(), scratch.second_.begin(), scratch.second_.end());
    }
    text.remove_prefix(size);
  }
}

void SampleSearch::sample_each(std::span<const std::string_view> texts, RandomKey key, Scratch& scratch,
                               const Visit& visit) const {
  const auto split = [&](std::span<const Id> ids) {
    for (const Id id : ids) {
      if (id != kEndOfText) {
        scratch.text_ids_.push_back(id);
      } else {
        visit(scratch.text_ids_);
        scratch.text_ids_.clear();
      }
    }
  };
  scratch.text_ids_.clear();
  const std::uint64_t first = key.document;
  const auto key_of = [&](std::size_t i) { return RandomKey{key.seed, first + i, key.sample, 0}; };
  for (std::size_t i = 0; i < texts.size();) {
    if (texts[i].size() >= kBatch) {
      sample(texts[i], key_of(i), scratch, scratch.text_ids_);
      ++i;
      visit(scratch.text_ids_);
      scratch.text_ids_.clear();
      continue;
    }
    scratch.reserve(2 * kBatch);
    scratch.texts_.clear();
    std::size_t n = 0;
    for (; i < texts.size() && n < kBatch && texts[i].size() < kBatch; ++i) {
      scratch.texts_.emplace_back(key_of(i));
      n += trie_.alphabet().spell(texts[i], scratch.symbols_.get() + n);
      scratch.symbols_[n++] = trie_.alphabet().stop();
    }
    search(n, 0, scratch);
    split(scratch.first_);
    split(scratch.second_);
  }
}

// Notes the lines among n symbols; the first one has that number in its text, those of other texts count from
// 0.
void SampleSearch::find_lines(std::size_t n, std::uint64_t first_line, Scratch& scratch) const {
  const Symbol stop = trie_.alphabet().stop();
  const std::uint8_t* const starts = scratch.flags_.get();
  const RandomNumbers* text = scratch.texts_.data();
  std::uint64_t line = first_line;
  scratch.lines_.assign(1, {0, place_in_line(line, 0), *text});
  for (std::size_t i = next_start(starts, 1, n); i < n; i = next_start(starts, i + 1, n)) {
    const bool is_text = scratch.symbols_[i - 1] == stop;
    text += is_text;
    line = is_text ? 0 : line + 1;
    scratch.lines_.push_back({i, place_in_line(line, 0), *text});
  }
}

void SampleSearch::search(std::size_t n, std::uint64_t first_line, Scratch& scratch) const {
  const Symbol stop = trie_.alphabet().stop();
  std::fill_n(scratch.symbols_.get() + n, kSlack, stop);
  for (std::size_t i = 0; i < n; i += kSpan) {
    kernels_->match(trie_, scratch.symbols_.get() + i, std::min(kSpan, n - i), scratch.nodes_.get() + i,
                    *scratch.match_);
  }
  mark_starts(scratch.symbols_.get(), 0, n, stop, scratch.flags_.get());
  scratch.flags_[n] = 0;
  find_lines(n, first_line, scratch);
  const std::size_t half = find_half(scratch.flags_.get(), n);
  scratch.reserve_rings(ring_size_);
  std::array<double, 2 * Trie::kNear> windows{};
  kernels_->sum(trie_,
                {scratch.nodes_.get(), scratch.flags_.get(), scratch.far_lengths_.get(), scratch.sums(),
                 scratch.factors_.get(), scratch.rings_.data(), ring_size_ - 1, windows.data(), 0, half, n});

  // Two ways back, which keep the processor busier than one.
  const Draw draw(*this, scratch.symbols_.get(), scratch);
  struct Way {
    std::size_t begin, at;
    const Scratch::Line* line;
    Id* ids;
  };
  const auto way = [&](std::size_t begin, std::size_t end) {
    const Scratch::Line* line = scratch.lines_.data() + scratch.lines_.size() - 1;
    while (line != scratch.lines_.data() && line->begin >= end) --line;
    return Way{begin, end, line, scratch.ids_.get() + kMostBytes * end};
  };
  const auto step = [&draw](Way& w) {
    const Scratch::Line& line = *w.line;
    draw.step(w.at, line.random.uniform(line.origin + (w.at - line.begin)), w.ids);
    w.line -= w.at == line.begin && w.at > w.begin;
  };
  Way a = way(0, half), b = way(half, n);
  while (a.at > a.begin && b.at > b.begin) {
    step(a);
    step(b);
  }
  while (a.at > a.begin) step(a);
  while (b.at > b.begin) step(b);
  scratch.first_ = {a.ids, scratch.ids_.get() + kMostBytes * half};
  scratch.second_ = {b.ids, scratch.ids_.get() + kMostBytes * n};
}

// The last position in (begin, end] through which all drawn ways go that end behind `end`, as in viterbi.cc;
// `begin`, through which they do, if they do not meet within `most` symbols.
template <class StartOf>
std::size_t SampleSearch::meeting_point(std::size_t begin, std::size_t end, std::size_t most,
                                        const StartOf& start_of, std::vector<std::uint8_t>& alive) const {
  const std::size_t reach = trie_.max_length(), floor = end - std::min(end - begin, most);
  if (end - floor <= reach) return begin;
  alive.assign(end - floor + 1, 0);
  std::fill_n(alive.end() - static_cast<std::ptrdiff_t>(reach), reach, std::uint8_t{1});
  for (std::size_t ways = reach, at = end;; --at) {
    if (alive[at - floor] == 0) continue;
    if (ways == 1) return at;
    const std::size_t start = start_of(at);
    if (start < floor) return begin;
    ways -= alive[start - floor];
    alive[start - floor] = 1;
  }
}

// One line that is longer than a batch, span by span. The columns hold what draws may still look at:
//
//   position in the line   0 ......................................... n
//   columns                      │ base  │ done         │ end     │ end + reach
//                                │       │ ids not known yet      │ flags of far ends only
void SampleSearch::sample_line(std::string_view line, const RandomNumbers& random, std::uint64_t origin,
                               Scratch& scratch, std::vector<Id>& out) const {
  const std::size_t reach = trie_.max_length();  // less than a span, as fits()
  scratch.line_.resize(line.size() + kSlack);
  const std::size_t n = trie_.alphabet().spell(line, scratch.line_.data());
  scratch.line_.resize(n + kSlack);
  std::fill_n(scratch.line_.data() + n, kSlack, trie_.alphabet().stop());
  scratch.reserve(4 * kSpan + reach);
  scratch.reserve_rings(ring_size_);
  std::fill_n(scratch.flags_.get(), scratch.room_, std::uint8_t{0});
  scratch.flags_[0] = SumProgram::kStartsChunk;
  std::array<double, 2 * Trie::kNear> windows{};

  std::size_t base = 0, done = 0;
  for (std::size_t begin = 0, end; begin < n; begin = end) {
    end = std::min(n, begin + kSpan);
    if (end - base + reach + kSlack > scratch.room_) {
      const std::size_t useless = done - std::min(done, reach + Trie::kNear + 1);
      const std::size_t drop = (useless - base) / ring_size_ * ring_size_;
      if (drop < (begin - base) / 2) {
        scratch.grow();
      } else {
        scratch.drop_front(drop, begin - base);
        base += drop;
      }
    }
    kernels_->match(trie_, scratch.line_.data() + begin, end - begin, scratch.nodes_.get() + (begin - base),
                    *scratch.match_);
    kernels_->sum(trie_, {scratch.nodes_.get(), scratch.flags_.get(), scratch.far_lengths_.get(),
                          scratch.sums(), scratch.factors_.get(), scratch.rings_.data(), ring_size_ - 1,
                          windows.data(), begin - base, end - base, end - base});
    const Draw draw(*this, scratch.line_.data() + base, scratch);
    const auto uniform = [&](std::size_t at) { return random.uniform(origin + base + at); };
    const auto start_of = [&](std::size_t at) { return draw.start_of(at, uniform(at)); };
    const std::size_t known =
        end == n ? n - base : meeting_point(done - base, end - base, 2 * kSpan, start_of, scratch.alive_);
    Id* const last = scratch.ids_.get() + kMostBytes * known;
    Id* first = last;
    for (std::size_t at = known; at > done - base;) draw.step(at, uniform(at), first);
    out.insert(out.end(), first, last);
    done = base + known;
  }
}

}  // namespace bytepiece
