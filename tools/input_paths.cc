#include "tools/input_paths.h"

#include <bytepiece/types.h>
#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace bytepiece::tools {
namespace {

namespace fs = std::filesystem;

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

void append_folder(const std::string& folder, std::vector<std::string>& paths) {
  const auto begin = static_cast<std::ptrdiff_t>(paths.size());
  std::error_code error, ignored;
  for (auto entry = fs::recursive_directory_iterator(folder, error); !error && entry != fs::end(entry);
       entry.increment(error)) {
    if (is_hidden(entry->path())) {
      entry.disable_recursion_pending();
    } else if (entry->is_regular_file(ignored) || !fs::exists(entry->path(), ignored)) {  // an error later
      paths.push_back(entry->path().string());
    }
  }
  if (error) throw Error(fmt::format("{}: a folder in it cannot be read: {}", folder, error.message()));
  if (paths.begin() + begin == paths.end()) throw Error(fmt::format("{}: no files in this folder", folder));
  std::sort(paths.begin() + begin, paths.end());
}

std::vector<std::string> matches(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);  // in the order of their names
  }
  ::globfree(&found);
  if (paths.empty()) throw Error(fmt::format("{}: no such file, and none matches", pattern));
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

std::vector<std::string> input_paths(const std::vector<std::string>& named) {
  std::vector<std::string> paths;
  for (const std::string& name : named) {
    std::error_code error;
    const bool is_pattern = name.find_first_of("*?[") != std::string::npos && !fs::exists(name, error);
    for (const std::string& path : is_pattern ? matches(name) : std::vector{name}) {
      if (fs::is_directory(path, error)) {
        append_folder(path, paths);
      } else {
        paths.push_back(path);
      }
    }
  }
  return paths;
}

}  // namespace bytepiece::tools
