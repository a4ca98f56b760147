// Tested by tests/vocab_test.cc.
#include <bytepiece/vocab.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/output_file.h"
#include "model/original_json.h"
#include "text/visible.h"

namespace bytepiece {
namespace {

bool by_length_and_bytes(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

void check(const std::vector<Piece>& pieces) {
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    if (piece.bytes.empty()) throw Error("a piece is empty; expected at least one byte");
    if (piece.count == 0) {
      throw Error(fmt::format("piece {} has count 0; expected at least 1", visible(piece.bytes)));
    }
    if (i > 0 && piece.bytes == pieces[i - 1].bytes) {
      throw Error(fmt::format("piece {} is there twice", visible(piece.bytes)));
    }
    if (i < 256 && piece.bytes != std::string(1, static_cast<char>(i))) {
      throw Error(
          fmt::format("the single byte 0x{:02X} is no piece; all 256 must be, or some texts could "
                      "not be encoded",
                      i));
    }
  }
  if (pieces.size() < 256) {
    throw Error(
        fmt::format("the single byte 0x{:02X} is no piece; all 256 must be, or some texts could "
                    "not be encoded",
                    pieces.size()));
  }
  if (pieces.size() > std::numeric_limits<Id>::max() - kFirstPiece) {
    throw Error(fmt::format("{} pieces are more than 32-bit ids can number", pieces.size()));
  }
}

}  // namespace

Vocab::Vocab(std::vector<Piece> pieces) {
  std::sort(pieces.begin(), pieces.end(),
            [](const Piece& a, const Piece& b) { return by_length_and_bytes(a.bytes, b.bytes); });
  check(pieces);
  begins_.reserve(pieces.size() + 1);
  counts_.reserve(pieces.size());
  for (const Piece& piece : pieces) {
    begins_.push_back(bytes_.size());
    bytes_ += piece.bytes;
    counts_.push_back(piece.count);
    if (piece.count > std::numeric_limits<std::uint64_t>::max() - total_) {
      throw Error("the counts of all pieces sum up to 2^64 or more; divide them by a common number");
    }
    total_ += piece.count;
  }
  begins_.push_back(bytes_.size());
  max_piece_length_ = pieces.back().bytes.size();
}

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

Vocab Vocab::load(const std::filesystem::path& path) { return read_original_json(path); }

void Vocab::save(const std::filesystem::path& path) const {
  OutputFile file(path);
  write_original_json(*this, file);
  file.commit();
}

}  // namespace bytepiece
