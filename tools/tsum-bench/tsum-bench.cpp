// SPDX-License-Identifier: Apache-2.0
//
// Measures prepared C++ functions and Eigen, as worker.py does peers that are called from Python:
// bench.py runs it, with requests on stdin and replies on stdout.
//
//   prepare SYSTEM CASE      -> ok SECONDS      what the first call took, or
//                               error REASON
//   run SYSTEM SECONDS       -> times T...      seconds per call, for about that long

#include "Case.h"

#include <tsum/tsum.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <sys/mman.h>

using namespace bench;
using tsum::DType, tsum::Shape, tsum::Tensor;

namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

DType parse_dtype(const std::string &name) {
  if (name == "float32")
    return DType::f32;
  if (name == "float64")
    return DType::f64;
  if (name == "float16")
    return DType::f16;
  if (name == "int32")
    return DType::i32;
  if (name == "int8")
    return DType::i8;
  throw std::invalid_argument("unknown dtype " + name);
}

std::vector<std::int64_t> parse_numbers(std::string text) {
  std::replace_if(text.begin(), text.end(), [](char c) { return c == 'x' || c == ','; }, ' ');
  std::istringstream stream(text);
  return {std::istream_iterator<std::int64_t>(stream), {}};
}

Case parse_case(std::istream &line) {
  std::string op, dtype, shape, axes, layout;
  if (!(line >> op >> dtype >> shape >> axes >> layout) || layout != "C")
    throw std::invalid_argument("a case is: OP DTYPE SHAPE AXES C");
  constexpr std::string_view exact = "exact_";
  const bool is_exact = op.starts_with(exact);
  return {is_exact ? op.substr(exact.size()) : op, parse_dtype(dtype), parse_numbers(shape),
          parse_numbers(axes), is_exact ? tsum::Accuracy::exact : tsum::Accuracy::standard};
}

/// Memory as NumPy has it: on huge pages where it is large.
std::shared_ptr<void> allocate(std::int64_t bytes) {
  constexpr std::size_t huge_page = 2 << 20;
  const std::size_t alignment = static_cast<std::size_t>(bytes) < huge_page ? 64 : huge_page;
  const std::size_t size = (static_cast<std::size_t>(bytes) + alignment) / alignment * alignment;
  std::shared_ptr<void> memory(std::aligned_alloc(alignment, size), std::free);
  if (!memory)
    throw std::bad_alloc();
  ::madvise(memory.get(), size, MADV_HUGEPAGE);
  std::memset(memory.get(), 0, size);
  return memory;
}

std::int64_t elements(const Shape &shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

/// Pseudorandom values: floats in [-1, 1), integers in [0, 100).
std::shared_ptr<void> random_data(const Case &which, std::uint32_t seed) {
  const std::int64_t size = elements(which.shape);
  std::vector<float> values(static_cast<std::size_t>(size));
  for (float &value : values) {
    seed = seed * 1664525u + 1013904223u;
    value = static_cast<float>(static_cast<std::int32_t>(seed)) * 0x1p-31f;
  }
  Tensor x = tsum::borrow(values.data(), {size});
  x = cast(kind_of(which.dtype) == tsum::DTypeKind::Float ? x : x * 50.0f + 50.0f, which.dtype);
  const std::int64_t bytes = size * size_of(which.dtype);
  std::shared_ptr<void> memory = allocate(bytes);
  std::memcpy(memory.get(), x.bytes(), static_cast<std::size_t>(bytes));
  return memory;
}

Tensor build(const Case &which, const Tensor &x, const Tensor &y) {
  const tsum::AccuracyScope scope(which.accuracy);
  if (which.op == "sum")
    return reduce_sum(x, which.axes);
  if (which.op == "sqdiff")
    return reduce_sum(square(x - y), which.axes);
  if (which.op == "dot")
    return reduce_sum(x * y, which.axes);
  if (which.op == "softmax")
    return softmax(x, which.axes);
  if (which.op == "logsumexp")
    return reduce_logsumexp(x, which.axes);
  if (which.op == "variance")
    return reduce_variance(x, which.axes);
  if (which.op == "layer_norm")
    return layer_norm(x, {}, {}, which.axes);
  throw std::invalid_argument("unknown operation " + which.op);
}

/// The data of the current case, and the calls that compute it.
class Worker {
public:
  /// What the first call takes.
  double prepare(const std::string &system, const std::string &line) {
    if (line != current_line)
      load(line);
    Call call;
    if (system == "tsum/C++") {
      call = [this] { (*function)(inputs, std::array{output.get()}); };
    } else if (system == "tsum/C++/1") {
      call = [this] {
        tsum::set_threads(1);
        (*function)(inputs, std::array{output.get()});
        tsum::set_threads(0);
      };
    } else if (system == "eigen") {
      call = prepare_eigen(which, inputs, output.get());
      if (!call)
        throw std::invalid_argument("not for Eigen's matrices");
    } else {
      throw std::invalid_argument("unknown system " + system);
    }
    // NaN, or a number that is hardly the result.
    const auto bytes = static_cast<std::size_t>(elements(output_shape) * size_of(which.dtype));
    std::memset(output.get(), 0xff, bytes);
    const auto start = Clock::now();
    call();
    const double time = seconds_since(start);
    check(system);
    calls[system] = std::move(call);
    return time;
  }

  /// Seconds per call, several times over about `seconds`, after two calls that do not count.
  std::vector<double> run(const std::string &system, double seconds) const {
    const auto found = calls.find(system);
    if (found == calls.end())
      throw std::invalid_argument(system + " has not been prepared");
    const Call &call = found->second;
    call();
    auto start = Clock::now();
    call();
    // The clock is read for what takes some time.
    const auto batch = std::max(1L, std::lround(50e-6 / std::max(seconds_since(start), 1e-9)));
    std::vector<double> times;
    for (const auto begin = Clock::now(); times.size() < 3 || seconds_since(begin) < seconds;) {
      start = Clock::now();
      for (std::int64_t n = 0; n < batch; ++n)
        call();
      times.push_back(seconds_since(start) / static_cast<double>(batch));
    }
    return times;
  }

private:
  void load(const std::string &line) {
    current_line.clear(); // in case of an exception
    calls.clear();
    data.clear();
    inputs.clear();
    std::istringstream stream(line);
    which = parse_case(stream);
    std::vector<Tensor> placeholders;
    for (std::size_t n = 0; n < which.operands(); ++n) {
      data.push_back(random_data(which, static_cast<std::uint32_t>(n + 1)));
      inputs.push_back(data.back().get());
      placeholders.push_back(tsum::input(which.dtype, which.shape));
    }
    function.emplace(compile(placeholders,
                             std::vector{build(which, placeholders.front(), placeholders.back())}));
    output_shape = function->outputs().front().shape;
    output = allocate(elements(output_shape) * size_of(which.dtype));
    expected = allocate(elements(output_shape) * size_of(which.dtype));
    (*function)(inputs, std::array{expected.get()});
    current_line = line;
  }

  /// Throws unless `output` is what tsum computed, but for roundings.
  void check(const std::string &system) const {
    const auto values = [&](const std::shared_ptr<void> &memory) {
      return cast(tsum::borrow(memory.get(), which.dtype, output_shape), DType::f64);
    };
    const Tensor x = values(output), y = values(expected);
    const Tensor error = reduce_max(abs(x - y) / (abs(y) + 1.0));
    if (!(error.item<double>() < 1e-3))
      throw std::runtime_error(system + " computes something else");
  }

  std::string current_line;
  Case which;
  std::vector<std::shared_ptr<void>> data;
  std::vector<const void *> inputs;
  Shape output_shape;
  std::shared_ptr<void> output, expected;
  std::optional<tsum::Function> function;
  std::map<std::string, Call> calls;
};

std::string answer(Worker &worker, const std::string &request) {
  std::istringstream words(request);
  std::string word, system, rest;
  words >> word >> system >> std::ws;
  std::getline(words, rest);
  std::ostringstream reply;
  if (word == "prepare") {
    reply << "ok " << worker.prepare(system, rest);
  } else if (word == "run") {
    reply << "times";
    for (double time : worker.run(system, std::stod(rest)))
      reply << ' ' << time;
  } else {
    throw std::invalid_argument("unknown request " + word);
  }
  return reply.str();
}

} // namespace

int main() {
  Worker worker;
  std::cout << "ready\n" << std::flush;
  for (std::string request; std::getline(std::cin, request);) {
    std::string reply;
    try {
      reply = answer(worker, request);
    } catch (const std::exception &error) {
      reply = std::string("error ") + error.what();
    }
    std::cout << reply << '\n' << std::flush;
  }
  return 0;
}
