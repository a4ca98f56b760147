#include "base/mapped_file.h"

#include <bytepiece/types.h>
#include <doctest/doctest.h>

#include <string>

#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

TEST_CASE("mapped_file: the bytes of a file, also of an empty one and of what is no file") {
  const TemporaryFolder folder;
  for (const std::string& content : {std::string(), bytes("a\0b"), std::string(200000, 'x')}) {
    write_bytes(folder / "a", content);
    CHECK(MappedFile(folder / "a", "a file").bytes() == content);
  }
  CHECK(MappedFile("/dev/null", "a file").bytes().empty());
}

TEST_CASE("mapped_file: what is replaced by name stays as it was for those who map it") {
  const TemporaryFolder folder;
  write_bytes(folder / "a", "old");
  const MappedFile file(folder / "a", "a file");
  write_bytes(folder / "b", "new");
  std::filesystem::rename(folder / "b", folder / "a");
  CHECK(file.bytes() == "old");
  CHECK(MappedFile(folder / "a", "a file").bytes() == "new");
}

TEST_CASE("mapped_file: errors say what was expected") {
  const TemporaryFolder folder;
  const std::string missing = folder / "none";
  CHECK(error_of([&] { MappedFile(missing, "a model"); }) == missing + ": no such file; expected a model");
  CHECK(
      contains(error_of([&] { MappedFile(folder.path(), "a model"); }), "is a directory; expected a model"));
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
