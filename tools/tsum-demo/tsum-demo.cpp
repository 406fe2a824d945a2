// SPDX-License-Identifier: Apache-2.0
//
// tsum in three pages: the five sums of TensorFlow's documentation, then the mean and the variance
// of 1797 handwritten digits, then a model that learns to read them. Copy what you need.
//
//   tsum-demo DIRECTORY    where digits.npy and digits_labels.npy are: test/data

#include <tsum/npy.h>
#include <tsum/tsum.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <iomanip>
#include <iostream>

using tsum::Tensor;

namespace {

using Clock = std::chrono::steady_clock;

double milliseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

void tensorflow_examples() {
  std::cout << "The examples of tf.math.reduce_sum\n\n";
  Tensor x = tsum::constant({{1, 1, 1}, {1, 1, 1}});
  std::cout << "x                           " << x << '\n'
            << "reduce_sum(x)               " << reduce_sum(x) << '\n'
            << "reduce_sum(x, 0)            " << reduce_sum(x, 0) << '\n'
            << "reduce_sum(x, 1)            " << reduce_sum(x, 1) << '\n'
            << "reduce_sum(x, 1, keepdims)  " << reduce_sum(x, 1, /*keepdims=*/true) << '\n'
            << "reduce_sum(x, {0, 1})       " << reduce_sum(x, {0, 1}) << "\n\n";
}

/// For each label 0 to 9 a row that is 1 where an image has it and 0 elsewhere: [10, images, 1, 1].
Tensor membership(const Tensor &labels) {
  auto label = labels.data<std::uint8_t>();
  std::vector<float> members(10 * label.size());
  for (std::size_t image = 0; image < label.size(); ++image)
    members.at(label[image] * label.size() + image) = 1;
  return tsum::constant(std::span<const float>(members), {10, labels.size(), 1, 1}, "members");
}

struct Moments {
  Tensor mean;     // [10, 1, 8, 8]
  Tensor variance; // [10, 1, 8, 8]
};

/// The mean and the variance of the images of each digit. Nothing is computed here: this builds a
/// graph, whose sums the compiler fuses with all that they read. No tensor of 10 x images x 8 x 8
/// ever exists.
Moments moments(const Tensor &images, const Tensor &members) {
  Tensor x = cast(images, tsum::DType::f32);                // [images, 8, 8]
  Tensor count = reduce_sum(members, 1, /*keepdims=*/true); // [10, 1, 1, 1]
  Tensor mean = reduce_sum(members * x, 1, /*keepdims=*/true) / count;
  Tensor variance = reduce_sum(members * square(x - mean), 1, /*keepdims=*/true) / count;
  return {mean, variance};
}

/// Ten 8x8 images side by side, darker where the value is larger.
void draw(const Tensor &images) {
  constexpr std::string_view shades = " .:-=+*#%@";
  auto value = images.data<float>();
  const float largest = *std::max_element(value.begin(), value.end());
  for (std::size_t row = 0; row < 8; ++row) {
    for (std::size_t image = 0; image < 10; ++image) {
      for (std::size_t column = 0; column < 8; ++column) {
        float part = value[image * 64 + row * 8 + column] / largest;
        std::cout << shades[std::min<std::size_t>(9, static_cast<std::size_t>(part * 10))];
      }
      std::cout << ' ';
    }
    std::cout << '\n';
  }
  std::cout << '\n';
}

void digits(const std::filesystem::path &directory) {
  Tensor images = tsum::load_npy(directory / "digits.npy", "images");
  Tensor members = membership(tsum::load_npy(directory / "digits_labels.npy", "labels"));

  Moments first = moments(images, members);
  std::cout
      << "Handwritten digits: 1797 images of 8 x 8\n\nThe graph of the mean of each digit:\n\n"
      << graph_to_string(first.mean) << '\n';

  tsum::CacheStats before = tsum::cache_stats();
  auto start = Clock::now();
  eval(first.mean, first.variance);
  auto first_call = Clock::now() - start;
  auto compile = tsum::cache_stats().compile_time - before.compile_time;

  // The same graph again, on the same shapes: found in the cache, run.
  Moments second = moments(images, members);
  start = Clock::now();
  eval(second.mean, second.variance);
  auto second_call = Clock::now() - start;

  std::cout << "The mean of each digit:\n\n";
  draw(first.mean);
  std::cout << "The variance of each digit:\n\n";
  draw(first.variance);

  tsum::CacheStats stats = tsum::cache_stats();
  std::cout << std::fixed << std::setprecision(2)                                               //
            << "first call    " << std::setw(8) << milliseconds(first_call) << " ms, of which " //
            << milliseconds(compile) << " ms to compile\n"
            << "next call     " << std::setw(8) << milliseconds(second_call) << " ms\n"
            << "kernel cache  " << stats.entries << " entries, " << stats.hits << " hits, "
            << stats.misses << " misses, " << milliseconds(stats.compile_time)
            << " ms compiling in all\n";
}

//===-- Learning to read the digits -----------------------------------------------------------===//

/// The mean over all images of -log of the probability that the model gives to their label:
/// multinomial regression. `x` are the pixels, [images, 64], `is_label` [images, 10].
Tensor cross_entropy(const Tensor &weights, const Tensor &bias, const Tensor &x,
                     const Tensor &is_label) {
  Tensor logits = reduce_sum(expand_dims(x, 2) * weights, 1) + bias; // [images, 10]
  return -reduce_mean(reduce_sum(is_label * log_softmax(logits), 1));
}

void regression(const std::filesystem::path &directory) {
  Tensor images = tsum::load_npy(directory / "digits.npy", "images");
  Tensor x = reshape(cast(images, tsum::DType::f32) / 16, {images.shape()[0], 64});
  Tensor labels = cast(tsum::load_npy(directory / "digits_labels.npy"), tsum::DType::i64);
  Tensor digits = tsum::constant<std::int64_t>({0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  Tensor is_label = cast(equal(expand_dims(labels, 1), digits), tsum::DType::f32);
  eval(x, is_label, labels);
  // Evaluated, and constants to the gradient.
  x = stop_gradient(x), is_label = stop_gradient(is_label);

  // One step of gradient descent, compiled once: the loss, its gradient and the update.
  Tensor weights = tsum::input(tsum::DType::f32, {64, 10}, {}, "weights");
  Tensor bias = tsum::input(tsum::DType::f32, {10}, {}, "bias");
  Tensor loss = cross_entropy(weights, bias, x, is_label);
  std::vector<Tensor> by = gradients(loss, {weights, bias});
  tsum::Function step =
      tsum::compile({weights, bias}, {loss, weights - by[0] * 0.5, bias - by[1] * 0.5});

  constexpr int steps = 50;
  std::vector<Tensor> state = {
      tsum::constant(std::span<const float>(std::vector<float>(640)), {64, 10}),
      tsum::constant(std::span<const float>(std::vector<float>(10)), {10})};
  std::cout << "\nMultinomial regression on the digits, " << steps << " steps:\n\n";
  auto start = Clock::now();
  for (int n = 0; n <= steps; ++n) {
    std::vector<Tensor> results = step({state[0], state[1]});
    if (n % 10 == 0)
      std::cout << "loss after " << std::setw(2) << n << " steps  " << std::setprecision(4)
                << results[0].item<float>() << '\n';
    if (n < steps)
      state = {results[1], results[2]};
  }
  const double time = milliseconds(Clock::now() - start) / (steps + 1);

  Tensor logits = reduce_sum(expand_dims(x, 2) * state[0], 1) + state[1];
  Tensor is_right = cast(equal(argmax(logits, 1), labels), tsum::DType::f64);
  std::cout << "read right           " << std::setprecision(1)
            << 100 * reduce_mean(is_right).item<double>() << "%\n"
            << "a step               " << std::setprecision(2) << time << " ms\n";
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 2) {
    std::cerr << "usage: tsum-demo DIRECTORY    where digits.npy and digits_labels.npy are\n";
    return 2;
  }
  try {
    tensorflow_examples();
    digits(argv[1]);
    regression(argv[1]);
  } catch (const tsum::Error &error) {
    std::cerr << "tsum-demo: " << error.what() << '\n';
    return 1;
  }
  if (!std::cout.flush()) {
    std::cerr << "tsum-demo: the output cannot be written\n";
    return 1;
  }
  return 0;
}
