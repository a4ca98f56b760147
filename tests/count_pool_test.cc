#include "train/count_pool.h"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "base/threads.h"
#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

TEST_CASE("count_pool: the sum of all runs, whatever the limit and the threads") {
  const TemporaryFolder folder;
  for (const std::size_t most_bytes : {std::size_t{1}, std::size_t{2000}, std::size_t{1} << 30}) {
    for (const std::size_t threads : {1, 3}) {
      CountPool<std::string> pool({most_bytes, folder.path()});
      const std::size_t tasks = most_bytes == 1 ? 300 : 100;
      parallel_for(threads, tasks, [&](std::size_t, std::size_t task) {
        CountRun run;
        EntryWriter<std::string> writer(run.entries);
        for (int key = 100; key < 200; ++key) writer.append(std::to_string(key), task + 1);
        pool.add(std::move(run));
      });
      const std::vector<CountRun> runs = pool.take();
      std::size_t keys = 0;
      for (MergedReader<std::string> merged(runs); merged.next(); ++keys) {
        CHECK(merged.count() == tasks * (tasks + 1) / 2);
      }
      CHECK(keys == 100);
      CHECK(pool.take().empty());
    }
  }
}

TEST_CASE("count_pool: a file is merged with those of its level only") {
  const TemporaryFolder folder;
  CountPool<std::string> pool({1, folder.path()});
  for (int task = 1000; task < 1300; ++task) {
    CountRun run;
    EntryWriter<std::string>(run.entries).append(std::to_string(task), 1);
    pool.add(std::move(run));
  }
  std::map<std::uint64_t, std::size_t> files;  // by how many runs are in them
  for (const CountRun& run : pool.take()) {
    if (run.file) ++files[run.file->entries()];
  }
  CHECK(files.rbegin()->first <= 70);  // not one of nearly all
  CHECK(files.size() <= 5);
}

TEST_CASE("count_pool: a folder that cannot be written is an error") {
  CountPool<std::string> pool({1, "/no/such/folder"});
  CountRun run;
  EntryWriter<std::string>(run.entries).append("a", 1);
  CHECK(contains(error_of([&] { pool.add(run); }), "/no/such/folder"));
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
