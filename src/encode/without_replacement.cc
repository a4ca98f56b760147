// Tested by tests/without_replacement_test.cc.
#include "encode/without_replacement.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <set>
#include <utility>

namespace bytepiece {
namespace {

constexpr std::size_t kNothing = static_cast<std::size_t>(-1);

struct Bundle {
  double log_time, log_probability;
  std::size_t end;     // in the chunk
  std::size_t number;  // of what was made before; decides ties
  std::size_t tokens;  // the last one added, kNothing: none yet

  bool operator<(const Bundle& other) const {
    return log_time != other.log_time ? log_time < other.log_time : number < other.number;
  }
};

struct Token {
  Id id;
  std::size_t next;  // the one behind it, kNothing: the last
};

double log_of_sum(double x, double y) {
  const double large = std::max(x, y), small = std::min(x, y);
  return large + std::log1p(std::exp(small - large));
}

class Race {
 public:
  Race(std::size_t n, const RandomKey& key) : n_(n), random_(key), position_(place_in_line(key.line, 0)) {
    arrived_.push_back({std::log(exponential()), 0, 0, 0, kNothing});
  }

  // From the end of the chunk to its beginning.
  void run(const Lattice& lattice) {
    std::set<Bundle> waiting;
    for (Bundle bundle : arrived_) {
      bundle.end = lattice.size();
      waiting.insert(bundle);
    }
    arrived_.clear();
    while (!waiting.empty() && arrived_.size() < n_) {
      const Bundle first = *waiting.begin();
      waiting.erase(waiting.begin());
      if (first.end == 0) {
        arrived_.push_back(first);
      } else {
        split(lattice, first, waiting);
      }
    }
  }

  std::vector<DrawnSegmentation> results() const {
    std::vector<DrawnSegmentation> results;
    for (const Bundle& bundle : arrived_) {
      DrawnSegmentation drawn{{}, bundle.log_probability};
      for (std::size_t t = bundle.tokens; t != kNothing; t = tokens_[t].next)
        drawn.ids.push_back(tokens_[t].id);
      results.push_back(std::move(drawn));
    }
    return results;
  }

 private:
  double exponential() { return -std::log(random_.inside(position_++)); }

  void split(const Lattice& lattice, const Bundle& bundle, std::set<Bundle>& waiting) {
    const auto arcs = lattice.arcs_into(bundle.end);
    const std::size_t first = first_arc(lattice, bundle.end);
    for (std::size_t i = 0; i < arcs.size(); ++i) {
      Bundle part = bundle;
      part.end -= arcs[i].length;
      if (arcs.size() > 1) part.log_probability += lattice.log_step(bundle.end, arcs[i]);
      if (i != first) {
        part.log_time = log_of_sum(part.log_time, std::log(exponential()) - part.log_probability);
        part.number = ++made_;
      }
      add(part, arcs[i].id, waiting);
    }
  }

  std::size_t first_arc(const Lattice& lattice, std::size_t end) {
    const auto arcs = lattice.arcs_into(end);
    if (arcs.size() == 1) return 0;
    const double mark = random_.uniform(position_++);
    std::size_t i = 0;
    for (double sum = lattice.step(end, arcs[0]); sum <= mark && i + 1 < arcs.size();) {
      sum += lattice.step(end, arcs[++i]);
    }
    return i;
  }

  void add(Bundle part, Id id, std::set<Bundle>& waiting) {
    const std::size_t most = n_ - arrived_.size();
    if (waiting.size() >= most) {
      const auto last = std::prev(waiting.end());
      if (!(part < *last)) return;
      waiting.erase(last);
    }
    tokens_.push_back({id, part.tokens});
    part.tokens = tokens_.size() - 1;
    waiting.insert(part);
  }

  std::size_t n_;
  RandomNumbers random_;
  std::uint64_t position_;  // of the next random number
  std::size_t made_ = 0;
  std::vector<Bundle> arrived_;  // in order
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<DrawnSegmentation> sample_without_replacement(Lattice& lattice,
                                                          std::span<const std::string_view> chunks,
                                                          double alpha, std::size_t n, const RandomKey& key) {
  if (n == 0) return {};
  Race race(n, key);
  for (std::size_t i = chunks.size(); i-- > 0;) {
    lattice.build(chunks[i]);
    lattice.weigh(alpha);
    race.run(lattice);
  }
  return race.results();
}

}  // namespace bytepiece
