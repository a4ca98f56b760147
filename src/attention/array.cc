// Arrays and their two DLPack forms.
//
// A tensor that dlpack() gives holds a share of the array's memory, so either side may go first:
//
//   Array ──┐
//           ├──▶ memory            freed by whoever is last
//   Tensor ─┘     ▲
//    └ deleter    └ data
//
// The layouts are those of the DLPack specification (https://dmlc.github.io/dlpack), which promises not to
// change them; they are spelled out here because older dlpack.h lack the versioned one. Strides are always
// given: DLPack 1.2 asks for them.
//
// Thread rule: a tensor's deleter may run on any thread. Tested by tests/array_test.cc.
#include <bytepiece/attention.h>
#include <fmt/format.h>

#include <cstring>
#include <limits>
#include <new>
#include <utility>

#include "attention/dlpack_abi.h"
#include "attention/rows.h"

namespace bytepiece::attention {
namespace {

constexpr std::align_val_t kAlignment{256};  // what DLPack recommends

constexpr std::size_t width_of(Element element) {
  switch (element) {
    case Element::kInt32:
    case Element::kFloat32:
      return 4;
    case Element::kInt64:
      return 8;
    case Element::kUint8:
      return 1;
  }
  return 0;
}

const char* name_of(Element element) {
  static constexpr const char* kNames[] = {"int32", "int64", "uint8", "float32"};
  return kNames[static_cast<std::size_t>(element)];
}

DLDataType type_of(Element element) {
  const auto code = element == Element::kFloat32 ? kDLFloat : element == Element::kUint8 ? kDLUInt : kDLInt;
  return {static_cast<std::uint8_t>(code), static_cast<std::uint8_t>(8 * width_of(element)), 1};
}

std::string shape_text(std::span<const std::int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

std::size_t count_of(std::span<const std::int64_t> shape) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 8;
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) {
    if (extent < 0) throw Error(fmt::format("array: shape {} has a negative extent", shape_text(shape)));
    if (__builtin_mul_overflow(count, extent, &count) || count > kMost) {
      throw Error(fmt::format("array: shape {} is too large; use fewer or shorter rows", shape_text(shape)));
    }
  }
  return static_cast<std::size_t>(count);
}

std::shared_ptr<void> allocated(std::size_t bytes) {
  void* const memory = ::operator new(bytes + 1, kAlignment);  // never null, also without numbers
  return {memory, [](void* p) { ::operator delete(p, kAlignment); }};
}

// One of the two managed structs, and what it points to.
template <class Managed>
struct Owned {
  Managed managed{};
  std::shared_ptr<void> memory;
  std::vector<std::int64_t> shape, strides;
};

template <class Managed>
Managed* managed_by(std::shared_ptr<void> memory, Element element, std::span<const std::int64_t> shape) {
  auto owned = std::make_unique<Owned<Managed>>();
  owned->memory = std::move(memory);
  owned->shape.assign(shape.begin(), shape.end());
  owned->strides.resize(shape.size());
  std::int64_t stride = 1;
  for (std::size_t i = shape.size(); i-- > 0; stride *= shape[i]) owned->strides[i] = stride;

  Managed& managed = owned->managed;
  managed.dl_tensor.data = owned->memory.get();
  managed.dl_tensor.device = {kDLCPU, 0};
  managed.dl_tensor.ndim = static_cast<std::int32_t>(shape.size());
  managed.dl_tensor.dtype = type_of(element);
  managed.dl_tensor.shape = owned->shape.data();
  managed.dl_tensor.strides = owned->strides.data();
  managed.manager_ctx = owned.get();
  managed.deleter = [](Managed* self) { delete static_cast<Owned<Managed>*>(self->manager_ctx); };
  return &owned.release()->managed;
}

}  // namespace

Array::Array(Element element, std::vector<std::int64_t> shape)
    : Array(element, std::move(shape), Fill::kZero) {}

Array::Array(Element element, std::vector<std::int64_t> shape, Fill fill)
    : shape_(std::move(shape)), size_(count_of(shape_)), element_(element) {
  const std::size_t bytes = size_ * width_of(element);
  memory_ = allocated(bytes);
  if (fill == Fill::kZero) std::memset(memory_.get(), 0, bytes);
}

Array unfilled(Element element, std::vector<std::int64_t> shape) {
  return Array(element, std::move(shape), Array::Fill::kNone);
}

Array Array::reshaped(std::vector<std::int64_t> shape) const {
  if (count_of(shape) != size_) {
    throw Error(
        fmt::format("array: shape {} has not as many numbers as {}", shape_text(shape), shape_text(shape_)));
  }
  Array copy = *this;
  copy.shape_ = std::move(shape);
  return copy;
}

void Array::require(Element element) const {
  if (element == element_) return;
  throw Error(fmt::format("array: its numbers are {}, not {}", name_of(element_), name_of(element)));
}

DLManagedTensor* Array::dlpack() const { return managed_by<DLManagedTensor>(memory_, element_, shape_); }

DLManagedTensorVersioned* Array::dlpack_versioned() const {
  auto* const managed = managed_by<DLManagedTensorVersioned>(memory_, element_, shape_);
  managed->version = {1, 0};
  return managed;
}

}  // namespace bytepiece::attention
