// Compiled for AVX2, so no header with inline functions that other files use, too, may be here: a linker
// might take theirs from this file. Tested by tests/checksum_test.cc.
#if defined(__x86_64__)
#include <stddef.h>
#include <stdint.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace bytepiece {

uint64_t checksum_avx2(const void* bytes, size_t size) { return XXH3_64bits(bytes, size); }

}  // namespace bytepiece
#endif
