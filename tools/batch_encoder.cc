#include "tools/batch_encoder.h"

namespace bytepiece::tools {

namespace {

std::size_t bytes_of(const Vocab& vocab, Id id) { return id < kFirstPiece ? 0 : vocab.bytes(id).size(); }

}  // namespace

void append_span_ends(const Vocab& vocab, std::string_view document, std::uint64_t offset,
                      std::span<const Id> ids, std::vector<std::uint64_t>& span_ends) {
  SpanFinder finder(offset);
  finder.add(document);
  for (const Id id : ids) span_ends.push_back(finder.advance(bytes_of(vocab, id)));
}

void SpanFinder::add(std::string_view text) {
  found_.clear();
  const std::uint64_t size = normalize(text, buffer_, found_).size();
  for (const NfcChange& change : found_) {
    changes_.push_back(
        {normalized_ + change.normalized_begin, normalized_ + change.normalized_end, original_ + change.end});
  }
  normalized_ += size;
  original_ += text.size();
}

std::uint64_t SpanFinder::advance(std::size_t size) {
  position_ += size;
  for (; !changes_.empty() && changes_.front().normalized_end <= position_; changes_.pop_front()) {
    shift_ = changes_.front().original_end - changes_.front().normalized_end;
  }
  const bool inside = !changes_.empty() && changes_.front().normalized_begin < position_;
  return inside ? changes_.front().original_end : position_ + shift_;
}

RandomKey BatchEncoder::key_of(const Batch& batch) const {
  if (!drawing_) return {};
  return {drawing_->seed, batch.first_number - 1, drawing_->sample, batch.first_line};
}

EncodedBatch BatchEncoder::encode(const Batch& batch) const {
  EncodedBatch encoded;
  encoded.first_span = batch.offset;
  const std::vector<std::string_view> documents = batch.documents();
  constexpr std::size_t kFewBytesPerId = 2;
  encoded.ids.reserve(batch.bytes.size() / kFewBytesPerId);  // growing step by step took 3 % of all time
  if (batch.begins && batch.ends_document) {
    if (drawing_) {
      drawing_->sampler.sample_batch(documents, key_of(batch), options_, encoded.ids, encoded.ends);
    } else {
      tokenizer_.encode_batch(documents, options_, encoded.ids, encoded.ends);
    }
  } else {
    EncodeOptions options = options_;
    options.bos = options.bos && batch.begins;
    options.eos = options.eos && batch.ends_document;
    if (drawing_) {
      drawing_->sampler.sample(batch.bytes, key_of(batch), options, encoded.ids);
    } else {
      tokenizer_.encode(batch.bytes, options, encoded.ids);
    }
    encoded.ends.push_back(encoded.ids.size());
  }
  if (!spans_) return encoded;
  for (std::size_t i = 0, begin = 0; i < documents.size(); begin = encoded.ends[i++]) {
    append_span_ends(tokenizer_.vocab(), documents[i], batch.offset,
                     std::span(encoded.ids).subspan(begin, encoded.ends[i] - begin), encoded.span_ends);
  }
  return encoded;
}

EncodedBatch BatchEncoder::encode_stretch(const Batch& batch) {
  if (!stretch_) {
    EncodeOptions options = options_;
    options.bos = options.bos && batch.begins;
    options.eos = false;
    stretch_.emplace(Stretch{drawing_ ? EncodeStream(drawing_->sampler, key_of(batch), options)
                                      : EncodeStream(tokenizer_, options),
                             SpanFinder(batch.offset),
                             {},
                             0,
                             {},
                             batch.offset});
  }
  EncodedBatch encoded;
  stretch_->ids.write(batch.bytes, encoded.ids);
  if (batch.ends_stretch) stretch_->ids.finish(encoded.ids);
  if (batch.ends_document && options_.eos) encoded.ids.push_back(kEos);
  if (spans_) {
    stretch_->text += batch.bytes;
    find_spans(*stretch_, batch.ends_stretch, encoded);
  }
  encoded.ends.push_back(encoded.ids.size());
  if (batch.ends_stretch) stretch_.reset();
  return encoded;
}

// The stream of ids may be ahead of the text whose changes are known; such ids wait for the next part.
void BatchEncoder::find_spans(Stretch& stretch, bool is_last, EncodedBatch& encoded) const {
  if (is_last) {
    stretch.spans.add(stretch.text);
  } else if (stretch.text.size() >= stretch.next_try) {
    const std::size_t boundary = last_boundary(stretch.text);
    stretch.spans.add(std::string_view(stretch.text).substr(0, boundary));
    stretch.text.erase(0, boundary);
    stretch.next_try =
        boundary == 0 ? 2 * stretch.text.size() : 0;  // or many marks in a row would be quadratic
  }
  stretch.waiting.insert(stretch.waiting.end(), encoded.ids.begin(), encoded.ids.end());
  encoded.first_span = stretch.span_end;
  std::size_t known = 0;
  for (; known < stretch.waiting.size(); ++known) {
    const std::size_t size = bytes_of(tokenizer_.vocab(), stretch.waiting[known]);
    if (!stretch.spans.covers(size)) break;
    stretch.span_end = stretch.spans.advance(size);
    encoded.span_ends.push_back(stretch.span_end);
  }
  const auto end = stretch.waiting.begin() + static_cast<std::ptrdiff_t>(known);
  encoded.ids.assign(stretch.waiting.begin(), end);
  stretch.waiting.erase(stretch.waiting.begin(), end);
}

}  // namespace bytepiece::tools
