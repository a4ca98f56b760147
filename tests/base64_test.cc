#include "model/base64.h"

#include <doctest/doctest.h>

#include <string>

#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

struct Row {
  std::string bytes, text;
};

TEST_CASE("base64: the examples of RFC 4648") {
  static const Row rows[] = {{"", ""},
                             {"f", "Zg=="},
                             {"fo", "Zm8="},
                             {"foo", "Zm9v"},
                             {"foob", "Zm9vYg=="},
                             {"fooba", "Zm9vYmE="},
                             {"foobar", "Zm9vYmFy"},
                             {std::string(1, '\0'), "AA=="},
                             {"\xFF\xFF\xFF", "////"},
                             {"\xFB\xEF\xBE", "++++"}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(to_base64(row.bytes) == row.text);
    CHECK(from_base64(row.text) == row.bytes);
  }
}

TEST_CASE("base64: there and back again") {
  Random random(1);
  for (std::size_t round = 0; round < rounds(2000); ++round) {
    const std::string bytes = random_bytes(random, random.below(40));
    CHECK(from_base64(to_base64(bytes)) == bytes);
  }
}

TEST_CASE("base64: only canonical texts are taken") {
  for (const std::string text : {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8", "=", "====", "=g==",
                                 "Z===", "Zg==Zg==", "Zm9v\n", " Zm9v", "Zm-_", "Zm9v=", "Z=g=", "Zm9\xFF"}) {
    CAPTURE(text);
    CHECK_FALSE(from_base64(text));
  }
  Random random(2);
  for (std::size_t round = 0; round < rounds(5000); ++round) {
    const std::string text = random_of(random, {"A", "B", "/", "+", "=", "w", "-"}, 4 * random.below(4));
    if (const auto bytes = from_base64(text)) CHECK(to_base64(*bytes) == text);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
