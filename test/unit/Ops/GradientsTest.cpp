// SPDX-License-Identifier: Apache-2.0
//
// Gradients where functions have kinks, of what is empty, of higher order, by tapes; and what is
// refused.
#include "Slopes.h"

#include <thread>

namespace tsum::test {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsNan;

//===-- Kinks and edges -----------------------------------------------------------------------===//

TEST(GradientsAtKinks, AreTensorFlows) {
  const Tensor zero = constant({0.0, -0.0});
  EXPECT_THAT(slope(abs(zero), zero), ElementsAre(0, 0));
  EXPECT_THAT(slope(relu(zero), zero), ElementsAre(0, 0));
  EXPECT_THAT(slope(sqrt(zero), zero), ElementsAre(inf, -inf));
  EXPECT_THAT(slope(sign(zero), zero), ElementsAre(0, 0));
  EXPECT_THAT(slope(floor(zero + 0.5), zero), ElementsAre(0, 0));
  EXPECT_THAT(slope(reduce_euclidean_norm(zero), zero), ElementsAre(IsNan(), IsNan()));
  const Tensor x = constant({1.0, 2.0, 3.0}), y = constant({1.0, 3.0, 2.0});
  EXPECT_THAT(slope(maximum(x, y), x), ElementsAre(1, 0, 1));
  EXPECT_THAT(slope(maximum(x, y), y), ElementsAre(0, 1, 0));
  EXPECT_THAT(slope(minimum(x, y), x), ElementsAre(1, 1, 0));
  EXPECT_THAT(slope(minimum(x, y), y), ElementsAre(0, 0, 1));
  EXPECT_THAT(slope(clip_by_value(x, 1, 2), x), ElementsAre(1, 1, 0));
}

TEST(GradientsAtKinks, TiesOfTheLargestShareEqually) {
  const Tensor x = constant({{1.0, 4.0, 4.0}, {2.0, 2.0, 2.0}});
  EXPECT_THAT(slope(reduce_max(x, 1), x), ElementsAre(0, 0.5, 0.5, 1 / 3.0, 1 / 3.0, 1 / 3.0));
  EXPECT_THAT(slope(reduce_min(x), x), ElementsAre(1, 0, 0, 0, 0, 0));
  EXPECT_THAT(slope(reduce_max(constant({1.0, nan})), constant({1.0, nan})), ElementsAre(0, 0));
  const Tensor with_nan = constant({1.0, nan});
  EXPECT_THAT(slope(reduce_max(with_nan), with_nan), Each(IsNan()));
}

TEST(GradientsAtKinks, OfAComplexZeroAre0) {
  const Tensor z = complex(constant({0.0, 3.0}), constant({0.0, -4.0}));
  EXPECT_THAT(gradients(abs(z), {z})[0].to_vector<std::complex<double>>(),
              ElementsAre(std::complex<double>(0, 0), std::complex<double>(0.6, -0.8)));
}

TEST(GradientsAtKinks, PowersOfZero) {
  const Tensor x = constant({0.0, 0.0, 0.0, -2.0, -2.0}), y = constant({0.0, 1.0, 2.0, 2.0, 3.0});
  EXPECT_THAT(slope(pow(x, y), x), ElementsAre(IsNan(), 1, 0, -4, 12));
  EXPECT_THAT(slope(pow(x, y), y), Each(0.0));
}

/// As of 1 / z and 1 / z^2, whose squares are beyond f64.
TEST(GradientsOfInverseFunctions, OfLargeComplexNumbers) {
  const Tensor z = complex(constant({1e200}), constant({1e200}));
  auto expect_slope = [&](const Tensor &y, double re, double im) {
    const std::complex<double> found = gradients(y, {z})[0].to_vector<std::complex<double>>()[0];
    EXPECT_NEAR(found.real(), re, 1e-215);
    EXPECT_NEAR(found.imag(), im, 1e-215);
  };
  expect_slope(asin(z), 5e-201, -5e-201);
  expect_slope(acos(z), -5e-201, 5e-201);
  expect_slope(asinh(z), 5e-201, 5e-201);
  expect_slope(acosh(z), 5e-201, 5e-201);
  expect_slope(atan(z), 0, 0);
  expect_slope(atanh(z), 0, 0);
}

TEST(GradientsOfProducts, NeedNoDivision) {
  auto of = [](const Tensor &x) { return slope(reduce_prod(x), x); };
  EXPECT_THAT(of(constant({2.0, 0.0, 3.0})), ElementsAre(0, 6, 0));
  EXPECT_THAT(of(constant({0.0, 0.0, 3.0})), ElementsAre(0, 0, 0));
  EXPECT_THAT(of(constant({1e200, 1e200, 1e-300})), ElementsAre(1e-100, 1e-100, inf));
  EXPECT_THAT(of(constant({7.0})), ElementsAre(1));
  EXPECT_THAT(of(constant<double>(std::span<const double>(), Shape{0})), IsEmpty());
  // Two zeros have a second derivative.
  const Tensor x = constant({0.0, 0.0, 3.0});
  const Tensor first = gradients(reduce_prod(x), {x})[0];
  EXPECT_THAT(slope(slice(first, {{0, 1}}), x), ElementsAre(0, 3, 0));
  // f32 holds none of the products on the way.
  const Tensor narrow = constant({1e30F, 1e30F, 1e-30F, 1e-30F});
  EXPECT_THAT(gradients(reduce_prod(narrow), {narrow})[0].to_vector<float>(),
              ElementsAre(testing::FloatEq(1e-30F), testing::FloatEq(1e-30F),
                          testing::FloatEq(1e30F), testing::FloatEq(1e30F)));
  for (std::int64_t size : {2, 3, 4, 5, 16, 17, 33}) {
    const Tensor many = numbers({size}, 0.9, 1.1, 12);
    const double product = reduce_prod(many).item<double>();
    const std::vector<double> values = many.to_vector<double>(), found = of(many);
    for (std::size_t i = 0; i < values.size(); ++i)
      EXPECT_NEAR(found[i], product / values[i], 1e-14);
  }
}

TEST(GradientsOfChoices, StayFiniteWhereWhatIsNotTakenHasNone) {
  const Tensor x = constant({-1.0, 0.0, 4.0});
  const Tensor is_positive = greater(x, 0);
  EXPECT_THAT(slope(where(is_positive, sqrt(x), 0), x), ElementsAre(0, 0, 0.25));
  EXPECT_THAT(slope(where(is_positive, log(x), x), x), ElementsAre(1, 1, 0.25));
  EXPECT_THAT(slope(where(is_positive, 1 / x, 0), x), ElementsAre(0, 0, -1 / 16.0));
  EXPECT_THAT(slope(relu(sqrt(x) - 1), x), ElementsAre(0, 0, 0.25));
  EXPECT_THAT(slope(slice(sqrt(x), {{2}}), x), ElementsAre(0, 0, 0.25));
  EXPECT_THAT(slope(where(is_positive, exp(x * 1000), 1), x), ElementsAre(0, 0, inf));
  // The second derivative as well.
  const Tensor first = gradients(where(is_positive, sqrt(x), 0), {x})[0];
  EXPECT_THAT(slope(first, x), ElementsAre(0, 0, -1 / 32.0));
}

TEST(GradientsOfSums, TakeTheShapesOfTheirOperands) {
  const Tensor none = constant<double>(std::span<const double>(), Shape{0, 3});
  EXPECT_EQ(to_string(gradients(reduce_sum(none, 0), {none})[0].shape()), "[0,3]");
  EXPECT_THAT(slope(reduce_sum(none), none), IsEmpty());
  EXPECT_THAT(slope(reduce_mean(none, 1), none), IsEmpty());
  EXPECT_THAT(slope(reduce_max(none, 0), none), IsEmpty());
  EXPECT_THAT(slope(reduce_prod(none, 0), none), IsEmpty());
  const Tensor x = numbers({2, 3}, -1, 1, 13);
  for (const Axes &axes : {all_axes, Axes{}, Axes{0}, Axes{-1}, Axes{-2, 1}})
    for (bool keepdims : {false, true})
      EXPECT_THAT(slope(reduce_sum(x, axes, keepdims), x), Each(1.0));
  const Tensor rows = reduce_sum(x, 1), by_row = constant({2.0, 5.0});
  EXPECT_THAT(gradients(rows, {x}, by_row)[0].to_vector<double>(), ElementsAre(2, 2, 2, 5, 5, 5));
  EXPECT_THAT(gradients(rows, {x}, 3)[0].to_vector<double>(), Each(3.0));
  EXPECT_THAT(gradients(reduce_sum(x, 1, true), {x}, constant(4.0))[0].to_vector<double>(),
              Each(4.0));
}

TEST(GradientsOfSums, OfExactOnesAreThoseOfTheirValues) {
  const Tensor x = constant({1e16, 1.0, -1e16, 3.0});
  EXPECT_THAT(slope(reduce_mean(x, all_axes, {.accuracy = Accuracy::exact}), x), Each(0.25));
  const Tensor narrow = constant({1.0F, 2.0F});
  const Tensor wide =
      reduce_sum(narrow, all_axes, {.dtype = DType::f64, .accuracy = Accuracy::exact});
  EXPECT_THAT(gradients(wide, {narrow})[0].to_vector<float>(), ElementsAre(1, 1));
  // The sums that gradients need are exact where all are: of those of the bias, 1e16 + 1 - 1e16.
  const AccuracyScope exact(Accuracy::exact);
  const Tensor bias = constant(0.0);
  EXPECT_EQ(gradients((x + bias) * x, {bias})[0].item<double>(), 4);
}

TEST(Gradients, OfHigherOrder) {
  const Tensor x = constant({0.5, -1.0});
  Tensor derivative = sin(x * 2);
  for (int order = 0; order < 5; ++order)
    derivative = gradients(derivative, {x})[0];
  const auto values = derivative.to_vector<double>();
  EXPECT_NEAR(values[0], 32 * std::cos(1.0), 1e-12);
  EXPECT_NEAR(values[1], 32 * std::cos(-2.0), 1e-12);
  // x^T A x: the product of its second derivative and a vector.
  const Tensor a = constant({{1.0, 2.0}, {4.0, 8.0}}), v = constant({1.0, -1.0});
  const Tensor y = reduce_sum(expand_dims(x, 1) * a * expand_dims(x, 0));
  EXPECT_THAT(slope(reduce_sum(gradients(y, {x})[0] * v), x), ElementsAre(-4, -10));
  EXPECT_THAT(jvp(gradients(y, {x})[0], {x}, {v}).to_vector<double>(), ElementsAre(-4, -10));
}

TEST(Gradients, GoThroughWhateverIsOnTheWay) {
  const Tensor x = constant({1.0, 2.0});
  const Tensor squares = square(x), y = reduce_sum(squares * x);
  const std::vector<Tensor> by = gradients(y, {x, squares, y});
  EXPECT_THAT(by[0].to_vector<double>(), ElementsAre(3, 12));
  EXPECT_THAT(by[1].to_vector<double>(), ElementsAre(1, 2));
  EXPECT_EQ(by[2].item<double>(), 1);
  // A reshape of a reshape is one, and yet there are two.
  const Tensor flat = reshape(sin(x), {2, 1}), again = reshape(flat, {1, 2});
  EXPECT_THAT(slope(square(again), flat),
              ElementsAre(2 * std::sin(1.0), testing::DoubleEq(2 * std::sin(2.0))));
  // What is used many times, in a chain; one of any length takes no stack.
  Tensor chain = x;
  for (int i = 0; i < 500; ++i)
    chain = chain + x;
  EXPECT_THAT(slope(chain, x), Each(501.0));
  for (int i = 0; i < 200'000; ++i)
    chain = chain + x;
  EXPECT_FALSE(gradients(chain, {x})[0].is_evaluated());
}

TEST(Gradients, TakeTimeThatGrowsWithTheGraphAndNotWithItsPaths) {
  const Tensor x = constant({1.0});
  Tensor y = x;
  for (int i = 0; i < 60; ++i)
    y = (y + y) * 0.5; // 2^60 paths
  EXPECT_THAT(slope(y, x), ElementsAre(1));
}

TEST(Gradients, AreZeroOrNothingWhereThereIsNoWay) {
  const Tensor x = constant({1.0, 2.0}), y = constant({3.0});
  EXPECT_THAT(slope(reduce_sum(y), x), ElementsAre(0, 0));
  EXPECT_FALSE(connected_gradients({&y, 1}, {&x, 1})[0].has_value());
  EXPECT_THAT(slope(stop_gradient(x) * x, x), ElementsAre(1, 2));
  EXPECT_THAT(slope(cast(cast(x, DType::i32), DType::f64), x), ElementsAre(0, 0));
  EXPECT_THAT(slope(cast(argmax(x, 0), DType::f64), x), ElementsAre(0, 0));
  EXPECT_EQ(jvp(reduce_sum(y), {x}, {x}).item<double>(), 0);
}

TEST(Gradients, AreGraphsThatFunctionsAreCompiledFrom) {
  const Tensor x = input(DType::f64, {4});
  const Tensor loss = reduce_sum(square(x) * x);
  const Function f = compile({x}, {loss, gradients(loss, {x})[0]});
  const double data[] = {1, 2, 3, 4};
  const std::vector<Tensor> results = f(std::array<const void *, 1>{data});
  EXPECT_EQ(results[0].item<double>(), 100);
  EXPECT_THAT(results[1].to_vector<double>(), ElementsAre(3, 12, 27, 48));
}

//===-- Tapes ---------------------------------------------------------------------------------===//

TEST(GradientTapes, SeeThroughValues) {
  const Tensor x = constant({1.0, 2.0});
  GradientTape tape;
  tape.watch(x);
  const Tensor squares = square(x);
  eval(squares);
  const Tensor y = reduce_sum(squares);
  EXPECT_EQ(y.item<double>(), 5);
  EXPECT_THAT(tape.gradient(y, {x})[0]->to_vector<double>(), ElementsAre(2, 4));
  EXPECT_THROW((void)tape.gradient(y, {x}), Error);
}

TEST(GradientTapes, Nest) {
  const Tensor x = constant({1.0, 2.0});
  GradientTape outer;
  outer.watch(x);
  std::optional<Tensor> first;
  {
    GradientTape inner;
    inner.watch(x);
    const Tensor y = reduce_sum(x * square(x));
    eval(y);
    first = inner.gradient(y, {x})[0];
  }
  EXPECT_THAT(first->to_vector<double>(), ElementsAre(3, 12));
  EXPECT_THAT(outer.gradient(*first, {x})[0]->to_vector<double>(), ElementsAre(6, 12));
}

TEST(GradientTapes, KnowWhatIsWatched) {
  const Tensor x = constant({1.0}), y = constant({2.0});
  GradientTape tape(/*is_persistent=*/true);
  tape.watch(x);
  const Tensor z = x * y;
  const auto found = tape.gradient(z * z, {x, y, z});
  EXPECT_THAT(found[0]->to_vector<double>(), ElementsAre(8));
  EXPECT_FALSE(found[1].has_value());
  EXPECT_THAT(found[2]->to_vector<double>(), ElementsAre(4));
  EXPECT_THROW(tape.watch(constant({1})), DTypeError);
}

TEST(GradientTapes, TakeWhatWasComputedBeforeForConstants) {
  const Tensor x = constant({1.0, 2.0}), before = square(x);
  eval(before);
  GradientTape tape;
  tape.watch(x);
  EXPECT_THAT(tape.gradient(before * x, {x})[0]->to_vector<double>(), ElementsAre(1, 4));
}

TEST(GradientTapes, SeeThroughFunctionsThatAreTraced) {
  const auto cube = jit([](const Tensor &x) { return x * square(x); });
  const Tensor x = constant({1.0, 2.0});
  EXPECT_THAT(cube(x).to_vector<double>(), ElementsAre(1, 8));
  GradientTape tape;
  tape.watch(x);
  const Tensor y = cube(x);
  EXPECT_TRUE(y.is_evaluated());
  EXPECT_THAT(tape.gradient(y, {x})[0]->to_vector<double>(), ElementsAre(3, 12));
}

TEST(GradientTapes, LetGoOfWhatTheyKept) {
  const Tensor x = constant({1.0, 2.0});
  std::weak_ptr<const Node> intermediate;
  std::optional<Tensor> y;
  {
    GradientTape tape;
    const Tensor squares = square(x);
    intermediate = squares.node();
    y = reduce_sum(squares);
    eval(*y);
  }
  EXPECT_TRUE(intermediate.expired());
  // A tape may go on another thread than it recorded on.
  auto tape = std::make_unique<GradientTape>();
  std::thread([&] { tape.reset(); }).join();
  const Tensor z = square(x);
  eval(z);
  EXPECT_THROW((void)gradients(z, {x}), Error);
}

//===-- What is refused -----------------------------------------------------------------------===//

template <class Exception, class Call> std::string message_of(const Call &call) {
  try {
    call();
  } catch (const Exception &error) {
    return error.what();
  }
  return "nothing";
}

TEST(GradientErrors, SayWhatToDo) {
  const Tensor x = constant({1.0, 2.0}), n = constant({1, 2});
  EXPECT_THAT(message_of<DTypeError>([&] { (void)gradients(x, {n}); }), HasSubstr("cast it"));
  EXPECT_THAT(message_of<DTypeError>([&] { (void)gradients(less(x, 1), {x}); }),
              HasSubstr("boolean"));
  EXPECT_THAT(message_of<DTypeError>([&] { (void)gradients(x, {x}, constant({1.F, 1.F})); }),
              HasSubstr("upstream of dtype f32"));
  EXPECT_THAT(message_of<ShapeError>([&] { (void)gradients(x, {x}, constant({1.0, 1.0, 1.0})); }),
              HasSubstr("[3] does not broadcast to [2]"));
  EXPECT_THAT(message_of<ShapeError>([&] { (void)gradients(x, {x}, constant({{1.0, 1.0}})); }),
              HasSubstr("[1,2] does not broadcast to [2]"));
  EXPECT_THAT(message_of<Error>([&] {
                const std::optional<Operand> two[] = {1, 2};
                (void)connected_gradients({&x, 1}, {&x, 1}, two);
              }),
              HasSubstr("2 upstreams given for 1"));
  EXPECT_THAT(message_of<ShapeError>([&] { (void)jvp(x, {x}, {constant(1.0)}); }),
              HasSubstr("a tangent of shape []"));
  EXPECT_THAT(message_of<Error>([&] { (void)jvp(x, {x}, {}); }), HasSubstr("0 tangents"));
}

TEST(GradientErrors, EvaluatedTensorsHaveNoGraph) {
  const Tensor x = constant({1.0, 2.0});
  const Tensor y = square(x);
  eval(y);
  EXPECT_THAT(message_of<Error>([&] { (void)gradients(reduce_sum(y), {x}); }),
              HasSubstr("that square computed has been evaluated"));
  EXPECT_THAT(message_of<Error>([&] { (void)gradients(y, {x}); }), HasSubstr("stop_gradient"));
  EXPECT_THAT(slope(reduce_sum(square(y)), y), ElementsAre(2, 8));
  EXPECT_THAT(slope(stop_gradient(y) * x, x), ElementsAre(1, 4));
}

} // namespace tsum::test
