// Tested by tests/tokenizer_test.cc.
#include <bytepiece/tokenizer.h>
#include <fmt/format.h>

#include <numeric>
#include <utility>

#include "encode/viterbi.h"
#include "text/nfc.h"
#include "text/split.h"

namespace bytepiece {
namespace {

PieceIndex index_of(const Vocab& vocab) {
  std::vector<std::string_view> pieces;
  std::vector<double> scores;
  for (Id id = kFirstPiece; id < vocab.size(); ++id) {
    pieces.push_back(vocab.bytes(id));
    scores.push_back(vocab.log_prob(id));
  }
  return PieceIndex(pieces, scores);
}

struct Scratch {
  std::string normalized;
  Viterbi viterbi;
};

}  // namespace

struct Tokenizer::Impl {
  explicit Impl(Vocab v) : vocab(std::move(v)), index(index_of(vocab)) {}
  Vocab vocab;
  PieceIndex index;
};

Tokenizer::Tokenizer(Vocab vocab) : impl_(std::make_shared<const Impl>(std::move(vocab))) {}

Tokenizer Tokenizer::load(const std::filesystem::path& path) { return Tokenizer(Vocab::load(path)); }

const Vocab& Tokenizer::vocab() const { return impl_->vocab; }

std::vector<Id> Tokenizer::encode(std::string_view text, EncodeOptions options) const {
  std::vector<Id> ids;
  encode(text, options, ids);
  return ids;
}

void Tokenizer::encode(std::string_view text, EncodeOptions options, std::vector<Id>& out) const {
  Scratch scratch;
  if (options.bos) out.push_back(kBos);
  const std::size_t first = out.size();
  const std::string_view normalized = normalize(text, scratch.normalized);
  for_each_chunk(normalized, SplitOptions{},
                 [&](std::string_view chunk) { scratch.viterbi.segment(impl_->index, chunk, out); });
  for (std::size_t i = first; i < out.size(); ++i) out[i] += kFirstPiece;
  if (options.eos) out.push_back(kEos);
}

std::vector<std::string_view> Tokenizer::pieces(std::string_view text) const {
  std::vector<std::string_view> pieces;
  for (const Id id : encode(text)) pieces.push_back(vocab().bytes(id));
  return pieces;
}

std::string Tokenizer::decode(std::span<const Id> ids) const {
  std::string bytes;
  for (const Id id : ids) {
    if (id >= kFirstPiece) bytes += vocab().bytes(id);
  }
  return bytes;
}

}  // namespace bytepiece
