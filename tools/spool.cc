#include "tools/spool.h"

#include <bytepiece/types.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/output_file.h"
#include "tools/interrupt.h"

namespace bytepiece::tools {

Spool::Spool(int pipe, const std::string& name, const std::filesystem::path& folder) {
  OutputFile copy = OutputFile::unnamed(folder);
  std::vector<char> block(1 << 16);
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> hash(XXH3_createState(), XXH3_freeState);
  XXH3_128bits_reset(hash.get());
  for (ssize_t size; (size = ::read(pipe, block.data(), block.size())) != 0;) {
    if (size < 0) throw Error(fmt::format("{}: cannot be read: {}", name, std::strerror(errno)));
    stop_if_interrupted();
    const auto bytes = static_cast<std::size_t>(size);
    XXH3_128bits_update(hash.get(), block.data(), bytes);
    copy.write({block.data(), bytes});
  }
  const XXH128_hash_t sum = XXH3_128bits_digest(hash.get());
  digest_ = fmt::format("{:016x}{:016x}", sum.high64, sum.low64);
  fd_ = copy.take_descriptor();
}

Spool::Spool(Spool&& other) noexcept : fd_(std::exchange(other.fd_, -1)), digest_(std::move(other.digest_)) {}

Spool::~Spool() {
  if (fd_ >= 0) ::close(fd_);
}

std::string Spool::path() const { return fmt::format("/proc/self/fd/{}", fd_); }

std::vector<Spool> spool_pipes(std::vector<InputFile>& files, const std::filesystem::path& folder) {
  std::vector<Spool> spools;
  for (InputFile& file : files) {
    const bool standard_input = file.path == "-";
    std::error_code error;
    const auto type = std::filesystem::status(file.path, error).type();
    if (!standard_input && type != std::filesystem::file_type::fifo) continue;
    file.name = standard_input ? "standard input" : file.path.string();
    const int pipe = standard_input ? STDIN_FILENO : ::open(file.path.c_str(), O_RDONLY | O_CLOEXEC);
    if (pipe < 0) throw Error(fmt::format("{}: cannot be read: {}", file.name, std::strerror(errno)));
    spools.emplace_back(pipe, file.name, folder);
    if (!standard_input) ::close(pipe);
    file.path = spools.back().path();
    file.digest = spools.back().digest();
  }
  return spools;
}

}  // namespace bytepiece::tools
