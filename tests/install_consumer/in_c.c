#include <bytepiece/c.h>
#include <stdio.h>

int main(void) {
  bp_error error;
  bp_tokenizer* tokenizer = NULL;
  if (bp_abi_version() != BP_ABI_VERSION) return 1;
  if (bp_tokenizer_load("does-not-exist", &tokenizer, &error) == BP_OK) return 1;
  printf("%s\n", error.message);
  return tokenizer == NULL ? 0 : 1;
}
