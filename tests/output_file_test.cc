#include "base/output_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>

#include "golden_data.h"
#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

using Files = std::map<std::string, std::string>;

TEST_CASE("output_file: it appears at commit, whole") {
  const TemporaryFolder folder;
  {
    OutputFile file(folder / "a");
    file.write("hello ");
    file.write("world");
    CHECK_FALSE(std::filesystem::exists(folder / "a"));
    file.commit();
    CHECK(files_in(folder.path()) == Files{{"a", "hello world"}});
  }
  CHECK(files_in(folder.path()) == Files{{"a", "hello world"}});
}

TEST_CASE("output_file: without commit nothing appears and nothing changes") {
  const TemporaryFolder folder;
  write_bytes(folder / "b", "old");
  for (const char* name : {"a", "b"}) {
    OutputFile file(folder / name);
    file.write(std::string(300000, 'x'));
  }
  CHECK(files_in(folder.path()) == Files{{"b", "old"}});
}

TEST_CASE("output_file: bytes that were written can be replaced") {
  const TemporaryFolder folder;
  OutputFile file(folder / "a");
  file.write("0000" + std::string(300000, 'x'));
  file.overwrite(1, "12");
  file.write("end");
  file.overwrite(0, "3");
  file.commit();
  CHECK(golden::read_bytes(folder / "a") == "3120" + std::string(300000, 'x') + "end");
}

TEST_CASE("output_file: an old file is replaced, an empty one is written too") {
  const TemporaryFolder folder;
  write_bytes(folder / "a", "old and longer");
  OutputFile file(folder / "a");
  file.write("new");
  CHECK(golden::read_bytes(folder / "a") == "old and longer");
  file.commit();
  OutputFile(folder / "empty").commit();
  CHECK(files_in(folder.path()) == Files{{"a", "new"}, {"empty", ""}});
}

TEST_CASE("output_file: bytes of all sizes come out in order") {
  const TemporaryFolder folder;
  Random random(1);
  std::string expected;
  OutputFile file(folder / "a");
  for (const std::size_t size : {0, 1, 65535, 65536, 65537, 10, 200000, 3, 0, 65536}) {
    const std::string part = random_bytes(random, size);
    file.write(part);
    expected += part;
  }
  file.commit();
  const bool same = golden::read_bytes(folder / "a") == expected;
  CHECK(same);
}

TEST_CASE("output_file: a move takes the file along") {
  const TemporaryFolder folder;
  OutputFile first(folder / "a");
  first.write("one ");
  OutputFile second(std::move(first));
  second.write("two");
  second.commit();
  CHECK(files_in(folder.path()) == Files{{"a", "one two"}});
}

TEST_CASE("output_file: a symbolic link stays, what it names is replaced") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "elsewhere");
  write_bytes(folder / "elsewhere/real", "old");
  std::filesystem::create_symlink("elsewhere/real", folder / "link");
  OutputFile file(folder / "link");
  file.write("new");
  file.commit();
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(files_in(folder / "elsewhere") == Files{{"real", "new"}});
}

TEST_CASE("output_file: a symbolic link to a file that is not there yet") {
  const TemporaryFolder folder;
  std::filesystem::create_symlink("real", folder / "link");
  OutputFile file(folder / "link");
  file.write("new");
  file.commit();
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(golden::read_bytes(folder / "real") == "new");
}

TEST_CASE("output_file: permissions follow the umask") {
  const TemporaryFolder folder;
  const mode_t before = ::umask(027);
  OutputFile(folder / "a").commit();
  ::umask(before);
  struct stat info {};
  REQUIRE(::stat((folder / "a").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0640);
}

TEST_CASE("output_file: a name without a folder is in the current one") {
  const TemporaryFolder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  OutputFile("a").commit();
  std::filesystem::current_path(before);
  CHECK(files_in(folder.path()) == Files{{"a", ""}});
}

TEST_CASE("output_file: what is no regular file is written directly") {
  OutputFile null("/dev/null");
  null.write("gone");
  null.commit();
  CHECK(std::filesystem::is_character_file("/dev/null"));
}

struct Row {
  std::string name, message;
};

TEST_CASE("output_file: what cannot be written says why") {
  const TemporaryFolder folder;
  write_bytes(folder / "file", "");
  const Row rows[] = {
      {"", "is empty"},
      {folder / "none/a", "none/a: cannot be written: No such file or directory; make its folder first"},
      {folder / "file/a", "file/a: cannot be written: Not a directory"},
      {folder.path(), "cannot be written: Is a directory"},
      {folder / "none/", "cannot be written"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const std::string message = error_of([&] {
      OutputFile file(row.name);
      file.write("x");
      file.commit();
    });
    CAPTURE(message);
    CHECK_FALSE(message.empty());
    if (!row.name.empty()) CHECK(contains(message, row.message));
  }
  CHECK(files_in(folder.path()) == Files{{"file", ""}});
}

TEST_CASE("output_file: a full disk is an error at the latest at commit") {
  for (const std::size_t size : {1, 65536, 65537, 1000000}) {
    const std::string message = error_of([&] {
      OutputFile file("/dev/full");
      file.write(std::string(size, 'x'));
      file.commit();
    });
    CHECK(message.starts_with("/dev/full: cannot be written: No space left on device after "));
    CHECK(message.ends_with(" bytes; make room or write elsewhere"));
  }
}

TEST_CASE("output_file: a folder or file that may not be written") {
  if (::geteuid() == 0) return;  // root may
  const TemporaryFolder folder;
  write_bytes(folder / "file", "old");
  std::filesystem::permissions(folder / "file", std::filesystem::perms::owner_read);
  CHECK(contains(error_of([&] { OutputFile file(folder / "file"); }), "Permission denied"));
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0500));
  CHECK(contains(error_of([&] { OutputFile file(folder / "a"); }), "Permission denied"));
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0700));
  CHECK(files_in(folder.path()) == Files{{"file", "old"}});
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
