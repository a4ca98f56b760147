#include "tools/stages.h"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>

#include <cstdio>
#include <utility>

#include "base/threads.h"
#include "tools/common.h"
#include "tools/interrupt.h"

namespace bytepiece::tools {

double peak_memory() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024;
}

StageLog::StageLog(const RunOptions& run) : line_(run.quiet), threads_(resolve_threads(run.threads)) {}

ProgressCallback StageLog::callback() {
  return [this](const Progress& progress) {
    stop_if_interrupted();
    note(progress);
    const bool in_bytes = progress.stage != "prune" && progress.stage != "choose pieces";
    line_.show(progress.stage, progress.done, progress.total, in_bytes);
  };
}

void StageLog::note(const Progress& progress) {
  if (stages_.empty() || stages_.back().name != progress.stage) {
    close();
    stages_.push_back({std::string(progress.stage), {}, 0, 0});
  }
  if (!progress.found.empty()) stages_.back().found = progress.found;
}

void StageLog::close() {
  const auto now = Clock::now();
  if (!stages_.empty()) {
    stages_.back().seconds = std::chrono::duration<double>(now - stage_begin_).count();
    stages_.back().peak_bytes = peak_memory();
    stage_begin_ = now;
  }
}

StageTimes StageLog::finish() {
  close();
  line_.wipe();
  return {std::exchange(stages_, {}), std::chrono::duration<double>(Clock::now() - begin_).count(), threads_};
}

void print_stages(const std::vector<Stage>& stages) {
  fmt::print(stderr, "{:<16}{:>10}  {:>10}\n", "stage", "time", "peak");
  for (const Stage& stage : stages) {
    fmt::print(stderr, "{:<16}{:>10}  {:>10}{}{}\n", stage.name, human_seconds(stage.seconds),
               human_bytes(stage.peak_bytes), stage.found.empty() ? "" : "  ", stage.found);
  }
}

std::string as_json(const StageTimes& times) {
  std::string stages;
  for (const Stage& stage : times.stages) {
    stages += fmt::format("{}{{\"stage\": {}, \"seconds\": {:.3f}, \"peak_memory\": {:.0f}, \"found\": {}}}",
                          stages.empty() ? "" : ", ", json_string(stage.name), stage.seconds,
                          stage.peak_bytes, json_string(stage.found));
  }
  return fmt::format("\"seconds\": {:.3f}, \"threads\": {}, \"peak_memory\": {:.0f}, \"stages\": [{}]",
                     times.seconds, times.threads, peak_memory(), stages);
}

// glibc raises the size from which memory goes back to the system when it is freed, up to 32 MB, and keeps
// all below; held at 1 MB, training peaks at 243 instead of 347 MB with --memory 256Mi on a 100 MB corpus.
void begin_training() {
  catch_interrupts();
#ifdef M_MMAP_THRESHOLD
  ::mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

}  // namespace bytepiece::tools
