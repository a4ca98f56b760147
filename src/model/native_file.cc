// Tested by tests/native_file_test.cc.
#include "model/native_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>
#include <utility>

#include "base/checksum.h"
#include "base/little_endian.h"
#include "model/piece_arrays.h"
#include "text/visible.h"

namespace bytepiece {
namespace {

constexpr std::string_view kMagic =
    "\x89"
    "BPM\r\n\x1A\n";
constexpr std::string_view kFirstReader = "0.1.0";  // of format version 1
constexpr std::size_t kHeadSize = 40, kEntrySize = 32, kNameSize = 7, kReaderSize = 16;
constexpr std::size_t kMostSections = 1000;

std::size_t aligned(std::size_t at) {
  return (at + kSectionAlignment - 1) / kSectionAlignment * kSectionAlignment;
}

// A fixed field of a text and zeros behind it.
std::string_view field_text(std::string_view field) { return field.substr(0, field.find('\0')); }

bool is_zero(std::string_view bytes) { return bytes.find_first_not_of('\0') == bytes.npos; }

// ---- Reading ----

void check_head(std::string_view file) {
  if (file.size() < kHeadSize) {
    throw Error(fmt::format("cut off: {} bytes, where the head alone has {}", file.size(), kHeadSize));
  }
  const auto version = little_endian_at<std::uint32_t>(file, 8);
  if (version > kFormatVersion) {
    throw Error(
        fmt::format("format version {} is newer than this tool ({}) knows; bytepiece {} or newer reads it",
                    version, BYTEPIECE_VERSION, visible(field_text(file.substr(24, kReaderSize)))));
  }
  if (version == 0) throw Error("damaged: format version 0; expected 1 or more");
  const auto size = little_endian_at<std::uint64_t>(file, 16);
  if (size > file.size()) {
    throw Error(fmt::format("cut off: {} of {} bytes are there; copy it again", file.size(), size));
  }
  if (size < file.size()) {
    throw Error(fmt::format("damaged: {} bytes where {} were written; copy it again", file.size(), size));
  }
}

Section section_at(std::string_view file, std::size_t entry, std::size_t begin) {
  const std::string_view fields = file.substr(entry, kEntrySize);
  Section section;
  section.name = field_text(fields.substr(0, kNameSize));
  const auto damaged = [&](std::string_view what) {
    throw Error(fmt::format("damaged: section {}: {}", visible(section.name), what));
  };
  const std::string_view behind_name = fields.substr(section.name.size(), kNameSize - section.name.size());
  if (section.name.empty() || !is_zero(behind_name)) damaged("its name is not 1 to 7 characters");
  if (static_cast<unsigned char>(fields[kNameSize]) > 1) damaged("it is neither required nor optional");
  section.required = fields[kNameSize] == 1;
  const auto offset = little_endian_at<std::uint64_t>(fields, 8);
  const auto size = little_endian_at<std::uint64_t>(fields, 16);
  section.checksum = little_endian_at<std::uint64_t>(fields, 24);
  if (offset != aligned(begin) || offset > file.size() || size > file.size() - offset) {
    damaged("it does not lie where it should");
  }
  if (!is_zero(file.substr(begin, offset - begin))) damaged("the bytes in front of it are not zero");
  section.bytes = file.substr(offset, size);
  return section;
}

void verify(const Section& section, std::string_view file) {
  if (checksum_of(section.bytes) == section.checksum) return;
  throw Error(fmt::format(
      "damaged: section {}: its checksum does not fit its {} bytes from byte {} on; copy the file again",
      visible(section.name), section.bytes.size(), section.bytes.data() - file.data()));
}

std::vector<Section> read_sections(std::string_view file) {
  check_head(file);
  const std::size_t n = little_endian_at<std::uint32_t>(file, 12);
  const std::size_t table_end = kHeadSize + n * kEntrySize;
  if (n > kMostSections || table_end + 8 > file.size()) {
    throw Error(fmt::format("damaged: {} sections do not fit the file", n));
  }
  if (checksum_of(file.substr(0, table_end)) != little_endian_at<std::uint64_t>(file, table_end)) {
    throw Error("damaged: the checksum of its head does not fit; copy the file again");
  }
  std::vector<Section> sections;
  std::size_t end = table_end + 8;
  for (std::size_t i = 0; i < n; ++i) {
    sections.push_back(section_at(file, kHeadSize + i * kEntrySize, end));
    for (std::size_t j = 0; j < i; ++j) {
      if (sections[j].name != sections[i].name) continue;
      throw Error(fmt::format("damaged: section {} is there twice", visible(sections[i].name)));
    }
    end = static_cast<std::size_t>(sections.back().bytes.data() - file.data()) + sections.back().bytes.size();
  }
  if (end != file.size()) throw Error("damaged: there are bytes behind the last section");
  // The pieces are near the front and are read next: they shall still be in the cache.
  for (std::size_t i = sections.size(); i-- > 0;) verify(sections[i], file);
  return sections;
}

constexpr std::string_view kKnown[] = {"lengths", "pieces", "counts", "special", "meta"};

void refuse_unknown(const std::vector<Section>& sections, std::string_view first_reader) {
  for (const Section& section : sections) {
    const bool known = std::find(std::begin(kKnown), std::end(kKnown), section.name) != std::end(kKnown);
    if (known || !section.required) continue;
    throw Error(
        fmt::format("section {} is required, and this tool ({}) does not know it; bytepiece {} or newer "
                    "may",
                    visible(section.name), BYTEPIECE_VERSION, visible(first_reader)));
  }
}

std::optional<std::string_view> find(const std::vector<Section>& sections, std::string_view name) {
  for (const Section& section : sections) {
    if (section.name == name) return section.bytes;
  }
  return std::nullopt;
}

std::string_view expect(const std::vector<Section>& sections, std::string_view name) {
  const auto bytes = find(sections, name);
  if (!bytes) throw Error(fmt::format("damaged: section {} is missing", name));
  return *bytes;
}

// What a Vocab holds on to: the file, and what could not be used as it lies there.
struct Owner {
  std::shared_ptr<const MappedFile> file;
  std::unique_ptr<std::uint32_t[]> begins;
  std::vector<std::uint64_t> counts;
};

// From how many pieces there are of each length to where each one begins.
std::unique_ptr<std::uint32_t[]> read_begins(std::string_view lengths, std::size_t pieces,
                                             std::size_t bytes) {
  const auto damaged = [](std::string_view what) { throw Error(fmt::format("section lengths: {}", what)); };
  if (lengths.size() % 8 != 0) damaged("its size is not a multiple of 8");
  if (bytes > std::numeric_limits<std::uint32_t>::max()) damaged("the pieces have 2^32 bytes or more");
  auto begins = std::make_unique_for_overwrite<std::uint32_t[]>(pieces + 1);
  std::size_t piece = 0, begin = 0;
  std::uint32_t before = 0;
  for (std::size_t at = 0; at < lengths.size(); at += 8) {
    const auto length = little_endian_at<std::uint32_t>(lengths, at);
    const auto n = little_endian_at<std::uint32_t>(lengths, at + 4);
    if (length <= before || n == 0) damaged("lengths are not ascending, or one has no piece");
    if (n > pieces - piece || n > (bytes - begin) / length)
      damaged("more pieces than the other sections have");
    for (std::size_t i = 0; i < n; ++i) begins[piece + i] = static_cast<std::uint32_t>(begin + i * length);
    piece += n;
    begin += std::size_t{n} * length;
    before = length;
  }
  if (piece != pieces || begin != bytes) damaged("fewer pieces than the other sections have");
  begins[pieces] = static_cast<std::uint32_t>(begin);
  return begins;
}

std::span<const std::uint64_t> read_counts(std::string_view bytes, Owner& owner) {
  if (bytes.size() % 8 != 0) throw Error("section counts: its size is not a multiple of 8");
  const std::size_t n = bytes.size() / 8;
  const bool as_it_lies = std::endian::native == std::endian::little &&
                          reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(std::uint64_t) == 0;
  if (as_it_lies) return {reinterpret_cast<const std::uint64_t*>(bytes.data()), n};
  for (std::size_t i = 0; i < n; ++i) owner.counts.push_back(little_endian_at<std::uint64_t>(bytes, 8 * i));
  return owner.counts;
}

Vocab read_pieces(const std::vector<Section>& sections, const std::shared_ptr<const MappedFile>& file) {
  const auto owner = std::make_shared<Owner>();
  owner->file = file;
  const std::string_view bytes = expect(sections, "pieces");
  const std::span<const std::uint64_t> counts = read_counts(expect(sections, "counts"), *owner);
  owner->begins = read_begins(expect(sections, "lengths"), counts.size(), bytes.size());
  return vocab_from({bytes, {owner->begins.get(), counts.size() + 1}, counts, owner});
}

std::vector<std::string> read_special(std::string_view bytes) {
  std::vector<std::string> tokens;
  while (!bytes.empty()) {
    if (bytes.size() < 4) throw Error("section special: it ends inside a length");
    const auto size = little_endian_at<std::uint32_t>(bytes, 0);
    if (size > bytes.size() - 4) throw Error("section special: it ends inside a token");
    tokens.emplace_back(bytes.substr(4, size));
    bytes.remove_prefix(4 + size);
  }
  return tokens;
}

Metadata read_metadata(std::string_view bytes) {
  Metadata metadata;
  std::string_view before;
  while (!bytes.empty()) {
    const std::size_t tab = bytes.find('\t'), end = bytes.find('\n');
    if (end == bytes.npos || tab > end) throw Error("section meta: a line is not key, tab, value");
    const std::string_view key = bytes.substr(0, tab);
    if (!metadata.empty() && key <= before) throw Error("section meta: keys are not ascending");
    metadata.emplace_hint(metadata.end(), key, bytes.substr(tab + 1, end - tab - 1));
    before = key;
    bytes.remove_prefix(end + 1);
  }
  return metadata;
}

std::uint64_t digest_of(const std::vector<Section>& sections) {
  std::string checksums;
  for (const std::string_view name : {"lengths", "pieces", "counts"}) {
    for (const Section& section : sections) {
      if (section.name == name) append_little_endian(section.checksum, checksums);
    }
  }
  return checksum_of(checksums);
}

// ---- Writing ----

std::string lengths_of(const Vocab& vocab) {
  std::string out;
  for (Id id = kFirstPiece; id < vocab.size();) {
    const std::size_t length = vocab.bytes(id).size();
    const Id first = id;
    while (id < vocab.size() && vocab.bytes(id).size() == length) ++id;
    append_little_endian(static_cast<std::uint32_t>(length), out);
    append_little_endian(std::uint32_t{id - first}, out);
  }
  return out;
}

std::string counts_of(const Vocab& vocab) {
  std::string out;
  for (Id id = kFirstPiece; id < vocab.size(); ++id) append_little_endian(vocab.count(id), out);
  return out;
}

// They lie one after the other in memory.
std::string_view bytes_of(const Vocab& vocab) {
  const std::string_view first = vocab.bytes(kFirstPiece),
                         last = vocab.bytes(static_cast<Id>(vocab.size() - 1));
  return {first.data(), static_cast<std::size_t>(last.data() + last.size() - first.data())};
}

std::string special_of(const Vocab& vocab) {
  std::string out;
  for (const std::string& token : vocab.special_tokens()) {
    append_little_endian(static_cast<std::uint32_t>(token.size()), out);
    out += token;
  }
  return out;
}

std::string metadata_of(const Vocab& vocab) {
  std::string out;
  for (const auto& [key, value] : vocab.metadata()) out += key + "\t" + value + "\n";
  return out;
}

void append_field(std::string_view text, std::size_t size, std::string& out) {
  out += text;
  out.append(size - text.size(), '\0');
}

// Head, table and checksum.
std::string front_of(std::span<const Section> sections) {
  const std::size_t front_size = kHeadSize + sections.size() * kEntrySize + 8;
  std::string table;
  std::size_t end = front_size;
  for (const Section& section : sections) {
    append_field(section.name, kNameSize, table);
    table += static_cast<char>(section.required);
    append_little_endian(std::uint64_t{aligned(end)}, table);
    append_little_endian(std::uint64_t{section.bytes.size()}, table);
    append_little_endian(checksum_of(section.bytes), table);
    end = aligned(end) + section.bytes.size();
  }
  std::string front(kMagic);
  append_little_endian(kFormatVersion, front);
  append_little_endian(static_cast<std::uint32_t>(sections.size()), front);
  append_little_endian(std::uint64_t{end}, front);
  append_field(kFirstReader, kReaderSize, front);
  front += table;
  append_little_endian(checksum_of(front), front);
  return front;
}

}  // namespace

bool is_native(std::string_view bytes) {
  // Four bytes are enough: a transfer as text may have spoiled the others, which deserves its own message.
  return !bytes.empty() && kMagic.substr(0, 4).starts_with(bytes.substr(0, 4));
}

NativeModel read_native(const std::filesystem::path& path, const std::shared_ptr<const MappedFile>& file) {
  try {
    const std::string_view bytes = file->bytes();
    if (!bytes.starts_with(kMagic) && bytes.size() >= kMagic.size()) {
      throw Error("damaged: its first 8 bytes were changed, as a transfer as text does; copy it as binary");
    }
    std::vector<Section> sections = read_sections(bytes);
    refuse_unknown(sections, field_text(bytes.substr(24, kReaderSize)));
    Vocab vocab = read_pieces(sections, file);
    if (const auto special = find(sections, "special")) {
      vocab = vocab.with_special_tokens(read_special(*special));
    }
    if (const auto meta = find(sections, "meta")) vocab = vocab.with_metadata(read_metadata(*meta));
    const std::uint64_t digest = digest_of(sections);
    return {std::move(vocab), std::move(sections), digest};
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {}", path.string(), error.what()));
  }
}

std::uint64_t pieces_digest(const Vocab& vocab) {
  std::string checksums;
  append_little_endian(checksum_of(lengths_of(vocab)), checksums);
  append_little_endian(checksum_of(bytes_of(vocab)), checksums);
  append_little_endian(checksum_of(counts_of(vocab)), checksums);
  return checksum_of(checksums);
}

void write_native(const Vocab& vocab, std::span<const Section> others, OutputFile& file) {
  const std::string lengths = lengths_of(vocab), counts = counts_of(vocab), special = special_of(vocab),
                    metadata = metadata_of(vocab);
  std::vector<Section> sections = {
      {"lengths", true, lengths}, {"pieces", true, bytes_of(vocab)}, {"counts", true, counts}};
  if (!special.empty()) sections.push_back({"special", true, special});
  if (!metadata.empty()) sections.push_back({"meta", false, metadata});
  sections.insert(sections.end(), others.begin(), others.end());
  // At once, so that the system keeps it in large pages: a model of 13 MB is loaded in 1.1 ms then, not
  // in 1.4.
  std::string whole = front_of(sections);
  std::size_t size = whole.size();
  for (const Section& section : sections) size = aligned(size) + section.bytes.size();
  whole.reserve(size);
  for (const Section& section : sections) {
    whole.resize(aligned(whole.size()));
    whole += section.bytes;
  }
  file.write(whole);
}

}  // namespace bytepiece
