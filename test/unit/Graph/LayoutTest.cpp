// SPDX-License-Identifier: Apache-2.0
#include "tsum/Graph/Layout.h"

#include "tsum/Graph/Node.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <vector>

using namespace tsum;

namespace {

/// Memory of distinct bytes, and a view of it.
struct View {
  Shape shape;
  ByteStrides strides;
  std::vector<std::byte> memory;
  std::int64_t offset = 0;

  View(Shape in_memory, DType dtype, const std::vector<std::size_t> &order)
      : memory(static_cast<std::size_t>(checked_size("test", in_memory, dtype) * size_of(dtype))) {
    for (std::size_t i = 0; i < memory.size(); ++i)
      memory[i] = static_cast<std::byte>(i * 167 + i / 251);
    const ByteStrides packed = row_major_strides(in_memory, dtype);
    for (std::size_t dim : order) {
      shape.push_back(in_memory[dim]);
      strides.push_back(packed[dim]);
    }
  }

  void expect_copied(DType dtype) const {
    const std::int64_t size = checked_size("test", shape, dtype), bytes = size_of(dtype);
    std::vector<std::byte> copy(static_cast<std::size_t>(size * bytes));
    copy_row_major(copy.data(), memory.data() + offset, shape, strides, dtype);
    for (std::int64_t number = 0; number < size; ++number) {
      std::int64_t place = offset, rest = number;
      for (std::size_t dim = shape.size(); dim-- > 0; rest /= shape[dim])
        place += rest % shape[dim] * strides[dim];
      ASSERT_EQ(std::memcmp(&copy[static_cast<std::size_t>(number * bytes)],
                            &memory[static_cast<std::size_t>(place)],
                            static_cast<std::size_t>(bytes)),
                0)
          << "element " << number;
    }
  }
};

TEST(CopyRowMajor, OfAnyOrderAndElement) {
  for (DType dtype : {DType::u8, DType::f16, DType::f32, DType::f64, DType::complex128})
    for (const Shape &shape : {Shape{3, 17, 5, 33}, Shape{1, 16, 1, 31}, Shape{2, 0, 3, 4}}) {
      std::vector<std::size_t> order = {0, 1, 2, 3};
      do
        View(shape, dtype, order).expect_copied(dtype);
      while (std::next_permutation(order.begin(), order.end()));
    }
}

TEST(CopyRowMajor, OfRepeatedAndReversedDimensions) {
  View view({37, 41}, DType::f32, {1, 0});
  view.offset = view.strides[0] * 40;
  view.strides[0] = -view.strides[0];
  view.expect_copied(DType::f32);
  view.shape.insert(view.shape.begin() + 1, 3);
  view.strides.insert(view.strides.begin() + 1, 0);
  view.expect_copied(DType::f32);
}

TEST(CopyRowMajor, OfMoreDimensionsThanAStackHasFrames) {
  View view({2, 3}, DType::f32, {1, 0});
  view.shape.insert(view.shape.begin() + 1, 300'000, 1);
  view.strides.insert(view.strides.begin() + 1, 300'000, 64);
  std::vector<std::byte> copy(24);
  copy_row_major(copy.data(), view.memory.data(), view.shape, view.strides, DType::f32);
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 2; ++j)
      EXPECT_EQ(std::memcmp(&copy[8 * i + 4 * j], &view.memory[12 * j + 4 * i], 4), 0);
}

TEST(CopyRowMajor, OfAScalar) { View({}, DType::f64, {}).expect_copied(DType::f64); }

} // namespace
