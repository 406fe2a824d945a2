// SPDX-License-Identifier: Apache-2.0
#include "tsum/function.h"
#include "Compiled.h"

#include <algorithm>
#include <array>
#include <thread>

using namespace tsum;
using namespace tsum::test;

namespace {

/// What `build` makes of data, by a prepared function and lazily, has the same bits.
void expect_function_as_eval(const std::vector<Tensor> &data, const auto &build) {
  std::vector<Tensor> placeholders;
  for (const Tensor &each : data)
    placeholders.push_back(input(each.dtype(), Shape(each.shape().begin(), each.shape().end()),
                                 each.node()->values()->strides));
  std::vector<Tensor> expected = build(data);
  eval(expected);
  const Function function = compile(placeholders, build(placeholders));
  for (int call = 0; call < 2; ++call) {
    std::vector<Tensor> results = function(data);
    ASSERT_EQ(results.size(), expected.size());
    for (std::size_t n = 0; n < results.size(); ++n) {
      const auto bytes =
          static_cast<std::size_t>(expected[n].size() * size_of(expected[n].dtype()));
      ASSERT_TRUE(std::ranges::equal(results[n].shape(), expected[n].shape()));
      EXPECT_EQ(bytes ? std::memcmp(results[n].bytes(), expected[n].bytes(), bytes) : 0, 0) << n;
    }
  }
}

TEST(Function, ComputesWhatEvalDoes) {
  for (const Layout &layout : layouts)
    for (const Shape &shape : {Shape{8, 8}, Shape{3, 16, 65}, Shape{0, 3}, Shape{}}) {
      Tensor x = sample_tensor(DType::f32, shape, layout);
      if (std::ranges::any_of(x.node()->values()->strides,
                              [](std::int64_t stride) { return stride % 4 != 0; }) ||
          reinterpret_cast<std::uintptr_t>(x.node()->values()->data) % 4 != 0)
        continue;
      SCOPED_TRACE(std::string(layout.name) + to_string(shape));
      expect_function_as_eval({x}, [](const std::vector<Tensor> &in) {
        return std::vector{reduce_sum(in[0]), square(in[0]) + 1.0f};
      });
    }
}

TEST(Function, OfGraphsThatTakeSeveralSteps) {
  Tensor x = sample_tensor(DType::f64, {20, 20});
  expect_function_as_eval({x}, [](const std::vector<Tensor> &in) {
    Tensor y = square(in[0]);
    return std::vector{reduce_sum(y, 0) + reduce_sum(y, 1), reduce_sum(reshape(y, {400}), 0), y};
  });
}

// As the arrays of packed files lie.
TEST(Function, ReadsInputsAtAnyAddress) {
  for (DType dtype : {DType::i8, DType::f16, DType::f32, DType::i64, DType::f64})
    for (const Shape &shape : {Shape{37, 1031}, Shape{1500, 9}, Shape{300000}}) {
      Tensor x = input(dtype, shape);
      std::vector<Tensor> outputs = {reduce_sum(x, 0), reduce_max(x), x + x};
      if (dtype == DType::f32 || dtype == DType::f64)
        outputs.insert(outputs.end(), {softmax(x, -1), reduce_sum(x, {-1}, true)});
      const Function function = compile(std::array{x}, outputs);
      const Tensor data = sample_tensor(dtype, shape);
      const auto size = static_cast<std::size_t>(data.size() * size_of(dtype));
      std::vector<std::byte> memory(size + 64);
      std::vector<Tensor> expected;
      for (std::size_t offset = 0; offset < 64; offset += 1 + offset % 5) {
        std::memcpy(memory.data() + offset, data.bytes(), size);
        std::vector<Tensor> results = function(std::array<const void *, 1>{memory.data() + offset});
        if (offset == 0)
          expected = results;
        for (std::size_t n = 0; n < results.size(); ++n)
          ASSERT_EQ(std::memcmp(results[n].bytes(), expected[n].bytes(),
                                static_cast<std::size_t>(results[n].size() * size_of(dtype))),
                    0)
              << name_of(dtype) << to_string(shape) << " at " << offset << ", output " << n;
      }
    }
}

// Large results go past the caches where they are aligned, and anywhere else all the same.
TEST(Function, WritesLargeResultsToAnyAddress) {
  const Shape shape = {1024, 2048};
  std::vector<float> data(1024 * 2048 + 16);
  for (std::size_t i = 0; i < data.size(); ++i)
    data[i] = static_cast<float>(i % 1013) / 1024;
  Tensor x = input(DType::f32, shape);
  const Function function = compile({x}, {softmax(x * 3)});
  Tensor expected = softmax(borrow(data.data(), shape) * 3);
  std::vector<float> results(data.size() + 32);
  const auto misaligned = reinterpret_cast<std::uintptr_t>(results.data()) % 64 / sizeof(float);
  for (std::size_t offset : {16 - misaligned, 17 - misaligned, 23 - misaligned}) {
    float *result = results.data() + offset;
    function(std::array<const void *, 1>{data.data()}, std::array<void *, 1>{result});
    EXPECT_EQ(std::memcmp(result, expected.bytes(), data.size() * sizeof(float) - 64), 0) << offset;
  }
}

/// They are copied from results in scratch memory at the end, which no later launch may write to.
TEST(Function, OutputsMayBeViewsOfWhatRunsFirst) {
  constexpr std::int64_t side = 48;
  expect_function_as_eval({sample_tensor(DType::f32, {side, side})},
                          [](const std::vector<Tensor> &in) {
                            const Tensor first = reduce_max(in[0], 0);
                            Tensor y = first;
                            // Each is a launch that leaves as much as the first.
                            for (int n = 0; n < 6; ++n)
                              y = reduce_sum(reshape(y, {side, 1}) * in[0], 0) / 8.0F;
                            return std::vector{flip(first, {0}), y};
                          });
}

TEST(Function, OutputsMayBeInputsRepeatedOrBroadcast) {
  Tensor x = sample_tensor(DType::f32, {5, 7});
  Tensor y = sample_tensor(DType::f32, {7});
  expect_function_as_eval({x, y}, [](const std::vector<Tensor> &in) {
    Tensor sum = reduce_sum(in[0], 0);
    return std::vector{in[0], sum, sum, broadcast_to(in[1], {2, 7}), broadcast_to(sum, {3, 7})};
  });
}

TEST(Function, KeepsConstantsAndCode) {
  std::optional<Function> function;
  {
    Tensor weights = constant({1.0f, 2.0f, 3.0f});
    Tensor evaluated = weights * 2.0f;
    eval(evaluated);
    Tensor x = input(DType::f32, {3});
    function = compile({x}, {reduce_sum(x * weights) + reduce_sum(evaluated)});
  }
  clear_cache();
  EXPECT_EQ((*function)({constant({1.0f, 1.0f, 2.0f})})[0].item<float>(), 9 + 12);
}

TEST(Function, IsCalledFromManyThreads) {
  Tensor x = input(DType::f64, {50, 60});
  Tensor y = square(x);
  const Function function = compile({x}, {reduce_sum(y, 0) * 2.0, reduce_sum(reduce_sum(y, 1))});
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 8; ++thread)
    threads.emplace_back([&, thread] {
      std::vector<double> data(3000, thread), columns(60);
      double all = 0;
      for (int call = 0; call < 200; ++call) {
        function(std::array<const void *, 1>{data.data()},
                 std::array<void *, 2>{columns.data(), &all});
        ASSERT_EQ(all, 3000.0 * thread * thread);
        ASSERT_EQ(columns[59], 2 * 50.0 * thread * thread);
      }
    });
}

TEST(Function, SaysWhatIsWrongWithACall) {
  Tensor x = input(DType::f32, {2, 3}, {}, "x");
  const Function function = compile({x}, {reduce_sum(x)});
  alignas(8) std::array<float, 8> data{};
  const void *in[] = {data.data(), data.data()};
  void *out[] = {data.data() + 7};
  void *odd[] = {reinterpret_cast<char *>(data.data()) + 1};
  const void *null[] = {nullptr};
  EXPECT_EQ(error_of([&] { function(in, out); }), "call: 2 inputs given to a function with 1");
  EXPECT_EQ(error_of([&] { function(std::span(in).first(1), std::span<void *const>()); }),
            "call: 0 outputs given to a function with 1");
  EXPECT_EQ(error_of([&] { function(null, out); }),
            "call: input 0 is null (only a tensor without elements needs no memory)");
  EXPECT_EQ(error_of([&] { function(std::span(in).first(1), odd); }),
            "call: output 0 is not aligned to 4 bytes, the element size of f32");
  EXPECT_EQ(error_of([&] { static_cast<void>(function({constant({1.0f})})); }),
            "call: input 0 is of shape [1], and the function takes [2,3]");
  EXPECT_EQ(error_of([&] { static_cast<void>(function({constant({1})})); }),
            "call: input 0 is i32, and the function takes f32");
}

TEST(Function, SaysWhatIsWrongWithAGraph) {
  Tensor x = input(DType::f32, {2, 3}, {}, "x");
  Tensor y = input(DType::f32, {2, 3}, {4, 8}, "y");
  EXPECT_EQ(error_of([&] { eval(reduce_sum(x)); }),
            "eval: the input 'x' of shape [2,3] and dtype f32 has no data (compile the graph to a "
            "function and call that with data)");
  EXPECT_EQ(error_of([&] { static_cast<void>(compile({x}, {x + y})); }),
            "compile: the graph reads the input 'y' of shape [2,3], which is not among the inputs "
            "given");
  EXPECT_EQ(error_of([&] { static_cast<void>(compile({x, x}, {x})); }),
            "compile: input 1 is given twice");
  EXPECT_EQ(error_of([&] { static_cast<void>(compile({constant(1.0f)}, {x})); }),
            "compile: input 0 is a constant (make inputs with tsum::input)");
  EXPECT_EQ(error_of([&] { static_cast<void>(compile({y}, {reshape(y, {6}) + 1.0f})); }),
            "compile: the graph reshapes a tensor whose strides cannot express that, so that each "
            "call would copy it (give the inputs row-major strides)");
  EXPECT_EQ(error_of([] { static_cast<void>(input(DType::f32, {2}, {6})); }),
            "input: strides [6] are no multiples of 4, the element size of f32");
  EXPECT_EQ(error_of([] { static_cast<void>(input(DType::f32, {2}, {4, 4})); }),
            "input: 2 strides given for shape [2] of rank 1 (one per dimension, in bytes)");
}

TEST(Jit, TracesOncePerKindOfInput) {
  int traced = 0;
  auto norms = jit([&](const Tensor &x) {
    ++traced;
    return sqrt(reduce_sum(square(x), 1));
  });
  Tensor x = sample_tensor(DType::f32, {4, 9});
  Tensor transposed = sample_tensor(DType::f32, {4, 9}, layouts[2]);
  for (int call = 0; call < 3; ++call)
    for (const Tensor &data : {x, transposed}) {
      Tensor expected = sqrt(reduce_sum(square(data), 1));
      EXPECT_EQ(norms(data).to_vector<float>(), expected.to_vector<float>());
    }
  EXPECT_EQ(traced, 2);
  static_cast<void>(norms(sample_tensor(DType::f64, {4, 9})));
  EXPECT_EQ(norms.trace_count(), 3);
}

TEST(Jit, TakesSeveralTensorsAndReturnsSeveral) {
  auto both = jit([](const Tensor &x, const Tensor &y) { return std::vector{x + y, x * y}; });
  std::vector<Tensor> results = both(constant({1, 2}), constant({3, 4}));
  EXPECT_EQ(results[0].to_vector<std::int32_t>(), (std::vector<std::int32_t>{4, 6}));
  EXPECT_EQ(results[1].to_vector<std::int32_t>(), (std::vector<std::int32_t>{3, 8}));
  EXPECT_EQ(error_of([&] { static_cast<void>(both(constant(1))); }),
            "call: 1 inputs given to a function with 2");
}

TEST(Jit, CopiesWhatItCannotReadInPlace) {
  auto sum = jit([](const Tensor &x) { return reduce_sum(x); });
  std::array<unsigned char, 9> bytes{};
  const float value = 2.5f;
  std::memcpy(bytes.data() + 1, &value, 4);
  std::memcpy(bytes.data() + 5, &value, 4);
  EXPECT_EQ(sum(borrow(bytes.data() + 1, DType::f32, {2})).item<float>(), 5.0f);
}

TEST(Jit, WarnsOnceOfManyKinds) {
  auto sum = jit([](std::span<const Tensor> x) { return reduce_sum(x[0]); });
  std::vector<float> values(100, 1.0f);
  testing::internal::CaptureStderr();
  for (std::int64_t n = 1; n <= 70; ++n)
    EXPECT_EQ(sum(borrow(values.data(), {n})).item<float>(), static_cast<float>(n));
  const std::string text = testing::internal::GetCapturedStderr();
  const std::string warning = "a jitted function was traced for more than 64 kinds of inputs";
  ASSERT_NE(text.find(warning), std::string::npos) << text;
  EXPECT_EQ(text.find(warning), text.rfind(warning));
}

} // namespace
