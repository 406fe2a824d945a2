// SPDX-License-Identifier: Apache-2.0
//
// The operations of the C++ API, those of tsum/Elementwise.def by their table.
#include "Operations.h"

namespace tsum::python {

/// "f32, f64": the dtypes that an operation takes.
std::string dtypes_of(Domain domain) {
  std::string names;
#define TSUM_DTYPE(NAME, ...)                                                                      \
  if (contains(domain, DType::NAME))                                                               \
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

namespace {

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

bool is_tensor(const Operand &operand) { return std::holds_alternative<Tensor>(operand.get()); }

/// The quotient of integers is TensorFlow's: that of f64, or for up to 16 bits of f32.
Operand as_dividend(const Operand &operand) {
  const auto *tensor = std::get_if<Tensor>(&operand.get());
  if (!tensor || !contains(Domain::Integer, tensor->dtype()))
    return operand;
  return cast(*tensor, size_of(tensor->dtype()) <= 2 ? DType::f32 : DType::f64);
}

using Unary = Tensor (*)(const Tensor &, std::string_view name);
using Binary = Tensor (*)(const Operand &, const Operand &, std::string_view name);

void bind_unary(nb::module_ &m, const char *name, Domain domain, const char *summary, Unary f) {
  std::string doc = std::string(summary) +
                    ".\n\nOf each element of `x`; the result has its shape. Takes " +
                    dtypes_of(domain) + ".\n\nRaises DTypeError for another dtype." + cost;
  std::string signature =
      "def " + std::string(name) + "(x: ArrayLike, name: str | None = None) -> Tensor";
  m.def(
      name, [f](nb::handle x, nb::handle name) { return f(to_tensor(x), to_name(name)); },
      "x"_a.none(), "name"_a = nb::none(), nb::sig(signature.c_str()), doc.c_str());
  nb::object cls = m.attr("Tensor");
  for (const Operator &entry : operators)
    if (entry.operation == name)
      nb::cpp_function_def([f](const Tensor &x) { return f(x, ""); }, nb::scope(cls),
                           nb::name(entry.method), nb::is_method(), nb::is_operator());
}

void bind_binary(nb::module_ &m, const char *name, Domain domain, const char *summary, Binary f) {
  std::string doc =
      std::string(summary) + ".\n\nOf each pair of elements; shapes broadcast as in NumPy. Takes " +
      dtypes_of(domain) +
      ", both operands of one dtype; a number takes the other's dtype.\n\nRaises DTypeError for "
      "another dtype, mixed dtypes and a number that the dtype cannot hold,\nShapeError for shapes "
      "that do not broadcast." +
      cost;
  std::string signature = "def " + std::string(name) +
                          "(x: ArrayLike, y: ArrayLike, name: str | None = None) -> Tensor";
  m.def(
      name,
      [f](nb::handle x, nb::handle y, nb::handle name) {
        Operand left = must_be_operand(x, dtype_hint(y));
        Operand right = must_be_operand(y, dtype_hint(x));
        if (!is_tensor(left) && !is_tensor(right))
          left = to_tensor(x);
        return f(left, right, to_name(name));
      },
      "x"_a.none(), "y"_a.none(), "name"_a = nb::none(), nb::sig(signature.c_str()), doc.c_str());

  // An operand that is neither a tensor nor an array may know what to do itself.
  auto bind = [&](const char *method, auto compute) {
    std::string signature = "def " + std::string(method) + "(self, other: ArrayLike, /) -> Tensor";
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
  if (std::string_view(name) == "equal") // element by element: nothing to find in a dictionary by
    m.attr("Tensor").attr("__hash__") = nb::none();
  for (const Operator &entry : operators) {
    if (entry.operation != name)
      continue;
    bind(entry.method, [f](const Tensor &x, const Operand &y) { return f(x, y, ""); });
    if (entry.reflected)
      bind(entry.reflected, [f](const Tensor &x, const Operand &y) { return f(y, x, ""); });
  }
}

} // namespace

void bind_operations(nb::module_ &m) {
  bind_accuracy(m);
  bind_reductions(m);
  bind_shapes(m);
  bind_composites(m);
  bind_gradients(m);
  bind_unary(m, "real", Domain::Any, "the real part of x",
             [](const Tensor &x, std::string_view name) { return with_name(real(x), name); });
  bind_unary(m, "imag", Domain::Any, "the imaginary part of x",
             [](const Tensor &x, std::string_view name) { return with_name(imag(x), name); });
  bind_unary(m, "conj", Domain::Any, "the complex conjugate of x",
             [](const Tensor &x, std::string_view name) { return conj(x, name); });

#define TSUM_UNARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY)                                \
  bind_unary(m, #NAME, Domain::DOMAIN, SUMMARY,                                                    \
             [](const Tensor &x, std::string_view name) { return tsum::NAME(x, name); });
#define TSUM_BINARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY)                               \
  if constexpr (std::string_view(#NAME) == "divide")                                               \
    bind_binary(m, #NAME, Domain::Numeric,                                                         \
                SUMMARY "; of integers in f64, of up to 16 bits in f32",                           \
                [](const Operand &x, const Operand &y, std::string_view name) {                    \
                  return divide(as_dividend(x), as_dividend(y), name);                             \
                });                                                                                \
  else                                                                                             \
    bind_binary(m, #NAME, Domain::DOMAIN, SUMMARY,                                                 \
                [](const Operand &x, const Operand &y, std::string_view name) {                    \
                  return tsum::NAME(x, y, name);                                                   \
                });
#include "tsum/Elementwise.def"
}

} // namespace tsum::python
