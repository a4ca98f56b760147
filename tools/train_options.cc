#include "tools/train_options.h"

#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdint>

namespace bytepiece::tools {

void add_ngram_options(CLI::App& command, TrainOptions& options) {
  command.add_option("--order", options.order, "Longest n-gram, in bytes, 1 to 8")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(1, kMaxOrder));
  command.add_flag("--isolate-digits", options.isolate_digits, "Make every digit a piece of its own");
}

void add_piece_options(CLI::App& command, TrainOptions& options) {
  command
      .add_option("--min-count", options.min_count,
                  "Drop n-grams and pieces that are rarer; 32 for 100 MB or more")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 62));
  command.add_flag_callback(
      "--no-ensure-unicode", [&options] { options.ensure_unicode = false; },
      "Let pieces begin inside a UTF-8 character");
  command.add_flag("--repair-dead-zones", options.repair_dead_zones,
                   "A rare character does not shred the rest of its line into single bytes");
}

void add_vocab_options(CLI::App& command, TrainOptions& options) {
  command
      .add_option("--vocab-size", options.vocab_sizes, "Most ids; several, as 32000,8000, give a model each")
      ->type_name("N[,N...]")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->default_str("10000")
      ->check(CLI::Range(kMinVocabSize, std::size_t{1} << 31));
  command.add_option("--max-piece-length", options.max_piece_length, "Longest piece, in bytes")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 30));
  command.add_flag("--keep-characters", options.keep_characters,
                   "Characters stay by how often they occur in all pieces, not alone");
  command
      .add_option("--special", options.special_tokens,
                  "Special token, with an id behind the pieces; may be repeated")
      ->type_name("TOKEN")
      ->allow_extra_args(false);
}

void add_choice_options(CLI::App& command, TrainOptions& options) {
  command.add_flag("--fewest-tokens", options.fewest_tokens,
                   "Choose the pieces with which text takes the fewest tokens, instead of discovering words");
  command.add_option("--sample", options.sample, "Bytes of text that --fewest-tokens looks at, as 128M")
      ->type_name("SIZE")
      ->default_str("64M")
      ->transform(CLI::AsSizeValue(false));
}

void add_date_option(CLI::App& command, bool& date) {
  command.add_flag("--date", date, "Store the date in the model; its bytes change with it");
}

void add_memory_options(CLI::App& command, TrainOptions& options) {
  command.add_option("--memory", options.memory, "Most memory to use, as 512M or 4G; the rest goes to files")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(false));
  command.add_option("--tmp-dir", options.tmp_dir, "Folder for such files, and for the copy of a pipe")
      ->type_name("DIR");
}

}  // namespace bytepiece::tools
