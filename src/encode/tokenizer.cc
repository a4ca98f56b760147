// Tested by tests/tokenizer_test.cc.
#include <bytepiece/tokenizer.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/mapped_file.h"
#include "base/output_file.h"
#include "base/threads.h"
#include "encode/scratch_pool.h"
#include "encode/search_section.h"
#include "encode/special_tokens.h"
#include "encode/tokenizer_form.h"
#include "encode/viterbi.h"
#include "model/native_file.h"
#include "model/original_json.h"
#include "text/nfc.h"

namespace bytepiece {
namespace {

struct Scratch {
  std::string normalized;
  std::vector<Id> ids;                  // of a caller that has its own buffer
  std::string copies;                   // of the texts of a batch that were not in NFC
  std::vector<std::string_view> texts;  // of a batch, in NFC
  std::vector<std::size_t> copied;      // which of them are in copies
  Viterbi::Scratch viterbi;

  std::size_t bytes() const {
    return normalized.capacity() + ids.capacity() * sizeof(Id) + copies.capacity() +
           texts.capacity() * sizeof(std::string_view) + viterbi.bytes();
  }
};

// make(), with the file's name in front of what is wrong.
template <class Make>
Tokenizer from_file(const std::filesystem::path& path, const Make& make) {
  try {
    return make();
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {}", path.string(), error.what()));
  }
}

}  // namespace

Trie trie_of(const Vocab& vocab) {
  std::vector<std::string_view> pieces;
  std::vector<double> scores;
  for (Id id = kFirstPiece; id < vocab.size(); ++id) {
    pieces.push_back(vocab.bytes(id));
    scores.push_back(vocab.log_prob(id));
  }
  return Trie(pieces, scores, kFirstPiece);
}

struct Tokenizer::Impl {
  Impl(Vocab v, Trie t, Form f)
      : vocab(std::move(v)), trie(std::move(t)), form(f), viterbi(trie, form), special_tokens(vocab) {}

  // The special tokens to be read in texts; nothing if there are none.
  std::optional<SpecialTokens::Chosen> special(const EncodeOptions& options) const {
    if (options.parse_special.empty()) return std::nullopt;
    return special_tokens.choose(options.parse_special);
  }

  void encode(std::string_view text, const EncodeOptions& options,
              const std::optional<SpecialTokens::Chosen>& chosen, Scratch& scratch,
              std::vector<Id>& out) const {
    const auto encode_text = [&](std::string_view part) {
      viterbi.encode(normalize(part, scratch.normalized), scratch.viterbi, out);
    };
    if (options.bos) out.push_back(kBos);
    std::size_t at = 0;
    while (const auto found = chosen ? special_tokens.find(text, at, *chosen) : std::nullopt) {
      encode_text(text.substr(at, found->begin - at));
      out.push_back(found->id);
      at = found->begin + found->size;
    }
    encode_text(text.substr(at));
    if (options.eos) out.push_back(kEos);
  }

  Vocab vocab;
  Trie trie;
  Form form;
  Viterbi viterbi;
  SpecialTokens special_tokens;
  mutable ScratchPool<Scratch> scratches;
};

Tokenizer::Tokenizer(Vocab vocab) : Tokenizer(std::move(vocab), best_form()) {}

Tokenizer::Tokenizer(Vocab vocab, Form form) {
  Trie trie = trie_of(vocab);
  impl_ = std::make_shared<const Impl>(std::move(vocab), std::move(trie), form);
}

Tokenizer::Tokenizer(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

Tokenizer tokenizer_with_form(Vocab vocab, Form form) { return Tokenizer(std::move(vocab), form); }

Tokenizer Tokenizer::load(const std::filesystem::path& path) { return load_with_form(path, best_form()); }

Tokenizer Tokenizer::load_with_form(const std::filesystem::path& path, Form form) {
  const auto file = std::make_shared<const MappedFile>(path, "a model");
  if (!is_native(file->bytes())) {
    const Vocab vocab = read_original_json(path, file->bytes());
    return from_file(path, [&] { return Tokenizer(vocab, form); });
  }
  const NativeModel model = read_native(path, file);
  return from_file(path, [&] {
    for (const Section& section : model.sections) {
      if (section.name != kSearchSection) continue;
      auto trie = trie_of_section(section.bytes, model.pieces_digest, model.vocab, file);
      if (trie) return Tokenizer(std::make_shared<const Impl>(model.vocab, std::move(*trie), form));
    }
    return Tokenizer(model.vocab, form);
  });
}

Tokenizer tokenizer_of_file(const std::filesystem::path& path, Form form) {
  return Tokenizer::load_with_form(path, form);
}

void Tokenizer::save(const std::filesystem::path& path) const {
  if (path.extension() == ".json") return vocab().save(path);
  OutputFile file(path);
  const std::string search = search_section(impl_->trie, pieces_digest(vocab()));
  const Section section = {kSearchSection, false, search};
  write_native(vocab(), {&section, 1}, file);
  file.commit();
}

const Viterbi& Tokenizer::viterbi() const { return impl_->viterbi; }

const Vocab& Tokenizer::vocab() const { return impl_->vocab; }
const Trie& Tokenizer::trie() const { return impl_->trie; }
Form Tokenizer::form() const { return impl_->form; }

std::vector<Id> Tokenizer::encode(std::string_view text, EncodeOptions options) const {
  std::vector<Id> ids;
  encode(text, options, ids);
  return ids;
}

void Tokenizer::encode(std::string_view text, EncodeOptions options, std::vector<Id>& out) const {
  std::unique_ptr<Scratch> scratch = impl_->scratches.take();
  impl_->encode(text, options, impl_->special(options), *scratch, out);
  impl_->scratches.give_back(std::move(scratch));
}

std::size_t Tokenizer::encode(std::string_view text, EncodeOptions options, std::span<Id> out) const {
  std::unique_ptr<Scratch> scratch = impl_->scratches.take();
  std::vector<Id>& ids = scratch->ids;
  ids.clear();
  impl_->encode(text, options, impl_->special(options), *scratch, ids);
  const std::size_t count = ids.size();
  if (count <= out.size()) std::copy(ids.begin(), ids.end(), out.begin());
  impl_->scratches.give_back(std::move(scratch));
  return count;
}

std::size_t Tokenizer::count(std::string_view text, EncodeOptions options) const {
  return encode(text, options, std::span<Id>());
}

void Tokenizer::encode_batch(std::span<const std::string_view> texts, EncodeOptions options,
                             std::vector<Id>& ids, std::vector<std::size_t>& ends, int threads) const {
  constexpr std::size_t kBlockBytes = std::size_t{1} << 17;
  struct Block {
    std::span<const std::string_view> texts;
    std::vector<Id> ids;
    std::vector<std::size_t> ends;
  };
  std::vector<Block> blocks;
  for (std::size_t begin = 0, end = 0, bytes = 0; begin < texts.size(); begin = end, bytes = 0) {
    while (end < texts.size() && bytes < kBlockBytes) bytes += texts[end++].size();
    blocks.push_back({texts.subspan(begin, end - begin), {}, {}});
  }
  const std::size_t workers = resolve_threads(threads);
  if (workers == 1 || blocks.size() < 2) return encode_batch(texts, options, ids, ends);
  parallel_for(workers, blocks.size(), [&](std::size_t, std::size_t i) {
    encode_batch(blocks[i].texts, options, blocks[i].ids, blocks[i].ends);
  });
  for (Block& block : blocks) {
    for (const std::size_t end : block.ends) ends.push_back(ids.size() + end);
    ids.insert(ids.end(), block.ids.begin(), block.ids.end());
    block.ids = {};
  }
}

void Tokenizer::encode_batch(std::span<const std::string_view> texts, EncodeOptions options,
                             std::vector<Id>& ids, std::vector<std::size_t>& ends) const {
  std::unique_ptr<Scratch> scratch = impl_->scratches.take();
  if (const auto chosen = impl_->special(options)) {
    for (const std::string_view text : texts) {
      impl_->encode(text, options, chosen, *scratch, ids);
      ends.push_back(ids.size());
    }
    return impl_->scratches.give_back(std::move(scratch));
  }
  scratch->copies.clear();
  scratch->texts.clear();
  scratch->copied.clear();
  for (const std::string_view text : texts) {
    const std::string_view normalized = normalize(text, scratch->normalized);
    if (normalized.data() != text.data()) {
      scratch->copied.push_back(scratch->texts.size());
      scratch->copies += normalized;
    }
    scratch->texts.push_back(normalized);
  }
  const char* copy = scratch->copies.data();  // does not move any more
  for (const std::size_t i : scratch->copied) {
    scratch->texts[i] = {copy, scratch->texts[i].size()};
    copy += scratch->texts[i].size();
  }
  impl_->viterbi.encode_each(scratch->texts, scratch->viterbi, [&](std::span<const Id> found) {
    if (options.bos) ids.push_back(kBos);
    ids.insert(ids.end(), found.begin(), found.end());
    if (options.eos) ids.push_back(kEos);
    ends.push_back(ids.size());
  });
  impl_->scratches.give_back(std::move(scratch));
}

std::vector<std::string_view> Tokenizer::pieces(std::string_view text) const {
  std::vector<std::string_view> pieces;
  for (const Id id : encode(text)) pieces.push_back(vocab().bytes(id));
  return pieces;
}

std::string Tokenizer::decode(std::span<const Id> ids) const {
  std::string bytes;
  for (const Id id : ids) {
    if (id >= kFirstPiece && (id < vocab().size() || id >= vocab().id_count())) bytes += vocab().bytes(id);
  }
  return bytes;
}

std::string Tokenizer::decode_with_special(std::span<const Id> ids) const {
  static constexpr std::string_view kReserved[] = {"<pad>", "<bos>", "<eos>"};
  std::string bytes;
  for (const Id id : ids) {
    if (id < kFirstPiece) {
      bytes += kReserved[id];
    } else if (id >= vocab().size() && id < vocab().id_count()) {
      bytes += vocab().special_tokens()[id - vocab().size()];
    } else {
      bytes += vocab().bytes(id);
    }
  }
  return bytes;
}

}  // namespace bytepiece
