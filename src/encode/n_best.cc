// Tested by tests/n_best_test.cc.
#include "encode/n_best.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace bytepiece {

struct NBest::Place {
  std::vector<Found> found;  // in order
  std::vector<Found> heap;   // the head of each arc's list, but for that of the last one found
  bool next_is_known = false;

  // Arcs are in order of their length, longest first.
  static bool is_later(const Found& a, const Found& b) {
    return a.score != b.score ? a.score < b.score : a.arc > b.arc;
  }
  void push(const Found& head) {
    heap.push_back(head);
    std::push_heap(heap.begin(), heap.end(), is_later);
  }
  void take() {
    std::pop_heap(heap.begin(), heap.end(), is_later);
    found.push_back(heap.back());
    heap.pop_back();
    next_is_known = false;
  }
};

NBest::NBest(const Lattice& lattice)
    : lattice_(lattice), best_(lattice.size() + 1), places_(lattice.size() + 1) {
  for (std::size_t end = 1; end <= lattice.size(); ++end) {
    double best = -std::numeric_limits<double>::infinity();
    for (const Lattice::Arc& arc : lattice.arcs_into(end)) {
      best = std::max(best, best_[end - arc.length] + arc.score);
    }
    best_[end] = best;
  }
}

NBest::~NBest() = default;

NBest::Place& NBest::place(std::size_t end) {
  std::unique_ptr<Place>& place = places_[end];
  if (!place) {
    place = std::make_unique<Place>();
    std::uint32_t i = 0;
    for (const Lattice::Arc& arc : lattice_.arcs_into(end)) {
      place->push({best_[end - arc.length] + arc.score, i++, 0});
    }
    if (end == 0) {
      place->found.push_back({0, 0, 0});
      place->next_is_known = true;
    } else {
      place->take();
    }
  }
  return *place;
}

// Without recursion: a request waits on the stack until the one that it depends on is answered.
bool NBest::has(std::size_t end, std::size_t k) {
  struct Request {
    std::size_t end, k;
  };
  std::vector<Request> waiting = {{end, k}};
  while (!waiting.empty()) {
    const Request request = waiting.back();
    Place& here = place(request.end);
    if (here.found.size() > request.k) {
      waiting.pop_back();
      continue;
    }
    if (!here.next_is_known) {
      const Found& last = here.found.back();
      const Lattice::Arc& arc = lattice_.arcs_into(request.end)[last.arc];
      Place& before = place(request.end - arc.length);
      if (before.found.size() > last.rank + 1) {
        here.push({before.found[last.rank + 1].score + arc.score, last.arc, last.rank + 1});
      } else if (!before.next_is_known || !before.heap.empty()) {
        waiting.push_back({request.end - arc.length, last.rank + 1});
        continue;
      }
      here.next_is_known = true;
    }
    if (here.heap.empty()) {
      waiting.pop_back();  // there are no more
    } else {
      here.take();
    }
  }
  return place(end).found.size() > k;
}

bool NBest::find(std::size_t k, Segmentation& result) {
  result.ids.clear();
  if (!has(lattice_.size(), k)) return false;
  result.score = place(lattice_.size()).found[k].score;
  for (std::size_t end = lattice_.size(), rank = k; end > 0;) {
    const Found found = place(end).found[rank];
    const Lattice::Arc& arc = lattice_.arcs_into(end)[found.arc];
    result.ids.push_back(arc.id);
    end -= arc.length;
    rank = found.rank;
  }
  std::reverse(result.ids.begin(), result.ids.end());
  return true;
}

namespace {

// One of the n best of the text so far: which of those before the last chunk, and which of the last chunk.
struct Joined {
  double score;
  std::size_t chunk_rank, before;

  // For a heap that has the best on top.
  bool operator<(const Joined& other) const {
    if (score != other.score) return score < other.score;
    if (chunk_rank != other.chunk_rank) return chunk_rank > other.chunk_rank;
    return before > other.before;
  }
};

// The n best sums of one of each list, in order. A sum's neighbours are asked for when it is taken.
std::vector<Joined> join(const std::vector<double>& before, const std::vector<NBest::Segmentation>& chunk,
                         std::size_t n) {
  std::vector<Joined> heap, result;
  const auto push = [&](std::size_t chunk_rank, std::size_t rank) {
    if (chunk_rank >= chunk.size() || rank >= before.size()) return;
    heap.push_back({before[rank] + chunk[chunk_rank].score, chunk_rank, rank});
    std::push_heap(heap.begin(), heap.end());
  };
  push(0, 0);
  while (!heap.empty() && result.size() < n) {
    std::pop_heap(heap.begin(), heap.end());
    const Joined best = heap.back();
    heap.pop_back();
    result.push_back(best);
    push(best.chunk_rank, best.before + 1);
    if (best.before == 0) push(best.chunk_rank + 1, 0);
  }
  return result;
}

std::vector<NBest::Segmentation> best_of_chunk(const Lattice& lattice, std::size_t n) {
  NBest search(lattice);
  std::vector<NBest::Segmentation> best;
  for (NBest::Segmentation each; best.size() < n && search.find(best.size(), each);) best.push_back(each);
  return best;
}

}  // namespace

std::vector<NBest::Segmentation> n_best(Lattice& lattice, std::span<const std::string_view> chunks,
                                        std::size_t n) {
  if (n == 0) return {};
  std::vector<double> scores = {0.0};                  // of the text so far
  std::vector<std::vector<NBest::Segmentation>> best;  // by chunk
  std::vector<std::vector<Joined>> joined;
  for (const std::string_view chunk : chunks) {
    lattice.build(chunk);
    best.push_back(best_of_chunk(lattice, n));
    joined.push_back(join(scores, best.back(), n));
    scores.clear();
    for (const Joined& each : joined.back()) scores.push_back(each.score);
  }
  std::vector<NBest::Segmentation> results;
  for (std::size_t k = 0; k < scores.size(); ++k) {
    std::vector<const NBest::Segmentation*> parts;
    for (std::size_t t = chunks.size(), rank = k; t-- > 0; rank = joined[t][rank].before) {
      parts.push_back(&best[t][joined[t][rank].chunk_rank]);
    }
    NBest::Segmentation result{scores[k], {}};
    for (std::size_t t = parts.size(); t-- > 0;) {
      result.ids.insert(result.ids.end(), parts[t]->ids.begin(), parts[t]->ids.end());
    }
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace bytepiece
