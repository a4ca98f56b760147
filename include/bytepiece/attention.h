// Batches of ids as attention runtimes take them: packed, padded, with layouts, without a copy.
//
//   pack()       documents one after the other, and where each begins: variable-length attention
//   pack_rows()  documents in rows of L tokens, by best fit
//   pad()        a document a row (or several), filled up with padding, and a mask
//   key_ranges() dense_mask() relative_positions()   who attends to whom, as plain data
//   BatchStream  from a corpus to packed rows, on background threads
//
// All numbers are in Arrays, which any runtime that knows DLPack takes as they are.
//
// Part of bytepiece::attention; nothing else in this library knows of it, and it knows of no runtime.
// Thread rule: functions are pure; a const Array may be read by any number of threads.
#pragma once

#include <bytepiece/corpus.h>
#include <bytepiece/tokenizer.h>
#include <bytepiece/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// As dlpack.h of any version declares them.
struct DLManagedTensor;
struct DLManagedTensorVersioned;

namespace bytepiece::attention {

// ---- Arrays ----

enum class Element : std::uint8_t { kInt32, kInt64, kUint8, kFloat32 };

template <class Number>
inline constexpr Element kElementOf = Number::unknown;
template <>
inline constexpr Element kElementOf<std::int32_t> = Element::kInt32;
template <>
inline constexpr Element kElementOf<std::int64_t> = Element::kInt64;
template <>
inline constexpr Element kElementOf<std::uint8_t> = Element::kUint8;
template <>
inline constexpr Element kElementOf<float> = Element::kFloat32;

// Numbers of one type in row-major order, without gaps, the first on a multiple of 256 bytes. Copies, and
// the tensors that dlpack() gives, share the memory; the last one frees it.
class Array {
 public:
  Array() : Array(Element::kInt32, {0}) {}
  Array(Element element, std::vector<std::int64_t> shape);  // all zero; throws Error: negative, too large

  Element element() const { return element_; }
  std::span<const std::int64_t> shape() const { return shape_; }
  std::size_t size() const { return size_; }  // how many numbers

  // The numbers. Throws Error if they are of another type.
  template <class Number>
  std::span<const Number> of() const {
    require(kElementOf<Number>);
    return {static_cast<const Number*>(data()), size_};
  }
  template <class Number>
  std::span<Number> of() {
    require(kElementOf<Number>);
    return {static_cast<Number*>(data()), size_};
  }
  void* data() { return memory_.get(); }
  const void* data() const { return memory_.get(); }

  // The same memory in another shape. Throws Error unless it has as many numbers.
  Array reshaped(std::vector<std::int64_t> shape) const;

  // The array as a DLPack tensor on the CPU, without a copy. Who takes it calls its deleter, once, on any
  // thread, before or after this Array is gone; at::fromDLPack does, and in Python the capsule does that is
  // named "dltensor", or "dltensor_versioned" for the second form (DLPack 1.0 and later). The memory may be
  // written by either side.
  DLManagedTensor* dlpack() const;
  DLManagedTensorVersioned* dlpack_versioned() const;

 private:
  friend Array unfilled(Element element, std::vector<std::int64_t> shape);  // src/attention/rows.h
  enum class Fill { kZero, kNone };
  Array(Element element, std::vector<std::int64_t> shape, Fill fill);
  void require(Element element) const;

  std::shared_ptr<void> memory_;
  std::vector<std::int64_t> shape_;
  std::size_t size_ = 0;
  Element element_;
};

// ---- Packing ----

// Documents as Tokenizer::encode_batch gives them: all ids one after the other, and where each document ends.
struct Documents {
  std::span<const Id> ids;
  std::span<const std::size_t> ends;  // ascending; the last is ids.size()
};

enum class Labels {
  kNone,
  kNext,  // each token's label is the token behind it; -100 at the end of a sequence
  kSame,  // ... is the token itself; -100 at its begin: for models that shift labels themselves
};
inline constexpr int kNoLabel = -100;  // what loss functions ignore by default

struct BatchOptions {
  Element ids = Element::kInt64;  // of ids, positions and labels; kInt32 or kInt64
  Labels labels = Labels::kNext;
  Id pad_id = kPad;
};

// Sequences side by side in rows. A sequence is what attends to itself only: a document, a stretch of a
// document that is longer than a row, or the padding at the end of a row. Documents ab, cde, f and ghijk in
// rows of six:
//
//   ids            g  h  i  j  k  f  |  c  d  e  a  b  0
//   positions      0  1  2  3  4  0  |  0  1  2  0  1  0
//   sequence_ids   0  0  0  0  0  1  |  2  2  2  3  3  4
//   labels         h  i  j  k  *  *  |  d  e  *  b  *  *         * = -100
//   cu_seqlens     0              5     6        9     11  12    int32
//   lengths        5              1     3        2     1
//   documents      3              2     1        0     -1        -1 is padding
//
// Taken as one row (reshaped, [tokens]), that is what FlashAttention's flash_attn_varlen_func and PyTorch's
// varlen_attn take: cu_seqlens and max_seqlen, for queries and keys alike. FlexAttention masks compare
// sequence_ids; padding-free training takes ids and positions.
struct PackedBatch {
  Array ids;           // [rows, length]
  Array positions;     // [rows, length]: from 0 in each sequence
  Array sequence_ids;  // [rows, length] int32: the number of the sequence, in order
  Array labels;        // [rows, length]; empty with Labels::kNone
  Array cu_seqlens;    // [sequences + 1] int32: where each begins, all rows taken as one, and the end
  Array lengths;       // [sequences] int32
  Array documents;     // [sequences] int64: the number of the document it comes from, -1 for padding
  std::int32_t max_seqlen = 0;
  std::int64_t tokens = 0;  // that are not padding

  std::int64_t padding() const { return static_cast<std::int64_t>(ids.size()) - tokens; }
};

// All documents in order, as one row without padding, [1, tokens]. Empty documents are sequences of length 0.
// Throws Error: more tokens or documents than an int32 counts, an id or pad_id that does not fit.
PackedBatch pack(const Documents& documents, const BatchOptions& options = {});

// Documents in rows of `length` tokens by best fit: the longest first, each into the row where the least room
// stays. Only a document longer than a row is cut, into stretches of a row and a rest. Empty documents are
// left out. O(n log n) for n documents. Throws Error as pack() does, and on a length of 0.
PackedBatch pack_rows(const Documents& documents, std::size_t length, const BatchOptions& options = {});

// ---- Padding ----

enum class Side { kLeft, kRight };

struct PadOptions {
  BatchOptions batch = {};
  Side side = Side::kRight;     // where the padding is
  std::size_t multiple_of = 1;  // the length of rows is rounded up to a multiple of this, 8 or 128 say
  std::size_t max_length = 0;   // longer documents are truncated; 0: none is
  std::size_t stride = 0;  // what truncation leaves goes into more rows, each beginning so many tokens behind
                           // the one before, at most max_length; 0: it is dropped
};

struct PaddedBatch {
  Array ids;        // [rows, length]
  Array mask;       // [rows, length], in the type of ids: 1 for a token, 0 for padding
  Array positions;  // [rows, length]: from 0 in each row, 0 for padding
  Array labels;     // [rows, length]; empty with Labels::kNone
  Array lengths;    // [rows] int32: tokens that are not padding
  Array documents;  // [rows] int64: the number of the document
  Array begins;     // [rows] int64: which of the document's tokens is the row's first
};

// Rows as long as the longest document asks for. Throws Error as pack() does, and on a stride without
// max_length or above it.
PaddedBatch pad(const Documents& documents, const PadOptions& options = {});

// ---- Who attends to whom ----

// Within a sequence; tokens of different sequences never see each other. The two kinds of layers of a model
// that mixes window and full attention take a Layout each.
struct Layout {
  bool causal = true;       // no token sees a later one
  std::int32_t window = 0;  // sees those less than so many tokens away, itself included; 0: all
};

// The window_size argument of flash_attn_varlen_func and varlen_attn: how many keys to the left and to the
// right a query sees, -1 for all.
struct WindowSize {
  std::int32_t left = -1, right = -1;
};
WindowSize window_size(const Layout& layout);

// The keys that each query sees are a range: begin <= key < end, counted within its row. With a window w, the
// tokens between the begins of the full layout and of the window are those that ReRoPE gives the position w.
struct KeyRanges {
  Array begin, end;  // [rows, length] int32
};
KeyRanges key_ranges(const PackedBatch& batch, const Layout& layout);

// The same for each pair, [rows, length, length], queries before keys. kUint8: 1 where a query sees a key.
// kFloat32: what is added to scores before the softmax, 0 or minus infinity. Throws Error on other types.
Array dense_mask(const PackedBatch& batch, const Layout& layout, Element element = Element::kUint8);

// Position of the query minus position of the key, [rows, length, length] int32; 0 where the layout lets the
// query not see the key. With rectify = w > 0 at most w and at least -w: ReRoPE's min(i - j, w).
Array relative_positions(const PackedBatch& batch, const Layout& layout, std::int32_t rectify = 0);

// ---- From a corpus ----

struct StreamOptions {
  // --- These change the batches. ---
  std::size_t rows = 8;          // of a batch
  std::size_t length = 2048;     // of a row
  std::size_t window = 1 << 20;  // tokens that are packed together; more waste less and mix more
  std::uint64_t epochs = 1;      // how often the corpus is walked; 0: without end
  bool shuffle = true;           // the rows of a window come in random order, else in the order of packing
  std::uint64_t seed = 0;        // of that order, and of what is drawn
  bool drop_last = false;        // no batch of fewer rows at the end of an epoch
  EncodeOptions encode = {};
  // Tokens are drawn anew in each epoch: document d has in epoch e those of Sampler(tokenizer, alpha)
  // .sample(text, {seed, d, e}), both from 0 on. Not given: the best ones; 0 is all ways to cut it alike.
  std::optional<double> alpha = {};
  BatchOptions batch = {};

  // --- These change only time and memory, never a batch. ---
  int threads = 0;        // that encode; 0: all cores
  std::size_t ahead = 4;  // batches that wait for next()
};

// Reads and encodes in the background and hands out packed rows of [rows, length]; the last batch of an epoch
// may have fewer rows. `documents` of a batch counts the documents of the corpus from 0. The same options
// and corpus give the same batches, whatever the threads; what the order depends on is (seed, epoch, window),
// what is drawn depends on (seed, epoch, document).
//
// Memory: a window, about 12 bytes a token and 100 a document of it; 128 kB of text four times per thread and
// eight times more; `ahead` batches; and the longest line of the corpus. Documents need not fit into it.
//
// Thread rule: one thread at a time calls next() and save(). Walks of the corpus run on a background thread;
// destroying the stream waits until the corpus hands over its next part.
class BatchStream {
 public:
  // Throws Error: an option is out of range; special tokens are to be parsed with alpha, or one that has a
  // line feed; `state` does not come from a stream with these options and this vocabulary, or from one of a
  // corpus with another identity (corpus.h), where both have one. `state` is what save() gave; empty: from
  // the begin. With alpha it makes a Sampler.
  BatchStream(Corpus corpus, Tokenizer tokenizer, const StreamOptions& options = {},
              std::string_view state = {});
  ~BatchStream();
  BatchStream(BatchStream&&) noexcept;
  BatchStream& operator=(BatchStream&&) noexcept;

  // The next batch; nothing behind the last one. Throws Error, once, when the corpus cannot be read, or does
  // not have the document, the token or the row that `state` is behind; then there is nothing more. Nothing
  // else of a change is noticed in a corpus without an identity, or while it is walked.
  std::optional<PackedBatch> next();

  // Where the stream is: a line of text. A stream that is given it continues with the batch that next() would
  // return now. It reads again what came before in the epoch, without encoding it.
  std::string save() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bytepiece::attention
