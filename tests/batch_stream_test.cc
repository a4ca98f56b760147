#include <bytepiece/attention.h>
#include <bytepiece/readers.h>
#include <bytepiece/sampler.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "attention/parts.h"
#include "attention/window.h"
#include "support.h"
#include "text/split.h"

namespace bytepiece::attention {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

using Ids = std::vector<Id>;

Tokenizer small_tokenizer() {
  Random random(7);
  return Tokenizer(vocab_of(random_pieces(random, "abc \n", 60, false)));
}

Strings random_documents(Random& random, std::size_t count) {
  Strings texts;
  for (std::size_t i = 0; i < count; ++i) {
    texts.push_back(random_of(random, {"a", "b", "c", " ", "\n", "e\u0301", "\xFF"}, random.below(80)));
  }
  return texts;
}

StreamOptions small_options() {
  StreamOptions options;
  options.rows = 3;
  options.length = 16;
  options.window = 200;
  options.epochs = 2;
  options.threads = 1;
  return options;
}

// Everything that a batch holds, so that batches can be compared.
struct Flat {
  std::vector<std::int64_t> ids, positions, sequence_ids, labels, cu_seqlens, documents;
  std::int64_t rows = 0;
  bool operator==(const Flat&) const = default;
};

Flat flat(const PackedBatch& batch) {
  const auto list = [](const auto& span) { return std::vector<std::int64_t>(span.begin(), span.end()); };
  return {list(batch.ids.of<std::int64_t>()),
          list(batch.positions.of<std::int64_t>()),
          list(batch.sequence_ids.of<std::int32_t>()),
          list(batch.labels.of<std::int64_t>()),
          list(batch.cu_seqlens.of<std::int32_t>()),
          list(batch.documents.of<std::int64_t>()),
          batch.ids.shape()[0]};
}

std::vector<Flat> rest_of(BatchStream& stream) {
  std::vector<Flat> batches;
  while (const auto batch = stream.next()) batches.push_back(flat(*batch));
  return batches;
}

std::vector<Flat> batches_of(const Corpus& corpus, const StreamOptions& options,
                             const std::string& state = {}) {
  BatchStream stream(corpus, small_tokenizer(), options, state);
  return rest_of(stream);
}

// The sequences of some batches, as (document, ids), sorted.
std::vector<std::pair<std::int64_t, Ids>> sequences(const std::vector<Flat>& batches) {
  std::vector<std::pair<std::int64_t, Ids>> found;
  for (const Flat& batch : batches) {
    for (std::size_t s = 0; s < batch.documents.size(); ++s) {
      if (batch.documents[s] < 0) continue;
      found.emplace_back(batch.documents[s], Ids(batch.ids.begin() + batch.cu_seqlens[s],
                                                 batch.ids.begin() + batch.cu_seqlens[s + 1]));
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

// The same for the texts, each encoded or sampled by itself.
std::vector<std::pair<std::int64_t, Ids>> expected_sequences(const Strings& texts,
                                                             const StreamOptions& options) {
  const Tokenizer tokenizer = small_tokenizer();
  std::vector<std::pair<std::int64_t, Ids>> expected;
  for (std::size_t document = 0; document < texts.size(); ++document) {
    for (std::uint64_t epoch = 0; epoch < options.epochs; ++epoch) {
      const Ids ids = options.alpha
                          ? Sampler(tokenizer, *options.alpha)
                                .sample(texts[document], {options.seed, document, epoch}, options.encode)
                          : tokenizer.encode(texts[document], options.encode);
      for (std::size_t begin = 0; begin < ids.size(); begin += options.length) {
        const auto from = ids.begin() + static_cast<std::ptrdiff_t>(begin);
        const std::size_t taken = std::min(options.length, ids.size() - begin);
        expected.emplace_back(document, Ids(from, from + static_cast<std::ptrdiff_t>(taken)));
      }
    }
  }
  std::sort(expected.begin(), expected.end());
  return expected;
}

TEST_CASE("batch stream: every token of every document, once in each epoch") {
  Random random(1);
  for (const EncodeOptions& encode : {EncodeOptions{}, EncodeOptions{true, true}}) {
    const Strings texts = random_documents(random, 60);
    StreamOptions options = small_options();
    options.encode = encode;
    CHECK(sequences(batches_of(corpus_of(texts), options)) == expected_sequences(texts, options));
  }
}

TEST_CASE("batch stream: neither threads, nor parts, nor what waits changes a batch") {
  Random random(2);
  Strings texts = random_documents(random, 40);
  std::string lines;
  for (int i = 0; i < 30000; ++i) lines += "abc cab\n\n aa";
  texts.push_back(lines);  // is encoded in parts
  texts.push_back(std::string(300000, 'b'));
  const std::vector<Flat> expected = batches_of(corpus_of(texts), small_options());
  CHECK(sequences(expected) == expected_sequences(texts, small_options()));
  for (const int threads : {2, 3}) {
    StreamOptions options = small_options();
    options.threads = threads;
    options.ahead = threads == 2 ? 1 : 50;
    CHECK(batches_of(corpus_in_parts(texts, static_cast<std::uint64_t>(threads)), options) == expected);
  }
}

TEST_CASE("batch stream: with alpha, the samples of the library, others in each epoch") {
  Random random(8);
  Strings texts = random_documents(random, 40);
  std::string lines = "\n\n";
  for (int i = 0; i < 15000; ++i) lines += i % 3 == 0 ? "abc cab\n\n aa" : "a b\ncc";
  texts.insert(texts.begin() + 20, lines);  // is sampled in parts
  for (const double alpha : {0.0, 0.7}) {
    StreamOptions options = small_options();
    options.alpha = alpha;
    options.seed = 9;
    options.encode.eos = true;
    const std::vector<Flat> drawn = batches_of(corpus_of(texts), options);
    CHECK(sequences(drawn) == expected_sequences(texts, options));
    options.threads = 3;
    CHECK(batches_of(corpus_in_parts(texts, 3), options) == drawn);
    options.epochs = 1;
    const std::vector<Flat> first = batches_of(corpus_of(texts), options);
    options.alpha.reset();
    CHECK(sequences(batches_of(corpus_of(texts), options)) != sequences(first));
    options.epochs = 2;
    CHECK(sequences(drawn) != expected_sequences(texts, options));
  }
}

TEST_CASE("batch stream: special tokens, but none with a line feed") {
  const Strings tokens = {"<a>", "<\n>"};
  const Tokenizer tokenizer(small_tokenizer().vocab().with_special_tokens(tokens));
  const auto first = static_cast<Id>(tokenizer.vocab().size());
  std::string text;
  for (int i = 0; i < 30000; ++i) text += "ab<a>c\n";
  StreamOptions options = small_options();
  options.encode.parse_special = {first};
  options.epochs = 1;
  options.shuffle = false;
  BatchStream stream(corpus_of({text}), tokenizer, options);
  std::size_t found = 0;
  for (const Flat& batch : rest_of(stream)) {
    found += static_cast<std::size_t>(std::count(batch.ids.begin(), batch.ids.end(), std::int64_t{first}));
  }
  CHECK(found == 30000);
  const auto message = [&](const StreamOptions& with) {
    return error_of([&] { BatchStream(corpus_of({text}), tokenizer, with); });
  };
  options.alpha = 1;
  CHECK(contains(message(options), "best segmentation only"));
  options.alpha.reset();
  options.encode.parse_special = {first + 1};
  CHECK(contains(message(options), "has a line feed"));
}

TEST_CASE("batch stream: saved anywhere, it goes on with the next batch") {
  Random random(3);
  Strings texts = random_documents(random, 50);
  texts.push_back(random_of(random, {"ab", "c", "\n"}, 3000));  // longer than a window
  for (const bool drop_last : {false, true}) {
    StreamOptions options = small_options();
    options.drop_last = drop_last;
    if (drop_last) options.alpha = 0.5;
    const std::vector<Flat> all = batches_of(corpus_of(texts), options);
    REQUIRE(all.size() > 30);
    BatchStream stream(corpus_of(texts), small_tokenizer(), options);
    for (std::size_t given = 0; given <= all.size(); ++given) {
      const std::string state = stream.save();
      CHECK(batches_of(corpus_of(texts), options, state) ==
            std::vector<Flat>(all.begin() + static_cast<std::ptrdiff_t>(given), all.end()));
      CHECK(BatchStream(corpus_of(texts), small_tokenizer(), options, state).save() == state);
      if (given < all.size()) CHECK(flat(*stream.next()) == all[given]);
    }
    CHECK_FALSE(stream.next());
    CHECK(batches_of(corpus_of(texts), options, stream.save()).empty());
    options.epochs = 3;  // may be added later
    CHECK_FALSE(batches_of(corpus_of(texts), options, stream.save()).empty());
  }
}

TEST_CASE("batch stream: the order of rows depends on seed and epoch, what is in them does not") {
  Random random(4);
  const Strings texts = random_documents(random, 60);
  StreamOptions options = small_options();
  options.epochs = 1;
  const std::vector<Flat> first = batches_of(corpus_of(texts), options);
  options.seed = 1;
  const std::vector<Flat> other = batches_of(corpus_of(texts), options);
  CHECK(first != other);
  CHECK(sequences(first) == sequences(other));
  options.epochs = 2;
  const std::vector<Flat> two = batches_of(corpus_of(texts), options);
  REQUIRE(two.size() == 2 * other.size());
  CHECK(std::vector<Flat>(two.begin(), two.begin() + static_cast<std::ptrdiff_t>(other.size())) == other);
  CHECK(std::vector<Flat>(two.begin() + static_cast<std::ptrdiff_t>(other.size()), two.end()) != other);
  options.shuffle = false;
  const std::vector<Flat> plain = batches_of(corpus_of(texts), options);
  CHECK(std::equal(plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(plain.size() / 2),
                   plain.begin() + static_cast<std::ptrdiff_t>(plain.size() / 2)));
}

TEST_CASE("batch stream: the last batch of an epoch has fewer rows, or is left out") {
  const Strings texts(7, std::string(16, '\xFF'));  // a row each
  StreamOptions options = small_options();
  std::vector<std::int64_t> rows;
  for (const Flat& batch : batches_of(corpus_of(texts), options)) rows.push_back(batch.rows);
  CHECK(rows == std::vector<std::int64_t>{3, 3, 1, 3, 3, 1});
  options.drop_last = true;
  CHECK(batches_of(corpus_of(texts), options).size() == 4);
}

TEST_CASE("batch stream: without end, and with nothing in it") {
  StreamOptions options = small_options();
  options.epochs = 0;
  BatchStream stream(corpus_of({"abc"}), small_tokenizer(), options);
  for (int i = 0; i < 100; ++i) REQUIRE(stream.next());
  CHECK(batches_of(corpus_of({}), options).empty());
  CHECK(batches_of(corpus_of({"", ""}), options).empty());
  options.drop_last = true;
  CHECK(batches_of(corpus_of({"abc"}), options).empty());
}

TEST_CASE("batch stream: may be left at any time") {
  Random random(5);
  const Strings texts = random_documents(random, 300);
  for (const int threads : {1, 3}) {
    for (int taken = 0; taken < 5; ++taken) {
      StreamOptions options = small_options();
      options.threads = threads;
      options.epochs = 0;
      options.ahead = 1;
      BatchStream stream(corpus_of(texts), small_tokenizer(), options);
      for (int i = 0; i < taken; ++i) CHECK(stream.next());
    }
  }
}

TEST_CASE("batch stream: a caller that is slow stops the reading") {
  std::atomic<int> read = 0;
  Corpus corpus;
  corpus.walk = [&](const auto& visit) {
    const std::string text(1 << 16, 'a');
    for (int i = 0; i < 1000; ++i, ++read) visit(DocumentPart{text});
  };
  StreamOptions options = small_options();
  options.threads = 2;
  options.ahead = 1;
  BatchStream stream(corpus, small_tokenizer(), options);
  CHECK(stream.next());
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(read < 100);
}

TEST_CASE("batch stream: an error of the corpus comes out once, behind what came before it") {
  Corpus corpus;
  corpus.name = "bad.txt";
  corpus.walk = [](const auto& visit) {
    for (int i = 0; i < 100; ++i) visit(DocumentPart{std::string(40, 'b')});
    throw Error("bad.txt: cannot be read");
  };
  StreamOptions options = small_options();
  for (const int threads : {1, 2}) {
    options.threads = threads;
    BatchStream stream(corpus, small_tokenizer(), options);
    std::string message;
    while (message.empty()) {
      message = error_of([&] {
        if (!stream.next()) throw Error("no error");
      });
    }
    CHECK(message == "bad.txt: cannot be read");
    CHECK_FALSE(stream.next());
  }
}

TEST_CASE("batch stream: a state that does not fit is an error") {
  const Strings texts(20, "abc abc abc abc");
  const StreamOptions options = small_options();
  BatchStream stream(corpus_of(texts), small_tokenizer(), options);
  for (int i = 0; i < 2; ++i) stream.next();
  const std::string state = stream.save();
  const auto message = [&](const StreamOptions& changed, const std::string& from, const Strings& with) {
    return error_of([&] {
      BatchStream other(corpus_of(with), small_tokenizer(), changed, from);
      rest_of(other);
    });
  };
  CHECK(message(options, state, texts) == "");
  for (const std::string& broken : Strings{"x", state.substr(0, state.size() - 2), state + " 1", state + "x",
                                           "bytepiece-stream-1 0 0 99999999999999999999999 0 0 0"}) {
    CHECK(contains(message(options, broken, texts), "not one that save() gave"));
  }
  StreamOptions changed = options;
  changed.seed = 5;
  CHECK(contains(message(changed, state, texts), "other options"));
  changed = options;
  changed.alpha = 0;
  CHECK(contains(message(changed, state, texts), "other options"));
  changed = options;
  changed.threads = 2;
  CHECK(message(changed, state, texts) == "");
}

// `state`, at another place: "EPOCH DOCUMENT TOKEN ROW".
std::string moved(const std::string& state, const std::string& place) {
  std::size_t end = 0;
  for (int field = 0; field < 3; ++field) end = state.find(' ', end) + 1;
  return state.substr(0, end) + place;
}

TEST_CASE("batch stream: a state behind what the corpus does not have is an error") {
  const Strings texts(7, std::string(16, '\xFF'));  // a row each
  StreamOptions options = small_options();
  options.window = 32;  // two rows
  const std::string begin = BatchStream(corpus_of(texts), small_tokenizer(), options).save();
  const auto tokens_behind = [&](const std::string& place) {
    std::int64_t tokens = 0;
    BatchStream stream(corpus_of(texts), small_tokenizer(), options, moved(begin, place));
    while (const auto batch = stream.next()) tokens += batch->tokens;
    return tokens;
  };
  CHECK(tokens_behind("1 0 0 0") == 7 * 16);
  CHECK(tokens_behind("1 0 0 1") == 6 * 16);
  CHECK(tokens_behind("1 1 16 1") == 4 * 16);
  CHECK(tokens_behind("1 6 16 0") == 0);
  const std::string most = "18446744073709551615";
  for (const auto& [place, expected] : std::map<std::string, std::string>{
           {"1 0 0 2", "row 2 of a window of 2"},
           {"1 5 16 1", "row 1 of a window of 1"},
           {"0 6 16 1", "row 1 of a window of 0"},
           {"0 0 0 " + most, "row " + most},
           {"0 3 17 0", "token 17 of document 3"},
           {"0 6 " + most + " 1", "token " + most},
           {"0 7 0 0", "ends with document 7"},
           {"0 7 16 0", "ends with document 7"},
           {"0 " + most + " 1 0", "ends with document 7"},
           {"0 " + most + " " + most + " 1", "ends with document 7"},
       }) {
    CAPTURE(place);
    CHECK(contains(error_of([&] { tokens_behind(place); }), expected));
  }
}

TEST_CASE("batch stream: a state goes with the identity of its corpus") {
  const auto state_of = [](const Corpus& corpus, const std::string& state = {}) {
    return BatchStream(corpus, small_tokenizer(), small_options(), state).save();
  };
  const auto called = [](std::string identity) {
    Corpus corpus = corpus_of({"abc", "cab"});
    corpus.identity = std::move(identity);
    return corpus;
  };
  const std::string state = state_of(called("one"));
  CHECK(state_of(called("one"), state) == state);
  CHECK(contains(error_of([&] { state_of(called("other"), state); }), "from another corpus"));
  CHECK_NOTHROW(state_of(called(""), state));
  CHECK_NOTHROW(state_of(called("one"), state_of(called(""))));

  const TemporaryFolder folder;
  const auto lines = [&](std::string_view text) {
    write_bytes(folder / "lines", text);
    return read_files({{folder / "lines", {InputFormat::kLines}}});
  };
  const std::string of_file = state_of(lines("abc\ncab\n"));
  CHECK(contains(error_of([&] { state_of(lines("abc\ncabc\n"), of_file); }), "from another corpus"));
}

TEST_CASE("batch stream: options out of range are errors") {
  const auto message = [](auto change) {
    StreamOptions options = small_options();
    change(options);
    return error_of([&] { BatchStream(corpus_of({}), small_tokenizer(), options); });
  };
  CHECK(contains(message([](StreamOptions& o) { o.rows = 0; }), "0 rows"));
  CHECK(contains(message([](StreamOptions& o) { o.length = 0; }), "rows of 0 tokens"));
  CHECK(contains(message([](StreamOptions& o) { o.rows = std::size_t{1} << 40; }), "int32"));
  CHECK(contains(message([](StreamOptions& o) { o.window = 0; }), "window is 0"));
  CHECK(contains(message([](StreamOptions& o) { o.ahead = 0; }), "ahead is 0"));
  CHECK(contains(message([](StreamOptions& o) { o.threads = -1; }), "threads: -1"));
  CHECK(contains(message([](StreamOptions& o) { o.batch.ids = Element::kUint8; }), "int32 or int64"));
  CHECK(contains(message([](StreamOptions& o) { o.alpha = -1; }), "alpha is -1"));
  CHECK(contains(message([](StreamOptions& o) { o.encode.parse_special = {3}; }), "special"));
}

std::uint64_t lines_in(const std::string& text) {
  std::uint64_t lines = 0;
  for_each_chunk(text, {}, [&](std::string_view) { ++lines; });
  return lines;
}

TEST_CASE("parts: one after the other they are the documents") {
  Random random(6);
  for (std::size_t round = 0; round < rounds(200); ++round) {
    Strings texts;
    for (std::size_t i = random.below(6); i > 0; --i) {
      texts.push_back(random_of(random, {"a", "\n", "\n\n", "\u0301", "bbb"}, random.below(60)));
    }
    Strings found(1);
    PartBatcher batcher(random.between(1, 40 + 3 * sizeof(Part)), 7, [&](const Parts& parts) {
      std::size_t begin = 0;
      for (const Part& part : parts.parts) {
        CHECK(part.begins_document() == found.back().empty());
        CHECK((part.begins_document() || &part == &parts.parts.front()));
        CHECK(part.document == 7 + found.size() - 1);
        CHECK(part.line == lines_in(found.back()));
        found.back() += parts.bytes.substr(begin, part.end - begin);
        if (part.ends_document) found.emplace_back();
        if (!part.ends_document) CHECK(parts.bytes[part.end - 1] == '\n');
        begin = part.end;
      }
      CHECK(begin == parts.bytes.size());
    });
    corpus_in_parts(texts, round).walk([&](const DocumentPart& part) { batcher.add(part); });
    batcher.finish();
    found.pop_back();
    CHECK(found == texts);
  }
}

TEST_CASE("parts: batches are bounded, however short the documents") {
  for (const std::string& text : Strings{"", "a", "ab\n"}) {
    constexpr std::size_t kMost = 1000, kDocuments = 10000;
    std::size_t documents = 0;
    const auto size_of = [](const Parts& parts) {
      return parts.bytes.size() + parts.parts.size() * sizeof(Part);
    };
    PartBatcher batcher(kMost, 0, [&](const Parts& parts) {
      documents += parts.parts.size();
      CHECK(size_of(parts) < kMost + text.size() + sizeof(Part));
      if (documents < kDocuments) CHECK(size_of(parts) >= kMost);
    });
    for (std::size_t i = 0; i < kDocuments; ++i) batcher.add({text});
    batcher.finish();
    CHECK(documents == kDocuments);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece::attention
