// SPDX-License-Identifier: Apache-2.0
//
// Speed of sums, of calls and of compilation; `tsum-bench --help` lists Google Benchmark's options.

#include <tsum/tsum.h>

#include <benchmark/benchmark.h>

#include <string>

using tsum::Tensor;

namespace {

/// A tensor of pseudorandom values in [-1, 1).
template <class T> Tensor filled(tsum::Shape shape) {
  std::size_t size = 1;
  for (std::int64_t extent : shape)
    size *= static_cast<std::size_t>(extent);
  std::vector<T> values(size);
  std::uint32_t state = 1;
  for (T &value : values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<T>(static_cast<std::int32_t>(state) * (1.0 / 2147483648.0));
  }
  return tsum::constant(std::span<const T>(values), std::move(shape));
}

/// Graph building, cache look-up and kernel included, on one thread.
template <class Build> void evaluate(benchmark::State &state, std::int64_t bytes, Build build) {
  for (auto _ : state)
    eval(build());
  state.SetBytesProcessed(state.iterations() * bytes);
}

template <class T> void sum(benchmark::State &state, tsum::Shape shape, tsum::Axes axes) {
  Tensor x = filled<T>(std::move(shape));
  evaluate(state, x.size() * static_cast<std::int64_t>(sizeof(T)),
           [&] { return reduce_sum(x, axes); });
}

/// What memory gives: the data read once, with nothing to do but an exclusive or.
void streaming_read(benchmark::State &state, std::int64_t bytes) {
  typedef std::uint64_t Line __attribute__((vector_size(64)));
  Tensor x = filled<float>({bytes / 4 + 16});
  auto address = reinterpret_cast<std::uintptr_t>(x.bytes());
  auto *lines = reinterpret_cast<const Line *>((address + 63) / 64 * 64);
  for (auto _ : state) {
    Line sums[4] = {};
    for (std::int64_t i = 0; i < bytes / 64; i += 4)
      for (std::int64_t k = 0; k < 4; ++k)
        sums[k] ^= lines[i + k];
    benchmark::DoNotOptimize(sums);
  }
  state.SetBytesProcessed(state.iterations() * bytes);
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

void sum_squares_and_max(benchmark::State &state, tsum::Shape shape, tsum::Axes axes,
                         Together together) {
  Tensor x = filled<float>(std::move(shape));
  several(state, x, together, [&] {
    return std::vector{reduce_sum(x, axes), reduce_sum(square(x), axes), reduce_max(x, axes)};
  });
}

void moments_of_rows(benchmark::State &state, Together together) {
  Tensor x = filled<float>({1024, 4096});
  several(state, x, together, [&] {
    auto [mean, variance] = moments(x, 1);
    return std::vector{mean, variance};
  });
}

/// The sums of the real and the imaginary parts, which complex sums are made of.
void sums_of_parts(benchmark::State &state, tsum::Axes axes, Together together) {
  Tensor memory = filled<float>({1024, 4096});
  Tensor x = tsum::borrow(memory.bytes(), tsum::DType::complex64, {1024, 2048}, {}, memory.node());
  several(state, x, together,
          [&] { return std::vector{reduce_sum(real(x), axes), reduce_sum(imag(x), axes)}; });
}

void squared_difference(benchmark::State &state) {
  Tensor a = filled<float>({1024, 4096}), b = filled<float>({1024, 4096});
  evaluate(state, 2 * 4 * a.size(), [&] { return reduce_sum((a - b) * (a - b), 1); });
}

/// One compilation after another, each of a shape not seen before.
void compile(benchmark::State &state) {
  static std::int64_t columns = 100;
  auto before = tsum::cache_stats();
  for (auto _ : state) {
    Tensor x = filled<float>({3, ++columns});
    eval(reduce_sum(x, columns % 2));
  }
  auto after = tsum::cache_stats();
  state.counters["compile_ms"] =
      std::chrono::duration<double, std::milli>(after.compile_time - before.compile_time).count() /
      static_cast<double>(after.misses - before.misses);
}

/// Registers `function` with one thread, and with as many as there are.
template <class Function, class... Arguments>
void add(const std::string &name, Function function, Arguments... arguments) {
  for (std::int64_t threads : {1, 0})
    benchmark::RegisterBenchmark((name + (threads ? "/1 thread" : "/all threads")).c_str(),
                                 [=](benchmark::State &state) {
                                   tsum::set_threads(threads);
                                   function(state, arguments...);
                                 });
}

} // namespace

int main(int argc, char **argv) {
  using tsum::Axes, tsum::Shape;
  benchmark::RegisterBenchmark("streaming read/16MB/1 thread", streaming_read, 16 << 20);
  add("sum/f32/1024x4096/rows", sum<float>, Shape{1024, 4096}, Axes(1));
  add("sum/f32/1024x4096/cols", sum<float>, Shape{1024, 4096}, Axes(0));
  add("sum/f32/1024x4096/all", sum<float>, Shape{1024, 4096}, tsum::all_axes);
  add("sum/f32/64x128x256/mid", sum<float>, Shape{64, 128, 256}, Axes(1));
  add("sum/f32/1048576x3/rows", sum<float>, Shape{1 << 20, 3}, Axes(1));
  add("sum/f32/1048576x3/cols", sum<float>, Shape{1 << 20, 3}, Axes(0));
  add("sum/f64/1024x2048/rows", sum<double>, Shape{1024, 2048}, Axes(1));
  add("sum/f64/1024x2048/cols", sum<double>, Shape{1024, 2048}, Axes(0));
  add("sum/i32/1024x4096/cols", sum<std::int32_t>, Shape{1024, 4096}, Axes(0));
  add("sum/u8/16M/all", sum<std::uint8_t>, Shape{1 << 24}, tsum::all_axes);
  add("sum((a-b)*(a-b))/f32/1024x4096/rows", squared_difference);
  auto both = [](const std::string &name, auto function, auto... arguments) {
    add(name + "/one by one", function, arguments..., Together::No);
    add(name + "/together", function, arguments..., Together::Yes);
  };
  both("sum, squares, max/1024x4096/rows", sum_squares_and_max, Shape{1024, 4096}, Axes(1));
  both("sum, squares, max/1024x4096/cols", sum_squares_and_max, Shape{1024, 4096}, Axes(0));
  both("sum, squares, max/16M/all", sum_squares_and_max, Shape{1 << 24}, tsum::all_axes);
  both("moments/1024x4096/rows", moments_of_rows);
  both("parts of complex64/1024x2048/rows", sums_of_parts, Axes(1));
  both("parts of complex64/1024x2048/cols", sums_of_parts, Axes(0));
  add("call/f32/8x8/all", sum<float>, Shape{8, 8}, tsum::all_axes);
  benchmark::RegisterBenchmark("compile/f32", compile)
      ->Unit(benchmark::kMillisecond)
      ->Iterations(50);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv))
    return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
