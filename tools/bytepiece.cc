// The command line. Errors come out here and nowhere else: one line on standard error, exit 1 for what
// failed and 2 for a command line that cannot be understood.
#include <bytepiece/types.h>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>

#include "tools/common.h"
#include "tools/generate.h"
#include "tools/help_formatter.h"
#include "tools/interrupt.h"
#include "tools/mpi.h"

namespace {

int report(int status, std::string message) {
  std::replace(message.begin(), message.end(), '\n', ' ');
  fmt::print(stderr, "bytepiece: {}\n", message);
  return status;
}

// What a command that was stopped leaves behind.
std::string what_is_left(const CLI::App& app) {
  const auto named = app.get_subcommands();
  const CLI::Option* folder = named.empty() ? nullptr : named.front()->get_option_no_throw("--work-dir");
  if (folder != nullptr && folder->count() > 0)
    return "stopped; the same command goes on with what is in --work-dir";
  return "stopped; no output is whole, and no file was written";
}

// The subcommand that was named, for "see ... --help".
std::string named_command(const CLI::App& app) {
  const auto named = app.get_subcommands();
  return named.empty() ? "bytepiece" : "bytepiece " + named.front()->get_name();
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error like any other
  CLI::App app("BytePiece: a byte-level Unigram tokenizer", "bytepiece");
  app.set_version_flag("--version", "bytepiece " BYTEPIECE_VERSION);
  std::string generate;
  app.add_option(
         "--generate", generate,
         "Write the manual page, or completions for a shell, to standard output: man, bash, zsh, fish")
      ->type_name("KIND")
      ->check(CLI::IsMember({"man", "bash", "zsh", "fish"}));
  app.require_subcommand(0, 1);  // none is an error too, but an unknown one shall be named
  app.formatter(std::make_shared<bytepiece::tools::HelpFormatter>());
  app.footer("'bytepiece COMMAND --help' tells more, with examples.");
  bytepiece::tools::add_train(app);
  bytepiece::tools::add_encode(app);
  bytepiece::tools::add_decode(app);
  bytepiece::tools::add_eval(app);
  bytepiece::tools::add_inspect(app);
  bytepiece::tools::add_steps(app);
  bytepiece::tools::add_lattice(app);
  bytepiece::tools::add_convert(app);
  try {
    app.parse(argc, argv);
    if (!generate.empty()) fmt::print("{}", bytepiece::tools::generated(app, generate));
    if (app.get_subcommands().empty() && generate.empty())
      return report(2, "a command is missing; see 'bytepiece --help'");
    if (std::fflush(stdout) != 0) return report(1, "standard output: cannot be written");
    return 0;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    if (app.get_subcommands().empty() && argc > 1 && argv[1][0] != '-') {
      return report(2, fmt::format("'{}' is no command; see 'bytepiece --help'", argv[1]));
    }
    return report(2, fmt::format("{}; see '{} --help'", error.what(), named_command(app)));
  } catch (const bytepiece::tools::Reported&) {
    return 1;
  } catch (const bytepiece::tools::Interrupted& interrupted) {
    report(1, what_is_left(app));
    bytepiece::tools::end_by(interrupted);
  } catch (const bytepiece::Error& error) {
    return report(1, error.what());
  } catch (const std::bad_alloc&) {
    return report(1, "out of memory; use a smaller input or fewer threads");
  } catch (const std::exception& error) {
    return report(1, error.what());
  }
}
