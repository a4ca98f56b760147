#include <bytepiece/id_files.h>

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <csignal>
#include <map>
#include <string>
#include <vector>

#include "base/little_endian.h"
#include "golden_data.h"
#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

using Documents = std::vector<std::vector<Id>>;
using Files = std::map<std::string, std::string>;

struct NamedFormat {
  IdFormat format;
  std::string name;
};
const NamedFormat kFormats[] = {{IdFormat::kU16, "a.bin"},
                                {IdFormat::kU32, "b.bin"},
                                {IdFormat::kNpy, "c.npy"},
                                {IdFormat::kMegatron, "d.bin"}};

void write(const std::filesystem::path& path, IdFormat format, std::size_t size, const Documents& documents) {
  IdWriter writer(path, format, size);
  Random random(1);
  for (const std::vector<Id>& document : documents) {
    std::span<const Id> rest = document;
    while (!rest.empty()) {  // in parts
      const std::size_t part = std::min(rest.size(), random.between(1, 20000));
      writer.write(rest.first(part));
      rest = rest.subspan(part);
    }
    writer.end_document();
  }
  writer.commit();
}

Documents read(const std::vector<IdFile>& files) {
  Documents documents;
  bool open = false;
  read_id_files(files).walk([&](const DocumentPart& part) {
    if (!open) documents.emplace_back();
    REQUIRE(part.bytes.size() % 4 == 0);
    for (std::size_t at = 0; at < part.bytes.size(); at += 4)
      documents.back().push_back(little_endian_at<Id>(part.bytes, at));
    open = !part.ends_document;
  });
  CHECK_FALSE(open);
  return documents;
}

Documents random_documents(Random& random, std::size_t count, std::size_t longest, Id end) {
  Documents documents(count);
  for (std::vector<Id>& document : documents) {
    document.resize(random.below(longest));
    for (Id& id : document) id = static_cast<Id>(random.below(end));
  }
  return documents;
}

TEST_CASE("id_files: what was written is read again") {
  const TemporaryFolder folder;
  Random random(1);
  const std::vector<Documents> cases = {{},
                                        {{}},
                                        {{}, {}, {}},
                                        {{0}},
                                        {{}, {1, 2, 3}, {}, {65000}, {}},
                                        random_documents(random, 100, 300, 65000),
                                        random_documents(random, 4, 70000, 65000)};
  for (const Documents& documents : cases) {
    for (const NamedFormat& row : kFormats) {
      for (const std::size_t size : {65001, 200000}) {
        if (row.format == IdFormat::kU16 && size > 65536) continue;
        CAPTURE(row.name);
        write(folder / row.name, row.format, size, documents);
        const bool same = read({{folder / row.name, row.format}}) == documents;
        CHECK(same);
        if (row.format == IdFormat::kMegatron) {
          const bool same_by_index =
              read({{folder / "d.idx", row.format}, {folder / "d", row.format}}).size() ==
              2 * documents.size();
          CHECK(same_by_index);
        }
      }
    }
  }
}

TEST_CASE("id_files: many documents at once are the same as one by one") {
  const TemporaryFolder folder;
  Random random(6);
  const Documents documents = random_documents(random, 60, 9, 300);
  for (const NamedFormat& row : kFormats) {
    CAPTURE(row.name);
    write(folder / row.name, row.format, 300, documents);
    const Files expected = files_in(folder.path());
    IdWriter writer(folder / row.name, row.format, 300);
    for (std::size_t i = 0; i < documents.size();) {
      std::vector<Id> ids(random.below(3), 299);  // of others
      const std::size_t begin = ids.size();
      std::vector<std::size_t> ends;
      for (std::size_t count = random.below(5); count > 0 && i < documents.size(); --count, ++i) {
        std::span<const Id> document = documents[i];
        if (ends.empty()) {  // the first one may be open
          const std::size_t before = random.below(document.size() + 1);
          writer.write(document.first(before));
          document = document.subspan(before);
        }
        ids.insert(ids.end(), document.begin(), document.end());
        ends.push_back(ids.size());
      }
      writer.write_documents(ids, ends, begin);
    }
    CHECK(contains(error_of([&] {
                     writer.write_documents(std::vector<Id>{1, 300}, std::vector<std::size_t>{1, 2});
                   }),
                   "id 300 is not below 300"));
    writer.commit();
    const bool same = files_in(folder.path()) == expected;
    CHECK(same);
  }
}

TEST_CASE("id_files: byte for byte") {
  const TemporaryFolder folder;
  const Documents documents = {{3, 258}, {}, {65535}};
  write(folder / "a.bin", IdFormat::kU16, 65536, documents);
  CHECK(golden::read_bytes(folder / "a.bin") == bytes("\x03\0\x02\x01\xFF\xFF"));
  CHECK(golden::read_bytes(folder / "a.bin.docs") ==
        bytes("\0\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0"));
  write(folder / "b", IdFormat::kU32, 70000, documents);
  CHECK(golden::read_bytes(folder / "b") == bytes("\x03\0\0\0\x02\x01\0\0\xFF\xFF\0\0"));
  write(folder / "c.npy", IdFormat::kNpy, 65536, documents);
  const std::string npy = golden::read_bytes(folder / "c.npy");
  CHECK(npy.starts_with(
      bytes("\x93NUMPY\x01\0\x76\0{'descr': '<u2', 'fortran_order': False, 'shape': (3,), }  ")));
  CHECK(npy.size() == 128 + 6);
  CHECK(npy[127] == '\n');
  write(folder / "d", IdFormat::kMegatron, 65499, {{3, 258}, {}, {65498}});
  CHECK(golden::read_bytes(folder / "d.bin") == bytes("\x03\0\x02\x01\xDA\xFF"));
  CHECK(golden::read_bytes(folder / "d.idx") ==
        bytes("MMIDIDX\0\0\1\0\0\0\0\0\0\0\x08\3\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0"
              "\2\0\0\0\0\0\0\0\1\0\0\0"
              "\0\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0"
              "\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0"));
  write(folder / "e", IdFormat::kMegatron, 65500, {{3}});
  CHECK(golden::read_bytes(folder / "e.bin") == bytes("\x03\0\0\0"));
}

TEST_CASE("id_files: whole or not at all, and only ids that were announced") {
  const TemporaryFolder folder;
  for (const NamedFormat& row : kFormats) {
    IdWriter writer(folder / row.name, row.format, 300);
    writer.write(std::vector<Id>{1, 299});
    CHECK(contains(error_of([&] { writer.write(std::vector<Id>{1, 300, 2}); }), "id 300 is not below 300"));
    writer.end_document();
  }
  CHECK(files_in(folder.path()).empty());
  CHECK(contains(error_of([&] { IdWriter(folder / "a", IdFormat::kU16, 65537); }), "use u32"));
  CHECK(contains(error_of([&] { IdWriter("-", IdFormat::kNpy, 300); }), "standard output: not a file"));
  CHECK(contains(error_of([&] { IdWriter("/dev/null", IdFormat::kNpy, 300); }), "not a file"));
  IdWriter null("/dev/null", IdFormat::kU16, 300);
  null.end_document();
  null.commit();
}

TEST_CASE("id_files: ids that look like a compressed file are ids") {
  const TemporaryFolder folder;
  const Documents documents = {{0x8B1F, 8}, {0xB528, 0xFD2F}};
  write(folder / "a", IdFormat::kU16, 65536, documents);
  CHECK(read({{folder / "a", IdFormat::kU16}}) == documents);
}

TEST_CASE("id_files: files of other programs") {
  const TemporaryFolder folder;
  write_bytes(folder / "a", bytes("\1\0\2\0"));  // without documents: one
  CHECK(read({{folder / "a", IdFormat::kU16}}) == Documents{{1, 2}});
  write_bytes(folder / "empty", "");
  CHECK(read({{folder / "empty", IdFormat::kU16}}) == Documents{{}});
  const auto npy = [](const std::string& type, const std::string& shape, const std::string& data) {
    const std::string dict = "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
    return bytes("\x93NUMPY\x01\0") + static_cast<char>(dict.size()) + '\0' + dict + data;
  };
  write_bytes(folder / "b", npy("<i8", "(2,)", bytes("\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0")));
  CHECK(read({{folder / "b", IdFormat::kNpy}}) == Documents{{1, 2}});
  write_bytes(folder / "b", npy("|u1", "(2,)", "ab"));
  CHECK(read({{folder / "b", IdFormat::kNpy}}) == Documents{{97, 98}});
  // Two sequences in one document, and a gap between them.
  write_bytes(folder / "m.bin", bytes("\1\0\x63\x63\2\0\3\0"));
  write_bytes(folder / "m.idx", bytes("MMIDIDX\0\0\1\0\0\0\0\0\0\0\x08\2\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0"
                                      "\1\0\0\0\2\0\0\0"
                                      "\0\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0"
                                      "\0\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0"));
  CHECK(read({{folder / "m", IdFormat::kMegatron}}) == Documents{{1, 2, 3}});
}

TEST_CASE("id_files: a disk that is full at the end leaves both files as they were") {
  const TemporaryFolder folder;
  for (const NamedFormat& row : kFormats) {
    CAPTURE(row.name);
    write(folder / row.name, row.format, 300, {{1, 2, 3}, {4, 5}});
    const Files files = files_in(folder.path());
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit) == 0);
    const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{70000,
                       limit.rlim_max};  // more than the buffer of the documents, less than all of them
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    const std::string message =
        error_of([&] { write(folder / row.name, row.format, 300, Documents(9000, {7})); });
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::signal(SIGXFSZ, old_handler);
    CHECK(contains(message, "cannot be written"));
    const bool same = files_in(folder.path()) == files;
    CHECK(same);
  }
}

struct Bad {
  std::string name, file, content, message;
};

TEST_CASE("id_files: a damaged file is an error that names it") {
  const TemporaryFolder folder;
  const Documents documents = {{1, 2, 3}, {4, 5}};
  for (const NamedFormat& row : kFormats) write(folder / row.name, row.format, 300, documents);
  const auto npy = [](const std::string& dict) {
    return bytes("\x93NUMPY\x01\0") + static_cast<char>(dict.size()) + '\0' + dict;
  };
  std::string index = golden::read_bytes(folder / "d.idx"), version = index, type = index, negative = index;
  version[9] = 2;
  type[17] = 6;
  negative[37] = '\xFF';
  std::string count = index;
  count[25] = 100;
  const std::string word = bytes("\0\0\0\0\0\0\0");
  const std::vector<Bad> rows = {
      {"a.bin", "a.bin", "abc", "a.bin: is cut off"},
      {"a.bin", "a.bin", std::string(12, '\0'), "longer than all its documents"},
      {"a.bin", "a.bin.docs", "abc", "a.bin.docs: is cut off"},
      {"a.bin", "a.bin.docs", "\5" + word, "does not begin at 0"},
      {"a.bin", "a.bin.docs", '\0' + word + "\3" + word + "\2" + word, "ascending order"},
      {"a.bin", "a.bin.docs", '\0' + word + "\7" + word, "cut off, or does not belong"},
      {"b.bin", "b.bin", "abcdefg", "cut off"},
      {"c.npy", "c.npy", "", "not an .npy file"},
      {"c.npy", "c.npy", "\x93NUMPY", "cut off"},
      {"c.npy", "c.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"),
       "expected little-endian"},
      {"c.npy", "c.npy", npy("{'descr': '<u2', 'fortran_order': False, 'shape': (2, 3), }"), "one dimension"},
      {"c.npy", "c.npy", npy("{'descr': '<u2', 'shape': (99999999999999999999,), }"), "one dimension"},
      {"c.npy", "c.npy", npy("{'descr': '<u2', 'shape'"), "one dimension"},
      {"c.npy", "c.npy", npy("{'descr':"), "expected little-endian"},
      {"d.bin", "d.idx", "", "not an index"},
      {"d.bin", "d.idx", version, "version is 2"},
      {"d.bin", "d.idx", type, "type 6"},
      {"d.bin", "d.idx", negative, "negative size"},
      {"d.bin", "d.idx", count, "cut off"},
      {"d.bin", "d.idx", index.substr(0, 30), "cut off"},
      {"d.bin", "d.idx", index.substr(0, 50), "cut off"},
      {"d.bin", "d.idx", index.substr(0, index.size() - 1), "cut off"},
      {"d.bin", "d.bin", "abc", "cut off"},
  };
  for (const Bad& row : rows) {
    CAPTURE(row.name);
    CAPTURE(row.message);
    const std::string before = golden::read_bytes(folder / row.file);
    write_bytes(folder / row.file, row.content);
    const std::string message = error_of([&] {
      for (const NamedFormat& format : kFormats) {
        if (format.name == row.name) read({{folder / row.name, format.format}});
      }
    });
    CHECK(contains(message, row.message));
    CHECK(contains(message, (folder / "").string()));
    write_bytes(folder / row.file, before);
  }
  CHECK(contains(error_of([&] { read({{folder / "none", IdFormat::kU16}}); }), "none: no such file"));
  CHECK(contains(error_of([&] { read({{"-", IdFormat::kMegatron}}); }), "standard input"));
}

TEST_CASE("id_files: any bytes are read or refused") {
  const TemporaryFolder folder;
  Random random(5);
  for (const NamedFormat& row : kFormats) write(folder / row.name, row.format, 300, {{1, 2, 3}, {}, {4, 5}});
  for (std::size_t round = 0; round < rounds(400); ++round) {
    for (const NamedFormat& row : kFormats) {
      const IdFileNames names = id_file_names(folder / row.name, row.format);
      const auto& file = random.chance(2) ? names.ids : names.documents;
      const std::string before = golden::read_bytes(file);
      std::string damaged = before;
      for (std::size_t changes = random.between(1, 3); changes > 0; --changes) {
        damaged[random.below(damaged.size())] = static_cast<char>(random.below(256));
      }
      if (random.chance(4)) damaged.resize(random.below(damaged.size()));
      write_bytes(file, damaged);
      error_of([&] { read({{folder / row.name, row.format}}); });
      write_bytes(file, before);
    }
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
