// Scaled: a number that is not negative, with the precision of a double and a range that sums of exp(x) never
// leave, whatever x: mantissa * 2^exponent.
//
//   exp(-3e7)  is  1.26 * 2^-43280852 ;  plus() and times() round once, as doubles do
//
// The mantissa is in [1, 2), or 0 for zero; the exponent is a whole number, and a double, which does not
// overflow: past 2^53 it is rounded as the logarithm itself would be. Costs: some nanoseconds an operation.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

namespace bytepiece {

struct Scaled {
  double mantissa = 0;
  double exponent = 0;

  bool is_zero() const { return mantissa == 0; }
};

// mantissa * 2^exponent, for any mantissa >= 0.
inline Scaled scaled(double mantissa, double exponent = 0) {
  if (mantissa == 0) return {};
  int shift = 0;
  const double half = std::frexp(mantissa, &shift);
  return {2 * half, exponent + shift - 1};
}

// exp(x), for any finite x.
inline Scaled scaled_exp(double x) {
  constexpr double kLn2High = 0x1.62E42FEFA38p-1, kLn2Low = 0x1.EF35793C7673p-45;  // their sum is log 2
  const double k = std::nearbyint(x / (kLn2High + kLn2Low));
  if (std::abs(k) >= 0x1p52) return {1, k};  // the next double is more than an exponent away
  const double rest = std::fma(-k, kLn2Low, std::fma(-k, kLn2High, x));
  return scaled(std::exp(rest), k);
}

// 0 or infinity where the double ends.
inline double to_double(const Scaled& a) {
  return std::ldexp(a.mantissa, static_cast<int>(std::clamp(a.exponent, -3000.0, 3000.0)));
}

inline Scaled times(const Scaled& a, const Scaled& b) {
  return scaled(a.mantissa * b.mantissa, a.exponent + b.exponent);
}

inline Scaled plus(const Scaled& a, const Scaled& b) {
  if (a.is_zero()) return b;
  if (b.is_zero()) return a;
  const Scaled& large = a.exponent >= b.exponent ? a : b;
  const Scaled& small = a.exponent >= b.exponent ? b : a;
  const double shift = std::max(small.exponent - large.exponent, -200.0);
  return scaled(large.mantissa + std::ldexp(small.mantissa, static_cast<int>(shift)), large.exponent);
}

// a / b. REQUIRES: b is not zero.
inline double ratio(const Scaled& a, const Scaled& b) {
  return to_double({a.mantissa / b.mantissa, a.exponent - b.exponent});
}

inline double log_of(const Scaled& a) { return std::log(a.mantissa) + a.exponent * 0x1.62E42FEFA39EFp-1; }

// log(a / b), also where a / b is 0 as a double. REQUIRES: neither is zero.
inline double log_ratio(const Scaled& a, const Scaled& b) {
  const double quotient = ratio(a, b);  // its logarithm is the better one near 1, where log_of() cancels
  const bool is_normal = quotient >= std::numeric_limits<double>::min() && std::isfinite(quotient);
  return is_normal ? std::log(quotient) : log_of({a.mantissa / b.mantissa, a.exponent - b.exponent});
}

}  // namespace bytepiece
