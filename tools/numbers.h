// Checks for options that are numbers. CLI11 takes -1 for 2^64 - 1, and what is larger, too; and its own
// checks print bounds of 300 digits.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
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

struct NonNegative : CLI::Validator {
  NonNegative() {
    func_ = [](const std::string& text) -> std::string {
      double number = 0;
      if (CLI::detail::lexical_cast(text, number) && number >= 0 && std::isfinite(number)) return {};
      return fmt::format("{} is not a number from 0 on", text);
    };
  }
};

}  // namespace bytepiece::tools
