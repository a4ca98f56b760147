// A Vocab is an immutable set of byte strings ("pieces") with positive counts.
//
// Invariants, established by the constructor and relied on everywhere:
//   (1) all 256 single bytes are pieces, so every byte string can be encoded;
//   (2) pieces are ordered by (length, bytes), which alone determines their ids: 3, 4, ...;
//   (3) every count is at least 1, and the counts sum up to less than 2^64.
//
// Thread rule: const after construction; share freely.
#pragma once

#include <bytepiece/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bytepiece {

struct Piece {
  std::string bytes;
  std::uint64_t count = 0;
};

class Vocab {
 public:
  // Takes the pieces in any order. Throws Error unless the invariants hold.
  explicit Vocab(std::vector<Piece> pieces);

  // Reads a model in the original's JSON layout. Throws Error, whatever the bytes.
  static Vocab load(const std::filesystem::path& path);

  // Writes a model in the original's JSON layout: the same Vocab gives the same bytes. The file appears
  // whole or not at all. Throws Error.
  void save(const std::filesystem::path& path) const;

  std::size_t size() const { return counts_.size() + kFirstPiece; }   // with the three reserved ids
  std::uint64_t total() const { return total_; }                      // the sum of all counts
  std::size_t max_piece_length() const { return max_piece_length_; }  // bytes

  // Throw Error unless kFirstPiece <= id < size(). The view lives as long as the Vocab.
  std::string_view bytes(Id id) const { return bytes_at(index(id)); }
  std::uint64_t count(Id id) const { return counts_[index(id)]; }

  // log(count(id)) - log(total()): natural logarithms, one subtraction of two rounded doubles.
  double log_prob(Id id) const;

  // The id of a piece; nothing if it is not one. O(log size).
  std::optional<Id> find(std::string_view bytes) const;

 private:
  std::size_t index(Id id) const;  // the piece's place in counts_; throws Error
  std::string_view bytes_at(std::size_t i) const {
    return std::string_view(bytes_).substr(begins_[i], begins_[i + 1] - begins_[i]);
  }

  std::string bytes_;                  // all pieces one after the other, in id order
  std::vector<std::size_t> begins_;    // where each piece begins in bytes_, and the end
  std::vector<std::uint64_t> counts_;  // in id order
  std::uint64_t total_ = 0;
  std::size_t max_piece_length_ = 0;
};

}  // namespace bytepiece
