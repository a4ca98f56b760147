// The model files that training ends with, one per vocabulary size, and what is said of the run.
#pragma once

#include <bytepiece/train.h>
#include <bytepiece/vocab.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/stages.h"

namespace bytepiece::tools {

class ModelFiles {
 public:
  // toy.bp for one size; toy.32000.bp, toy.8000.bp for several. Throws Error where one cannot be written, is
  // among the files that are `read`, or cannot hold the special tokens: better now than after hours.
  ModelFiles(const std::string& output, const TrainOptions& train, const std::vector<std::string>& read);

  void save(const std::vector<Vocab>& vocabs) const;            // throws Error
  void print(const std::vector<Vocab>& vocabs) const;           // a line each, on standard error
  std::string as_json(const std::vector<Vocab>& vocabs) const;  // a list

 private:
  std::vector<std::string> paths_;
};

// The vocabularies with more metadata than they have. Throws Error.
std::vector<Vocab> with_metadata(const std::vector<Vocab>& vocabs, const Metadata& more);

std::string today();  // 2026-11-22, in UTC

}  // namespace bytepiece::tools
