#include "text/script.h"

#include <doctest/doctest.h>

#include <string_view>

namespace bytepiece {
namespace {

TEST_SUITE_BEGIN("unit");

struct Row {
  char32_t c;
  std::string_view script;
};

TEST_CASE("script: a character of each kind, and the ends of the range") {
  const Row rows[] = {
      {0, "common"},           {U'a', "Latin"},       {U'Z', "Latin"},        {U'@', "common"},
      {U'7', "common"},        {U'\u00E9', "Latin"},  {U'\u00D7', "common"},  {U'\u03B1', "Greek"},
      {U'\u0416', "Cyrillic"}, {U'\u05D0', "Hebrew"}, {U'\u0627', "Arabic"},  {U'\u0905', "Devanagari"},
      {U'\u0E01', "Thai"},     {U'\uAC00', "Hangul"}, {U'\u3042', "Kana"},    {U'\u30A2', "Kana"},
      {U'\u4E2D', "Han"},      {U'\u3001', "common"}, {U'\U00020000', "Han"}, {U'\U0001F600', "common"},
      {U'\uE000', "other"},    {0x10FFFF, "other"},   {0xFFFFFFFF, "other"}};
  for (const Row& row : rows) {
    CAPTURE(static_cast<unsigned long>(row.c));
    CHECK(script_of(row.c) == row.script);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
