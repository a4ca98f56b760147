// SampleSearch: draws a segmentation of each chunk with probability proportional to exp(alpha * score), at
// the speed of the Viterbi search, with which it shares all phases but one (search.h).
//
// The weight of a piece is w = exp(alpha * score), that of a segmentation the product of its pieces' weights.
// S[0] = 1, and S[e] = sum over all pieces (s, e) that end at e of S[s] * w(s, e): by induction the sum of
// the weights of all segmentations of [0, e). Each start s has a random number u[s], uniform in [0, 1). The
// terms of S[e] are added in order of ascending start; with S the sum so far, that of s included,
//
//   the piece (s, e) wins at e  if  u[s] * S < S[s] * w(s, e),   with probability S[s] w(s, e) / S
//
// and as in the Viterbi search the last one to win at e is what the way back takes there:
//
//   starts     s1      s2      s3      e          three pieces of weight 1 end at e
//   wins if   u<1/1   u<1/2   u<1/3               the last winner is s3, s2 or s1 with probability
//                                                 1/3, 2/3 * 1/2, 2/3 * 1/2 * 1/1
//
// Why that is exact. At e the piece (s, e) is taken if s wins and no later start does: the probability is
//   S[s] w(s, e) / S<=s  *  product over later starts t of (1 - S[t] w(t, e) / S<=t)  =  S[s] w(s, e) / S[e],
// as 1 - S[t] w(t, e) / S<=t is S<t / S<=t and everything between cancels (reservoir sampling). The
// segmentation 0 = e0 < e1 < .. < ek = n is drawn if at each ej the last winner is e(j-1). That is a
// condition on u of the starts e(j-1) .. ej - 1, those that its j-th piece covers, and on no others: each
// start takes part in one decision of a segmentation, so one random number for all pieces that begin there is
// enough, and the decisions are independent. Hence the probability is
//   S[e0] w(e0, e1)   S[e1] w(e1, e2)         S[ek-1] w(ek-1, ek)     S[0]
//   --------------- * --------------- * .. * --------------------- = ---- * product of the weights
//        S[e1]             S[e2]                    S[ek]             S[n]
// as everything else cancels: the weight of the segmentation over that of all, exactly.
//
// Why not "Viterbi with a coin": keeping the new piece instead of the one held with probability
// x / (x + weight of the piece held), as the first sampling of this kind did, is a choice between two,
// without what was refused before. With three candidates of weight 1 the last one gets 1/2 instead of 1/3.
// The denominator must be the sum of all so far. tests/sample_test.cc has that sampler, and shows that the
// tests find it out.
//
// Random numbers. u[s] depends on the number of the line, on s (counted in symbols from its start) and on the
// key of the text (base/random_numbers.h), and on nothing that was drawn elsewhere. So results are
// independent of threads, batches and forms, and a text may be drawn in parts of whole lines.
//
// Exactness in doubles. u is a multiple of 2^-53 below 1, so u * S < S for the first term: it always wins. A
// probability p is realized within 2^-53 plus the rounding of the sums, all of whose terms are positive: at
// most a relative error of 2^-53 for each addition and multiplication on the way, in practice 1e-15 on lines
// of any length, as an error that S[s] and S[e] share cancels.
//
// Scale. S falls by some nats a symbol, so on long lines it would leave the range of doubles. Every
// kScaleStep symbols an S outside [2^-128, 2^128] is brought back to [1, 2) with all that is in windows and
// rings (kernels.h). In between, and ahead, nothing leaves the range, by this bound (all in bits): let C be
// the largest cost -log2 w of a symbol, D of a piece, G the largest gain log2 w(piece) - sum of log2 w(its
// symbols), L the length of the longest piece in symbols.
//   (1) S[s] w(s, e) <= L 2^(G + L) S[i] for s <= i < e, as S[i] is at least S[s] times the symbols between,
//       whose weights are at most 2 ("strong characters" below), so no sum grows by more than
//       log2 L + G + 1.6 (L + k) over k symbols;
//   (2) no term is below 2^-D S[s], and S[s] >= S[i] 2^-(log2 L + G + 1.6 L);
//   (3) S falls by at most C a symbol.
// So everything stays normal while 128 + 8 C + D + G + log2 L + 1.6 (L + 8) <= 1022. That is so for alpha up
// to about 1.2 on the published model of 160k pieces. Elsewhere the same steps are taken in numbers of any
// range (base/scaled.h), some 6 times slower.
//
// Strong characters (symbols.h) are one symbol here too, although their bytes on their own are segmentations
// that count: pieces that begin or end inside such a character are single bytes only, so the arcs inside it
// are one more arc beside its own piece. The weight of the symbol is the sum of both, and where it is taken,
// one more random number, made of u, tells them apart.
//
// Costs. As the Viterbi search; a copy of the trie with weights, 11 MB for 160k pieces. Speed, as a part of
// the Viterbi search of the same form in the same run (tools/bench): see README.md. Tried and not kept:
// storing all sums and drawing on the way back, a random number per piece taken (0.44 to 0.70 of the Viterbi
// search, 92 bytes a symbol: each choice waits for the one before).
//
// Thread rule: const after construction; share freely, each thread with its own Scratch.
// Sources: Kudo: Subword Regularization (2018), with all segmentations; Vitter: Random sampling with a
// reservoir (1985).
#pragma once

#include <bytepiece/random.h>
#include <bytepiece/vocab.h>

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/random_numbers.h"
#include "base/scaled.h"
#include "encode/search.h"

namespace bytepiece {

// The two ways to write a strong character: its own piece, or its bytes.
class StrongCharacters {
 public:
  // REQUIRES: alpha * score is finite for all scores of the vocabulary, the trie's own.
  StrongCharacters(const Trie& trie, const Vocab& vocab, double alpha);

  // By symbol, one for stop() too: the share of its own piece in the weight of both; 2 if it is no such
  // character.
  const double* shares() const { return shares_.data(); }
  // By the id of its own piece: the logarithm of the weight of both.
  std::optional<double> log_weight(Id id) const;
  struct Bytes {
    std::array<Id, 4> ids;  // as pieces
    std::uint32_t count;
  };
  const Bytes* bytes() const { return bytes_.data(); }  // by symbol; one for others

 private:
  std::vector<double> shares_;
  std::vector<Bytes> bytes_;
  std::unordered_map<Id, double> log_weights_;
};

// What the rules below have in common.
class DrawnPath {
 public:
  static constexpr bool kDraws = true;

  // Where in which text the search is.
  class Guide {
   public:
    Guide() = default;
    explicit Guide(const RandomKey& key) : key_(key), random_(key), line_(key.line) {}

    // Text i has the key of document key.document + i, the first one from line key.line on.
    void begin_text(std::size_t i);
    // Fills in the random numbers of [begin, end).
    void prepare(const Kernels& kernels, Columns& columns, Symbol stop, std::size_t begin, std::size_t end);

   private:
    RandomKey key_;
    RandomNumbers random_{key_};
    std::uint64_t line_ = 0;   // the next one
    std::uint64_t place_ = 0;  // of the next symbol
    std::size_t text_ = 0;
  };

  explicit DrawnPath(const StrongCharacters* strong = nullptr) : strong_(strong) {}

  // A strong character that is drawn as bytes is noted as kSpelled + its symbol. (Whether a piece is one
  // symbol long cannot be guessed; that it is drawn as bytes is rare.)
  auto settler(Columns& columns) const {
    return [symbols = columns.symbols(), randoms = columns.randoms(), shares = strong_->shares()](
               Id id, std::size_t start, std::size_t end) {
      const bool spelled = another(randoms[start]) >= shares[symbols[start]];
      return spelled & (end - start == 1) ? kSpelled + symbols[start] : id;
    };
  }
  void append(std::span<const Id> noted, std::vector<Id>& out) const;

 private:
  static constexpr Id kSpelled = 0xFF000000;
  static_assert(kSpelled + 0xFFFF < kNoPiece);

  const StrongCharacters* strong_;
};

// The rule where sums stay in the range of doubles; the trie has weights for scores.
struct DrawnInDoubles : DrawnPath {
  using DrawnPath::DrawnPath;
  using Number = double;
  static constexpr double empty() { return 0; }
  void forward(const Kernels& kernels, const Trie& trie, const Program& program) const {
    kernels.draw(trie, program);
  }
};

// The rule for any range; the trie has the logarithms of weights for scores.
struct DrawnInScaled : DrawnPath {
  using DrawnPath::DrawnPath;
  using Number = Scaled;
  static constexpr Scaled empty() { return {}; }
  void forward(const Kernels&, const Trie& trie, const ProgramOf<Scaled>& program) const;
};

class SampleSearch {
 public:
  class Scratch;
  class Stream;
  using Visit = std::function<void(std::span<const Id> ids)>;

  // Whether all sums stay in the range of doubles.
  static bool fits_doubles(const Trie& trie, const Vocab& vocab, double alpha);

  // The trie is of that vocabulary and is not needed afterwards. REQUIRES: is_supported(form); alpha is not
  // negative, and finite in its products with all scores.
  SampleSearch(const Trie& trie, const Vocab& vocab, double alpha, Form form)
      : SampleSearch(trie, vocab, alpha, form, fits_doubles(trie, vocab, alpha)) {}
  // The same ids either way. REQUIRES: in_doubles only if they fit.
  SampleSearch(const Trie& trie, const Vocab& vocab, double alpha, Form form, bool in_doubles);
  SampleSearch(const SampleSearch&) = delete;
  SampleSearch& operator=(const SampleSearch&) = delete;

  // Appends the ids of a segmentation of `text`, which is normalized.
  void sample(std::string_view text, const RandomKey& key, Scratch& scratch, std::vector<Id>& out) const;

  // Calls visit(ids) for each of the texts in order; text i has the key of document key.document + i, the
  // first one from line key.line on. The same ids as one by one, faster where texts are short.
  void sample_each(std::span<const std::string_view> texts, const RandomKey& key, Scratch& scratch,
                   const Visit& visit) const;

 private:
  using InDoubles = Search<DrawnInDoubles>;
  using InScaled = Search<DrawnInScaled>;
  using AnySearch = std::variant<InDoubles, InScaled>;

  AnySearch search_of(Form form, bool in_doubles) const;
  // Calls work(search, scratch), with the key in the guide.
  template <class Work>
  void with_search(const RandomKey& key, Scratch& scratch, const Work& work) const;

  StrongCharacters strong_;
  Trie trie_;  // with weights for scores
  AnySearch search_;
};

// Working memory; may be used with any SampleSearch, one call at a time.
class SampleSearch::Scratch {
 public:
  std::size_t bytes() const {  // of memory held
    return (doubles_ ? doubles_->bytes() : 0) + (scaled_ ? scaled_->bytes() : 0);
  }

 private:
  friend class SampleSearch;
  std::optional<InDoubles::Scratch> doubles_;
  std::optional<InScaled::Scratch> scaled_;
};

// The ids of sample(), of a text that comes in parts, as early as they are certain (Search::Stream).
class SampleSearch::Stream {
 public:
  // The search must outlive this object.
  Stream(const SampleSearch& search, const RandomKey& key);

  // Appends the ids that became certain. REQUIRES: normalized; no part ends inside a character.
  void add(std::string_view part, std::vector<Id>& out);
  // Appends the others. The next part begins the next document.
  void finish(std::vector<Id>& out);

 private:
  template <class Numbers>
  struct Of {
    Of(const Numbers& search, const RandomKey& key) : stream(search, scratch) {
      scratch.guide = DrawnPath::Guide(key);
    }
    typename Numbers::Scratch scratch;
    typename Numbers::Stream stream;
  };
  std::variant<std::monostate, Of<InDoubles>, Of<InScaled>> of_;
  std::size_t texts_ = 0;  // finished
};

}  // namespace bytepiece
