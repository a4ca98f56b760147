// See model_bytes.h.
#include "model_bytes.h"

#define XXH_INLINE_ALL
#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include <stdexcept>

#include "base/little_endian.h"

namespace bytepiece::testing {
namespace {

constexpr std::size_t kHead = 40, kEntry = 32;

void put(std::string& bytes, std::size_t at, std::uint64_t number) {
  std::string little;
  append_little_endian(number, little);
  bytes.replace(at, little.size(), little);
}

}  // namespace

std::uint64_t xxh3(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

ModelBytes::ModelBytes(std::string bytes) : bytes_(std::move(bytes)) {}

std::vector<ModelBytes::Place> ModelBytes::sections() const {
  std::vector<Place> places;
  const auto n = little_endian_at<std::uint32_t>(bytes_, 12);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t entry = kHead + i * kEntry;
    places.push_back({bytes_.substr(entry, 7).c_str(), entry,
                      little_endian_at<std::uint64_t>(bytes_, entry + 8),
                      little_endian_at<std::uint64_t>(bytes_, entry + 16)});
  }
  return places;
}

ModelBytes::Place ModelBytes::section(std::string_view name) const {
  for (const Place& place : sections()) {
    if (place.name == name) return place;
  }
  throw std::runtime_error("no section " + std::string(name));
}

void ModelBytes::correct_checksums() {
  for (const Place& place : sections()) {
    if (place.begin > bytes_.size()) continue;
    put(bytes_, place.entry + 24, xxh3(std::string_view(bytes_).substr(place.begin, place.size)));
  }
  correct_head();
}

void ModelBytes::correct_head() {
  const std::size_t end = kHead + little_endian_at<std::uint32_t>(bytes_, 12) * kEntry;
  if (end + 8 <= bytes_.size()) put(bytes_, end, xxh3(std::string_view(bytes_).substr(0, end)));
}

void ModelBytes::add_section(std::string_view name, bool required, std::string_view content) {
  std::vector<std::string> contents;
  std::vector<Place> places = sections();
  for (const Place& place : places) contents.push_back(bytes_.substr(place.begin, place.size));
  std::string table = bytes_.substr(kHead, places.size() * kEntry);
  std::string row(name);
  row.resize(7);
  row += required ? '\1' : '\0';
  row.resize(kEntry);
  table += row;
  contents.emplace_back(content);
  std::string file = bytes_.substr(0, kHead) + table + std::string(8, '\0');
  file.replace(12, 4, std::string{static_cast<char>(contents.size()), 0, 0, 0});
  for (std::size_t i = 0; i < contents.size(); ++i) {
    file.resize((file.size() + 63) / 64 * 64);
    put(file, kHead + i * kEntry + 8, file.size());
    put(file, kHead + i * kEntry + 16, contents[i].size());
    file += contents[i];
  }
  put(file, 16, file.size());
  bytes_ = file;
  correct_checksums();
}

void ModelBytes::write(const std::filesystem::path& path) const {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const bool good = fd >= 0 &&
                    ::pwrite(fd, bytes_.data(), bytes_.size(), 0) == static_cast<ssize_t>(bytes_.size()) &&
                    ::ftruncate(fd, static_cast<off_t>(bytes_.size())) == 0;
  if (fd >= 0) ::close(fd);
  if (!good) throw std::runtime_error("cannot write " + path.string());
}

}  // namespace bytepiece::testing
