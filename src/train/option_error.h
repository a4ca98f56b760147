// An Error about a member of TrainOptions, with its name apart: the command line says the option's instead.
#pragma once

#include <bytepiece/types.h>

#include <string>

namespace bytepiece {

struct OptionError : Error {
  OptionError(const std::string& of_member, const std::string& what_is_wrong)
      : Error(of_member + ": " + what_is_wrong), member(of_member), problem(what_is_wrong) {}

  std::string member;   // "min_count"
  std::string problem;  // "0 is not at least 1"
};

}  // namespace bytepiece
