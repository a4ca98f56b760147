// Tested by tests/search_section_test.cc.
#include "encode/search_section.h"

#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace bytepiece {
namespace {

constexpr std::uint32_t kLayout = 1;
constexpr std::uint32_t kByteOrder = 0x01020304;
constexpr std::size_t kAlignment = 64;

// In the byte order of the machine that wrote it, as the arrays are.
struct Head {
  std::uint32_t layout, byte_order;
  std::uint64_t pieces_digest;
  std::uint32_t max_length, strong, units, words;
};
static_assert(sizeof(Head) == 32);

std::size_t aligned(std::size_t at) { return (at + kAlignment - 1) / kAlignment * kAlignment; }

struct Places {
  explicit Places(const Head& head)
      : units(aligned(sizeof head + std::size_t{4} * head.strong)),
        entries(aligned(units + sizeof(Unit) * head.units)),
        end(entries + std::size_t{4} * head.words) {}
  std::size_t units, entries, end;
};

template <class T>
void append_array(std::span<const T> array, std::size_t at, std::string& out) {
  out.resize(at);
  out.append(reinterpret_cast<const char*>(array.data()), array.size_bytes());
}

template <class T>
std::span<const T> array_at(std::string_view section, std::size_t at, std::size_t n) {
  return {reinterpret_cast<const T*>(section.data() + at), n};
}

}  // namespace

std::string search_section(const Trie& trie, std::uint64_t pieces_digest) {
  const std::vector<std::uint32_t> strong = trie.alphabet().strong();
  const auto size32 = [](std::size_t n) { return static_cast<std::uint32_t>(n); };
  const Head head = {kLayout,
                     kByteOrder,
                     pieces_digest,
                     size32(trie.max_length()),
                     size32(strong.size()),
                     size32(trie.all_units().size()),
                     size32(trie.all_entries().size())};
  const Places places(head);
  std::string out(reinterpret_cast<const char*>(&head), sizeof head);
  out.reserve(places.end);
  append_array(std::span<const std::uint32_t>(strong), sizeof head, out);
  append_array(trie.all_units(), places.units, out);
  append_array(trie.all_entries(), places.entries, out);
  return out;
}

std::optional<Trie> trie_of_section(std::string_view section, std::uint64_t pieces_digest, const Vocab& vocab,
                                    std::shared_ptr<const void> owner) {
  Head head;
  if (section.size() < sizeof head) throw Error("section search: cut off");
  std::memcpy(&head, section.data(), sizeof head);
  const bool usable = head.layout == kLayout && head.byte_order == kByteOrder &&
                      head.pieces_digest == pieces_digest && head.words <= Trie::kMostMapped &&
                      reinterpret_cast<std::uintptr_t>(section.data()) % kAlignment == 0;
  if (!usable) return std::nullopt;
  const Places places(head);
  if (places.end != section.size()) throw Error("section search: its arrays do not fit its size");
  if (head.max_length > vocab.max_piece_length()) throw Error("section search: a length no piece has");
  auto alphabet = Alphabet::with_strong(array_at<std::uint32_t>(section, sizeof head, head.strong));
  if (!alphabet) throw Error("section search: its characters");
  try {
    return Trie(std::move(*alphabet),
                {array_at<Unit>(section, places.units, head.units),
                 array_at<std::uint32_t>(section, places.entries, head.words), std::move(owner)},
                head.max_length, static_cast<Id>(vocab.size()));
  } catch (const Error& error) {
    throw Error(std::string("section search: ") + error.what());
  }
}

}  // namespace bytepiece
