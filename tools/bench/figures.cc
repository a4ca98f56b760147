#include "tools/bench/figures.h"

#include <bytepiece/types.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "tools/common.h"

namespace bytepiece::bench {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

// Of this process and of those that have ended.
double processor_seconds() {
  double sum = 0;
  for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    ::getrusage(who, &usage);
    sum += seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }
  return sum;
}

double mb_per_s(const Figures& row) { return static_cast<double>(row.bytes) / 1e6 / row.min; }
double ns_per_byte(const Figures& row) { return row.min * 1e9 / static_cast<double>(row.bytes); }

std::string commit() {
  std::string name;
  FILE* const git = ::popen("git -C '" BYTEPIECE_SOURCE_DIR "' describe --always --dirty 2>/dev/null", "r");
  if (git != nullptr) {
    for (int c; (c = std::fgetc(git)) != EOF && c != '\n';) name += static_cast<char>(c);
    ::pclose(git);
  }
  return name.empty() ? "unknown" : name;
}

std::string processor() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("model name")) return line.substr(std::min(line.find(": ") + 2, line.size()));
  }
  return "unknown";
}

void insert(double value, std::vector<double>& ascending) {
  ascending.insert(std::upper_bound(ascending.begin(), ascending.end(), value), value);
}

}  // namespace

void Contestant::run() {
  using Clock = std::chrono::steady_clock;
  const double processor = processor_seconds();
  const auto begin = Clock::now();
  action_();
  insert(std::chrono::duration<double>(Clock::now() - begin).count(), wall_);
  insert(processor_seconds() - processor, processor_);
  check_();
}

std::string base_name(const std::string& path) { return std::filesystem::path(path).filename().string(); }

void print_table(const std::vector<Figures>& rows) {
  fmt::print("{:<14} {:<14} {:>9} {:>9} {:>8} {:>9} {:>9} {:>7}\n", "workload", "contestant", "min ms",
             "median ms", "cpu ms", "MB/s", "ns/byte", "ratio");
  std::string last;
  for (const Figures& row : rows) {
    fmt::print("{:<14.14} {:<14} {:>9.2f} {:>9.2f} {:>8.1f}", row.workload == last ? "" : row.workload,
               row.contestant, row.min * 1e3, row.median * 1e3, row.processor * 1e3);
    if (row.bytes > 0) fmt::print(" {:>9.1f} {:>9.2f}", mb_per_s(row), ns_per_byte(row));
    if (row.ratio > 0) fmt::print(" {:>7.2f}", row.ratio);
    fmt::print("\n");
    last = row.workload;
  }
}

void print_json(const std::vector<Figures>& rows) {
  for (const Figures& row : rows) {
    fmt::print(
        "{{\"workload\": {}, \"contestant\": {}, \"bytes\": {}, \"min_s\": {:.6f}, \"median_s\": {:.6f}, "
        "\"cpu_s\": {:.6f}",
        tools::json_string(row.workload), tools::json_string(row.contestant), row.bytes, row.min, row.median,
        row.processor);
    if (row.bytes > 0) fmt::print(", \"mb_per_s\": {:.2f}", mb_per_s(row));
    if (row.ratio > 0) fmt::print(", \"ratio\": {:.3f}", row.ratio);
    fmt::print("}}\n");
  }
}

void append_csv(const std::string& path, const Setting& setting, const std::vector<Figures>& rows) {
  const bool is_new = !std::ifstream(path).good();
  std::ofstream out(path, std::ios::app);
  if (is_new) {
    out << "date,commit,processor,model,workload,contestant,bytes,rounds,min_s,median_s,mb_per_s,ns_per_byte,"
           "ratio\n";
  }
  char date[16];
  const std::time_t now = std::time(nullptr);
  std::strftime(date, sizeof date, "%Y-%m-%d", std::gmtime(&now));
  const std::string place =
      fmt::format("{},{},\"{}\",{}", date, commit(), processor(), base_name(setting.model));
  for (const Figures& row : rows) {
    out << fmt::format("{},{},{},{},{},{:.6f},{:.6f},{},{},{}\n", place, row.workload, row.contestant,
                       row.bytes, setting.rounds, row.min, row.median,
                       row.bytes > 0 ? fmt::format("{:.2f}", mb_per_s(row)) : "",
                       row.bytes > 0 ? fmt::format("{:.3f}", ns_per_byte(row)) : "",
                       row.ratio > 0 ? fmt::format("{:.3f}", row.ratio) : "");
  }
  if (!out.flush()) throw Error("cannot write " + path);
}

}  // namespace bytepiece::bench
