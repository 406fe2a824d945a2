// SPDX-License-Identifier: Apache-2.0
#include "tsum/tsum.h"

#include <gmock/gmock.h>

using namespace tsum;
using testing::ElementsAre;
using testing::ThrowsMessage;

namespace {

using c64 = std::complex<float>;
using c128 = std::complex<double>;

const Tensor z = constant({c128(1, 2), c128(3, -4), c128(0, 0.5)});

std::vector<c128> values(const Tensor &tensor) { return tensor.to_vector<c128>(); }

TEST(Complex, ArithmeticIsThatOfComplexNumbers) {
  const std::vector<c128> given = values(z);
  const c128 w(2, -1);
  Tensor other = constant({w});
  EXPECT_THAT(values(z + other), ElementsAre(given[0] + w, given[1] + w, given[2] + w));
  EXPECT_THAT(values(z - other), ElementsAre(given[0] - w, given[1] - w, given[2] - w));
  EXPECT_THAT(values(z * other), ElementsAre(given[0] * w, given[1] * w, given[2] * w));
  EXPECT_THAT(values(-z * 2), ElementsAre(-given[0] * 2., -given[1] * 2., -given[2] * 2.));
  std::vector<c128> quotients = values(z / other);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_LT(std::abs(quotients[i] - given[i] / w), 1e-15);
  EXPECT_THAT(values(conj(z)), ElementsAre(c128(1, -2), c128(3, 4), c128(0, -0.5)));
  EXPECT_THAT(abs(z).to_vector<double>(), ElementsAre(std::sqrt(5.0), 5, 0.5));
}

TEST(Complex, MagnitudesAndQuotientsDoNotOverflow) {
  EXPECT_FLOAT_EQ(abs(constant({c64(3e38f, 1e38f)})).item<float>(), std::hypot(3e38f, 1e38f));
  EXPECT_EQ(abs(constant({c64(0, 0)})).item<float>(), 0);
  EXPECT_EQ(abs(constant({c64(INFINITY, NAN)})).item<float>(), INFINITY);
  c64 ratio = divide(constant({c64(1e38f, 1e38f)}), constant({c64(1e38f, 1e38f)})).item<c64>();
  EXPECT_EQ(ratio, c64(1, 0));
}

TEST(Complex, SumsBothParts) {
  EXPECT_EQ(reduce_sum(z).item<c128>(), c128(4, -1.5));
  EXPECT_EQ(reduce_mean(z * 3).item<c128>(), c128(4, -1.5));
  Tensor table = reshape(constant({c64(1, 2), c64(3, 4), c64(5, 6), c64(7, 8)}), {2, 2});
  EXPECT_THAT(reduce_sum(table, 0).to_vector<c64>(), ElementsAre(c64(6, 8), c64(10, 12)));
  EXPECT_THAT(reduce_sum(transpose(table), 0).to_vector<c64>(),
              ElementsAre(c64(4, 6), c64(12, 14)));
  EXPECT_DOUBLE_EQ(reduce_euclidean_norm(z).item<double>(), std::sqrt(5 + 25 + 0.25));
}

/// The product by the definition, one element after the other.
c128 product(const std::vector<c128> &elements) {
  c128 total = 1;
  for (const c128 &element : elements)
    total = {total.real() * element.real() - total.imag() * element.imag(),
             total.real() * element.imag() + total.imag() * element.real()};
  return total;
}

TEST(Complex, MultipliesAlongAxes) {
  EXPECT_EQ(reduce_prod(z).item<c128>(), c128(1, 2) * c128(3, -4) * c128(0, 0.5));
  Tensor table = reshape(constant({c64(1, 2), c64(3, 4), c64(5, 6), c64(7, 8)}), {2, 2});
  EXPECT_THAT(reduce_prod(table, 0).to_vector<c64>(), ElementsAre(c64(-7, 16), c64(-11, 52)));
  Tensor kept = reduce_prod(table * 1, {0, -1}, /*keepdims=*/true);
  EXPECT_THAT(kept.shape(), ElementsAre(1, 1));
  EXPECT_EQ(kept.item<c64>(), c64(-755, -540));
  EXPECT_THAT(reduce_prod(reshape(z, {3, 1}), 1).to_vector<c128>(), values(z));
  EXPECT_THAT(reduce_prod(table, Axes{}).shape(), ElementsAre(2, 2));
}

TEST(Complex, ProductOfNothingIsOne) {
  Tensor nothing = slice(z, {{0, 0}});
  EXPECT_EQ(reduce_prod(nothing).item<c128>(), c128(1, 0));
  EXPECT_THAT(values(reduce_prod(broadcast_to(z, {0, 3}), 0)), ElementsAre(1, 1, 1));
}

TEST(Complex, LongProductsMultiplyEachElementOnce) {
  for (std::int64_t size : {15, 16, 17, 31, 32, 33, 255, 256, 257, 4111, 70'000}) {
    std::vector<c128> elements;
    for (std::int64_t i = 0; i < size; ++i)
      elements.push_back(
          std::polar(1 + 1e-5 * static_cast<double>(i % 7 - 3), 0.1 * static_cast<double>(i % 61)));
    Tensor x = constant<c128>(elements, {size});
    const c128 expected = product(elements);
    const double bound = 4e-16 * static_cast<double>(size) * std::abs(expected);
    EXPECT_LT(std::abs(reduce_prod(x).item<c128>() - expected), bound) << size;
    // Of what is computed first, and not at all where nothing changes with it.
    EXPECT_LT(std::abs(reduce_prod(conj(x)).item<c128>() - std::conj(expected)), bound) << size;
  }
}

TEST(Complex, ProductsOverflowAsMultiplicationsDo) {
  // (inf + 0i) (0 + 1i) is NaN + inf i by the definition: nothing is recovered.
  Tensor x = constant({c64(INFINITY, 0), c64(0, 1)});
  Tensor both = reduce_prod(x);
  Tensor apart = slice(x, {{0, 1}}) * slice(x, {{1, 2}});
  EXPECT_TRUE(std::isnan(both.item<c64>().real()) && std::isnan(apart.to_vector<c64>()[0].real()));
  EXPECT_EQ(both.item<c64>().imag(), apart.to_vector<c64>()[0].imag());
}

TEST(Complex, IsNanInfiniteOrFiniteByItsParts) {
  Tensor x = constant({c64(1, 2), c64(INFINITY, NAN), c64(0, NAN), c64(0, -INFINITY)});
  EXPECT_THAT(is_nan(x).to_vector<bool>(), ElementsAre(false, true, true, false));
  EXPECT_THAT(is_inf(x).to_vector<bool>(), ElementsAre(false, true, false, true));
  EXPECT_THAT(is_finite(x).to_vector<bool>(), ElementsAre(true, false, false, false));
}

TEST(Complex, ViewsAndCastsKeepThePartsTogether) {
  EXPECT_THAT(values(flip(z)), ElementsAre(c128(0, 0.5), c128(3, -4), c128(1, 2)));
  EXPECT_THAT(values(slice(z * 1, {{0, {}, 2}})), ElementsAre(c128(1, 2), c128(0, 0.5)));
  EXPECT_EQ(cast(z, DType::complex64).to_vector<c64>()[1], c64(3, -4));
  EXPECT_THAT(cast(z, DType::f64).to_vector<double>(), ElementsAre(1, 3, 0));
  EXPECT_EQ(cast(constant({1.5}), DType::complex64).item<c64>(), c64(1.5, 0));
  EXPECT_THAT(values(where(equal(real(z), 3), z, 0)), ElementsAre(c128(), c128(3, -4), c128()));
  EXPECT_TRUE(reduce_all(equal(z, z)).item<bool>());
}

TEST(Complex, PartsOfDataAreViews) {
  EXPECT_TRUE(imag(z).is_evaluated());
  EXPECT_THAT(imag(z).to_vector<double>(), ElementsAre(2, -4, 0.5));
  EXPECT_THAT(imag(constant({1.0})).to_vector<double>(), ElementsAre(0));
}

TEST(Complex, IsRefusedWithAHintWhereNothingIsDefined) {
  EXPECT_THAT(
      [] { return reduce_max(z); },
      ThrowsMessage<DTypeError>(
          "reduce_max: takes f32, f64, f16, bf16, i8, i16, i32, i64, u8, u16, u32, u64; given "
          "complex128 (take real(x), imag(x) or abs(x))"));
}

} // namespace
