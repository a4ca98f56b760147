// Help texts that fit 80 columns.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace bytepiece::tools {

// Wraps descriptions and puts defaults at their end.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter();
  std::string make_option_opts(const CLI::Option* option) const override;
  std::string make_option_desc(const CLI::Option* option) const override;
  std::string make_subcommand(const CLI::App* command) const override;
};

}  // namespace bytepiece::tools
