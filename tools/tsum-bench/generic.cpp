// SPDX-License-Identifier: Apache-2.0
//
// How much longer generic code takes than compiled code: for each expression and shape of f32 the
// least time of many runs of the one divided by that of the other, in turns, on one thread. Prints
// a table in Markdown; `--times` the microseconds of both. Arguments are parts of expressions'
// names and shapes ("softmax", "[1024,1024]"): what has none of them is left out.

#include "Measure.h"

#include "Runtime/Threads.h"

#include "tsum/Canonical/CanonicalGraph.h"
#include "tsum/Interpreter/Interpreter.h"
#include "tsum/JIT/Compiler.h"
#include "tsum/JIT/Loader.h"
#include "tsum/tsum.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

using namespace tsum;

namespace {

using Clock = std::chrono::steady_clock;

Tensor variance(const Tensor &x) { return reduce_variance(x, 1); }

constexpr Expression expressions[] = {
    {"sum along rows", [](const Tensor &x) { return reduce_sum(x, 1); }},
    {"sum over rows", [](const Tensor &x) { return reduce_sum(x, 0); }},
    {"sum of all", [](const Tensor &x) { return reduce_sum(x); }},
    {"maximum along rows", [](const Tensor &x) { return reduce_max(x, 1); }},
    {"maximum over rows", [](const Tensor &x) { return reduce_max(x, 0); }},
    {"sum of squares along rows", [](const Tensor &x) { return reduce_sum(square(x), 1); }},
    {"sum of squares over rows", [](const Tensor &x) { return reduce_sum(square(x), 0); }},
    {"sum of magnitudes along rows", [](const Tensor &x) { return reduce_sum(abs(x), 1); }},
    {"variance along rows", variance},
    {"variance over rows", [](const Tensor &x) { return reduce_variance(x, 0); }},
    {"softmax along rows", [](const Tensor &x) { return softmax(x, 1); }},
    {"layer norm along rows",
     [](const Tensor &x) {
       Tensor centered = x - reduce_mean(x, 1, /*keepdims=*/true);
       return centered / sqrt(reduce_mean(square(centered), 1, /*keepdims=*/true) + 1e-5f);
     }},
    {"x * 2 + 1", [](const Tensor &x) { return x * 2.0f + 1.0f; }},
    {"exp(x)", [](const Tensor &x) { return exp(x); }},
    {"gelu(x)", [](const Tensor &x) { return x * sigmoid(x * 1.702f); }},
};

const Shape shapes[] = {{16, 16},    {128, 128},  {128, 1024},  {1024, 1024},
                        {1000, 100}, {30000, 28}, {1024, 16384}};

std::string text_of(std::span<const std::int64_t> shape) {
  return '[' + std::to_string(shape[0]) + ',' + std::to_string(shape[1]) + ']';
}

/// Memory of cache lines of its own.
class Memory {
public:
  explicit Memory(std::size_t bytes) : data(::operator new(bytes, alignment)), bytes(bytes) {
    std::memset(data, 0, bytes);
  }
  Memory(Memory &&other) noexcept : data(std::exchange(other.data, nullptr)), bytes(other.bytes) {}
  ~Memory() { ::operator delete(data, alignment); }

  static constexpr std::align_val_t alignment{4096};
  void *data;
  std::size_t bytes;
};

/// A program beside all that it reads and writes.
class Run {
public:
  Run(Program given, const std::vector<const void *> &arguments) : program(std::move(given)) {
    std::vector<const void *> values = arguments;
    for (const Program::Launch &launch : program.launches)
      for (std::int64_t bytes : launch.results) {
        made.emplace_back(static_cast<std::size_t>(bytes));
        values.push_back(made.back().data);
      }
    auto result = arguments.size();
    for (const Program::Launch &launch : program.launches) {
      std::vector<const void *> &own = buffers.emplace_back();
      for (std::int32_t input : launch.inputs)
        own.push_back(values[static_cast<std::size_t>(input)]);
      for (std::size_t n = 0; n < launch.results.size(); ++n)
        own.push_back(values[result++]);
    }
  }

  void operator()() const {
    for (std::size_t n = 0; n < program.launches.size(); ++n)
      run_tiles(program.launches[n], buffers[n].data());
  }

  [[nodiscard]] const Memory &output() const {
    return made[static_cast<std::size_t>(program.outputs.front() - program.arguments)];
  }

private:
  Program program;
  std::vector<Memory> made;
  std::vector<std::vector<const void *>> buffers;
};

/// Nanoseconds of a call, of `calls` of them.
double time(const Run &run, int calls) {
  const auto start = Clock::now();
  for (int n = 0; n < calls; ++n)
    run();
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count() / calls;
}

[[noreturn]] void fail(const std::string &what) {
  std::fprintf(stderr, "tsum-bench-generic: %s\n", what.c_str());
  std::exit(1);
}

struct Times {
  double generic, compiled;
};

/// Nothing where there is no generic code.
std::optional<Times> measure(const Expression &expression, const Tensor &x) {
  const Tensor result = expression.build(x);
  const std::vector<Node::Ptr> nodes{result.node()};
  const Canonicalized bound = canonicalize(nodes);
  std::vector<const void *> arguments;
  for (const Canonicalized::Argument &argument : bound.arguments)
    arguments.push_back(argument.data);

  std::optional<Program> program = interpret(bound.graph);
  if (!program)
    return std::nullopt;
  auto compiled = compile(bound.graph);
  if (compiled.index() != 0)
    fail(std::string("no code for ") + expression.name);
  auto loaded = load(std::move(std::get<Compilation>(compiled).image));
  const Run generic(std::move(*program), arguments),
      special(std::move(std::get<Program>(loaded)), arguments);
  generic();
  special();
  if (std::memcmp(generic.output().data, special.output().data, special.output().bytes) != 0)
    fail(std::string("other bits in ") + expression.name + " of " + text_of(x.shape()));

  constexpr double nanoseconds = 1e6; // of the calls that are timed together
  constexpr int rounds = 11;
  const int calls = static_cast<int>(std::clamp(nanoseconds / time(special, 1), 1.0, 10'000.0));
  Times least{1e18, 1e18};
  for (int round = 0; round < rounds; ++round) {
    least.generic = std::min(least.generic, time(generic, calls));
    least.compiled = std::min(least.compiled, time(special, calls));
  }
  return least;
}

} // namespace

int main(int argc, char **argv) {
  bool with_times = false;
  std::vector<std::string> wanted;
  for (int n = 1; n < argc; ++n)
    if (std::string(argv[n]) == "--times")
      with_times = true;
    else if (argv[n][0] == '-')
      fail("usage: tsum-bench-generic [--times] [PART OF A NAME | SHAPE]...");
    else
      wanted.emplace_back(argv[n]);
  // Of names and of shapes, those that are asked for; all, if none is.
  auto is_wanted = [&](const std::string &text) {
    bool is_alone = true;
    for (const std::string &part : wanted)
      if ((part[0] == '[') == (text[0] == '[')) {
        is_alone = false;
        if (text.find(part) != std::string::npos)
          return true;
      }
    return is_alone;
  };
  set_threads(1);

  std::vector<Tensor> data;
  std::string head = "|", line = "|---";
  for (const Shape &shape : shapes) {
    if (!is_wanted(text_of(shape)))
      continue;
    std::vector<float> values(static_cast<std::size_t>(shape[0] * shape[1]));
    std::uint32_t state = 1;
    for (float &value : values) {
      state = state * 1664525u + 1013904223u;
      value = static_cast<float>(static_cast<std::int32_t>(state) * (1.0 / 2147483648.0));
    }
    data.push_back(constant(std::span<const float>(values), shape));
    head += " | " + text_of(shape);
    line += "|---";
  }
  std::printf("%s |\n%s|\n", head.c_str(), line.c_str());
  for (const Expression &expression : expressions) {
    if (!is_wanted(expression.name))
      continue;
    std::printf("| %s", expression.name);
    for (const Tensor &x : data) {
      const std::optional<Times> times = measure(expression, x);
      std::printf(" | ");
      if (times)
        std::printf("%.2f", times->generic / times->compiled);
      if (times && with_times)
        std::printf(" (%.2f : %.2f us)", times->generic * 1e-3, times->compiled * 1e-3);
      std::fflush(stdout);
    }
    std::printf(" |\n");
  }
  return 0;
}
