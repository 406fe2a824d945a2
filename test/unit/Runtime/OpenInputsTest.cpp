// SPDX-License-Identifier: Apache-2.0
//
// Functions of inputs with open extents, against the reference evaluation of each call's graph.
#include "Compiled.h"
#include "InThreads.h"

#include "tsum/Reference/Evaluate.h"
#include "tsum/function.h"
#include "tsum/gradients.h"
#include "tsum/ops.h"

#include <array>
#include <atomic>

using namespace tsum;
using namespace tsum::test;

namespace {

/// What depends on extents in each way there is: a constant, a shape, a reshape, what broadcasts.
std::vector<Tensor> build(const Tensor &x, const Tensor &y) {
  const Tensor mean = reduce_mean(x, {0}, /*keepdims=*/true);
  const Tensor flat = reshape(x, {x.size()});
  return {reduce_sum(square(x - mean), 1), reduce_variance(flat), x + y,
          reduce_sum(broadcast_to(y, {x.shape()[0], 7}))};
}

void expect_same(const Tensor &result, const Tensor &expected) {
  ASSERT_TRUE(std::ranges::equal(result.shape(), expected.shape()));
  const std::vector<std::byte> bytes = reference::evaluate_tree(expected);
  expect_same_values(expected.dtype(), bytes,
                     {static_cast<const std::byte *>(result.bytes()), bytes.size()});
}

template <class Exception, class Act> void expect_error(const Act &act, const std::string &text) {
  try {
    act();
    ADD_FAILURE() << "no error, in place of " << text;
  } catch (const Exception &error) {
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
  }
}

TEST(OpenInputs, TakeAnyExtentWithoutACompiler) {
  const Function function =
      compile({input(DType::f32, {any, 7}, {}, "x"), input(DType::f32, {any, 7})}, build);
  EXPECT_TRUE(function.has_open_inputs());
  const std::int64_t compilations = cache_stats().compilations;
  for (std::int64_t rows : {0, 1, 2, 3, 16, 17, 101})
    for (bool is_one_row : {false, true}) {
      const Tensor x = sample_tensor(DType::f32, {rows, 7});
      const Tensor y = sample_tensor(DType::f32, {is_one_row ? 1 : rows, 7});
      for (int call = 0; call < 2; ++call) {
        const std::vector<Tensor> results = function({x, y}), expected = build(x, y);
        ASSERT_EQ(results.size(), expected.size());
        for (std::size_t n = 0; n < results.size(); ++n)
          expect_same(results[n], expected[n]);
      }
    }
  EXPECT_EQ(cache_stats().compilations, compilations);
}

TEST(OpenInputs, TakeDataThatLiesInAnyWay) {
  const Function function = compile({input(DType::f64, {any, any})}, [](const Tensor &x) {
    return reduce_mean(x, {1}) * static_cast<double>(x.shape()[0]);
  });
  const std::vector<double> data(60 * 60, 1.25);
  const Tensor whole = borrow(data.data(), {60, 60});
  const Tensor parts[] = {
      whole,
      transpose(sample_tensor(DType::f64, {13, 5})),
      borrow(data.data(), DType::f64, {7, 9}, {0, 16}),
      borrow(data.data() + 50, DType::f64, {3, 4}, {80, -8}),
      reduce_sum(sample_tensor(DType::f64, {4, 5, 6}), 1), // evaluated first
  };
  for (const Tensor &x : parts)
    expect_same(function({x}).front(), reduce_mean(x, {1}) * static_cast<double>(x.shape()[0]));
}

TEST(OpenInputs, HaveBroadcastingJudgedByTheCall) {
  const Function sum = compile({input(DType::f32, {any, 4}), input(DType::f32, {any, 4})},
                               [](const Tensor &x, const Tensor &y) { return x + y; });
  const Tensor one = sample_tensor(DType::f32, {1, 4}), three = sample_tensor(DType::f32, {3, 4});
  expect_same(sum({three, one}).front(), three + one);
  expect_same(sum({one, three}).front(), one + three);
  expect_same(sum({three, three}).front(), three + three);
  EXPECT_THROW((void)sum({three, sample_tensor(DType::f32, {2, 4})}), ShapeError);
  EXPECT_THROW((void)sum({three, sample_tensor(DType::f32, {0, 4})}), ShapeError);
  expect_same(sum({three, one}).front(), three + one); // nothing is left of these
}

TEST(OpenInputs, RefuseOthersByName) {
  const Function function =
      compile({input(DType::f32, {any, 7, any}, {}, "pixels"), input(DType::i32, {})},
              [](const Tensor &x, const Tensor &) { return reduce_max(x, {1}); });
  const Tensor x = sample_tensor(DType::f32, {2, 7, 3}), number = constant<std::int32_t>(1);
  EXPECT_EQ(function({x, number}).size(), 1u);
  auto call = [&](const Tensor &first) { return [&] { (void)function({first, number}); }; };
  expect_error<ShapeError>(call(sample_tensor(DType::f32, {2, 6, 3})),
                           "call: input 0 'pixels' has extent 6 in dimension 1, where the function "
                           "takes 7: shape [2,6,3] in place of [?,7,?]");
  expect_error<ShapeError>(call(sample_tensor(DType::f32, {7})),
                           "call: input 0 'pixels' is of shape [7] and rank 1, and the function "
                           "takes [?,7,?]");
  expect_error<DTypeError>(call(sample_tensor(DType::f64, {2, 7, 3})),
                           "call: input 0 'pixels' is f64, and the function takes f32");
  expect_error<ShapeError>([&] { (void)function({x, constant<std::int32_t>({1, 2})}); },
                           "call: input 1 is of shape [2]");
  expect_error<Error>([&] { (void)function({x}); }, "1 inputs given to a function with 2");
}

TEST(OpenInputs, AreNoOperands) {
  const Tensor x = input(DType::f32, {any, 4096}, {}, "x");
  EXPECT_EQ(x.shape()[0], any);
  EXPECT_EQ(graph_to_string(x), "%0 = input : f32[?,4096] \"x\"\n");
  const char *text = "the input 'x' of shape [?,4096] has open extents";
  expect_error<ShapeError>([&] { (void)reduce_sum(x, 1); }, text);
  expect_error<ShapeError>([&] { (void)(x * 2); },
                           "multiply: an input of shape [?,4096] has open extents");
  expect_error<ShapeError>([&] { (void)transpose(x); }, text);
  for (const auto &use : std::vector<std::function<void()>>{
           [&] { (void)x.size(); },
           [&] { (void)(x + constant(1.f)); },
           [&] { (void)reduce_mean(x, 0); },
           [&] { (void)reduce_variance(x); },
           [&] { (void)softmax(x); },
           [&] { (void)reshape(x, {4096}); },
           [&] { (void)broadcast_to(x, {3, 4096}); },
           [&] { (void)broadcast_to(constant(1.f), Shape(x.shape().begin(), x.shape().end())); },
           [&] { (void)slice(x, {{0, 1}, {0, 1}}); },
           [&] { (void)cast(x, DType::f64); },
           [&] { (void)where(constant(true), x, x); },
           [&] { (void)argmax(x, 0); },
           [&] { (void)gradients(x, {x}); },
       })
    EXPECT_THROW(use(), Error);
  EXPECT_THROW(eval(x), Error);
  expect_error<ShapeError>([&] { (void)compile({x}, {x}); }, "give a callable");
  expect_error<ShapeError>([&] { (void)compile({x}, {constant(1.f)}); }, "give a callable");
}

TEST(OpenInputs, AreRefusedWhereTheyAreNone) {
  EXPECT_THROW((void)input(DType::f32, {-2, 4}), ShapeError);
  EXPECT_THROW((void)input(DType::f32, {any, -2}), ShapeError);
  EXPECT_THROW((void)input(DType::f32, {any, 1L << 62}), ShapeError);
  EXPECT_THROW((void)input(DType::f32, {any, 4}, {16, 4}), MemoryError);
  EXPECT_THROW((void)input(DType::complex64, {any}), DTypeError);
  EXPECT_THROW((void)borrow(nullptr, DType::f32, {any}), ShapeError);
  auto twice = [](const Tensor &x) { return x * 2; };
  EXPECT_THROW((void)compile({constant(1.f)}, twice), Error);
  EXPECT_THROW((void)compile({input(DType::f32, {any}), input(DType::f32, {any})}, twice), Error);
}

TEST(OpenInputs, TakeTensorsAndNoPointers) {
  const Function open = compile({input(DType::f32, {any})}, [](const Tensor &x) { return -x; });
  EXPECT_EQ(open.inputs().front().shape, Shape{any});
  EXPECT_THROW((void)open.outputs(), Error);
  const float data[] = {1, 2};
  float result[2];
  expect_error<Error>([&] { (void)open(std::array<const void *, 1>{data}); }, "give tensors");
  EXPECT_THROW(open(std::array<const void *, 1>{data}, std::array<void *, 1>{result}), Error);

  // A callable for inputs without open extents is as good as its graph.
  const Function closed = compile({input(DType::f32, {2})}, [](const Tensor &x) { return -x; });
  EXPECT_FALSE(closed.has_open_inputs());
  EXPECT_EQ(closed.outputs().front().shape, Shape{2});
  closed(std::array<const void *, 1>{data}, std::array<void *, 1>{result});
  EXPECT_EQ(result[1], -2);
}

TEST(OpenInputs, ServeThreadsAtOnce) {
  const Function function = compile({input(DType::f32, {any})}, [](std::span<const Tensor> x) {
    return reduce_sum(x[0]) * static_cast<float>(x[0].size());
  });
  std::atomic<int> wrong = 0;
  in_threads([&](int thread) {
    for (std::int64_t call = 0; call < 200; ++call) {
      const std::int64_t size = 1 + (call + thread * 7) % 50;
      const std::vector<float> ones(static_cast<std::size_t>(size), 1.0f);
      wrong += function({borrow(ones.data(), {size})}).front().item<float>() !=
               static_cast<float>(size * size);
    }
  });
  EXPECT_EQ(wrong, 0);
}

} // namespace
