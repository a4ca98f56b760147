// What the benchmarks measure and how they show it: contestants that take turns, and their figures as a
// table, as JSON or as rows of data/bench/results.csv.
//
// All contestants run in each round, so that whatever else the machine does hits all of them alike; the
// smallest and the median time are shown. `ratio` is how many times as fast as the yardstick one is.
//
// Thread rule: one thread at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace bytepiece::bench {

class Contestant {
 public:
  // The check is not timed.
  Contestant(
      std::string name, std::function<void()> action, std::function<void()> check = [] {})
      : name_(std::move(name)), action_(std::move(action)), check_(std::move(check)) {}

  void warm_up() const { action_(); }  // not timed: then in the caches is not what the one before needed
  void run();

  const std::string& name() const { return name_; }
  double min() const { return wall_.front(); }
  double median() const { return wall_[wall_.size() / 2]; }
  double processor() const { return processor_.front(); }

 private:
  std::string name_;
  std::function<void()> action_, check_;
  std::vector<double> wall_, processor_;  // seconds, ascending; of this process and of those that have ended
};

struct Figures {
  std::string workload, contestant;
  std::size_t bytes;  // that one round handles; 0: not a matter of bytes
  double min, median, processor;
  double ratio;  // 0: none
};

// What a row of results.csv says of all figures together.
struct Setting {
  std::string model;
  int rounds = 0;
};

void print_table(const std::vector<Figures>& rows);
void print_json(const std::vector<Figures>& rows);  // an object a line
void append_csv(const std::string& path, const Setting& setting, const std::vector<Figures>& rows);

std::string base_name(const std::string& path);

}  // namespace bytepiece::bench
