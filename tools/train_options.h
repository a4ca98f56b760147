// The options of training, grouped by the step that needs them.
#pragma once

#include <bytepiece/train.h>

#include <functional>
#include <string>

#include "tools/common.h"
#include "train/option_error.h"

namespace bytepiece::tools {

void add_ngram_options(CLI::App& command, TrainOptions& options);   // --order, --isolate-digits
void add_piece_options(CLI::App& command, TrainOptions& options);   // --min-count, ... --repair-dead-zones
void add_vocab_options(CLI::App& command, TrainOptions& options);   // --vocab-size, ... --special
void add_choice_options(CLI::App& command, TrainOptions& options);  // --fewest-tokens, --sample
void add_date_option(CLI::App& command, bool& date);
void add_memory_options(CLI::App& command, TrainOptions& options);  // --memory, --tmp-dir

// Refuse, with exit status 2, what each option's own check does not see: options that have no meaning beside
// others that are given, sizes that leave no room. Throw CLI::ValidationError.
void check_given(const CLI::App& command);
void check_values(const TrainOptions& options);

std::string named_by_option(const OptionError& error);  // "--min-count: 0 is not at least 1"

// Calls train; what it throws about a member of TrainOptions is said of the option. Throws Error.
void with_option_names(const std::function<void()>& train);

}  // namespace bytepiece::tools
