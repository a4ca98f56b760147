// Files of ids as training programs read them: the ids of all documents one after the other, and beside them
// where each document begins. All numbers are little-endian.
//
//   kU16, kU32   a.bin       ids of two or four bytes and nothing else: numpy.memmap("a.bin", "<u2")
//                a.bin.docs  8 bytes for each document: its first id's place in a.bin, counted in
//                            ids; and the number of ids.
//                            Document i is a[docs[i]:docs[i + 1]]
//   kNpy         a.npy       the same two as arrays of one dimension: numpy.load("a.npy"), of type <u2 where
//                a.npy.docs  all ids of the model fit, else <u4, and <u8
//   kMegatron    a.bin       ids as uint16 for less than 65500 of them, as Megatron-LM chooses, else as int32
//                a.idx       "MMIDIDX\0\0", version 1 (8 bytes), type of the ids (1 byte; 8: uint16,
//                            4: int32), number n of sequences (8), number of documents + 1 (8),
//                            then of all sequences their ids (4 bytes each) and their offset in
//                            a.bin in bytes (8 each), then of all documents their first sequence
//                            (8 each) and n.
//                            Written is one sequence for each document
//
// Part of bytepiece::corpus. Costs: constant memory. Thread rule: one thread at a time.
#pragma once

#include <bytepiece/corpus.h>
#include <bytepiece/types.h>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

namespace bytepiece {

enum class IdFormat { kU16, kU32, kNpy, kMegatron };

// The files that make up the one named `path`: ids, and documents. For kMegatron `path` may be either of them
// or their common beginning.
struct IdFileNames {
  std::filesystem::path ids, documents;
};
IdFileNames id_file_names(const std::filesystem::path& path, IdFormat format);

class IdWriter {
 public:
  // Ids will be below vocab_size. Throws Error: they do not fit the format, or a file cannot be written. With
  // kU16 and kU32 `path` may also be "-", standard output, or no regular file; then there are no documents
  // beside.
  IdWriter(const std::filesystem::path& path, IdFormat format, std::size_t vocab_size);
  IdWriter(IdWriter&& other) noexcept;
  ~IdWriter();

  void write(std::span<const Id> ids);  // of the open document. Throws Error, also on an id >= vocab_size
  void end_document();
  // The same for many documents, faster where they are short: those of ids[begin, ends[0]),
  // [ends[0], ends[1]) and so on. The first goes on with the open one, all end.
  void write_documents(std::span<const Id> ids, std::span<const std::size_t> ends, std::size_t begin = 0);
  void commit();  // the files appear, whole, or not at all without this call. REQUIRES: no document is open

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct IdFile {
  std::filesystem::path path;  // "-" is standard input, for all but kMegatron
  IdFormat format;
};

// Documents of all files in the given order. The bytes of a document are its ids, four bytes each, and a part
// holds whole ids. Numbers of any type are read from kNpy and kMegatron files. A file of ids without one
// of documents is one document. Throws Error: a file is missing, cut off, malformed, or holds a number that
// is no Id.
Corpus read_id_files(std::vector<IdFile> files);

}  // namespace bytepiece
