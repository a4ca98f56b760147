// The law of the layers, read off the include lines: a folder of src/ includes itself and what stands
// below it only.
//
//   base ◀ text ◀ model ◀ encode ◀ train      corpus uses base and text      tools use anything
//   mpi uses base and train, and alone includes <mpi.h>
//   attention uses base and the public headers of encode and corpus; nothing but tools knows it
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "golden_data.h"

namespace bytepiece {
namespace {

TEST_SUITE_BEGIN("unit");

namespace fs = std::filesystem;
using Names = std::set<std::string>;

// A layer's folders, and the public headers that belong to it.
const std::map<std::string, Names>& allowed_folders() {
  static const std::map<std::string, Names> law = {
      {"base", {"base"}},
      {"text", {"base", "text"}},
      {"model", {"base", "text", "model"}},
      {"encode", {"base", "text", "model", "encode"}},
      {"train", {"base", "text", "model", "encode", "train"}},
      {"mpi", {"base", "train", "mpi"}},
      {"corpus", {"base", "text", "corpus"}},
      {"attention", {"base", "attention"}},
      {"c", {"c"}},
  };
  return law;
}

const std::map<std::string, Names>& allowed_headers() {
  static const std::map<std::string, Names> law = [] {
    std::map<std::string, Names> headers;
    headers["base"] = {"types.h", "random.h"};
    headers["text"] = {"types.h", "utf8_stream.h"};
    headers["model"] = {"types.h", "vocab.h"};
    headers["encode"] = {"types.h", "vocab.h", "encode_stream.h", "random.h", "sampler.h", "tokenizer.h"};
    headers["train"] = {"types.h", "vocab.h", "encode_stream.h", "tokenizer.h", "corpus.h", "train.h"};
    headers["mpi"] = {"types.h", "vocab.h", "corpus.h", "train.h"};
    headers["corpus"] = {"types.h", "corpus.h", "readers.h", "id_files.h"};
    headers["attention"] = {"types.h",  "vocab.h",  "tokenizer.h", "sampler.h",
                            "random.h", "corpus.h", "attention.h"};
    headers["c"] = {"types.h", "vocab.h", "tokenizer.h", "sampler.h", "random.h", "attention.h", "c.h"};
    return headers;
  }();
  return law;
}

std::vector<fs::path> sources(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const auto extension = entry.path().extension();
    if (extension == ".cc" || extension == ".h") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> includes(const fs::path& file) {
  static const std::regex line("\\s*#\\s*include\\s*[<\"]([^>\"]+)[>\"].*");
  std::vector<std::string> names;
  std::istringstream in(golden::read_bytes(file));
  std::smatch match;
  for (std::string text; std::getline(in, text);) {
    if (std::regex_match(text, match, line)) names.push_back(match[1]);
  }
  return names;
}

const fs::path kSource = BYTEPIECE_SOURCE_DIR "/src";
const fs::path kPublic = BYTEPIECE_SOURCE_DIR "/include/bytepiece";

TEST_CASE("layers: a folder of src includes what is below it only") {
  CHECK(sources(kSource).size() > 20);
  for (const fs::path& file : sources(kSource)) {
    const fs::path relative = fs::relative(file, kSource);
    const std::string layer = *relative.begin();
    CAPTURE(relative.string());
    REQUIRE(allowed_folders().contains(layer));
    for (const std::string& name : includes(file)) {
      CAPTURE(name);
      const std::string folder = *fs::path(name).begin();
      if (folder == "bytepiece") {
        CHECK(allowed_headers().at(layer).contains(fs::path(name).filename()));
      } else if (allowed_folders().contains(folder)) {
        CHECK(allowed_folders().at(layer).contains(folder));
      }
      CHECK((name != "mpi.h" || layer == "mpi"));
      CHECK(folder != "tools");
      CHECK(folder != "tests");
    }
  }
}

TEST_CASE("layers: public headers include the standard library and one another only") {
  // Names of the standard library have neither a dot nor a folder.
  std::map<std::string, std::vector<std::string>> own;
  for (const fs::path& file : sources(kPublic)) {
    CAPTURE(file.string());
    for (const std::string& name : includes(file)) {
      CAPTURE(name);
      const bool standard = name.find_first_of("./") == std::string::npos ||
                            (file.filename() == "c.h" && (name == "stddef.h" || name == "stdint.h"));
      const bool ours = name.starts_with("bytepiece/");
      CHECK((standard || ours));
      if (ours) own[file.filename()].push_back(fs::path(name).filename());
    }
  }
  // What the core's headers lead to is the core's.
  const Names core = {"types.h", "vocab.h", "tokenizer.h", "encode_stream.h", "random.h", "sampler.h"};
  for (const std::string& header : core) {
    for (const std::string& name : own[header]) {
      CAPTURE(header);
      CHECK(core.contains(name));
    }
  }
  CHECK_FALSE(std::any_of(own["bytepiece.h"].begin(), own["bytepiece.h"].end(),
                          [](const std::string& name) { return name == "attention.h"; }));
  for (const auto& [header, names] : own) {
    CAPTURE(header);
    for (const std::string& name : names)
      CHECK(name != "attention.h");  // nor does any other lead to the sibling
  }
}

TEST_CASE("layers: every file begins with a comment, headers with more") {
  for (const fs::path& folder : {kSource, kPublic}) {
    for (const fs::path& file : sources(folder)) {
      CAPTURE(file.string());
      const std::string content = golden::read_bytes(file);
      CHECK(content.starts_with("// "));
      if (file.extension() == ".h") CHECK(content.find("\n#pragma once\n") != std::string::npos);
    }
  }
}

TEST_CASE("layers: the test that a source names is there") {
  static const std::regex named("Tested by (tests/[a-z0-9_]+\\.(?:cc?|sh))");
  for (const fs::path& file : sources(kSource)) {
    if (file.extension() != ".cc") continue;
    CAPTURE(file.string());
    const std::string content = golden::read_bytes(file);
    std::smatch match;
    REQUIRE(std::regex_search(content, match, named));
    CHECK(fs::exists(fs::path(BYTEPIECE_SOURCE_DIR) / match[1].str()));
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
