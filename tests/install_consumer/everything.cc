#include <bytepiece/attention.h>
#include <bytepiece/bytepiece.h>

#include <cstdio>
#include <fstream>

int main() {
  std::ofstream("corpus.txt") << "a text to train on, a text to learn from\nand another text to train on\n";
  const bytepiece::Corpus corpus =
      bytepiece::read_files({{"corpus.txt", {bytepiece::InputFormat::kLines, {}}, {}}});
  const bytepiece::Tokenizer tokenizer(bytepiece::train(corpus, {.vocab_sizes = {270}}).front());
  bytepiece::attention::BatchStream stream(corpus, tokenizer);
  const auto batch = stream.next();
  std::printf("%lld tokens\n", batch ? static_cast<long long>(batch->tokens) : 0);
  return batch && batch->tokens > 10 && !stream.next() ? 0 : 1;
}
