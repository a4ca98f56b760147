// See support.h.
#include "support.h"

#include <archive.h>
#include <archive_entry.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <utility>

#include "golden_data.h"

namespace bytepiece::testing {

std::size_t test_scale() {
  static const std::size_t scale = [] {
    const char* value = std::getenv("BYTEPIECE_TEST_SCALE");
    return value == nullptr || *value == '\0' ? std::size_t{1} : std::stoul(value);
  }();
  return scale;
}

std::size_t rounds(std::size_t usual) {
  return std::max<std::size_t>(1, test_scale() == 0 ? usual / 20 : usual * test_scale());
}

std::string utf8(char32_t c) {
  std::string out;
  const auto add = [&](char32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (c < 0x80) {
    add(c);
  } else if (c < 0x800) {
    add(0xC0 | c >> 6);
    add(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    add(0xE0 | c >> 12);
    add(0x80 | (c >> 6 & 0x3F));
    add(0x80 | (c & 0x3F));
  } else {
    add(0xF0 | c >> 18);
    add(0x80 | (c >> 12 & 0x3F));
    add(0x80 | (c >> 6 & 0x3F));
    add(0x80 | (c & 0x3F));
  }
  return out;
}

std::string random_bytes(Random& random, std::size_t length) {
  std::string out;
  for (std::size_t i = 0; i < length; ++i) out += static_cast<char>(random.below(256));
  return out;
}

std::string random_characters(Random& random, std::size_t count) {
  struct Range {
    char32_t first, last;
  };
  static const std::vector<Range> ranges = {
      {0x00, 0x7F},       {'a', 'e'},         {'0', '9'},         {'\n', '\n'},       {' ', ' '},
      {0xC0, 0x24F},      {0x300, 0x36F},     {0x370, 0x3FF},     {0x591, 0x5C7},     {0x660, 0x669},
      {0x9BC, 0x9D7},     {0x1100, 0x11FF},   {0xAC00, 0xD7A3},   {0xAC00, 0xAC1C},   {0x11A6, 0x11A9},
      {0x1E00, 0x1FFF},   {0x2000, 0x206F},   {0x3041, 0x309A},   {0x4E00, 0x4E20},   {0xF900, 0xFAFF},
      {0xFF10, 0xFF19},   {0x1D15E, 0x1D172}, {0x1D7CE, 0x1D7FF}, {0x1F600, 0x1F60F}, {0x2F800, 0x2FA1F},
      {0xE000, 0x10FFFF}, {0x110BA, 0x110BA}, {0x11935, 0x11938}, {0x80, 0xD7FF}};
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    const Range range = random.pick(ranges);
    out += utf8(range.first + static_cast<char32_t>(random.below(range.last - range.first + 1)));
  }
  return out;
}

std::string random_of(Random& random, const Strings& items, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += random.pick(items);
  return out;
}

std::string random_text(Random& random, std::size_t length) {
  static const Strings few = {"a", "b", "ab", "\n", " ", "7", "\u4F60", "\u597D", "e\u0301"};
  static const Strings broken = {"\xE4\xBD", "\x80", "\xFF", "\xC3", "a", "\u4F60", "\n", "\xF0\x9F\x98"};
  switch (random.below(5)) {
    case 0:
      return random_bytes(random, length);
    case 1:
      return random_characters(random, length);
    case 2:
      return random_of(random, few, length);
    case 3:
      return random_of(random, broken, length);
    default:
      return random_characters(random, length / 3) + random_of(random, broken, length / 3) +
             random_of(random, few, length / 3);
  }
}

Strings adversarial_texts() {
  Strings texts = {
      "",
      "\n",
      "\n\n\n",
      std::string(1, '\0'),
      bytes("\0\0\0a\0\n\0"),
      "\r\n\r\n",
      "\n\r\n",
      "a\nb\rc\r\nd\x0B\x0C\x1C\xC2\x85\xE2\x80\xA8\xE2\x80\xA9z",
      "\xEF\xBB\xBFhello",
      "\xFF\xFEh\0i\0",
      "\xC0\x80\xE0\x80\x80\xF0\x80\x80\x80",
      "\xED\xA0\x80\xED\xB0\x80",
      "\xF4\x8F\xBF\xBF\xF4\x90\x80\x80",
      "\xE4\xBD",
      "\xE4\xBD\xE4\xBD\xA0\xA0",
      "e\u0301\u0327\u0301",
      "\u0301\u0301\u0301e",
      "\u1100\u1161\u11A7\u11A8",
      "\uAC00\u11A8\u1161",
      "\u212B\u2126\u212A",
      "\u0344\u0958\uFB2C",
      "\u09C7\u09BE\u09D7",
      "1\u0661\uFF11\U0001D7CE\u00B2\u2460\u2167",
      "\U0001F468\u200D\U0001F469\u200D\U0001F467",
      "\u4F60\u597D\uFF0C\u4E16\u754C",
  };
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  texts.push_back(every_byte);
  for (const std::string& unit :
       Strings{"a", " ", "-", "0", "\n", "ab", "\xFF", "\x80", "\u4F60", "\u0301"}) {
    std::string run;
    while (run.size() < 300) run += unit;
    texts.push_back(run);
    texts.push_back("x" + run + "\n" + run);
  }
  return texts;
}

Strings all_texts(std::string_view letters, std::size_t longest) {
  Strings texts = {""};
  for (std::size_t begin = 0, length = 0; length < longest; ++length) {
    const std::size_t end = texts.size();
    for (; begin < end; ++begin) {
      for (const char letter : letters) texts.push_back(texts[begin] + letter);
    }
  }
  return texts;
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "bytepiece-test.XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder like " + name);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void write_bytes(const std::filesystem::path& path, std::string_view content) {
  std::ofstream out(path, std::ios::binary);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  if (!out) throw std::runtime_error("cannot write " + path.string());
}

std::map<std::string, std::string> files_in(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files[entry.path().filename().string()] =
        entry.is_regular_file() ? golden::read_bytes(entry.path()) : "not a regular file";
  }
  return files;
}

std::string compressed(std::string_view content, const std::string& filter) {
  const std::unique_ptr<archive, int (*)(archive*)> writer(archive_write_new(), &archive_write_free);
  const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                       &archive_entry_free);
  std::string out;
  const auto append = [](archive*, void* to, const void* data, std::size_t size) {
    static_cast<std::string*>(to)->append(static_cast<const char*>(data), size);
    return static_cast<la_ssize_t>(size);
  };
  archive_entry_set_pathname(entry.get(), "data");
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_write_set_bytes_in_last_block(writer.get(), 1);
  const bool good = archive_write_add_filter_by_name(writer.get(), filter.c_str()) == ARCHIVE_OK &&
                    archive_write_set_format_raw(writer.get()) == ARCHIVE_OK &&
                    archive_write_open(writer.get(), &out, nullptr, append, nullptr) == ARCHIVE_OK &&
                    archive_write_header(writer.get(), entry.get()) == ARCHIVE_OK &&
                    archive_write_data(writer.get(), content.data(), content.size()) ==
                        static_cast<la_ssize_t>(content.size()) &&
                    archive_write_close(writer.get()) == ARCHIVE_OK;
  if (!good) throw std::runtime_error("cannot compress with " + filter);
  return out;
}

reference::Counts counts_of(const Vocab& vocab) {
  reference::Counts counts;
  for (Id id = kFirstPiece; id < vocab.size(); ++id) counts.emplace(vocab.bytes(id), vocab.count(id));
  return counts;
}

reference::Counts with_all_bytes(reference::Counts counts) {
  for (int byte = 0; byte < 256; ++byte) counts.emplace(std::string(1, static_cast<char>(byte)), 1);
  return counts;
}

Vocab vocab_of(const reference::Counts& counts) {
  std::vector<Piece> pieces;
  for (const auto& [piece, count] : with_all_bytes(counts)) pieces.push_back({piece, count});
  return Vocab(std::move(pieces));
}

std::vector<Form> supported_forms() {
  std::vector<Form> forms(std::begin(kForms), std::end(kForms));
  std::erase_if(forms, [](Form form) { return !is_supported(form); });
  return forms;
}

reference::Counts random_pieces(Random& random, std::string_view letters, std::size_t size, bool ties) {
  reference::Counts counts;
  for (std::size_t i = 0; i < size; ++i) {
    std::string piece;
    for (std::size_t length = random.between(1, 6); length > 0; --length) piece += random.pick(letters);
    counts[piece] = ties ? std::uint64_t{1} << random.below(8) : random.between(1, 50);
  }
  for (const char letter : letters) {
    counts[std::string(1, letter)] = ties ? std::uint64_t{1} << random.below(10) : random.between(1, 200);
  }
  return counts;
}

std::string file_of(const Vocab& vocab) {
  const TemporaryFolder folder;
  vocab.save(folder / "model.json");
  return golden::read_bytes(folder / "model.json");
}

Corpus corpus_in_parts(Strings texts, std::uint64_t seed) {
  Corpus corpus;
  corpus.walk = [texts = std::move(texts), seed](const auto& visit) {
    Random random(seed);
    for (const std::string& text : texts) {
      std::string_view rest = text;
      while (!random.chance(4)) {
        const std::string part(rest.substr(0, random.below(rest.size() + 1)));  // its own memory
        rest.remove_prefix(part.size());
        visit(DocumentPart{part, false});
      }
      visit(DocumentPart{rest, true});
    }
  };
  return corpus;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace bytepiece::testing
