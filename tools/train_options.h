// The options of training, grouped by the step that needs them.
#pragma once

#include <bytepiece/train.h>

#include "tools/common.h"

namespace bytepiece::tools {

void add_ngram_options(CLI::App& command, TrainOptions& options);   // --order, --isolate-digits
void add_piece_options(CLI::App& command, TrainOptions& options);   // --min-count, ... --repair-dead-zones
void add_vocab_options(CLI::App& command, TrainOptions& options);   // --vocab-size, ... --special
void add_choice_options(CLI::App& command, TrainOptions& options);  // --fewest-tokens, --sample
void add_date_option(CLI::App& command, bool& date);
void add_memory_options(CLI::App& command, TrainOptions& options);  // --memory, --tmp-dir

}  // namespace bytepiece::tools
