// Tested by tests/script_test.cc.
#include "text/script.h"

#include <algorithm>
#include <iterator>

namespace bytepiece {
namespace {

struct Block {
  std::uint32_t last;
  std::string_view script;
};

// Ascending; each begins behind the one before.
constexpr Block kBlocks[] = {
    {0x40, "common"},      {0x5A, "Latin"},      {0x60, "common"},     {0x7A, "Latin"},
    {0xA9, "common"},      {0xAA, "Latin"},      {0xB9, "common"},     {0xBA, "Latin"},
    {0xBF, "common"},      {0xD6, "Latin"},      {0xD7, "common"},     {0xF6, "Latin"},
    {0xF7, "common"},      {0x2B8, "Latin"},     {0x36F, "common"},    {0x3FF, "Greek"},
    {0x52F, "Cyrillic"},   {0x58F, "Armenian"},  {0x5FF, "Hebrew"},    {0x6FF, "Arabic"},
    {0x74F, "Syriac"},     {0x77F, "Arabic"},    {0x85F, "other"},     {0x8FF, "Arabic"},
    {0x97F, "Devanagari"}, {0x9FF, "Bengali"},   {0xA7F, "Gurmukhi"},  {0xAFF, "Gujarati"},
    {0xB7F, "Oriya"},      {0xBFF, "Tamil"},     {0xC7F, "Telugu"},    {0xCFF, "Kannada"},
    {0xD7F, "Malayalam"},  {0xDFF, "Sinhala"},   {0xE7F, "Thai"},      {0xEFF, "Lao"},
    {0xFFF, "Tibetan"},    {0x109F, "Myanmar"},  {0x10FF, "Georgian"}, {0x11FF, "Hangul"},
    {0x139F, "Ethiopic"},  {0x177F, "other"},    {0x17FF, "Khmer"},    {0x18AF, "Mongolian"},
    {0x1C7F, "other"},     {0x1C8F, "Cyrillic"}, {0x1D7F, "other"},    {0x1DBF, "Latin"},
    {0x1DFF, "common"},    {0x1EFF, "Latin"},    {0x1FFF, "Greek"},    {0x2BFF, "common"},
    {0x2DDF, "other"},     {0x2DFF, "Cyrillic"}, {0x2E7F, "common"},   {0x2FDF, "Han"},
    {0x3004, "common"},    {0x3007, "Han"},      {0x303F, "common"},   {0x30FF, "Kana"},
    {0x312F, "Bopomofo"},  {0x318F, "Hangul"},   {0x33FF, "common"},   {0x4DBF, "Han"},
    {0x4DFF, "common"},    {0x9FFF, "Han"},      {0xA63F, "other"},    {0xA69F, "Cyrillic"},
    {0xA71F, "other"},     {0xA7FF, "Latin"},    {0xA95F, "other"},    {0xA97F, "Hangul"},
    {0xAB2F, "other"},     {0xAB6F, "Latin"},    {0xABFF, "other"},    {0xD7FF, "Hangul"},
    {0xF8FF, "other"},     {0xFAFF, "Han"},      {0xFB06, "Latin"},    {0xFB17, "Armenian"},
    {0xFB4F, "Hebrew"},    {0xFDFF, "Arabic"},   {0xFE6F, "common"},   {0xFEFF, "Arabic"},
    {0xFF20, "common"},    {0xFF3A, "Latin"},    {0xFF40, "common"},   {0xFF5A, "Latin"},
    {0xFF65, "common"},    {0xFF9F, "Kana"},     {0xFFDC, "Hangul"},   {0xFFFF, "common"},
    {0x1CFFF, "other"},    {0x1FBFF, "common"},  {0x1FFFF, "other"},   {0x323AF, "Han"},
    {0xFFFFFFFF, "other"},
};

}  // namespace

std::string_view script_of(std::uint32_t code_point) {
  const auto block = std::lower_bound(std::begin(kBlocks), std::end(kBlocks), code_point,
                                      [](const Block& b, std::uint32_t c) { return b.last < c; });
  return block->script;
}

}  // namespace bytepiece
