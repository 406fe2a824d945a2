// SPDX-License-Identifier: Apache-2.0
//
// What the headers say is refused is refused, by an error of the class that they say, whose message
// names the operation that was called, what it was given and what is valid.
#include "Cases.h"
#include "tsum/cache.h"
#include "tsum/eval.h"
#include "tsum/function.h"

#include <gmock/gmock.h>

#include <functional>

using namespace tsum;
using namespace tsum::test;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

namespace {

Tensor zeros(Shape shape, DType dtype = DType::f32) {
  return broadcast_to(cast(constant(0), dtype), std::move(shape));
}

/// An operation that takes axes, of whatever kind.
struct AxesOp {
  std::string name;
  Domain domain;
  std::function<Tensor(const Tensor &x, const Axes &axes)> apply;
};

std::vector<AxesOp> axes_ops() {
  std::vector<AxesOp> ops = {
#define TSUM_TEST_OP(NAME, DOMAIN)                                                                 \
  {                                                                                                \
    #NAME, Domain::DOMAIN, [](const Tensor &x, const Axes &axes) { return NAME(x, axes); }         \
  }
      TSUM_TEST_OP(reduce_mean, Numeric),
      TSUM_TEST_OP(reduce_variance, Inexact),
      TSUM_TEST_OP(reduce_std, Inexact),
      TSUM_TEST_OP(reduce_sum_square, Numeric),
      TSUM_TEST_OP(reduce_l1, Numeric),
      TSUM_TEST_OP(reduce_euclidean_norm, Inexact),
      TSUM_TEST_OP(reduce_logsumexp, Float),
      TSUM_TEST_OP(count_nonzero, Any),
      TSUM_TEST_OP(nansum, Numeric),
      TSUM_TEST_OP(nanprod, Numeric),
      TSUM_TEST_OP(nancount, Any),
      TSUM_TEST_OP(nanmean, Numeric),
      TSUM_TEST_OP(nanvar, Inexact),
      TSUM_TEST_OP(nanstd, Inexact),
      TSUM_TEST_OP(nanmax, Real),
      TSUM_TEST_OP(nanmin, Real),
      TSUM_TEST_OP(ptp, Real),
      TSUM_TEST_OP(softmax, Float),
      TSUM_TEST_OP(log_softmax, Float),
      TSUM_TEST_OP(standardize, Float),
      TSUM_TEST_OP(squeeze, Any),
      TSUM_TEST_OP(flip, Any),
#undef TSUM_TEST_OP
      {"argmax", Domain::Real, [](const Tensor &x, const Axes &axes) { return argmax(x, axes); }},
      {"argmin", Domain::Real, [](const Tensor &x, const Axes &axes) { return argmin(x, axes); }},
      {"nanargmax", Domain::Real,
       [](const Tensor &x, const Axes &axes) { return nanargmax(x, axes); }},
      {"nanargmin", Domain::Real,
       [](const Tensor &x, const Axes &axes) { return nanargmin(x, axes); }},
      {"average", Domain::Inexact,
       [](const Tensor &x, const Axes &axes) { return average(x, x, axes); }},
      {"layer_norm", Domain::Float,
       [](const Tensor &x, const Axes &axes) { return layer_norm(x, {}, {}, axes); }},
      {"rms_norm", Domain::Float,
       [](const Tensor &x, const Axes &axes) { return rms_norm(x, {}, axes); }},
      {"moments", Domain::Float,
       [](const Tensor &x, const Axes &axes) { return moments(x, axes).second; }},
      {"dot", Domain::Numeric, [](const Tensor &x, const Axes &axes) { return dot(x, x, axes); }},
      {"cosine_similarity", Domain::Float,
       [](const Tensor &x, const Axes &axes) { return cosine_similarity(x, x, axes); }},
  };
  for (const ReductionOp &op : reduction_ops)
    ops.push_back({op.name, op.domain, [&op](const Tensor &x, const Axes &axes) {
                     return op.apply(x, axes, /*keepdims=*/false);
                   }});
  return ops;
}

TEST(Errors, OfAxes) {
  for (const AxesOp &op : axes_ops()) {
    SCOPED_TRACE(op.name);
    const DType dtype = dtypes_in(op.domain).front();
    Tensor x = zeros({2, 3}, dtype);
    struct {
      Axes axes;
      const char *message;
    } cases[] = {
        {2, ": axis 2 is out of range for a tensor of rank 2 (valid: -2..1)"},
        {-3, ": axis -3 is out of range for a tensor of rank 2 (valid: -2..1)"},
        {{0, std::int64_t{1} << 40},
         ": axis 1099511627776 is out of range for a tensor of rank 2 (valid: -2..1)"},
        {{1, -1}, ": axis 1 is given twice in [1,-1]"},
    };
    for (const auto &each : cases)
      EXPECT_THAT([&] { return op.apply(x, each.axes); },
                  ThrowsMessage<AxisError>(op.name + each.message));
    EXPECT_THAT(
        [&] { return op.apply(zeros({}, dtype), 0); },
        ThrowsMessage<AxisError>(
            op.name + ": axis 0 is out of range for a tensor of rank 0 (a scalar has no axes)"));
  }
}

TEST(Errors, OfDtypesThatReductionsDoNotTake) {
  for (const AxesOp &op : axes_ops())
    for (DType dtype : all_dtypes) {
      const bool takes_booleans = op.name.find("arg") != std::string::npos;
      if (contains(op.domain, dtype) || (takes_booleans && dtype == DType::boolean))
        continue;
      EXPECT_THAT(
          [&] { return op.apply(zeros({2, 3}, dtype), 0); },
          ThrowsMessage<DTypeError>(AllOf(StartsWith(op.name + ": takes "), HasSubstr("; given "),
                                          HasSubstr(std::string(name_of(dtype)) + " ("))));
    }
}

TEST(Errors, OfDtypesThatElementwiseOperationsDoNotTake) {
  for (const ElementwiseOp &op : elementwise_ops)
    for (DType dtype : all_dtypes) {
      if (contains(op.domain, dtype))
        continue;
      Tensor x = zeros({2}, dtype);
      EXPECT_THAT([&] { return op.apply(x, x); },
                  ThrowsMessage<DTypeError>(AllOf(StartsWith(std::string(op.name) + ": takes "),
                                                  HasSubstr("; given "),
                                                  HasSubstr(std::string(name_of(dtype)) + " ("))));
    }
}

TEST(Errors, OfMixedDtypesAndShapes) {
  for (const ElementwiseOp &op : elementwise_ops) {
    const std::vector<DType> dtypes = dtypes_in(op.domain, /*with_complex=*/true);
    if (op.is_unary)
      continue;
    const std::string name = op.name;
    if (dtypes.size() > 1)
      EXPECT_THAT(
          [&] { return op.apply(zeros({2}, dtypes[0]), zeros({2}, dtypes[1])); },
          ThrowsMessage<DTypeError>(
              AllOf(StartsWith(name + ": operands have dtypes " + std::string(name_of(dtypes[0])) +
                               " and " + std::string(name_of(dtypes[1])) + " (cast one: cast(x, "),
                    testing::EndsWith("))"))));
    for (DType dtype : dtypes)
      EXPECT_THAT([&] { return op.apply(zeros({2, 3}, dtype), zeros({2}, dtype)); },
                  ThrowsMessage<ShapeError>(
                      name + ": shapes [2,3] and [2] do not broadcast (extents must be equal or "
                             "1, aligned at the last dimension)"));
  }
}

TEST(Errors, OfNumbersThatDoNotFit) {
  struct {
    DType dtype;
    double number;
    const char *message;
  } cases[] = {
      {DType::i8, 128, "add: 128 does not fit dtype i8 (-128..127)"},
      {DType::i8, -129, "add: -129 does not fit dtype i8 (-128..127)"},
      {DType::u8, -1, "add: -1 does not fit dtype u8 (0..255)"},
      {DType::u64, -1, "add: -1 does not fit dtype u64 (0..18446744073709551615)"},
      {DType::i64, 0x1p63,
       "add: 9223372036854775808 does not fit dtype i64 "
       "(-9223372036854775808..9223372036854775807)"},
      {DType::i32, 0.5,
       "add: 0.5 is not an integer, as dtype i32 requires (cast the tensor: cast(x, DType::f64))"},
      {DType::f16, 65520, "add: 65520 does not fit dtype f16 (at most 65504 in magnitude)"},
      {DType::f32, 1e39, "add: 1e+39 does not fit dtype f32 (at most 3.4028235e+38 in magnitude)"},
  };
  for (const auto &each : cases)
    EXPECT_THAT([&] { return zeros({2}, each.dtype) + each.number; },
                ThrowsMessage<DTypeError>(each.message));
  EXPECT_THAT([] { return equal(zeros({2}, DType::boolean), 2); },
              ThrowsMessage<DTypeError>("equal: 2 does not fit dtype boolean (0 or 1)"));
  EXPECT_THAT(
      [] { return add(1, 2); },
      ThrowsMessage<Error>("add: both operands are numbers (one must be a tensor: constant(x))"));
}

struct Rejection {
  const char *what;
  std::function<void()> call;
  const char *message;
};

/// Calls each and compares the messages.
template <class Class> void expect_rejected(std::initializer_list<Rejection> rejections) {
  for (const Rejection &each : rejections)
    EXPECT_THAT(each.call, ThrowsMessage<Class>(each.message)) << each.what;
}

TEST(Errors, OfOtherOperationsShapes) {
  expect_rejected<ShapeError>({
      {"where", [] { (void)where(zeros({2}, DType::boolean), zeros({3}), zeros({3})); },
       "where: shapes [2] and [3] do not broadcast (extents must be equal or 1, aligned at the "
       "last "
       "dimension)"},
      {"clip_by_value", [] { (void)clip_by_value(zeros({2}), zeros({3}), 1); },
       "clip_by_value: shapes [2] and [3] do not broadcast (extents must be equal or 1, aligned at "
       "the last dimension)"},
      {"complex", [] { (void)complex(zeros({2}), zeros({3})); },
       "complex: shapes [2] and [3] do not broadcast (extents must be equal or 1, aligned at the "
       "last dimension)"},
      {"broadcast_to", [] { (void)broadcast_to(zeros({2}), {2, 3}); },
       "broadcast_to: shape [2] does not broadcast to [2,3] (extents must be equal or 1, aligned "
       "at "
       "the last dimension)"},
      {"broadcast_to less", [] { (void)broadcast_to(zeros({2, 3}), {3}); },
       "broadcast_to: shape [2,3] does not broadcast to [3] (extents must be equal or 1, aligned "
       "at "
       "the last dimension)"},
      {"broadcast_to negative", [] { (void)broadcast_to(zeros({1}), {-1}); },
       "broadcast_to: shape [-1] has a negative extent in dimension 0 (extents must be 0 or more)"},
      {"cast", [] { (void)cast(zeros({std::int64_t{1} << 60}, DType::u8), DType::f64); },
       "cast: shape [1152921504606846976] of f64 is too large (extents other than 0 may take up to "
       "2^63 - 1 bytes)"},
      {"dot", [] { (void)dot(zeros({2}), zeros({3})); },
       "dot: shapes [2] and [3] do not broadcast (extents must be equal or 1, aligned at the last "
       "dimension)"},
      {"cosine_similarity", [] { (void)cosine_similarity(zeros({2}), zeros({3})); },
       "cosine_similarity: shapes [2] and [3] do not broadcast (extents must be equal or 1, "
       "aligned "
       "at the last dimension)"},
      {"layer_norm", [] { (void)layer_norm(zeros({3}), zeros({2, 3})); },
       "layer_norm: a parameter of shape [2,3] does not broadcast to [3] (extents must be equal or "
       "1, aligned at the last dimension)"},
      {"rms_norm", [] { (void)rms_norm(zeros({3}), zeros({2})); },
       "rms_norm: a parameter of shape [2] does not broadcast to [3] (extents must be equal or 1, "
       "aligned at the last dimension)"},
      {"argmax", [] { (void)argmax(zeros({3, 0}), 1); },
       "argmax: shape [3,0] has no element to choose along the given axes"},
      {"argmin", [] { (void)argmin(zeros({0}), 0); },
       "argmin: shape [0] has no element to choose along the given axes"},
  });
}

TEST(Errors, OfOtherOperationsDtypes) {
  const Tensor floats = zeros({2}), integers = zeros({2}, DType::i32);
  expect_rejected<DTypeError>({
      {"where", [&] { (void)where(floats, floats, floats); },
       "where: takes boolean; given f32 (compare it, as in not_equal(x, 0))"},
      {"where mixed", [&] { (void)where(equal(floats, 0), floats, integers); },
       "where: operands have dtypes f32 and i32 (cast one: cast(x, DType::f32))"},
      {"clip_by_value", [&] { (void)clip_by_value(equal(floats, 0), 0, 1); },
       "clip_by_value: takes f32, f64, f16, bf16, i8, i16, i32, i64, u8, u16, u32, u64; given "
       "boolean "
       "(cast it, as in cast(x, DType::i64), or see reduce_any, reduce_all, count_nonzero and the "
       "logical_ operations)"},
      {"clip_by_value mixed", [&] { (void)clip_by_value(floats, integers, 1); },
       "clip_by_value: operands have dtypes f32 and i32 (cast one: cast(x, DType::f32))"},
      {"clip_by_value number", [&] { (void)clip_by_value(integers, 0.5, 1); },
       "clip_by_value: 0.5 is not an integer, as dtype i32 requires (cast the tensor: cast(x, "
       "DType::f64))"},
      {"complex", [&] { (void)complex(integers, 0); },
       "complex: takes f32 and f64; given i32 (cast it, as in cast(x, DType::f64))"},
      {"dot", [&] { (void)dot(floats, integers); },
       "dot: operands have dtypes f32 and i32 (cast one: cast(x, DType::f32))"},
      {"layer_norm", [&] { (void)layer_norm(floats, zeros({2}, DType::f64)); },
       "layer_norm: operands have dtypes f32 and f64 (cast one: cast(x, DType::f64))"},
      {"rms_norm", [&] { (void)rms_norm(floats, zeros({2}, DType::f64)); },
       "rms_norm: operands have dtypes f32 and f64 (cast one: cast(x, DType::f64))"},
      {"input", [] { (void)input(DType::complex64, {2}); },
       "input: given complex64 (functions are of real tensors: make two inputs and complex(x, y) "
       "of "
       "them)"},
      {"item", [&] { (void)zeros({}).item<double>(); },
       "values: asked for f64 of a tensor of dtype f32 (cast it: cast(x, DType::f64))"},
  });
}

TEST(Errors, OfInputs) {
  expect_rejected<MemoryError>({
      {"rank", [] { (void)input(DType::f32, {2, 3}, {4}); },
       "input: 1 strides given for shape [2,3] of rank 2 (one per dimension, in bytes)"},
      {"multiples", [] { (void)input(DType::f32, {2}, {6}); },
       "input: strides [6] are no multiples of 4, the element size of f32"},
      {"reach", [] { (void)input(DType::f32, {3}, {std::int64_t{1} << 62}); },
       "input: strides [4611686018427387904] over shape [3] reach further than 2^63 - 1 bytes"},
  });
  Tensor x = input(DType::f32, {2}, {}, "x");
  expect_rejected<Error>({
      {"eval", [&] { eval(x + 1); },
       "eval: the input 'x' of shape [2] and dtype f32 has no data (compile the graph to a "
       "function "
       "and call that with data)"},
      {"values", [&] { (void)(x * 2).to_vector<float>(); },
       "eval: the input 'x' of shape [2] and dtype f32 has no data (compile the graph to a "
       "function "
       "and call that with data)"},
  });
}

TEST(Errors, OfFunctions) {
  Tensor x = input(DType::f32, {2, 3}, {4, 8});
  Function sums = compile({x}, {reduce_sum(x, 0)});
  const std::vector<float> data(20);
  Tensor apart = borrow(data.data(), DType::f32, {2, 3}, {12, 24});
  expect_rejected<MemoryError>({
      {"strides", [&] { (void)sums({apart}); },
       "call: input 0 is stored by strides [12,24], and the function takes [4,8]"},
  });
  expect_rejected<DTypeError>({
      {"complex output", [&] { (void)compile({x}, {complex(x, x)}); },
       "compile: output 0 is complex64 (functions are of real tensors: give its parts, real(x) and "
       "imag(x))"},
  });
}

TEST(Errors, OfSettings) {
  expect_rejected<Error>({
      {"threads", [] { set_threads(-1); },
       "set_threads: -1 threads (1 to 1024, or 0 for as many as the process may use)"},
      {"cache entries", [] { set_cache_capacity(0); },
       "set_cache_capacity: a capacity of 0 entries (at least 1)"},
      {"cache bytes", [] { set_cache_capacity(1, -1); },
       "set_cache_capacity: a capacity of -1 bytes (at least 0)"},
      {"pool", [] { set_pool_capacity(-1); }, "set_pool_capacity: -1 bytes (0 or more)"},
  });
}

} // namespace
