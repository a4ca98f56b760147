// bytepiece_bench: how fast the parts of encoding are, side by side.
//
// All contestants take turns in one process, round after round (figures.h). The yardstick is a plain walk
// through a double array from every position (plain_walk.h). Every form of the search must give the ids of
// the walk, or the program fails.
//
//   nfc, split          what comes before the search
//   walk                the yardstick; like the forms it gets text in NFC
//   plain sse2 avx2 avx512   the forms of the search (src/encode/kernels.h)
//   sample A            a segmentation drawn with alpha A, with the fastest of the forms
//   encode              Tokenizer::encode: NFC and the fastest form
//   encode lines        the same, a call for each line
//   encode batch        all lines in one call of encode_batch()
//   encode xN           the same on N documents, each the whole file, with N threads; ratio to N times one
//   decode              the ids back to bytes, per byte of text
//   sentencepiece       the ids of every line, with a model of its own
#include <bytepiece/readers.h>
#include <bytepiece/tokenizer.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "base/threads.h"
#include "encode/sample.h"
#include "encode/tokenizer_form.h"
#include "encode/viterbi.h"
#include "text/nfc.h"
#include "text/split.h"
#include "tools/bench/figures.h"
#include "tools/bench/plain_walk.h"
#include "tools/common.h"
#include "tools/help_formatter.h"

#ifdef BYTEPIECE_SENTENCEPIECE
#include <sentencepiece_processor.h>
#endif

namespace bytepiece::bench {
namespace {

struct Options {
  std::string model;
  std::vector<std::string> inputs, forms;
  std::string sentencepiece, append;
  int threads = 2, rounds = 7;
  bool json = false;
};

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error("cannot read " + path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

struct Scores {
  explicit Scores(const Vocab& vocab) {
    for (Id id = kFirstPiece; id < vocab.size(); ++id) {
      pieces.push_back(vocab.bytes(id));
      values.push_back(vocab.log_prob(id));
    }
  }
  std::vector<std::string_view> pieces;
  std::vector<double> values;
};

#ifdef BYTEPIECE_SENTENCEPIECE
class SentencePiece {
 public:
  explicit SentencePiece(const std::string& path) {
    if (const auto status = processor_.Load(path); !status.ok()) throw Error(path + ": " + status.ToString());
  }
  void encode(std::span<const std::string_view> lines) const {
    std::vector<int> ids;
    for (const std::string_view line : lines) {
      if (!processor_.Encode({line.data(), line.size()}, &ids).ok()) {
        throw Error("SentencePiece cannot encode a line");
      }
    }
  }

 private:
  sentencepiece::SentencePieceProcessor processor_;
};
#endif

class Bench {
 public:
  explicit Bench(const Options& options)
      : options_(options),
        tokenizer_(Tokenizer::load(options.model)),
        scores_(tokenizer_.vocab()),
        trie_(scores_.pieces, scores_.values, kFirstPiece),
        index_(scores_.pieces, scores_.values) {}

  std::vector<Figures> load() {
    std::vector<Contestant> all;
    all.emplace_back("load", [&] { Tokenizer::load(options_.model); });
    all.emplace_back("trie", [&] { Trie(scores_.pieces, scores_.values, kFirstPiece); });
    all.emplace_back("double array", [&] { PieceIndex(scores_.pieces, scores_.values); });
    race(all);
    std::vector<Figures> rows;
    for (const Contestant& each : all) {
      rows.push_back(
          {base_name(options_.model), each.name(), 0, each.min(), each.median(), each.processor(), 0});
    }
    return rows;
  }

  std::vector<Figures> file(const std::string& path) {
    const std::string raw = read_file(path);
    std::string buffer, other_buffer;
    const std::string text(normalize(raw, buffer));
    const std::vector<std::string_view> lines = lines_of(raw);
    std::vector<Id> expected, ids;
    PlainWalk walk;
    Viterbi::Scratch scratch;
    std::vector<Contestant> all;

    all.emplace_back("nfc", [&] { normalize(raw, other_buffer); });
    all.emplace_back("split", [&] {
      std::size_t chunks = 0;
      for_each_chunk(text, {}, [&](std::string_view) { ++chunks; });
      if (chunks > text.size()) throw Error("more chunks than bytes");
    });
    const std::size_t yardstick = all.size();
    all.emplace_back("walk", [&] {
      expected.clear();
      for_each_chunk(text, {}, [&](std::string_view chunk) { walk.segment(index_, chunk, expected); });
      for (Id& id : expected) id += kFirstPiece;
    });
    for (const Form form : forms()) {
      const auto search = [&, viterbi = Viterbi(trie_, form)] {
        ids.clear();
        viterbi.encode(text, scratch, ids);
      };
      const auto check = [&, form] {
        if (ids != expected) throw Error(fmt::format("{}: {} and the walk differ", path, form_name(form)));
      };
      all.emplace_back(std::string(form_name(form)), search, check);
    }
    // Sampling with the fastest form, and what it draws must be the text.
    SampleSearch::Scratch sample_scratch;
    const std::string& plain_text = text;
    std::vector<Id> drawn;
    for (const double alpha : {0.1, 0.5, 1.0}) {
      const auto sample =
          [&, search = std::make_shared<SampleSearch>(trie_, tokenizer_.vocab(), alpha, forms().back())] {
            drawn.clear();
            search->sample(plain_text, {1, 0, 0}, sample_scratch, drawn);
          };
      const auto check = [&] {
        if (tokenizer_.decode(drawn) != plain_text) throw Error(path + ": what is drawn is another text");
      };
      all.emplace_back(fmt::format("sample {}", alpha), sample, check);
    }
    all.emplace_back("encode", [&] {
      ids.clear();
      tokenizer_.encode(raw, {}, ids);
    });
    const std::size_t encode = all.size() - 1;
    all.emplace_back("encode lines", [&] {
      for (const std::string_view line : lines) {
        ids.clear();
        tokenizer_.encode(line, {}, ids);
      }
    });
    std::vector<std::size_t> ends;
    all.emplace_back("encode batch", [&] {
      ids.clear();
      ends.clear();
      tokenizer_.encode_batch(lines, {}, ids, ends);
    });
    const auto threads = static_cast<std::size_t>(options_.threads);
    if (threads > 1) {
      all.emplace_back(fmt::format("encode x{}", threads), [&] {
        std::vector<std::vector<Id>> each(threads);
        run_workers(threads, [&](std::size_t worker) { tokenizer_.encode(raw, {}, each[worker]); });
      });
    }
    std::string decoded;
    all.emplace_back(
        "decode", [&] { decoded = tokenizer_.decode(expected); },
        [&] {
          if (decoded != text) throw Error(path + ": decoding does not give the text back");
        });
#ifdef BYTEPIECE_SENTENCEPIECE
    std::unique_ptr<SentencePiece> peer;
    if (!options_.sentencepiece.empty()) {
      peer = std::make_unique<SentencePiece>(options_.sentencepiece);
      all.emplace_back("sentencepiece", [&] { peer->encode(lines); });
    }
#endif
    race(all);

    std::vector<Figures> rows;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const bool many = all[i].name().starts_with("encode x");
      const double share = all[i].min() / (many ? static_cast<double>(threads) : 1.0);
      const double base = many ? all[encode].min() : all[yardstick].min();
      const bool searches = i >= yardstick && all[i].name() != "decode";
      rows.push_back({base_name(path), all[i].name(), raw.size() * (many ? threads : 1), all[i].min(),
                      all[i].median(), all[i].processor(), searches ? base / share : 0});
    }
    return rows;
  }

 private:
  std::vector<Form> forms() const {
    std::vector<Form> chosen;
    for (const Form form : kForms) {
      const bool named = std::count(options_.forms.begin(), options_.forms.end(), form_name(form)) > 0;
      if (named && !is_supported(form)) {
        throw Error(fmt::format("this processor does not have the form {}", form_name(form)));
      }
      if (named || (options_.forms.empty() && is_supported(form))) chosen.push_back(form);
    }
    return chosen;
  }

  void race(std::vector<Contestant>& all) const {
    for (int round = 0; round < options_.rounds; ++round) {
      for (Contestant& each : all) {
        each.warm_up();
        each.run();
      }
    }
  }

  const Options& options_;
  Tokenizer tokenizer_;
  Scores scores_;
  Trie trie_;
  PieceIndex index_;
};

void run(const Options& options) {
#ifndef BYTEPIECE_SENTENCEPIECE
  if (!options.sentencepiece.empty())
    throw Error("--sentencepiece: this program was built without libsentencepiece-dev");
#endif
  Bench bench(options);
  std::vector<Figures> rows = bench.load();
  for (const std::string& path : options.inputs) {
    for (Figures& row : bench.file(path)) rows.push_back(std::move(row));
  }
  if (options.json) {
    print_json(rows);
  } else {
    print_table(rows);
  }
  if (!options.append.empty()) append_csv(options.append, {options.model, options.rounds}, rows);
}

}  // namespace
}  // namespace bytepiece::bench

int main(int argc, char** argv) {
  using namespace bytepiece;
  bench::Options options;
  CLI::App app("How fast the parts of encoding are, side by side in one process", "bytepiece_bench");
  app.formatter(std::make_shared<tools::HelpFormatter>());
  app.add_option("--model", options.model, "Model file")->required()->type_name("FILE");
  app.add_option("--input", options.inputs, "Text files, each a workload")->type_name("FILE...");
  app.add_option("--form", options.forms, "Only these forms of the search: plain, sse2, avx2, avx512")
      ->type_name("FORM...")
      ->check(CLI::IsMember({"plain", "sse2", "avx2", "avx512"}));
  app.add_option("-T,--threads", options.threads, "Documents and threads of the run with several")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  app.add_option("--rounds", options.rounds, "Rounds; all contestants take their turn in each")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  app.add_option("--sentencepiece", options.sentencepiece, "SentencePiece model to compare with")
      ->type_name("FILE");
  app.add_flag("--json", options.json, "Print a JSON object a line instead of a table");
  app.add_option("--append", options.append, "Append the figures to this file of comma-separated values")
      ->type_name("FILE");
  try {
    app.parse(argc, argv);
    bench::run(options);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::fprintf(stderr, "bytepiece_bench: %s; see 'bytepiece_bench --help'\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bytepiece_bench: %s\n", error.what());
    return 1;
  }
}
