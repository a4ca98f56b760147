// A real runtime takes the batches: tensors of PyTorch's C++ library over the memory of our arrays, and
// attention over packed rows that is attention over each document alone. With -DBYTEPIECE_TORCH_TESTS=ON
// only.
#define DOCTEST_CONFIG_NO_SHORT_MACRO_NAMES  // PyTorch has a CHECK, too
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <ATen/ATen.h>
#include <ATen/DLConvertor.h>
#include <bytepiece/attention.h>
#include <doctest/doctest.h>

#include <cmath>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace bytepiece::attention {
namespace {

constexpr std::int64_t kVocab = 300, kWidth = 32, kHeads = 4, kHeadWidth = kWidth / kHeads;
constexpr std::int32_t kWindow = 5;

at::Tensor tensor_of(const Array& array) { return at::fromDLPack(array.dlpack()); }

PackedBatch batch_of_documents(Element element) {
  std::mt19937 random(1);
  std::vector<Id> ids;
  std::vector<std::size_t> ends;
  for (int document = 0; document < 25; ++document) {
    for (std::size_t i = random() % 40; i > 0; --i) ids.push_back(static_cast<Id>(random() % kVocab));
    ends.push_back(ids.size());
  }
  return pack_rows({ids, ends}, 48, {.ids = element});
}

// [..., heads * width] ─▶ [..., heads, length, width]
at::Tensor by_head(const at::Tensor& x) { return x.unflatten(-1, {kHeads, kHeadWidth}).transpose(-3, -2); }

struct Model {
  at::Tensor embedding = at::randn({kVocab, kWidth}), query = at::randn({kWidth, kWidth}) / 6,
             key = at::randn({kWidth, kWidth}) / 6, value = at::randn({kWidth, kWidth}) / 6;
};

struct Heads {
  at::Tensor query, key, value;
};

Heads heads_of(const Model& model, const at::Tensor& ids) {
  const at::Tensor x = at::embedding(model.embedding, ids);
  return {by_head(at::matmul(x, model.query)), by_head(at::matmul(x, model.key)),
          by_head(at::matmul(x, model.value))};
}

at::Tensor attend(const Heads& heads, const at::Tensor& bias) {
#if __has_include(<ATen/ops/scaled_dot_product_attention.h>)  // 2.0 and later
  return at::scaled_dot_product_attention(heads.query, heads.key, heads.value, bias);
#else
  return std::get<0>(at::_scaled_dot_product_attention(heads.query, heads.key, heads.value, bias));
#endif
}

at::Tensor attend_with_scores(const at::Tensor& scores, const at::Tensor& bias, const at::Tensor& value) {
  return at::matmul(at::softmax(scores / std::sqrt(static_cast<double>(kHeadWidth)) + bias, -1), value);
}

// Rotary embedding of x, [..., length, width], by `positions`, [length] or one for all.
at::Tensor rotated(const at::Tensor& x, const at::Tensor& positions) {
  const at::Tensor inverse = at::pow(10000.0, -at::arange(0, kHeadWidth, 2, at::kFloat) / kHeadWidth);
  const at::Tensor angles = positions.to(at::kFloat).unsqueeze(-1) * inverse;
  const at::Tensor a = x.slice(-1, 0, kHeadWidth / 2), b = x.slice(-1, kHeadWidth / 2);
  return at::cat({a * at::cos(angles) - b * at::sin(angles), b * at::cos(angles) + a * at::sin(angles)}, -1);
}

// Of one document, written without any of our layouts.
at::Tensor bias_alone(std::int64_t length, const Layout& layout) {
  const at::Tensor i = at::arange(length).unsqueeze(1), j = at::arange(length).unsqueeze(0);
  at::Tensor seen = at::ones({length, length}, at::kBool);
  if (layout.causal) seen = seen & (j <= i);
  if (layout.window > 0) seen = seen & (at::abs(i - j) < layout.window);
  return at::zeros({length, length}).masked_fill(at::logical_not(seen), -INFINITY);
}

// ReRoPE as its author computes it: ordinary positions within the window, position w for all that is further.
at::Tensor rectified_alone(const Heads& heads, std::int64_t length) {
  const at::Tensor positions = at::arange(length);
  const at::Tensor near =
      at::matmul(rotated(heads.query, positions), rotated(heads.key, positions).transpose(-1, -2));
  const at::Tensor far =
      at::matmul(rotated(heads.query, at::full({1}, kWindow)), heads.key.transpose(-1, -2));
  const at::Tensor distance = positions.unsqueeze(1) - positions.unsqueeze(0);
  return attend_with_scores(at::where(distance < kWindow, near, far), bias_alone(length, {}), heads.value);
}

// The same for packed rows: the distance of each pair is what relative_positions() says.
at::Tensor rectified_packed(const Heads& heads, const PackedBatch& batch) {
  const at::Tensor distance = tensor_of(relative_positions(batch, {}, kWindow)).unsqueeze(1);
  at::Tensor scores = at::zeros({});
  for (int d = 0; d <= kWindow; ++d) {
    const at::Tensor turned = at::matmul(rotated(heads.query, at::full({1}, d)), heads.key.transpose(-1, -2));
    scores = at::where(distance == d, turned, scores);
  }
  return attend_with_scores(scores, tensor_of(dense_mask(batch, {}, Element::kFloat32)).unsqueeze(1),
                            heads.value);
}

// The largest difference between the packed output, [rows, heads, length, width], and alone(heads, length)
// of each sequence.
template <class Alone>
double largest_difference(const PackedBatch& batch, const Model& model, const at::Tensor& packed,
                          const Alone& alone) {
  const at::Tensor flat = packed.transpose(1, 2).reshape({-1, kHeads, kHeadWidth});
  const at::Tensor ids = tensor_of(batch.ids).reshape({-1}), bounds = tensor_of(batch.cu_seqlens);
  double largest = 0;
  for (std::int64_t s = 0; s + 1 < bounds.size(0); ++s) {
    const auto begin = bounds[s].item<std::int64_t>(), end = bounds[s + 1].item<std::int64_t>();
    const at::Tensor expected = alone(heads_of(model, ids.slice(0, begin, end)), end - begin).transpose(0, 1);
    const auto difference = at::max(at::abs(flat.slice(0, begin, end) - expected)).item<double>();
    DOCTEST_CHECK_FALSE(std::isnan(difference));
    largest = std::max(largest, difference);
  }
  return largest;
}

DOCTEST_TEST_CASE("torch: packed attention is attention on each document alone") {
  at::manual_seed(1);
  const Model model;
  for (const Element element : {Element::kInt32, Element::kInt64}) {
    const PackedBatch batch = batch_of_documents(element);
    DOCTEST_REQUIRE(batch.ids.shape()[0] > 3);
    const Heads heads = heads_of(model, tensor_of(batch.ids));
    for (const Layout& layout :
         {Layout{true, 0}, Layout{true, kWindow}, Layout{false, 0}, Layout{false, kWindow}}) {
      const at::Tensor bias = tensor_of(dense_mask(batch, layout, Element::kFloat32)).unsqueeze(1);
      const double difference = largest_difference(
          batch, model, attend(heads, bias),
          [&](const Heads& alone, std::int64_t length) { return attend(alone, bias_alone(length, layout)); });
      DOCTEST_MESSAGE(layout.causal << " causal, window " << layout.window << ": " << difference);
      DOCTEST_CHECK(difference < 1e-5);
    }
    const double difference =
        largest_difference(batch, model, rectified_packed(heads, batch), rectified_alone);
    DOCTEST_MESSAGE("rectified: " << difference);
    DOCTEST_CHECK(difference < 1e-5);
  }
}

DOCTEST_TEST_CASE("torch: rotary embedding by the batch's positions is that of each document") {
  at::manual_seed(2);
  const Model model;
  const PackedBatch batch = batch_of_documents(Element::kInt64);
  const Heads heads = heads_of(model, tensor_of(batch.ids));
  const at::Tensor positions = tensor_of(batch.positions).unsqueeze(1);
  const at::Tensor turned =
      at::matmul(rotated(heads.query, positions), rotated(heads.key, positions).transpose(-1, -2));
  const at::Tensor bias = tensor_of(dense_mask(batch, {}, Element::kFloat32)).unsqueeze(1);
  const double difference =
      largest_difference(batch, model, attend_with_scores(turned, bias, heads.value),
                         [](const Heads& alone, std::int64_t length) {
                           const at::Tensor own = at::arange(length);
                           const at::Tensor scores = at::matmul(rotated(alone.query, own),
                                                                rotated(alone.key, own).transpose(-1, -2));
                           return attend_with_scores(scores, bias_alone(length, {}), alone.value);
                         });
  DOCTEST_CHECK(difference < 1e-5);
}

DOCTEST_TEST_CASE("torch: labels are what cross entropy takes") {
  const PackedBatch batch = batch_of_documents(Element::kInt64);
  const at::Tensor labels = tensor_of(batch.labels).reshape({-1});
  const at::Tensor loss = at::cross_entropy_loss(at::zeros({labels.size(0), kVocab}), labels);
  DOCTEST_CHECK(loss.item<double>() == doctest::Approx(std::log(static_cast<double>(kVocab))));
}

DOCTEST_TEST_CASE("torch: a tensor is the array's memory, of its type and shape") {
  const PackedBatch batch = batch_of_documents(Element::kInt64);
  const PaddedBatch padded = pad({{}, {}});
  const Array mask = dense_mask(batch, {}), bias = dense_mask(batch, {}, Element::kFloat32);
  for (const Array* array : {&batch.ids, &batch.positions, &batch.sequence_ids, &batch.labels,
                             &batch.cu_seqlens, &batch.lengths, &batch.documents, &mask, &bias}) {
    const at::Tensor tensor = tensor_of(*array);
    DOCTEST_CHECK(tensor.data_ptr() == array->data());
    DOCTEST_CHECK((tensor.sizes() == at::IntArrayRef(array->shape().data(), array->shape().size())));
    DOCTEST_CHECK(tensor.is_contiguous());
  }
  DOCTEST_CHECK((tensor_of(batch.ids).scalar_type() == at::kLong));
  DOCTEST_CHECK((tensor_of(batch.cu_seqlens).scalar_type() == at::kInt));
  DOCTEST_CHECK((tensor_of(mask).scalar_type() == at::kByte));
  DOCTEST_CHECK((tensor_of(bias).scalar_type() == at::kFloat));
  DOCTEST_CHECK(tensor_of(padded.ids).numel() == 0);
}

// The address sanitizer sees what is used after it was freed, freed twice or never.
DOCTEST_TEST_CASE("torch: array or tensor may go first") {
  for (const bool array_first : {true, false}) {
    std::optional<Array> array(Array(Element::kInt32, {4}));
    array->of<std::int32_t>()[3] = 7;
    std::optional<at::Tensor> tensor = tensor_of(*array);
    (*tensor)[0] = 5;  // both write to it
    DOCTEST_CHECK(array->of<std::int32_t>()[0] == 5);
    if (array_first) {
      array.reset();
      DOCTEST_CHECK((*tensor)[3].item<int>() == 7);
      tensor.reset();
    } else {
      tensor.reset();
      DOCTEST_CHECK(array->of<std::int32_t>()[3] == 7);
      array.reset();
    }
  }
}

}  // namespace
}  // namespace bytepiece::attention
