// Tested by tests/exchange_test.cc.
#include "mpi/exchange.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "base/little_endian.h"

namespace bytepiece::mpi {
namespace {

constexpr std::uint64_t kSamples = 1024;      // per rank, about
constexpr std::size_t kMostFrame = 1 << 18;   // bytes; a frame is longer by one key at most
constexpr std::size_t kInFlight = 32 << 20;   // bytes that a rank sends at a time, about
constexpr std::size_t kLeastFrame = 1 << 14;  // keys share less in shorter ones

// Keys at equal distances in all runs of all ranks, each with the number of samples that fell on it.
template <class Key>
std::vector<CountRun> samples(Ranks& ranks, const std::vector<CountRun>& runs) {
  const std::uint64_t step =
      std::max<std::uint64_t>(ranks.sum(bytes_of(runs)) / (ranks.size() * kSamples), 1);
  std::map<Key, std::uint64_t> sampled;
  for (const CountRun& run : runs) {
    RunReader<Key> reader(run);
    for (std::uint64_t next = step / 2; reader.next();) {
      for (; reader.position() >= next; next += step) ++sampled[reader.key()];
    }
  }
  CountRun mine;
  EntryWriter<Key> writer(mine.entries);
  for (const auto& [key, count] : sampled) writer.append(key, count);
  return gather_runs(ranks, mine);
}

// Border i is the first key of range i + 1; equal borders enclose an empty range.
template <class Key>
std::vector<Key> borders(Ranks& ranks, const std::vector<CountRun>& runs) {
  const std::vector<CountRun> all = samples<Key>(ranks, runs);
  std::uint64_t total = 0, passed = 0;
  for (MergedReader<Key> reader(all); reader.next();) total += reader.count();
  std::vector<Key> keys;
  Key last{};
  for (MergedReader<Key> reader(all); reader.next(); passed += reader.count()) {
    last = reader.key();
    while (keys.size() + 1 < ranks.size() && passed >= total / ranks.size() * (keys.size() + 1)) {
      keys.push_back(last);
    }
  }
  keys.resize(ranks.size() - 1, last);
  return keys;
}

// What goes to each rank, as frames in memory or in one file.
class Outbox {
 public:
  Outbox(std::size_t ranks, const std::optional<std::filesystem::path>& folder)
      : frames_(ranks), bytes_(ranks) {
    if (!folder) return;
    writer_.emplace(CountFileWriter::unnamed(*folder));
    begins_.resize(ranks);
    left_.resize(ranks);
  }

  void put(std::size_t rank, std::string frame, std::uint64_t entries) {  // REQUIRES: ranks ascend
    bytes_[rank] += frame.size();
    if (!writer_) {
      frames_[rank].push_back(std::move(frame));
      return;
    }
    if (left_[rank]++ == 0) begins_[rank] = writer_->position();
    writer_->write_frame(frame, entries);
  }

  void close() {
    if (writer_) file_ = writer_->finish();
  }

  std::uint64_t bytes(std::size_t rank) const { return bytes_[rank]; }  // that go there

  std::string take(std::size_t rank) {  // empty: there is no more. REQUIRES: close() was called
    std::string frame;
    if (file_) {
      if (left_[rank] == 0) return frame;
      --left_[rank];
      file_->read_frame(begins_[rank], frame);
    } else if (!frames_[rank].empty()) {
      frame = std::move(frames_[rank].front());
      frames_[rank].pop_front();
    }
    return frame;
  }

 private:
  std::vector<std::deque<std::string>> frames_;
  std::optional<CountFileWriter> writer_;
  std::shared_ptr<CountFile> file_;
  std::vector<std::uint64_t> begins_, left_, bytes_;
};

// What comes from each rank, a run each; beyond the limit they are merged into a pool, which has files.
template <class Key>
class Inbox {
 public:
  Inbox(std::size_t ranks, const PoolLimits& limits)
      : most_bytes_(limits.most_bytes / 2), pool_(limits), runs_(ranks) {}

  void expect(std::size_t rank, std::uint64_t bytes) {  // so that a long run grows in its place
    if (bytes < most_bytes_ / runs_.size()) runs_[rank].entries.reserve(bytes);
  }

  void add(std::size_t rank, std::string_view frame) {
    runs_[rank].entries += frame;
    held_ += frame.size();
    if (held_ <= most_bytes_) return;
    pool_.add(merge_in_memory<Key>(runs_));
    for (CountRun& run : runs_) run.entries.clear();
    held_ = 0;
  }

  std::vector<CountRun> take() {
    std::vector<CountRun> all = pool_.take();
    for (CountRun& run : runs_) {
      if (!run.entries.empty()) all.push_back(std::move(run));
    }
    return all;
  }

 private:
  std::size_t most_bytes_, held_ = 0;
  CountPool<Key> pool_;
  std::vector<CountRun> runs_;
};

template <class Key>
Outbox sorted_out(const std::vector<CountRun>& runs, const std::vector<Key>& borders,
                  const PoolLimits& limits, const OnPosition& on_position) {
  const std::size_t ranks = borders.size() + 1;
  const bool in_file = bytes_of(runs) > limits.most_bytes;
  Outbox outbox(ranks, in_file ? std::optional(limits.folder) : std::nullopt);
  const std::size_t most = std::clamp(kInFlight / ranks, kLeastFrame, kMostFrame);
  std::string frame;
  std::uint64_t entries = 0, walked = 0;
  std::size_t rank = 0;
  EntryWriter<Key> writer(frame);
  const auto flush = [&] {
    if (!frame.empty()) outbox.put(rank, std::exchange(frame, {}), std::exchange(entries, 0));
    writer.start_frame();
  };
  for (MergedReader<Key> merged(runs); merged.next(); ++entries) {
    const bool passes_border = rank < borders.size() && !(merged.key() < borders[rank]);
    if (passes_border || frame.size() >= most) flush();
    while (rank < borders.size() && !(merged.key() < borders[rank])) ++rank;
    writer.append(merged.key(), merged.count());
    if (on_position && ++walked % kEntriesPerCall == 0) on_position(merged.position());
  }
  flush();
  outbox.close();
  return outbox;
}

}  // namespace

template <class Key>
std::vector<CountRun> exchange(Ranks& ranks, std::vector<CountRun> runs, const PoolLimits& limits,
                               const OnPosition& on_position) {
  if (ranks.size() == 1) return runs;
  const std::uint64_t bytes = bytes_of(runs);
  Outbox outbox = sorted_out(runs, borders<Key>(ranks, runs), limits, on_position);
  runs.clear();
  Inbox<Key> inbox(ranks.size(), limits);
  std::vector<std::string> portions(ranks.size());
  for (std::size_t rank = 0; rank < portions.size(); ++rank) {
    append_little_endian(outbox.bytes(rank), portions[rank]);
  }
  const std::vector<std::string> lengths = ranks.swap(portions);
  for (std::size_t rank = 0; rank < lengths.size(); ++rank) {
    inbox.expect(rank, little_endian_at<std::uint64_t>(lengths[rank], 0));
  }
  for (;;) {
    for (std::size_t rank = 0; rank < portions.size(); ++rank) portions[rank] = outbox.take(rank);
    const bool any = std::any_of(portions.begin(), portions.end(), [](const auto& p) { return !p.empty(); });
    if (ranks.sum(any ? 1 : 0) == 0) return inbox.take();
    const std::vector<std::string> received = ranks.swap(portions);
    for (std::size_t rank = 0; rank < received.size(); ++rank) inbox.add(rank, received[rank]);
    if (on_position) on_position(bytes);
  }
}

std::vector<CountRun> gather_runs(Ranks& ranks, const CountRun& mine) {
  std::vector<CountRun> runs;
  for (std::string& entries : ranks.gather(mine.entries)) runs.push_back({std::move(entries), nullptr});
  return runs;
}

template std::vector<CountRun> exchange<NgramKey>(Ranks&, std::vector<CountRun>, const PoolLimits&,
                                                  const OnPosition&);
template std::vector<CountRun> exchange<std::string>(Ranks&, std::vector<CountRun>, const PoolLimits&,
                                                     const OnPosition&);

}  // namespace bytepiece::mpi
