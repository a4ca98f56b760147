// A Vocab is an immutable set of byte strings ("pieces") with positive counts, and what its model file says
// beside them: special tokens and metadata.
//
// Invariants, established by the constructor and relied on everywhere:
//   (1) all 256 single bytes are pieces, so every byte string can be encoded;
//   (2) pieces are ordered by (length, bytes), which alone determines their ids: 3, 4, ...;
//   (3) every count is at least 1, and the counts sum up to less than 2^64;
//   (4) special tokens are distinct texts in UTF-8, none empty; their ids follow those of the pieces.
//
// Thread rule: const after construction; share freely. Copies share their data.
#pragma once

#include <bytepiece/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bytepiece {

struct Piece {
  std::string bytes;
  std::uint64_t count = 0;
};

// How a model was made, for people and programs to read; nothing in it changes what a model does. Keys and
// values are UTF-8 without control characters; data/FORMAT.md lists those with a meaning.
using Metadata = std::map<std::string, std::string>;

struct PieceArrays;  // src/model/piece_arrays.h

class Vocab {
 public:
  // Takes the pieces in any order. Throws Error unless the invariants hold.
  explicit Vocab(std::vector<Piece> pieces);

  // Reads a model, a native one or one in the original's JSON layout; content tells them apart. The pieces of
  // a native one are not copied: they stay in the file, which is mapped. Throws Error, whatever the bytes.
  static Vocab load(const std::filesystem::path& path);

  // Writes a model: in the original's JSON layout, which knows pieces and counts only, if the name ends in
  // .json, else a native one. The same Vocab gives the same bytes. The file appears whole or not at all.
  // Tokenizer::save adds to a native model what makes it load at once. Throws Error.
  void save(const std::filesystem::path& path) const;

  std::size_t size() const { return counts_.size() + kFirstPiece; }   // with the three reserved ids
  std::uint64_t total() const { return total_; }                      // the sum of all counts
  std::size_t max_piece_length() const { return max_piece_length_; }  // bytes

  // Throw Error unless kFirstPiece <= id < size(). The view lives as long as the Vocab or a copy of it.
  std::string_view bytes(Id id) const { return bytes_at(index(id)); }
  std::uint64_t count(Id id) const { return counts_[index(id)]; }

  // log(count(id)) - log(total()): natural logarithms, one subtraction of two rounded doubles.
  double log_prob(Id id) const;

  // The id of a piece; nothing if it is not one. O(log size).
  std::optional<Id> find(std::string_view bytes) const;

  // Special token i has the id size() + i.
  std::span<const std::string> special_tokens() const { return extras_->special_tokens; }
  std::optional<Id> find_special(std::string_view token) const;                     // O(special tokens)
  std::size_t id_count() const { return size() + extras_->special_tokens.size(); }  // of all kinds

  // Throws Error unless invariant (4) holds for these.
  static void check_special_tokens(std::span<const std::string> tokens);

  // The same with more special tokens behind those that are there. Throws Error unless invariant (4) holds.
  Vocab with_special_tokens(std::span<const std::string> tokens) const;

  const Metadata& metadata() const { return extras_->metadata; }
  Vocab with_metadata(Metadata metadata) const;  // instead of what is there; throws Error

 private:
  friend Vocab vocab_from(PieceArrays arrays);
  explicit Vocab(PieceArrays arrays);

  struct Extras {
    std::vector<std::string> special_tokens;
    Metadata metadata;
  };

  void check_pieces() const;       // throws Error
  std::size_t index(Id id) const;  // the piece's place in counts_; throws Error
  std::string_view bytes_at(std::size_t i) const {
    return bytes_.substr(begins_[i], begins_[i + 1] - begins_[i]);
  }

  std::string_view bytes_;                 // all pieces one after the other, in id order
  std::span<const std::uint32_t> begins_;  // where each piece begins in bytes_, and the end
  std::span<const std::uint64_t> counts_;  // in id order
  std::shared_ptr<const void> owner_;      // of these three
  std::shared_ptr<const Extras> extras_ = std::make_shared<Extras>();
  std::uint64_t total_ = 0;
  std::size_t max_piece_length_ = 0;
};

}  // namespace bytepiece
