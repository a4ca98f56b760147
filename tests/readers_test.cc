#include <bytepiece/readers.h>
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support.h"
#include "text/nfc.h"
#include "text/split.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

// All documents of a walk, each whole; an unterminated last line is marked.
Strings documents(const Corpus& corpus) {
  Strings result;
  std::string open;
  bool is_open = false;
  corpus.walk([&](const DocumentPart& part) {
    open += part.bytes;
    is_open = !part.ends_document;
    if (is_open) return;
    result.push_back(open + (part.unterminated ? "<unterminated>" : ""));
    open.clear();
  });
  CHECK_FALSE(is_open);
  return result;
}

Strings read(const std::filesystem::path& path, InputFormat format, const std::string& field = "text") {
  const Corpus corpus = read_files({{path, {format, field}, {}}});
  const Strings first = documents(corpus);
  CHECK(documents(corpus) == first);  // every walk is the same
  return first;
}

struct Row {
  std::string name, content;
  Strings lines;
};

TEST_CASE("readers: text is one document, lines are lines") {
  static const Row rows[] = {
      {"empty", "", {}},
      {"a line", "ab\n", {"ab"}},
      {"no final line feed", "ab\ncd", {"ab", "cd<unterminated>"}},
      {"only line feeds", "\n\n\n", {"", "", ""}},
      {"CR LF", "ab\r\ncd\r\n", {"ab\r", "cd\r"}},
      {"NUL", bytes("a\0b\n\0\n"), {bytes("a\0b"), bytes("\0")}},
      {"invalid UTF-8", "\xFF\xE4\n\xBD", {"\xFF\xE4", "\xBD<unterminated>"}},
      {"byte order mark", "\xEF\xBB\xBFx\n", {"\xEF\xBB\xBFx"}},
  };
  const TemporaryFolder folder;
  for (const Row& row : rows) {
    CAPTURE(row.name);
    write_bytes(folder / "a", row.content);
    CHECK(read(folder / "a", InputFormat::kLines) == row.lines);
    CHECK(read(folder / "a", InputFormat::kText) == Strings{row.content});
  }
}

TEST_CASE("readers: compressed files, by content and not by name") {
  const TemporaryFolder folder;
  Random random(1);
  std::string large;
  while (large.size() < 600000) large += random_text(random, 1000);
  for (const std::string& content : {std::string("one\ntwo"), std::string(), large}) {
    for (const std::string filter : {"gzip", "zstd", "xz", "bzip2"}) {
      CAPTURE(filter);
      write_bytes(folder / "a.txt", compressed(content, filter));
      const bool same = read(folder / "a.txt", InputFormat::kText) == Strings{content};
      CHECK(same);
      // Files put together are their contents put together.
      write_bytes(folder / "a.txt", compressed(content, filter) + compressed("more", filter));
      const bool same_twice = read(folder / "a.txt", InputFormat::kText) == Strings{content + "more"};
      CHECK(same_twice);
    }
  }
}

TEST_CASE("readers: a damaged compressed file is an error, not a shorter text") {
  const TemporaryFolder folder;
  const std::string path = folder / "a";
  std::string content;
  Random random(2);
  while (content.size() < 50000) content += random_of(random, {"some ", "words\n", "and ", "more "}, 100);
  for (const std::string filter : {"gzip", "zstd", "xz", "bzip2"}) {
    const std::string file = compressed(content, filter);
    for (const std::size_t size : {file.size() - 1, file.size() - 9, file.size() / 2, std::size_t{30}}) {
      CAPTURE(filter);
      CAPTURE(size);
      write_bytes(path, file.substr(0, size));
      CHECK(contains(error_of([&] { read(path, InputFormat::kText); }), path + ": cannot be read"));
    }
  }
}

TEST_CASE("readers: a flipped bit in a compressed file is an error") {
  const TemporaryFolder folder;
  const std::string path = folder / "a";
  Random random(3);
  const std::string content = random_bytes(random, 20000);  // stored as it is: only a checksum can tell
  for (const std::string filter : {"gzip", "xz", "bzip2"}) {
    std::string file = compressed(content, filter);
    file[file.size() / 2] = static_cast<char>(file[file.size() / 2] ^ 1);
    CAPTURE(filter);
    write_bytes(path, file);
    CHECK(contains(error_of([&] { read(path, InputFormat::kText); }), path + ": cannot be read"));
  }
}

TEST_CASE("readers: what follows compressed data is more of it, or an error") {
  const TemporaryFolder folder;
  const std::string path = folder / "a";
  for (const std::string filter : {"gzip", "zstd", "xz", "bzip2"}) {
    CAPTURE(filter);
    const std::string file = compressed("one\ntwo", filter);
    const auto damage = [&](const std::string& behind) {
      write_bytes(path, file + behind);
      return error_of([&] { read(path, InputFormat::kText); });
    };
    CHECK(contains(damage("garbage"), path + ": cannot be read"));
    CHECK(contains(damage('\0' + file.substr(1)), path + ": cannot be read"));
    CHECK(contains(damage(file.substr(0, 8)), path + ": cannot be read"));
  }
  write_bytes(path,
              compressed("one\n", "gzip") + std::string(600000, '\0') + compressed("two", "gzip") + '\0');
  const bool zeros_ignored = read(path, InputFormat::kText) == Strings{"one\ntwo"};
  CHECK(zeros_ignored);
}

TEST_CASE("readers: compression is seen though a pipe gives one byte at first") {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "pipe";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  std::thread writer([&] {
    const std::string file = compressed("one\ntwo", "gzip");
    std::ofstream pipe(path, std::ios::binary);
    for (const char byte : file) pipe << byte << std::flush;
  });
  const Strings found = documents(read_files({{path, {InputFormat::kLines, {}}, {}}}));
  writer.join();
  CHECK(found == Strings{"one", "two<unterminated>"});
}

TEST_CASE("readers: JSON lines") {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "a.jsonl";
  write_bytes(path,
              "{\"text\": \"one\"}\n"
              "\n \t\r\n"
              "{\"id\": 7, \"text\": \"t\\u00e9\\n\\u0000\\ud83d\\ude00\", \"more\": [1, {\"text\": 2}]}\r\n"
              "{\"text\": \"\"}\n"
              "{\"text\": \"last\"}");
  CHECK(read(path, InputFormat::kJsonl) == Strings{"one", bytes("t\u00E9\n\0\U0001F600"), "", "last"});
  write_bytes(path, "{\"a b\": \"one\", \"text\": 1}\n");
  CHECK(read(path, InputFormat::kJsonl, "a b") == Strings{"one"});
  write_bytes(path, "\xEF\xBB\xBF{\"text\": \"one\", \"text\": \"two\"}\n");
  CHECK(read(path, InputFormat::kJsonl) == Strings{"one"});
  write_bytes(path, "");
  CHECK(read(path, InputFormat::kJsonl) == Strings{});
  const std::string long_text(3000000, 'x');
  write_bytes(path, compressed("{\"text\": \"" + long_text + "\"}\n{\"text\": \"y\"}\n", "gzip"));
  const bool same = read(path, InputFormat::kJsonl) == Strings{long_text, "y"};
  CHECK(same);
}

struct BadLine {
  std::string name, line, message;
};

TEST_CASE("readers: a bad JSON line is named") {
  static const BadLine rows[] = {
      {"cut off", "{\"text\": \"a", "line 3: not JSON"},
      {"no JSON", "hello", "line 3: not JSON"},
      {"two values", "{\"text\": \"a\"} {\"text\": \"b\"}", "line 3: not JSON"},
      {"invalid UTF-8", "{\"text\": \"\xFF\"}", "line 3: not JSON"},
      {"half a surrogate", "{\"text\": \"\\ud83d\"}", "line 3: not JSON"},
      {"no field", "{\"body\": \"a\"}", "line 3: no field \"text\""},
      {"no object", "[\"text\"]", "line 3: no field \"text\""},
      {"a number", "{\"text\": 7}", "line 3: field \"text\" is not a string"},
      {"null", "{\"text\": null}", "line 3: field \"text\" is not a string"},
      {"a list", "{\"text\": [\"a\"]}", "line 3: field \"text\" is not a string"},
  };
  const TemporaryFolder folder;
  const std::string path = folder / "a.jsonl";
  for (const BadLine& row : rows) {
    CAPTURE(row.name);
    write_bytes(path, "{\"text\": \"good\"}\n\n" + row.line + "\n{\"text\": \"good\"}\n");
    const std::string message = error_of([&] { read(path, InputFormat::kJsonl); });
    CAPTURE(message);
    CHECK(message.starts_with(path + ", "));
    CHECK(contains(message, row.message));
  }
}

TEST_CASE("readers: a field inside others") {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "a.jsonl";
  write_bytes(path,
              "{\"a\": {\"b\": \"one\", \"c.d\": \"two\", \"e\": {\"f\": \"three\"}}, \"a.x\": \"four\", "
              "\"a.e\": {\"g\": \"five\"}}\n");
  CHECK(read(path, InputFormat::kJsonl, "a.b") == Strings{"one"});
  CHECK(read(path, InputFormat::kJsonl, "a.c.d") == Strings{"two"});
  CHECK(read(path, InputFormat::kJsonl, "a.e.f") == Strings{"three"});
  CHECK(read(path, InputFormat::kJsonl, "a.x") == Strings{"four"});
  CHECK(read(path, InputFormat::kJsonl, "a.e.g") == Strings{"five"});
  for (const std::string field : {"a", "b", "a.", ".a", "a.b.c", "a..b", ".", "", "x.y"}) {
    CAPTURE(field);
    CHECK(contains(error_of([&] { read(path, InputFormat::kJsonl, field); }), "line 1: "));
  }
}

TEST_CASE("readers: bad lines can be skipped") {
  const TemporaryFolder folder;
  write_bytes(folder / "a.jsonl",
              "{\"text\": \"a\"}\n{\"text\": \n{\"body\": \"b\"}\n\n{\"text\": 5}\n{\"text\": \"c\"}\n{\"te");
  Strings messages;
  ReadOptions options{InputFormat::kJsonl, "text",
                      [&](std::string_view message) { messages.emplace_back(message); }};
  const Corpus corpus = read_files({{folder / "a.jsonl", options, {}}});
  CHECK(documents(corpus) == Strings{"a", "c"});
  REQUIRE(messages.size() == 4);
  CHECK(contains(messages[0], "a.jsonl, line 2: not JSON"));
  CHECK(contains(messages[1], "a.jsonl, line 3: no field \"text\""));
  CHECK(contains(messages[2], "a.jsonl, line 5: field \"text\" is not a string"));
  CHECK(contains(messages[3], "a.jsonl, line 7: not JSON"));
}

TEST_CASE("readers: several files, one after the other") {
  const TemporaryFolder folder;
  write_bytes(folder / "a", "one\ntwo");
  write_bytes(folder / "b", "");
  write_bytes(folder / "c", "{\"text\": \"three\"}\n");
  write_bytes(folder / "d", "four\n");
  const Corpus corpus = read_files({{folder / "a", {InputFormat::kLines}, {}},
                                    {folder / "b", {InputFormat::kText}, {}},
                                    {folder / "c", {InputFormat::kJsonl}, {}},
                                    {folder / "d", {InputFormat::kLines}, {}}});
  CHECK(documents(corpus) == Strings{"one", "two<unterminated>", "", "three", "four"});
  CHECK(corpus.size == 7 + 0 + 18 + 5);
  CHECK(corpus.position() == corpus.size);
  std::uint64_t before = 0;
  corpus.walk([&](const DocumentPart&) {
    CHECK(corpus.position() >= before);
    CHECK(corpus.position() <= corpus.size);
    before = corpus.position();
  });
}

TEST_CASE("readers: a file that cannot be read is refused at once") {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& name, const std::string& shown) {
    return error_of([&] { read_files({{folder / name, {}, shown}}); });
  };
  CHECK(message("none", "") == (folder / "none").string() + ": no such file");
  CHECK(message("none", "standard input") == "standard input: no such file");
  CHECK(message("", "").ends_with(": is a directory; name the files in it"));
  write_bytes(folder / "file", "");
  CHECK(message("file/below", "").ends_with(": no such file"));
  if (::geteuid() != 0) {
    std::filesystem::permissions(folder / "file", std::filesystem::perms::none);
    CHECK(message("file", "").ends_with(": may not be read; check its permissions"));
  }
}

TEST_CASE("readers: what a visitor throws passes through, and the next walk is whole") {
  const TemporaryFolder folder;
  write_bytes(folder / "a", "one\ntwo\n");
  const Corpus corpus = read_files({{folder / "a", {InputFormat::kLines}, {}}});
  CHECK_THROWS_AS(corpus.walk([](const DocumentPart&) { throw 7; }), int);
  CHECK(documents(corpus) == Strings{"one", "two"});
}

// The documents of all shares of a corpus, one share after the other.
Strings documents_of_shares(const Corpus& corpus, std::size_t n) {
  Strings result;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::string& document : documents(corpus.share(i, n))) result.push_back(std::move(document));
  }
  return result;
}

// What training makes of documents.
Strings chunks_of(const Strings& documents) {
  Strings chunks;
  for (const std::string& document : documents) {
    std::string buffer;
    for (const bool isolate_digits : {false, true}) {
      for_each_chunk(normalize(document, buffer), {20, isolate_digits},
                     [&](std::string_view chunk) { chunks.emplace_back(chunk); });
    }
  }
  std::sort(chunks.begin(), chunks.end());
  return chunks;
}

TEST_CASE("readers: shares of files have the chunks of the files, each once") {
  Random random(4);
  for (std::size_t round = 0; round < rounds(150); ++round) {
    const TemporaryFolder folder;
    std::vector<InputFile> texts, lines;
    for (std::size_t i = random.between(1, 4); i > 0; --i) {
      const std::string path = folder / std::to_string(i);
      std::string content = random_text(random, random.below(300));
      if (random.chance(3))
        content = random_of(random, {"\n", "\n\n\n", "a", "\u0301", "\r\n"}, random.below(300));
      if (random.chance(5)) content = compressed(content, "zstd");
      write_bytes(path, content);
      texts.push_back({.path = path, .options = {InputFormat::kText}, .name = {}});
      lines.push_back({.path = path, .options = {InputFormat::kLines}, .name = {}});
    }
    for (const std::size_t n : {std::size_t{1}, random.between(2, 9), random.between(10, 400)}) {
      const bool same_chunks =
          chunks_of(documents_of_shares(read_files(texts), n)) == chunks_of(documents(read_files(texts)));
      CHECK(same_chunks);
      const bool same_lines = documents_of_shares(read_files(lines), n) == documents(read_files(lines));
      CHECK(same_lines);
    }
  }
}

TEST_CASE("readers: ranges that begin and end where blocks of the file do") {
  constexpr std::size_t kBlock = 1 << 18;
  const TemporaryFolder folder;
  for (const std::size_t at :
       {kBlock - 2, kBlock - 1, kBlock, kBlock + 1, 2 * kBlock}) {  // of two line feeds
    std::string content(3 * kBlock, 'x');
    content[at] = content[at + 1] = '\n';
    write_bytes(folder / "a", content);
    const auto part = [&](std::uint64_t begin, std::uint64_t end) {
      Strings parts = documents(read_files(
          {{.path = folder / "a", .options = {InputFormat::kText}, .name = {}, .range = {begin, end}}}));
      return parts.front();
    };
    for (const std::size_t cut : {kBlock - 1, kBlock, kBlock + 1, at - 1, at, at + 1, at + 2, at + 3}) {
      CAPTURE(at);
      CAPTURE(cut);
      const bool same = part(0, cut) + part(cut, content.size()) == content;
      CHECK(same);
      const std::size_t first = cut <= at + 2 ? at + 2 : content.size();
      CHECK(part(0, cut).size() == first);
    }
  }
}

TEST_CASE("readers: a share can be shared out again, and a file that is none cannot") {
  const TemporaryFolder folder;
  write_bytes(folder / "a", "1\n2\n3\n4\n5\n6\n7\n8\n");
  const Corpus corpus = read_files({{.path = folder / "a", .options = {InputFormat::kLines}, .name = {}}});
  CHECK(documents(corpus.share(1, 2)) == Strings{"5", "6", "7", "8"});
  CHECK(documents(corpus.share(1, 2).share(0, 2)) == Strings{"5", "6"});
  CHECK(corpus.share(1, 2).share(0, 2).size == 4);
  const Corpus null = read_files({{.path = "/dev/null", .options = {}, .name = {}}});
  CHECK(contains(error_of([&] { null.share(0, 2); }), "/dev/null: not a regular file"));
  const Corpus changed = read_files({{.path = folder / "a", .options = {}, .name = {}}});
  std::filesystem::remove(folder / "a");
  std::filesystem::create_symlink("a", folder / "a");  // leads nowhere
  CHECK(contains(error_of([&] { changed.share(0, 2); }), "a: not a regular file"));
}

TEST_CASE("readers: an error in a range says where it begins") {
  const TemporaryFolder folder;
  const std::string path = folder / "a";
  write_bytes(path, "{\"text\": \"a\"}\n{\"text\": \"b\"}\nbad\n");
  const Corpus corpus =
      read_files({{.path = path, .options = {InputFormat::kJsonl}, .name = {}, .range = {3, 100}}});
  CHECK(error_of([&] { documents(corpus); }).starts_with(path + " from byte 3 on, line 2: not JSON"));
}

TEST_CASE("readers: a corpus is known by names, sizes, times, formats and order") {
  const TemporaryFolder folder;
  const auto identity = [&](const Strings& names, InputFormat format = InputFormat::kText) {
    std::vector<InputFile> files;
    for (const std::string& name : names)
      files.push_back({.path = folder / name, .options = {format}, .name = {}});
    return read_files(files).identity;
  };
  std::filesystem::create_directory(folder / "copy");
  for (const char* name : {"a", "b", "copy/a"}) {
    write_bytes(folder / name, "same");
    std::filesystem::last_write_time(folder / name, std::filesystem::last_write_time(folder / "a"));
  }
  const std::string a = identity({"a"});
  CHECK(a.size() == 32);
  CHECK(identity({"a"}) == a);
  CHECK(identity({"copy/a"}) == a);
  CHECK(identity({"b"}) != a);
  CHECK(identity({"a"}, InputFormat::kLines) != a);
  CHECK(identity({"a", "b"}) != identity({"b", "a"}));
  CHECK(read_files({{.path = folder / "a", .range = {0, 1}}}).identity != a);
  write_bytes(folder / "b", "more");
  std::filesystem::last_write_time(folder / "a",
                                   std::filesystem::last_write_time(folder / "a") + std::chrono::seconds(1));
  CHECK(identity({"a"}) != a);
  InputFile known{.path = folder / "a", .options = {}, .name = {}, .digest = "x"};
  const std::string digest = read_files({known}).identity;
  known.path = folder / "b";
  CHECK(read_files({known}).identity == digest);
}

TEST_CASE("readers: the format by name") {
  for (const char* name :
       {"a.jsonl", "a.ndjson", "x/a.b.jsonl", "a.jsonl.gz", "a.ndjson.zst", "a.jsonl.xz", "a.jsonl.bz2"}) {
    CAPTURE(name);
    CHECK(format_by_name(name, InputFormat::kText) == InputFormat::kJsonl);
    CHECK(format_by_name(name, InputFormat::kLines) == InputFormat::kJsonl);
  }
  for (const char* name : {"a", "a.txt", "a.txt.gz", "jsonl", ".gz", "a.jsonl.txt", "a.json", "-", "jsonl.gz",
                           "a.jsonl/b", "/proc/self/fd/0"}) {
    CAPTURE(name);
    CHECK(format_by_name(name, InputFormat::kText) == InputFormat::kText);
    CHECK(format_by_name(name, InputFormat::kLines) == InputFormat::kLines);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
