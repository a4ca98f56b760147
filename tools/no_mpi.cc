#include <bytepiece/types.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tools/mpi.h"

namespace bytepiece::tools {

void train_with_mpi(const MpiTraining&) {
  std::error_code error;
  const auto program =
      std::filesystem::read_symlink("/proc/self/exe", error).replace_filename("bytepiece-mpi");
  std::vector<std::string> words;
  std::ifstream command_line("/proc/self/cmdline", std::ios::binary);
  for (std::string word; std::getline(command_line, word, '\0');) words.push_back(word);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execv(program.c_str(), arguments.data());
  throw Error(fmt::format("--mpi: {}: {}; it is built where CMake finds MPI (libopenmpi-dev)",
                          program.string(), std::strerror(errno)));
}

}  // namespace bytepiece::tools
