// From a corpus to packed rows, in the background:
//
//   corpus ──▶ parts ──▶ encoders ──▶ windows ──▶ batches ──▶ queue ──▶ next()
//              (one thread)  (threads)   (in order, one at a time)
//
// What waits anywhere is bounded, so a caller that is slow stops all that is in front of it. Everything that
// is random depends on (seed, epoch, place in the corpus) only, and all that has an order is in the order of
// the corpus; so threads change nothing.
//
// Tested by tests/batch_stream_test.cc.
#include <bytepiece/attention.h>
#include <bytepiece/sampler.h>
#include <fmt/format.h>

#include <atomic>
#include <bit>
#include <charconv>
#include <deque>
#include <exception>
#include <limits>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "attention/parts.h"
#include "attention/rows.h"
#include "attention/window.h"
#include "base/threads.h"

namespace bytepiece::attention {
namespace {

constexpr std::size_t kPartBytes = std::size_t{1} << 17;  // 128 kB are encoded in a few milliseconds
constexpr std::string_view kMagic = "bytepiece-stream-1";

struct Cancelled {};  // the stream is being destroyed

// ---- State: "bytepiece-stream-1 OPTIONS CORPUS EPOCH DOCUMENT TOKEN ROW", the first two in hexadecimal ----

// A hash of several values.
class Fingerprint {
 public:
  void add(std::uint64_t number) { value_ = XXH3_64bits_withSeed(&number, sizeof number, value_); }
  void add(std::string_view bytes) { value_ = XXH3_64bits_withSeed(bytes.data(), bytes.size(), value_); }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0;
};

// What the batches depend on.
struct Prints {
  std::uint64_t options = 0;  // of the vocabulary, too
  std::uint64_t corpus = 0;   // 0: it has no identity
};

// Of all options that change the batches but one: epochs may be added later.
std::uint64_t fingerprint(const Vocab& vocab, const StreamOptions& options) {
  Fingerprint print;
  for (Id id = kFirstPiece; id < vocab.size(); ++id) {
    print.add(vocab.bytes(id));
    print.add(vocab.count(id));
  }
  const BatchOptions& batch = options.batch;
  for (const std::uint64_t number :
       {std::uint64_t{options.rows}, std::uint64_t{options.length}, std::uint64_t{options.window},
        std::uint64_t{options.shuffle}, options.seed, std::uint64_t{options.drop_last},
        std::uint64_t{options.encode.bos}, std::uint64_t{options.encode.eos},
        static_cast<std::uint64_t>(batch.ids), static_cast<std::uint64_t>(batch.labels),
        std::uint64_t{batch.pad_id}, std::uint64_t{options.alpha.has_value()},
        std::bit_cast<std::uint64_t>(options.alpha.value_or(0) + 0.0)}) {  // -0 is 0
    print.add(number);
  }
  for (const Id id : options.encode.parse_special) print.add(id);
  return print.value();
}

std::uint64_t fingerprint(const Corpus& corpus) {
  Fingerprint print;
  if (!corpus.identity.empty()) print.add(corpus.identity);
  return print.value();
}

std::string text_of(const Prints& prints, const Place& place) {
  return fmt::format("{} {:016x} {:016x} {} {} {} {}", kMagic, prints.options, prints.corpus, place.epoch,
                     place.document, place.token, place.row);
}

Place place_of(std::string_view state, const Prints& expected) {
  Place place;
  const auto number = [&](std::uint64_t& out, int base) {
    if (!state.starts_with(' ')) return false;
    state.remove_prefix(1);
    const auto [end, error] = std::from_chars(state.data(), state.data() + state.size(), out, base);
    state.remove_prefix(static_cast<std::size_t>(end - state.data()));
    return error == std::errc{};
  };
  const bool known = state.starts_with(kMagic);
  if (known) state.remove_prefix(kMagic.size());
  Prints prints;
  if (!known || !number(prints.options, 16) || !number(prints.corpus, 16) || !number(place.epoch, 10) ||
      !number(place.document, 10) || !number(place.token, 10) || !number(place.row, 10) || !state.empty()) {
    throw Error("batch stream: the state is not one that save() gave");
  }
  if (prints.options != expected.options) {
    throw Error("batch stream: the state is from a stream with other options or another vocabulary");
  }
  if (prints.corpus != 0 && expected.corpus != 0 && prints.corpus != expected.corpus) {
    throw Error(
        "batch stream: the state is from another corpus (Corpus::identity differs); give it the same one, or "
        "clear the identity if only names or times of its files have changed");
  }
  return place;
}

void check(const StreamOptions& options) {
  check(options.batch);
  constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max();
  if (options.rows == 0 || options.length == 0 || options.rows > kMost / options.length) {
    throw Error(
        fmt::format("batch stream: {} rows of {} tokens; there is at least one of both, and an int32 "
                    "counts all tokens of a batch",
                    options.rows, options.length));
  }
  if (options.window == 0 || options.ahead == 0) {
    throw Error(
        fmt::format("batch stream: {} is 0; use 1 or more", options.window == 0 ? "window" : "ahead"));
  }
  if (options.alpha && !options.encode.parse_special.empty()) {
    throw Error("batch stream: special tokens are parsed in the best segmentation only; leave out alpha");
  }
}

// Documents are cut at line begins, so no special token may go across one.
void check_special(const Vocab& vocab, std::span<const Id> ids) {
  for (const Id id : ids) {
    if (vocab.special_tokens()[id - vocab.size()].find('\n') != std::string::npos) {
      throw Error(fmt::format(
          "batch stream: special token {} has a line feed, which only whole texts are parsed for", id));
    }
  }
}

// ---- Encoding ----

struct Encoded {
  std::vector<Id> ids;
  std::vector<std::size_t> ends;
  std::vector<Part> parts;
};

// Texts to ids, the best or drawn ones.
class Encoder {
 public:
  Encoder(Tokenizer tokenizer, const StreamOptions& options)
      : tokenizer_(std::move(tokenizer)), seed_(options.seed) {
    parsed_.parse_special = options.encode.parse_special;
    tokenizer_.count({}, parsed_);  // throws on an id that is no special token
    check_special(tokenizer_.vocab(), parsed_.parse_special);
    if (options.alpha) sampler_.emplace(tokenizer_, *options.alpha);
  }

  Encoded encode(const Parts& parts, std::uint64_t epoch) const;

 private:
  void sample(std::span<const std::string_view> texts, std::uint64_t epoch, Encoded& result) const;

  Tokenizer tokenizer_;
  EncodeOptions parsed_;
  std::optional<Sampler> sampler_;
  std::uint64_t seed_;
};

Encoded Encoder::encode(const Parts& parts, std::uint64_t epoch) const {
  Encoded result;
  std::vector<std::string_view> texts;
  std::size_t begin = 0;
  for (const Part& part : parts.parts) {
    texts.push_back(std::string_view(parts.bytes).substr(begin, part.end - begin));
    begin = part.end;
  }
  result.ids.reserve(parts.bytes.size() / 2);  // seldom more
  result.parts = parts.parts;
  if (sampler_) {
    sample(texts, epoch, result);
  } else {
    tokenizer_.encode_batch(texts, parsed_, result.ids, result.ends);
  }
  return result;
}

void Encoder::sample(std::span<const std::string_view> texts, std::uint64_t epoch, Encoded& result) const {
  const Part& first = result.parts.front();
  sampler_->sample_batch(texts, {seed_, first.document, epoch, first.line}, {}, result.ids, result.ends);
}

struct Batch {
  PackedBatch batch;
  Place behind;
};

}  // namespace

// Of the members, only the queue and what is atomic is used by both threads.
struct BatchStream::Impl {
  Impl(Corpus c, Tokenizer t, const StreamOptions& o, std::string_view state)
      : corpus(std::move(c)),
        options(o),
        prints{fingerprint(t.vocab(), options), fingerprint(corpus)},
        encoder(std::move(t), options),
        place(state.empty() ? Place{} : place_of(state, prints)),
        threads(resolve_threads(options.threads)) {}

  ~Impl() {
    cancelled = true;
    queue.close();
    if (background.joinable()) background.join();
  }

  // ---- On the background thread and those it starts ----

  void run() {
    try {
      for (Place begin = place; options.epochs == 0 || begin.epoch < options.epochs;) {
        const bool any = run_epoch(begin);
        if (begin.begins_epoch() && !any) break;  // and so would all others be
        begin = {begin.epoch + 1, 0, 0, 0};
      }
    } catch (const Cancelled&) {
      // nobody waits for more
    } catch (...) {
      failure = std::current_exception();
    }
    queue.close();
  }

  // Whether there was any batch.
  bool run_epoch(const Place& begin) {
    bool any = false;
    std::deque<PlacedRow> waiting;
    const auto push = [&](std::size_t rows) {
      queue.wait_for_room(options.ahead);
      if (queue.push(taken(waiting, rows)) == 0) throw Cancelled{};
      any = true;
    };
    Windows windows(options, begin, [&](PlacedRow row) {
      waiting.push_back(std::move(row));
      if (waiting.size() == options.rows) push(options.rows);
    });
    ordered_pipeline<Parts, Encoded>(
        threads, [&](const auto& emit) { read(begin, emit); },
        [&](std::size_t, const Parts& parts) { return encoder.encode(parts, begin.epoch); },
        [&](const Encoded& result) { add(result, windows); });
    windows.finish();
    if (!waiting.empty() && !options.drop_last) push(waiting.size());
    return any;
  }

  // Hands on the documents from the begin on.
  template <class EmitParts>
  void read(const Place& begin, const EmitParts& emit) {
    PartBatcher batcher(kPartBytes, begin.document, [&](Parts parts) { emit(std::move(parts)); });
    std::uint64_t document = 0;
    corpus.walk([&](const DocumentPart& part) {
      if (cancelled) throw Cancelled{};
      if (document >= begin.document) batcher.add(part);
      if (part.ends_document) ++document;
    });
    batcher.finish();
    if (document <= begin.document && !begin.begins_epoch()) {
      throw Error(
          fmt::format("{}: ends with document {}, but the stream was saved in document {}; give it the "
                      "same corpus",
                      corpus.name, document, begin.document));
    }
  }

  void add(const Encoded& result, Windows& windows) const {
    std::size_t begin = 0;
    for (std::size_t i = 0; i < result.parts.size(); ++i) {
      const Part& part = result.parts[i];
      if (part.begins_document() && options.encode.bos) windows.add({&kBos, 1}, false);
      windows.add(std::span(result.ids).subspan(begin, result.ends[i] - begin), false);
      if (part.ends_document) windows.add({&kEos, options.encode.eos ? 1U : 0U}, true);
      begin = result.ends[i];
    }
  }

  Batch taken(std::deque<PlacedRow>& waiting, std::size_t count) const {
    std::vector<Row> rows;
    for (std::size_t i = 0; i < count; ++i) rows.push_back(std::move(waiting[i].row));
    Batch batch = {batch_of(rows, options.length, options.batch), waiting[count - 1].behind};
    waiting.clear();
    return batch;
  }

  const Corpus corpus;
  const StreamOptions options;
  const Prints prints;
  const Encoder encoder;
  Place place;  // behind the batch that next() returned last; the background thread reads it when it starts
  const std::size_t threads;
  Queue<Batch> queue;
  std::atomic<bool> cancelled = false;
  std::exception_ptr failure;  // set before the queue is closed
  std::thread background;
};

BatchStream::BatchStream(Corpus corpus, Tokenizer tokenizer, const StreamOptions& options,
                         std::string_view state) {
  check(options);
  impl_ = std::make_unique<Impl>(std::move(corpus), std::move(tokenizer), options, state);
  try {
    impl_->background = std::thread([impl = impl_.get()] { impl->run(); });
  } catch (const std::system_error& error) {
    throw Error(fmt::format("batch stream: no thread could be started ({})", error.code().message()));
  }
}

BatchStream::~BatchStream() = default;
BatchStream::BatchStream(BatchStream&&) noexcept = default;
BatchStream& BatchStream::operator=(BatchStream&&) noexcept = default;

std::optional<PackedBatch> BatchStream::next() {
  std::optional<Batch> batch = impl_->queue.pop();
  if (batch) {
    impl_->place = batch->behind;
    return std::move(batch->batch);
  }
  if (const std::exception_ptr failure = std::exchange(impl_->failure, nullptr))
    std::rethrow_exception(failure);
  return std::nullopt;
}

std::string BatchStream::save() const { return text_of(impl_->prints, impl_->place); }

}  // namespace bytepiece::attention
