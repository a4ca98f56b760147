#include "tools/stages.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <cstdio>
#include <utility>

#include "tools/common.h"

namespace bytepiece::tools {
double peak_memory() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024;
}

void StageLog::note(const Progress& progress) {
  if (stages_.empty() || stages_.back().name != progress.stage) {
    close();
    stages_.push_back({std::string(progress.stage), {}, 0, 0});
  }
  if (!progress.found.empty()) stages_.back().found = progress.found;
}

void StageLog::close() {
  const auto now = std::chrono::steady_clock::now();
  if (!stages_.empty()) {
    stages_.back().seconds = std::chrono::duration<double>(now - begin_).count();
    stages_.back().peak_bytes = peak_memory();
    begin_ = now;
  }
}

std::vector<Stage> StageLog::finish() {
  close();
  return std::exchange(stages_, {});
}

void print_stages(const std::vector<Stage>& stages) {
  fmt::print(stderr, "{:<15}{:>10}  {:>10}\n", "stage", "time", "peak");
  for (const Stage& stage : stages) {
    fmt::print(stderr, "{:<15}{:>10}  {:>10}  {}\n", stage.name, human_seconds(stage.seconds),
               human_bytes(stage.peak_bytes), stage.found);
  }
}

std::string stages_as_json(const std::vector<Stage>& stages) {
  std::string json;
  for (const Stage& stage : stages) {
    json += fmt::format("{}{{\"stage\": {}, \"seconds\": {:.3f}, \"peak_memory\": {:.0f}, \"found\": {}}}",
                        json.empty() ? "" : ", ", json_string(stage.name), stage.seconds, stage.peak_bytes,
                        json_string(stage.found));
  }
  return "[" + json + "]";
}

}  // namespace bytepiece::tools
