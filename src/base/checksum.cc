// Tested by tests/checksum_test.cc.
#include "base/checksum.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace bytepiece {

std::uint64_t checksum_of(std::string_view bytes) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return checksum_avx2(bytes.data(), bytes.size());
#endif
  return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace bytepiece
