#include "base/checksum.h"

#include <doctest/doctest.h>

#include "model_bytes.h"
#include "support.h"

namespace bytepiece {
namespace {

TEST_SUITE_BEGIN("unit");

TEST_CASE("checksum: that of the plain implementation, for texts of all kinds of sizes") {
  CHECK(checksum_of("") == 0x2D06800538D394C2);  // as the algorithm's documents say
  testing::Random random(1);
  std::string text;
  for (std::size_t size = 0; size < 5000; size += size < 600 ? 1 : 97) {
    while (text.size() < size) text += static_cast<char>(random.below(256));
    CHECK(checksum_of(text) == testing::xxh3(text));
    if (size > 0) CHECK(checksum_of(std::string_view(text).substr(1)) == testing::xxh3(text.substr(1)));
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
