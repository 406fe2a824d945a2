// SPDX-License-Identifier: Apache-2.0
//
// Operations that change shapes, dtypes or choose between elements.
#include "Operations.h"

#include <algorithm>

namespace tsum::python {

static Slice to_slice(nb::handle object) {
  if (!PySlice_Check(object.ptr()))
    throw DTypeError("slice: " + nb::cast<std::string>(nb::str(nb::inst_name(object))) +
                     " is no slice (Python's slice(start, stop, step) is)");
  auto part = [&](const char *name) -> std::optional<std::int64_t> {
    nb::object value = object.attr(name);
    if (value.is_none())
      return std::nullopt;
    return to_int(value);
  };
  return {part("start"), part("stop"), part("step").value_or(1)};
}

void bind_shapes(nb::module_ &m) {
  m.def(
      "cast",
      [](nb::handle x, nb::handle dtype, nb::handle name) {
        return cast(to_tensor(x), to_dtype(dtype), to_name(name));
      },
      "x"_a.none(), "dtype"_a.none(), "name"_a = nb::none(),
      nb::sig("def cast(x: ArrayLike, dtype: DTypeLike, name: str | None = None) -> Tensor"),
      "`x` with its elements converted to `dtype`.\n\n"
      "To a float: rounded to nearest, ties to even. To an integer from an integer: modulo 2^n. "
      "To\n"
      "an integer from a float: towards zero, saturated at the integer's range, NaN to 0.\n\n"
      "Raises DTypeError if `dtype` is none. Builds a node and computes nothing; O(rank).");
  m.def(
      "broadcast_to",
      [](nb::handle input, nb::handle shape, nb::handle name) {
        return broadcast_to(to_tensor(input), to_shape(shape), to_name(name));
      },
      "input"_a.none(), "shape"_a.none(), "name"_a = nb::none(),
      nb::sig("def broadcast_to(input: ArrayLike, shape: ShapeLike, name: str | None = None) -> "
              "Tensor"),
      "`input` repeated along new leading dimensions and along dimensions of extent 1, as "
      "NumPy's.\n\n"
      "Raises ShapeError if its shape does not broadcast to `shape`. Costs no memory; O(rank).");
  m.def(
      "reshape",
      [](nb::handle tensor, nb::handle shape, nb::handle name) {
        return reshape(to_tensor(tensor), to_shape(shape), to_name(name));
      },
      "tensor"_a.none(), "shape"_a.none(), "name"_a = nb::none(),
      nb::sig("def reshape(tensor: ArrayLike, shape: ShapeLike, name: str | None = None) -> "
              "Tensor"),
      "The elements of `tensor`, in row-major order, in another shape. One extent may be -1: it\n"
      "becomes what the number of elements asks for.\n\n"
      "Costs no memory where only extents of 1 come or go, nor on data whose strides can say the\n"
      "new shape. Otherwise a computed tensor is evaluated first, and other data is copied "
      "once.\n\n"
      "Raises ShapeError if `shape` has another number of elements, or if no extent, or any, "
      "could\n"
      "take the place of -1.");
  m.def(
      "transpose",
      [](nb::handle a, nb::handle perm, nb::handle name) {
        Tensor tensor = to_tensor(a);
        if (!perm.is_none())
          return transpose(tensor, to_shape(perm), to_name(name));
        std::vector<std::int64_t> reversed(static_cast<std::size_t>(tensor.rank()));
        for (std::size_t dim = 0; dim < reversed.size(); ++dim)
          reversed[dim] = static_cast<std::int64_t>(reversed.size() - dim) - 1;
        return transpose(tensor, std::move(reversed), to_name(name));
      },
      "a"_a.none(), "perm"_a = nb::none(), "name"_a = nb::none(),
      nb::sig("def transpose(a: ArrayLike, perm: Axes | None = None, name: str | None = None) -> "
              "Tensor"),
      "`a` with its dimensions in the order `perm`, or reversed. Costs no memory; O(rank).\n\n"
      "Raises AxisError unless `perm` names every axis once.");
  m.def(
      "expand_dims",
      [](nb::handle input, nb::handle axis, nb::handle name) {
        return expand_dims(to_tensor(input), to_int(axis), to_name(name));
      },
      "input"_a.none(), "axis"_a.none(), "name"_a = nb::none(),
      nb::sig("def expand_dims(input: ArrayLike, axis: int, name: str | None = None) -> Tensor"),
      "`input` with a dimension of extent 1 before `axis`, -1 for the last. Costs no memory.\n\n"
      "Raises AxisError for an axis out of range.");
  m.def(
      "squeeze",
      [](nb::handle input, nb::handle axis, nb::handle name) {
        return squeeze(to_tensor(input), to_axes(axis), to_name(name));
      },
      "input"_a.none(), "axis"_a = nb::none(), "name"_a = nb::none(),
      nb::sig("def squeeze(input: ArrayLike, axis: Axis = None, name: str | None = None) -> "
              "Tensor"),
      "`input` without the dimensions of extent 1, or without those of `axis`. Costs no memory.\n\n"
      "Raises AxisError for an axis out of range, ShapeError for one of another extent.");
  m.def(
      "flip",
      [](nb::handle m, nb::handle axis, nb::handle name) {
        return flip(to_tensor(m), to_axes(axis), to_name(name));
      },
      "m"_a.none(), "axis"_a = nb::none(), "name"_a = nb::none(),
      nb::sig("def flip(m: ArrayLike, axis: Axis = None, name: str | None = None) -> Tensor"),
      "`m` with its elements reversed along all axes, or along those of `axis`. Costs no "
      "memory.\n\n"
      "Raises AxisError for an axis out of range or given twice.");
  m.def(
      "slice",
      [](nb::handle input, nb::handle slices, nb::handle name) {
        std::vector<Slice> list;
        for (nb::handle each : nb::iter(slices))
          list.push_back(to_slice(each));
        return slice(to_tensor(input), list, to_name(name));
      },
      "input"_a.none(), "slices"_a.none(), "name"_a = nb::none(),
      nb::sig("def slice(input: ArrayLike, slices: collections.abc.Sequence[_Slice], name: str | "
              "None = None) -> "
              "Tensor"),
      "What `x[...]` takes: for each leading dimension one of Python's slices, of any step but 0.\n"
      "Costs no memory.\n\nRaises ShapeError for more slices than dimensions or a step of 0.");
  m.def(
      "where",
      [](nb::handle condition, nb::handle x, nb::handle y, nb::handle name) {
        Operand left = must_be_operand(x, dtype_hint(y));
        return where(to_tensor(condition), left, must_be_operand(y, dtype_hint(x)), to_name(name));
      },
      "condition"_a.none(), "x"_a.none(), "y"_a.none(), "name"_a = nb::none(),
      nb::sig("def where(condition: ArrayLike, x: ArrayLike, y: ArrayLike, name: str | None = "
              "None) -> Tensor"),
      "The elements of `x` where `condition`, a boolean, is true, and of `y` elsewhere. All three\n"
      "broadcast as in NumPy; `x` and `y` have one dtype, which a number takes from the other.\n\n"
      "Raises DTypeError for mixed dtypes or a condition that is not boolean, ShapeError for "
      "shapes\n"
      "that do not broadcast. Builds a node and computes nothing; O(rank).");
  m.def(
      "clip_by_value",
      [](nb::handle t, nb::handle low, nb::handle high, nb::handle name) {
        Tensor x = to_tensor(t);
        return clip_by_value(x, must_be_operand(low, x.dtype()), must_be_operand(high, x.dtype()),
                             to_name(name));
      },
      "t"_a.none(), "clip_value_min"_a.none(), "clip_value_max"_a.none(), "name"_a = nb::none(),
      nb::sig("def clip_by_value(t: ArrayLike, clip_value_min: ArrayLike, clip_value_max: "
              "ArrayLike, name: str | None = None) -> Tensor"),
      "minimum(maximum(t, clip_value_min), clip_value_max); the bounds broadcast to `t`.\n\n"
      "Raises DTypeError for mixed dtypes, complex numbers and booleans, ShapeError for shapes "
      "that\n"
      "do not broadcast. Builds nodes and computes nothing; O(rank).");
  m.def(
      "complex",
      [](nb::handle real, nb::handle imag, nb::handle name) {
        Operand part = must_be_operand(real, dtype_hint(imag));
        return complex(part, must_be_operand(imag, dtype_hint(real)), to_name(name));
      },
      "real"_a.none(), "imag"_a.none(), "name"_a = nb::none(),
      nb::sig("def complex(real: ArrayLike, imag: ArrayLike, name: str | None = None) -> Tensor"),
      "real + imag * i, of two tensors of f32 or of f64.\n\nRaises DTypeError for other dtypes, "
      "ShapeError for shapes that do not broadcast.");
}

} // namespace tsum::python
