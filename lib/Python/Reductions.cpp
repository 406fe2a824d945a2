// SPDX-License-Identifier: Apache-2.0
#include "Operations.h"

#include "tsum/Graph/Node.h"

namespace tsum::python {

namespace {

using Reduction = Tensor (*)(const Tensor &, const Axes &, bool keepdims, std::string_view name);

std::string reduction_doc(Domain domain, const char *summary, const char *also = "") {
  return std::string(summary) +
         "\n\nThe parameters are TensorFlow's. `axis` is None for all axes, a number or a list of\n"
         "them; negative ones count from the last. The result has the operand's dtype and its "
         "shape\n"
         "without the axes, or with extents of 1 there if `keepdims`. Takes " +
         dtypes_of(domain) + also +
         ".\n\nRaises AxisError (a ValueError and an IndexError) for an axis out of range or given "
         "twice,\nDTypeError for another dtype." +
         cost;
}

void bind_reduction(nb::module_ &m, const char *name, Domain domain, const char *summary,
                    Reduction f, const char *also = "") {
  std::string doc = reduction_doc(domain, summary, also);
  std::string signature = "def " + std::string(name) +
                          "(input_tensor: ArrayLike, axis: Axis = None, "
                          "keepdims: bool = False, name: str | None = None) -> Tensor";
  m.def(
      name,
      [f](nb::handle input, nb::handle axis, nb::handle keepdims, nb::handle name) {
        return f(to_tensor(input), to_axes(axis), to_bool(keepdims), to_name(name));
      },
      "input_tensor"_a.none(), "axis"_a = nb::none(), "keepdims"_a.none() = false,
      "name"_a = nb::none(), nb::sig(signature.c_str()), doc.c_str());
}

/// What `keepdims`, `name`, `accuracy` and `dtype` say.
template <class Options>
Options to_options(const std::string &op, nb::handle keepdims, const std::string &name,
                   nb::handle accuracy, nb::handle dtype) {
  Options options{.keepdims = to_bool(keepdims), .name = name};
  if (const std::optional<Accuracy> named = to_accuracy(op, accuracy))
    options.accuracy = *named;
  if (!dtype.is_none())
    options.dtype = to_dtype(dtype);
  return options;
}

constexpr const char *accuracy_doc =
    "\n\n`accuracy` is \"standard\", or \"exact\" for the exact value, rounded once: whatever "
    "cancels,\noverflows on the way or comes in another order; without it what `tsum.accuracy` "
    "says. "
    "Elements\nare cast to `dtype` first, if it is given, and the result has it; where the "
    "accuracy "
    "is exact, the\nexact value for the elements as they are is rounded to a float dtype. Raises "
    "Error for another\naccuracy.";

/// Sums, and what is made of them, which can be exact.
void bind_sum(nb::module_ &m, const char *name, Domain domain, const char *summary,
              Tensor (*f)(const Tensor &, const Axes &, const SumOptions &)) {
  std::string doc = reduction_doc(domain, summary) + accuracy_doc;
  std::string signature = "def " + std::string(name) +
                          "(input_tensor: ArrayLike, axis: Axis = None, keepdims: bool = "
                          "False, name: str | None = None, *, accuracy: str | None = None, dtype: "
                          "DTypeLike | None = None) -> Tensor";
  m.def(
      name,
      [f, op = std::string(name)](nb::handle input, nb::handle axis, nb::handle keepdims,
                                  nb::handle name, nb::handle accuracy, nb::handle dtype) {
        const std::string called = to_name(name);
        return f(to_tensor(input), to_axes(axis),
                 to_options<SumOptions>(op, keepdims, called, accuracy, dtype));
      },
      "input_tensor"_a.none(), "axis"_a = nb::none(), "keepdims"_a.none() = false,
      "name"_a = nb::none(), nb::kw_only(), "accuracy"_a = nb::none(), "dtype"_a = nb::none(),
      nb::sig(signature.c_str()), doc.c_str());
}

/// Variance and standard deviation, which have NumPy's `ddof` as well.
void bind_spread(nb::module_ &m, const char *name, const char *summary,
                 Tensor (*f)(const Tensor &, const Axes &, const SpreadOptions &)) {
  std::string doc = std::string(summary) +
                    "\n\nThe parameters are TensorFlow's, and NumPy's `ddof`, which is subtracted "
                    "from the number of\nelements. Takes " +
                    dtypes_of(Domain::Inexact) +
                    ". The result of complex numbers is real.\n\nRaises AxisError for an axis out "
                    "of range or given twice, DTypeError for another dtype." +
                    cost + accuracy_doc;
  std::string signature =
      "def " + std::string(name) +
      "(input_tensor: ArrayLike, axis: Axis = None, keepdims: bool = "
      "False, name: str | None = None, ddof: int = 0, *, accuracy: str | None = "
      "None, dtype: DTypeLike | None = None) -> Tensor";
  m.def(
      name,
      [f, op = std::string(name)](nb::handle input, nb::handle axis, nb::handle keepdims,
                                  nb::handle name, std::int64_t ddof, nb::handle accuracy,
                                  nb::handle dtype) {
        const std::string called = to_name(name);
        auto options = to_options<SpreadOptions>(op, keepdims, called, accuracy, dtype);
        options.ddof = ddof;
        return f(to_tensor(input), to_axes(axis), options);
      },
      "input_tensor"_a.none(), "axis"_a = nb::none(), "keepdims"_a.none() = false,
      "name"_a = nb::none(), "ddof"_a = 0, nb::kw_only(), "accuracy"_a = nb::none(),
      "dtype"_a = nb::none(), nb::sig(signature.c_str()), doc.c_str());
}

/// Products.
void bind_product(nb::module_ &m, const char *name, const char *summary,
                  Tensor (*f)(const Tensor &, const Axes &, const ProductOptions &)) {
  std::string doc =
      reduction_doc(Domain::Numeric, summary) +
      "\n\nElements are cast to `dtype` first, if it is given, and the result has it.";
  std::string signature =
      "def " + std::string(name) +
      "(input_tensor: ArrayLike, axis: Axis = None, keepdims: bool = "
      "False, name: str | None = None, *, dtype: DTypeLike | None = None) -> Tensor";
  m.def(
      name,
      [f](nb::handle input, nb::handle axis, nb::handle keepdims, nb::handle name,
          nb::handle dtype) {
        const std::string called = to_name(name);
        ProductOptions options{.keepdims = to_bool(keepdims), .name = called};
        if (!dtype.is_none())
          options.dtype = to_dtype(dtype);
        return f(to_tensor(input), to_axes(axis), options);
      },
      "input_tensor"_a.none(), "axis"_a = nb::none(), "keepdims"_a.none() = false,
      "name"_a = nb::none(), nb::kw_only(), "dtype"_a = nb::none(), nb::sig(signature.c_str()),
      doc.c_str());
}

} // namespace

/// What is not 0 is true, NaN as well, as for Python and NumPy; the C++ API wants booleans.
static Tensor truth_of(const Tensor &x) {
  return x.dtype() == DType::boolean ? x : not_equal(x, 0);
}

#define FUNCTION(NAME)                                                                             \
  [](const Tensor &input, const Axes &axes, bool keepdims, std::string_view name) {                \
    return tsum::NAME(input, axes, keepdims, name);                                                \
  }

/// NumPy's, which TensorFlow has not.
static void bind_statistics(nb::module_ &m) {
  bind_sum(m, "nansum", Domain::Numeric, "The sum of what is not NaN; where all is, 0.", nansum);
  bind_product(m, "nanprod", "The product of what is not NaN; where all is, 1.", nanprod);
  bind_sum(m, "nanmean", Domain::Numeric,
           "The mean of what is not NaN; where all is, NaN. If it is exact, the exact sum is "
           "rounded\nto f64 and divided.",
           nanmean);
  bind_reduction(m, "nancount", Domain::Any, "How many elements are not NaN, as i64.",
                 FUNCTION(nancount));
  bind_reduction(m, "nanmax", Domain::Real,
                 "The largest element that is not NaN; where all is, NaN.", FUNCTION(nanmax));
  bind_reduction(m, "nanmin", Domain::Real,
                 "The smallest element that is not NaN; where all is, NaN.", FUNCTION(nanmin));
  bind_reduction(m, "nanargmax", Domain::Real,
                 "The place of the largest element that is not NaN, as i64: the first of several, "
                 "-1 where\nall is NaN. Over several axes the place in row-major order of these.",
                 FUNCTION(nanargmax), ", boolean");
  bind_reduction(m, "nanargmin", Domain::Real,
                 "The place of the smallest element that is not NaN, as i64: the first of several, "
                 "-1 where\nall is NaN. Over several axes the place in row-major order of these.",
                 FUNCTION(nanargmin), ", boolean");
  bind_spread(
      m, "nanvar",
      "The variance of what is not NaN, in two passes; NaN where nothing is left to divide "
      "by.\nIf it is exact, mean and deviations are rounded to f64 and their squares summed "
      "exactly.",
      nanvar);
  bind_spread(m, "nanstd", "The square root of `nanvar`.", nanstd);
  bind_reduction(m, "ptp", Domain::Real, "The largest element less the smallest.", FUNCTION(ptp));
  m.def(
      "average",
      [](nb::handle input, nb::handle weights, nb::handle axis, nb::handle keepdims,
         nb::handle skipna, nb::handle name, nb::handle accuracy) {
        const std::string called = to_name(name);
        AverageOptions options{
            .keepdims = to_bool(keepdims), .skipna = to_bool(skipna), .name = called};
        if (const std::optional<Accuracy> named = to_accuracy("average", accuracy))
          options.accuracy = *named;
        const Tensor x = to_tensor(input);
        return average(x, to_tensor(weights, x.dtype()), to_axes(axis), options);
      },
      "input_tensor"_a.none(), "weights"_a.none(), "axis"_a = nb::none(), "keepdims"_a = false,
      "skipna"_a = false, "name"_a = nb::none(), nb::kw_only(), "accuracy"_a = nb::none(),
      nb::sig("def average(input_tensor: ArrayLike, weights: ArrayLike, axis: Axis = None, "
              "keepdims: bool = False, skipna: bool = False, name: str | None = None, *, accuracy: "
              "str | None = None) -> Tensor"),
      "The sum of input_tensor * weights divided by the sum of the weights, which have its dtype "
      "and\nbroadcast to it. With `skipna`, elements that are NaN count for nothing. Where the "
      "weights sum\nto 0, what dividing by 0 gives. If it is exact, both sums are, and are rounded "
      "to f64.\n\nRaises AxisError for an axis out of range or given twice, DTypeError for "
      "integers and mixed\ndtypes, ShapeError for weights that do not broadcast. Builds nodes and "
      "computes nothing.");
}

void bind_reductions(nb::module_ &m) {
#define TSUM_REDUCTION(NAME, CLASS, DOMAIN, COMBINER, IDENTITY, SUMMARY)                           \
  if (OpKind::CLASS == OpKind::ReduceSum)                                                          \
    bind_sum(m, #NAME, Domain::DOMAIN, SUMMARY ".", reduce_sum);                                   \
  else if constexpr (Domain::DOMAIN == Domain::Bool)                                               \
    bind_reduction(                                                                                \
        m, #NAME, Domain::Any, SUMMARY ".",                                                        \
        [](const Tensor &input, const Axes &axes, bool keepdims, std::string_view name) {          \
          return tsum::NAME(truth_of(input), axes, keepdims, name);                                \
        },                                                                                         \
        "; what is not 0 is true");                                                                \
  else                                                                                             \
    bind_reduction(m, #NAME, Domain::DOMAIN, SUMMARY ".", FUNCTION(NAME));
#include "tsum/Reductions.def"

  bind_sum(m, "reduce_mean", Domain::Numeric,
           "The sum divided by the number of elements; of integers rounded towards 0.",
           reduce_mean);
  bind_sum(m, "reduce_logsumexp", Domain::Float,
           "log(sum(exp(x))) without overflow; of an empty extent minus infinity.",
           reduce_logsumexp);
  bind_sum(m, "reduce_sum_square", Domain::Numeric, "The sum of |x|^2.", reduce_sum_square);
  bind_sum(m, "reduce_l1", Domain::Numeric, "The sum of |x|: the L1 norm.", reduce_l1);
  bind_sum(m, "reduce_euclidean_norm", Domain::Inexact,
           "The square root of the sum of |x|^2: the L2 norm.", reduce_euclidean_norm);
  bind_reduction(m, "count_nonzero", Domain::Any,
                 "How many elements are not 0, as i64; NaN is not 0.", FUNCTION(count_nonzero));
  bind_reduction(m, "argmax", Domain::Real,
                 "The place of the largest element, as i64: the first of several, or of the first "
                 "NaN.\nOver several axes the place in row-major order of these.",
                 FUNCTION(argmax), ", boolean");
  bind_reduction(m, "argmin", Domain::Real,
                 "The place of the smallest element, as i64: the first of several, or of the first "
                 "NaN.\nOver several axes the place in row-major order of these.",
                 FUNCTION(argmin), ", boolean");
  bind_spread(m, "reduce_variance", "The mean of |x - mean|^2, in two passes.", reduce_variance);
  bind_spread(m, "reduce_std", "The square root of the variance.", reduce_std);
  bind_statistics(m);
}

#undef FUNCTION

} // namespace tsum::python
