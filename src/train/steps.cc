// Tested by tests/steps_test.cc.
#include "train/steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "train/stages.h"

namespace bytepiece {
namespace {

std::uint64_t number_in(std::string_view text, std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number > most) {
    throw Error(fmt::format("\"{}\" is no number up to {}", text, most));
  }
  return number;
}

// The shards in a file, as "1-3,7/8".
struct ShardSet {
  std::vector<std::size_t> numbers;  // in ascending order
  std::size_t of = 1;
};

ShardSet shards_in(std::string_view text) {
  ShardSet set;
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) throw Error(fmt::format("shards: \"{}\" is not as 1-3,7/8", text));
  set.of = number_in(text.substr(slash + 1), kMostShards);
  std::string_view rest = text.substr(0, slash);
  while (!rest.empty()) {
    const std::string_view item = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    const std::size_t dash = item.find('-');
    const std::size_t first = number_in(item.substr(0, dash), set.of);
    const std::size_t last =
        dash == std::string_view::npos ? first : number_in(item.substr(dash + 1), set.of);
    const std::size_t after = set.numbers.empty() ? 0 : set.numbers.back();
    if (first <= after || last < first) throw Error(fmt::format("shards: \"{}\" is not as 1-3,7/8", text));
    for (std::size_t number = first; number <= last; ++number) set.numbers.push_back(number);
  }
  return set;
}

std::string text_of(const std::vector<std::size_t>& numbers) {
  std::string text;
  for (std::size_t begin = 0, end = 0; begin < numbers.size(); begin = end) {
    while (end < numbers.size() && numbers[end] - numbers[begin] == end - begin) ++end;
    text += fmt::format("{}{}", begin > 0 ? "," : "", numbers[begin]);
    if (end - begin > 1) text += fmt::format("-{}", numbers[end - 1]);
  }
  return text;
}

const std::string& value_of(const CountDescription& description, const std::string& name) {
  const auto found = description.find(name);
  if (found == description.end()) throw Error(fmt::format("it does not say its {}", name));
  return found->second;
}

// What differs from shard to shard. The digests of all shards sum up to that of the corpus.
constexpr const char *kShards = "shards", *kTextBytes = "text_bytes", *kTextDigest = "text_digest";

bool is_of_shard(const std::string& name) {
  return name == kShards || name == kTextBytes || name == kTextDigest;
}

void put(const TextDigest& text, CountDescription& description) {
  description[kTextBytes] = std::to_string(text.bytes);
  description[kTextDigest] = std::to_string(text.sum);
}

TextDigest digest_in(const CountDescription& description) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  if (value_of(description, "kind") != "pieces") return {};
  return {number_in(value_of(description, kTextBytes), kMost),
          number_in(value_of(description, kTextDigest), kMost)};
}

// Throws Error where two files' descriptions differ in anything but what is of their shards.
void check_alike(const CountDescription& first, const CountDescription& other,
                 const std::string& first_name) {
  const std::string& kind = value_of(other, "kind");
  if (kind != value_of(first, "kind")) {
    throw Error(fmt::format("its kind is {}, but {} in {}; name files of one kind", kind,
                            value_of(first, "kind"), first_name));
  }
  CountDescription all = first;
  all.insert(other.begin(), other.end());
  for (const auto& [name, unused] : all) {
    const auto value = [&name = name](const CountDescription& description) {
      const auto found = description.find(name);
      return found == description.end() ? std::string("not given") : found->second;
    };
    if (!is_of_shard(name) && value(first) != value(other)) {
      throw Error(fmt::format("{} is {}, but {} in {}; count with the same options and corpus", name,
                              value(other), value(first), first_name));
    }
  }
}

void write_counts(const std::vector<CountRun>& runs, const CountDescription& description,
                  const std::filesystem::path& output, const OnPosition& on_position) {
  CountFileWriter writer(output, description);
  if (description.at("kind") == "ngrams") {
    merge_into<NgramKey>(runs, writer, on_position);
  } else {
    merge_into<std::string>(runs, writer, on_position);
  }
  writer.finish();
}

// Writing goes on under the name of the stage that counted.
OnPosition while_writing(const ProgressCallback& on_progress, std::string_view stage, const Corpus& shard) {
  return [&on_progress, stage, size = shard.size](std::uint64_t) {
    if (on_progress) on_progress({stage, size, size, {}});
  };
}

std::string text_of(bool flag) { return flag ? "1" : "0"; }

}  // namespace

Corpus shard_of(const Corpus& corpus, Shard shard) {
  if (shard.of == 1) return corpus;
  if (!corpus.share) throw Error(fmt::format("{}: cannot be shared out", corpus.name));
  return corpus.share(shard.number - 1, shard.of);
}

CountDescription describe_ngrams(const Corpus& corpus, Shard shard, const TrainOptions& options) {
  return {{"kind", "ngrams"},
          {"version", BYTEPIECE_VERSION},
          {"corpus", corpus.identity},
          {kShards, fmt::format("{}/{}", shard.number, shard.of)},
          {"order", std::to_string(options.order)},
          {"isolate_digits", text_of(options.isolate_digits)}};
}

CountDescription describe_pieces(const Corpus& corpus, Shard shard, const TrainOptions& options) {
  CountDescription description = describe_ngrams(corpus, shard, options);
  description["kind"] = "pieces";
  description["min_count"] = std::to_string(options.min_count);
  description["ensure_unicode"] = text_of(options.ensure_unicode);
  description["repair_dead_zones"] = text_of(options.repair_dead_zones);
  return description;
}

bool is_of(CountDescription file, const CountDescription& expected) {
  file.erase(kTextBytes);
  file.erase(kTextDigest);
  return file == expected;
}

void write_ngram_counts(const Corpus& corpus, Shard shard, const TrainOptions& options,
                        const std::filesystem::path& output, const ProgressCallback& on_progress) {
  check(options);
  const Corpus text = shard_of(corpus, shard);
  write_counts(count_ngrams(text, options, on_progress), describe_ngrams(corpus, shard, options), output,
               while_writing(on_progress, "count n-grams", text));
}

void write_piece_counts(const Corpus& corpus, Shard shard, const NgramModel& model,
                        const TrainOptions& options, const std::filesystem::path& output,
                        const ProgressCallback& on_progress) {
  const Corpus text = shard_of(corpus, shard);
  const PieceCounts pieces = count_pieces(text, model, options, on_progress);
  CountDescription description = describe_pieces(corpus, shard, options);
  put(pieces.text, description);
  write_counts(pieces.runs, description, output, while_writing(on_progress, "count pieces", text));
}

Counts open_counts(const std::vector<std::filesystem::path>& paths, Shards shards) {
  Counts counts;
  std::map<std::size_t, std::string> file_of_shard;
  std::string first_name;
  std::size_t of = 1;
  for (const std::filesystem::path& path : paths) {
    const std::shared_ptr<CountFile> file = CountFile::open(path);
    try {
      const CountDescription& description = file->description();
      const ShardSet set = shards_in(value_of(description, kShards));
      if (counts.runs.empty()) {
        counts.description = description;
        first_name = file->name();
        of = set.of;
      }
      check_alike(counts.description, description, first_name);
      counts.text += digest_in(description);
      if (set.of != of) throw Error(fmt::format("a shard of {}, but of {} in {}", set.of, of, first_name));
      for (const std::size_t number : set.numbers) {
        const auto [there, is_new] = file_of_shard.emplace(number, file->name());
        if (!is_new)
          throw Error(fmt::format("shard {}/{} is in {} too; name one of them", number, of, there->second));
      }
    } catch (const Error& error) {
      throw Error(fmt::format("{}: {}", file->name(), error.what()));
    }
    counts.runs.push_back({{}, file});
  }
  std::vector<std::size_t> there, missing;
  for (std::size_t number = 1; number <= of; ++number) {
    (file_of_shard.contains(number) ? there : missing).push_back(number);
  }
  if (shards == Shards::kAll && !missing.empty()) {
    throw Error(fmt::format("{}: shard {} of {} is missing; count it and name its file too", first_name,
                            text_of(missing), of));
  }
  counts.description[kShards] = fmt::format("{}/{}", text_of(there), of);
  if (counts.description.contains(kTextDigest)) put(counts.text, counts.description);
  return counts;
}

void merge_counts(const Counts& counts, const std::filesystem::path& output,
                  const ProgressCallback& on_progress) {
  const std::uint64_t total = bytes_of(counts.runs);
  write_counts(counts.runs, counts.description, output, [&](std::uint64_t position) {
    if (on_progress) on_progress({"merge", position, total, {}});
  });
  if (on_progress) on_progress({"merge", total, total, {}});
}

TrainOptions options_of(const Counts& counts, std::string_view kind, TrainOptions options,
                        std::string_view corpus_identity) {
  const CountDescription& description = counts.description;
  const std::string& name = counts.runs.front().file->name();
  try {
    const auto expect = [&](const std::string& what, std::string_view expected, const char* remedy) {
      const std::string& found = value_of(description, what);
      if (found != expected)
        throw Error(fmt::format("its {} is {}, not {}; {}", what, found, expected, remedy));
    };
    expect("kind", kind, "name the other files");
    expect("version", BYTEPIECE_VERSION, "count with the same version");
    if (!corpus_identity.empty()) expect("corpus", corpus_identity, "use the files that it was counted from");
    options.order = static_cast<int>(number_in(value_of(description, "order"), kMaxOrder));
    options.isolate_digits = value_of(description, "isolate_digits") == "1";
    if (kind == "pieces") {
      options.min_count =
          number_in(value_of(description, "min_count"), std::numeric_limits<std::uint64_t>::max());
      options.ensure_unicode = value_of(description, "ensure_unicode") == "1";
      options.repair_dead_zones = value_of(description, "repair_dead_zones") == "1";
    }
    check(options);
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {}", name, error.what()));
  }
  return options;
}

}  // namespace bytepiece
