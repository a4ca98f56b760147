// Tested by tests/id_files_test.cc.
#include <bytepiece/id_files.h>
#include <bytepiece/types.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/little_endian.h"
#include "corpus/raw_input.h"
#include "text/visible.h"

namespace bytepiece {
namespace {

using Visit = std::function<void(const DocumentPart&)>;

constexpr std::uint64_t kUnknown = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t kPartIds = std::size_t{1} << 14;

// The type of the numbers in a file.
struct NumberType {
  std::size_t width = 0;  // bytes
  bool is_signed = false;
};

// The bytes of a file in pieces of given sizes. They are never decompressed: ids may look like a gzip file.
class Bytes {
 public:
  explicit Bytes(const std::filesystem::path& path)
      : name_(path == "-" ? "standard input" : path.string()), stream_(path, name_) {}

  // The next `size` bytes, valid until the next call; fewer at the end of the file.
  std::string_view next(std::size_t size) {
    position_ += size;
    if (block_.size() >= size) return take(size);
    joined_ = block_;
    while (joined_.size() < size && !(block_ = stream_.next()).empty()) {
      joined_ += take(std::min(size - joined_.size(), block_.size()));
    }
    return joined_;
  }

  std::string_view whole(std::size_t size) {
    const std::string_view bytes = next(size);
    if (bytes.size() < size) fail("is cut off");
    return bytes;
  }

  template <class Number>
  Number number() {
    return little_endian_at<Number>(whole(sizeof(Number)), 0);
  }

  void skip(std::uint64_t size) {
    for (constexpr std::uint64_t kMost = 1 << 16; size > 0;) {
      const std::uint64_t step = std::min(size, kMost);
      whole(static_cast<std::size_t>(step));
      size -= step;
    }
  }

  std::uint64_t position() const { return position_; }  // of the next byte
  std::uint64_t file_position() const { return stream_.position(); }
  const std::string& name() const { return name_; }
  [[noreturn]] void fail(std::string_view what) const { throw Error(fmt::format("{}: {}", name_, what)); }

 private:
  std::string_view take(std::size_t size) {
    const std::string_view bytes = block_.substr(0, size);
    block_.remove_prefix(size);
    return bytes;
  }

  std::string name_;
  RawInput stream_;
  std::string_view block_;
  std::string joined_;
  std::uint64_t position_ = 0;
};

// The value of a member of an .npy file's header, which is a Python dict.
std::string_view member(std::string_view header, std::string_view name) {
  std::size_t at = header.find(fmt::format("'{}':", name));
  if (at == std::string_view::npos) return {};
  at = header.find_first_not_of(' ', at + name.size() + 3);
  if (at == std::string_view::npos) return {};
  const char close = header[at] == '(' ? ')' : ',';
  return header.substr(at, header.find(close, at) - at);
}

struct NpyArray {
  NumberType type;
  std::uint64_t count = 0;
};

NpyArray read_npy_header(Bytes& bytes) {
  if (bytes.next(6) != "\x93NUMPY") bytes.fail("not an .npy file");
  const auto version = bytes.number<std::uint16_t>() & 0xFF;
  const std::size_t size = version == 1 ? bytes.number<std::uint16_t>() : bytes.number<std::uint32_t>();
  constexpr std::size_t kMostBytes = 1 << 16;
  if (size > kMostBytes) bytes.fail("its header is too long for an array of ids");
  const std::string header(bytes.whole(size));
  const std::string_view type = member(header, "descr"), shape = member(header, "shape");
  NpyArray array;
  for (const char* known : {"'|u1'", "'<u2'", "'<u4'", "'<u8'", "'|i1'", "'<i2'", "'<i4'", "'<i8'"}) {
    if (type == known) array.type = {static_cast<std::size_t>(known[3] - '0'), known[2] == 'i'};
  }
  if (array.type.width == 0)
    bytes.fail(fmt::format("its type is {}; expected little-endian integers", visible(type)));
  const char* end = shape.data() + shape.size();
  const auto [stop, error] = std::from_chars(shape.data() + !shape.empty(), end, array.count);
  const std::string_view rest(stop, static_cast<std::size_t>(end - stop));
  if (error != std::errc() || (rest != "," && !rest.empty())) {
    bytes.fail(fmt::format("its shape is {}); expected one dimension", visible(shape)));
  }
  return array;
}

// Numbers of the given type as ids, four bytes each.
void append_ids(std::string_view numbers, NumberType type, const Bytes& file, std::string& out) {
  for (std::size_t at = 0; at < numbers.size(); at += type.width) {
    const std::string_view bytes = numbers.substr(at, type.width);
    const std::uint64_t number = type.width == 1   ? little_endian_at<std::uint8_t>(bytes, 0)
                                 : type.width == 2 ? little_endian_at<std::uint16_t>(bytes, 0)
                                 : type.width == 4 ? little_endian_at<std::uint32_t>(bytes, 0)
                                                   : little_endian_at<std::uint64_t>(bytes, 0);
    const bool is_negative = type.is_signed && (number >> (8 * type.width - 1)) != 0;
    if (is_negative || number > std::numeric_limits<Id>::max()) {
      file.fail(fmt::format("holds a number that is no id, before byte {}", file.position()));
    }
    append_little_endian(static_cast<Id>(number), out);
  }
}

// Visits `count` ids as one document, or all there are if that is kUnknown.
void visit_ids(Bytes& bytes, NumberType type, std::uint64_t count, const Visit& visit) {
  std::string part;
  while (count > 0) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(count, kPartIds)) * type.width;
    const std::string_view numbers = bytes.next(wanted);
    if (numbers.size() % type.width != 0 || (numbers.size() < wanted && count != kUnknown)) {
      bytes.fail("is cut off, or does not belong to its file of documents");
    }
    part.clear();
    append_ids(numbers, type, bytes, part);
    if (count != kUnknown) count -= numbers.size() / type.width;
    if (numbers.size() < wanted) count = 0;
    visit({part, count == 0});
  }
}

// Visits documents given by where each of them begins; `next_begin` gives these places one by one, and the
// end.
template <class NextBegin>
void visit_documents(Bytes& bytes, NumberType type, std::uint64_t ids, const NextBegin& next_begin,
                     const Visit& visit) {
  std::uint64_t begin = next_begin().value_or(0);
  if (begin != 0) bytes.fail("its first document does not begin at 0");
  while (const std::optional<std::uint64_t> end = next_begin()) {
    if (*end < begin) bytes.fail("its documents are not in ascending order");
    if (ids != kUnknown && *end > ids) bytes.fail("its documents are longer than the file");
    if (*end == begin) visit({{}, true});
    visit_ids(bytes, type, *end - begin, visit);
    begin = *end;
  }
  if (!bytes.next(1).empty()) bytes.fail("is longer than all its documents");
}

class Walk {
 public:
  explicit Walk(const IdFile& file)
      : file_(file), names_(id_file_names(file.path, file.format)), ids_(names_.ids) {}

  std::uint64_t position() const { return ids_.file_position(); }

  void run(const Visit& visit) {
    switch (file_.format) {
      case IdFormat::kU16:
        return visit_plain({2, false}, kUnknown, visit);
      case IdFormat::kU32:
        return visit_plain({4, false}, kUnknown, visit);
      case IdFormat::kNpy: {
        const NpyArray array = read_npy_header(ids_);
        return visit_plain(array.type, array.count, visit);
      }
      case IdFormat::kMegatron:
        return visit_megatron(visit);
    }
  }

 private:
  void visit_plain(NumberType type, std::uint64_t count, const Visit& visit) {
    std::error_code error;
    if (file_.path == "-" || !std::filesystem::exists(names_.documents, error)) {
      if (count == 0) visit({{}, true});
      return visit_ids(ids_, type, count, visit);
    }
    Bytes documents(names_.documents);
    std::uint64_t left = kUnknown;
    if (file_.format == IdFormat::kNpy) {
      const NpyArray array = read_npy_header(documents);
      if (array.type.width != 8) documents.fail("expected numbers of 8 bytes");
      left = array.count;
    }
    const auto next_begin = [&]() -> std::optional<std::uint64_t> {
      const std::string_view bytes = left-- == 0 ? std::string_view{} : documents.next(8);
      if (bytes.empty()) return std::nullopt;
      if (bytes.size() < 8) documents.fail("is cut off");
      return little_endian_at<std::uint64_t>(bytes, 0);
    };
    visit_documents(ids_, type, count, next_begin, visit);
  }

  // The three lists of the index are read side by side.
  void visit_megatron(const Visit& visit) {
    static constexpr NumberType kTypes[] = {{},        {1, false}, {1, true}, {2, true}, {4, true},
                                            {8, true}, {},         {},        {2, false}};
    Bytes sizes(names_.documents), offsets(names_.documents), firsts(names_.documents);
    if (sizes.next(9) != std::string_view("MMIDIDX\0\0", 9)) sizes.fail("not an index of Megatron-LM's");
    if (const auto version = sizes.number<std::uint64_t>(); version != 1) {
      sizes.fail(fmt::format("its version is {}; expected 1", version));
    }
    const auto code = sizes.number<std::uint8_t>();
    const NumberType type = code < std::size(kTypes) ? kTypes[code] : NumberType{};
    if (type.width == 0) sizes.fail(fmt::format("its type {} is not one of integers", code));
    const auto sequences = sizes.number<std::uint64_t>(), documents = sizes.number<std::uint64_t>();
    constexpr std::uint64_t kMost = std::uint64_t{1} << 56;
    if (sequences > kMost || documents > kMost) sizes.fail("is cut off");
    offsets.skip(sizes.position() + 4 * sequences);
    firsts.skip(sizes.position() + 12 * sequences);
    std::uint64_t sequence = 0;
    for (std::uint64_t i = 0; i < documents; ++i) {
      const auto end = firsts.number<std::uint64_t>();
      if (end < sequence || end > sequences) firsts.fail("its documents are not in ascending order");
      const auto visit_sequence = [&](const DocumentPart& part) {
        visit({part.bytes, part.ends_document && sequence + 1 == end});
      };
      if (i > 0 && end == sequence) visit({{}, true});
      for (; sequence < end; ++sequence) {
        const auto size = sizes.number<std::int32_t>();
        const auto offset = offsets.number<std::uint64_t>();
        if (size < 0) sizes.fail("a sequence has a negative size");
        if (offset < ids_.position()) sizes.fail("its sequences are not in the order of the file");
        ids_.skip(offset - ids_.position());
        if (size == 0) visit_sequence({{}, true});
        visit_ids(ids_, type, static_cast<std::uint64_t>(size), visit_sequence);
      }
    }
  }

  const IdFile& file_;
  IdFileNames names_;
  Bytes ids_;
};

}  // namespace

Corpus read_id_files(std::vector<IdFile> files) {
  Corpus corpus;
  for (const IdFile& file : files) {
    const IdFileNames names = id_file_names(file.path, file.format);
    if (file.path == "-" && file.format == IdFormat::kMegatron) {
      throw Error("megatron: its two files cannot come through standard input; name one of them");
    }
    for (const auto& path : {names.ids, file.format == IdFormat::kMegatron ? names.documents : names.ids}) {
      std::error_code error;
      if (path != "-" && !std::filesystem::exists(path, error)) throw Error(path.string() + ": no such file");
    }
    std::error_code error;
    const std::uint64_t size = std::filesystem::file_size(names.ids, error);
    if (!error) corpus.size += size;
  }
  if (files.size() == 1)
    corpus.name = files.front().path == "-" ? "standard input" : files.front().path.string();
  const auto done = std::make_shared<std::uint64_t>(0);
  const auto open = std::make_shared<const Walk*>(nullptr);
  corpus.position = [done, open] { return *done + (*open != nullptr ? (*open)->position() : 0); };
  corpus.walk = [files = std::move(files), done, open](const Visit& visit) {
    *done = 0;
    for (const IdFile& file : files) {
      Walk walk(file);
      *open = &walk;
      try {
        walk.run(visit);
      } catch (...) {
        *open = nullptr;
        throw;
      }
      *open = nullptr;
      *done += walk.position();
    }
  };
  return corpus;
}

}  // namespace bytepiece
