// Tested by tests/readers_test.cc.
#include "corpus/range_reader.h"

namespace bytepiece {

// The first place to cut in the block that begins at at_, no earlier than offset `from` of the file.
std::optional<std::size_t> RangeReader::cut(std::string_view block, std::uint64_t from) const {
  for (std::size_t i = from > at_ ? from - at_ : 0; i < block.size();) {
    const char before = i > 0 ? block[i - 1] : previous_;
    if (before == '\n' && (any_line_feed_ || block[i] != '\n')) return i;
    const std::size_t line_feed = block.find('\n', i);
    if (line_feed == std::string_view::npos) break;
    i = line_feed + 1;
  }
  return std::nullopt;
}

std::string_view RangeReader::next() {
  while (phase_ != Phase::kBehind) {
    if (phase_ == Phase::kBefore && at_ >= range_.end) break;  // no place to cut: the range has no text
    std::string_view block = input_.next();
    if (block.empty()) break;
    const std::uint64_t next_at = at_ + block.size();
    const std::optional<std::size_t> begin = phase_ == Phase::kInside ? 0 : cut(block, range_.begin);
    const std::optional<std::size_t> end = next_at > range_.end ? cut(block, range_.end) : std::nullopt;
    previous_ = block.back();
    at_ = next_at;
    if (!begin) continue;
    phase_ = end ? Phase::kBehind : Phase::kInside;
    const std::size_t stop = end.value_or(block.size());
    if (*begin < stop) return block.substr(*begin, stop - *begin);
  }
  phase_ = Phase::kBehind;
  return {};
}

}  // namespace bytepiece
