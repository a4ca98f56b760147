// The C interface: arguments are checked, exceptions become a status and a message, and nothing else happens
// here.
//
// Tested by tests/c_test.c.
#include <bytepiece/attention.h>
#include <bytepiece/c.h>
#include <bytepiece/sampler.h>
#include <bytepiece/tokenizer.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace attention = bytepiece::attention;

struct bp_tokenizer {
  bytepiece::Tokenizer tokenizer;
};

struct bp_sampler {
  bytepiece::Sampler sampler;
};

struct bp_documents {
  std::vector<bytepiece::Id> ids;
  std::vector<std::size_t> ends;
};

// By BP_IDS and so on; a packed batch has some of them, a padded one others.
struct bp_batch {
  std::optional<attention::Array> arrays[BP_BEGINS + 1];
  std::int64_t tokens = 0;
  std::int32_t max_seqlen = 0;
};

namespace {

static_assert(BP_INT32 == static_cast<int>(attention::Element::kInt32));
static_assert(BP_INT64 == static_cast<int>(attention::Element::kInt64));
static_assert(BP_UINT8 == static_cast<int>(attention::Element::kUint8));
static_assert(BP_FLOAT32 == static_cast<int>(attention::Element::kFloat32));
static_assert(BP_LABELS_SAME == static_cast<int>(attention::Labels::kSame));
static_assert(BP_RIGHT == static_cast<int>(attention::Side::kRight));

struct Invalid {
  const char* message;
};

void require(bool good, const char* message) {
  if (!good) throw Invalid{message};
}

bool is_control(unsigned char byte) { return byte < 0x20 || byte == 0x7F; }

bp_status told(bp_error* error, bp_status status, const char* message) noexcept {
  if (error != nullptr) {
    error->status = status;
    std::size_t size = std::min(std::strlen(message), sizeof error->message - 1);
    // Not within a UTF-8 character.
    while (size > 0 && (static_cast<unsigned char>(message[size]) & 0xC0) == 0x80) --size;
    std::replace_copy_if(message, message + size, error->message, is_control, '?');
    error->message[size] = '\0';
  }
  return status;
}

// Runs action(), which returns a status, and tells of its exceptions.
template <class Action>
bp_status guarded(bp_error* error, const Action& action) noexcept {
  try {
    const bp_status status = action();
    return told(error, status, status == BP_TOO_SMALL ? "the buffer is too small" : "");
  } catch (const Invalid& invalid) {
    return told(error, BP_INVALID, invalid.message);
  } catch (const bytepiece::Error& failure) {
    return told(error, BP_FAILED, failure.what());
  } catch (const std::bad_alloc&) {
    return told(error, BP_NO_MEMORY, "out of memory");
  } catch (const std::exception& failure) {
    return told(error, BP_INTERNAL, failure.what());
  } catch (...) {
    return told(error, BP_INTERNAL, "an unknown exception");
  }
}

bytepiece::EncodeOptions encode_options(std::uint32_t flags) {
  require((flags & ~std::uint32_t{BP_BOS | BP_EOS}) == 0, "flags other than BP_BOS and BP_EOS");
  return {(flags & BP_BOS) != 0, (flags & BP_EOS) != 0};
}

std::vector<std::string_view> views(const char* const* texts, const std::size_t* sizes, std::size_t n) {
  require(n == 0 || (texts != nullptr && sizes != nullptr), "texts or sizes is NULL");
  std::vector<std::string_view> views;
  for (std::size_t i = 0; i < n; ++i) {
    require(texts[i] != nullptr || sizes[i] == 0, "a text is NULL");
    views.emplace_back(texts[i], sizes[i]);
  }
  return views;
}

bytepiece::RandomKey random_key(const bp_random_key* key) {
  require(key != nullptr, "key is NULL");
  return {key->seed, key->document, key->sample, key->line};
}

attention::PadOptions pad_options(const bp_batch_options* given) {
  bp_batch_options options;
  bp_batch_options_init(&options, sizeof options);
  if (given != nullptr) {
    // A program that was compiled with an older header knows fewer members.
    require(given->size >= sizeof(std::size_t) && given->size <= sizeof options,
            "options->size is none that this library knows; call bp_batch_options_init with "
            "sizeof(bp_batch_options), of a header that is not newer than the library");
    std::memcpy(&options, given, given->size);
  }
  require(options.element == BP_INT32 || options.element == BP_INT64,
          "options->element is not BP_INT32 or BP_INT64");
  require(options.labels >= BP_LABELS_NONE && options.labels <= BP_LABELS_SAME,
          "options->labels is none of BP_LABELS_...");
  require(options.side == BP_LEFT || options.side == BP_RIGHT, "options->side is not BP_LEFT or BP_RIGHT");
  attention::PadOptions out;
  out.batch.ids = static_cast<attention::Element>(options.element);
  out.batch.labels = static_cast<attention::Labels>(options.labels);
  out.batch.pad_id = options.pad_id;
  out.side = static_cast<attention::Side>(options.side);
  out.multiple_of = options.multiple_of;
  out.max_length = options.max_length;
  out.stride = options.stride;
  return out;
}

attention::Documents documents(const std::uint32_t* ids, const std::size_t* ends, std::size_t n) {
  require(n == 0 || ends != nullptr, "ends is NULL");
  const std::size_t count = n == 0 ? 0 : ends[n - 1];
  require(count == 0 || ids != nullptr, "ids is NULL");
  return {{ids, count}, {ends, n}};
}

const attention::Array& array_of(const bp_batch* batch, std::int32_t which) {
  require(batch != nullptr, "batch is NULL");
  require(which >= 0 && which <= BP_BEGINS && batch->arrays[which].has_value(),
          "the batch has no such array");
  return *batch->arrays[which];
}

}  // namespace

std::uint32_t bp_abi_version(void) { return BP_ABI_VERSION; }

const char* bp_version(void) { return BYTEPIECE_VERSION; }

bp_status bp_tokenizer_load(const char* path, bp_tokenizer** tokenizer, bp_error* error) {
  return guarded(error, [&] {
    require(path != nullptr && tokenizer != nullptr, "path or tokenizer is NULL");
    *tokenizer = new bp_tokenizer{bytepiece::Tokenizer::load(path)};
    return BP_OK;
  });
}

void bp_tokenizer_free(bp_tokenizer* tokenizer) { delete tokenizer; }

bp_status bp_encode(const bp_tokenizer* tokenizer, const char* text, std::size_t size, std::uint32_t flags,
                    std::uint32_t* ids, std::size_t capacity, std::size_t* count, bp_error* error) {
  return guarded(error, [&] {
    require(tokenizer != nullptr && (text != nullptr || size == 0), "tokenizer or text is NULL");
    require(count != nullptr && (ids != nullptr || capacity == 0), "count or ids is NULL");
    *count = tokenizer->tokenizer.encode({text, size}, encode_options(flags), std::span(ids, capacity));
    return *count <= capacity ? BP_OK : BP_TOO_SMALL;
  });
}

bp_status bp_decode(const bp_tokenizer* tokenizer, const std::uint32_t* ids, std::size_t count, char* text,
                    std::size_t capacity, std::size_t* size, bp_error* error) {
  return guarded(error, [&] {
    require(tokenizer != nullptr && (ids != nullptr || count == 0), "tokenizer or ids is NULL");
    require(size != nullptr && (text != nullptr || capacity == 0), "size or text is NULL");
    const std::string bytes = tokenizer->tokenizer.decode({ids, count});
    *size = bytes.size();
    if (bytes.size() > capacity) return BP_TOO_SMALL;
    std::copy(bytes.begin(), bytes.end(), text);
    return BP_OK;
  });
}

std::size_t bp_vocab_size(const bp_tokenizer* tokenizer) {
  return tokenizer == nullptr ? 0 : tokenizer->tokenizer.vocab().size();
}

bp_status bp_vocab_piece(const bp_tokenizer* tokenizer, std::uint32_t id, bp_piece* piece, bp_error* error) {
  return guarded(error, [&] {
    require(tokenizer != nullptr && piece != nullptr, "tokenizer or piece is NULL");
    const bytepiece::Vocab& vocab = tokenizer->tokenizer.vocab();
    const std::string_view bytes = vocab.bytes(id);
    *piece = {bytes.data(), bytes.size(), vocab.count(id), vocab.log_prob(id)};
    return BP_OK;
  });
}

bp_status bp_vocab_find(const bp_tokenizer* tokenizer, const char* bytes, std::size_t size, std::uint32_t* id,
                        bp_error* error) {
  return guarded(error, [&] {
    require(tokenizer != nullptr && id != nullptr && (bytes != nullptr || size == 0),
            "tokenizer, bytes or id is NULL");
    *id = tokenizer->tokenizer.vocab().find({bytes, size}).value_or(0);
    return BP_OK;
  });
}

bp_status bp_encode_batch(const bp_tokenizer* tokenizer, const char* const* texts, const std::size_t* sizes,
                          std::size_t n, std::uint32_t flags, std::int32_t threads, bp_documents** documents,
                          bp_error* error) {
  return guarded(error, [&] {
    require(tokenizer != nullptr && documents != nullptr, "tokenizer or documents is NULL");
    auto found = std::make_unique<bp_documents>();
    tokenizer->tokenizer.encode_batch(views(texts, sizes, n), encode_options(flags), found->ids, found->ends,
                                      threads);
    *documents = found.release();
    return BP_OK;
  });
}

void bp_documents_free(bp_documents* documents) { delete documents; }

std::size_t bp_documents_count(const bp_documents* documents) {
  return documents == nullptr ? 0 : documents->ends.size();
}

const std::uint32_t* bp_documents_ids(const bp_documents* documents) {
  return documents == nullptr ? nullptr : documents->ids.data();
}

const std::size_t* bp_documents_ends(const bp_documents* documents) {
  return documents == nullptr ? nullptr : documents->ends.data();
}

bp_status bp_sampler_new(const bp_tokenizer* tokenizer, double alpha, bp_sampler** sampler, bp_error* error) {
  return guarded(error, [&] {
    require(tokenizer != nullptr && sampler != nullptr, "tokenizer or sampler is NULL");
    *sampler = new bp_sampler{bytepiece::Sampler(tokenizer->tokenizer, alpha)};
    return BP_OK;
  });
}

void bp_sampler_free(bp_sampler* sampler) { delete sampler; }

bp_status bp_sample(const bp_sampler* sampler, const char* text, std::size_t size, std::uint32_t flags,
                    const bp_random_key* key, std::uint32_t* ids, std::size_t capacity, std::size_t* count,
                    bp_error* error) {
  return guarded(error, [&] {
    require(sampler != nullptr && (text != nullptr || size == 0), "sampler or text is NULL");
    require(count != nullptr && (ids != nullptr || capacity == 0), "count or ids is NULL");
    const std::vector<bytepiece::Id> drawn =
        sampler->sampler.sample({text, size}, random_key(key), encode_options(flags));
    *count = drawn.size();
    if (drawn.size() > capacity) return BP_TOO_SMALL;
    std::copy(drawn.begin(), drawn.end(), ids);
    return BP_OK;
  });
}

bp_status bp_sample_batch(const bp_sampler* sampler, const char* const* texts, const std::size_t* sizes,
                          std::size_t n, std::uint32_t flags, const bp_random_key* key,
                          bp_documents** documents, bp_error* error) {
  return guarded(error, [&] {
    require(sampler != nullptr && documents != nullptr, "sampler or documents is NULL");
    auto drawn = std::make_unique<bp_documents>();
    sampler->sampler.sample_batch(views(texts, sizes, n), random_key(key), encode_options(flags), drawn->ids,
                                  drawn->ends);
    *documents = drawn.release();
    return BP_OK;
  });
}

bp_status bp_n_best(const bp_tokenizer* tokenizer, const char* text, std::size_t size, std::size_t n,
                    double* log_probs, bp_documents** documents, bp_error* error) {
  return guarded(error, [&] {
    require(tokenizer != nullptr && (text != nullptr || size == 0), "tokenizer or text is NULL");
    require(documents != nullptr, "documents is NULL");
    auto found = std::make_unique<bp_documents>();
    const std::vector<bytepiece::Segmentation> best = tokenizer->tokenizer.n_best({text, size}, n);
    for (const bytepiece::Segmentation& each : best) {
      found->ids.insert(found->ids.end(), each.ids.begin(), each.ids.end());
      found->ends.push_back(found->ids.size());
    }
    for (std::size_t i = 0; log_probs != nullptr && i < best.size(); ++i) log_probs[i] = best[i].log_prob;
    *documents = found.release();
    return BP_OK;
  });
}

void bp_batch_options_init(bp_batch_options* options, std::size_t size) {
  if (options == nullptr) return;
  const bp_batch_options defaults = {size, BP_INT64, BP_LABELS_NEXT, bytepiece::kPad, BP_RIGHT, 1, 0, 0};
  std::memcpy(options, &defaults, std::min(size, sizeof defaults));
}

bp_status bp_pack(const std::uint32_t* ids, const std::size_t* ends, std::size_t n, std::size_t row_length,
                  const bp_batch_options* options, bp_batch** batch, bp_error* error) {
  return guarded(error, [&] {
    require(batch != nullptr, "batch is NULL");
    const attention::BatchOptions chosen = pad_options(options).batch;
    const attention::Documents all = documents(ids, ends, n);
    attention::PackedBatch packed =
        row_length == 0 ? attention::pack(all, chosen) : attention::pack_rows(all, row_length, chosen);
    auto made = std::make_unique<bp_batch>();
    made->arrays[BP_IDS] = std::move(packed.ids);
    made->arrays[BP_POSITIONS] = std::move(packed.positions);
    if (chosen.labels != attention::Labels::kNone) made->arrays[BP_LABELS] = std::move(packed.labels);
    made->arrays[BP_LENGTHS] = std::move(packed.lengths);
    made->arrays[BP_DOCUMENTS] = std::move(packed.documents);
    made->arrays[BP_SEQUENCE_IDS] = std::move(packed.sequence_ids);
    made->arrays[BP_CU_SEQLENS] = std::move(packed.cu_seqlens);
    made->tokens = packed.tokens;
    made->max_seqlen = packed.max_seqlen;
    *batch = made.release();
    return BP_OK;
  });
}

bp_status bp_pad(const std::uint32_t* ids, const std::size_t* ends, std::size_t n,
                 const bp_batch_options* options, bp_batch** batch, bp_error* error) {
  return guarded(error, [&] {
    require(batch != nullptr, "batch is NULL");
    const attention::PadOptions chosen = pad_options(options);
    attention::PaddedBatch padded = attention::pad(documents(ids, ends, n), chosen);
    auto made = std::make_unique<bp_batch>();
    for (const std::int32_t length : padded.lengths.of<std::int32_t>()) {
      made->tokens += length;
      made->max_seqlen = std::max(made->max_seqlen, length);
    }
    made->arrays[BP_IDS] = std::move(padded.ids);
    made->arrays[BP_POSITIONS] = std::move(padded.positions);
    if (chosen.batch.labels != attention::Labels::kNone) made->arrays[BP_LABELS] = std::move(padded.labels);
    made->arrays[BP_LENGTHS] = std::move(padded.lengths);
    made->arrays[BP_DOCUMENTS] = std::move(padded.documents);
    made->arrays[BP_MASK] = std::move(padded.mask);
    made->arrays[BP_BEGINS] = std::move(padded.begins);
    *batch = made.release();
    return BP_OK;
  });
}

void bp_batch_free(bp_batch* batch) { delete batch; }

std::int64_t bp_batch_tokens(const bp_batch* batch) { return batch == nullptr ? 0 : batch->tokens; }

std::int32_t bp_batch_max_seqlen(const bp_batch* batch) { return batch == nullptr ? 0 : batch->max_seqlen; }

bp_status bp_batch_array(const bp_batch* batch, std::int32_t which, bp_array* array, bp_error* error) {
  return guarded(error, [&] {
    require(array != nullptr, "array is NULL");
    const attention::Array& found = array_of(batch, which);
    *array = {found.data(), static_cast<std::int32_t>(found.element()),
              static_cast<std::int32_t>(found.shape().size()), found.shape().data()};
    return BP_OK;
  });
}

bp_status bp_batch_dlpack(const bp_batch* batch, std::int32_t which, DLManagedTensor** tensor,
                          bp_error* error) {
  return guarded(error, [&] {
    require(tensor != nullptr, "tensor is NULL");
    *tensor = array_of(batch, which).dlpack();
    return BP_OK;
  });
}

bp_status bp_batch_dlpack_versioned(const bp_batch* batch, std::int32_t which,
                                    DLManagedTensorVersioned** tensor, bp_error* error) {
  return guarded(error, [&] {
    require(tensor != nullptr, "tensor is NULL");
    *tensor = array_of(batch, which).dlpack_versioned();
    return BP_OK;
  });
}
