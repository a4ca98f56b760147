// bytepiece lattice: all ways to cut a short text, for people and for Graphviz.
#include <bytepiece/sampler.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <utility>

#include "text/nfc.h"
#include "text/utf8.h"
#include "text/visible.h"
#include "tools/common.h"
#include "tools/numbers.h"

namespace bytepiece::tools {
namespace {

struct Options {
  std::string model, text;
  double alpha = 1;
  bool dot = false, json = false;
};

// What is shown of a text.
struct View {
  std::string text;  // in NFC
  std::vector<LatticeArc> arcs;
  std::set<std::pair<std::size_t, Id>> best;  // begin and id of what encode() takes
  LatticeTotals totals;
  double best_log_prob = 0;
};

View view_of(const Tokenizer& tokenizer, const Options& options) {
  const Sampler sampler(tokenizer, options.alpha);
  View view;
  std::string buffer;
  view.text = normalize(options.text, buffer);
  view.arcs = sampler.arcs(view.text);
  view.totals = sampler.totals(view.text);
  const std::vector<Id> ids = tokenizer.encode(view.text);
  view.best_log_prob = tokenizer.log_prob(ids);
  std::size_t at = 0;
  for (const Id id : ids) {
    view.best.emplace(at, id);
    at += tokenizer.vocab().bytes(id).size();
  }
  return view;
}

std::string shown(const Vocab& vocab, const LatticeArc& arc) { return visible_item(vocab.bytes(arc.id)); }

// At most so many columns; where it is longer, it ends with "...". What is not Latin, Greek or the like may
// take two columns.
std::string cut(const std::string& text, std::size_t columns) {
  std::size_t width = 0, kept = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    at += c.length;
    width += c.code_point < 0x1100 ? 1 : 2;
    if (width > columns) return text.substr(0, kept) + "...";
    if (width + 3 <= columns) kept = at;
  }
  return text;
}

void print_table(const Vocab& vocab, const View& view) {
  constexpr std::size_t kPieceColumns = 33;  // what the others leave of 80
  fmt::print("{:>6} {:>6} {:>9} {:>10} {:>9}   {}\n", "begin", "end", "id", "log prob", "marginal",
             "piece (* encode takes it)");
  for (const LatticeArc& arc : view.arcs) {
    fmt::print("{:>6} {:>6} {:>9} {:>10.4f} {:>9.6f} {} {}\n", arc.begin, arc.end, arc.id, arc.log_prob,
               arc.marginal, view.best.contains({arc.begin, arc.id}) ? '*' : ' ',
               cut(shown(vocab, arc), kPieceColumns));
  }
  fmt::print("log Z {:.6f}, best log prob {:.6f}\nentropy {:.6f} nats, {:.4f} tokens expected\n",
             view.totals.log_z, view.best_log_prob, view.totals.entropy, view.totals.expected_tokens);
}

void print_dot(const Vocab& vocab, const View& view) {
  fmt::print("digraph lattice {{\n  rankdir=LR;\n  node [shape=circle];\n");
  for (const LatticeArc& arc : view.arcs) {
    fmt::print("  {} -> {} [label={}, penwidth={:.2f}{}];\n", arc.begin, arc.end,
               json_string(fmt::format("{} {:.3f}", shown(vocab, arc), arc.marginal)), 0.5 + 4 * arc.marginal,
               view.best.contains({arc.begin, arc.id}) ? ", color=red" : "");
  }
  fmt::print("}}\n");
}

void print_json(const Vocab& vocab, const View& view) {
  fmt::print("{{\"log_z\": {}, \"entropy\": {}, \"expected_tokens\": {}, \"best_log_prob\": {}, \"arcs\": [",
             view.totals.log_z, view.totals.entropy, view.totals.expected_tokens, view.best_log_prob);
  for (std::size_t i = 0; i < view.arcs.size(); ++i) {
    const LatticeArc& arc = view.arcs[i];
    fmt::print(
        "{}{{\"begin\": {}, \"end\": {}, \"id\": {}, \"piece\": {}, \"log_prob\": {}, \"marginal\": {}, "
        "\"best\": {}}}",
        i == 0 ? "" : ", ", arc.begin, arc.end, arc.id, json_string(visible(vocab.bytes(arc.id))),
        arc.log_prob, arc.marginal, view.best.contains({arc.begin, arc.id}));
  }
  fmt::print("]}}\n");
}

void run(const Options& options) {
  const Tokenizer tokenizer = Tokenizer::load(options.model);
  const View view = view_of(tokenizer, options);
  if (options.dot) {
    print_dot(tokenizer.vocab(), view);
  } else if (options.json) {
    print_json(tokenizer.vocab(), view);
  } else {
    print_table(tokenizer.vocab(), view);
  }
}

}  // namespace

void add_lattice(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("lattice", "Show all ways to cut a short text");
  command->add_option("MODEL", options->model, "Model file")->required()->type_name("");
  command->add_option("TEXT", options->text, "The text itself")->required()->type_name("");
  command
      ->add_option("--alpha", options->alpha,
                   "Marginals are those of samples with this alpha: 0 all ways alike, 1 the model's")
      ->type_name("A")
      ->capture_default_str()
      ->check(NonNegative());
  CLI::Option* dot = command->add_flag("--dot", options->dot, "Print a graph for Graphviz");
  command->add_flag("--json", options->json, "Print JSON")->excludes(dot);
  command->footer(
      "begin and end are bytes of the text; marginal is the probability that a\n"
      "sample has the piece there.\n\n"
      "Examples:\n"
      "  bytepiece lattice toy.bp 'the cat'\n"
      "  bytepiece lattice toy.bp 'the cat' --dot | dot -Tsvg >cat.svg");
  command->callback([options] { run(*options); });
}

}  // namespace bytepiece::tools
