// Tested by tests/sample_test.cc.
#include "encode/sample.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numbers>
#include <utility>

namespace bytepiece {
namespace {

constexpr std::size_t kFirstStrong = 256;  // symbol

// The id of the piece that is one symbol.
Id id_of(const Trie& trie, std::size_t symbol) { return trie.entries()[trie.units()[symbol].entries - 1]; }

// With weights for scores, or their logarithms.
Trie weighted(const Trie& trie, const StrongCharacters& strong, double alpha, bool logarithms) {
  return trie.with_scores([&](Id id, double score) {
    const double log_weight = strong.log_weight(id).value_or(alpha * score);
    return logarithms ? log_weight : std::exp(log_weight);
  });
}

}  // namespace

// ---- Rules ----

StrongCharacters::StrongCharacters(const Trie& trie, const Vocab& vocab, double alpha)
    : shares_(trie.alphabet().size() + 1, 2.0), bytes_(trie.alphabet().size(), {{}, 1}) {
  for (std::size_t symbol = kFirstStrong; symbol < trie.alphabet().size(); ++symbol) {
    const Id id = id_of(trie, symbol);
    const std::string_view bytes = vocab.bytes(id);
    bytes_[symbol].count = static_cast<std::uint32_t>(bytes.size());
    double spelled = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const Id byte = kFirstPiece + static_cast<unsigned char>(bytes[i]);
      bytes_[symbol].ids[i] = byte;
      spelled += vocab.log_prob(byte);
    }
    const double ratio = std::exp(alpha * (spelled - vocab.log_prob(id)));
    shares_[symbol] = 1 / (1 + ratio);
    log_weights_.emplace(id, alpha * vocab.log_prob(id) + std::log1p(ratio));
  }
}

std::optional<double> StrongCharacters::log_weight(Id id) const {
  const auto found = log_weights_.find(id);
  return found == log_weights_.end() ? std::nullopt : std::optional(found->second);
}

void DrawnPath::Guide::begin_text(std::size_t i) {
  text_ = i;
  random_ = RandomNumbers({key_.seed, key_.document + i, key_.sample, 0});
  line_ = i == 0 ? key_.line : 0;
}

void DrawnPath::Guide::prepare(const Kernels& kernels, Columns& columns, Symbol stop, std::size_t begin,
                               std::size_t end) {
  const std::uint8_t* const starts = columns.takes();
  for (std::size_t i = begin; i < end;) {
    if (starts[i] != 0) {
      if (i > 0 && columns.symbols()[i - 1] == stop) begin_text(text_ + 1);
      place_ = place_in_line(line_++, 0);
    }
    const std::size_t next = next_start(starts, i + 1, end);
    kernels.fill_randoms(random_, place_, next - i, columns.randoms() + i);
    place_ += next - i;
    i = next;
  }
}

void DrawnPath::append(std::span<const Id> noted, std::vector<Id>& out) const {
  Id largest = 0;
  for (const Id id : noted) largest = std::max(largest, id);
  if (largest < kSpelled) {
    out.insert(out.end(), noted.begin(), noted.end());
    return;
  }
  // Which ones are spelled cannot be guessed, so there is no branch.
  std::array<Id, 2048> buffer;
  while (!noted.empty()) {
    const std::size_t n = std::min(noted.size(), buffer.size() / 4);
    Id* end = buffer.data();
    for (const Id id : noted.first(n)) {
      const bool is_spelled = (id >= kSpelled) & (id < kNoPiece);
      const StrongCharacters::Bytes& bytes = strong_->bytes()[is_spelled ? id - kSpelled : 0];
      std::memcpy(end, bytes.ids.data(), sizeof bytes.ids);
      *end = is_spelled ? bytes.ids[0] : id;
      end += bytes.count;
    }
    out.insert(out.end(), buffer.data(), end);
    noted = noted.subspan(n);
  }
}

void DrawnInScaled::forward(const Kernels&, const Trie& trie, const ProgramOf<Scaled>& p) const {
  Scaled window[Trie::kNear];  // S[i] ..
  std::copy_n(p.windows, Trie::kNear, window);
  for (std::size_t i = p.begin; i < p.size; ++i) {
    const Unit& unit = trie.units()[p.nodes[i]];
    const std::uint32_t* weight = trie.entries() + unit.entries;
    const std::uint32_t* id = weight - kBitCount[unit.near];
    if (p.takes[i] != 0) window[0] = scaled(1);
    const Scaled sum = window[0];
    // Adds a term to `total`; whether it wins.
    const auto add = [&](Scaled& total) {
      const Scaled x = times(sum, scaled_exp(load_score(weight)));
      weight += 2;
      total = plus(total, x);
      return p.randoms[i] < ratio(x, total);  // the first one always does, however large the exponents
    };
    std::copy(window + 1, window + Trie::kNear, window);
    window[Trie::kNear - 1] = std::exchange(p.rings[(i + Trie::kNear) & p.ring_mask], Scaled{});
    unsigned takes = 0;
    for (unsigned l = 0; l < Trie::kNear; ++l) {
      if (unit.near >> l & 1) takes |= static_cast<unsigned>(add(window[l])) << l;
    }
    p.takes[i] = static_cast<std::uint8_t>(takes);
    for (unsigned k = 0; k < unit.far; ++k) {
      id -= 2;
      const std::size_t length = id[1];
      if (add(p.rings[(i + length) & p.ring_mask])) {
        p.far_lengths[i + length] = static_cast<std::uint32_t>(length);
      }
    }
  }
  std::copy_n(window, Trie::kNear, p.windows);
}

// ---- Search ----

bool SampleSearch::fits_doubles(const Trie& trie, const Vocab& vocab, double alpha) {
  constexpr double kGrowth = 1.6;  // log2(3), rounded up
  const auto cost_of = [&](Id id) { return -alpha * vocab.log_prob(id) * std::numbers::log2e; };  // bits
  std::vector<double> cost(trie.alphabet().size());
  double most = 0;
  for (std::size_t s = 0; s < cost.size(); ++s) {
    cost[s] = cost_of(id_of(trie, s));
    most = std::max(most, cost[s]);
  }
  double gain = 0, dearest = 0;
  std::vector<Symbol> spelled(vocab.max_piece_length() + 8);
  for (Id id = kFirstPiece; id < vocab.size(); ++id) {
    const std::size_t n = trie.alphabet().spell(vocab.bytes(id), spelled.data());
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += cost[spelled[i]];
    gain = std::max(gain, sum - cost_of(id));
    dearest = std::max(dearest, cost_of(id));
  }
  const auto longest = static_cast<double>(trie.max_length());
  const auto step = static_cast<double>(kScaleStep);
  return kScaleBits + step * most + dearest + gain + std::log2(longest) + kGrowth * (longest + step) <= 1022;
}

SampleSearch::SampleSearch(const Trie& trie, const Vocab& vocab, double alpha, Form form, bool in_doubles)
    : strong_(trie, vocab, alpha),
      trie_(weighted(trie, strong_, alpha, !in_doubles)),
      search_(search_of(form, in_doubles)) {}

SampleSearch::AnySearch SampleSearch::search_of(Form form, bool in_doubles) const {
  if (in_doubles) return InDoubles(trie_, form, DrawnInDoubles(&strong_));
  return InScaled(trie_, form, DrawnInScaled(&strong_));
}

template <class Work>
void SampleSearch::with_search(const RandomKey& key, Scratch& scratch, const Work& work) const {
  const auto run = [&](const auto& search, auto& own) {
    if (!own) own.emplace();
    own->guide = DrawnPath::Guide(key);
    work(search, *own);
  };
  if (const auto* const search = std::get_if<InDoubles>(&search_)) {
    run(*search, scratch.doubles_);
  } else {
    run(std::get<InScaled>(search_), scratch.scaled_);
  }
}

void SampleSearch::sample(std::string_view text, const RandomKey& key, Scratch& scratch,
                          std::vector<Id>& out) const {
  with_search(key, scratch, [&](const auto& search, auto& own) { search.encode(text, own, out); });
}

void SampleSearch::sample_each(std::span<const std::string_view> texts, const RandomKey& key,
                               Scratch& scratch, const Visit& visit) const {
  with_search(key, scratch, [&](const auto& search, auto& own) { search.encode_each(texts, own, visit); });
}

// ---- In parts ----

SampleSearch::Stream::Stream(const SampleSearch& search, const RandomKey& key) {
  std::visit([&](const auto& any) { of_.emplace<Of<std::decay_t<decltype(any)>>>(any, key); },
             search.search_);
}

void SampleSearch::Stream::add(std::string_view part, std::vector<Id>& out) {
  if (auto* const doubles = std::get_if<Of<InDoubles>>(&of_)) {
    doubles->stream.add(part, out);
  } else {
    std::get<Of<InScaled>>(of_).stream.add(part, out);
  }
}

void SampleSearch::Stream::finish(std::vector<Id>& out) {
  const auto finish = [&](auto& of) {
    of.stream.finish(out);
    of.scratch.guide.begin_text(++texts_);
  };
  if (auto* const doubles = std::get_if<Of<InDoubles>>(&of_)) {
    finish(*doubles);
  } else {
    finish(std::get<Of<InScaled>>(of_));
  }
}

}  // namespace bytepiece
