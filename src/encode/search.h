// Search: one segmentation of a text, chunk by chunk: the best one (viterbi.h), or one that is drawn
// (sample.h).
//
// A chunk is a line with the line feeds after it. Whole chunks, about 8 kB of them, go through four phases:
//
//   text      "ab cd\nef"
//   spell     symbols    a b _ c d \n e f     bytes, or characters where that is exact (symbols.h)
//   match     nodes      per start the deepest node of the trie, hence its row of scores (trie.h)
//   forward   takes      which pieces won at their ends: one byte per symbol (kernels.h)
//   trace     ids        backwards along the winners (trace.h)
//
// Apart, each phase runs without waiting for the others: matching waits for memory, the dynamic
// program for its own last sum, the way back for its last step. Together, every wrong guess of one
// throws away the work of all.
//
// Why chunks can be processed together: no walk leaves its chunk (trie.h, invariant 3), so where a
// chunk starts, the window holds nothing; the start flag puts the empty path there.
// Why the two streams may be computed in turns: they start at chunk boundaries and share no sum.
//
// Several short texts go through the phases together as well, with the alphabet's stop() behind each: no
// piece has this symbol, so no sum gets past it, and the way back notes it as kEndOfText among the ids.
//
// A line that is longer than a batch, and a text that comes in parts, go through the phases span by span
// (Stream): the window is carried on, and the way back begins where all paths meet, a few dozen symbols
// before the end of the span. What lies before that place is forgotten.
//
// A Rule says which pieces win at their ends:
//   Number, empty()           what windows and rings hold, and which one of them stands for no path
//   Guide                     what else it needs to know, in Scratch: begin_text(i) tells it that text i is
//                             next, prepare() that these symbols are
//   kDraws                    whether a column of random numbers is needed, and the trie was made here
//   forward(kernels, trie, program)    the phase (kernels.h)
//   settler(columns)          a function of (id, start, end) of a piece that won: the id to note for it
//   append(ids, out)          ids as noted, as they are handed out
//
// Costs. Linear in the text (times the longest match, at worst). Memory: some 400 kB in Scratch, however long
// the lines are, unless paths do not meet or pieces have thousands of symbols (11 bytes for each symbol in
// between; 19 if it draws); nothing is allocated in the steady state.
//
// Thread rule: members of Search are const; one serves any number of threads, each with its own Scratch.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "encode/batches.h"
#include "encode/columns.h"
#include "encode/kernels.h"

namespace bytepiece {

template <class Rule>
class Search {
 public:
  class Scratch;
  class Stream;
  using Visit = std::function<void(std::span<const Id> ids)>;

  // The trie must outlive this object. REQUIRES: is_supported(form).
  explicit Search(const Trie& trie, Form form = best_form(), Rule rule = {});

  // Appends the ids of `text`, which is normalized, to `out`.
  void encode(std::string_view text, Scratch& scratch, std::vector<Id>& out) const;

  // Calls visit(ids) for each of the texts in order: the ids of encode(), faster where texts are short (one
  // by one, lines of 70 bytes take 1.5 times as long on English, twice as long on code).
  void encode_each(std::span<const std::string_view> texts, Scratch& scratch, const Visit& visit) const;

 private:
  using Number = typename Rule::Number;
  using Windows = std::array<Number, 2 * Trie::kNear>;
  struct Run {
    std::span<const Id> first, second;  // the ids, in two stretches
  };
  // The ids of the symbols spelled in scratch.
  Run search(std::size_t symbols, Scratch& scratch) const;
  void match(std::size_t begin, std::size_t end, Scratch& scratch) const;
  void forward(std::size_t begin, std::size_t half, std::size_t end, Windows& windows,
               Scratch& scratch) const;
  Trace trace(Scratch& scratch) const;
  void append(std::span<const Id> noted, std::vector<Id>& out) const;
  void check(std::span<const Id> ids) const;  // throws Error

  // Bytes that go through the phases together. Their rows should still be in the second-level cache
  // on the way back.
  static constexpr std::size_t kBatch = 8192;

  const Trie* trie_;
  const Kernels* kernels_;
  std::size_t ring_size_;
  Rule rule_;
};

// Working memory; may be used with any Search of this rule, one call or one Stream at a time.
template <class Rule>
class Search<Rule>::Scratch {
 public:
  typename Rule::Guide guide;

  std::size_t bytes() const {  // of memory held
    return columns_.bytes() + rings_.capacity() * sizeof(Number) + alive_.capacity() +
           ids_.capacity() * sizeof(Id) + sizeof(MatchScratch);
  }

 private:
  friend class Search;
  void reserve_rings(std::size_t ring_size) {
    if (rings_.size() < 2 * ring_size) rings_.resize(2 * ring_size, Rule::empty());
  }

  Columns columns_{Rule::kDraws};
  std::vector<Number> rings_;
  std::vector<std::uint8_t> alive_;  // by position: a path goes through it
  std::vector<Id> ids_;              // of one text among several
  std::unique_ptr<MatchScratch> match_ = std::make_unique_for_overwrite<MatchScratch>();
};

// The ids of one text that comes in parts, as early as they are certain.
//
//   text so far    ......................................................................
//                            │ done_                              │ matched_     │ size_
//   forgotten      ──────────┤ ids are out, but for a few symbols ─┤ spelled only ─┤
template <class Rule>
class Search<Rule>::Stream {
 public:
  // Both must outlive this object; the scratch serves nothing else until finish().
  Stream(const Search& search, Scratch& scratch);

  // Appends the ids that became certain. REQUIRES: normalized; no part ends inside a character.
  void add(std::string_view part, std::vector<Id>& out);
  // Appends the others. The next part begins a new text.
  void finish(std::vector<Id>& out);

 private:
  void spell(std::string_view slice);
  void search_until(std::size_t end);
  void take_ids(std::size_t end, std::vector<Id>& out);

  const Search& search_;
  Scratch& scratch_;
  std::size_t step_;  // symbols that go through the phases together
  Windows windows_;
  std::size_t done_ = 0, matched_ = 0, size_ = 0;
};

[[noreturn]] void fail_forged();  // throws Error

// Forgets pieces that lead from one stream into the other, which only a forged trie has (trie.h): the way
// back through one stream must not get into the other, whose nodes may be ids by then.
inline void keep_apart(std::uint8_t* takes, std::size_t half) {
  for (std::size_t before = 1; before < Trie::kNear && before <= half; ++before) {
    std::uint8_t& take = takes[half - before];
    take = static_cast<std::uint8_t>(take & ((1u << before) - 1));
  }
}

// The size of at most kSpan bytes of `text` that end with a character, or all of it.
std::size_t slice_size(std::string_view text);

template <class Rule>
Search<Rule>::Search(const Trie& trie, Form form, Rule rule)
    : trie_(&trie),
      kernels_(&kernels(form)),
      ring_size_(std::bit_ceil(trie.max_length() + Trie::kNear + 1)),
      rule_(std::move(rule)) {}

template <class Rule>
void Search<Rule>::encode(std::string_view text, Scratch& scratch, std::vector<Id>& out) const {
  while (!text.empty()) {
    const std::size_t size = batch_size(text, kBatch);
    if (size > kBatch) {
      Stream line(*this, scratch);
      line.add(text.substr(0, size), out);
      line.finish(out);
    } else {
      scratch.columns_.reserve(size + trie_->max_length());
      const std::size_t n = trie_->alphabet().spell(text.substr(0, size), scratch.columns_.symbols());
      const Run run = search(n, scratch);
      append(run.first, out);
      append(run.second, out);
    }
    text.remove_prefix(size);
  }
}

template <class Rule>
void Search<Rule>::encode_each(std::span<const std::string_view> texts, Scratch& scratch,
                               const Visit& visit) const {
  std::size_t visited = 0;
  const auto visit_one = [&] {
    if (!Rule::kDraws) check(scratch.ids_);
    ++visited;
    visit(scratch.ids_);
    scratch.ids_.clear();
  };
  const auto split = [&](std::span<const Id> ids, std::size_t ends) {
    for (const Id& id : ids) {
      if (id != kEndOfText) {
        rule_.append({&id, 1}, scratch.ids_);
      } else if (visited == ends) {
        fail_forged();
      } else {
        visit_one();
      }
    }
  };
  scratch.ids_.clear();
  for (std::size_t i = 0; i < texts.size();) {
    scratch.guide.begin_text(i);
    if (texts[i].size() >= kBatch) {
      encode(texts[i++], scratch, scratch.ids_);
      visit_one();
      continue;
    }
    scratch.columns_.reserve(2 * kBatch + trie_->max_length());
    Symbol* const symbols = scratch.columns_.symbols();
    std::size_t n = 0;
    for (; i < texts.size() && n < kBatch && texts[i].size() < kBatch; ++i) {
      n += trie_->alphabet().spell(texts[i], symbols + n);
      symbols[n++] = trie_->alphabet().stop();
    }
    const Run run = search(n, scratch);
    split(run.first, i);
    split(run.second, i);
    if (visited != i) fail_forged();
  }
}

template <class Rule>
void Search<Rule>::append(std::span<const Id> noted, std::vector<Id>& out) const {
  const std::size_t before = out.size();
  rule_.append(noted, out);
  if (!Rule::kDraws) check(std::span(out).subspan(before));
}

// What a search structure in a file says is not proven to be an id (trie.h). Those with weights are made
// here.
template <class Rule>
void Search<Rule>::check(std::span<const Id> ids) const {
  Id largest = 0;
  for (const Id id : ids) largest = std::max(largest, id);
  if (largest >= trie_->id_end()) fail_forged();
}

template <class Rule>
void Search<Rule>::match(std::size_t begin, std::size_t end, Scratch& scratch) const {
  Columns& columns = scratch.columns_;
  for (std::size_t i = begin; i < end; i += kSpan) {
    kernels_->match(*trie_, columns.symbols() + i, std::min(kSpan, end - i), columns.nodes() + i,
                    *scratch.match_);
  }
}

template <class Rule>
void Search<Rule>::forward(std::size_t begin, std::size_t half, std::size_t end, Windows& windows,
                           Scratch& scratch) const {
  Columns& columns = scratch.columns_;
  scratch.reserve_rings(ring_size_);
  scratch.guide.prepare(*kernels_, columns, trie_->alphabet().stop(), begin, end);
  rule_.forward(*kernels_, *trie_,
                {columns.nodes(), columns.takes(), columns.far_lengths(), columns.randoms(),
                 scratch.rings_.data(), ring_size_ - 1, windows.data(), begin, half, end});
}

template <class Rule>
Trace Search<Rule>::trace(Scratch& scratch) const {
  Columns& columns = scratch.columns_;
  return {*trie_, columns.symbols(), columns.nodes(), columns.takes(), columns.far_lengths()};
}

template <class Rule>
typename Search<Rule>::Run Search<Rule>::search(std::size_t n, Scratch& scratch) const {
  const Symbol stop = trie_->alphabet().stop();
  Symbol* const symbols = scratch.columns_.symbols();
  std::fill_n(symbols + n, kSlack, stop);
  match(0, n, scratch);
  std::uint8_t* const takes = scratch.columns_.takes();
  mark_starts(symbols, 0, n, stop, takes);
  const std::size_t half = find_half(takes, n);
  Windows windows;
  windows.fill(Rule::empty());
  forward(0, half, n, windows, scratch);
  keep_apart(takes, half);

  // Two independent chains of steps. A step moves back by at least one symbol, so ids may overwrite
  // the nodes that have been used.
  const auto step = [way = trace(scratch), settle = rule_.settler(scratch.columns_)](std::size_t& at) {
    const std::size_t end = at;
    const Id id = way.step(at);
    return settle(id, at, end);
  };
  Id* const ids = scratch.columns_.nodes();
  std::size_t a = half, b = n, first_a = half, first_b = n;
  while (a > 0 && b > half) {
    const Id id_a = step(a), id_b = step(b);
    ids[--first_a] = id_a;
    ids[--first_b] = id_b;
  }
  while (a > 0) ids[--first_a] = step(a);
  while (b > half) ids[--first_b] = step(b);
  return {{ids + first_a, ids + half}, {ids + first_b, ids + n}};
}

template <class Rule>
Search<Rule>::Stream::Stream(const Search& search, Scratch& scratch)
    : search_(search), scratch_(scratch), step_(std::max(kSpan, 2 * search.trie_->max_length())) {
  windows_.fill(Rule::empty());
}

template <class Rule>
void Search<Rule>::Stream::add(std::string_view part, std::vector<Id>& out) {
  const std::size_t ahead = search_.trie_->max_length() + kSlack;  // what walks from a span may see
  while (!part.empty()) {
    const std::string_view slice = part.substr(0, slice_size(part));
    part.remove_prefix(slice.size());
    spell(slice);
    while (size_ >= matched_ + step_ + ahead) {
      search_until(matched_ + step_);
      const std::size_t reach = search_.trie_->max_length();
      take_ids(meeting_point(search_.trace(scratch_), done_, matched_, reach, 2 * step_, scratch_.alive_),
               out);
    }
  }
}

template <class Rule>
void Search<Rule>::Stream::finish(std::vector<Id>& out) {
  if (size_ > 0) {
    std::fill_n(scratch_.columns_.symbols() + size_, kSlack, search_.trie_->alphabet().stop());
    search_until(size_);
    take_ids(size_, out);
  }
  done_ = matched_ = size_ = 0;
  windows_.fill(Rule::empty());
}

// Makes room by forgetting what is done, if that is most of it. Places in the rings are places modulo their
// size, so that must divide what is dropped.
template <class Rule>
void Search<Rule>::Stream::spell(std::string_view slice) {
  Columns& columns = scratch_.columns_;
  const std::size_t useless = done_ - std::min(done_, Trace::kBefore);
  const std::size_t drop = useless - useless % search_.ring_size_;
  const std::size_t reach = search_.trie_->max_length();  // pieces of a forged trie may reach so far (trie.h)
  if (size_ + slice.size() + reach > columns.room() && drop > columns.room() / 2) {
    columns.drop_front(drop, size_);
    done_ -= drop;
    matched_ -= drop;
    size_ -= drop;
  }
  if (const std::size_t needed = size_ + slice.size() + reach; needed > columns.room()) {
    columns.reserve(std::max({needed, 2 * columns.room(), 4 * step_}), size_);
  }
  size_ += search_.trie_->alphabet().spell(slice, columns.symbols() + size_);
}

template <class Rule>
void Search<Rule>::Stream::search_until(std::size_t end) {
  search_.match(matched_, end, scratch_);
  mark_starts(scratch_.columns_.symbols(), matched_, end, search_.trie_->alphabet().stop(),
              scratch_.columns_.takes());
  search_.forward(matched_, end, end, windows_, scratch_);
  matched_ = end;
}

// Appends the ids from done_ to `end`, through which all paths go.
template <class Rule>
void Search<Rule>::Stream::take_ids(std::size_t end, std::vector<Id>& out) {
  const Trace way = search_.trace(scratch_);
  const auto settle = search_.rule_.settler(scratch_.columns_);
  Id* const ids = scratch_.columns_.nodes();
  std::size_t first = end;
  for (std::size_t at = end; at > done_;) {
    const std::size_t piece_end = at;
    const Id id = way.step(at);
    ids[--first] = settle(id, at, piece_end);
  }
  search_.append({ids + first, ids + end}, out);
  done_ = end;
}

}  // namespace bytepiece
