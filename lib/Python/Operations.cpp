// SPDX-License-Identifier: Apache-2.0
//
// The operations of the C++ API, those of tsum/Elementwise.def by their table.
#include "Bindings.h"

#include "tsum/Graph/Node.h"

namespace tsum::python {

namespace {

using nb::literals::operator""_a;

/// What every page of documentation ends with.
constexpr const char *cost = "\n\nBuilds a node and computes nothing; O(rank).";

/// The operators that an operation gives to tensors.
struct Operator {
  std::string_view operation;
  const char *method;
  const char *reflected = nullptr; ///< with the operands the other way round
};
constexpr Operator operators[] = {
    {"negative", "__neg__"},
    {"abs", "__abs__"},
    {"invert", "__invert__"},
    {"add", "__add__", "__radd__"},
    {"subtract", "__sub__", "__rsub__"},
    {"multiply", "__mul__", "__rmul__"},
    {"divide", "__truediv__", "__rtruediv__"},
    {"floordiv", "__floordiv__", "__rfloordiv__"},
    {"floormod", "__mod__", "__rmod__"},
    {"pow", "__pow__", "__rpow__"},
    {"bitwise_and", "__and__", "__rand__"},
    {"bitwise_or", "__or__", "__ror__"},
    {"bitwise_xor", "__xor__", "__rxor__"},
    {"left_shift", "__lshift__", "__rlshift__"},
    {"right_shift", "__rshift__", "__rrshift__"},
    {"equal", "__eq__"},
    {"not_equal", "__ne__"},
    {"less", "__lt__"},
    {"less_equal", "__le__"},
    {"greater", "__gt__"},
    {"greater_equal", "__ge__"},
};

/// "f32, f64": the dtypes that an operation takes.
std::string dtypes_of(OpKind op) {
  std::string names;
#define TSUM_DTYPE(NAME, ...)                                                                      \
  if (contains(op_info(op).domain, DType::NAME))                                                   \
    names += (names.empty() ? "" : ", ") + std::string(name_of(DType::NAME));
#include "tsum/DTypes.def"
  return names;
}

Operand must_be_operand(nb::handle object, std::optional<DType> hint) {
  if (std::optional<Operand> operand = to_operand(object, hint))
    return std::move(*operand);
  return to_tensor(object, hint); // says what is wrong with it
}

std::optional<DType> dtype_hint(nb::handle object) {
  const Tensor *tensor = as_tensor(object);
  return tensor ? std::optional(tensor->dtype()) : std::nullopt;
}

using Unary = Tensor (*)(const Tensor &, std::string_view name);
using Binary = Tensor (*)(const Operand &, const Operand &, std::string_view name);
using Reduction = Tensor (*)(const Tensor &, const Axes &, bool keepdims, std::string_view name);

void bind_unary(nb::module_ &m, const char *name, OpKind op, const char *summary, Unary f) {
  std::string doc = std::string(summary) +
                    ".\n\nOf each element of `x`; the result has its shape. Takes " +
                    dtypes_of(op) + ".\n\nRaises DTypeError for another dtype." + cost;
  std::string signature =
      "def " + std::string(name) + "(x: typing.Any, name: str | None = None) -> Tensor";
  m.def(
      name, [f](nb::handle x, nb::handle name) { return f(to_tensor(x), to_name(name)); },
      "x"_a.none(), "name"_a = nb::none(), nb::sig(signature.c_str()), doc.c_str());
  nb::object cls = m.attr("Tensor");
  for (const Operator &entry : operators)
    if (entry.operation == name)
      nb::cpp_function_def([f](const Tensor &x) { return f(x, ""); }, nb::scope(cls),
                           nb::name(entry.method), nb::is_method(), nb::is_operator());
}

void bind_binary(nb::module_ &m, const char *name, OpKind op, const char *summary, Binary f) {
  std::string doc =
      std::string(summary) + ".\n\nOf each pair of elements; shapes broadcast as in NumPy. Takes " +
      dtypes_of(op) +
      ", both operands of one dtype; a number takes the other's dtype.\n\nRaises DTypeError for "
      "another dtype, mixed dtypes and a number that the dtype cannot hold,\nShapeError for shapes "
      "that do not broadcast." +
      cost;
  std::string signature = "def " + std::string(name) +
                          "(x: typing.Any, y: typing.Any, name: str | None = None) -> Tensor";
  m.def(
      name,
      [f](nb::handle x, nb::handle y, nb::handle name) {
        Operand left = must_be_operand(x, dtype_hint(y));
        return f(left, must_be_operand(y, dtype_hint(x)), to_name(name));
      },
      "x"_a.none(), "y"_a.none(), "name"_a = nb::none(), nb::sig(signature.c_str()), doc.c_str());

  // An operand that is neither a tensor nor an array may know what to do itself.
  auto bind = [&](const char *method, auto compute) {
    std::string signature = "def " + std::string(method) + "(self, other: typing.Any, /) -> Tensor";
    nb::object cls = m.attr("Tensor");
    nb::cpp_function_def(
        [compute](const Tensor &self, nb::handle other) -> nb::object {
          std::optional<Operand> operand = to_operand(other, self.dtype());
          if (!operand)
            return nb::borrow(Py_NotImplemented);
          return nb::cast(compute(self, *operand));
        },
        nb::scope(cls), nb::name(method), nb::is_method(), nb::is_operator(),
        nb::sig(signature.c_str()));
  };
  for (const Operator &entry : operators) {
    if (entry.operation != name)
      continue;
    bind(entry.method, [f](const Tensor &x, const Operand &y) { return f(x, y, ""); });
    if (entry.reflected)
      bind(entry.reflected, [f](const Tensor &x, const Operand &y) { return f(y, x, ""); });
  }
}

void bind_reduction(nb::module_ &m, const char *name, OpKind op, const char *summary, Reduction f) {
  std::string doc =
      std::string(summary) +
      "\n\nThe parameters are TensorFlow's. `axis` is None for all axes, a number or a list of\n"
      "them; negative ones count from the last. The result has the operand's dtype and its shape\n"
      "without the axes, or with extents of 1 there if `keepdims`. Takes " +
      dtypes_of(op) +
      ".\n\nRaises AxisError (a ValueError and an IndexError) for an axis out of range or given "
      "twice,\nDTypeError for another dtype." +
      cost;
  std::string signature = "def " + std::string(name) +
                          "(input_tensor: typing.Any, axis: typing.Any = None, "
                          "keepdims: bool = False, name: str | None = None) -> Tensor";
  m.def(
      name,
      [f](nb::handle input, nb::handle axis, nb::handle keepdims, nb::handle name) {
        return f(to_tensor(input), to_axes(axis), to_bool(keepdims), to_name(name));
      },
      "input_tensor"_a.none(), "axis"_a = nb::none(), "keepdims"_a = false, "name"_a = nb::none(),
      nb::sig(signature.c_str()), doc.c_str());
}

void bind_shape_operations(nb::module_ &m) {
  m.def(
      "cast",
      [](nb::handle x, nb::handle dtype, nb::handle name) {
        return cast(to_tensor(x), to_dtype(dtype), to_name(name));
      },
      "x"_a.none(), "dtype"_a.none(), "name"_a = nb::none(),
      nb::sig("def cast(x: typing.Any, dtype: typing.Any, name: str | None = None) -> Tensor"),
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
      nb::sig("def broadcast_to(input: typing.Any, shape: typing.Any, name: str | None = None) -> "
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
      nb::sig("def reshape(tensor: typing.Any, shape: typing.Any, name: str | None = None) -> "
              "Tensor"),
      "The elements of `tensor`, in row-major order, in another shape. One extent may be -1: it\n"
      "becomes what the number of elements asks for.\n\n"
      "Costs no memory where only extents of 1 come or go, nor on data whose strides can say the\n"
      "new shape. Otherwise a computed tensor is evaluated first, and other data is copied "
      "once.\n\n"
      "Raises ShapeError if `shape` has another number of elements, or if no extent, or any, "
      "could\n"
      "take the place of -1.");
}

} // namespace

void bind_operations(nb::module_ &m) {
  bind_reduction(m, "reduce_sum", OpKind::ReduceSum,
                 "Sums `input_tensor` over axes: TensorFlow's `tf.math.reduce_sum`.\n\n"
                 "Integers wrap in their own width. Floats are added in an order that depends on\n"
                 "dtype, shape and axes alone, with an error within 18 units in the last place of\n"
                 "the sum of magnitudes (f64: 36), whatever the number of elements. An empty sum\n"
                 "is 0.",
                 [](const Tensor &input, const Axes &axes, bool keepdims, std::string_view name) {
                   return reduce_sum(input, axes, keepdims, name);
                 });
  bind_shape_operations(m);

#define TSUM_UNARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY)                                \
  bind_unary(m, #NAME, OpKind::CLASS, SUMMARY,                                                     \
             [](const Tensor &x, std::string_view name) { return tsum::NAME(x, name); });
#define TSUM_BINARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY)                               \
  bind_binary(m, #NAME, OpKind::CLASS, SUMMARY,                                                    \
              [](const Operand &x, const Operand &y, std::string_view name) {                      \
                return tsum::NAME(x, y, name);                                                     \
              });
#include "tsum/Elementwise.def"
}

} // namespace tsum::python
