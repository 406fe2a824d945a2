// SPDX-License-Identifier: Apache-2.0
#include "tsum/ops.h"
#include "tsum/Graph/Node.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace tsum {

static Tensor make_tensor(OpKind op, DType dtype, Shape shape, std::vector<Node::Ptr> operands,
                          std::string_view name) {
  auto node = std::make_shared<Node>(op, dtype, std::move(shape), std::move(operands));
  node->name = name;
  return Tensor(std::move(node));
}

/// "[op]: ", the start of every message.
static std::string prefix(std::string_view op) { return std::string(op) + ": "; }

//===-- Reductions ----------------------------------------------------------------------------===//

static std::string valid_axes(std::int64_t rank) {
  if (rank == 0)
    return "a scalar has no axes";
  return "valid: " + std::to_string(-rank) + ".." + std::to_string(rank - 1);
}

/// For each dimension of a tensor of `rank`, whether `axes` names it.
static std::vector<bool> reduced_dims(std::string_view op, const Axes &axes, std::int64_t rank) {
  if (!axes.get())
    return std::vector<bool>(static_cast<std::size_t>(rank), true);
  std::vector<bool> reduced(static_cast<std::size_t>(rank), false);
  for (std::int64_t axis : *axes.get()) {
    if (axis < -rank || axis >= rank)
      throw AxisError(prefix(op) + "axis " + std::to_string(axis) +
                      " is out of range for a tensor of rank " + std::to_string(rank) + " (" +
                      valid_axes(rank) + ")");
    auto is_reduced = reduced[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)];
    if (is_reduced)
      throw AxisError(prefix(op) + "axis " + std::to_string(axis < 0 ? axis + rank : axis) +
                      " is given twice in " + to_string(*axes.get()));
    is_reduced = true;
  }
  return reduced;
}

Tensor reduce_sum(const Tensor &input, const Axes &axes, bool keepdims, std::string_view name) {
  std::vector<bool> reduced = reduced_dims("reduce_sum", axes, input.rank());
  Shape shape;
  std::vector<std::int64_t> reduced_axes;
  for (std::size_t dim = 0; dim < reduced.size(); ++dim) {
    if (reduced[dim])
      reduced_axes.push_back(static_cast<std::int64_t>(dim));
    if (!reduced[dim] || keepdims)
      shape.push_back(reduced[dim] ? 1 : input.shape()[dim]);
  }
  auto node = std::make_shared<Node>(OpKind::ReduceSum, input.dtype(), std::move(shape),
                                     std::vector{input.node()});
  node->axes = std::move(reduced_axes);
  node->keepdims = keepdims;
  node->name = name;
  return Tensor(std::move(node));
}

//===-- Shapes --------------------------------------------------------------------------------===//

static constexpr std::string_view broadcasting_rule =
    " (extents must be equal or 1, aligned at the last dimension)";

/// The shape both broadcast to, or nothing.
static std::optional<Shape> broadcast(std::span<const std::int64_t> x,
                                      std::span<const std::int64_t> y) {
  if (x.size() < y.size())
    std::swap(x, y);
  Shape shape(x.begin(), x.end());
  auto extent = shape.end();
  for (std::size_t dim = y.size(); dim-- > 0;) {
    --extent;
    if (*extent == 1)
      *extent = y[dim];
    else if (y[dim] != 1 && y[dim] != *extent)
      return std::nullopt;
  }
  return shape;
}

Tensor broadcast_to(const Tensor &input, Shape shape, std::string_view name) {
  checked_size("broadcast_to", shape, input.dtype());
  if (broadcast(input.shape(), shape) != shape)
    throw ShapeError("broadcast_to: shape " + to_string(input.shape()) + " does not broadcast to " +
                     to_string(shape) + std::string(broadcasting_rule));
  return make_tensor(OpKind::BroadcastTo, input.dtype(), std::move(shape), {input.node()}, name);
}

/// `shape` with its extent of -1, if there is one, as `size` elements ask for.
static Shape infer_extent(Shape shape, std::int64_t size) {
  auto inferred = std::ranges::find(shape, -1);
  if (inferred == shape.end())
    return shape;
  std::string given = to_string(shape);
  if (std::count(inferred, shape.end(), -1) > 1)
    throw ShapeError("reshape: shape " + given + " has -1 more than once");
  std::int64_t others = 1;
  bool is_unique = true;
  for (std::int64_t extent : shape)
    if (extent != -1)
      is_unique &= extent > 0 && !__builtin_mul_overflow(others, extent, &others);
  if (!is_unique || size % others != 0)
    throw ShapeError("reshape: no one extent in place of -1 gives shape " + given + " " +
                     std::to_string(size) + " elements");
  *inferred = size / others;
  return shape;
}

Tensor reshape(const Tensor &input, Shape shape, std::string_view name) {
  shape = infer_extent(std::move(shape), input.size());
  std::int64_t size = checked_size("reshape", shape, input.dtype());
  if (size != input.size())
    throw ShapeError("reshape: shape " + to_string(input.shape()) + " has " +
                     std::to_string(input.size()) + " elements and " + to_string(shape) + " " +
                     std::to_string(size) + " (they must be equal)");
  // A reshape of a reshape is one: the operand of a reshape is none, unless it has values.
  Node::Ptr operand = input.node();
  if (operand->op == OpKind::Reshape)
    if (Node::State state = operand->state(); !state.values)
      operand = state.operands[0];
  return make_tensor(OpKind::Reshape, input.dtype(), std::move(shape), {operand}, name);
}

Tensor cast(const Tensor &input, DType dtype, std::string_view name) {
  Shape shape(input.shape().begin(), input.shape().end());
  checked_size("cast", shape, dtype);
  return make_tensor(OpKind::Cast, dtype, std::move(shape), {input.node()}, name);
}

//===-- Elementwise operations ----------------------------------------------------------------===//

/// "f32, f64".
static std::string names_in(Domain domain, std::string_view separator) {
  std::string names;
#define TSUM_DTYPE(NAME, CPP, KIND)                                                                \
  if (contains(domain, DType::NAME))                                                               \
    names += (names.empty() ? "" : std::string(separator)) + #NAME;
#include "tsum/DTypes.def"
  return names;
}

static void check_domain(const OpInfo &info, DType dtype) {
  if (!contains(info.domain, dtype))
    throw DTypeError(prefix(info.name) + "takes " + names_in(info.domain, ", ") + "; given " +
                     std::string(name_of(dtype)) + " (cast the " +
                     (info.operands == 1 ? "operand" : "operands") + " to " +
                     names_in(info.domain, " or ") + " first)");
}

static void check_same_dtype(std::string_view op, DType x, DType y) {
  if (x == y)
    return;
  // The hint names the one that loses less: a float over an integer, then the larger.
  auto width = [](DType dtype) {
    return std::pair(kind_of(dtype) == DTypeKind::Float, size_of(dtype));
  };
  DType wider = width(y) > width(x) ? y : x;
  throw DTypeError(prefix(op) + "operands have dtypes " + std::string(name_of(x)) + " and " +
                   std::string(name_of(y)) +
                   " (cast one: cast(x, DType::" + std::string(name_of(wider)) + "))");
}

template <class T> static bool fits(std::int64_t number) {
  if constexpr (std::is_integral_v<T>)
    return std::in_range<T>(number);
  return true;
}

template <class T> static bool fits(double number) {
  using Limits = std::numeric_limits<T>;
  if constexpr (std::is_integral_v<T>)
    return number == std::trunc(number) && number >= static_cast<double>(Limits::min()) &&
           number < std::ldexp(1.0, Limits::digits);
  return !std::isfinite(number) || std::isfinite(static_cast<T>(number));
}

template <class Number> static std::string number_to_string(Number number) {
  char text[32];
  return {text, std::to_chars(std::begin(text), std::end(text), number).ptr};
}

template <class T, class Number>
[[noreturn]] static void throw_does_not_fit(std::string_view op, Number number) {
  using Limits = std::numeric_limits<T>;
  std::string given = prefix(op) + number_to_string(number);
  std::string dtype(name_of(dtype_of<T>));
  if constexpr (std::is_floating_point_v<Number>)
    if (std::is_integral_v<T> && number != std::trunc(number))
      throw DTypeError(given + " is not an integer, as dtype " + dtype +
                       " requires (cast the tensor: cast(x, DType::f64))");
  throw DTypeError(given + " does not fit dtype " + dtype + " (" +
                   number_to_string(Limits::lowest()) + ".." + number_to_string(Limits::max()) +
                   ")");
}

/// The tensor behind an operand; a number becomes a scalar of `dtype`.
static Tensor to_tensor(std::string_view op, const Operand &operand, DType dtype) {
  return std::visit(
      [&]<class Given>(const Given &given) -> Tensor {
        if constexpr (std::is_same_v<Given, Tensor>)
          return given;
        else
          return visit_dtype(dtype, [&]<class T>(T) -> Tensor {
            if (!fits<T>(given))
              throw_does_not_fit<T>(op, given);
            return constant(static_cast<T>(given));
          });
      },
      operand.get());
}

static Tensor unary(OpKind op, const Tensor &x, std::string_view name) {
  check_domain(op_info(op), x.dtype());
  Shape shape(x.shape().begin(), x.shape().end());
  return make_tensor(op, x.dtype(), std::move(shape), {x.node()}, name);
}

static Tensor binary(OpKind op, const Operand &x, const Operand &y, std::string_view name) {
  const OpInfo &info = op_info(op);
  const auto *x_tensor = std::get_if<Tensor>(&x.get());
  const auto *y_tensor = std::get_if<Tensor>(&y.get());
  if (!x_tensor && !y_tensor)
    throw Error(prefix(info.name) +
                "both operands are numbers (one must be a tensor: constant(x))");
  for (const Tensor *tensor : {x_tensor, y_tensor})
    if (tensor)
      check_domain(info, tensor->dtype());

  DType dtype = (x_tensor ? x_tensor : y_tensor)->dtype();
  Tensor left = to_tensor(info.name, x, dtype);
  Tensor right = to_tensor(info.name, y, dtype);
  check_same_dtype(info.name, left.dtype(), right.dtype());
  std::optional<Shape> shape = broadcast(left.shape(), right.shape());
  if (!shape)
    throw ShapeError(prefix(info.name) + "shapes " + to_string(left.shape()) + " and " +
                     to_string(right.shape()) + " do not broadcast" +
                     std::string(broadcasting_rule));
  checked_size(info.name, *shape, dtype);
  return make_tensor(op, dtype, std::move(*shape), {left.node(), right.node()}, name);
}

#define TSUM_UNARY(NAME, CLASS, DOMAIN, REFERENCE, SUMMARY)                                        \
  Tensor NAME(const Tensor &x, std::string_view name) { return unary(OpKind::CLASS, x, name); }
#define TSUM_BINARY(NAME, CLASS, DOMAIN, REFERENCE, SUMMARY)                                       \
  Tensor NAME(const Operand &x, const Operand &y, std::string_view name) {                         \
    return binary(OpKind::CLASS, x, y, name);                                                      \
  }
#include "tsum/Elementwise.def"

} // namespace tsum
