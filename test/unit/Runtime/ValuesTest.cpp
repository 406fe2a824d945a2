// SPDX-License-Identifier: Apache-2.0
#include "tsum/ops.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <sstream>

using namespace tsum;

namespace {

std::string print(const Tensor &tensor) {
  std::ostringstream os;
  os << tensor;
  return os.str();
}

TEST(PrintTensor, WritesScalarsAndNestedBrackets) {
  EXPECT_EQ(print(constant(6)), "tsum.Tensor(6, shape=(), dtype=i32)");
  EXPECT_EQ(print(constant(6.0)), "tsum.Tensor(6.0, shape=(), dtype=f64)");
  EXPECT_EQ(print(constant({3, 3})), "tsum.Tensor([3 3], shape=(2,), dtype=i32)");
  EXPECT_EQ(print(constant({{1, 10}, {-2, 3}})),
            "tsum.Tensor([[ 1 10]\n [-2  3]], shape=(2, 2), dtype=i32)");
  EXPECT_EQ(print(broadcast_to(constant({1, 2}), {2, 2, 2})),
            "tsum.Tensor([[[1 2]\n  [1 2]]\n\n [[1 2]\n  [1 2]]], shape=(2, 2, 2), dtype=i32)");
}

TEST(PrintTensor, WritesTheShortestFloatsThatReadBack) {
  EXPECT_EQ(print(constant({0.1f, 2.f, 1e30f})),
            "tsum.Tensor([  0.1    2. 1e+30], shape=(3,), dtype=f32)");
  EXPECT_EQ(print(constant({-INFINITY, -NAN})), "tsum.Tensor([-inf  nan], shape=(2,), dtype=f32)");
}

TEST(PrintTensor, AbridgesWhatIsLong) {
  std::vector<std::int32_t> values(2002);
  std::iota(values.begin(), values.end(), 0);
  EXPECT_EQ(print(constant<std::int32_t>(values, {2, 1001})),
            "tsum.Tensor([[   0    1    2 ...  998  999 1000]\n"
            " [1001 1002 1003 ... 1999 2000 2001]], shape=(2, 1001), dtype=i32)");
}

TEST(PrintTensor, WritesNoElementsOfMoreDimensionsThanNumPyHas) {
  const std::string text = print(broadcast_to(constant(1.f), Shape(200'000, 1)));
  EXPECT_TRUE(text.starts_with("tsum.Tensor(..., shape=(1, 1, ")) << text.substr(0, 100);
}

TEST(PrintTensor, WritesNoElementsAsEmptyBrackets) {
  EXPECT_EQ(print(borrow(nullptr, DType::f32, {std::int64_t{1} << 33, 0})),
            "tsum.Tensor([], shape=(8589934592, 0), dtype=f32)");
}

} // namespace
