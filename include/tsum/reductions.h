// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/tensor.h"

#include <optional>

#pragma GCC visibility push(default)

namespace tsum {

/// The axes of a reduction: `all_axes`, or a list, which may be empty.
class Axes {
public:
  Axes() : list(std::in_place) {} ///< none, as `{}`
  Axes(std::int64_t axis) : list(std::vector<std::int64_t>{axis}) {}
  Axes(std::initializer_list<std::int64_t> axes) : list(std::vector<std::int64_t>(axes)) {}
  Axes(std::vector<std::int64_t> axes) : list(std::move(axes)) {}

  /// Every axis of whatever is reduced.
  static Axes all() {
    Axes axes;
    axes.list.reset();
    return axes;
  }

  /// The list, or nothing for all axes.
  [[nodiscard]] const std::optional<std::vector<std::int64_t>> &get() const { return list; }

private:
  std::optional<std::vector<std::int64_t>> list;
};

inline const Axes all_axes = Axes::all();

/// How near a sum of floats comes to the sum of the real numbers that its elements are.
enum class Accuracy : std::uint8_t {
  /// At the speed of memory, and within 20 u sum|x| whatever the number of elements.
  standard,
  /// The exact value, rounded to nearest even once: whatever cancels, overflows on the way or comes
  /// in another order. docs/numerics.md says what that is of each function, and what it costs.
  exact
};

/// What reductions have for their accuracy that are not told: what the innermost `AccuracyScope` of
/// this thread says, else the environment variable `TSUM_ACCURACY` ("standard" or "exact"), which
/// is read once, else `Accuracy::standard`. \throws Error for another value of the variable.
[[nodiscard]] Accuracy default_accuracy();

/// While it lives, the reductions that this thread builds have this accuracy unless they are told
/// another. Scopes nest.
class AccuracyScope {
public:
  explicit AccuracyScope(Accuracy accuracy);
  ~AccuracyScope();
  AccuracyScope(const AccuracyScope &) = delete;
  AccuracyScope &operator=(const AccuracyScope &) = delete;

private:
  friend Accuracy default_accuracy();
  const Accuracy accuracy;
  AccuracyScope *outer;
};

// What reductions may be told by name, in braces behind the axes:
//
//   reduce_sum(x, 1, {.keepdims = true, .dtype = DType::f64, .accuracy = Accuracy::exact})
//
// `keepdims` keeps the reduced dimensions with extent 1. Elements are cast to `dtype`, if there is
// one, before they are reduced, and the result has it, as NumPy's `dtype=`; but where the accuracy
// is exact, what is rounded to a float `dtype` is the exact value for the elements as they are.

/// Of those that round nothing.
struct ReductionOptions {
  bool keepdims = false;
  std::string_view name = {};
};

/// Of products.
struct ProductOptions {
  bool keepdims = false;
  std::optional<DType> dtype = {};
  std::string_view name = {};
};

/// Of sums, and of what is made of sums.
struct SumOptions {
  bool keepdims = false;
  std::optional<DType> dtype = {};
  Accuracy accuracy = default_accuracy();
  std::string_view name = {};
};

/// Of the variance and its root, which subtract `ddof` from the number of elements.
struct SpreadOptions {
  bool keepdims = false;
  std::int64_t ddof = 0;
  std::optional<DType> dtype = {};
  Accuracy accuracy = default_accuracy();
  std::string_view name = {};
};

// The semantics of TensorFlow's functions of the same names. The shape of the result is `input`'s
// without `axes`, or with extent 1 there if `keepdims`. No axes given means all of them, an empty
// list means none. A negative axis counts from the last. Each builds nodes and computes nothing;
// O(rank). All throw AxisError if an axis is out of range or given twice, DTypeError for a dtype
// that they do not take.

/// Sums `input` over `axes`; the semantics of TensorFlow's `tf.math.reduce_sum`.
///
/// The result has `input`'s dtype: integers wrap; f16 and bf16 are added up in f32 and f64 and
/// rounded once; booleans are refused. An empty extent sums to zero. docs/numerics.md states the
/// order of the additions and the error.
///
/// \code
///   Tensor rows = reduce_sum(x, {1}, /*keepdims=*/true);   // [2,3] -> [2,1]
///   Tensor one = reduce_sum(constant({1e308, 1e308, -1e308, 1.0, -1e308}), all_axes,
///                           {.accuracy = Accuracy::exact});
/// \endcode
[[nodiscard]] Tensor reduce_sum(const Tensor &input, const Axes &axes = all_axes,
                                bool keepdims = false, std::string_view name = {});
[[nodiscard]] Tensor reduce_sum(const Tensor &input, const Axes &axes, const SumOptions &options);

/// The product; of an empty extent 1. Integers wrap; floats are multiplied in the order of a sum,
/// complex numbers in a tree that docs/numerics.md states.
[[nodiscard]] Tensor reduce_prod(const Tensor &input, const Axes &axes = all_axes,
                                 bool keepdims = false, std::string_view name = {});
[[nodiscard]] Tensor reduce_prod(const Tensor &input, const Axes &axes,
                                 const ProductOptions &options);

/// The largest element; NaN if there is one. Of an empty extent the smallest value of the dtype,
/// for floats minus infinity.
[[nodiscard]] Tensor reduce_max(const Tensor &input, const Axes &axes = all_axes,
                                bool keepdims = false, std::string_view name = {});
[[nodiscard]] Tensor reduce_max(const Tensor &input, const Axes &axes,
                                const ReductionOptions &options);

/// The smallest element; NaN if there is one. Of an empty extent the largest value of the dtype,
/// for floats infinity.
[[nodiscard]] Tensor reduce_min(const Tensor &input, const Axes &axes = all_axes,
                                bool keepdims = false, std::string_view name = {});
[[nodiscard]] Tensor reduce_min(const Tensor &input, const Axes &axes,
                                const ReductionOptions &options);

/// Whether any boolean is true; of an empty extent false.
[[nodiscard]] Tensor reduce_any(const Tensor &input, const Axes &axes = all_axes,
                                bool keepdims = false, std::string_view name = {});
[[nodiscard]] Tensor reduce_any(const Tensor &input, const Axes &axes,
                                const ReductionOptions &options);

/// Whether all booleans are true; of an empty extent true.
[[nodiscard]] Tensor reduce_all(const Tensor &input, const Axes &axes = all_axes,
                                bool keepdims = false, std::string_view name = {});
[[nodiscard]] Tensor reduce_all(const Tensor &input, const Axes &axes,
                                const ReductionOptions &options);

/// The sum divided by the number of elements. Integers divide towards zero, as in TensorFlow (cast
/// to a float for NumPy's mean). Of an empty extent NaN, for integers 0. f16 and bf16 are rounded
/// once from f32.
[[nodiscard]] Tensor reduce_mean(const Tensor &input, const Axes &axes = all_axes,
                                 bool keepdims = false, std::string_view name = {});
/// Of integers with `DType::f64` NumPy's mean.
[[nodiscard]] Tensor reduce_mean(const Tensor &input, const Axes &axes, const SumOptions &options);

/// The mean of |x - mean|^2, in two passes: the sum of squares divided by the number of elements
/// less `ddof`. Takes floats, and complex numbers, of which it is real. NaN where nothing is left
/// to divide by.
[[nodiscard]] Tensor reduce_variance(const Tensor &input, const Axes &axes = all_axes,
                                     bool keepdims = false, std::string_view name = {});
[[nodiscard]] Tensor reduce_variance(const Tensor &input, const Axes &axes,
                                     const SpreadOptions &options);

/// The square root of `reduce_variance`.
[[nodiscard]] Tensor reduce_std(const Tensor &input, const Axes &axes = all_axes,
                                bool keepdims = false, std::string_view name = {});
[[nodiscard]] Tensor reduce_std(const Tensor &input, const Axes &axes,
                                const SpreadOptions &options);

/// log(sum(exp(x))) of floats, without overflow: the largest element is subtracted first. Of an
/// empty extent minus infinity.
[[nodiscard]] Tensor reduce_logsumexp(const Tensor &input, const Axes &axes = all_axes,
                                      bool keepdims = false, std::string_view name = {});
[[nodiscard]] Tensor reduce_logsumexp(const Tensor &input, const Axes &axes,
                                      const SumOptions &options);

/// The sum of |x|^2.
[[nodiscard]] Tensor reduce_sum_square(const Tensor &input, const Axes &axes = all_axes,
                                       bool keepdims = false, std::string_view name = {});
[[nodiscard]] Tensor reduce_sum_square(const Tensor &input, const Axes &axes,
                                       const SumOptions &options);

/// The sum of |x|: the L1 norm.
[[nodiscard]] Tensor reduce_l1(const Tensor &input, const Axes &axes = all_axes,
                               bool keepdims = false, std::string_view name = {});
[[nodiscard]] Tensor reduce_l1(const Tensor &input, const Axes &axes, const SumOptions &options);

/// The square root of the sum of |x|^2 of floats or complex numbers: the L2 norm.
[[nodiscard]] Tensor reduce_euclidean_norm(const Tensor &input, const Axes &axes = all_axes,
                                           bool keepdims = false, std::string_view name = {});
[[nodiscard]] Tensor reduce_euclidean_norm(const Tensor &input, const Axes &axes,
                                           const SumOptions &options);

/// How many elements are not 0, as i64; NaN is not 0.
[[nodiscard]] Tensor count_nonzero(const Tensor &input, const Axes &axes = all_axes,
                                   bool keepdims = false, std::string_view name = {});
[[nodiscard]] Tensor count_nonzero(const Tensor &input, const Axes &axes,
                                   const ReductionOptions &options);

/// The place of the largest element, as i64: the first of several, or of the first NaN, as in
/// NumPy. Over several axes the place in row-major order of these. Two passes over `input`.
/// \throws ShapeError if there is nothing to choose from.
[[nodiscard]] Tensor argmax(const Tensor &input, const Axes &axes, bool keepdims = false,
                            std::string_view name = {});
[[nodiscard]] Tensor argmax(const Tensor &input, const Axes &axes, const ReductionOptions &options);
/// The place of the smallest element, likewise.
[[nodiscard]] Tensor argmin(const Tensor &input, const Axes &axes, bool keepdims = false,
                            std::string_view name = {});
[[nodiscard]] Tensor argmin(const Tensor &input, const Axes &axes, const ReductionOptions &options);

} // namespace tsum

#pragma GCC visibility pop
