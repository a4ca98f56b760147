#include "tools/bad_lines.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <utility>

namespace bytepiece::tools {

void BadLines::add_option(CLI::App& command) {
  command
      .add_option(
          "--on-error", choice_,
          "A JSON line that is broken or lacks the field: stop, or skip it and say how many there were")
      ->type_name("WHAT")
      ->capture_default_str()
      ->check(CLI::IsMember({"stop", "skip"}));
}

void BadLines::watch(std::vector<InputFile>& files) {
  count_ = 0;
  if (choice_ != "skip") return;
  for (InputFile& file : files) {
    file.options.on_bad_line = [this](std::string_view message) {
      if (count_++ == 0) first_ = message;
    };
  }
}

Corpus BadLines::count_anew(Corpus corpus) {
  corpus.walk = [this, walk = std::move(corpus.walk)](const auto& visit) {
    count_ = 0;
    walk(visit);
  };
  return corpus;
}

void BadLines::report() const {
  if (count_ > 0) fmt::print(stderr, "{} skipped, the first: {}\n", counted(count_, "line"), first_);
}

}  // namespace bytepiece::tools
