// SPDX-License-Identifier: Apache-2.0
#include "tsum/ops.h"
#include "tsum/Graph/Node.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

using namespace tsum;
using testing::ElementsAre;
using testing::ThrowsMessage;

namespace {

Tensor zeros(Shape shape, DType dtype = DType::f32) {
  return broadcast_to(cast(constant(0), dtype), std::move(shape));
}

TEST(ReduceSum, DropsOrKeepsTheReducedDimensions) {
  Tensor x = zeros({2, 3, 4});
  EXPECT_THAT(reduce_sum(x).shape(), ElementsAre());
  EXPECT_THAT(reduce_sum(x, {}).shape(), ElementsAre(2, 3, 4));
  EXPECT_THAT(reduce_sum(x, 1).shape(), ElementsAre(2, 4));
  EXPECT_THAT(reduce_sum(x, -1).shape(), ElementsAre(2, 3));
  EXPECT_THAT(reduce_sum(x, {-1, 0}).shape(), ElementsAre(3));
  EXPECT_THAT(reduce_sum(x, {-1, 0}, /*keepdims=*/true).shape(), ElementsAre(1, 3, 1));
  EXPECT_THAT(reduce_sum(x, all_axes, /*keepdims=*/true).shape(), ElementsAre(1, 1, 1));
  EXPECT_THAT(reduce_sum(zeros({0, 4}), 0).shape(), ElementsAre(4));
}

TEST(ReduceSum, KeepsTheInputsDtypeAndNormalizesItsAxes) {
  Tensor sum = reduce_sum(zeros({2, 3, 4}, DType::u8), {-1, 0}, true, "total");
  EXPECT_EQ(sum.dtype(), DType::u8);
  EXPECT_THAT(sum.node()->axes, ElementsAre(0, 2));
  EXPECT_EQ(sum.op(), "reduce_sum");
  EXPECT_EQ(sum.name(), "total");
  EXPECT_FALSE(sum.is_evaluated());
}

TEST(ReduceSum, RejectsAxesOutOfRange) {
  constexpr std::int64_t smallest = std::numeric_limits<std::int64_t>::min();
  struct {
    Shape shape;
    std::int64_t axis;
    const char *message;
  } cases[] = {
      {{2, 3}, 3, "reduce_sum: axis 3 is out of range for a tensor of rank 2 (valid: -2..1)"},
      {{2, 3}, -3, "reduce_sum: axis -3 is out of range for a tensor of rank 2 (valid: -2..1)"},
      {{2}, 1, "reduce_sum: axis 1 is out of range for a tensor of rank 1 (valid: -1..0)"},
      {{}, 0, "reduce_sum: axis 0 is out of range for a tensor of rank 0 (a scalar has no axes)"},
      {{2, 3},
       std::int64_t{1} << 32,
       "reduce_sum: axis 4294967296 is out of range for a tensor of rank 2 (valid: -2..1)"},
      {{2, 3},
       smallest,
       "reduce_sum: axis -9223372036854775808 is out of range for a tensor of rank 2 "
       "(valid: -2..1)"},
  };
  for (const auto &each : cases) {
    Tensor x = zeros(each.shape);
    EXPECT_THAT([&] { return reduce_sum(x, each.axis); }, ThrowsMessage<AxisError>(each.message));
  }
}

TEST(ReduceSum, RejectsRepeatedAxes) {
  Tensor x = zeros({2, 3});
  EXPECT_THAT([&] { return reduce_sum(x, {0, 0}); },
              ThrowsMessage<AxisError>("reduce_sum: axis 0 is given twice in [0,0]"));
  EXPECT_THAT([&] { return reduce_sum(x, {1, -1}); },
              ThrowsMessage<AxisError>("reduce_sum: axis 1 is given twice in [1,-1]"));
}

TEST(Elementwise, BroadcastsShapesFromTheLastDimension) {
  EXPECT_THAT((zeros({2, 3}) + zeros({3})).shape(), ElementsAre(2, 3));
  EXPECT_THAT((zeros({2, 1}) + zeros({1, 3})).shape(), ElementsAre(2, 3));
  EXPECT_THAT((zeros({}) + zeros({4})).shape(), ElementsAre(4));
  EXPECT_THAT((zeros({0}) + zeros({1})).shape(), ElementsAre(0));
  EXPECT_THAT((zeros({5, 1, 3}) * zeros({2, 1})).shape(), ElementsAre(5, 2, 3));
}

TEST(Elementwise, RejectsShapesThatDoNotBroadcast) {
  const char *rule =
      " do not broadcast (extents must be equal or 1, aligned at the last dimension)";
  EXPECT_THAT([] { return zeros({2, 3}) + zeros({4}); },
              ThrowsMessage<ShapeError>("add: shapes [2,3] and [4]" + std::string(rule)));
  EXPECT_THAT([] { return zeros({2, 3}) * zeros({3, 2}); },
              ThrowsMessage<ShapeError>("multiply: shapes [2,3] and [3,2]" + std::string(rule)));
  EXPECT_THAT([] { return maximum(zeros({0}), zeros({2})); },
              ThrowsMessage<ShapeError>("maximum: shapes [0] and [2]" + std::string(rule)));
}

TEST(Elementwise, RejectsResultsTooLargeToAddress) {
  Tensor column = zeros({std::int64_t{1} << 31, 1});
  Tensor row = zeros({1, std::int64_t{1} << 31});
  EXPECT_THAT([&] { return column + row; },
              ThrowsMessage<ShapeError>("add: shape [2147483648,2147483648] of f32 is too large "
                                        "(extents other than 0 may take up to 2^63 - 1 bytes)"));
}

TEST(Elementwise, RejectsMixedDtypes) {
  EXPECT_THAT([] { return zeros({2}) + zeros({2}, DType::i32); },
              ThrowsMessage<DTypeError>(
                  "add: operands have dtypes f32 and i32 (cast one: cast(x, DType::f32))"));
  EXPECT_THAT([] { return zeros({2}, DType::i64) - zeros({2}, DType::f32); },
              ThrowsMessage<DTypeError>(
                  "subtract: operands have dtypes i64 and f32 (cast one: cast(x, DType::f32))"));
}

TEST(Elementwise, RejectsDtypesOutsideItsDomain) {
  EXPECT_THAT(
      [] { return zeros({2}, DType::i32) / zeros({2}, DType::i32); },
      ThrowsMessage<DTypeError>(
          "divide: takes f32, f64, f16, bf16, complex64, complex128; given i32 (cast it, as in "
          "cast(x, DType::f64))"));
  EXPECT_THAT(
      [] { return 1 / zeros({2}, DType::u8); },
      ThrowsMessage<DTypeError>(
          "divide: takes f32, f64, f16, bf16, complex64, complex128; given u8 (cast it, as in "
          "cast(x, DType::f64))"));
  EXPECT_THAT(
      [] { return sqrt(zeros({2}, DType::i64)); },
      ThrowsMessage<DTypeError>(
          "sqrt: takes f32, f64, f16, bf16, complex64, complex128; given i64 (cast it, as in "
          "cast(x, DType::f64))"));
}

TEST(Elementwise, TakesNumbersInTheTensorsDtype) {
  Tensor sum = zeros({2}, DType::u8) + 255;
  EXPECT_EQ(sum.dtype(), DType::u8);
  Tensor number(sum.node()->state().operands[1]);
  EXPECT_EQ(number.dtype(), DType::u8);
  EXPECT_EQ(number.item<std::uint8_t>(), 255);

  Tensor rounded(subtract(0.1, zeros({2})).node()->state().operands[0]);
  EXPECT_EQ(rounded.item<float>(), 0.1f);
  Tensor whole((zeros({2}, DType::i32) * 2.0).node()->state().operands[1]);
  EXPECT_EQ(whole.item<std::int32_t>(), 2);
  Tensor infinite((zeros({2}) * -INFINITY).node()->state().operands[1]);
  EXPECT_EQ(infinite.item<float>(), -INFINITY);
}

TEST(Elementwise, RejectsNumbersThatTheDtypeCannotHold) {
  struct {
    DType dtype;
    Operand number;
    const char *message;
  } cases[] = {
      {DType::u8, 300, "add: 300 does not fit dtype u8 (0..255)"},
      {DType::u8, -1, "add: -1 does not fit dtype u8 (0..255)"},
      {DType::i32, std::int64_t{1} << 31,
       "add: 2147483648 does not fit dtype i32 (-2147483648..2147483647)"},
      {DType::i64, 0x1p63,
       "add: 9223372036854775808 does not fit dtype i64 "
       "(-9223372036854775808..9223372036854775807)"},
      {DType::i32, 2.5,
       "add: 2.5 is not an integer, as dtype i32 requires (cast the tensor: cast(x, DType::f64))"},
      {DType::u8, NAN,
       "add: nan is not an integer, as dtype u8 requires (cast the tensor: cast(x, DType::f64))"},
      {DType::f32, 1e39, "add: 1e+39 does not fit dtype f32 (at most 3.4028235e+38 in magnitude)"},
  };
  for (const auto &each : cases) {
    Tensor x = zeros({2}, each.dtype);
    EXPECT_THAT([&] { return x + each.number; }, ThrowsMessage<DTypeError>(each.message));
  }
}

TEST(Elementwise, RejectsTwoNumbers) {
  EXPECT_THAT(
      [] { return add(1, 2); },
      ThrowsMessage<Error>("add: both operands are numbers (one must be a tensor: constant(x))"));
}

TEST(BroadcastTo, RepeatsAlongNewAndUnitDimensions) {
  EXPECT_THAT(broadcast_to(zeros({3, 1}), {2, 3, 4}).shape(), ElementsAre(2, 3, 4));
  EXPECT_THAT(broadcast_to(zeros({}), {}).shape(), ElementsAre());
}

TEST(BroadcastTo, RejectsOtherShapes) {
  const char *rule = " (extents must be equal or 1, aligned at the last dimension)";
  EXPECT_THAT([] { return broadcast_to(zeros({2, 3}), {2, 4}); },
              ThrowsMessage<ShapeError>("broadcast_to: shape [2,3] does not broadcast to [2,4]" +
                                        std::string(rule)));
  EXPECT_THAT([] { return broadcast_to(zeros({2, 3}), {3}); },
              ThrowsMessage<ShapeError>("broadcast_to: shape [2,3] does not broadcast to [3]" +
                                        std::string(rule)));
  EXPECT_THAT([] { return broadcast_to(zeros({3}), {1}); },
              ThrowsMessage<ShapeError>("broadcast_to: shape [3] does not broadcast to [1]" +
                                        std::string(rule)));
  EXPECT_THAT([] { return broadcast_to(zeros({}), {-1}); },
              ThrowsMessage<ShapeError>("broadcast_to: shape [-1] has a negative extent in "
                                        "dimension 0 (extents must be 0 or more)"));
}

TEST(OpTable, NamesEveryOperation) {
  EXPECT_EQ(op_info(OpKind::Constant).name, "constant");
#define TSUM_REDUCTION(NAME, CLASS, DOMAIN, COMBINER, IDENTITY, SUMMARY)                           \
  EXPECT_EQ(op_info(OpKind::CLASS).name, #NAME);                                                   \
  EXPECT_EQ(op_info(OpKind::CLASS).combiner, OpKind::COMBINER);
#include "tsum/Reductions.def"
#define TSUM_UNARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY)                                \
  EXPECT_EQ(op_info(OpKind::CLASS).name, #NAME);                                                   \
  EXPECT_EQ(op_info(OpKind::CLASS).operands, 1);
#define TSUM_BINARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY)                               \
  EXPECT_EQ(op_info(OpKind::CLASS).name, #NAME);                                                   \
  EXPECT_EQ(op_info(OpKind::CLASS).operands, 2);
#include "tsum/Elementwise.def"
}

} // namespace
