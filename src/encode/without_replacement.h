// Sampling without replacement: n different segmentations of a text, drawn one after the other, each with
// its probability among those that are left. (Gumbel-top-k over segmentations.)
//
// A race. Let every segmentation arrive at a time that is exponentially distributed with its probability p as
// rate; the first n to arrive are the sample: the first one is x with probability p(x), as the smallest of
// exponential times is, and times have no memory, so the same goes on among the others. Nobody can run
// this race for 2^100000 segmentations, but for *bundles* of them, all with the same end: these arrive first
// at a time with the sum of their p as rate, so
//   the bundle of all arrives at E,
//   a bundle with probability p that has not arrived at t arrives at t + E / p,
// where E is exponential with rate 1. A bundle whose end goes back to e splits by the arcs into e:
//
//   ....e──cd          arrives at t    the one that is drawn by step(arc) (lattice.h) arrives at t as well,
//    ├─ ...──b──cd     p step(b)       the others, for which t is just another moment,
//    └─ ..──ab──cd     p step(ab)      at t + E / (p step(arc))
//
// Always the bundle that arrives first is split; one that is back at the beginning is a segmentation. Of
// bundles that arrive later than n others, none will be in the sample; they are dropped, chunk by chunk from
// the last one. Times are kept as logarithms, as p is 1e-1000000 for a long text.
//
// Precision: log p and the times' logarithms are doubles, sums of as many terms as there are pieces.
// Costs: O(n * arcs on a path * log n) time, memory for one chunk's lattice and 16 bytes for each token of
// what is drawn and was a candidate. Thread rule: pure. Source: Kool, van Hoof, Welling: Stochastic beams and
// where to find them (2019); with exponentials in the place of Gumbel variables (their negative logarithms),
// the condition on the maximum becomes "no memory".
#pragma once

#include <bytepiece/sampler.h>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "base/random_numbers.h"
#include "encode/lattice.h"

namespace bytepiece {

// In the order of arrival; fewer than n if there are not so many. The chunks are those of a text.
std::vector<DrawnSegmentation> sample_without_replacement(Lattice& lattice,
                                                          std::span<const std::string_view> chunks,
                                                          double alpha, std::size_t n, const RandomKey& key);

}  // namespace bytepiece
