// SPDX-License-Identifier: Apache-2.0
#include "Arguments.h"

#include <algorithm>

namespace tsum {

using A = const Arguments &;

/// One of those that take a tensor, axes and keepdims.
template <Tensor (*reduce)(const Tensor &, const Axes &, bool, std::string_view)>
static Tensor reduction(A a) {
  return reduce(a.tensor("x"), a.axes("axis"), a.flag("keepdims"), {});
}

/// One that wants to be told the axis.
template <Tensor (*choose)(const Tensor &, const Axes &, bool, std::string_view)>
static Tensor place(A a) {
  return choose(a.tensor("x"), Axes(a.integers("axis")), a.flag("keepdims"), {});
}

/// One of those that keep the shape and have a number of degrees of freedom.
template <Tensor (*reduce)(const Tensor &, const Axes &, const SpreadOptions &)>
static Tensor spread(A a) {
  return reduce(a.tensor("x"), a.axes("axis"),
                {.keepdims = a.flag("keepdims"), .ddof = a.integer("ddof", 0)});
}

static Tensor transposed(A a) {
  return a.has("permutation") ? transpose(a.tensor("x"), a.integers("permutation"))
                              : transpose(a.tensor("x"));
}

std::span<const ExpressionFunction> expression_function_table() {
  static const std::vector<ExpressionFunction> sorted = [] {
    std::vector<ExpressionFunction> table = {
#define TSUM_UNARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY)                                \
  {#NAME, "x", [](A a) { return NAME(a.tensor("x")); }},
#define TSUM_BINARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY)                               \
  {#NAME, "x y", [](A a) { return NAME(a.operand("x"), a.operand("y")); }},
#include "tsum/Elementwise.def"
#define TSUM_REDUCTION(NAME, CLASS, DOMAIN, COMBINER, IDENTITY, SUMMARY)                           \
  {#NAME, "x axis keepdims", reduction<NAME>},
#include "tsum/Reductions.def"
        {"reduce_mean", "x axis keepdims", reduction<reduce_mean>},
        {"reduce_logsumexp", "x axis keepdims", reduction<reduce_logsumexp>},
        {"reduce_sum_square", "x axis keepdims", reduction<reduce_sum_square>},
        {"reduce_l1", "x axis keepdims", reduction<reduce_l1>},
        {"reduce_euclidean_norm", "x axis keepdims", reduction<reduce_euclidean_norm>},
        {"count_nonzero", "x axis keepdims", reduction<count_nonzero>},
        {"argmax", "x axis keepdims", place<argmax>},
        {"argmin", "x axis keepdims", place<argmin>},
        {"reduce_variance", "x axis keepdims ddof", spread<reduce_variance>},
        {"reduce_std", "x axis keepdims ddof", spread<reduce_std>},
        {"nansum", "x axis keepdims", reduction<nansum>},
        {"nanprod", "x axis keepdims", reduction<nanprod>},
        {"nancount", "x axis keepdims", reduction<nancount>},
        {"nanmean", "x axis keepdims", reduction<nanmean>},
        {"nanmax", "x axis keepdims", reduction<nanmax>},
        {"nanmin", "x axis keepdims", reduction<nanmin>},
        {"nanargmax", "x axis keepdims", place<nanargmax>},
        {"nanargmin", "x axis keepdims", place<nanargmin>},
        {"nanvar", "x axis keepdims ddof", spread<nanvar>},
        {"nanstd", "x axis keepdims ddof", spread<nanstd>},
        {"ptp", "x axis keepdims", reduction<ptp>},
        {"average", "x weights axis keepdims skipna",
         [](A a) {
           return average(a.tensor("x"), a.tensor("weights"), a.axes("axis"),
                          {.keepdims = a.flag("keepdims"), .skipna = a.flag("skipna")});
         }},
        {"softmax", "x axis", [](A a) { return softmax(a.tensor("x"), a.axes("axis", -1)); }},
        {"log_softmax", "x axis",
         [](A a) { return log_softmax(a.tensor("x"), a.axes("axis", -1)); }},
        {"standardize", "x axis epsilon",
         [](A a) {
           return standardize(a.tensor("x"), a.axes("axis", -1), a.number("epsilon", 0));
         }},
        {"layer_norm", "x scale offset axis epsilon",
         [](A a) {
           return layer_norm(a.tensor("x"), a.optional_tensor("scale"), a.optional_tensor("offset"),
                             a.axes("axis", -1), a.number("epsilon", 1e-5));
         }},
        {"rms_norm", "x scale axis epsilon",
         [](A a) {
           return rms_norm(a.tensor("x"), a.optional_tensor("scale"), a.axes("axis", -1),
                           a.number("epsilon", 1e-6));
         }},
        {"dot", "x y axis",
         [](A a) { return dot(a.tensor("x"), a.tensor("y"), a.axes("axis", -1)); }},
        {"cosine_similarity", "x y axis epsilon",
         [](A a) {
           return cosine_similarity(a.tensor("x"), a.tensor("y"), a.axes("axis", -1),
                                    a.number("epsilon", 1e-8));
         }},
        {"cast", "x dtype", [](A a) { return cast(a.tensor("x"), a.dtype("dtype")); }},
        {"where", "condition x y",
         [](A a) { return where(a.tensor("condition"), a.operand("x"), a.operand("y")); }},
        {"clip_by_value", "x low high",
         [](A a) { return clip_by_value(a.tensor("x"), a.operand("low"), a.operand("high")); }},
        {"complex", "real imag", [](A a) { return complex(a.operand("real"), a.operand("imag")); }},
        {"real", "x", [](A a) { return real(a.tensor("x")); }},
        {"imag", "x", [](A a) { return imag(a.tensor("x")); }},
        {"conj", "x", [](A a) { return conj(a.tensor("x")); }},
        {"broadcast_to", "x shape",
         [](A a) { return broadcast_to(a.tensor("x"), a.integers("shape")); }},
        {"reshape", "x shape", [](A a) { return reshape(a.tensor("x"), a.integers("shape")); }},
        {"transpose", "x permutation", transposed},
        {"expand_dims", "x axis",
         [](A a) { return expand_dims(a.tensor("x"), a.integer("axis")); }},
        {"squeeze", "x axis", [](A a) { return squeeze(a.tensor("x"), a.axes("axis")); }},
        {"flip", "x axis", [](A a) { return flip(a.tensor("x"), a.axes("axis")); }},
    };
    std::ranges::sort(table, {}, &ExpressionFunction::name);
    return table;
  }();
  return sorted;
}

std::vector<std::string> expression_functions() {
  std::vector<std::string> list;
  for (const ExpressionFunction &function : expression_function_table()) {
    std::string parameters;
    for (char c : function.parameters)
      parameters += c == ' ' ? ", " : std::string(1, c);
    list.push_back(std::string(function.name) + "(" + parameters + ")");
  }
  return list;
}

} // namespace tsum
