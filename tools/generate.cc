// See generate.h. Tested by tests/cli_test.cc.
#include "tools/generate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

namespace bytepiece::tools {
namespace {

// An option or a positional argument, as people see it.
struct Shown {
  std::vector<std::string> names;  // "-o", "--output"; none: positional
  std::string metavar;             // "FILE"; empty: a flag
  bool required = false, several = false;
  std::vector<std::string> choices;
  std::string description;  // with the default
};

struct Command {
  std::string name, description, footer;
  std::vector<Shown> options, positionals;
};

std::string without_line_feeds(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// "FORMAT:{ids,pieces}" has choices.
std::vector<std::string> choices_in(const std::string& type) {
  std::vector<std::string> choices;
  const std::size_t begin = type.find('{'), end = type.rfind('}');
  if (begin == std::string::npos || end == std::string::npos) return choices;
  std::string choice;
  for (const char c : type.substr(begin + 1, end - begin - 1) + ",") {
    if (c != ',') {
      choice += c;
    } else if (!choice.empty()) {
      choices.push_back(std::exchange(choice, {}));
    }
  }
  return choices;
}

Shown shown(const CLI::Option& option) {
  Shown out;
  for (const std::string& name : option.get_snames()) out.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) out.names.push_back("--" + name);
  const std::string type = option.get_type_name();
  if (option.get_positional()) {
    out.metavar = option.get_name(true);
  } else {
    out.metavar = type.substr(0, type.find(':'));  // nothing: a flag
  }
  out.choices = choices_in(type);
  out.required = option.get_required();
  out.several = option.get_expected_max() > 1;
  out.description = without_line_feeds(option.get_description());
  if (out.required && !out.names.empty()) out.description += " (required)";
  if (!option.get_default_str().empty()) out.description += " [" + option.get_default_str() + "]";
  return out;
}

Command command_of(const CLI::App& app) {
  Command command = {app.get_name(), without_line_feeds(app.get_description()), app.get_footer(), {}, {}};
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;  // hidden
    (option->get_positional() ? command.positionals : command.options).push_back(shown(*option));
  }
  return command;
}

std::vector<Command> subcommands_of(const CLI::App& app) {
  std::vector<Command> commands;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    commands.push_back(command_of(*command));
  }
  return commands;
}

std::string joined(const std::vector<std::string>& parts, const std::string& between) {
  return fmt::format("{}", fmt::join(parts, between));
}

// Every occurrence of a character of `which` gets `prefix`.
std::string escaped(const std::string& text, const std::string& which, const std::string& prefix) {
  std::string out;
  for (const char c : text) {
    if (which.find(c) != std::string::npos) out += prefix;
    out += c;
  }
  return out;
}

// ---- man ----

std::string roff(const std::string& text) { return escaped(text, "\\-", "\\"); }

// Text whose lines stay as they are; none of them may begin with a dot or an apostrophe.
std::string roff_block(const std::string& text) {
  std::string out = ".nf\n\\&";
  for (const char c : roff(text)) {
    out += c;
    if (c == '\n') out += "\\&";
  }
  return out + "\n.fi\n";
}

std::string man_entry(const Shown& option) {
  std::string names = "\\fB" + roff(joined(option.names, ", ")) + "\\fR";
  if (option.names.empty()) names.clear();
  if (!option.metavar.empty()) names += (names.empty() ? "\\fI" : " \\fI") + roff(option.metavar) + "\\fR";
  return ".TP\n" + names + "\n\\&" + roff(option.description) + "\n";
}

std::string man_synopsis(const Command& command) {
  std::string line = "\\fBbytepiece " + roff(command.name) + "\\fR [\\fIOPTIONS\\fR]";
  for (const Shown& positional : command.positionals) {
    const std::string name = "\\fI" + roff(positional.metavar) + "\\fR" + (positional.several ? "..." : "");
    line += positional.required ? " " + name : " [" + name + "]";
  }
  return line;
}

std::string man_page(const Command& app, const std::vector<Command>& commands) {
  std::string page = ".TH BYTEPIECE 1 \"\" \"bytepiece " BYTEPIECE_VERSION "\" \"User Commands\"\n";
  page += ".SH NAME\nbytepiece \\- " + roff("train a byte-level Unigram tokenizer, encode and decode") + "\n";
  page += ".SH SYNOPSIS\n";
  for (const Command& command : commands) page += man_synopsis(command) + "\n.br\n";
  page += ".SH DESCRIPTION\n\\&" + roff(app.description) + ".\n.SH OPTIONS\n";
  for (const Shown& option : app.options) page += man_entry(option);
  for (const Command& command : commands) {
    std::string title = command.name;
    std::transform(title.begin(), title.end(), title.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    page += ".SH \"" + roff(title) + "\"\n" + man_synopsis(command) + "\n.PP\n\\&" +
            roff(command.description) + ".\n";
    for (const Shown& positional : command.positionals) page += man_entry(positional);
    for (const Shown& option : command.options) page += man_entry(option);
    if (!command.footer.empty()) page += ".PP\n" + roff_block(command.footer);
  }
  return page +
         ".SH \"EXIT STATUS\"\n0: done. 1: something failed. 2: the command line was not understood.\n";
}

// ---- Shells: what they say of an option may not hold a quote. ----

std::string plain(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c != '\'' && c != '[' && c != ']' && c != '\\') out += c;
  }
  return out;
}

std::string bash_completion(const Command& app, const std::vector<Command>& commands) {
  std::vector<std::string> names;
  for (const Command& command : commands) names.push_back(command.name);
  std::string values, words;
  const auto describe = [&](const Command& command, const std::string& key) {
    std::vector<std::string> options;
    for (const Shown& option : command.options) {
      options.insert(options.end(), option.names.begin(), option.names.end());
      if (option.metavar.empty()) continue;
      for (const std::string& name : option.names) {
        values += fmt::format("    '{} {}') COMPREPLY=($(compgen {} -- \"$cur\")); return ;;\n", key, name,
                              option.choices.empty() ? "-f" : "-W '" + joined(option.choices, " ") + "'");
      }
    }
    words += fmt::format("    '{}') words='{}' ;;\n", key, joined(options, " "));
  };
  describe(app, "");
  for (const Command& command : commands) describe(command, command.name);
  return "# bash completion for bytepiece\n_bytepiece() {\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command='' words='' word\n"
         "  COMPREPLY=()\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n    case $word in\n      " +
         joined(names, "|") + ") command=$word; break ;;\n    esac\n  done\n  case \"$command $prev\" in\n" +
         values + "  esac\n  case $command in\n" + words +
         "  esac\n  [ -z \"$command\" ] && words=\"$words " + joined(names, " ") +
         "\"\n  if [[ $cur == -* || -z $command ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n  else\n"
         "    COMPREPLY=($(compgen -f -- \"$cur\"))\n  fi\n}\n"
         "complete -o filenames -F _bytepiece bytepiece\n";
}

std::string zsh_arguments(const Command& command, const std::string& indent) {
  std::string out;
  for (const Shown& option : command.options) {
    std::string value;
    if (!option.metavar.empty()) {
      value = ":" + option.metavar + ":" +
              (option.choices.empty() ? "_files" : "(" + joined(option.choices, " ") + ")");
    }
    for (const std::string& name : option.names) {
      out += fmt::format(" \\\n{}'{}[{}]{}'", indent, name, escaped(plain(option.description), ":", "\\"),
                         value);
    }
  }
  return out + (command.positionals.empty() ? "" : " \\\n" + indent + "'*:file:_files'") + "\n";
}

std::string zsh_completion(const Command& app, const std::vector<Command>& commands) {
  std::string out = "#compdef bytepiece\n_bytepiece() {\n  local -a commands=(\n";
  for (const Command& command : commands) {
    out += fmt::format("    '{}:{}'\n", command.name, escaped(plain(command.description), ":", "\\"));
  }
  out += "  )\n  local context state line\n  _arguments -C '1:command:->command' '*::argument:->argument'" +
         zsh_arguments(app, "    ");
  out +=
      "  case $state in\n    command) _describe command commands ;;\n    argument)\n      case $words[1] "
      "in\n";
  for (const Command& command : commands) {
    out +=
        "        " + command.name + ") _arguments" + zsh_arguments(command, "          ") + "          ;;\n";
  }
  return out + "      esac ;;\n  esac\n}\n_bytepiece \"$@\"\n";
}

std::string fish_completion(const Command& app, const std::vector<Command>& commands) {
  std::string out = "# fish completion for bytepiece\n";
  const auto describe = [&](const Command& command, const std::string& condition) {
    for (const Shown& option : command.options) {
      out += fmt::format("complete -c bytepiece -n '{}'", condition);
      for (const std::string& name : option.names) {
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (!option.metavar.empty()) out += " -r";
      if (!option.choices.empty()) out += " -f -a '" + joined(option.choices, " ") + "'";
      out += " -d '" + plain(option.description) + "'\n";
    }
  };
  describe(app, "__fish_use_subcommand");
  for (const Command& command : commands) {
    out += fmt::format("complete -c bytepiece -f -n '__fish_use_subcommand' -a {} -d '{}'\n", command.name,
                       plain(command.description));
    describe(command, "__fish_seen_subcommand_from " + command.name);
  }
  return out;
}

}  // namespace

std::string generated(const CLI::App& app, const std::string& kind) {
  const Command program = command_of(app);
  const std::vector<Command> commands = subcommands_of(app);
  if (kind == "man") return man_page(program, commands);
  if (kind == "bash") return bash_completion(program, commands);
  if (kind == "zsh") return zsh_completion(program, commands);
  return fish_completion(program, commands);
}

}  // namespace bytepiece::tools
