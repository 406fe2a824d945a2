// SPDX-License-Identifier: Apache-2.0
#include <tsum/tsum.h>

#include <iostream>
#include <vector>

using tsum::Tensor;

/// The mean of the squared errors of a linear model.
static Tensor loss(const Tensor &w, const Tensor &x, const Tensor &y) {
  return reduce_mean(square(reduce_sum(x * w, 1) - y));
}

int main() {
  Tensor x = tsum::constant({{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}});
  Tensor y = tsum::constant({1.0, 2.0, 3.0});

  // A step of gradient descent, compiled once.
  Tensor w = tsum::input(tsum::DType::f64, {2});
  Tensor value = loss(w, x, y);
  tsum::Function step = tsum::compile({w}, {value, w - 0.02 * gradients(value, {w})[0]});
  Tensor weights = tsum::constant({0.0, 0.0});
  for (int i = 0; i < 200; ++i) {
    std::vector<Tensor> results = step({weights});
    weights = results[1];
    if (i % 100 == 0)
      std::cout << "loss " << results[0].item<double>() << '\n';
  }

  // Values looked at on the way: a tape keeps the graph behind them.
  tsum::GradientTape tape;
  tape.watch(weights);
  Tensor now = loss(weights, x, y);
  std::cout << "loss " << now.item<double>() << ", gradient " << *tape.gradient(now, {weights})[0]
            << '\n';
}
