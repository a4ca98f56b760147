// The processes that train together, as MPI numbers them: rank 0 to size() - 1. The only header of this
// project's that stands for MPI; ranks.cc alone includes <mpi.h>.
//
//   gather   rank 0 "a"  rank 1 "bc"   ─▶  every rank has ["a", "bc"]
//   swap     rank 0 ["", "x"]  rank 1 ["y", ""]   ─▶  rank 0 has ["", "y"], rank 1 ["x", ""]
//
// What moves may be of any size: it goes in portions whose lengths fit MPI's 32-bit counts. All of these are
// calls that every rank makes, in the same order.
//
// Thread rule: one thread, the one that made the object; one object per process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace bytepiece::mpi {

class Ranks {
 public:
  Ranks();        // begins MPI. Throws Error, as all others do: MPI says that something failed
  void finish();  // ends it; without this call the process counts as failed

  std::size_t rank() const { return rank_; }
  std::size_t size() const { return size_; }

  std::vector<std::string> gather(const std::string& mine);
  // portions[r] goes to rank r; element r of the result came from there. REQUIRES: size() portions, together
  // shorter than 2^31 bytes.
  std::vector<std::string> swap(const std::vector<std::string>& portions);
  void add_up(std::vector<std::uint64_t>& numbers);  // each number becomes its sum over all ranks
  std::uint64_t sum(std::uint64_t number);
  void wait();  // until all ranks are here

  std::uint64_t sent() const { return sent_; }  // bytes that this rank has sent to others
  [[noreturn]] void abort();                    // ends all ranks, with status 1

 private:
  std::size_t rank_ = 0, size_ = 1;
  std::uint64_t sent_ = 0;
};

}  // namespace bytepiece::mpi
