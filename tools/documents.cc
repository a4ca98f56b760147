#include "tools/documents.h"

#include <utility>
#include <vector>

#include "base/threads.h"
#include "tools/progress.h"

namespace bytepiece::tools {
namespace {

constexpr std::size_t kBatchBytes = 1 << 18;

struct Batch {
  std::string bytes;
  std::vector<std::size_t> ends;  // where each document ends
  std::uint64_t first_number = 1;
  bool unterminated = false;  // its last document is the input's last, and that had no line feed
};

// Hands on a batch when the next document begins, so that the last batch is known to be the last.
class Batcher {
 public:
  explicit Batcher(std::function<void(Batch)> push) : push_(std::move(push)) {}

  void add(const DocumentPart& part) {
    if (!open_ && batch_.bytes.size() >= kBatchBytes) flush();
    batch_.bytes += part.bytes;
    open_ = !part.ends_document;
    if (!open_) {
      batch_.ends.push_back(batch_.bytes.size());
      batch_.unterminated = part.unterminated;
    }
  }

  void finish() {
    if (!batch_.ends.empty()) push_(std::move(batch_));
  }

 private:
  void flush() {
    Batch next;
    next.first_number = batch_.first_number + batch_.ends.size();
    batch_.unterminated = false;
    push_(std::exchange(batch_, std::move(next)));
  }

  std::function<void(Batch)> push_;
  Batch batch_;
  bool open_ = false;
};

std::string map_batch(const Batch& batch, const Mapping& mapping) {
  std::string out;
  std::vector<std::string_view> documents;
  std::size_t begin = 0;
  for (const std::size_t end : batch.ends) {
    documents.push_back(std::string_view(batch.bytes).substr(begin, end - begin));
    begin = end;
  }
  std::size_t i = 0;  // lines begun
  const auto line = [&]() -> std::string& {
    if (mapping.line_feeds && i++ > 0) out += '\n';
    return out;
  };
  mapping.map(documents, batch.first_number, line);
  if (mapping.line_feeds && !batch.unterminated) out += '\n';
  return out;
}

}  // namespace

void map_documents(const Corpus& corpus, const Mapping& mapping, const RunOptions& run, OutputFile& out) {
  ProgressLine progress(run.quiet);
  ordered_pipeline<Batch, std::string>(
      resolve_threads(run.threads),
      [&](const auto& push) {
        Batcher batcher([&](Batch batch) {
          push(std::move(batch));
          progress.show(mapping.stage, corpus.position(), corpus.size);
        });
        corpus.walk([&](const DocumentPart& part) { batcher.add(part); });
        batcher.finish();
      },
      [&](std::size_t, const Batch& batch) { return map_batch(batch, mapping); },
      [&](const std::string& lines) { out.write(lines); });
}

}  // namespace bytepiece::tools
