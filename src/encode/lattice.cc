// Tested by tests/lattice_test.cc.
#include "encode/lattice.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace bytepiece {
namespace {

constexpr Symbol kFirstStrong = 256;

[[noreturn]] void fail_forged() {
  throw Error("the model's search structure does not belong to its pieces; make the model anew");
}

}  // namespace

Lattice::Lattice(const Trie& trie, Form form)
    : trie_(&trie), kernels_(&kernels(form)), match_(std::make_unique_for_overwrite<MatchScratch>()) {}

Id Lattice::byte_id(unsigned char byte) const { return trie_->entries()[trie_->units()[byte].entries - 1]; }

// Calls visit(begin, end, id, score) in order of ascending begins.
template <class Visit>
void Lattice::for_each_arc(std::string_view chunk, const Visit& visit) const {
  const auto byte_arc = [&](std::size_t at) {
    const auto byte = static_cast<unsigned char>(chunk[at]);
    visit(at, at + 1, byte_id(byte), load_score(trie_->entries() + trie_->units()[byte].entries));
  };
  const auto end_of = [&](std::size_t end) {  // a mapped trie may hold anything (trie.h)
    if (end > symbol_count_) fail_forged();
    return begins_[end];
  };
  for (std::size_t i = 0; i < symbol_count_; ++i) {
    const Unit& unit = trie_->units()[nodes_[i]];
    const std::uint32_t* score = trie_->entries() + unit.entries;
    const std::uint32_t* id = score;
    if (symbols_[i] >= kFirstStrong) byte_arc(begins_[i]);
    for (unsigned l = 0; l < Trie::kNear; ++l) {
      if (!(unit.near >> l & 1)) continue;
      visit(begins_[i], end_of(i + l + 1), *--id, load_score(score));
      score += 2;
    }
    for (unsigned k = 0; k < unit.far; ++k, score += 2) {
      id -= 2;
      visit(begins_[i], end_of(i + std::max<std::size_t>(id[1], 1)), id[0], load_score(score));
    }
    for (std::size_t at = begins_[i] + 1; at < begins_[i + 1]; ++at) byte_arc(at);
  }
}

void Lattice::build(std::string_view chunk) {
  const Alphabet& alphabet = trie_->alphabet();
  size_ = chunk.size();
  symbols_.resize(chunk.size() + kSlack);
  symbol_count_ = alphabet.spell(chunk, symbols_.data());
  std::fill_n(symbols_.data() + symbol_count_, kSlack, alphabet.stop());
  nodes_.resize(symbol_count_ + kSlack);
  for (std::size_t i = 0; i < symbol_count_; i += kSpan) {
    kernels_->match(*trie_, symbols_.data() + i, std::min(kSpan, symbol_count_ - i), nodes_.data() + i,
                    *match_);
  }
  begins_.resize(symbol_count_ + 1);
  std::size_t at = 0;
  for (std::size_t i = 0; i < symbol_count_; ++i) {
    begins_[i] = at;
    at += symbols_[i] < kFirstStrong ? 1 : character_at(chunk, at).length;
  }
  begins_[symbol_count_] = at;

  first_.assign(size_ + 2, 0);
  std::size_t count = 0;
  for_each_arc(chunk, [&](std::size_t, std::size_t end, Id id, double score) {
    if (id >= trie_->id_end() || !(score <= 0)) fail_forged();
    ++first_[end + 1];
    ++count;
  });
  for (std::size_t end = 0; end <= size_; ++end) first_[end + 1] += first_[end];
  arcs_.resize(count);
  for_each_arc(chunk, [&](std::size_t begin, std::size_t end, Id id, double score) {
    arcs_[first_[end]++] = {static_cast<std::uint32_t>(end - begin), id, score};
  });
  for (std::size_t end = size_ + 1; end > 0; --end) first_[end] = first_[end - 1];  // back to the beginnings
  first_[0] = 0;
}

void Lattice::weigh(double alpha) {
  alpha_ = alpha;
  sums_.resize(size_ + 1);
  sums_[0] = scaled(1);
  for (std::size_t end = 1; end <= size_; ++end) {
    Scaled sum;
    for (const Arc& arc : arcs_into(end)) sum = plus(sum, sum_over(end, arc));
    sums_[end] = sum;
  }
}

Scaled Lattice::sum_over(std::size_t end, const Arc& arc) const {
  return times(sums_[end - arc.length], scaled_exp(alpha_ * arc.score));
}

double Lattice::step(std::size_t end, const Arc& arc) const { return ratio(sum_over(end, arc), sums_[end]); }

double Lattice::log_step(std::size_t end, const Arc& arc) const {
  return log_ratio(sum_over(end, arc), sums_[end]);
}

double Lattice::log_posterior(std::span<const Id> ids) const {
  double sum = 0;
  std::size_t end = size_;
  for (std::size_t i = ids.size(); i-- > 0;) {
    const std::span<const Arc> arcs = arcs_into(end);
    const auto arc = std::find_if(arcs.begin(), arcs.end(), [&](const Arc& a) { return a.id == ids[i]; });
    if (arc == arcs.end()) return -std::numeric_limits<double>::infinity();
    sum += log_step(end, *arc);
    end -= arc->length;
  }
  return end == 0 ? sum : -std::numeric_limits<double>::infinity();
}

}  // namespace bytepiece
