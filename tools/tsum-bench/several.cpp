// SPDX-License-Identifier: Apache-2.0
//
// Several results of the same data, evaluated together and one by one; `tools/dev bench several
// --help` lists Google Benchmark's options.

#include <tsum/tsum.h>

#include <benchmark/benchmark.h>

#include <string>

using tsum::Tensor;

namespace {

/// A tensor of pseudorandom values in [-1, 1).
Tensor filled(tsum::Shape shape) {
  std::size_t size = 1;
  for (std::int64_t extent : shape)
    size *= static_cast<std::size_t>(extent);
  std::vector<float> values(size);
  std::uint32_t state = 1;
  for (float &value : values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(static_cast<std::int32_t>(state) * (1.0 / 2147483648.0));
  }
  return tsum::constant(std::span<const float>(values), std::move(shape));
}

/// How several results are asked for.
enum class Together { No, Yes };

/// Several results of one tensor, by one evaluation or by one for each.
template <class Build>
void several(benchmark::State &state, const Tensor &x, Together together, Build build) {
  for (auto _ : state) {
    std::vector<Tensor> results = build();
    if (together == Together::Yes)
      eval(results);
    else
      for (const Tensor &result : results)
        eval(result);
  }
  state.SetBytesProcessed(state.iterations() * x.size() * size_of(x.dtype()));
}

void sum_squares_and_max(benchmark::State &state, tsum::Shape shape, const tsum::Axes &axes,
                         Together together) {
  Tensor x = filled(std::move(shape));
  several(state, x, together, [&] {
    return std::vector{reduce_sum(x, axes), reduce_sum(square(x), axes), reduce_max(x, axes)};
  });
}

void moments_of_rows(benchmark::State &state, Together together) {
  Tensor x = filled({1024, 4096});
  several(state, x, together, [&] {
    auto [mean, variance] = moments(x, 1);
    return std::vector{mean, variance};
  });
}

/// The sums of the real and the imaginary parts, which complex sums are made of.
void sums_of_parts(benchmark::State &state, const tsum::Axes &axes, Together together) {
  Tensor memory = filled({1024, 4096});
  Tensor x = tsum::borrow(memory.bytes(), tsum::DType::complex64, {1024, 2048}, {}, memory.node());
  several(state, x, together,
          [&] { return std::vector{reduce_sum(real(x), axes), reduce_sum(imag(x), axes)}; });
}

/// Registers `function` with one thread, and with as many as there are.
template <class Function, class... Arguments>
void add(const std::string &name, Function function, const Arguments &...arguments) {
  for (std::int64_t threads : {1, 0})
    benchmark::RegisterBenchmark((name + (threads ? "/1 thread" : "/all threads")).c_str(),
                                 [=](benchmark::State &state) {
                                   tsum::set_threads(threads);
                                   function(state, arguments...);
                                 });
}

} // namespace

int main(int argc, char **argv) {
  set_specialize(tsum::Specialize::always);
  using tsum::Axes, tsum::Shape;
  auto both = [](const std::string &name, auto function, const auto &...arguments) {
    add(name + "/one by one", function, arguments..., Together::No);
    add(name + "/together", function, arguments..., Together::Yes);
  };
  both("sum, squares, max/1024x4096/rows", sum_squares_and_max, Shape{1024, 4096}, Axes(1));
  both("sum, squares, max/1024x4096/cols", sum_squares_and_max, Shape{1024, 4096}, Axes(0));
  both("sum, squares, max/16M/all", sum_squares_and_max, Shape{1 << 24}, tsum::all_axes);
  both("moments/1024x4096/rows", moments_of_rows);
  both("parts of complex64/1024x2048/rows", sums_of_parts, Axes(1));
  both("parts of complex64/1024x2048/cols", sums_of_parts, Axes(0));
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv))
    return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
