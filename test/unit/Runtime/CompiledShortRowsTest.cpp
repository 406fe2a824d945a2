// SPDX-License-Identifier: Apache-2.0
//
// Elementwise operations on rows that are shorter than a register.
#include "Compiled.h"
#include "tsum/tsum.h"

using namespace tsum;
using namespace tsum::test;

namespace {

class CompiledShortRows : public testing::TestWithParam<DType> {
protected:
  DType dtype = GetParam();
};

// Rows around the 4 to 64 that are taken together, of 1 to 17 elements.
TEST_P(CompiledShortRows, WithOperandsOfRowsAndOfColumns) {
  std::size_t turn = 0;
  for (std::int64_t rows : {1, 3, 16, 33, 1023})
    for (std::int64_t columns : {1, 2, 3, 5, 7, 9, 12, 17}) {
      const Layout &layout = layouts[turn++ % std::size(layouts)];
      SCOPED_TRACE(std::string(layout.name) + to_string(Shape{rows, columns}));
      const Tensor x = sample_tensor(dtype, {rows, columns}, layout);
      const Tensor dense = sample_tensor(dtype, {rows, columns});
      const Tensor of_rows = sample_tensor(dtype, {rows, 1}, layout);
      const Tensor of_columns = sample_tensor(dtype, {columns}, layout);
      expect_compiled_as_reference([&] {
        return std::vector{dense - of_columns, dense * of_rows + of_columns, of_rows - of_columns,
                           x + of_rows, greater(dense, of_rows)};
      });
    }
}

TEST_P(CompiledShortRows, OfSeveralDimensions) {
  for (const Shape &shape :
       {Shape{3, 20, 3}, Shape{2, 1, 5}, Shape{5, 3, 7, 2}, Shape{4, 100, 6}}) {
    SCOPED_TRACE(to_string(shape));
    const Tensor image = sample_tensor(dtype, shape);
    Shape per_pixel = shape, per_image = shape;
    per_pixel.back() = 1;
    per_image.assign(shape.size(), 1);
    per_image.front() = shape.front();
    const Tensor pixels = sample_tensor(dtype, per_pixel);
    const Tensor images = sample_tensor(dtype, per_image);
    const Tensor colors = sample_tensor(dtype, {shape.back()});
    expect_compiled_as_reference([&] {
      return std::vector{(image - colors) * pixels, image * images + pixels,
                         maximum(image, colors)};
    });
  }
}

INSTANTIATE_TEST_SUITE_P(DTypes, CompiledShortRows, testing::ValuesIn(dtypes_in(Domain::Real)),
                         name_of_dtype);

// Functions take long enough for their rows to stay on the stack, where one overwrites another.
TEST(CompiledShortRowsOfFunctions, AreTheReference) {
  for (DType dtype : dtypes_in(Domain::Float))
    for (std::int64_t rows : {1, 5, 64, 1001})
      for (std::int64_t columns : {2, 3, 4, 7}) {
        SCOPED_TRACE(to_string(Shape{rows, columns}));
        const Tensor x = sample_tensor(dtype, {rows, columns});
        const Tensor y = sample_tensor(dtype, {columns});
        expect_compiled_as_reference([&] {
          return std::vector{softmax(x, 1), log_softmax(x, 1), layer_norm(x * y),
                             tanh(x + reduce_logsumexp(x, 1, true))};
        });
      }
}

} // namespace
