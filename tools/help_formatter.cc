#include "tools/help_formatter.h"

#include <sstream>

namespace bytepiece::tools {
namespace {

constexpr std::size_t kColumns = 80, kNameColumns = 30;

std::string wrapped(const std::string& text, std::size_t columns) {
  std::string out, word;
  std::size_t used = 0;
  for (std::istringstream words(text); words >> word; used += word.size() + 1) {
    if (used > 0 && used + word.size() > columns) {
      out += '\n';
      used = 0;
    }
    out += (used > 0 ? " " : "") + word;
  }
  return out;
}

}  // namespace

HelpFormatter::HelpFormatter() { column_width(kNameColumns); }

std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
  if (option->get_type_size() == 0) return "";
  const std::string type = option->get_type_name();  // "N:INT in [0 - 1024]"
  return " " + type.substr(0, type.find(':'));
}

std::string HelpFormatter::make_option_desc(const CLI::Option* option) const {
  std::string text = option->get_description();
  if (option->get_required() && !option->get_positional()) text += " (required)";
  if (!option->get_default_str().empty()) text += " [" + option->get_default_str() + "]";
  return wrapped(text, kColumns - kNameColumns);
}

std::string HelpFormatter::make_subcommand(const CLI::App* command) const {
  std::ostringstream out;
  CLI::detail::format_help(out, command->get_name(),
                           wrapped(command->get_description(), kColumns - kNameColumns), kNameColumns);
  return out.str();
}

}  // namespace bytepiece::tools
