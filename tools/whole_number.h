// A check for options that are whole numbers: CLI11 takes -1 for 2^64 - 1, and what is larger, too.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string>

namespace bytepiece::tools {

struct WholeNumber : CLI::Validator {
  explicit WholeNumber(std::uint64_t least) {
    func_ = [least](const std::string& text) -> std::string {
      std::uint64_t number = 0;
      const char* end = text.data() + text.size();
      const auto [stop, error] = std::from_chars(text.data(), end, number);
      if (error == std::errc() && stop == end && number >= least) return {};
      return fmt::format("{} is not a whole number from {} to {}", text, least,
                         std::numeric_limits<std::uint64_t>::max());
    };
  }
};

}  // namespace bytepiece::tools
