#include <bytepiece/types.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <thread>

#include "mpi/train.h"
#include "tools/interrupt.h"
#include "tools/mpi.h"
#include "tools/stages.h"
#include "tools/train_options.h"

namespace bytepiece::tools {
namespace {

std::string message_of(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) {
    return "out of memory; use --memory, fewer threads or more ranks";
  }
  const auto* of_option = dynamic_cast<const OptionError*>(&error);
  std::string message = of_option ? named_by_option(*of_option) : error.what();
  std::replace(message.begin(), message.end(), '\n', ' ');
  return message;
}

void print(const mpi::Ranks& ranks, std::size_t rank, const std::string& message) {
  const std::string where = ranks.size() > 1 ? fmt::format("rank {}: ", rank) : "";
  fmt::print(stderr, "bytepiece: {}{}\n", where, message);
  std::fflush(stderr);
}

// Goes on only if no rank has a problem and all see the same corpus.
void agree(mpi::Ranks& ranks, const std::string& problem, const std::string& identity) {
  const std::vector<std::string> problems = ranks.gather(problem), identities = ranks.gather(identity);
  std::string found;
  std::size_t rank = 0;
  for (; found.empty() && rank < ranks.size(); ++rank) {
    found = problems[rank];
    if (found.empty() && identities[rank] != identities[0]) {
      found =
          "sees other input files than rank 0: names, sizes and times must be the same (a shared disk, or "
          "copies with 'rsync -a')";
    }
  }
  if (found.empty()) return;
  if (ranks.rank() == 0) print(ranks, rank - 1, found);
  ranks.wait();
  ranks.finish();
  throw Reported{};
}

MpiFigures figures_of(mpi::Ranks& ranks) {
  MpiFigures figures;
  figures.bytes_sent = ranks.sum(ranks.sent());
  std::vector<std::uint64_t> peaks(ranks.size());
  peaks[ranks.rank()] = static_cast<std::uint64_t>(peak_memory());
  ranks.add_up(peaks);
  for (const std::uint64_t peak : peaks) figures.peak_memory.push_back(static_cast<double>(peak));
  return figures;
}

void train_on(mpi::Ranks& ranks, const MpiTraining& training) {
  MpiTraining::Prepared prepared;
  std::string problem;
  try {
    mpi::check(training.options);
    prepared = training.prepare(ranks.rank() == 0);
  } catch (const std::exception& error) {
    problem = message_of(error);
  }
  agree(ranks, problem, prepared.corpus.identity);
  const std::vector<Vocab> vocabs =
      mpi::train(ranks, prepared.corpus, training.options, prepared.on_progress);
  const MpiFigures figures = figures_of(ranks);
  if (ranks.rank() == 0) training.finish(vocabs, figures);
  ranks.wait();
  ranks.finish();
}

// What fails on all ranks, rank 0 says: the others are ended before they would.
[[noreturn]] void fail(mpi::Ranks& ranks, const std::string& message) {
  if (ranks.rank() > 0) std::this_thread::sleep_for(std::chrono::milliseconds(500));
  if (!is_interrupted()) print(ranks, ranks.rank(), message);
  ranks.abort();
}

}  // namespace

void train_with_mpi(const MpiTraining& training) {
  mpi::Ranks ranks;
  try {
    train_on(ranks, training);
  } catch (const Interrupted& interrupted) {
    end_by(interrupted);  // all ranks get the signal: who sent it knows
  } catch (const std::exception& error) {
    fail(ranks, message_of(error));
  }
}

}  // namespace bytepiece::tools
