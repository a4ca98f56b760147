#include <bytepiece/attention.h>
#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <thread>
#include <type_traits>
#include <vector>

#include "attention/dlpack_abi.h"
#include "support.h"

namespace bytepiece::attention {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

TEST_CASE("array: zeros of a type and a shape") {
  Array array(Element::kInt64, {2, 3});
  CHECK(array.size() == 6);
  CHECK(array.element() == Element::kInt64);
  for (const std::int64_t number : array.of<std::int64_t>()) CHECK(number == 0);
  CHECK(reinterpret_cast<std::uintptr_t>(array.data()) % 256 == 0);
  CHECK(Array().size() == 0);
  CHECK(Array(Element::kFloat32, {}).size() == 1);  // a scalar
  CHECK(Array(Element::kUint8, {0, 5}).data() != nullptr);
}

TEST_CASE("array: another type than its own is an error") {
  Array array(Element::kInt32, {2});
  CHECK(contains(error_of([&] { array.of<std::int64_t>(); }), "its numbers are int32, not int64"));
  CHECK(contains(error_of([&] { std::as_const(array).of<float>(); }), "not float32"));
}

TEST_CASE("array: shapes that cannot be are errors") {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  CHECK(contains(error_of([] { Array(Element::kInt32, {2, -1}); }), "[2, -1] has a negative extent"));
  CHECK(contains(error_of([] { Array(Element::kInt32, {kMost, 2}); }), "is too large"));
  CHECK(contains(error_of([] { Array(Element::kUint8, {kMost}); }), "is too large"));
  CHECK(contains(error_of([] { Array(Element::kUint8, {6}).reshaped({4}); }),
                 "[4] has not as many numbers as [6]"));
}

TEST_CASE("array: copies and reshaped ones share the memory") {
  Array array(Element::kInt32, {2, 3});
  Array flat = array.reshaped({6});
  flat.of<std::int32_t>()[5] = 7;
  CHECK(array.of<std::int32_t>()[5] == 7);
  CHECK(array.shape().size() == 2);
  CHECK(flat.shape().size() == 1);
}

// What both forms of a tensor say of the array.
void check_tensor(const DLTensor& tensor, const Array& array) {
  CHECK(tensor.data == array.data());
  CHECK(tensor.device.device_type == kDLCPU);
  CHECK(tensor.device.device_id == 0);
  CHECK(tensor.byte_offset == 0);
  CHECK(tensor.dtype.lanes == 1);
  REQUIRE(static_cast<std::size_t>(tensor.ndim) == array.shape().size());
  std::int64_t stride = 1;
  for (std::size_t i = array.shape().size(); i-- > 0; stride *= array.shape()[i]) {
    CHECK(tensor.shape[i] == array.shape()[i]);
    CHECK(tensor.strides[i] == stride);
  }
}

TEST_CASE("array: a tensor is the array, without a copy") {
  struct Row {
    Element element;
    int code, bits;
  };
  for (const Row& row : {Row{Element::kInt32, kDLInt, 32}, Row{Element::kInt64, kDLInt, 64},
                         Row{Element::kUint8, kDLUInt, 8}, Row{Element::kFloat32, kDLFloat, 32}}) {
    const Array array(row.element, {2, 3, 4});
    DLManagedTensor* const tensor = array.dlpack();
    DLManagedTensorVersioned* const versioned = array.dlpack_versioned();
    check_tensor(tensor->dl_tensor, array);
    check_tensor(versioned->dl_tensor, array);
    for (const DLDataType type : {tensor->dl_tensor.dtype, versioned->dl_tensor.dtype}) {
      CHECK(type.code == row.code);
      CHECK(type.bits == row.bits);
    }
    CHECK(versioned->version.major == 1);
    CHECK(versioned->flags == 0);
    tensor->deleter(tensor);
    versioned->deleter(versioned);
  }
}

// The address sanitizer sees a double free, a use after it, or a leak.
TEST_CASE("array: either side may go first, on any thread") {
  for (const bool array_first : {true, false}) {
    auto array = std::make_unique<Array>(Element::kInt32, std::vector<std::int64_t>{3});
    array->of<std::int32_t>()[2] = 5;
    DLManagedTensor* const tensor = array->dlpack();
    DLManagedTensorVersioned* const versioned = array->dlpack_versioned();
    if (array_first) array.reset();
    CHECK(static_cast<const std::int32_t*>(tensor->dl_tensor.data)[2] == 5);
    std::thread([tensor] { tensor->deleter(tensor); }).join();
    CHECK(static_cast<const std::int32_t*>(versioned->dl_tensor.data)[2] == 5);
    versioned->deleter(versioned);
    if (!array_first) CHECK(array->of<std::int32_t>()[2] == 5);
  }
}

TEST_CASE("array: the structs are laid out as DLPack says") {
  if (sizeof(void*) == 8) {
    CHECK(sizeof(DLTensor) == 48);
    CHECK(offsetof(DLTensor, shape) == 24);
    CHECK(sizeof(DLManagedTensor) == 64);
    CHECK(sizeof(DLManagedTensorVersioned) == 80);
    CHECK(offsetof(DLManagedTensorVersioned, dl_tensor) == 32);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece::attention
