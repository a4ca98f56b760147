// Whether observed counts follow a distribution: Pearson's chi-square test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bytepiece::testing {

// The probability that the statistic is at least this large if the observations have these probabilities; 0
// if something impossible was observed. Cells in which less than five are expected are put together.
double chi_square_p(const std::vector<std::uint64_t>& observed, const std::vector<double>& probabilities);

// The probability that a chi-square variable is at least x.
double chi_square_tail(double x, std::size_t degrees_of_freedom);

// p values of true hypotheses are spread evenly over [0, 1]: the probability of a spread at least this uneven
// (chi-square over ten equal parts).
double evenness_p(const std::vector<double>& p_values);

}  // namespace bytepiece::testing
