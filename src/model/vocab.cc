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

// Eight bytes as a number that is ordered as they are.
std::uint64_t order_key(const char* bytes) {
  std::uint64_t key;
  std::memcpy(&key, bytes, sizeof key);
  if constexpr (std::endian::native == std::endian::little) key = __builtin_bswap64(key);
  return key;
}

// Whether pieces of one size, one after the other, ascend. Those of at most 16 bytes are compared by their
// first and their last eight, without a branch. REQUIRES: size > 0.
bool ascend(std::string_view pieces, std::size_t size) {
  constexpr std::size_t kKey = sizeof(std::uint64_t);
  const auto by_bytes = [&](std::size_t from) {
    for (std::size_t at = std::max(from, size); at < pieces.size(); at += size) {
      if (pieces.substr(at - size, size) >= pieces.substr(at, size)) return false;
    }
    return true;
  };
  if (size > 2 * kKey || pieces.size() < kKey) return by_bytes(size);
  const std::size_t shift = size < kKey ? 8 * (kKey - size) : 0, last = size > kKey ? size - kKey : 0;
  std::uint64_t first_before = 0, last_before = 0;
  bool good = true;
  std::size_t at = 0;
  for (; at + kKey <= pieces.size(); at += size) {
    const std::uint64_t first_key = order_key(pieces.data() + at) >> shift;
    const std::uint64_t last_key = order_key(pieces.data() + at + last) >> shift;
    good &= (first_key > first_before) | ((first_key == first_before) & (last_key > last_before)) | (at == 0);
    first_before = first_key;
    last_before = last_key;
  }
  return good && by_bytes(at);  // the rest, where eight bytes are too many
}

// Whether pieces ascend in the order of (length, bytes) and none is empty. A nanosecond a piece.
bool in_order(std::string_view bytes, std::span<const std::uint32_t> begins) {
  const auto size_of = [&](std::size_t i) { return begins[i + 1] - begins[i]; };
  const std::size_t n = begins.size() - 1;
  std::size_t size_before = 0;
  for (std::size_t i = 0, end = 0; i < n; i = end) {
    const std::size_t size = size_of(i);
    if (size <= size_before) return false;
    while (end < n && size_of(end) == size) ++end;
    if (!ascend(bytes.substr(begins[i], begins[end] - begins[i]), size)) return false;
    size_before = size;
  }
  return true;
}

// The sum of all, 0 if one is 0 or the sum does not fit.
std::uint64_t sum_of(std::span<const std::uint64_t> counts) {
  std::uint64_t low = 0, high = 0;
  bool zero = false;
  for (const std::uint64_t count : counts) {  // fewer than 2^32, so neither sum wraps around
    low += count & 0xFFFFFFFF;
    high += count >> 32;
    zero |= count == 0;
  }
  high += low >> 32;
  return zero || high >> 32 != 0 ? 0 : high << 32 | (low & 0xFFFFFFFF);
}

[[noreturn]] void fail_order(std::string_view before, std::string_view piece) {
  if (before == piece) throw Error(fmt::format("piece {} is there twice", excerpt(piece)));
  throw Error(fmt::format("piece {} comes behind {}; expected the order of (length, bytes)", excerpt(piece),
                          excerpt(before)));
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
  if (n > std::numeric_limits<Id>::max() / 2) {
    throw Error(fmt::format("{} pieces are more than ids can number", n));
  }
  total_ = sum_of(counts_);
  if (total_ == 0 || !in_order(bytes_, begins_)) check_pieces();
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const bool there = byte < n && bytes_at(byte).size() == 1 && bytes_at(byte)[0] == static_cast<char>(byte);
    if (!there) fail_without_byte(byte);
  }
  max_piece_length_ = bytes_at(n - 1).size();
}

// One piece after the other, and says what is wrong.
void Vocab::check_pieces() const {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    const std::string_view piece = bytes_at(i);
    if (piece.empty()) throw Error("a piece is empty; expected at least one byte");
    if (counts_[i] == 0) {
      throw Error(fmt::format("piece {} has count 0; expected at least 1", excerpt(piece)));
    }
    if (counts_[i] > std::numeric_limits<std::uint64_t>::max() - total) {
      throw Error("the counts of all pieces sum up to 2^64 or more; divide them by a common number");
    }
    total += counts_[i];
    if (i > 0 && !by_length_and_bytes(bytes_at(i - 1), piece)) fail_order(bytes_at(i - 1), piece);
  }
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
      throw Error(fmt::format("special token {} is not UTF-8", excerpt(token)));
    sorted.push_back(token);
  }
  std::sort(sorted.begin(), sorted.end());
  if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end()) {
    throw Error(fmt::format("special token {} is there twice", excerpt(*twice)));
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
                              excerpt(key)));
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
