// The command line as a person uses it: small scripts in a temporary folder, and what they leave behind.
#include <bytepiece/sampler.h>
#include <bytepiece/vocab.h>
#include <doctest/doctest.h>
#include <simdjson.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "golden_data.h"
#include "support.h"
#include "text/nfc.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("cli");

using Files = std::map<std::string, std::string>;

struct Outcome {
  int status = 0;
  std::string out, err;
};

std::string quoted(const std::filesystem::path& path) { return "'" + path.string() + "'"; }

// A folder in which scripts run, with the command on the PATH.
class Shell {
 public:
  Outcome run(const std::string& script, const std::string& input = "") const {
    write_bytes(outside_ / "in", input);
    const std::filesystem::path command = BYTEPIECE_COMMAND;
    const std::string line = "cd " + quoted(folder_.path()) + " && PATH=" + quoted(command.parent_path()) +
                             ":\"$PATH\" && { " + script + "\n} <" + quoted(outside_ / "in") + " >" +
                             quoted(outside_ / "out") + " 2>" + quoted(outside_ / "err");
    const int status = std::system(line.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, golden::read_bytes(outside_ / "out"),
            golden::read_bytes(outside_ / "err")};
  }

  // A script that must succeed, and what it prints.
  std::string good(const std::string& script, const std::string& input = "") const {
    const Outcome outcome = run(script, input);
    CAPTURE(script);
    CAPTURE(outcome.err);
    CHECK(outcome.status == 0);
    return outcome.out;
  }

  void write(const std::string& name, const std::string& content) const {
    write_bytes(folder_ / name, content);
  }
  std::string read(const std::string& name) const { return golden::read_bytes(folder_ / name); }
  Files files() const { return files_in(folder_.path()); }
  std::filesystem::path path(const std::string& name) const { return folder_ / name; }

 private:
  TemporaryFolder folder_, outside_;
};

std::string corpus() {
  std::string text;
  for (int i = 0; i < 60; ++i) {
    text += "hello world, the cat sat on the mat\nthe dog and the cat say hello\n\u4F60\u597D\u4E16\u754C " +
            std::to_string(i % 7) + "\n";
  }
  return text;
}

// In all orders, so that words become pieces.
std::string words() {
  static const Strings kWords = {"the ", "cat ", "hello ", "hell ", "he ", "at ", "o ", "\n"};
  Random random(1);
  return random_of(random, kWords, 3000);
}

// With corpus.txt and a model of it, toy.bp.
struct ShellWithModel : Shell {
  ShellWithModel() {
    write("corpus.txt", corpus());
    good("bytepiece train -q corpus.txt -o toy.bp --vocab-size 400");
  }
};

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::size_t longest_line(const std::string& text) {
  std::size_t longest = 0;
  for (std::size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1) {
    longest = std::max(longest, text.find('\n', begin) - begin);
  }
  return longest;
}

struct Bad {
  std::string script;
  int status;
  Strings messages;  // what standard error contains
};

// Runs scripts that must fail: with the status and the message of one line, and without touching a file.
void check_bad(const Shell& shell, const std::vector<Bad>& rows) {
  const Files before = shell.files();
  for (const Bad& row : rows) {
    CAPTURE(row.script);
    const Outcome outcome = shell.run(row.script);
    CAPTURE(outcome.err);
    CHECK(outcome.status == row.status);
    CHECK(lines_in(outcome.err) == 1);
    CHECK(outcome.err.starts_with("bytepiece: "));
    for (const std::string& message : row.messages) {
      CAPTURE(message);
      CHECK(contains(outcome.err, message));
    }
    const bool nothing_changed = shell.files() == before;
    CHECK(nothing_changed);
  }
}

TEST_CASE("cli: train, encode, decode, inspect") {
  Shell shell;
  shell.write("corpus.txt", corpus());
  const Outcome trained = shell.run("bytepiece train corpus.txt -o toy.bp --vocab-size 400");
  CHECK(trained.status == 0);
  CHECK(trained.out.empty());
  CHECK(contains(trained.err, "toy.bp: "));
  CHECK(Vocab::load(shell.path("toy.bp")).size() <= 400);

  const std::string ids = shell.good("echo 'hello world' | bytepiece encode toy.bp");
  CHECK(lines_in(ids) == 1);
  CHECK(shell.good("bytepiece decode toy.bp", ids) == "hello world\n");
  CHECK(shell.good("bytepiece encode toy.bp --bos --eos", "hello\n").starts_with("1 "));
  CHECK(shell.good("bytepiece encode toy.bp --bos --eos", "hello\n").ends_with(" 2\n"));
  CHECK(shell.good("bytepiece encode toy.bp --bos --eos", "\n") == "1 2\n");
  CHECK(shell.good("bytepiece encode toy.bp --output-format pieces", "a\\z\n") == "a \\\\ z\n");

  shell.good(
      "bytepiece encode toy.bp corpus.txt -o corpus.ids && bytepiece decode toy.bp corpus.ids -o back.txt");
  CHECK(shell.read("back.txt") == shell.read("corpus.txt"));

  CHECK(contains(shell.good("bytepiece inspect toy.bp"), "3 reserved, 256 bytes"));
  CHECK(contains(shell.good("bytepiece inspect --json toy.bp"), "\"ids\": "));
  CHECK(contains(shell.good("bytepiece inspect toy.bp"), "train.vocab_sizes           400"));
  CHECK(contains(shell.good("bytepiece inspect --json toy.bp"), "\"train.order\": \"6\""));
  shell.good("bytepiece train -q corpus.txt -o dated.bp --vocab-size 400 --date");
  Metadata dated = Vocab::load(shell.path("dated.bp")).metadata();
  CHECK(dated.at("date").size() == 10);
  dated.erase("date");
  CHECK(dated == Vocab::load(shell.path("toy.bp")).metadata());
  const std::string pieces = shell.good("bytepiece inspect --pieces toy.bp");
  CHECK(lines_in(pieces) + 3 == Vocab::load(shell.path("toy.bp")).size());
  CHECK(contains(pieces, "\n13\t"));
  CHECK(contains(pieces, "\t\\n\n"));
  CHECK(lines_in(shell.good("bytepiece inspect --pieces --json toy.bp")) == lines_in(pieces));
}

TEST_CASE("cli: help and version") {
  const Shell shell;
  CHECK(shell.good("bytepiece --version").starts_with("bytepiece "));
  for (const std::string command : {"", "train", "encode", "decode", "eval", "inspect", "convert",
                                    "count-ngrams", "merge", "count-pieces", "finish", "lattice"}) {
    CAPTURE(command);
    const Outcome outcome = shell.run("bytepiece " + command + " --help");
    CHECK(outcome.status == 0);
    CHECK(outcome.err.empty());
    CHECK(contains(outcome.out, "--help"));
    CHECK(contains(outcome.out, command));
    CHECK(shell.run("bytepiece " + command + " --help | grep -E '.{81}'").out == "");
  }
  CHECK(contains(shell.good("bytepiece finish --help"), "File to write (required)"));
  CHECK(contains(shell.good("bytepiece count-pieces --help"), "of the whole text (required)"));
  for (const std::string command : {"train", "count-ngrams", "merge", "count-pieces", "finish"}) {
    CAPTURE(command);
    const std::string help = shell.good("bytepiece " + command + " --help");
    CHECK(longest_line(help) <= 80);
    const std::string all = shell.good("bytepiece --help");
    const std::size_t line = all.find("\n  " + command + " ") + 1;
    CHECK(all.find('\n', line) - line <= 80);
  }
}

TEST_CASE("cli: the benchmarks say what is missing") {
  const Shell shell;
  const std::string script = quoted(BYTEPIECE_SOURCE_DIR "/tools/bench/compression.sh");
  const Outcome usage = shell.run(script);
  CHECK(usage.status == 2);
  CHECK(usage.err.starts_with("compression.sh CORPUS OUT SIZES TEXT..."));
  CHECK_FALSE(contains(usage.err, "set -euo"));
  for (const std::string program : {"bytepiece_bench", "bytepiece_corpus_bench"}) {
    if (shell.run(program + " --help").status != 0) continue;  // not built with sanitizers
    const Outcome outcome = shell.run(program);
    CHECK(outcome.status == 2);
    CHECK(outcome.err.starts_with(program + ": "));
    CHECK(lines_in(outcome.err) == 1);
  }
}

struct Content {
  std::string name, bytes;
};

TEST_CASE("cli: every file comes back byte for byte") {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  const Content rows[] = {
      {"text", corpus()},
      {"no final line feed", "hello\nworld"},
      {"empty", ""},
      {"one line feed", "\n"},
      {"only line feeds", "\n\n\n\n"},
      {"CR LF", "hello\r\nworld\r\n\r\n"},
      {"CR", "hello\rworld\r"},
      {"invalid UTF-8", "\xFF\xFE\n\xE4\xBD\n\x80hello\xC3"},
      {"NUL", bytes("a\0b\n\0\n\0\0")},
      {"every byte", every_byte + every_byte},
      {"byte order mark", "\xEF\xBB\xBFhello\n"},
      {"blanks", "  hello  \n\t\n \n"},
      {"one long line", std::string(700000, 'x') + "hello"},
  };
  const ShellWithModel shell;
  for (const Content& row : rows) {
    CAPTURE(row.name);
    shell.write("in", row.bytes);
    for (const std::string threads : {"1", "3"}) {
      const std::string back = shell.good("bytepiece encode -T " + threads +
                                          " toy.bp in | bytepiece decode -T " + threads + " toy.bp");
      const bool same = back == row.bytes;
      CHECK(same);
    }
    shell.good(
        "bytepiece encode --input-format text toy.bp in -o ids && "
        "bytepiece decode --output-format text toy.bp ids -o back");
    const bool same_text = shell.read("back") == row.bytes;
    CHECK(same_text);
  }
}

TEST_CASE("cli: standard input and output") {
  const ShellWithModel shell;
  const std::string ids = shell.good("bytepiece encode toy.bp corpus.txt");
  CHECK(lines_in(ids) == lines_in(corpus()));
  CHECK(shell.good("bytepiece encode toy.bp", corpus()) == ids);
  CHECK(shell.good("bytepiece encode toy.bp -", corpus()) == ids);
  CHECK(shell.good("bytepiece encode toy.bp - -o -", corpus()) == ids);
  CHECK(shell.good("bytepiece encode toy.bp <corpus.txt") == ids);
  CHECK(shell.good("bytepiece encode toy.bp corpus.txt - corpus.txt", "hello\n") ==
        ids + shell.good("bytepiece encode toy.bp", "hello\n") + ids);
  CHECK(shell.good("bytepiece decode toy.bp -", ids) == corpus());
  const std::string model = shell.read("toy.bp");
  CHECK(shell.good("bytepiece train -q --vocab-size 400 - -o -", corpus()) == model);
  CHECK(shell.good("cat corpus.txt | bytepiece train -q --vocab-size 400 - -o -") == model);
  CHECK(shell.good("bytepiece train -q --vocab-size 400 corpus.txt -o - | cat") == model);
  CHECK(shell.files().size() == 2);
}

TEST_CASE("cli: a pipe with a name is trained on as the file is, or refused") {
  const ShellWithModel shell;
  for (const std::string input : {"/dev/stdin", "/proc/self/fd/0"}) {
    const Outcome outcome =
        shell.run("cat corpus.txt | bytepiece train -q --vocab-size 400 " + input + " -o out.bp");
    CAPTURE(input);
    CAPTURE(outcome.err);
    if (outcome.status == 0) {
      const bool same = shell.read("out.bp") == shell.read("toy.bp");
      CHECK(same);
    } else {
      CHECK(outcome.status == 1);
      CHECK(contains(outcome.err, input));
    }
  }
}

TEST_CASE("cli: several sizes make several files") {
  const ShellWithModel shell;
  shell.good("bytepiece train -q corpus.txt -o many.bp --vocab-size 300,270");
  shell.good("bytepiece train -q corpus.txt -o plain --vocab-size 300,270");
  shell.good("mkdir d.e && bytepiece train -q corpus.txt -o d.e/x.y.json --vocab-size 270,300");
  CHECK(shell.read("many.300.bp") == shell.read("plain.300"));
  CHECK(shell.read("many.270.bp") == shell.read("plain.270"));
  for (const std::string size : {"300", "270"}) {
    const Vocab json = Vocab::load(shell.path("d.e/x.y." + size + ".json"));
    CHECK(shell.read("d.e/x.y." + size + ".json").starts_with("{"));
    CHECK(counts_of(json) == counts_of(Vocab::load(shell.path("plain." + size))));
  }
  CHECK(Vocab::load(shell.path("many.270.bp")).size() <= 270);
  CHECK_FALSE(std::filesystem::exists(shell.path("many.bp")));
  const std::string summary = shell.good("bytepiece train --json corpus.txt -o many.bp --vocab-size 300,270");
  CHECK(contains(summary, "\"path\": \"many.300.bp\""));
}

TEST_CASE("cli: the number of threads changes nothing") {
  const ShellWithModel shell;
  std::string large;
  while (large.size() < 1500000) large += corpus();
  shell.write("large.txt", large);
  const std::string model = shell.good("bytepiece train -q -T 1 large.txt -o -");
  const std::string ids = shell.good("bytepiece encode -T 1 toy.bp large.txt");
  for (const std::string threads : {"2", "3", "0"}) {
    CAPTURE(threads);
    const bool same_model =
        shell.good("bytepiece train -q --threads " + threads + " large.txt -o -") == model;
    const bool same_ids = shell.good("bytepiece encode --threads " + threads + " toy.bp large.txt") == ids;
    const bool same_text = shell.good("bytepiece decode --threads " + threads + " toy.bp", ids) == large;
    CHECK(same_model);
    CHECK(same_ids);
    CHECK(same_text);
  }
}

TEST_CASE("cli: samples depend on the seed and the document, not on threads, cuts and batches") {
  const ShellWithModel shell;
  std::string large = std::string(600000, 'a') + "b";  // one line, in parts; then documents of lines
  while (large.size() < 1500000) large += corpus();
  shell.write("large.txt", large);
  const std::string longest = std::string(5 << 20, 'a') + "\nthe cat\n\n" + corpus();  // a stretch, and more
  shell.write("longest.txt", longest);
  const std::string draw = "bytepiece encode toy.bp --alpha 0.3 --seed 7 ";
  const std::string one = shell.good(draw + "large.txt -T 1");
  const std::string text = shell.good(draw + "--input-format text large.txt longest.txt -T 1");
  for (const std::string threads : {"2", "8"}) {
    CAPTURE(threads);
    const bool same_lines = shell.good(draw + "large.txt -T " + threads) == one;
    const bool same_text =
        shell.good(draw + "--input-format text large.txt longest.txt -T " + threads) == text;
    CHECK(same_lines);
    CHECK(same_text);
  }
  const bool same_document = [&] {  // as the library draws the whole text
    const Sampler sampler(Tokenizer::load(shell.path("toy.bp")), 0.3);
    const auto spelled = [](const std::vector<Id>& ids) {
      std::string line;
      for (const Id id : ids) line += (line.empty() ? "" : " ") + std::to_string(id);
      return line + "\n";
    };
    return text == spelled(sampler.sample(large, {7, 0, 0})) + spelled(sampler.sample(longest, {7, 1, 0}));
  }();
  CHECK(same_document);
  const bool same_back = shell.good("bytepiece decode toy.bp", one) == large;
  CHECK(same_back);
}

TEST_CASE("cli: samples, n best and without replacement: lines, scores, epochs, seeds") {
  const Shell shell;
  shell.write("words.txt", words());
  shell.good("bytepiece train -q --input-format lines words.txt -o toy.bp --vocab-size 400");
  shell.write("two", "the cat \nhell o at he \n");
  const std::string encode = "bytepiece encode toy.bp two ";
  const std::string three = shell.good(encode + "--alpha 0.2 --seed 1 --samples 3");
  CHECK(lines_in(three) == 6);
  const std::string cat = "the cat \n", hell = "hell o at he \n";
  CHECK(shell.good("bytepiece decode toy.bp", three) == cat + cat + cat + hell + hell + hell);
  const std::string epochs = shell.good(encode + "--alpha 0.2 --seed 1 --epochs 3");
  CHECK(shell.good("bytepiece decode toy.bp", epochs) == cat + hell + cat + hell + cat + hell);
  CHECK(shell.good(encode + "--alpha 0.2 --seed 1") ==
        epochs.substr(0, epochs.find('\n', epochs.find('\n') + 1) + 1));
  CHECK(shell.good("cat two | bytepiece encode toy.bp --alpha 0.2 --seed 1 --epochs 3") == epochs);
  CHECK(shell.good(encode + "--n-best 1") == shell.good(encode));
  CHECK(lines_in(shell.good(encode + "--n-best 4")) == 8);
  CHECK(lines_in(shell.good(encode + "--without-replacement 4 --seed 2")) == 8);
  CHECK(shell.good(encode + "--n-best 2 --bos --eos").starts_with("1 "));
  CHECK(lines_in(shell.good(encode +
                            "--n-best 3 --output-format u16 -o x -q && od -An -v -t u8 -w8 x.docs")) == 7);
  CHECK(shell.good(encode + "--alpha 0 --seed 1 --count-only").size() > 1);

  const Outcome chosen = shell.run(encode + "--alpha 0.2");
  REQUIRE(chosen.err.starts_with("seed "));
  CHECK(shell.good(encode + "--alpha 0.2 --seed " + chosen.err.substr(5, chosen.err.find('\n') - 5)) ==
        chosen.out);

  simdjson::dom::parser parser;
  std::size_t lines = 0;
  double sum = 0;
  const simdjson::padded_string all(shell.good(encode + "--n-best 1000000 --json --offsets"));
  for (const simdjson::dom::element line : parser.parse_many(all)) {
    const double log_prob = line["log_prob"], log_posterior = line["log_posterior"], log_z = line["log_z"];
    CHECK(std::abs(log_prob - log_z - log_posterior) < 1e-9);
    CHECK(line["offsets"].get_array().size() == line["ids"].get_array().size());
    if (std::uint64_t{line["document"]} == 0) sum += std::exp(log_posterior);
    ++lines;
  }
  CHECK(lines > 4);
  CHECK(std::abs(sum - 1) < 1e-9);
  CHECK(contains(shell.good(encode + "--json"), "\"document\": 1"));
}

TEST_CASE("cli: shards of several epochs, and going on with them") {
  const ShellWithModel shell;
  const std::string draw =
      "bytepiece encode -q ../toy.bp ../corpus.txt --alpha 0.5 --seed 3 --epochs 2 --shard-size 1k -o a.out";
  shell.good("mkdir whole killed && cd whole && " + draw);
  const Files whole = files_in(shell.path("whole"));
  CHECK(whole.size() > 4);
  CHECK(shell
            .run("cd killed && " + draw.substr(0, draw.find(" --seed")) +
                 " --epochs 2 --shard-size 1k -o a.out --resume")
            .status == 2);
  // As if it had been stopped early in the first epoch, and in the second.
  for (const std::string kept : {"1", "a.0000[0-4].out"}) {
    shell.good("rm -f killed/* && cd whole && set -- " + (kept == "1" ? std::string("a.00000.out") : kept) +
               " && cp $* ../killed && cat $* >../all && sed 's/\"shards\".*/\"shards\": '$#',"
               " \"documents\": '$(wc -l <../all)', \"ids\": '$(wc -w <../all)', \"bytes\": 1, \"complete\": "
               "false}/' "
               "a.shards.json >../killed/a.shards.json && cd ../killed && " +
               draw + " --resume && rm -f a.shards.json && cd .. && diff -r -x '*.json' whole killed");
  }
}

TEST_CASE("cli: the lattice of a text, as a table of 80 columns, a graph and JSON") {
  const ShellWithModel shell;
  const std::string long_piece =
      shell.good("bytepiece lattice toy.bp 'hello world, the cat sat on the mat\n'");
  for (const std::string& table :
       {shell.good("bytepiece lattice toy.bp 'the cat \u4F60\u597D'"), long_piece}) {
    std::size_t begin = 0;
    for (std::size_t end; (end = table.find('\n', begin)) != std::string::npos; begin = end + 1) {
      const std::string line = table.substr(begin, end - begin);
      CAPTURE(line);
      CHECK(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }) <= 80);
    }
    CHECK(contains(table, "log Z"));
  }
  CHECK(contains(long_piece, "sat\u2581...\n"));
  CHECK(shell.good("bytepiece lattice toy.bp 'the cat' --dot").starts_with("digraph lattice {"));
  simdjson::dom::parser parser;
  const simdjson::padded_string json(shell.good("bytepiece lattice toy.bp 'the cat' --json --alpha 0"));
  CHECK(parser.parse(json)["arcs"].get_array().size() >= 7);
  check_bad(shell, {{"bytepiece lattice toy.bp", 2, {"TEXT is required"}},
                    {"bytepiece lattice toy.bp a --dot --json", 2, {"--json"}},
                    {"bytepiece lattice toy.bp a --alpha -1", 2, {"--alpha: -1 is not"}}});
}

TEST_CASE("cli: compressed input, by content") {
  const ShellWithModel shell;
  const std::string model = shell.read("toy.bp"), ids = shell.good("bytepiece encode toy.bp corpus.txt");
  for (const std::string filter : {"gzip", "zstd", "xz", "bzip2"}) {
    CAPTURE(filter);
    shell.write("packed", compressed(corpus(), filter));
    CHECK(shell.good("bytepiece encode toy.bp packed") == ids);
    CHECK(shell.good("bytepiece encode toy.bp <packed") == ids);
    CHECK(shell.good("bytepiece train -q --vocab-size 400 packed -o -") == model);
    CHECK(shell.good("bytepiece train -q --vocab-size 400 - -o - <packed") == model);
    shell.write("packed.ids", compressed(ids, filter));
    CHECK(shell.good("bytepiece decode toy.bp packed.ids") == corpus());
  }
}

TEST_CASE("cli: JSON lines") {
  const ShellWithModel shell;
  const std::string json =
      "{\"text\": \"hello\", \"body\": \"the cat\"}\n{\"body\": \"a\\nb\", \"text\": \"dog\"}\n";
  shell.write("a.jsonl", json);
  shell.write("a.ndjson.gz", compressed(json, "gzip"));
  shell.write("plain", json);
  const std::string ids = shell.good("bytepiece encode toy.bp a.jsonl");
  CHECK(shell.good("bytepiece decode toy.bp", ids) == "hello\ndog\n");
  CHECK(shell.good("bytepiece encode toy.bp a.ndjson.gz") == ids);
  CHECK(shell.good("bytepiece encode toy.bp plain --input-format jsonl") == ids);
  CHECK(shell.good("bytepiece encode toy.bp --input-format jsonl <plain") == ids);
  CHECK(shell.good("bytepiece encode toy.bp a.jsonl --field body | bytepiece decode toy.bp") ==
        "the cat\na\nb\n");
  CHECK(shell.good("bytepiece encode toy.bp a.jsonl --input-format lines | bytepiece decode toy.bp") == json);
  shell.write("text.txt", "hello");
  shell.write("one.jsonl", "{\"body\": \"hello\"}\n");
  CHECK(shell.good("bytepiece train -q one.jsonl --field body -o -") ==
        shell.good("bytepiece train -q text.txt -o -"));
}

TEST_CASE("cli: folders and patterns are their files, sorted, hidden ones left out") {
  const ShellWithModel shell;
  shell.good(
      "mkdir -p d/b d/.git && printf 'z\\n' >d/z && printf 'x\\n' >d/b/x && printf 'no\\n' | tee d/.a "
      ">d/.git/y");
  shell.good("ln -s z d/link && ln -s .. d/b/up && cp corpus.txt d.1 && gzip -k d/z");
  const auto encoded = [&](const std::string& input) {
    return shell.good("bytepiece encode toy.bp " + input + " | bytepiece decode toy.bp");
  };
  CHECK(encoded("d") == "x\nz\nz\nz\n");
  CHECK(encoded("d/ d/z") == "x\nz\nz\nz\nz\n");
  CHECK(encoded("'d/?'") == "x\nz\n");
  CHECK(encoded("'d/z*' 'd/[b]'") == "z\nz\nx\n");
  shell.good("printf 'q\\n' >'d/q*'");
  CHECK(encoded("'d/q*'") == "q\n");
  CHECK(shell.good("bytepiece train -q --vocab-size 400 'd.?' -o -") == shell.read("toy.bp"));
  check_bad(shell, {{"bytepiece train 'none*' -o x.bp", 1, {"none*: no such file, and none matches"}},
                    {"bytepiece train d/.git/.. none -o x.bp", 1, {"none: no such file"}}});
  shell.good("ln -s nothing d/broken");
  check_bad(shell, {{"bytepiece train d -o x.bp", 1, {"d/broken: no such file"}}});
}

TEST_CASE("cli: thousands of files") {
  const ShellWithModel shell;
  std::filesystem::create_directory(shell.path("many"));
  std::string all;
  for (int i = 0; i < 3000; ++i) {
    const std::string text = "the cat " + std::to_string(i) + "\n";
    shell.write("many/" + std::to_string(i), text);
    all += text;
  }
  shell.write("all.txt", all);
  shell.good("bytepiece train -q many -o many.bp && bytepiece train -q all.txt -o all.bp");
  CHECK(shell.read("many.bp") == shell.read("all.bp"));
}

TEST_CASE("cli: training in steps makes the model of one run") {
  const ShellWithModel shell;
  shell.good("mkdir text && split -n 3 corpus.txt text/ && gzip text/ab");
  shell.good(
      "bytepiece train -q text -o one.bp --vocab-size 400 --order 4 --min-count 3 --no-ensure-unicode "
      "--repair-dead-zones --keep-characters --special '<a>' --special '<b>'");
  shell.good(
      "for i in 4 2 1 3 2; do bytepiece count-ngrams -q text --shard $i/4 --order 4 -o ngrams.$i; done &&"
      "bytepiece merge -q --partial ngrams.4 ngrams.1 -o some && bytepiece merge some ngrams.2 ngrams.3 -o "
      "ngrams &&"
      "for i in 1 2 3; do bytepiece count-pieces -q text --shard $i/3 --ngrams ngrams --min-count 3 "
      "--no-ensure-unicode --repair-dead-zones -o pieces.$i; done && "
      "bytepiece finish pieces.3 pieces.1 pieces.2 -o steps.bp "
      "--vocab-size 400 --keep-characters --special '<a>' --special '<b>'");
  CHECK(shell.read("steps.bp") == shell.read("one.bp"));
  CHECK(contains(shell.good("bytepiece merge --json pieces.[123] -o pieces"), "\"shards\": \"1-3/3\""));
  const std::string said = shell.run("bytepiece merge pieces.[123] -o pieces").err;
  CHECK(said.starts_with("stage "));
  CHECK(contains(said, "\nmerge "));
  CHECK(contains(said, "\npieces: pieces, "));
  CHECK(contains(said, " entries, "));
  CHECK_FALSE(contains(said, " \n"));
  shell.good(
      "bytepiece count-pieces -q text --shard 2/3 --ngrams ngrams --no-ensure-unicode "
      "--repair-dead-zones -o other.2");
  CHECK(contains(shell.good("bytepiece finish --json pieces -o steps.bp --vocab-size 400"),
                 "\"path\": \"steps.bp\""));
  shell.good("cp -p -r text other && echo more >>other/aa");
  check_bad(
      shell,
      {{"bytepiece merge ngrams.1 ngrams.2 -o x", 1, {"shard 3-4 of 4 is missing"}},
       {"bytepiece merge ngrams.1 some ngrams.2 ngrams.3 -o x", 1, {"shard 1/4 is in ngrams.1 too"}},
       {"bytepiece merge ngrams pieces -o x", 1, {"pieces: its kind is pieces, but ngrams in ngrams; name"}},
       {"bytepiece merge pieces.1 other.2 -o x", 1, {"other.2: min_count is 2, but 3 in pieces.1"}},
       {"bytepiece count-pieces text --ngrams ngrams -o x --min-count 1 --memory 1M", 2, {"--memory: "}},
       {"bytepiece finish ngrams -o x", 1, {"ngrams: its kind is ngrams, not pieces"}},
       {"bytepiece count-pieces text --ngrams pieces -o x", 1, {"its kind is pieces, not ngrams"}},
       {"bytepiece count-pieces other --ngrams ngrams -o x", 1, {"ngrams: its corpus is"}},
       {"bytepiece count-ngrams - -o x <corpus.txt", 1, {"standard input: steps read text from files only"}},
       {"bytepiece count-ngrams text --shard 5/4 -o x", 2, {"5/4"}},
       {"bytepiece count-ngrams text --shard 0/4 -o x", 2, {"--shard"}},
       {"bytepiece count-ngrams text --shard 4 -o x", 2, {"bytepiece: --shard: 4 is not as 3/8"}},
       {"bytepiece merge -o x", 2, {"COUNTS is required"}},
       {"bytepiece finish corpus.txt -o x", 1, {"corpus.txt: not a count file"}},
       {"bytepiece finish pieces -o none/x", 1, {"none/x: cannot be written"}},
       {"bytepiece count-ngrams text -o none/x", 1, {"none/x: cannot be written"}}});
}

TEST_CASE("cli: a killed run continues with --work-dir and ends with the same bytes") {
  const ShellWithModel shell;
  std::string large;
  while (large.size() < 4000000) large += corpus() + std::to_string(large.size()) + "\n";
  shell.write("large.txt", large);
  const std::string train =
      "bytepiece train -q large.txt --vocab-size 400 -T 2 --memory 64M --work-dir run -o ";
  shell.good("bytepiece train -q large.txt --vocab-size 400 -o whole.bp");
  for (int i = 0; i < 6; ++i) {  // later each time
    shell.run("timeout -s KILL 0." + std::to_string(1 + 2 * i) + " " + train + "killed.bp");
    const bool unwritten = !std::filesystem::exists(shell.path("killed.bp")) ||
                           shell.read("killed.bp") == shell.read("whole.bp");
    CHECK(unwritten);
  }
  shell.good(train + "killed.bp");
  CHECK(shell.read("killed.bp") == shell.read("whole.bp"));
  shell.good("cat large.txt | bytepiece train -q - --vocab-size 400 --work-dir pipe -o pipe.bp");
  shell.good("cat large.txt | bytepiece train -q - --vocab-size 400 --work-dir pipe -o pipe.bp");
  CHECK(shell.read("pipe.bp") == shell.read("whole.bp"));
  check_bad(shell,
            {{train + "x.bp --order 5", 1, {"--work-dir: run was begun with another order (6, now 5)"}},
             {"bytepiece train corpus.txt -o x.bp --work-dir pipe", 1, {"another corpus"}},
             {"bytepiece train corpus.txt -o x.bp --work-dir large.txt/x",
              1,
              {"--work-dir: large.txt/x: cannot be made"}}});
}

TEST_CASE("cli: Ctrl-C and SIGTERM stop at once, and leave what was there") {
  const ShellWithModel shell;
  std::string large;
  while (large.size() < 12000000) large += corpus() + std::to_string(large.size()) + "\n";
  shell.write("large.txt", large);
  shell.write("old.bp", "old");
  const Files before = shell.files();
  // A script ignores SIGINT for what runs in the background, so env sets it right.
  const std::string begin = "env --default-signal=INT bytepiece train -T 1 -o old.bp ";
  for (const auto& [signal, status] : {std::pair{"TERM", 143}, {"INT", 130}}) {
    const std::string end = " kill -" + std::string(signal) + " $train; wait $train";
    const Outcome busy = shell.run(
        begin + "large.txt --work-dir run & train=$!; until [ -e run/manifest ]; do sleep 0.1; done;" + end);
    CAPTURE(busy.err);
    CHECK(busy.status == status);
    CHECK(contains(busy.err, "bytepiece: stopped"));
    const Outcome waiting =
        shell.run("mkfifo fifo; sleep 4 >fifo & " + begin + "- <fifo & train=$!; sleep 0.3;" + end);
    CHECK(waiting.status == status);
    shell.good("rm -r fifo run");
  }
  const bool nothing_changed = shell.files() == before;
  CHECK(nothing_changed);
}

TEST_CASE("cli: a full disk and a folder that cannot be written are errors before and while counting") {
  const ShellWithModel shell;
  Random random(1);
  shell.write("random.txt", random_bytes(random, 3000000));
  shell.good("mkdir tmp");
  const std::string train = "bytepiece train -q random.txt -T 1 --vocab-size 300 -o x.bp ";
  check_bad(
      shell,
      {{"(ulimit -f 2000; trap '' XFSZ; " + train + "--memory 40M --tmp-dir tmp)",
        1,
        {"tmp: a temporary file: cannot be written: File too large", "these counts need up to", "MB"}},
       {"(ulimit -f 2000; trap '' XFSZ; " + train + "--work-dir tmp)",
        1,
        {"tmp/ngrams.1: cannot be written: File too large", "these counts need up to", "MB"}},
       {train + "--memory 40M --tmp-dir none", 1, {"none: a temporary file: cannot be made"}},
       {train + "--memory 40M --tmp-dir random.txt", 1, {"random.txt: a temporary file: cannot be made"}}});
}

TEST_CASE("cli: an output file may be a link, or what is no file, but not the input") {
  const ShellWithModel shell;
  shell.write("a", corpus());
  shell.good("ln -s a link && bytepiece encode toy.bp corpus.txt -o link && test -h link");
  CHECK(shell.read("a") == shell.good("bytepiece encode toy.bp corpus.txt"));
  shell.good("bytepiece encode toy.bp corpus.txt -o /dev/null && test -c /dev/null");
  CHECK(shell.good("bytepiece encode toy.bp corpus.txt -o /dev/stdout | cat") == shell.read("a"));
  shell.good(
      ": >./- && bytepiece encode toy.bp - -o - <corpus.txt >/dev/null && rm ./-");  // a file of that name
  shell.good("ln corpus.txt hard && ln -s toy.bp model");
  check_bad(shell,
            {{"bytepiece encode toy.bp corpus.txt -o corpus.txt", 1, {"is read, too", "another output"}},
             {"bytepiece encode toy.bp corpus.txt -o hard", 1, {"is read, too"}},
             {"bytepiece encode toy.bp corpus.txt -o model", 1, {"is read, too"}},
             {"bytepiece decode toy.bp a -o link", 1, {"is read, too"}},
             {"bytepiece decode toy.bp a -o toy.bp", 1, {"is read, too"}},
             {"bytepiece train corpus.txt -o corpus.txt", 1, {"is read, too"}},
             {"bytepiece train corpus.txt -o corpus.json --special x", 1, {"no special tokens"}},
             {"bytepiece count-ngrams corpus.txt -o hard", 1, {"is read, too"}},
             {"bytepiece count-ngrams corpus.txt -o -", 1, {"-: counts are written to files only"}},
             {"bytepiece count-ngrams corpus.txt -o /dev/null", 1, {"files only"}},
             {"bytepiece count-ngrams corpus.txt -o none/x", 1, {"none/x: cannot be written"}}});
}

TEST_CASE("cli: memory does not grow with the number of documents, be they empty") {
#ifndef __SANITIZE_ADDRESS__
  const ShellWithModel shell;
  const std::string few = "ulimit -v 150000; yes '' | head -n 3000000 | bytepiece ";  // kB
  CHECK(shell.good(few + "encode -T 1 toy.bp --count-only") == "0\n");
  CHECK(shell.good(few + "decode -T 1 toy.bp | wc -l") == "3000000\n");
#endif
}

// ---- Corpora ----

const std::string kFormats[] = {"ids", "pieces", "jsonl", "u16", "u32", "npy", "megatron"};

std::string nfc(std::string_view text) {
  std::string buffer;
  return std::string(normalize(text, buffer));
}

// Small texts of all kinds and, where it is at hand, the folder of adversarial corpora.
Strings hard_texts() {
  Strings texts = adversarial_texts();
  Random random(1);
  for (std::size_t i = 0; i < rounds(60); ++i) texts.push_back(random_text(random, random.below(3000)));
  texts.push_back("<bos> <eos> <pad> \\x3c \u2581 ");
  const char* folder = std::getenv("BYTEPIECE_CONFORMANCE_DIR");
  if (folder != nullptr && *folder != '\0' && test_scale() > 0) {
    for (const auto& [name, content] : files_in(std::filesystem::path(folder) / "corpora" / "adversarial"))
      texts.push_back(content);
  }
  return texts;
}

// Documents that go through the batches in every way: many short ones, one of many lines, one long line.
std::string large_jsonl(Random& random) {
  static const Strings items = {"hello ", "the cat ", "dog", "\u4F60\u597D", "e\u0301", "\xEF\xBC\x8C", "7 "};
  const auto document = [&](std::size_t lines, std::size_t words) {
    std::string text;
    for (std::size_t i = 0; i < lines; ++i)
      text += random_of(random, items, words) + (i + 1 < lines ? "\\n" : "");
    return "{\"text\": \"" + text + "\"}\n";
  };
  std::string corpus;
  for (int i = 0; i < 3000; ++i) corpus += document(random.below(3), random.below(30));
  corpus += document(20000, 12);
  corpus += document(1, 900000);
  for (int i = 0; i < 3000; ++i) corpus += document(1, random.below(30));
  return corpus;
}

TEST_CASE("cli: hard texts go through every format and back without loss") {
  const ShellWithModel shell;
  std::string names, all, lines;
  for (const std::string& text : hard_texts()) {
    const std::string name = "text" + std::to_string(names.size());
    shell.write(name, text);
    names += ' ' + name;
    all += nfc(text);
    lines += nfc(text) + "\n";
  }
  for (const std::string& format : kFormats) {
    CAPTURE(format);
    shell.good("bytepiece encode -q toy.bp --input-format text --output-format " + format + names +
               " -o out." + format);
    const std::string decode = "bytepiece decode toy.bp --input-format " + format + " out." + format;
    const bool same = shell.good(decode + " --output-format text") == all;
    CHECK(same);
    if (format == "ids" || format == "npy") {
      const bool same_lines = shell.good(decode) == lines;
      CHECK(same_lines);
    }
    if (format == "u16") {
      shell.good("mkdir -p alone && cp out." + format +
                 " alone/a && bytepiece encode -q toy.bp --input-format text "
                 "--output-format " +
                 format + names + " >alone/b && cmp alone/a alone/b");
      const bool same_pipe = shell.good("bytepiece decode toy.bp --output-format text --input-format " +
                                        format + " <alone/a") == all;
      CHECK(same_pipe);
    }
  }
}

struct Span {
  std::uint64_t begin, end;
};

TEST_CASE("cli: offsets cover the original text, every byte once and in order") {
  const ShellWithModel shell;
  const Vocab vocab = Vocab::load(shell.path("toy.bp"));
  Strings texts = hard_texts();
  texts.push_back("e" + std::string(5000000, 'x') + "e\u0301 \u1100\u1161\u11A8" + std::string(300000, 'y') +
                  "\ne\u0301");
  std::string names;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    shell.write("text" + std::to_string(i), texts[i]);
    names += " text" + std::to_string(i);
  }
  const std::string lines = shell.good(
      "bytepiece encode --bos --eos toy.bp --input-format text "
      "--output-format jsonl --offsets" +
      names);
  simdjson::dom::parser parser;
  std::size_t number = 0, changed = 0;
  for (const simdjson::dom::element line : parser.parse_many(lines, lines.size())) {
    REQUIRE(number < texts.size());
    const std::string& text = texts[number++];
    std::vector<Id> ids;
    std::vector<Span> spans;
    for (const std::uint64_t id : line["ids"]) ids.push_back(static_cast<Id>(id));
    for (const simdjson::dom::array span : line["offsets"]) spans.push_back({span.at(0), span.at(1)});
    REQUIRE(ids.size() == spans.size());
    std::uint64_t at = 0;
    bool right = true;
    std::string group, original;  // pieces and their text, since both were last at the same place
    for (std::size_t i = 0; i < ids.size(); ++i) {
      right = right && spans[i].begin == at && spans[i].end >= at && spans[i].end <= text.size();
      if (!right) break;
      const std::string_view span = std::string_view(text).substr(at, spans[i].end - at);
      at = spans[i].end;
      if (group.empty() && original.empty() && ids[i] >= kFirstPiece && vocab.bytes(ids[i]) == span) continue;
      original += span;
      if (ids[i] >= kFirstPiece) group += vocab.bytes(ids[i]);
      if (group == original) {
        group.clear();
        original.clear();
      } else if (group == nfc(original)) {
        ++changed;
        group.clear();
        original.clear();
      }
      right = right && group.size() < 1000000;
    }
    CHECK(right);
    CHECK(at == text.size());
    CHECK(group.empty());
  }
  CHECK(number == texts.size());
  CHECK(changed > 0);
}

TEST_CASE("cli: token files do not depend on the number of threads, nor on batches") {
  const ShellWithModel shell;
  Random random(2);
  shell.write("a.jsonl", large_jsonl(random));
  shell.good(
      "bytepiece encode -q --bos --eos toy.bp a.jsonl -T 1 -o one.ids && bytepiece decode toy.bp one.ids -o "
      "one.txt");
  for (const std::string threads : {"1", "2", "8"}) {
    if (test_scale() == 0 && threads == "2") continue;
    shell.good("mkdir out" + threads);
    for (const std::string& format : kFormats) {
      if (test_scale() == 0 && format != "jsonl" && format != "megatron") continue;
      CAPTURE(format);
      const std::string out = " out" + threads + "/" + format,
                        offsets = format == "jsonl" ? " --offsets" : "";
      shell.good("bytepiece encode -q --bos --eos toy.bp a.jsonl -T " + threads + " --output-format " +
                 format + offsets + " -o" + out + " && bytepiece decode toy.bp --input-format " + format +
                 " -T " + threads + out + " | cmp - one.txt");
    }
    shell.good("diff -r out1 out" + threads);
  }
  const std::string count = shell.good("bytepiece encode --bos --eos --count-only toy.bp a.jsonl");
  CHECK(count == shell.good("echo $(wc -w <one.ids)"));
}

TEST_CASE("cli: shards, and going on after the end of a killed run") {
  const ShellWithModel shell;
  std::string large;
  while (large.size() < 1500000) large += corpus() + std::to_string(large.size()) + "\n";
  shell.write("large.txt", large);
  shell.good("bytepiece train -q large.txt -o same_size.bp --vocab-size 400");
  for (const std::string format : {"ids", "u16", "megatron"}) {
    CAPTURE(format);
    const std::string part =
        "bytepiece encode -q --eos --shard-size 30k ../toy.bp --output-format " + format + " -o a.out";
    shell.good("rm -rf whole part && mkdir whole part && cd whole && " + part + " <../large.txt");
    // Killed: the reader waits for more when the first shards are whole.
    shell.good(
        "cd part && mkfifo ../pipe && { " + part +
        " <../pipe & } && exec 8>../pipe && head -c 700000 ../large.txt >&8; "
        "for i in $(seq 400); do"
        "  if test -e a.shards.json && ! grep -q '\"shards\": 0' a.shards.json; then break; fi; sleep 0.05; "
        "done; kill -9 $!; wait $!; exec 8>&-; rm ../pipe");
    CHECK(contains(shell.read("part/a.shards.json"), "\"complete\": false"));
    CHECK_FALSE(contains(shell.read("part/a.shards.json"), "\"shards\": 0"));
    const Outcome again = shell.run("cd part && " + part + " <../large.txt");
    CHECK(again.status == 1);
    CHECK(contains(again.err, "--resume"));
    const Outcome other = shell.run("cd part && " + part + " --resume --bos <../large.txt");
    CHECK(other.status == 1);
    CHECK(contains(other.err, "other options"));
    const Outcome shorter = shell.run("cd part && " + part + " --resume <../toy.bp");
    CHECK(shorter.status == 1);
    CHECK(contains(shorter.err, "before the last one that is in a shard"));
    std::string other_model = part;
    other_model.replace(other_model.find("toy"), 3, "same_size");
    CHECK(contains(shell.run("cd part && " + other_model + " --resume <../large.txt").err, "other options"));
    shell.good("cd part && " + part + " --resume <../large.txt && cd .. && diff -r -x '.*.tmp' whole part");
    shell.good("cd part && " + part + " --resume <../large.txt && cd .. && diff -r -x '.*.tmp' whole part");
    const std::string decode = "bytepiece decode toy.bp --input-format " + format;
    const std::string inputs = format == "megatron" ? " whole/*.bin" : " whole/a.?????.out";
    const bool same = shell.good(decode + inputs) == large;
    CHECK(same);
    const bool same_folder = shell.good(decode + " whole") == large;
    CHECK(same_folder);
    const bool same_pattern = shell.good(decode + " 'whole/a*'") == large;
    CHECK(same_pattern);
  }
}

TEST_CASE("cli: an interrupted run says how to go on") {
  const ShellWithModel shell;
  std::string large;
  while (large.size() < 1200000) large += corpus();
  shell.write("large.txt", large);
  const std::string waiting =
      "mkfifo pipe && { while cat large.txt; do :; done >pipe 2>/dev/null & } && "
      "{ bytepiece encode toy.bp <pipe -o a.out OPTIONS & } && for i in $(seq 400); do"
      "  if test -e a.00000.out || test $i = WAIT; then break; fi; sleep 0.05; "
      "done; kill -TERM $!; wait $!; code=$?; rm -f pipe; exit $code";
  const auto with = [&](const std::string& options) {
    std::string script = waiting;
    script.replace(script.find("WAIT"), 4, options.empty() ? "20" : "400");
    return script.replace(script.find("OPTIONS"), 7, options);
  };
  CHECK(shell.run(with("")).status == 143);
  CHECK_FALSE(std::filesystem::exists(shell.path("a.out")));
  const Outcome shards = shell.run(with("--shard-size 20k"));
  CHECK(shards.status == 143);
  CHECK(contains(shards.err, "--resume goes on"));
  CHECK(std::filesystem::exists(shell.path("a.00000.out")));
  CHECK(contains(shell.read("a.shards.json"), "\"complete\": false"));
}

TEST_CASE("cli: bad JSON lines are skipped and counted, if so wanted") {
  const ShellWithModel shell;
  shell.write("a.jsonl",
              "{\"text\": \"hello\"}\n{\"te\n{\"meta\": {\"body\": \"the cat\"}}\n{\"text\": 5}\n");
  const std::string decode = " | bytepiece decode toy.bp";
  const Outcome skipped = shell.run("bytepiece encode toy.bp a.jsonl --on-error skip" + decode);
  CHECK(skipped.status == 0);
  CHECK(skipped.out == "hello\n");
  CHECK(skipped.err == "3 lines skipped, the first: a.jsonl, line 2: not JSON: " +
                           skipped.err.substr(skipped.err.find("JSON: ") + 6));
  CHECK(shell.good("bytepiece encode toy.bp a.jsonl --on-error skip --field meta.body" + decode) ==
        "the cat\n");
  CHECK(shell.run("bytepiece encode toy.bp a.jsonl").status == 1);
  // In every epoch there are the same lines, which count once.
  const std::string epochs = "bytepiece encode toy.bp --alpha 1 --seed 1 --epochs 3 --on-error skip ";
  const Outcome thrice = shell.run(epochs + "a.jsonl" + decode);
  CHECK(thrice.out == "hello\nhello\nhello\n");
  CHECK(thrice.err == skipped.err);
  const Outcome piped = shell.run("cat a.jsonl | " + epochs + "--input-format jsonl" + decode);
  CHECK(piped.out == thrice.out);
  CHECK(piped.err.starts_with("3 lines skipped, the first: standard input, line 2: not JSON"));
  CHECK(shell.run(epochs + "a.jsonl --shard-size 1 -o a.ids -q").err == "");
}

TEST_CASE("cli: broken UTF-8 is decoded as the user wants it") {
  const ShellWithModel shell;
  shell.good("printf 'a\\344\\275b\\n\\377\\n' | bytepiece encode toy.bp -o ids");
  CHECK(shell.good("bytepiece decode toy.bp ids") ==
        "a\xE4\xBD"
        "b\n\xFF\n");
  CHECK(shell.good("bytepiece decode toy.bp ids --errors replace") == "a\uFFFDb\n\uFFFD\n");
  CHECK(shell.good("bytepiece decode toy.bp ids --errors ignore") == "ab\n\n");
  const Outcome strict = shell.run("bytepiece decode toy.bp ids --errors strict");
  CHECK(strict.status == 1);
  CHECK(contains(strict.err, "document 1, offset 1: byte 0xE4 is not UTF-8"));
}

TEST_CASE("cli: eval") {
  const ShellWithModel shell;
  shell.good("bytepiece train -q corpus.txt -o small.bp --vocab-size 270");
  shell.write("a.txt", "hello world\n\u4F60\xFF");
  shell.write("b.txt", corpus());
  const std::string table = shell.good("bytepiece eval toy.bp small.bp --input a.txt b.txt");
  CHECK(contains(table, "a.txt: 15 bytes, 13 characters, 2 documents\n"));
  CHECK(contains(table, "\nsum: "));
  shell.good("mkdir one two && cp toy.bp one/a.bp && cp small.bp one/b.bp && cp small.bp two/b.bp");
  CHECK(contains(shell.good("bytepiece eval one/a.bp two/b.bp -i a.txt"), "\n  a.bp "));
  CHECK(contains(shell.good("bytepiece eval one/b.bp two/b.bp -i a.txt"), "\n  one/b.bp "));
  simdjson::dom::parser parser;
  const std::string json = shell.good("bytepiece eval toy.bp small.bp --json --input a.txt b.txt");
  const simdjson::dom::element root = parser.parse(json);
  std::uint64_t sum = 0;
  for (const std::string name : {"a.txt", "b.txt"}) {
    const simdjson::dom::element text = root["files"].at(name == "b.txt");
    CHECK(std::string_view(text["name"]) == name);
    const std::uint64_t tokens = text["models"].at(1)["tokens"];
    CHECK(std::to_string(tokens) + "\n" == shell.good("bytepiece encode --count-only small.bp " + name));
    CHECK(double(text["models"].at(1)["bytes_per_token"]) ==
          doctest::Approx(double(std::uint64_t(text["bytes"])) / double(tokens)).epsilon(1e-5));
    sum += tokens;
  }
  CHECK(std::uint64_t(root["sum"]["models"].at(1)["tokens"]) == sum);
  // Four tokens, two of each of two kinds, are one bit each.
  shell.write("c.txt", "zqzq");
  const std::string bits = shell.good("bytepiece eval small.bp --json --input c.txt");
  CHECK(contains(
      bits,
      "\"tokens\": 4, \"bytes_per_token\": 1.000000, \"single_byte_tokens\": 4, \"entropy\": 1.000000"));
  CHECK(shell.good("bytepiece eval -T 1 toy.bp -i b.txt") ==
        shell.good("bytepiece eval -T 3 toy.bp -i b.txt"));
}

TEST_CASE("cli: training programs read what encode writes") {
  const ShellWithModel shell;
  std::string python;
  for (const std::string name : {"python3", "/usr/bin/python3"}) {
    if (shell.run(name + " -c 'import numpy'").status == 0) python = name;
  }
  if (python.empty()) {
    MESSAGE("no python3 with numpy here: not tested");
    return;
  }
  shell.write("in", corpus() + "\n\n\xFF\n");
  shell.good("bytepiece encode -q --eos toy.bp in -o in.ids");
  for (const std::string format : {"u16", "u32", "npy", "megatron"}) {
    CAPTURE(format);
    shell.good("bytepiece encode -q --eos toy.bp in -o out.bin --output-format " + format + " && " + python +
               " " + quoted(BYTEPIECE_SOURCE_DIR "/tests/read_id_files.py") + " " + format +
               " out.bin in.ids");
  }
}

TEST_CASE("cli: convert there and back") {
  const ShellWithModel shell;
  const std::string pieces = shell.good("bytepiece inspect --pieces toy.bp");
  for (const std::string name : {"toy.json", "tokenizer.json", "other.bp"}) {
    CAPTURE(name);
    shell.good("bytepiece convert -q toy.bp " + name + " && bytepiece convert -q " + name + " back.bp");
    CHECK(shell.good("bytepiece inspect --pieces back.bp") == pieces);
  }
  CHECK(shell.read("other.bp") == shell.read("toy.bp"));
  const Outcome exported = shell.run("bytepiece convert toy.bp toy.model --to sentencepiece");
  CHECK(exported.status == 0);
  CHECK(contains(exported.err, "native to sentencepiece"));
  CHECK(contains(exported.err, "texts are brought into NFC by a table"));
  shell.good("bytepiece convert -q toy.model back.bp --id-map map");
  CHECK(shell.good("bytepiece inspect --pieces back.bp | cut -f 1,3") ==
        shell.good("bytepiece inspect --pieces toy.bp | cut -f 1,3"));
  CHECK(shell.read("map").starts_with("1\t1\n2\t2\n3\t3\n"));
  CHECK(shell.good("bytepiece convert -q toy.bp - | cat") == shell.read("toy.bp"));
  CHECK(shell.good("bytepiece convert -q toy.bp - --to json") == shell.read("toy.json"));
}

TEST_CASE("cli: convert counts of words") {
  const Shell shell;
  shell.write("words", "hello\t50\nworld 40 n\n\u4F60\u597D\t7\r\nnever 0\n");
  shell.good("bytepiece convert -q words words.bp");
  const Vocab vocab = Vocab::load(shell.path("words.bp"));
  CHECK(vocab.size() == 259 + 3);
  CHECK(vocab.count(*vocab.find("world")) == 40);
  CHECK(vocab.count(*vocab.find("\u4F60\u597D")) == 7);
  CHECK(vocab.metadata().at("imported.from") == "counts");
}

TEST_CASE("cli: special tokens") {
  const ShellWithModel shell;
  shell.good("bytepiece convert -q toy.bp chat.bp --add-special '<|user|>' --add-special '<|end|>'");
  const std::size_t size = Vocab::load(shell.path("toy.bp")).size();
  const std::string user = std::to_string(size), end = std::to_string(size + 1),
                    text = "<|user|>hello<|end|>\n";
  const std::string plain = shell.good("bytepiece encode chat.bp", text);
  CHECK(plain == shell.good("bytepiece encode toy.bp", text));
  const std::string parsed = shell.good("bytepiece encode --parse-special chat.bp", text);
  CHECK(parsed.starts_with(user + " "));
  CHECK(parsed.ends_with(" " + end + "\n"));
  CHECK(shell.good("bytepiece decode chat.bp", parsed) == "hello\n");
  CHECK(shell.good("bytepiece decode --show-special chat.bp", parsed) == text);
  CHECK(shell.good("bytepiece encode --parse-special --output-format pieces chat.bp", text)
            .starts_with("<|user|> "));
  CHECK(contains(shell.good("bytepiece inspect chat.bp"), user + " <|user|>"));
  // A document that is cut for the threads, and a line that cannot be cut.
  std::string lines;
  for (int i = 0; i < 30000; ++i) lines += text;
  shell.write("long", lines);
  shell.good("bytepiece encode -q --parse-special --input-format text chat.bp long | tr ' ' '\\n' >ids");
  CHECK(shell.good("grep -cx " + user + " ids") == "30000\n");
  CHECK(shell.good("grep -cx " + end + " ids") == "30000\n");
  // And one of documents that would be cut in the token.
  shell.good("bytepiece convert -q toy.bp lines.bp --add-special \"$(printf '<\\n>')\"");
  std::string across;
  for (int i = 0; i < 60000; ++i) across += "hello<\n>";
  shell.write("across", across);
  const std::string parse = "bytepiece encode -q --parse-special lines.bp across ";
  shell.good(parse + "--input-format text | tr ' ' '\\n' >ids");
  CHECK(shell.good("grep -cx " + user + " ids") == "60000\n");
  shell.good(parse + "| tr ' ' '\\n' >ids");  // no line has it
  CHECK(shell.run("grep -cx " + user + " ids").out == "0\n");
  std::string line;  // that cannot be cut
  for (int i = 0; i < 1000000; ++i) line += i % 10 == 0 ? "<|user|>" : "hello";
  shell.write("line", line);
  shell.good("bytepiece encode -q --parse-special chat.bp line | tr ' ' '\\n' >ids");
  CHECK(shell.good("grep -cx " + user + " ids") == "100000\n");
  // As pieces; what only looks like a special token is text.
  const std::string both = "a<|user|>b<bos>";
  const std::string as_pieces =
      "printf '" + both + "\\n' | bytepiece encode chat.bp --eos --output-format pieces ";
  const std::string to_text = " | bytepiece decode chat.bp --input-format pieces ";
  CHECK(shell.good(as_pieces + to_text) == both + "\n");
  CHECK(shell.good(as_pieces + "--parse-special" + to_text) == "ab<bos>\n");
  CHECK(shell.good(as_pieces + "--parse-special" + to_text + "--show-special") == both + "<eos>\n");
  shell.good(
      "printf '<|user|>\\t9\\n' >word && bytepiece convert -q word word.bp && "
      "bytepiece convert -q word.bp mixed.bp --add-special '<|user|>'");
  CHECK(shell.good("echo '<|user|>' | bytepiece encode mixed.bp --output-format pieces") == "\\x3c|user|>\n");
  shell.good("bytepiece train -q corpus.txt -o made.bp --vocab-size 400 --special '<sep>'");
  const Vocab made = Vocab::load(shell.path("made.bp"));
  CHECK(made.id_count() <= 400);
  CHECK(made.find_special("<sep>") == static_cast<Id>(made.size()));
}

// ---- Bad input ----

// The words of `text` that begin with "--", as options are written.
Strings options_in(const std::string& text) {
  Strings options;
  for (std::size_t at = 0; (at = text.find("--", at)) != text.npos;) {
    std::size_t end = at + 2;
    while (end < text.size() &&
           (std::islower(static_cast<unsigned char>(text[end])) != 0 || text[end] == '-'))
      ++end;
    options.push_back(text.substr(at, end - at));
    at = end;
  }
  return options;
}

TEST_CASE("cli: the manual page and the completions know every command and option") {
  const Shell shell;
  const std::string help = shell.good("bytepiece --help");
  std::string all_help = help;
  for (const std::string command : {"train", "encode", "decode", "inspect"}) {
    all_help += shell.good("bytepiece " + command + " --help");
  }
  for (const std::string kind : {"man", "bash", "zsh", "fish"}) {
    CAPTURE(kind);
    const std::string made = shell.good("bytepiece --generate " + kind);
    for (const std::string command : {"train", "encode", "decode", "inspect"}) CHECK(contains(made, command));
    for (const std::string& option : options_in(all_help)) {
      CAPTURE(option);
      std::string written = kind == "fish" ? "-l " + option.substr(2) : option;
      for (std::size_t at = 0; kind == "man" && (at = written.find('-', at)) != written.npos; at += 2) {
        written.insert(at, "\\");
      }
      CHECK(contains(made, written));
    }
  }
  CHECK(shell.run("bytepiece --generate html").status == 2);
  const std::string man = shell.good("bytepiece --generate man");
  CHECK(contains(man, "\\fBbytepiece train\\fR [\\fIOPTIONS\\fR] \\fIINPUT\\fR...\n"));
  CHECK(contains(man, "\\fBbytepiece encode\\fR [\\fIOPTIONS\\fR] \\fIMODEL\\fR [\\fIINPUT\\fR...]\n"));
  CHECK(contains(man, "standard output (required)"));
}

TEST_CASE("cli: bash completes commands, options, their choices and files") {
  const Shell shell;
  shell.good("bytepiece --generate bash >completions && bash -n completions");
  shell.write("model.bp", "");
  const auto completed = [&](const std::string& words, int at) {
    return shell.good("bash -c 'source ./completions; COMP_WORDS=(bytepiece " + words +
                      "); COMP_CWORD=" + std::to_string(at) + "; _bytepiece; echo ${COMPREPLY[@]}'");
  };
  CHECK(completed("enc", 1) == "encode\n");
  CHECK(completed("encode --output-f", 2) == "--output-format\n");
  CHECK(completed("encode --output-format ids", 3) == "ids\n");
  CHECK(completed("encode mod", 2) == "model.bp\n");
  CHECK(contains(completed("inspect --", 2), "--pieces"));
}

TEST_CASE("cli: fish completes commands, options, their choices and files") {
  const Shell shell;
  if (shell.run("fish --version").status != 0) {
    MESSAGE("no fish here: not tested");
    return;
  }
  shell.good("bytepiece --generate fish >completions && fish -n completions");
  shell.write("model.bp", "");
  const auto completed = [&](const std::string& words) {
    return shell.good("HOME=. fish --no-config -c 'source completions; complete -C \"bytepiece " + words +
                      "\"' | cut -f 1");
  };
  CHECK(completed("enc") == "encode\n");
  CHECK(completed("encode --output-f") == "--output-format\n");
  CHECK(completed("encode --output-format me") == "megatron\n");
  CHECK(completed("encode mod") == "model.bp\n");
  CHECK(completed("inspect --pie") == "--pieces\n");
}

TEST_CASE("cli: zsh completes commands, options, their choices and files") {
  const Shell shell;
  if (shell.run("zsh -f -c 'zmodload zsh/zpty && zpty shell true'").status != 0) {
    MESSAGE("no zsh here, or no pseudo terminal for it: not tested");
    return;
  }
  shell.good("bytepiece --generate zsh >_bytepiece && zsh -n _bytepiece");
  shell.write("model.bp", "");
  const Strings typed = {"enc", "encode --output-f", "encode --output-format me", "encode mod",
                         "inspect --pie"};
  std::string lines;
  for (const std::string& words : typed) lines += " 'bytepiece " + words + "'";
  CHECK(shell.good("timeout 60 zsh -f " + quoted(BYTEPIECE_SOURCE_DIR "/tests/complete.zsh") + lines) ==
        "<bytepiece encode>\n<bytepiece encode --output-format>\n"
        "<bytepiece encode --output-format megatron>\n<bytepiece encode model.bp>\n"
        "<bytepiece inspect --pieces>\n");
}

TEST_CASE("cli: train for fewest tokens") {
  const ShellWithModel shell;
  shell.good("bytepiece train -q --fewest-tokens corpus.txt -o few.bp --vocab-size 400,300");
  CHECK(shell.good("bytepiece train -q -T 1 --fewest-tokens corpus.txt -o - --vocab-size 400") ==
        shell.good("cat few.400.bp"));
  CHECK(shell.good("bytepiece encode few.300.bp corpus.txt | bytepiece decode few.300.bp") == corpus());
  CHECK(contains(shell.good("bytepiece inspect few.400.bp"), " tokens, and "));
  const Vocab few = Vocab::load(shell.path("few.400.bp"));
  const auto sum_where_added = [&](const std::string& number) {
    few.with_metadata({{"train.added_to_counts", number}}).save(shell.path("untrue.bp"));
    return shell.good("bytepiece inspect untrue.bp | grep -A 1 'sum of counts'");
  };
  for (const std::string untrue : {"", "abc", "-1", "1 ", "99999999999999999999", "1000000000"}) {
    CAPTURE(untrue);
    CHECK(sum_where_added(untrue) == sum_where_added("0"));
  }
  shell.good("bytepiece train -q --fewest-tokens corpus.txt toy.bp --weights 9,1 -o weighted.bp");
  const std::string fewest = "bytepiece train corpus.txt -o x.bp --fewest-tokens ";
  shell.good(fewest + "-q -T 2 --memory 100M --sample 4M --vocab-size 400");  // the text is small
  CHECK(Vocab::load(shell.path("x.bp")).metadata().at("train.sample") == "4000000");
  shell.good(fewest + "-q --sample 4Mi --vocab-size 400");
  CHECK(Vocab::load(shell.path("x.bp")).metadata().at("train.sample") == "4194304");
  check_bad(
      shell,
      {{"bytepiece train corpus.txt -o x.bp --weights 2", 2, {"--weights: ", "--fewest-tokens only"}},
       {"bytepiece train corpus.txt -o x.bp --sample 8M", 2, {"--sample: ", "--fewest-tokens only"}},
       {fewest + "--weights 2,3", 2, {"--weights: expected one for each file, in their order: 1, not 2"}},
       {fewest + "--sample 3999k", 2, {"--sample: ", "3999000", "4000000"}},
       {fewest + "--sample 3G", 2, {"--sample: ", "3000000000"}},
       {fewest + "--order 6", 2, {"--order: has no meaning with --fewest-tokens"}},
       {fewest + "--repair-dead-zones", 2, {"--repair-dead-zones: has no meaning with --fewest-tokens"}},
       {fewest + "--keep-characters", 2, {"--keep-characters: has no meaning with --fewest-tokens"}},
       {fewest + "--work-dir run", 2, {"--work-dir: has no meaning with --fewest-tokens"}},
       {fewest + "--memory 1M", 2, {"--memory: 1000000 bytes are less than 16 MB"}},
       {fewest + "--memory 20M", 1, {"--memory: 20.0 MB hold 0.0 MB of text", "a smaller sample"}}});
}

TEST_CASE("cli: a command line that cannot be understood") {
  const ShellWithModel shell;
  check_bad(
      shell,
      {{"bytepiece", 2, {"command is missing", "bytepiece --help"}},
       {"bytepiece knit", 2, {"'knit' is no command"}},
       {"bytepiece knit corpus.txt", 2, {"'knit' is no command"}},
       {"bytepiece train corpus.txt", 2, {"--output is required", "bytepiece train --help"}},
       {"bytepiece train -o x.bp", 2, {"INPUT is required"}},
       {"bytepiece encode", 2, {"MODEL is required", "bytepiece encode --help"}},
       {"bytepiece decode", 2, {"MODEL is required"}},
       {"bytepiece inspect", 2, {"MODEL is required"}},
       {"bytepiece train --nope corpus.txt -o x.bp", 2, {"--nope", "bytepiece train --help"}},
       {"bytepiece encode toy.bp --nope corpus.txt -o x", 2, {"--nope"}},
       {"bytepiece --nope", 2, {"--nope"}},
       {"bytepiece inspect toy.bp other.bp", 2, {"other.bp"}},
       {"bytepiece train corpus.txt -o x.bp --fewest-tokens --weights 0", 2, {"--weights"}},
       {"bytepiece train corpus.txt -o x.bp --fewest-tokens --sample many", 2, {"--sample", "many"}},
       {"bytepiece train corpus.txt -o x.bp --vocab-size 258", 2, {"--vocab-size", "258", "259"}},
       {"bytepiece train corpus.txt -o x.bp --vocab-size 1000,258", 2, {"--vocab-size", "258", "259"}},
       {"bytepiece train corpus.txt -o x.bp --vocab-size 0", 2, {"--vocab-size"}},
       {"bytepiece train corpus.txt -o x.bp --vocab-size -5", 2, {"--vocab-size"}},
       {"bytepiece train corpus.txt -o x.bp --vocab-size many", 2, {"--vocab-size", "many"}},
       {"bytepiece train corpus.txt -o x.bp --vocab-size 300.5", 2, {"--vocab-size"}},
       {"bytepiece train corpus.txt -o x.bp --vocab-size 99999999999999999999", 2, {"--vocab-size"}},
       {"bytepiece train corpus.txt -o x.bp --vocab-size ''", 2, {"--vocab-size"}},
       {"bytepiece train corpus.txt -o x.bp --vocab-size 300,300", 2, {"--vocab-size: 300 is there twice"}},
       {"bytepiece train corpus.txt -o x.bp --vocab-size 259 --special a",
        2,
        {"--vocab-size: 259 is too small"}},
       {"bytepiece train corpus.txt -o x.bp --special a --special a", 2, {"special token a is there twice"}},
       {"bytepiece finish none -o x.bp --vocab-size 300,300", 2, {"--vocab-size: 300 is there twice"}},
       {"bytepiece train corpus.txt -o x.bp --order 0", 2, {"--order", "1", "8"}},
       {"bytepiece train corpus.txt -o x.bp --order 9", 2, {"--order", "1", "8"}},
       {"bytepiece train corpus.txt -o x.bp --min-count 0", 2, {"--min-count"}},
       {"bytepiece train corpus.txt -o x.bp --min-count -1", 2, {"--min-count"}},
       {"bytepiece train corpus.txt -o x.bp --max-piece-length 0", 2, {"--max-piece-length"}},
       {"bytepiece train corpus.txt -o x.bp --threads -1", 2, {"--threads"}},
       {"bytepiece train corpus.txt -o x.bp --threads 1000000", 2, {"--threads"}},
       {"bytepiece train corpus.txt -o x.bp --input-format csv", 2, {"--input-format", "csv", "jsonl"}},
       {"bytepiece encode toy.bp corpus.txt -o x --output-format xml", 2, {"--output-format", "xml", "ids"}},
       {"bytepiece encode toy.bp corpus.txt -o x --alpha -1", 2, {"--alpha", "-1"}},
       {"bytepiece encode toy.bp corpus.txt -o x --alpha nan", 2, {"--alpha", "nan"}},
       {"bytepiece encode toy.bp corpus.txt -o x --alpha inf", 2, {"--alpha", "inf"}},
       {"bytepiece encode toy.bp corpus.txt -o x --alpha 1 --samples 0", 2, {"--samples"}},
       {"bytepiece encode toy.bp corpus.txt -o x --samples 2", 2, {"--samples", "--alpha"}},
       {"bytepiece encode toy.bp corpus.txt -o x --seed 2", 2, {"--seed", "--alpha"}},
       {"bytepiece encode toy.bp corpus.txt -o x --alpha 1 --seed x", 2, {"--seed"}},
       {"bytepiece encode toy.bp corpus.txt -o x --alpha 1 --seed -1", 2, {"--seed", "-1 is not a whole"}},
       {"bytepiece encode toy.bp corpus.txt -o x --alpha 1 --seed 18446744073709551616", 2, {"--seed"}},
       {"bytepiece encode toy.bp corpus.txt -o x --n-best 0",
        2,
        {"--n-best", "0 is not a whole number from 1"}},
       {"bytepiece encode toy.bp corpus.txt -o x --n-best -3", 2, {"--n-best"}},
       {"bytepiece encode toy.bp corpus.txt --shard-size -5 -o x", 2, {"--shard-size"}},
       {"bytepiece encode toy.bp corpus.txt --shard-size 5", 2, {"--shard-size needs files"}},
       {"bytepiece encode toy.bp corpus.txt --resume -o x", 2, {"--shard-size"}},
       {"bytepiece encode toy.bp corpus.txt --offsets -o x", 2, {"jsonl"}},
       {"bytepiece encode toy.bp corpus.txt --count-only -o x", 2, {"--count-only"}},
       {"bytepiece encode toy.bp corpus.txt -o x --epochs 2", 2, {"--epochs", "--alpha"}},
       {"bytepiece encode toy.bp corpus.txt -o x --n-best 2 --alpha 1", 2, {"--n-best", "--alpha"}},
       {"bytepiece encode toy.bp corpus.txt -o x --n-best 2 --without-replacement 2", 2, {"--n-best"}},
       {"bytepiece encode toy.bp corpus.txt -o x --n-best 2 --alpha 1 --samples 2", 2, {"--samples"}},
       {"bytepiece encode toy.bp corpus.txt -o x --json --count-only", 2, {"--json"}},
       {"bytepiece encode toy.bp corpus.txt -o x --json --output-format u16", 2, {"--json", "u16"}},
       {"bytepiece encode toy.bp corpus.txt -o x --n-best 2 --shard-size 9", 2, {"--shard-size"}},
       {"bytepiece encode toy.bp corpus.txt -o x --alpha 1 --shard-size 9 --resume", 2, {"--seed"}},
       {"bytepiece decode toy.bp corpus.txt -o x --output-format xml",
        2,
        {"--output-format", "xml", "text"}}});
}

TEST_CASE("cli: input that cannot be read") {
  const ShellWithModel shell;
  shell.good("mkdir folder f && : >f/a.docs && : >empty && printf '\\n' >feed");
  shell.write("old", "old");
  shell.write("huge", "ab 5\ncd 9223372036854775807\n");
  check_bad(shell,
            {{"bytepiece train none.txt -o old", 1, {"none.txt: no such file"}},
             {"bytepiece train corpus.txt none.txt -o old", 1, {"none.txt: no such file"}},
             {"bytepiece train folder -o old", 1, {"folder: no files in this folder"}},
             {"bytepiece train empty -o old", 1, {"empty"}},
             {"bytepiece train empty empty -o old", 1, {"empty"}},
             {"bytepiece train - -o old </dev/null", 1, {"empty"}},
             {"bytepiece train --input-format lines feed -o old", 1, {"empty"}},
             {"bytepiece train - - -o old", 2, {"standard input", "twice"}},
             {"bytepiece encode toy.bp none.txt -o old", 1, {"none.txt: no such file"}},
             {"bytepiece encode toy.bp folder -o old", 1, {"folder: no files in this folder"}},
             {"bytepiece decode toy.bp none.txt -o old", 1, {"none.txt: no such file"}},
             {"bytepiece decode toy.bp folder -o old", 1, {"folder: no files in this folder"}},
             {"bytepiece decode toy.bp f -o old", 1, {"f: no files of ids"}},
             {"bytepiece encode none.bp corpus.txt -o old", 1, {"none.bp: no such file"}},
             {"bytepiece encode folder corpus.txt -o old", 1, {"folder: is a directory"}},
             {"bytepiece decode none.bp corpus.txt -o old", 1, {"none.bp: no such file"}},
             {"bytepiece convert none.bp x.bp", 1, {"none.bp: no such file"}},
             {"bytepiece convert toy.bp x.model", 1, {"say --to sentencepiece or --to json"}},
             {"bytepiece convert corpus.txt x.bp", 1, {"corpus.txt: line 1: ", "is not word, tab, count"}},
             {"bytepiece convert --from counts huge x.bp",
              1,
              {"huge: line 2: with cd as often", "divide all counts by a common number"}},
             {"bytepiece convert --from huggingface corpus.txt x.bp", 1, {"corpus.txt: not a Unigram"}},
             {"bytepiece convert --from sentencepiece corpus.txt x.bp", 1, {"corpus.txt: not a Sentence"}},
             {"bytepiece convert toy.bp x.bp --add-special ''", 1, {"special token is empty"}},
             {"bytepiece inspect none.bp", 1, {"none.bp: no such file"}},
             {"bytepiece inspect folder", 1, {"folder: is a directory"}},
             {"bytepiece inspect empty", 1, {"empty: not a model"}},
             {"bytepiece encode corpus.txt toy.bp -o old", 1, {"corpus.txt: not a model"}}});
  if (::geteuid() == 0) return;  // root may read anything
  shell.good("cp corpus.txt locked && chmod 000 locked");
  for (const std::string script :
       {"train locked -o old", "encode toy.bp locked -o old", "encode locked corpus.txt -o old"}) {
    const Outcome outcome = shell.run("bytepiece " + script);
    CAPTURE(outcome.err);
    CHECK(outcome.status == 1);
    CHECK(contains(outcome.err, "locked: "));
    CHECK(shell.read("old") == "old");
  }
}

TEST_CASE("cli: broken input") {
  const ShellWithModel shell;
  shell.write("old", "old");
  for (const std::string filter : {"gzip", "zstd", "xz", "bzip2"}) {
    const std::string packed = compressed(corpus(), filter);
    shell.write("cut." + filter, packed.substr(0, packed.size() / 2));
  }
  shell.write("cut.jsonl", "{\"text\": \"a\"}\n{\"text\": \"b");
  shell.write("none.jsonl", "{\"text\": \"a\"}\n{\"body\": \"b\"}\n");
  shell.write("number.jsonl", "{\"text\": \"a\"}\n{\"text\": 5}\n");
  std::vector<Bad> rows;
  for (const std::string command : {"train -q", "encode toy.bp"}) {
    const auto add = [&](const std::string& input, const Strings& messages) {
      rows.push_back({"bytepiece " + command + " " + input + " -o old", 1, messages});
    };
    for (const std::string filter : {"gzip", "zstd", "xz", "bzip2"}) {
      add("cut." + filter, {"cut." + filter + ": cannot be read"});
      add("- <cut." + filter, {"standard input: cannot be read"});
    }
    add("corpus.txt cut.gzip", {"cut.gzip: cannot be read"});
    add("cut.jsonl", {"cut.jsonl, line 2: not JSON"});
    add("none.jsonl", {"none.jsonl, line 2: no field \"text\"", "--field"});
    add("none.jsonl --field body", {"none.jsonl, line 1: no field \"body\""});
    add("number.jsonl", {"number.jsonl, line 2: field \"text\" is not a string"});
    add("corpus.txt --input-format jsonl", {"corpus.txt, line 1: not JSON"});
  }
  check_bad(shell, rows);
}

TEST_CASE("cli: a model that is none") {
  const ShellWithModel shell;
  shell.write("old", "old");
  shell.good("bytepiece train -q corpus.txt -o toy.json --vocab-size 400");
  const std::string good = shell.read("toy.json");
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string model = good;
    const std::size_t at = model.find(from);
    REQUIRE(at != std::string::npos);
    return model.replace(at, from.size(), to);
  };
  const auto without = [&](const std::string& key) {  // the member with that key
    const std::size_t begin = good.find("    \"" + key + "\""), end = good.find("],\n", begin) + 3;
    return good.substr(0, begin) + good.substr(end);
  };
  const auto member = [](const std::string& key, const std::string& id, const std::string& text,
                         const std::string& count) {
    return "\"" + key + "\": [\n        " + id + ",\n        \"" + text + "\",\n        " + count + "\n    ]";
  };
  const Vocab vocab = Vocab::load(shell.path("toy.bp"));
  const std::string count = std::to_string(vocab.count('z' + kFirstPiece));
  const std::string z = member("eg==", std::to_string('z' + kFirstPiece), "z", count);
  const std::map<std::string, std::pair<std::string, std::string>> models = {
      {"text", {"hello\n", "not a model"}},
      {"array", {"[1, 2, 3]", "not a model"}},
      {"string", {"\"model\"", "not a model"}},
      {"no_members", {"{}", "0x00 is no piece"}},
      {"no_byte", {without("eg=="), "0x7A is no piece"}},
      {"piece_twice", {replaced("{\n", "{\n" + z + ",\n"), "z is there twice"}},
      {"id_twice", {replaced(z, member("eg==", "124", "z", count)), "z has id 124"}},
      {"zero", {replaced(z, member("eg==", "125", "z", "0")), "piece z: its count"}},
      {"negative", {replaced(z, member("eg==", "125", "z", "-1")), "piece z: its count"}},
      {"fraction", {replaced(z, member("eg==", "125", "z", "1.5")), "piece z: its count"}},
      {"huge", {replaced(z, member("eg==", "125", "z", "18446744073709551615")), "2^64"}},
      {"too_huge", {replaced(z, member("eg==", "125", "z", "99999999999999999999")), ""}},
      {"no_base64", {replaced("\"eg==\"", "\"e*==\""), "e*=="}},
  };
  std::vector<Bad> rows;
  for (const auto& [name, model] : models) {
    shell.write(name, model.first);
    rows.push_back({"bytepiece inspect " + name, 1, {name + ": ", model.second}});
    rows.push_back({"bytepiece encode " + name + " corpus.txt -o old", 1, {name + ": ", model.second}});
  }
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{2}, good.size() / 3, good.size() / 2, good.size() - 2, good.size() - 1}) {
    const std::string name = "cut" + std::to_string(size);
    shell.write(name, good.substr(0, size));
    rows.push_back({"bytepiece decode " + name + " </dev/null -o old", 1, {name + ": not a model"}});
  }
  check_bad(shell, rows);
}

TEST_CASE("cli: ids that are none") {
  const ShellWithModel shell;
  shell.write("old", "old");
  shell.write("good", "3 4\n");
  std::vector<Bad> rows;
  for (const std::string id : {"x", "3x", "-3", "+3", "3.0", "0x3", "3,4", "400", "4294967296", "4294967299",
                               "18446744073709551619", "99999999999999999999999999"}) {
    shell.write("bad" + id, "3 4\n5 " + id + " 6\n7\n");
    rows.push_back({"bytepiece decode toy.bp bad" + id + " -o old", 1, {"line 2", id}});
  }
  shell.write("endless", "3 4\n" + std::string(6000000, '1'));
  rows.push_back({"bytepiece decode toy.bp endless -o old", 1, {"line 2", "without a blank"}});
  check_bad(shell, rows);
}

TEST_CASE("cli: output that cannot be written") {
  const ShellWithModel shell;
  shell.good("mkdir folder && bytepiece encode toy.bp corpus.txt -o ids");
  check_bad(
      shell,
      {{"bytepiece train corpus.txt -o none/x.bp", 1, {"none/x.bp: cannot be written", "folder"}},
       {"bytepiece train corpus.txt -o folder", 1, {"folder: cannot be written"}},
       {"bytepiece train corpus.txt -o folder/", 1, {"folder/: cannot be written"}},
       {"bytepiece train corpus.txt -o corpus.txt/x", 1, {"corpus.txt/x: cannot be written"}},
       {"bytepiece train corpus.txt -o ''", 1, {}},
       {"bytepiece train -q corpus.txt -o /dev/full", 1, {"/dev/full: cannot be written: No space"}},
       {"bytepiece train -q corpus.txt -o - >/dev/full", 1, {"No space"}},
       {"bytepiece encode toy.bp corpus.txt -o none/x", 1, {"none/x: cannot be written", "folder"}},
       {"bytepiece encode toy.bp corpus.txt -o folder", 1, {"folder: cannot be written"}},
       {"bytepiece encode toy.bp corpus.txt -o ''", 1, {}},
       {"bytepiece encode toy.bp corpus.txt -o /dev/full", 1, {"/dev/full: cannot be written: No space"}},
       {"bytepiece encode toy.bp corpus.txt >/dev/full", 1, {"standard output: cannot be written: No space"}},
       {"bytepiece encode toy.bp corpus.txt --output-format u16 -o /dev/full", 1, {"/dev/full", "No space"}},
       {"bytepiece encode toy.bp corpus.txt --output-format u16 >/dev/full",
        1,
        {"standard output", "No space"}},
       {"bytepiece encode toy.bp corpus.txt --output-format npy", 1, {"standard output: not a file", "-o"}},
       {"bytepiece encode toy.bp corpus.txt --output-format megatron -o none/x", 1, {"none/x.bin", "folder"}},
       {"bytepiece encode toy.bp corpus.txt --shard-size 5 -o none/x", 1, {"none/x.00000", "folder"}},
       {"bytepiece decode toy.bp ids >/dev/full", 1, {"standard output: cannot be written: No space"}},
       {"bytepiece inspect toy.bp >/dev/full", 1, {"standard output: cannot be written"}},
       {"bytepiece inspect --pieces toy.bp >/dev/full", 1, {"standard output: cannot be written: No space"}},
       {"bytepiece encode toy.bp corpus.txt >&-", 1, {"standard output: cannot be written"}}});
  if (::geteuid() == 0) return;  // root may write anywhere
  shell.good("chmod 500 folder");
  const Outcome outcome = shell.run("bytepiece train -q corpus.txt -o folder/x.bp");
  CHECK(outcome.status == 1);
  CHECK(contains(outcome.err, "folder/x.bp: cannot be written: Permission denied"));
}

TEST_CASE("cli: a closed pipe is an error, not a crash") {
  const ShellWithModel shell;
  shell.good("bytepiece encode toy.bp corpus.txt -o ids");
  for (const std::string script :
       {"encode toy.bp corpus.txt", "encode toy.bp corpus.txt --output-format u32", "decode toy.bp ids",
        "inspect toy.bp", "inspect --pieces toy.bp", "train -q corpus.txt -o -"}) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    ::close(ends[0]);
    REQUIRE(::dup2(ends[1], 9) == 9);
    ::close(ends[1]);
    const Outcome outcome = shell.run("bytepiece " + script + " >&9");
    ::close(9);
    CAPTURE(script);
    CAPTURE(outcome.err);
    CHECK(outcome.status == 1);
    CHECK(lines_in(outcome.err) == 1);
    CHECK(contains(outcome.err, "cannot be written"));
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
