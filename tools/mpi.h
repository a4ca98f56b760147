// Training by all processes that mpirun or srun started. The program bytepiece-mpi links mpi.cc, which does
// it; bytepiece links no_mpi.cc, which starts bytepiece-mpi in its place, so that it runs without MPI itself.
//
//   mpirun ─▶ bytepiece train --mpi ─▶ bytepiece-mpi train --mpi       rank 0, the first
//         └─▶ bytepiece train --mpi ─▶ bytepiece-mpi train --mpi       rank 1 ...
//
// What fails while ranks prepare is said once and ends all of them. What fails later on one rank is said by
// it, and MPI ends the others within seconds.
#pragma once

#include <bytepiece/corpus.h>
#include <bytepiece/train.h>
#include <bytepiece/vocab.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace bytepiece::tools {

struct MpiFigures {
  std::uint64_t bytes_sent = 0;     // from one rank to another, all together
  std::vector<double> peak_memory;  // of each rank, in bytes
};

struct MpiTraining {
  struct Prepared {
    Corpus corpus;
    ProgressCallback on_progress;
  };
  TrainOptions options;
  std::function<Prepared(bool is_first)> prepare;                                   // on every rank
  std::function<void(const std::vector<Vocab>& vocabs, const MpiFigures&)> finish;  // on the first
};

struct Reported {};  // thrown when something failed and a message was printed

void train_with_mpi(const MpiTraining& training);  // throws Reported, and Error where MPI is not there

}  // namespace bytepiece::tools
