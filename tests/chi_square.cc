// See chi_square.h.
#include "chi_square.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace bytepiece::testing {

// The regularized upper incomplete gamma function Q(a, x): a series for small x, else a continued fraction
// (Lentz).
double chi_square_tail(double statistic, std::size_t degrees_of_freedom) {
  const double a = static_cast<double>(degrees_of_freedom) / 2, x = statistic / 2;
  if (x <= 0) return 1;
  const double front = std::exp(a * std::log(x) - x - std::lgamma(a));
  if (x < a + 1) {
    double term = 1 / a, sum = term;
    for (double n = a + 1; term > sum * 1e-16; ++n) sum += term *= x / n;
    return 1 - front * sum;
  }
  double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
  for (int i = 1; i < 10000; ++i) {
    const double an = -i * (i - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    h *= d * c;
    if (std::abs(d * c - 1) < 1e-15) break;
  }
  return front * h;
}

double chi_square_p(const std::vector<std::uint64_t>& observed, const std::vector<double>& probabilities) {
  const auto n = static_cast<double>(std::accumulate(observed.begin(), observed.end(), std::uint64_t{0}));
  double statistic = 0, rest_expected = 0, rest_observed = 0;
  std::size_t cells = 0;
  const auto add = [&](double seen, double expected) {
    statistic += (seen - expected) * (seen - expected) / expected;
    ++cells;
  };
  for (std::size_t i = 0; i < observed.size(); ++i) {
    const double expected = n * probabilities[i];
    const auto seen = static_cast<double>(observed[i]);
    if (expected >= 5) {
      add(seen, expected);
    } else {
      rest_expected += expected;
      rest_observed += seen;
    }
  }
  if (rest_observed > 0 && rest_expected == 0) return 0;
  if (rest_expected >= 5) {
    add(rest_observed, rest_expected);
  } else if (rest_observed > rest_expected + 30) {
    return 0;  // not what a Poisson variable of at most 5 does
  }
  return cells < 2 ? 1 : chi_square_tail(statistic, cells - 1);
}

double evenness_p(const std::vector<double>& p_values) {
  std::vector<std::uint64_t> observed(10);
  for (const double p : p_values) ++observed[std::min<std::size_t>(9, static_cast<std::size_t>(p * 10))];
  return chi_square_p(observed, std::vector<double>(10, 0.1));
}

}  // namespace bytepiece::testing
