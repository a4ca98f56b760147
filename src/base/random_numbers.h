// RandomNumbers: random numbers by position, in any order, without state.
//
//   (seed, document, sample) ─▶ two words of key,   (key, position) ─▶ 64 bits
//
// The 64 bits are SplitMix64's: a Weyl sequence (position times an odd number, plus the first word of the
// key) through Stafford's 13th mixer, which passes BigCrush; here the second word of the key goes in half
// way, so that two keys give different functions and not two stretches of one sequence. That two of n keys
// are the same has a probability of n^2 / 2^129. Not for secrets.
//
// Costs: 3 multiplications a number, 6 mixers a key. Thread rule: const after construction; share freely.
// Source: Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014); Stafford's constants.
#pragma once

#include <bytepiece/random.h>

#include <bit>
#include <cstdint>

namespace bytepiece {

// The position of a symbol of a line of a text.
constexpr std::uint64_t place_in_line(std::uint64_t line, std::uint64_t symbol) {
  return (line << 32) + symbol;
}

// SplitMix64's mixer.
constexpr std::uint64_t kMixFirst = 0xBF58476D1CE4E5B9, kMixSecond = 0x94D049BB133111EB;

constexpr std::uint64_t mix(std::uint64_t x, std::uint64_t key = 0) {
  x = (x ^ x >> 30) * kMixFirst;
  x = (x ^ x >> 27 ^ key) * kMixSecond;
  return x ^ x >> 31;
}

// In [0, 1), a multiple of 2^-53.
constexpr double uniform_of(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

// A second random number in [0, 1) made of one.
inline double another(double uniform) { return uniform_of(mix(std::bit_cast<std::uint64_t>(uniform))); }

class RandomNumbers {
 public:
  RandomNumbers() = default;
  explicit RandomNumbers(const RandomKey& key)
      : first_(chain(key, 0x6A09E667F3BCC908)), second_(chain(key, 0xBB67AE8584CAA73B)) {}

  std::uint64_t bits(std::uint64_t position) const { return mix(first_ + position * kWeyl, second_); }

  // In [0, 1), a multiple of 2^-53.
  double uniform(std::uint64_t position) const { return uniform_of(bits(position)); }

  // In (0, 1), odd multiples of 2^-53: for logarithms.
  double inside(std::uint64_t position) const {
    return (static_cast<double>(bits(position) >> 12) + 0.5) * 0x1p-52;
  }

  // For those who compute several at a time.
  static constexpr std::uint64_t kWeyl = 0x9E3779B97F4A7C15;
  std::uint64_t first() const { return first_; }
  std::uint64_t second() const { return second_; }

 private:
  static std::uint64_t chain(const RandomKey& key, std::uint64_t start) {
    return mix(mix(mix(start + key.seed) + kWeyl + key.document) + kWeyl + key.sample);
  }

  std::uint64_t first_ = 0, second_ = 0;
};

}  // namespace bytepiece
