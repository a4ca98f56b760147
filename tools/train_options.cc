#include "tools/train_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "train/stages.h"

namespace bytepiece::tools {
namespace {

std::string option_of(std::string member) {
  if (member == "vocab_sizes") return "--vocab-size";
  std::replace(member.begin(), member.end(), '_', '-');
  return "--" + member;
}

}  // namespace

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
  command
      .add_option("--sample", options.sample,
                  "Bytes of text that --fewest-tokens looks at, as 32M; M is a million, Mi 1024 * 1024")
      ->type_name("SIZE")
      ->default_str("128M")
      ->transform(CLI::AsSizeValue(true))
      ->check(CLI::Range(kMinSample, kMaxSample));
}

void add_date_option(CLI::App& command, bool& date) {
  command.add_flag("--date", date, "Store the date in the model; its bytes change with it");
}

void add_memory_options(CLI::App& command, TrainOptions& options) {
  command
      .add_option(
          "--memory", options.memory,
          "Most memory to use, as 512M or 4G (M is a million, Mi 1024 * 1024); the rest goes to files")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(true));
  command.add_option("--tmp-dir", options.tmp_dir, "Folder for such files, and for the copy of a pipe")
      ->type_name("DIR");
}

void check_given(const CLI::App& command) {
  const bool fewest_tokens = command.count("--fewest-tokens") > 0;
  const auto refuse = [&](const char* option, const char* why) {
    if (command.count(option) > 0) throw CLI::ValidationError(option, why);
  };
  if (fewest_tokens) {
    for (const char* option : {"--order", "--repair-dead-zones", "--keep-characters", "--work-dir"}) {
      refuse(option, "has no meaning with --fewest-tokens; leave one of them out");
    }
  } else {
    for (const char* option : {"--sample", "--weights"}) {
      refuse(option, "has a meaning with --fewest-tokens only; give both or none");
    }
  }
}

void check_values(const TrainOptions& options) {
  try {
    check(options);
  } catch (const OptionError& error) {
    throw CLI::ValidationError(option_of(error.member), error.problem);
  } catch (const Error& error) {
    throw CLI::ValidationError(error.what());
  }
}

std::string named_by_option(const OptionError& error) {
  return fmt::format("{}: {}", option_of(error.member), error.problem);
}

void with_option_names(const std::function<void()>& train) {
  try {
    train();
  } catch (const OptionError& error) {
    throw Error(named_by_option(error));
  }
}

}  // namespace bytepiece::tools
