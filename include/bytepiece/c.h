// The library for C and for everything that calls C.
//
//   bp_tokenizer* tokenizer = NULL;
//   bp_error error;
//   if (bp_tokenizer_load("toy.bp", &tokenizer, &error) != BP_OK) puts(error.message);
//   size_t count = 0;
//   bp_encode(tokenizer, text, strlen(text), 0, ids, capacity, &count, &error);
//   bp_tokenizer_free(tokenizer);
//
// Handles are opaque; each has one function that frees it, which takes NULL, too. Where a call fills a
// buffer, it always says how much there is; if that is more than the capacity it returns BP_TOO_SMALL and
// writes nothing. Capacity 0, where the buffer may be NULL, asks for the size. Every call that can fail takes
// a bp_error, or NULL, and leaves everything else as it was when it fails. No C++ exception comes out of any.
//
// Part of bytepiece::c, a shared library. What is here only grows: BP_ABI_VERSION changes when it does not.
// Of the structs only bp_batch_options does; the library goes by the size that the program knows it in.
// Thread rule: handles are const after they were made; any number of threads may use one at a time.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As dlpack.h of any version declares them. */
struct DLManagedTensor;
struct DLManagedTensorVersioned;

enum { BP_ABI_VERSION = 1 };

uint32_t bp_abi_version(void); /* of the library; the program was compiled with BP_ABI_VERSION */
const char* bp_version(void);  /* "0.1.0" */

/* ---- Errors ---- */

typedef int32_t bp_status;
enum {
  BP_OK = 0,
  BP_TOO_SMALL = 1, /* the buffer; the size it needs is told */
  BP_INVALID = 2,   /* an argument is NULL or none of those that there are */
  BP_FAILED = 3,    /* a file, an id or an option is not as it should be; the message says all */
  BP_NO_MEMORY = 4,
  BP_INTERNAL = 5
};

typedef struct bp_error {
  bp_status status;
  char message[508]; /* one line, ends with a zero; '?' for control characters; "" without an error */
} bp_error;

/* ---- Tokenizers ---- */

typedef struct bp_tokenizer bp_tokenizer;

bp_status bp_tokenizer_load(const char* path, bp_tokenizer** tokenizer, bp_error* error);
void bp_tokenizer_free(bp_tokenizer* tokenizer);

enum { BP_BOS = 1, BP_EOS = 2 }; /* flags: ids 1 in front and 2 behind */

/* The ids of a text of any bytes. 3 * size + 2 ids are always enough. */
bp_status bp_encode(const bp_tokenizer* tokenizer, const char* text, size_t size, uint32_t flags,
                    uint32_t* ids, size_t capacity, size_t* count, bp_error* error);

/* The bytes of ids; they need not be UTF-8, and there is no zero behind them. */
bp_status bp_decode(const bp_tokenizer* tokenizer, const uint32_t* ids, size_t count, char* text,
                    size_t capacity, size_t* size, bp_error* error);

/* ---- The vocabulary ---- */

size_t bp_vocab_size(const bp_tokenizer* tokenizer); /* with the ids 0, 1 and 2, which have no piece */

typedef struct bp_piece {
  const char* bytes; /* live as long as the tokenizer; no zero behind them */
  size_t size;
  uint64_t count;
  double log_prob;
} bp_piece;

bp_status bp_vocab_piece(const bp_tokenizer* tokenizer, uint32_t id, bp_piece* piece, bp_error* error);
bp_status bp_vocab_find(const bp_tokenizer* tokenizer, const char* bytes, size_t size, uint32_t* id,
                        bp_error* error); /* id 0: it is no piece */

/* ---- Many texts ---- */

typedef struct bp_documents bp_documents;

/* The ids of many texts, on so many threads; 0: all cores. */
bp_status bp_encode_batch(const bp_tokenizer* tokenizer, const char* const* texts, const size_t* sizes,
                          size_t n, uint32_t flags, int32_t threads, bp_documents** documents,
                          bp_error* error);
void bp_documents_free(bp_documents* documents);

size_t bp_documents_count(const bp_documents* documents);
const uint32_t* bp_documents_ids(const bp_documents* documents); /* all, one after the other */
const size_t* bp_documents_ends(const bp_documents* documents);  /* where each document ends in ids */

/* ---- Other segmentations: see sampler.h ---- */

typedef struct bp_sampler bp_sampler;

/* Draws with probabilities proportional to exp(alpha * log probability), alpha from 0 on. Makes two search
 * structures, some 0.1 s for 160,000 pieces, so keep it; the tokenizer may be freed before it. */
bp_status bp_sampler_new(const bp_tokenizer* tokenizer, double alpha, bp_sampler** sampler, bp_error* error);
void bp_sampler_free(bp_sampler* sampler);

/* What is drawn depends on the model, alpha, the text and these numbers, and on nothing else. */
typedef struct bp_random_key {
  uint64_t seed;
  uint64_t document; /* the number of the text among others */
  uint64_t sample;   /* the number of the sample of that text */
  uint64_t line;     /* of a text that is a part of its document: how many lines are before it (random.h) */
} bp_random_key;

/* A segmentation of a text, as bp_encode. */
bp_status bp_sample(const bp_sampler* sampler, const char* text, size_t size, uint32_t flags,
                    const bp_random_key* key, uint32_t* ids, size_t capacity, size_t* count, bp_error* error);

/* The same for many texts: text i is document key->document + i, the first one from line key->line on. */
bp_status bp_sample_batch(const bp_sampler* sampler, const char* const* texts, const size_t* sizes, size_t n,
                          uint32_t flags, const bp_random_key* key, bp_documents** documents,
                          bp_error* error);

/* The n most probable segmentations, best first, fewer if there are not so many: a document each. log_probs
 * is NULL or takes n numbers, of which as many are written as there are documents. */
bp_status bp_n_best(const bp_tokenizer* tokenizer, const char* text, size_t size, size_t n, double* log_probs,
                    bp_documents** documents, bp_error* error);

/* ---- Batches: see attention.h ---- */

typedef struct bp_batch bp_batch;

enum { BP_INT32 = 0, BP_INT64 = 1, BP_UINT8 = 2, BP_FLOAT32 = 3 };
enum { BP_LABELS_NONE = 0, BP_LABELS_NEXT = 1, BP_LABELS_SAME = 2 };
enum { BP_LEFT = 0, BP_RIGHT = 1 };

typedef struct bp_batch_options {
  size_t size;     /* of this struct as the program knows it; bp_batch_options_init writes it */
  int32_t element; /* of ids, positions, labels and mask: BP_INT32 or BP_INT64 */
  int32_t labels;
  uint32_t pad_id;
  int32_t side; /* this and the rest are for bp_pad */
  size_t multiple_of;
  size_t max_length;
  size_t stride;
} bp_batch_options;

/* All defaults. `size` is sizeof(bp_batch_options); no more is written. A program with a longer struct than
 * the library knows is told BP_INVALID where it uses it. */
void bp_batch_options_init(bp_batch_options* options, size_t size);

/* Documents as bp_encode_batch gives them, or of any ids: where each of n ends. options may be NULL.
 * row_length 0: all in one row, without padding. */
bp_status bp_pack(const uint32_t* ids, const size_t* ends, size_t n, size_t row_length,
                  const bp_batch_options* options, bp_batch** batch, bp_error* error);
bp_status bp_pad(const uint32_t* ids, const size_t* ends, size_t n, const bp_batch_options* options,
                 bp_batch** batch, bp_error* error);
void bp_batch_free(bp_batch* batch);

enum {
  BP_IDS = 0,
  BP_POSITIONS = 1,
  BP_LABELS = 2,
  BP_LENGTHS = 3,
  BP_DOCUMENTS = 4,
  BP_SEQUENCE_IDS = 5, /* of packed batches */
  BP_CU_SEQLENS = 6,   /* of packed batches */
  BP_MASK = 7,         /* of padded ones */
  BP_BEGINS = 8        /* of padded ones */
};

int64_t bp_batch_tokens(const bp_batch* batch); /* that are not padding */
int32_t bp_batch_max_seqlen(const bp_batch* batch);

typedef struct bp_array {
  const void* data; /* lives as long as the batch */
  int32_t element;
  int32_t ndim;
  const int64_t* shape;
} bp_array;

bp_status bp_batch_array(const bp_batch* batch, int32_t which, bp_array* array, bp_error* error);

/* The array as a DLPack tensor, without a copy; who takes it calls its deleter, also after bp_batch_free. */
bp_status bp_batch_dlpack(const bp_batch* batch, int32_t which, struct DLManagedTensor** tensor,
                          bp_error* error);
bp_status bp_batch_dlpack_versioned(const bp_batch* batch, int32_t which,
                                    struct DLManagedTensorVersioned** tensor, bp_error* error);

#ifdef __cplusplus
}
#endif
