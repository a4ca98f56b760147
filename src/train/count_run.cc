// Tested by tests/count_run_test.cc.
#include "train/count_run.h"

#include <array>
#include <utility>

namespace bytepiece {
namespace {

void append_number(std::uint64_t number, std::string& out) {
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(number | 0x80);
  out += static_cast<char>(number);
}

// One pass of a least-significant-digit radix sort: stable, by one byte.
void scatter(const std::vector<Ngram>& from, std::vector<Ngram>& to, int shift) {
  std::array<std::size_t, 256> next{};
  for (const Ngram ngram : from) ++next[ngram >> shift & 0xFF];
  std::size_t begin = 0;
  for (std::size_t& slot : next) begin += std::exchange(slot, begin);
  for (const Ngram ngram : from) to[next[ngram >> shift & 0xFF]++] = ngram;
}

}  // namespace

void CountRun::append(const NgramCount& entry) {
  Start& start = starts_[entry.ngram >> (8 * (length_ - 1)) & 0xFF];
  if (start.at == kNone) start = {code_.size(), last_};
  append_number(entry.ngram - last_, code_);
  append_number(entry.count, code_);
  last_ = entry.ngram;
  ++size_;
}

std::size_t CountRun::start_of(unsigned first) const {
  while (first < 256 && starts_[first].at == kNone) ++first;
  return first < 256 ? starts_[first].at : code_.size();
}

CountRun::Reader::Reader(const CountRun& run, unsigned char first)
    : run_(&run),
      at_(run.start_of(first)),
      end_(run.start_of(first + 1U)),
      previous_(run.starts_[first].previous) {}

std::uint64_t CountRun::Reader::number() {
  std::uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(run_->code_[at_++]);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
}

std::optional<NgramCount> CountRun::Reader::next() {
  if (at_ == end_) return std::nullopt;
  previous_ += number();
  return NgramCount{previous_, number()};
}

CountRun merge(const CountRun& a, const CountRun& b) {
  CountRun sum(a.length());
  CountRun::Reader left(a), right(b);
  std::optional<NgramCount> x = left.next(), y = right.next();
  while (x && y) {
    if (x->ngram == y->ngram) {
      sum.append({x->ngram, x->count + y->count});
      x = left.next();
      y = right.next();
    } else if (x->ngram < y->ngram) {
      sum.append(*x);
      x = left.next();
    } else {
      sum.append(*y);
      y = right.next();
    }
  }
  for (; x; x = left.next()) sum.append(*x);
  for (; y; y = right.next()) sum.append(*y);
  return sum;
}

CountRun count_sorted(std::vector<Ngram>& ngrams, int length, std::vector<Ngram>& scratch) {
  scratch.resize(ngrams.size());
  for (int byte = 0; byte < length; ++byte) {
    scatter(ngrams, scratch, 8 * byte);
    ngrams.swap(scratch);
  }
  CountRun run(length);
  for (std::size_t begin = 0, end = 0; begin < ngrams.size(); begin = end) {
    while (end < ngrams.size() && ngrams[end] == ngrams[begin]) ++end;
    run.append({ngrams[begin], end - begin});
  }
  return run;
}

}  // namespace bytepiece
