// Tested by tests/viterbi_test.cc.
#include "encode/viterbi.h"

#include <algorithm>
#include <bit>

#include "encode/batches.h"
#include "text/utf8.h"

namespace bytepiece {
namespace {

// Bytes that go through the phases together. Their rows should still be in the second-level cache
// on the way back.
constexpr std::size_t kBatch = 8192;

// The size of at most kSpan bytes of `text` that end with a character, or all of it.
std::size_t slice_size(std::string_view text) {
  if (text.size() <= kSpan) return text.size();
  std::size_t size = kSpan;
  for (int i = 0; i < 3 && is_continuation(text[size]); ++i) --size;
  return is_continuation(text[size]) ? kSpan : size;  // more than three belong to no character
}

[[noreturn]] void fail_forged() {
  throw Error("the search structure of this model is forged; make the file again with bytepiece convert");
}

}  // namespace

Viterbi::Viterbi(const Trie& trie, Form form)
    : trie_(&trie),
      kernels_(&kernels(form)),
      ring_size_(std::bit_ceil(trie.max_length() + Trie::kNear + 1)) {}

Viterbi::Scratch::Scratch() : match_(std::make_unique_for_overwrite<MatchScratch>()) {}

std::size_t Viterbi::Scratch::bytes() const {
  return columns_.bytes() + rings_.capacity() * sizeof(double) + alive_.capacity() +
         ids_.capacity() * sizeof(Id) + sizeof(MatchScratch);
}

void Viterbi::Scratch::reserve_rings(std::size_t ring_size) {
  if (rings_.size() < 2 * ring_size) rings_.resize(2 * ring_size, kNever);
}

void Viterbi::encode(std::string_view text, Scratch& scratch, std::vector<Id>& out) const {
  while (!text.empty()) {
    const std::size_t size = batch_size(text, kBatch);
    if (size > kBatch) {
      Stream line(*this, scratch);
      line.add(text.substr(0, size), out);
      line.finish(out);
    } else {
      scratch.columns_.reserve(size);
      const std::size_t n = trie_->alphabet().spell(text.substr(0, size), scratch.columns_.symbols());
      const Run run = search(n, scratch);
      check(run.first);
      check(run.second);
      out.insert(out.end(), run.first.begin(), run.first.end());
      out.insert(out.end(), run.second.begin(), run.second.end());
    }
    text.remove_prefix(size);
  }
}

void Viterbi::encode_each(std::span<const std::string_view> texts, Scratch& scratch,
                          const Visit& visit) const {
  std::size_t visited = 0;
  const auto visit_one = [&] {
    check(scratch.ids_);
    ++visited;
    visit(scratch.ids_);
    scratch.ids_.clear();
  };
  const auto split = [&](std::span<const Id> ids, std::size_t ends) {
    for (const Id id : ids) {
      if (id != kEndOfText) {
        scratch.ids_.push_back(id);
      } else if (visited == ends) {
        fail_forged();
      } else {
        visit_one();
      }
    }
  };
  scratch.ids_.clear();
  for (std::size_t i = 0; i < texts.size();) {
    if (texts[i].size() >= kBatch) {
      encode(texts[i++], scratch, scratch.ids_);
      visit_one();
      continue;
    }
    scratch.columns_.reserve(2 * kBatch);
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

// What a search structure in a file says is not proven to be an id (trie.h).
void Viterbi::check(std::span<const Id> ids) const {
  Id largest = 0;
  for (const Id id : ids) largest = std::max(largest, id);
  if (largest >= trie_->id_end()) fail_forged();
}

void Viterbi::match(std::size_t begin, std::size_t end, Scratch& scratch) const {
  Columns& columns = scratch.columns_;
  for (std::size_t i = begin; i < end; i += kSpan) {
    kernels_->match(*trie_, columns.symbols() + i, std::min(kSpan, end - i), columns.nodes() + i,
                    *scratch.match_);
  }
}

void Viterbi::forward(std::size_t begin, std::size_t half, std::size_t end, Windows& windows,
                      Scratch& scratch) const {
  Columns& columns = scratch.columns_;
  scratch.reserve_rings(ring_size_);
  kernels_->forward(*trie_, {columns.nodes(), columns.takes(), columns.far_lengths(), scratch.rings_.data(),
                             ring_size_ - 1, windows.data(), begin, half, end});
}

Trace Viterbi::trace(Scratch& scratch) const {
  Columns& columns = scratch.columns_;
  return {*trie_, columns.symbols(), columns.nodes(), columns.takes(), columns.far_lengths()};
}

Viterbi::Run Viterbi::search(std::size_t n, Scratch& scratch) const {
  const Symbol stop = trie_->alphabet().stop();
  Symbol* const symbols = scratch.columns_.symbols();
  std::fill_n(symbols + n, kSlack, stop);
  match(0, n, scratch);
  std::uint8_t* const takes = scratch.columns_.takes();
  mark_starts(symbols, 0, n, stop, takes);
  const std::size_t half = find_half(takes, n);
  Windows windows;
  windows.fill(kNever);
  forward(0, half, n, windows, scratch);

  // Two independent chains of steps. A step moves back by at least one symbol, so ids may overwrite
  // the nodes that have been used.
  const Trace way = trace(scratch);
  Id* const ids = scratch.columns_.nodes();
  std::size_t a = half, b = n, first_a = half, first_b = n;
  while (a > 0 && b > half) {
    const Id id_a = way.step(a), id_b = way.step(b);
    ids[--first_a] = id_a;
    ids[--first_b] = id_b;
  }
  while (a > 0) ids[--first_a] = way.step(a);
  while (b > half) ids[--first_b] = way.step(b);
  return {{ids + first_a, ids + half}, {ids + first_b, ids + n}};
}

Viterbi::Stream::Stream(const Viterbi& viterbi, Scratch& scratch)
    : viterbi_(viterbi), scratch_(scratch), step_(std::max(kSpan, 2 * viterbi.trie_->max_length())) {
  windows_.fill(kNever);
}

void Viterbi::Stream::add(std::string_view part, std::vector<Id>& out) {
  const std::size_t ahead = viterbi_.trie_->max_length() + kSlack;  // what walks from a span may see
  while (!part.empty()) {
    const std::string_view slice = part.substr(0, slice_size(part));
    part.remove_prefix(slice.size());
    spell(slice);
    while (size_ >= matched_ + step_ + ahead) {
      search_until(matched_ + step_);
      const std::size_t reach = viterbi_.trie_->max_length();
      take_ids(meeting_point(viterbi_.trace(scratch_), done_, matched_, reach, 2 * step_, scratch_.alive_),
               out);
    }
  }
}

void Viterbi::Stream::finish(std::vector<Id>& out) {
  if (size_ > 0) {
    std::fill_n(scratch_.columns_.symbols() + size_, kSlack, viterbi_.trie_->alphabet().stop());
    search_until(size_);
    take_ids(size_, out);
  }
  done_ = matched_ = size_ = 0;
  windows_.fill(kNever);
}

// Makes room by forgetting what is done, if that is most of it. Places in the rings are places modulo their
// size, so that must divide what is dropped.
void Viterbi::Stream::spell(std::string_view slice) {
  Columns& columns = scratch_.columns_;
  const std::size_t useless = done_ - std::min(done_, Trace::kBefore);
  const std::size_t drop = useless - useless % viterbi_.ring_size_;
  if (size_ + slice.size() > columns.room() && drop > columns.room() / 2) {
    columns.drop_front(drop, size_);
    done_ -= drop;
    matched_ -= drop;
    size_ -= drop;
  }
  if (size_ + slice.size() > columns.room()) {
    columns.reserve(std::max(2 * columns.room(), 4 * step_), size_);
  }
  size_ += viterbi_.trie_->alphabet().spell(slice, columns.symbols() + size_);
}

void Viterbi::Stream::search_until(std::size_t end) {
  viterbi_.match(matched_, end, scratch_);
  mark_starts(scratch_.columns_.symbols(), matched_, end, viterbi_.trie_->alphabet().stop(),
              scratch_.columns_.takes());
  viterbi_.forward(matched_, end, end, windows_, scratch_);
  matched_ = end;
}

// Appends the ids from done_ to `end`, through which all best paths go.
void Viterbi::Stream::take_ids(std::size_t end, std::vector<Id>& out) {
  const Trace way = viterbi_.trace(scratch_);
  Id* const ids = scratch_.columns_.nodes();
  std::size_t first = end;
  for (std::size_t at = end; at > done_;) {
    const Id id = way.step(at);
    ids[--first] = id;
  }
  viterbi_.check({ids + first, ids + end});
  out.insert(out.end(), ids + first, ids + end);
  done_ = end;
}

}  // namespace bytepiece
