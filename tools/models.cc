#include "tools/models.h"

#include <bytepiece/tokenizer.h>
#include <bytepiece/types.h>
#include <fmt/format.h>

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <utility>

#include "base/output_file.h"
#include "tools/common.h"

namespace bytepiece::tools {

ModelFiles::ModelFiles(const std::string& output, const TrainOptions& train,
                       const std::vector<std::string>& read) {
  const std::vector<std::size_t>& sizes = train.vocab_sizes;
  if (output == "-" && sizes.size() > 1) throw Error("-o -: standard output takes one model; name a file");
  const std::filesystem::path path(output);
  if (path.extension() == ".json" && !train.special_tokens.empty()) {
    throw Error(fmt::format(
        "{}: the original's JSON holds no special tokens; name a file that ends otherwise, as .bp", output));
  }
  for (const std::size_t size : sizes) {
    const std::string name = fmt::format("{}.{}{}", path.stem().string(), size, path.extension().string());
    paths_.push_back(output == "-"       ? "/dev/stdout"
                     : sizes.size() == 1 ? output
                                         : (path.parent_path() / name).string());
    check_not_read(paths_.back(), read);
    static_cast<void>(OutputFile(paths_.back()));
  }
}

void ModelFiles::save(const std::vector<Vocab>& vocabs) const {
  for (std::size_t i = 0; i < vocabs.size(); ++i) Tokenizer(vocabs[i]).save(paths_[i]);
}

void ModelFiles::print(const std::vector<Vocab>& vocabs) const {
  for (std::size_t i = 0; i < vocabs.size(); ++i) {
    fmt::print(stderr, "{}: {} ids, pieces of up to {} bytes, {:.3f} bytes per token\n", paths_[i],
               grouped(vocabs[i].size()), vocabs[i].max_piece_length(), bytes_per_token(vocabs[i]));
  }
}

std::string ModelFiles::as_json(const std::vector<Vocab>& vocabs) const {
  std::string models;
  for (std::size_t i = 0; i < vocabs.size(); ++i) {
    models += fmt::format(
        "{}{{\"path\": {}, \"vocab_size\": {}, \"max_piece_length\": {}, \"bytes_per_token\": {:.4f}}}",
        i > 0 ? ", " : "", json_string(paths_[i]), vocabs[i].size(), vocabs[i].max_piece_length(),
        bytes_per_token(vocabs[i]));
  }
  return "[" + models + "]";
}

std::vector<Vocab> with_metadata(const std::vector<Vocab>& vocabs, const Metadata& more) {
  std::vector<Vocab> result;
  for (const Vocab& vocab : vocabs) {
    Metadata metadata = more;
    metadata.insert(vocab.metadata().begin(), vocab.metadata().end());
    result.push_back(vocab.with_metadata(std::move(metadata)));
  }
  return result;
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm fields{};
  ::gmtime_r(&now, &fields);
  return fmt::format("{:04}-{:02}-{:02}", fields.tm_year + 1900, fields.tm_mon + 1, fields.tm_mday);
}

}  // namespace bytepiece::tools
