// Tested by tests/viterbi_test.cc.
#include "encode/viterbi.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace bytepiece {
namespace {

// Bytes that go through the phases together. Their rows should still be in the second-level cache
// on the way back.
constexpr std::size_t kBatch = 8192;

// The way back looks at that many takes before the end of a piece.
constexpr std::size_t kBefore = 8;

constexpr Id kEndOfText = 0xFFFFFFFF;

bool starts_chunk(char before, char at) { return before == '\n' && at != '\n'; }

// The size of as many whole chunks as fit into kBatch bytes, but at least one.
std::size_t batch_size(std::string_view text) {
  if (text.size() <= kBatch) return text.size();
  for (std::size_t i = kBatch; i > 0; --i) {
    if (starts_chunk(text[i - 1], text[i])) return i;
  }
  const std::size_t lf = text.find('\n', kBatch - 1);
  return lf == text.npos ? text.size() : std::min(text.find_first_not_of('\n', lf), text.size());
}

void mark_starts(const Symbol* symbols, std::size_t n, Symbol stop, std::uint8_t* starts) {
  starts[0] = 1;
  for (std::size_t i = 1; i < n; ++i) {
    const Symbol before = symbols[i - 1];
    starts[i] = ((before == '\n') & (symbols[i] != '\n')) | (before == stop);
  }
}

// The first start in the second half, n if there is none.
std::size_t find_half(const std::uint8_t* starts, std::size_t n) {
  const std::size_t middle = (n + 1) / 2;
  const void* const start = std::memchr(starts + middle, 1, n - middle);
  return start ? static_cast<std::size_t>(static_cast<const std::uint8_t*>(start) - starts) : n;
}

// By byte: its bits. (Without -mpopcnt, std::popcount is a call.)
constexpr auto kBitCount = [] {
  std::array<std::uint8_t, 256> table{};
  for (unsigned i = 0; i < 256; ++i) table[i] = static_cast<std::uint8_t>(std::popcount(i));
  return table;
}();

// The way back from an end along the winners.
class Trace {
 public:
  Trace(const Trie& trie, const Symbol* symbols, const std::uint32_t* nodes, const std::uint8_t* takes,
        const std::uint32_t* far_lengths)
      : stop_(trie.alphabet().stop()),
        units_(trie.units()),
        entries_(trie.entries()),
        symbols_(symbols),
        nodes_(nodes),
        takes_(takes),
        far_lengths_(far_lengths) {}

  // The id of the best piece that ends at `end`, or kEndOfText; `end` moves to its start.
  Id step(std::size_t& end) const {
    const std::size_t near = near_length(end);
    if (near == 0) [[unlikely]]
      return far_step(end);
    end -= near;
    const Unit& unit = units_[nodes_[end]];
    const unsigned shorter = unit.near & ((1u << (near - 1)) - 1);
    return entries_[unit.entries - 1 - kBitCount[shorter]];
  }

 private:
  // The smallest l with bit l - 1 of takes[end - l] set, 0 if there is none. In the eight bytes
  // before `end`, read as a number whose highest byte is takes[end - 1], these bits lie on a
  // diagonal.
  std::size_t near_length(std::size_t end) const {
    constexpr std::uint64_t kDiagonal = 0x0102040810204080;
    std::uint64_t bits;
    std::memcpy(&bits, takes_ + end - kBefore, sizeof bits);
    if constexpr (std::endian::native == std::endian::big) bits = __builtin_bswap64(bits);
    bits &= kDiagonal;
    return bits == 0 ? 0 : static_cast<std::size_t>(std::countl_zero(bits)) / 8 + 1;
  }

  Id far_step(std::size_t& end) const {
    if (symbols_[end - 1] == stop_) {
      --end;
      return kEndOfText;
    }
    const std::size_t length = far_lengths_[end];
    end -= length;
    const Unit& unit = units_[nodes_[end]];
    const std::uint32_t* id = entries_ + unit.entries - kBitCount[unit.near] - 2;
    while (id[1] != length) id -= 2;
    return id[0];
  }

  Symbol stop_;
  const Unit* units_;
  const std::uint32_t* entries_;
  const Symbol* symbols_;
  const std::uint32_t* nodes_;
  const std::uint8_t* takes_;
  const std::uint32_t* far_lengths_;
};

using Windows = std::array<double, 2 * Trie::kNear>;

// The last position through which all best paths go that end behind `end`; `begin`, through which they do, if
// they do not meet within a few spans ("aaaa..." may keep two paths apart for ever, and looking further back
// each time would be quadratic). They come through one of the last `reach` positions; back from there they
// meet soon.
std::size_t meeting_point(const Trace& trace, std::size_t begin, std::size_t end, std::size_t reach,
                          std::vector<std::uint8_t>& alive) {
  const std::size_t floor = end - std::min(end - begin, 2 * kSpan);
  if (end - floor <= 2 * reach) return begin;
  alive.assign(end - floor + 1, 0);
  std::fill_n(alive.end() - static_cast<std::ptrdiff_t>(reach), reach, std::uint8_t{1});
  std::size_t paths = reach, at = end;
  for (; paths > 1; --at) {
    if (alive[at - floor] == 0) continue;
    std::size_t start = at;
    trace.step(start);
    if (start < floor) return begin;
    paths -= alive[start - floor];
    alive[start - floor] = 1;
  }
  while (alive[at - floor] == 0) --at;
  return at;
}

}  // namespace

Viterbi::Viterbi(const Trie& trie, Form form)
    : trie_(&trie),
      kernels_(&kernels(form)),
      ring_size_(std::bit_ceil(trie.max_length() + Trie::kNear + 1)) {}

Viterbi::Scratch::Scratch() : match_(std::make_unique_for_overwrite<MatchScratch>()) {}

std::size_t Viterbi::Scratch::bytes() const {
  constexpr std::size_t kPerSymbol = sizeof(Symbol) + 2 * sizeof(std::uint32_t) + 1;
  return room_ * kPerSymbol + rings_.size() * sizeof(double) + sizeof(MatchScratch);
}

void Viterbi::Scratch::reserve(std::size_t symbols, std::size_t ring_size) {
  if (room_ < symbols + kSlack) {
    room_ = std::max(symbols, room_ + room_ / 4) + kSlack;
    symbols_ = std::make_unique_for_overwrite<Symbol[]>(room_);
    nodes_ = std::make_unique_for_overwrite<std::uint32_t[]>(room_);
    far_lengths_ = std::make_unique_for_overwrite<std::uint32_t[]>(room_);
    takes_ = std::make_unique_for_overwrite<std::uint8_t[]>(kBefore + room_);
    std::fill_n(takes_.get(), kBefore, std::uint8_t{0});
  }
  if (rings_.size() < 2 * ring_size) rings_.resize(2 * ring_size, kNever);
}

void Viterbi::encode(std::string_view text, Scratch& scratch, std::vector<Id>& out) const {
  while (!text.empty()) {
    const std::size_t size = batch_size(text);
    scratch.reserve(size, ring_size_);
    const std::size_t n = trie_->alphabet().spell(text.substr(0, size), scratch.symbols_.get());
    if (size > kBatch) {
      search_line(n, scratch, out);
    } else {
      const Run run = search(n, scratch);
      out.insert(out.end(), run.first.begin(), run.first.end());
      out.insert(out.end(), run.second.begin(), run.second.end());
    }
    text.remove_prefix(size);
  }
}

void Viterbi::encode_each(std::span<const std::string_view> texts, Scratch& scratch,
                          const Visit& visit) const {
  const auto split = [&](std::span<const Id> ids) {
    for (const Id id : ids) {
      if (id != kEndOfText) {
        scratch.ids_.push_back(id);
      } else {
        visit(scratch.ids_);
        scratch.ids_.clear();
      }
    }
  };
  scratch.ids_.clear();
  for (std::size_t i = 0; i < texts.size();) {
    if (texts[i].size() >= kBatch) {
      encode(texts[i++], scratch, scratch.ids_);
      visit(scratch.ids_);
      scratch.ids_.clear();
      continue;
    }
    scratch.reserve(2 * kBatch, ring_size_);
    std::size_t n = 0;
    for (; i < texts.size() && n < kBatch && texts[i].size() < kBatch; ++i) {
      n += trie_->alphabet().spell(texts[i], scratch.symbols_.get() + n);
      scratch.symbols_[n++] = trie_->alphabet().stop();
    }
    const Run run = search(n, scratch);
    split(run.first);
    split(run.second);
  }
}

Viterbi::Run Viterbi::search(std::size_t n, Scratch& scratch) const {
  Symbol* const symbols = scratch.symbols_.get();
  std::uint32_t* const nodes = scratch.nodes_.get();
  std::uint8_t* const takes = scratch.takes_.get() + kBefore;
  std::uint32_t* const far_lengths = scratch.far_lengths_.get();

  std::fill_n(symbols + n, kSlack, trie_->alphabet().stop());
  for (std::size_t i = 0; i < n; i += kSpan) {
    kernels_->match(*trie_, symbols + i, std::min(kSpan, n - i), nodes + i, *scratch.match_);
  }
  mark_starts(symbols, n, trie_->alphabet().stop(), takes);
  const std::size_t half = find_half(takes, n);
  Windows windows;
  windows.fill(kNever);
  kernels_->forward(
      *trie_, {nodes, takes, far_lengths, scratch.rings_.data(), ring_size_ - 1, windows.data(), 0, half, n});

  // Two independent chains of steps. A step moves back by at least one symbol, so ids may overwrite
  // the nodes that have been used.
  const Trace trace(*trie_, symbols, nodes, takes, far_lengths);
  std::size_t a = half, b = n, ids_a = half, ids_b = n;
  while (a > 0 && b > half) {
    const Id id_a = trace.step(a), id_b = trace.step(b);
    nodes[--ids_a] = id_a;
    nodes[--ids_b] = id_b;
  }
  while (a > 0) nodes[--ids_a] = trace.step(a);
  while (b > half) nodes[--ids_b] = trace.step(b);
  return {{nodes + ids_a, nodes + half}, {nodes + ids_b, nodes + n}};
}

// One line that is longer than a batch: span by span through all phases, so that rows are still in the
// cache when they are asked for again. A span's ids are known up to where all paths meet.
void Viterbi::search_line(std::size_t n, Scratch& scratch, std::vector<Id>& out) const {
  Symbol* const symbols = scratch.symbols_.get();
  std::uint32_t* const nodes = scratch.nodes_.get();
  std::uint8_t* const takes = scratch.takes_.get() + kBefore;
  std::uint32_t* const far_lengths = scratch.far_lengths_.get();
  std::fill_n(symbols + n, kSlack, trie_->alphabet().stop());
  std::fill_n(takes, n, std::uint8_t{0});
  takes[0] = 1;

  Windows windows;
  windows.fill(kNever);
  const Trace trace(*trie_, symbols, nodes, takes, far_lengths);
  std::size_t done = 0;  // symbols whose ids are out
  for (std::size_t begin = 0, end; begin < n; begin = end) {
    end = std::min(n, begin + kSpan);
    kernels_->match(*trie_, symbols + begin, end - begin, nodes + begin, *scratch.match_);
    kernels_->forward(*trie_, {nodes, takes, far_lengths, scratch.rings_.data(), ring_size_ - 1,
                               windows.data(), begin, end, end});
    const std::size_t known =
        end == n ? n : meeting_point(trace, done, end, trie_->max_length(), scratch.alive_);
    std::size_t at = known, first = known;
    while (at > done) nodes[--first] = trace.step(at);
    out.insert(out.end(), nodes + first, nodes + known);
    done = known;
  }
}

}  // namespace bytepiece
