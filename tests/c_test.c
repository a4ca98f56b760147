/* The C interface, used by a C11 program as others would: every function, and the errors of each. */
#include <bytepiece/c.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* c_expected.cc: what the C++ interface says. */
size_t expected_sample(const char* model, double alpha, const char* text, size_t size, uint64_t seed,
                       uint64_t document, uint64_t sample, uint32_t* ids, size_t capacity);
double expected_log_prob(const char* model, const uint32_t* ids, size_t count);

static int failures = 0;

#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                     \
    }                                                                 \
  } while (0)

/* What dlpack.h declares, as far as it is needed here. */
struct DLManagedTensor {
  struct {
    void* data;
    struct {
      int32_t type, id;
    } device;
    int32_t ndim;
    struct {
      uint8_t code, bits;
      uint16_t lanes;
    } dtype;
    int64_t* shape;
    int64_t* strides;
    uint64_t byte_offset;
  } dl_tensor;
  void* manager_ctx;
  void (*deleter)(struct DLManagedTensor*);
};
struct DLManagedTensorVersioned {
  struct {
    uint32_t major, minor;
  } version;
  void* manager_ctx;
  void (*deleter)(struct DLManagedTensorVersioned*);
};

static void test_errors(const char* model) {
  bp_error error;
  bp_tokenizer* tokenizer = NULL;
  CHECK(bp_tokenizer_load("/does/not/exist", &tokenizer, &error) == BP_FAILED);
  CHECK(error.status == BP_FAILED && strstr(error.message, "/does/not/exist") != NULL);
  CHECK(tokenizer == NULL);
  CHECK(bp_tokenizer_load("/does/not/exist", &tokenizer, NULL) == BP_FAILED);
  CHECK(bp_tokenizer_load(NULL, &tokenizer, &error) == BP_INVALID);
  CHECK(bp_tokenizer_load(model, NULL, &error) == BP_INVALID);
  CHECK(bp_tokenizer_load("no\nsuch\r\x7F \xE4\xBD\xA0", &tokenizer, &error) == BP_FAILED);
  CHECK(strncmp(error.message, "no?such?? \xE4\xBD\xA0: ", 15) == 0);
  CHECK(strpbrk(error.message, "\n\r") == NULL);
  char path[2000]; /* longer than a message can be */
  memset(path, 'x', sizeof path);
  path[sizeof path - 1] = '\0';
  CHECK(bp_tokenizer_load(path, &tokenizer, &error) == BP_FAILED);
  CHECK(strlen(error.message) < sizeof error.message && strlen(error.message) > 400);
  size_t count = 0;
  CHECK(bp_encode(NULL, "a", 1, 0, NULL, 0, &count, &error) == BP_INVALID);
  CHECK(bp_decode(NULL, NULL, 0, NULL, 0, &count, &error) == BP_INVALID);
  CHECK(bp_vocab_size(NULL) == 0 && bp_documents_count(NULL) == 0 && bp_batch_tokens(NULL) == 0);
  CHECK(bp_documents_ids(NULL) == NULL && bp_documents_ends(NULL) == NULL && bp_batch_max_seqlen(NULL) == 0);
  bp_tokenizer_free(NULL);
  bp_documents_free(NULL);
  bp_batch_free(NULL);
  bp_batch_options_init(NULL, 0);
}

static void test_encode(const bp_tokenizer* tokenizer) {
  static const char text[] = "hello world, \xE4\xBD\xA0\xE5\xA5\xBD\n\xFF";
  const size_t size = sizeof text - 1;
  bp_error error;
  size_t needed = 0, count = 0, bytes = 0;
  CHECK(bp_encode(tokenizer, text, size, 0, NULL, 0, &needed, &error) == BP_TOO_SMALL);
  CHECK(needed > 0 && needed <= size);
  uint32_t ids[64];
  ids[0] = 77;
  CHECK(bp_encode(tokenizer, text, size, 0, ids, needed - 1, &count, &error) == BP_TOO_SMALL);
  CHECK(count == needed && ids[0] == 77);
  CHECK(bp_encode(tokenizer, text, size, 0, ids, needed, &count, &error) == BP_OK);
  CHECK(count == needed && error.status == BP_OK && error.message[0] == '\0');
  char back[64];
  CHECK(bp_decode(tokenizer, ids, count, NULL, 0, &bytes, &error) == BP_TOO_SMALL);
  CHECK(bytes == size);
  CHECK(bp_decode(tokenizer, ids, count, back, sizeof back, &bytes, &error) == BP_OK);
  CHECK(bytes == size && memcmp(back, text, size) == 0);

  CHECK(bp_encode(tokenizer, text, size, BP_BOS | BP_EOS, ids, 64, &count, &error) == BP_OK);
  CHECK(count == needed + 2 && ids[0] == 1 && ids[count - 1] == 2);
  CHECK(bp_encode(tokenizer, NULL, 0, 0, NULL, 0, &count, &error) == BP_OK && count == 0);
  CHECK(bp_encode(tokenizer, text, size, 4, ids, 64, &count, &error) == BP_INVALID);
  CHECK(strstr(error.message, "BP_BOS") != NULL);
  CHECK(bp_encode(tokenizer, NULL, 1, 0, ids, 64, &count, &error) == BP_INVALID);
  CHECK(bp_encode(tokenizer, text, size, 0, NULL, 5, &count, &error) == BP_INVALID);
  CHECK(bp_encode(tokenizer, text, size, 0, ids, 64, NULL, &error) == BP_INVALID);
  ids[0] = 0xFFFFFFFFU;
  CHECK(bp_decode(tokenizer, ids, 1, back, sizeof back, &bytes, &error) == BP_FAILED);
  CHECK(strstr(error.message, "4294967295") != NULL);
}

static void test_vocab(const bp_tokenizer* tokenizer) {
  bp_error error;
  bp_piece piece;
  uint32_t id = 0;
  const size_t size = bp_vocab_size(tokenizer);
  CHECK(size > 259);
  CHECK(bp_vocab_piece(tokenizer, 3 + 'a', &piece, &error) == BP_OK);
  CHECK(piece.size == 1 && piece.bytes[0] == 'a' && piece.count > 0 && piece.log_prob < 0);
  CHECK(bp_vocab_piece(tokenizer, (uint32_t)size - 1, &piece, &error) == BP_OK);
  CHECK(bp_vocab_find(tokenizer, piece.bytes, piece.size, &id, &error) == BP_OK && id == size - 1);
  CHECK(bp_vocab_find(tokenizer, "no such piece, surely", 21, &id, &error) == BP_OK && id == 0);
  CHECK(bp_vocab_piece(tokenizer, 0, &piece, &error) == BP_FAILED);
  CHECK(bp_vocab_piece(tokenizer, (uint32_t)size, &piece, &error) == BP_FAILED);
  CHECK(bp_vocab_piece(tokenizer, 3, NULL, &error) == BP_INVALID);
  CHECK(bp_vocab_find(tokenizer, NULL, 3, &id, &error) == BP_INVALID);
}

static void test_sample(const bp_tokenizer* tokenizer, const char* model) {
  static const char text[] = "a text to learn from, \xE4\xBD\xA0\n\nto train on\xFF";
  const char* texts[] = {"a text", text, "", "to train"};
  const size_t size = sizeof text - 1, sizes[] = {6, size, 0, 8};
  static const double alphas[] = {0, 0.1, 1};
  bp_error error;
  uint32_t ids[100], expected[100], best[100];
  size_t count = 0, needed = 0, best_count = 0, changed = 0;
  CHECK(bp_encode(tokenizer, text, size, 0, best, 100, &best_count, &error) == BP_OK);
  bp_sampler* sampler = NULL;
  for (size_t a = 0; a < sizeof alphas / sizeof alphas[0]; ++a) {
    CHECK(bp_sampler_new(tokenizer, alphas[a], &sampler, &error) == BP_OK);
    bp_random_key key = {7, 0, 2, 0};
    for (key.document = 0; key.document < 20; ++key.document) {
      needed = expected_sample(model, alphas[a], text, size, 7, key.document, 2, expected, 100);
      CHECK(bp_sample(sampler, text, size, 0, &key, NULL, 0, &count, &error) == BP_TOO_SMALL);
      CHECK(count == needed);
      CHECK(bp_sample(sampler, text, size, 0, &key, ids, count, &count, &error) == BP_OK);
      CHECK(count == needed && memcmp(ids, expected, count * sizeof ids[0]) == 0);
      changed += count != best_count || memcmp(ids, best, count * sizeof ids[0]) != 0;
    }
    bp_documents* documents = NULL;
    key.document = 5;
    CHECK(bp_sample_batch(sampler, texts, sizes, 4, BP_EOS, &key, &documents, &error) == BP_OK);
    CHECK(bp_documents_count(documents) == 4);
    for (size_t i = 0, begin = 0; i < 4; begin = bp_documents_ends(documents)[i++]) {
      needed = expected_sample(model, alphas[a], texts[i], sizes[i], 7, 5 + i, 2, expected, 100);
      CHECK(bp_documents_ends(documents)[i] == begin + needed + 1);
      CHECK(memcmp(bp_documents_ids(documents) + begin, expected, needed * sizeof expected[0]) == 0);
      CHECK(bp_documents_ids(documents)[begin + needed] == 2);
    }
    bp_documents_free(documents);
    bp_sampler_free(sampler);
  }
  CHECK(changed > 30);
}

static void test_sample_errors(const bp_tokenizer* tokenizer) {
  bp_error error;
  bp_random_key key = {1, 2, 3, 4};
  bp_sampler *sampler = NULL, *none = NULL;
  bp_documents* documents = NULL;
  uint32_t ids[4];
  size_t count = 0;
  CHECK(bp_sampler_new(tokenizer, -1, &none, &error) == BP_FAILED && strstr(error.message, "alpha is -1"));
  CHECK(bp_sampler_new(tokenizer, NAN, &none, &error) == BP_FAILED);
  CHECK(bp_sampler_new(tokenizer, INFINITY, &none, &error) == BP_FAILED && none == NULL);
  CHECK(bp_sampler_new(NULL, 1, &none, &error) == BP_INVALID);
  CHECK(bp_sampler_new(tokenizer, 1, NULL, &error) == BP_INVALID);
  CHECK(bp_sampler_new(tokenizer, 1, &sampler, &error) == BP_OK);
  CHECK(bp_sample(NULL, "a", 1, 0, &key, ids, 4, &count, &error) == BP_INVALID);
  CHECK(bp_sample(sampler, NULL, 1, 0, &key, ids, 4, &count, &error) == BP_INVALID);
  CHECK(bp_sample(sampler, "a", 1, 4, &key, ids, 4, &count, &error) == BP_INVALID);
  CHECK(bp_sample(sampler, "a", 1, 0, NULL, ids, 4, &count, &error) == BP_INVALID);
  CHECK(bp_sample(sampler, "a", 1, 0, &key, NULL, 4, &count, &error) == BP_INVALID);
  CHECK(bp_sample(sampler, "a", 1, 0, &key, ids, 4, NULL, &error) == BP_INVALID);
  CHECK(bp_sample_batch(NULL, NULL, NULL, 0, 0, &key, &documents, &error) == BP_INVALID);
  CHECK(bp_sample_batch(sampler, NULL, NULL, 1, 0, &key, &documents, &error) == BP_INVALID);
  CHECK(bp_sample_batch(sampler, NULL, NULL, 0, 0, NULL, &documents, &error) == BP_INVALID);
  CHECK(bp_sample_batch(sampler, NULL, NULL, 0, 0, &key, NULL, &error) == BP_INVALID && documents == NULL);
  bp_sampler_free(sampler);
  bp_sampler_free(NULL);
}

static void test_n_best(const bp_tokenizer* tokenizer, const char* model) {
  static const char text[] = "a text to train "; /* has pieces "a text to " and "n " */
  const size_t size = sizeof text - 1;
  bp_error error;
  bp_documents* documents = NULL;
  double log_probs[5] = {1, 1, 1, 1, 1};
  uint32_t ids[32];
  size_t count = 0;
  CHECK(bp_n_best(tokenizer, text, size, 5, log_probs, &documents, &error) == BP_OK);
  CHECK(bp_documents_count(documents) == 4 && log_probs[4] == 1);
  CHECK(bp_encode(tokenizer, text, size, 0, ids, 32, &count, &error) == BP_OK);
  CHECK(bp_documents_ends(documents)[0] == count);
  CHECK(memcmp(bp_documents_ids(documents), ids, count * sizeof ids[0]) == 0);
  for (size_t i = 0, begin = 0; i < 4; begin = bp_documents_ends(documents)[i++]) {
    CHECK(i == 0 || log_probs[i] <= log_probs[i - 1]);
    CHECK(log_probs[i] == expected_log_prob(model, bp_documents_ids(documents) + begin,
                                            bp_documents_ends(documents)[i] - begin));
  }
  bp_documents_free(documents);
  CHECK(bp_n_best(tokenizer, "a", 1, 5, NULL, &documents, &error) == BP_OK);
  CHECK(bp_documents_count(documents) == 1);
  bp_documents_free(documents);
  CHECK(bp_n_best(NULL, "a", 1, 5, NULL, &documents, &error) == BP_INVALID);
  CHECK(bp_n_best(tokenizer, NULL, 1, 5, NULL, &documents, &error) == BP_INVALID);
  CHECK(bp_n_best(tokenizer, "a", 1, 5, NULL, NULL, &error) == BP_INVALID);
}

static void test_packed(const bp_documents* documents) {
  bp_error error;
  bp_batch* batch = NULL;
  bp_array ids, lengths, bounds;
  const uint32_t* all = bp_documents_ids(documents);
  const size_t* ends = bp_documents_ends(documents);
  CHECK(bp_pack(all, ends, 3, 8, NULL, &batch, &error) == BP_OK);
  CHECK(bp_batch_array(batch, BP_IDS, &ids, &error) == BP_OK);
  CHECK(ids.element == BP_INT64 && ids.ndim == 2 && ids.shape[1] == 8);
  CHECK(bp_batch_array(batch, BP_LENGTHS, &lengths, &error) == BP_OK && lengths.element == BP_INT32);
  CHECK(bp_batch_array(batch, BP_CU_SEQLENS, &bounds, &error) == BP_OK);
  CHECK(bounds.shape[0] == lengths.shape[0] + 1);
  CHECK(bp_batch_tokens(batch) == (int64_t)ends[2] && bp_batch_max_seqlen(batch) <= 8);
  CHECK(bp_batch_array(batch, BP_MASK, &ids, &error) == BP_INVALID);
  CHECK(bp_batch_array(batch, 99, &ids, &error) == BP_INVALID);
  CHECK(bp_batch_array(batch, -1, &ids, &error) == BP_INVALID);
  CHECK(bp_batch_array(NULL, BP_IDS, &ids, &error) == BP_INVALID);
  CHECK(bp_batch_array(batch, BP_POSITIONS, &ids, &error) == BP_OK &&
        bp_batch_array(batch, BP_LABELS, &ids, &error) == BP_OK);
  CHECK(bp_batch_array(batch, BP_DOCUMENTS, &ids, &error) == BP_OK &&
        bp_batch_array(batch, BP_SEQUENCE_IDS, &ids, &error) == BP_OK);

  struct DLManagedTensor* tensor = NULL;
  struct DLManagedTensorVersioned* versioned = NULL;
  CHECK(bp_batch_array(batch, BP_IDS, &ids, &error) == BP_OK);
  CHECK(bp_batch_dlpack(batch, BP_IDS, &tensor, &error) == BP_OK);
  CHECK(bp_batch_dlpack_versioned(batch, BP_LABELS, &versioned, &error) == BP_OK);
  CHECK(bp_batch_dlpack(batch, BP_MASK, &tensor, &error) == BP_INVALID);
  CHECK(bp_batch_dlpack(batch, BP_IDS, NULL, &error) == BP_INVALID);
  CHECK(tensor->dl_tensor.data == ids.data && tensor->dl_tensor.dtype.bits == 64);
  CHECK(versioned->version.major == 1);
  bp_batch_free(batch); /* the tensors live on */
  CHECK(((const int64_t*)tensor->dl_tensor.data)[0] >= 3);
  tensor->deleter(tensor);
  versioned->deleter(versioned);

  CHECK(bp_pack(all, ends, 3, 0, NULL, &batch, &error) == BP_OK);
  CHECK(bp_batch_array(batch, BP_IDS, &ids, &error) == BP_OK && ids.shape[0] == 1 &&
        ids.shape[1] == (int64_t)ends[2]);
  bp_batch_free(batch);
  CHECK(bp_pack(NULL, NULL, 0, 4, NULL, &batch, &error) == BP_OK);
  bp_batch_free(batch);
  CHECK(bp_pack(NULL, ends, 3, 4, NULL, &batch, &error) == BP_INVALID);
  CHECK(bp_pack(all, NULL, 3, 4, NULL, &batch, &error) == BP_INVALID);
  CHECK(bp_pack(all, ends, 3, 4, NULL, NULL, &error) == BP_INVALID);
  const size_t falling[] = {2, 1};
  CHECK(bp_pack(all, falling, 2, 4, NULL, &batch, &error) == BP_FAILED);
}

static void test_padded(const bp_documents* documents) {
  bp_error error;
  bp_batch* batch = NULL;
  bp_array mask, ids;
  bp_batch_options options;
  bp_batch_options_init(&options, sizeof options);
  CHECK(options.size == sizeof options);
  options.element = BP_INT32;
  options.side = BP_LEFT;
  options.multiple_of = 8;
  options.labels = BP_LABELS_NONE;
  CHECK(bp_pad(bp_documents_ids(documents), bp_documents_ends(documents), 3, &options, &batch, &error) ==
        BP_OK);
  CHECK(bp_batch_array(batch, BP_IDS, &ids, &error) == BP_OK &&
        bp_batch_array(batch, BP_MASK, &mask, &error) == BP_OK);
  CHECK(ids.element == BP_INT32 && ids.shape[0] == 3 && ids.shape[1] % 8 == 0);
  CHECK(bp_batch_array(batch, BP_BEGINS, &ids, &error) == BP_OK);
  CHECK(bp_batch_array(batch, BP_LABELS, &ids, &error) == BP_INVALID);
  CHECK(((const int32_t*)mask.data)[mask.shape[1] - 1] == 1);
  CHECK(bp_batch_tokens(batch) == (int64_t)bp_documents_ends(documents)[2]);
  bp_batch_free(batch);

  struct {
    int32_t* member;
    int32_t wrong;
  } rows[] = {{&options.element, BP_UINT8}, {&options.labels, 3}, {&options.side, -1}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
    const int32_t right = *rows[i].member;
    *rows[i].member = rows[i].wrong;
    CHECK(bp_pad(NULL, NULL, 0, &options, &batch, &error) == BP_INVALID);
    *rows[i].member = right;
  }
  bp_batch_options_init(&options, sizeof options);
  options.multiple_of = 0;
  CHECK(bp_pad(NULL, NULL, 0, &options, &batch, &error) == BP_FAILED);
  bp_batch_options_init(&options, sizeof options);
  options.element = BP_INT32;
  options.pad_id = 0xFFFFFFFFU;
  CHECK(bp_pad(NULL, NULL, 0, &options, &batch, &error) == BP_FAILED);
  CHECK(strstr(error.message, "pad_id 4294967295 does not fit int32") != NULL);
}

/* Programs that were compiled with other headers than the library. */
static void test_sizes_of_options(const bp_documents* documents) {
  const uint32_t* all = bp_documents_ids(documents);
  const size_t* ends = bp_documents_ends(documents);
  bp_error error;
  bp_batch* batch = NULL;
  bp_batch_options defaults, options;
  bp_batch_options_init(&defaults, sizeof defaults);
  const size_t shorter = offsetof(bp_batch_options, max_length);
  memset(&options, 0xAB, sizeof options);
  const bp_batch_options untouched = options;
  bp_batch_options_init(&options, shorter);
  CHECK(options.size == shorter && options.multiple_of == defaults.multiple_of);
  CHECK(memcmp(&options.max_length, &untouched.max_length, sizeof options - shorter) == 0);
  options.multiple_of = 8;
  CHECK(bp_pad(all, ends, 3, &options, &batch, &error) == BP_OK); /* max_length and stride are 0 */
  CHECK(bp_batch_tokens(batch) == (int64_t)ends[2]);
  bp_batch_free(batch);
  batch = NULL;

  struct {
    bp_batch_options known;
    size_t unknown;
  } longer;
  longer.unknown = 77;
  bp_batch_options_init(&longer.known, sizeof longer);
  CHECK(longer.known.size == sizeof longer && longer.unknown == 77);
  CHECK(bp_pad(all, ends, 3, &longer.known, &batch, &error) == BP_INVALID);
  CHECK(strstr(error.message, "options->size") != NULL);
  options.size = 4;
  CHECK(bp_pad(all, ends, 3, &options, &batch, &error) == BP_INVALID && batch == NULL);
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  bp_error error;
  bp_tokenizer* tokenizer = NULL;
  CHECK(bp_abi_version() == BP_ABI_VERSION);
  CHECK(strlen(bp_version()) >= 5);
  test_errors(argv[1]);
  if (bp_tokenizer_load(argv[1], &tokenizer, &error) != BP_OK) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  test_encode(tokenizer);
  test_vocab(tokenizer);
  test_sample(tokenizer, argv[1]);
  test_sample_errors(tokenizer);
  test_n_best(tokenizer, argv[1]);

  const char* texts[] = {"the first text", "the second", "and a third one"};
  const size_t sizes[] = {14, 10, 15};
  bp_documents* documents = NULL;
  CHECK(bp_encode_batch(tokenizer, texts, sizes, 3, 0, 2, &documents, &error) == BP_OK);
  CHECK(bp_documents_count(documents) == 3);
  uint32_t ids[64];
  size_t count = 0;
  CHECK(bp_encode(tokenizer, texts[0], sizes[0], 0, ids, 64, &count, &error) == BP_OK);
  CHECK(bp_documents_ends(documents)[0] == count);
  CHECK(memcmp(bp_documents_ids(documents), ids, count * sizeof ids[0]) == 0);
  bp_documents* none = NULL;
  CHECK(bp_encode_batch(tokenizer, texts, sizes, 3, 0, -1, &none, &error) == BP_FAILED);
  CHECK(bp_encode_batch(tokenizer, NULL, sizes, 3, 0, 1, &none, &error) == BP_INVALID);
  CHECK(none == NULL);
  test_packed(documents);
  test_padded(documents);
  test_sizes_of_options(documents);
  bp_documents_free(documents);
  bp_tokenizer_free(tokenizer);
  if (failures == 0) printf("all well\n");
  return failures == 0 ? 0 : 1;
}
