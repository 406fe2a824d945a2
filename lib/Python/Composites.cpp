// SPDX-License-Identifier: Apache-2.0
//
// Operations made of others, which run in one kernel where the rows fit.
#include "Operations.h"

#include <nanobind/stl/pair.h>

namespace tsum::python {

static std::optional<Tensor> to_optional_tensor(nb::handle object, DType hint) {
  if (object.is_none())
    return std::nullopt;
  return to_tensor(object, hint);
}

static Accuracy accuracy_or_default(std::string_view op, nb::handle object) {
  const std::optional<Accuracy> named = to_accuracy(op, object);
  return named ? *named : default_accuracy();
}

void bind_composites(nb::module_ &m) {
  m.def(
      "softmax",
      [](nb::handle logits, nb::handle axis, nb::handle name) {
        return softmax(to_tensor(logits), to_axes(axis), to_name(name));
      },
      "logits"_a.none(), "axis"_a = -1, "name"_a = nb::none(),
      nb::sig("def softmax(logits: ArrayLike, axis: Axis = -1, name: str | None = None) -> "
              "Tensor"),
      "exp(x) / sum(exp(x)) along `axis`, without overflow. Takes floats.\n\n"
      "Raises AxisError for an axis out of range, DTypeError for another dtype. Builds nodes and\n"
      "computes nothing.");
  m.def(
      "log_softmax",
      [](nb::handle logits, nb::handle axis, nb::handle name) {
        return log_softmax(to_tensor(logits), to_axes(axis), to_name(name));
      },
      "logits"_a.none(), "axis"_a = -1, "name"_a = nb::none(),
      nb::sig("def log_softmax(logits: ArrayLike, axis: Axis = -1, name: str | None = None) "
              "-> Tensor"),
      "log(softmax(x)), without the logarithm of what was rounded to 0. Takes floats.\n\n"
      "Raises AxisError for an axis out of range, DTypeError for another dtype. Builds nodes and\n"
      "computes nothing.");
  m.def(
      "moments",
      [](nb::handle x, nb::handle axes, nb::handle keepdims) {
        return moments(to_tensor(x), to_axes(axes), to_bool(keepdims));
      },
      "x"_a.none(), "axes"_a = nb::none(), "keepdims"_a = false,
      nb::sig("def moments(x: ArrayLike, axes: Axis = None, keepdims: bool = False) -> "
              "tuple[Tensor, Tensor]"),
      "Mean and variance along `axes`.\n\nRaises AxisError for an axis out of range, DTypeError "
      "for integers. Builds nodes and\ncomputes nothing.");
  m.def(
      "standardize",
      [](nb::handle x, nb::handle axis, double epsilon, nb::handle name) {
        return standardize(to_tensor(x), to_axes(axis), epsilon, to_name(name));
      },
      "x"_a.none(), "axis"_a = -1, "epsilon"_a = 0.0, "name"_a = nb::none(),
      nb::sig("def standardize(x: ArrayLike, axis: Axis = -1, epsilon: float = 0.0, name: "
              "str | None = None) -> Tensor"),
      "(x - mean) / sqrt(variance + epsilon) along `axis`.\n\nRaises AxisError for an axis out of "
      "range, DTypeError for integers. Builds nodes and\ncomputes nothing.");
  m.def(
      "layer_norm",
      [](nb::handle x, nb::handle scale, nb::handle offset, nb::handle axis, double epsilon,
         nb::handle name) {
        Tensor tensor = to_tensor(x);
        return layer_norm(tensor, to_optional_tensor(scale, tensor.dtype()),
                          to_optional_tensor(offset, tensor.dtype()), to_axes(axis), epsilon,
                          to_name(name));
      },
      "x"_a.none(), "scale"_a = nb::none(), "offset"_a = nb::none(), "axis"_a = -1,
      "epsilon"_a = 1e-5, "name"_a = nb::none(),
      nb::sig("def layer_norm(x: ArrayLike, scale: ArrayLike | None = None, offset: ArrayLike | "
              "None = None, "
              "axis: Axis = -1, epsilon: float = 1e-05, name: str | None = None) -> Tensor"),
      "standardize(x, axis, epsilon) * scale + offset; `scale` and `offset` broadcast to `x`.\n\n"
      "Raises AxisError for an axis out of range, DTypeError for integers and mixed dtypes,\n"
      "ShapeError for shapes that do not broadcast. Builds nodes and computes nothing.");
  m.def(
      "rms_norm",
      [](nb::handle x, nb::handle scale, nb::handle axis, double epsilon, nb::handle name) {
        Tensor tensor = to_tensor(x);
        return rms_norm(tensor, to_optional_tensor(scale, tensor.dtype()), to_axes(axis), epsilon,
                        to_name(name));
      },
      "x"_a.none(), "scale"_a = nb::none(), "axis"_a = -1, "epsilon"_a = 1e-6,
      "name"_a = nb::none(),
      nb::sig("def rms_norm(x: ArrayLike, scale: ArrayLike | None = None, axis: Axis = -1, "
              "epsilon: float = 1e-06, name: str | None = None) -> Tensor"),
      "x / sqrt(mean(x^2) + epsilon) * scale along `axis`; `scale` broadcasts to `x`.\n\n"
      "Raises AxisError for an axis out of range, DTypeError for integers and mixed dtypes,\n"
      "ShapeError for shapes that do not broadcast. Builds nodes and computes nothing.");
  m.def(
      "dot",
      [](nb::handle x, nb::handle y, nb::handle axis, nb::handle name, nb::handle accuracy) {
        const std::string called = to_name(name);
        return dot(to_tensor(x), to_tensor(y), to_axes(axis),
                   DotOptions{.accuracy = accuracy_or_default("dot", accuracy), .name = called});
      },
      "x"_a.none(), "y"_a.none(), "axis"_a = -1, "name"_a = nb::none(), nb::kw_only(),
      "accuracy"_a = nb::none(),
      nb::sig("def dot(x: ArrayLike, y: ArrayLike, axis: Axis = -1, name: str | None = "
              "None, *, accuracy: str | None = None) -> Tensor"),
      "The sum of x * y along `axis`, of two tensors of one dtype that broadcast; complex numbers\n"
      "are not conjugated. Where `accuracy` is \"exact\", that of the exact products, rounded "
      "once.\n\nRaises AxisError for an axis out of range, DTypeError for mixed "
      "dtypes, ShapeError for shapes\nthat do not broadcast, Error for another accuracy. Builds "
      "nodes and computes nothing.");
  m.def(
      "cosine_similarity",
      [](nb::handle x, nb::handle y, nb::handle axis, double epsilon, nb::handle name,
         nb::handle accuracy) {
        const std::string called = to_name(name);
        return cosine_similarity(
            to_tensor(x), to_tensor(y), to_axes(axis),
            SimilarityOptions{.epsilon = epsilon,
                              .accuracy = accuracy_or_default("cosine_similarity", accuracy),
                              .name = called});
      },
      "x"_a.none(), "y"_a.none(), "axis"_a = -1, "epsilon"_a = 1e-8, "name"_a = nb::none(),
      nb::kw_only(), "accuracy"_a = nb::none(),
      nb::sig("def cosine_similarity(x: ArrayLike, y: ArrayLike, axis: Axis = -1, epsilon: "
              "float = 1e-08, name: str | None = None, *, accuracy: str | None = None) -> Tensor"),
      "dot(x, y) / max(|x| |y|, epsilon) along `axis`. Where `accuracy` is \"exact\", of an exact "
      "dot\nproduct and exact norms, each rounded to f64.\n\nRaises AxisError for an axis out of "
      "range, DTypeError for integers and mixed dtypes,\nShapeError for shapes that do not "
      "broadcast, Error for another accuracy. Builds nodes and\ncomputes nothing.");
}

} // namespace tsum::python
