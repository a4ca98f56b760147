// Tested by tests/encode_stream_test.cc.
#include <bytepiece/encode_stream.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "encode/sample.h"
#include "encode/viterbi.h"
#include "text/nfc.h"

namespace bytepiece {

namespace {

struct BestStream {
  explicit BestStream(const Viterbi& viterbi) : stream(viterbi, scratch) {}
  void add(std::string_view part, std::vector<Id>& out) { stream.add(part, out); }
  void finish(std::vector<Id>& out) { stream.finish(out); }

  Viterbi::Scratch scratch;
  Viterbi::Stream stream;
};

}  // namespace

struct EncodeStream::Impl {
  Impl(Tokenizer t, EncodeOptions o)
      : tokenizer(std::move(t)),
        options(std::move(o)),
        search(std::in_place_type<BestStream>, tokenizer->viterbi()) {
    check();
  }
  Impl(Sampler s, const RandomKey& key, EncodeOptions o)
      : sampler(std::move(s)),
        options(std::move(o)),
        search(std::in_place_type<SampleSearch::Stream>, sampler->search(), key) {
    check();
  }

  void check() const {
    if (!options.parse_special.empty()) {
      throw Error("parse_special: a stream reads no special tokens; use Tokenizer::encode");
    }
  }

  void add(std::string_view part, std::vector<Id>& out) {
    std::visit([&](auto& stream) { stream.add(normalize(part, normalized), out); }, search);
  }

  void begin(std::vector<Id>& out) {
    if (!begun && options.bos) out.push_back(kBos);
    begun = true;
  }

  // Hands on what is before the last boundary of what is pending: later bytes do not change its NFC.
  void advance(std::vector<Id>& out) {
    if (pending.size() < next_try) return;
    const std::size_t boundary = last_boundary(pending);
    if (boundary == 0) {
      next_try = 2 * pending.size();  // look again when there is much more, or it would be quadratic
      return;
    }
    add(std::string_view(pending).substr(0, boundary), out);
    pending.erase(0, boundary);
    next_try = 0;
  }

  std::optional<Tokenizer> tokenizer;  // one of these two
  std::optional<Sampler> sampler;
  EncodeOptions options;
  std::variant<BestStream, SampleSearch::Stream> search;
  std::string pending, normalized;
  std::size_t next_try = 0;  // how much must be pending before it is worth looking for a boundary
  bool begun = false;
};

EncodeStream::EncodeStream(Tokenizer tokenizer, EncodeOptions options)
    : impl_(std::make_unique<Impl>(std::move(tokenizer), std::move(options))) {}
EncodeStream::EncodeStream(Sampler sampler, const RandomKey& key, EncodeOptions options)
    : impl_(std::make_unique<Impl>(std::move(sampler), key, std::move(options))) {}
EncodeStream::~EncodeStream() = default;
EncodeStream::EncodeStream(EncodeStream&&) noexcept = default;
EncodeStream& EncodeStream::operator=(EncodeStream&&) noexcept = default;

void EncodeStream::write(std::string_view part, std::vector<Id>& out) {
  constexpr std::size_t kMost = 1 << 16;  // so that memory does not depend on how large parts are
  impl_->begin(out);
  while (!part.empty()) {
    const std::string_view slice = part.substr(0, std::min(part.size(), kMost));
    part.remove_prefix(slice.size());
    impl_->pending += slice;
    impl_->advance(out);
  }
}

void EncodeStream::finish(std::vector<Id>& out) {
  impl_->begin(out);
  impl_->add(impl_->pending, out);
  std::visit([&](auto& stream) { stream.finish(out); }, impl_->search);
  if (impl_->options.eos) out.push_back(kEos);
  impl_->pending.clear();
  impl_->next_try = 0;
  impl_->begun = false;
}

}  // namespace bytepiece
