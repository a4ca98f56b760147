// What encode writes: one output, or a sequence of shards of whole documents.
//
//   -o a.bin --shard-size 1G     a.00000.bin a.00000.bin.docs   first shard: ends with the document that
//                                a.00001.bin a.00001.bin.docs   reaches 1G ids
//                                a.shards.json                  how far it has come, for --resume
//
// Every shard appears whole, and a.shards.json after it; so whatever ends the program, --resume goes on
// behind the last whole shard: it reads over the documents that are in shards already and encodes the rest.
// The shards are the same then, byte for byte.
//
// Thread rule: append_text() is a pure function; the class is for one thread at a time.
#pragma once

#include <bytepiece/id_files.h>

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "base/output_file.h"
#include "tools/batch_encoder.h"
#include "tools/common.h"

namespace bytepiece::tools {

const std::map<std::string, IdFormat>& id_formats();  // the binary formats, by name

struct OutputOptions {
  std::string path = "-", format = "ids";
  bool offsets = false;
  std::uint64_t shard_size = 0;  // ids; 0: one output
  bool resume = false;
};
void add_output_options(CLI::App& command, OutputOptions& options);
// Throws CLI::ValidationError on what does not go together, Error on a terminal that is to get numbers.
void check_output_options(const OutputOptions& options);

// An encoded batch as the output wants it.
struct OutputBatch {
  EncodedBatch encoded;
  std::string text;                     // of the text formats: ids of all documents, one after the other
  std::vector<std::size_t> text_ends;   // of each document
  std::string spans;                    // with offsets
  std::vector<std::size_t> spans_ends;  // of each document
  std::vector<std::size_t> byte_ends;   // of each document, in the bytes that were read
  bool ends_document = true, unterminated = false;
};

// Writes a text format: a line for each document, which may come in parts.
class LineWriter {
 public:
  LineWriter(const std::string& path, const std::string& format, bool offsets);

  void write(std::string_view ids, std::string_view spans);  // of the open document
  void end_document(std::string_view members = {});          // of its JSON object: ", "name": value"
  void commit(bool unterminated);                            // without the last line feed

 private:
  void begin_document();
  void write_spans();

  OutputFile file_;
  std::string_view before_, between_;
  bool json_;
  bool offsets_;
  bool open_ = false, any_ids_ = false, owes_line_feed_ = false;
  std::string spans_;                  // of the open document
  std::optional<OutputFile> spilled_;  // its earlier ones, if they are many
  std::uint64_t spilled_bytes_ = 0;
};

struct OutputTotals {
  std::uint64_t shards = 0, documents = 0, ids = 0, bytes = 0;
};

class TokenOutput {
 public:
  // `settings`: all that decides what is written; --resume refuses to go on with others. Throws Error.
  TokenOutput(OutputOptions options, std::size_t vocab_size, std::string settings);

  const OutputTotals& found() const { return found_; }    // in shards already, with --resume
  bool was_complete() const { return was_complete_; }     // nothing is left to be done
  const OutputTotals& totals() const { return totals_; }  // with those

  void write(const OutputBatch& batch);
  void finish();

  // What an interrupted run tells the user.
  std::string how_to_go_on() const;

 private:
  using Writer = std::variant<LineWriter, IdWriter>;
  std::string shard_name(std::uint64_t number) const;
  std::string manifest_name() const;
  void begin();
  void read_manifest();
  void write_manifest(bool complete) const;
  Writer& open();
  std::size_t whole_documents_end(const OutputBatch& batch, std::size_t i) const;
  void write_documents(const OutputBatch& batch, std::size_t i, std::size_t end);
  void write_part(const OutputBatch& batch, std::size_t i);
  void end_document(std::string_view members);
  void commit(bool unterminated);

  OutputOptions options_;
  std::size_t vocab_size_;
  std::string settings_;
  std::optional<Writer> writer_;
  OutputTotals found_, totals_, whole_;  // whole_: in whole shards
  std::uint64_t shard_begin_ = 0;        // ids before the open shard
  bool was_complete_ = false, unterminated_ = false, is_between_documents_ = true;
};

bool is_text_format(const std::string& format);

// Fills in what a text format needs. Runs on any thread.
OutputBatch output_batch(EncodedBatch encoded, const Batch& batch, const OutputOptions& options,
                         const Vocab& vocab);

}  // namespace bytepiece::tools
