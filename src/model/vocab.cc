// Tested by tests/vocab_test.cc.
#include <bytepiece/vocab.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "base/mapped_file.h"
#include "base/output_file.h"
#include "model/native_file.h"
#include "model/original_json.h"
#include "model/piece_arrays.h"
#include "text/utf8.h"
#include "text/visible.h"

namespace bytepiece {
namespace {

bool by_length_and_bytes(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

// Arrays that a Vocab has made itself.
struct OwnArrays {
  std::string bytes;
  std::vector<std::uint32_t> begins;
  std::vector<std::uint64_t> counts;
};

PieceArrays arrays_of(std::vector<Piece> pieces) {
  std::sort(pieces.begin(), pieces.end(),
            [](const Piece& a, const Piece& b) { return by_length_and_bytes(a.bytes, b.bytes); });
  const auto own = std::make_shared<OwnArrays>();
  own->begins.reserve(pieces.size() + 1);
  own->counts.reserve(pieces.size());
  for (const Piece& piece : pieces) {
    own->begins.push_back(static_cast<std::uint32_t>(own->bytes.size()));
    own->bytes += piece.bytes;
    own->counts.push_back(piece.count);
    if (own->bytes.size() > std::numeric_limits<std::uint32_t>::max()) {
      throw Error("the pieces have 2^32 bytes or more; use fewer or shorter ones");
    }
  }
  own->begins.push_back(static_cast<std::uint32_t>(own->bytes.size()));
  return {own->bytes, own->begins, own->counts, own};
}

[[noreturn]] void fail_without_byte(std::size_t byte) {
  throw Error(
      fmt::format("the single byte 0x{:02X} is no piece; all 256 must be, or some texts could not be "
                  "encoded",
                  byte));
}

// The first eight bytes as a number that is ordered as they are; what is behind `size` does not count.
std::uint64_t order_key(const char* bytes, std::size_t size) {
  std::uint64_t key;
  std::memcpy(&key, bytes, sizeof key);
  if constexpr (std::endian::native == std::endian::little) key = __builtin_bswap64(key);
  return size >= sizeof key ? key : key >> (64 - 8 * size);
}

// Whether `a` comes before `b`, which follows it in memory, in the order of (length, bytes). REQUIRES: none
// is empty; eight bytes may be read at b.
bool in_order(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() < b.size();
  const std::uint64_t x = order_key(a.data(), a.size()), y = order_key(b.data(), b.size());
  return x != y ? x < y : a < b;
}

[[noreturn]] void fail_order(std::string_view before, std::string_view piece) {
  if (before == piece) throw Error(fmt::format("piece {} is there twice", visible(piece)));
  throw Error(fmt::format("piece {} comes behind {}; expected the order of (length, bytes)", visible(piece),
                          visible(before)));
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

}  // namespace

Vocab::Vocab(std::vector<Piece> pieces) : Vocab(arrays_of(std::move(pieces))) {}

Vocab::Vocab(PieceArrays arrays)
    : bytes_(arrays.bytes), begins_(arrays.begins), counts_(arrays.counts), owner_(std::move(arrays.owner)) {
  const std::size_t n = counts_.size();
  for (std::size_t i = 0; i < n; ++i) {
    const std::string_view piece = bytes_at(i);
    if (piece.empty()) throw Error("a piece is empty; expected at least one byte");
    if (counts_[i] == 0) {
      throw Error(fmt::format("piece {} has count 0; expected at least 1", visible(piece)));
    }
    if (counts_[i] > std::numeric_limits<std::uint64_t>::max() - total_) {
      throw Error("the counts of all pieces sum up to 2^64 or more; divide them by a common number");
    }
    total_ += counts_[i];
    if (i == 0) continue;
    const std::string_view before = bytes_at(i - 1);
    const bool good =
        begins_[i] + 8 <= bytes_.size() ? in_order(before, piece) : by_length_and_bytes(before, piece);
    if (!good) fail_order(before, piece);
  }
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const bool there = byte < n && bytes_at(byte).size() == 1 && bytes_at(byte)[0] == static_cast<char>(byte);
    if (!there) fail_without_byte(byte);
  }
  if (n > std::numeric_limits<Id>::max() / 2) {
    throw Error(fmt::format("{} pieces are more than ids can number", n));
  }
  max_piece_length_ = bytes_at(n - 1).size();
}

Vocab vocab_from(PieceArrays arrays) { return Vocab(std::move(arrays)); }

std::size_t Vocab::index(Id id) const {
  if (id < kFirstPiece || id >= size()) {
    throw Error(fmt::format("id {} is no piece; expected {} to {}", id, kFirstPiece, size() - 1));
  }
  return id - kFirstPiece;
}

double Vocab::log_prob(Id id) const {
  return std::log(static_cast<double>(count(id))) - std::log(static_cast<double>(total_));
}

std::optional<Id> Vocab::find(std::string_view bytes) const {
  std::size_t low = 0, high = counts_.size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (by_length_and_bytes(bytes_at(middle), bytes)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == counts_.size() || bytes_at(low) != bytes) return std::nullopt;
  return static_cast<Id>(low + kFirstPiece);
}

std::optional<Id> Vocab::find_special(std::string_view token) const {
  const auto& tokens = extras_->special_tokens;
  const auto found = std::find(tokens.begin(), tokens.end(), token);
  if (found == tokens.end()) return std::nullopt;
  return static_cast<Id>(size() + static_cast<std::size_t>(found - tokens.begin()));
}

void Vocab::check_special_tokens(std::span<const std::string> tokens) {
  std::vector<std::string_view> sorted;
  for (const std::string& token : tokens) {
    if (token.empty()) throw Error("a special token is empty; expected at least one character");
    if (!is_whole_characters(token))
      throw Error(fmt::format("special token {} is not UTF-8", visible(token)));
    sorted.push_back(token);
  }
  std::sort(sorted.begin(), sorted.end());
  if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end()) {
    throw Error(fmt::format("special token {} is there twice", visible(*twice)));
  }
}

Vocab Vocab::with_special_tokens(std::span<const std::string> tokens) const {
  Extras extras = *extras_;
  extras.special_tokens.insert(extras.special_tokens.end(), tokens.begin(), tokens.end());
  check_special_tokens(extras.special_tokens);
  Vocab vocab = *this;
  vocab.extras_ = std::make_shared<Extras>(std::move(extras));
  return vocab;
}

Vocab Vocab::with_metadata(Metadata metadata) const {
  for (const auto& [key, value] : metadata) {
    const bool good = !key.empty() && is_whole_characters(key) && is_whole_characters(value) &&
                      !has_control(key) && !has_control(value);
    if (!good) {
      throw Error(fmt::format("metadata {}: key or value is empty, not UTF-8, or has control characters",
                              visible(key)));
    }
  }
  Vocab vocab = *this;
  vocab.extras_ = std::make_shared<Extras>(Extras{extras_->special_tokens, std::move(metadata)});
  return vocab;
}

Vocab Vocab::load(const std::filesystem::path& path) {
  const auto file = std::make_shared<const MappedFile>(path, "a model");
  return is_native(file->bytes()) ? read_native(path, file).vocab : read_original_json(path, file->bytes());
}

void Vocab::save(const std::filesystem::path& path) const {
  OutputFile file(path);
  if (path.extension() == ".json") {
    write_original_json(*this, file);
  } else {
    write_native(*this, {}, file);
  }
  file.commit();
}

}  // namespace bytepiece
