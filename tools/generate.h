// What is made from the options themselves, so that it cannot be out of date: the manual page and the
// completions of shells.
//
// Thread rule: a pure function.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace bytepiece::tools {

// kind: man, bash, zsh or fish.
std::string generated(const CLI::App& app, const std::string& kind);

}  // namespace bytepiece::tools
