#include <bytepiece/tokenizer.h>

#include <cstdio>

int main() {
  std::vector<bytepiece::Piece> pieces;
  for (int byte = 0; byte < 256; ++byte) pieces.push_back({std::string(1, static_cast<char>(byte)), 1});
  pieces.push_back({"hello", 9});
  const bytepiece::Tokenizer tokenizer{bytepiece::Vocab(pieces)};
  const std::vector<bytepiece::Id> ids = tokenizer.encode("hello!");
  std::printf("%zu ids\n", ids.size());
  return ids.size() == 2 && tokenizer.decode(ids) == "hello!" ? 0 : 1;
}
