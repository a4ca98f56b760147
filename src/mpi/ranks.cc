// Tested by tests/exchange_test.cc.
#include "mpi/ranks.h"

#include <bytepiece/types.h>
#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace bytepiece::mpi {
namespace {

constexpr std::size_t kGathered = 64 << 20;  // bytes that one call gathers, of all ranks together
constexpr std::size_t kAdded = 1 << 20;      // numbers that one call adds up

void check(int status) {
  if (status == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(status, text.data(), &length);
  throw Error(
      fmt::format("MPI: {}", std::string_view(text.data(), static_cast<std::size_t>(std::max(length, 0)))));
}

// Where each of several stretches in a row begins.
std::vector<int> begins(const std::vector<int>& lengths) {
  std::vector<int> at(lengths.size());
  for (std::size_t i = 1; i < lengths.size(); ++i) at[i] = at[i - 1] + lengths[i - 1];
  return at;
}

std::size_t total(const std::vector<int>& lengths, const std::vector<int>& at) {
  return static_cast<std::size_t>(at.back()) + static_cast<std::size_t>(lengths.back());
}

std::string_view piece(const std::string& all, const std::vector<int>& at, const std::vector<int>& lengths,
                       std::size_t i) {
  return std::string_view(all).substr(static_cast<std::size_t>(at[i]), static_cast<std::size_t>(lengths[i]));
}

}  // namespace

Ranks::Ranks() {
  int provided = 0, rank = 0, size = 1;
  check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided));
  check(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
  check(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
  check(MPI_Comm_size(MPI_COMM_WORLD, &size));
  rank_ = static_cast<std::size_t>(rank);
  size_ = static_cast<std::size_t>(size);
}

void Ranks::finish() { check(MPI_Finalize()); }

std::vector<std::string> Ranks::gather(const std::string& mine) {
  std::vector<std::string> all(size_);
  const std::size_t portion = std::max<std::size_t>(kGathered / size_, 1);
  for (std::size_t from = 0;; from += portion) {
    const std::size_t left = mine.size() - std::min(from, mine.size());
    const auto length = static_cast<int>(std::min(left, portion));
    std::vector<int> lengths(size_);
    check(MPI_Allgather(&length, 1, MPI_INT, lengths.data(), 1, MPI_INT, MPI_COMM_WORLD));
    const std::vector<int> at = begins(lengths);
    if (total(lengths, at) == 0) return all;
    std::string received(total(lengths, at), '\0');
    check(MPI_Allgatherv(mine.data() + (mine.size() - left), length, MPI_BYTE, received.data(),
                         lengths.data(), at.data(), MPI_BYTE, MPI_COMM_WORLD));
    for (std::size_t i = 0; i < size_; ++i) all[i] += piece(received, at, lengths, i);
    sent_ += static_cast<std::size_t>(length) * (size_ - 1);
  }
}

std::vector<std::string> Ranks::swap(const std::vector<std::string>& portions) {
  std::vector<int> out(size_), in(size_);
  std::string sent;
  for (std::size_t i = 0; i < size_; ++i) {
    if (i == rank_) continue;  // stays here
    out[i] = static_cast<int>(portions[i].size());
    sent += portions[i];
  }
  check(MPI_Alltoall(out.data(), 1, MPI_INT, in.data(), 1, MPI_INT, MPI_COMM_WORLD));
  const std::vector<int> out_at = begins(out), in_at = begins(in);
  std::string received(total(in, in_at), '\0');
  check(MPI_Alltoallv(sent.data(), out.data(), out_at.data(), MPI_BYTE, received.data(), in.data(),
                      in_at.data(), MPI_BYTE, MPI_COMM_WORLD));
  sent_ += sent.size();
  std::vector<std::string> result(size_);
  for (std::size_t i = 0; i < size_; ++i) {
    result[i] = i == rank_ ? portions[i] : std::string(piece(received, in_at, in, i));
  }
  return result;
}

void Ranks::add_up(std::vector<std::uint64_t>& numbers) {
  for (std::size_t from = 0; from < numbers.size(); from += kAdded) {
    const std::size_t count = std::min(kAdded, numbers.size() - from);
    check(MPI_Allreduce(MPI_IN_PLACE, numbers.data() + from, static_cast<int>(count), MPI_UINT64_T, MPI_SUM,
                        MPI_COMM_WORLD));
    if (size_ > 1) sent_ += count * sizeof(std::uint64_t);
  }
}

std::uint64_t Ranks::sum(std::uint64_t number) {
  std::vector<std::uint64_t> numbers = {number};
  add_up(numbers);
  return numbers.front();
}

void Ranks::wait() { check(MPI_Barrier(MPI_COMM_WORLD)); }

void Ranks::abort() {
  MPI_Abort(MPI_COMM_WORLD, 1);
  std::_Exit(1);
}

}  // namespace bytepiece::mpi
