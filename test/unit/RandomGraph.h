// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Cases.h"

#include <algorithm>
#include <numeric>
#include <optional>

namespace tsum::test {

/// What is made of the operations of the tables. Some take no empty tensors: they throw.
inline const ReductionOp composite_ops[] = {
    {"argmax", Domain::Real,
     [](const Tensor &x, const Axes &axes, bool keepdims) { return argmax(x, axes, keepdims); }},
    {"argmin", Domain::Real,
     [](const Tensor &x, const Axes &axes, bool keepdims) { return argmin(x, axes, keepdims); }},
    {"exact reduce_sum", Domain::Numeric,
     [](const Tensor &x, const Axes &axes, bool keepdims) {
       return reduce_sum(x, axes, Accuracy::exact, keepdims);
     }},
    {"count_nonzero", Domain::Any,
     [](const Tensor &x, const Axes &axes, bool keepdims) {
       return count_nonzero(x, axes, keepdims);
     }},
    {"reduce_mean", Domain::Numeric,
     [](const Tensor &x, const Axes &axes, bool keepdims) {
       return reduce_mean(x, axes, keepdims);
     }},
    {"reduce_l1", Domain::Numeric,
     [](const Tensor &x, const Axes &axes, bool keepdims) { return reduce_l1(x, axes, keepdims); }},
    {"reduce_std", Domain::Inexact,
     [](const Tensor &x, const Axes &axes, bool keepdims) {
       return reduce_std(x, axes, keepdims);
     }},
    {"reduce_logsumexp", Domain::Float,
     [](const Tensor &x, const Axes &axes, bool keepdims) {
       return reduce_logsumexp(x, axes, keepdims);
     }},
    {"softmax", Domain::Float,
     [](const Tensor &x, const Axes &axes, bool) { return softmax(x, axes); }},
    {"log_softmax", Domain::Float,
     [](const Tensor &x, const Axes &axes, bool) { return log_softmax(x, axes); }},
    {"layer_norm", Domain::Float,
     [](const Tensor &x, const Axes &axes, bool) { return layer_norm(x, {}, {}, axes); }},
    {"rms_norm", Domain::Float,
     [](const Tensor &x, const Axes &axes, bool) { return rms_norm(x, {}, axes); }},
};

/// Builds a random graph: equal seeds and dtypes give equal graphs. Most dimensions have one common
/// extent, so that they meet in many ways.
class RandomGraph {
public:
  RandomGraph(unsigned seed, std::vector<DType> dtypes) : random(seed), dtypes(std::move(dtypes)) {
    // Now and then one around the number of lanes, or of more than a block of them.
    constexpr std::int64_t extents[] = {4, 4, 4, 3, 17, 4, 4, 4, 3, 17, 33, 65, 64, 4, 4, 1030};
    extent = extents[pick(0, 15)];
    while (tensors.size() < 2)
      tensors.push_back(data());
    for (std::int64_t left = pick(1, 12); left > 0; --left)
      tensors.push_back(next());
  }

  /// The data and the operations; an operation may read any before it.
  [[nodiscard]] const std::vector<Tensor> &nodes() const { return tensors; }
  /// The last of them, and up to two at random.
  [[nodiscard]] std::vector<Tensor> outputs() {
    std::vector<Tensor> outputs = {tensors.back()};
    for (std::int64_t more = pick(0, 3); more > 1; --more)
      outputs.push_back(any());
    return outputs;
  }

private:
  [[nodiscard]] std::int64_t pick(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  }
  /// One of the nodes at random.
  [[nodiscard]] Tensor any() {
    return tensors[static_cast<std::size_t>(pick(0, std::ssize(tensors) - 1))];
  }
  DType any_dtype() { return dtypes[static_cast<std::size_t>(pick(0, std::ssize(dtypes) - 1))]; }

  /// Data with strides of any sign that may be zero or overlap; now and then not of whole elements.
  Tensor data() {
    DType dtype = any_dtype();
    Shape shape(static_cast<std::size_t>(pick(0, extent > 100 ? 1 : extent > 17 ? 2 : 3)));
    ByteStrides strides;
    const std::int64_t plane = extent > 100 ? 7 : extent * extent;
    const std::int64_t choices[] = {0, 1, extent, plane, 3, -1, -extent, -plane};
    const std::int64_t odd = pick(0, 9) == 0 ? 1 : 0;
    for (std::int64_t &size : shape) {
      size = pick(0, 9) == 0 ? pick(0, 1) : extent;
      strides.push_back(choices[pick(0, 7)] * size_of(dtype) + odd);
    }
    const std::int64_t rank = std::ssize(shape);
    std::int64_t reach = rank * (extent - 1) * (std::max(plane, extent) + 1) + 1;
    Tensor memory = sample_tensor(dtype, {2 * reach + 1});
    auto *middle = static_cast<const std::byte *>(memory.bytes()) + reach * size_of(dtype) + odd;
    return borrow(middle, dtype, std::move(shape), std::move(strides), memory.node());
  }

  Tensor next() {
    const Tensor &x = pick(0, 3) ? tensors.back() : any();
    Shape shape(x.shape().begin(), x.shape().end());
    switch (pick(0, 13)) {
    case 0:
      return data();
    case 1:
    case 2:
    case 3:
      return reduction(any_op(reduction_ops), x);
    case 4:
      return reduction(any_op(composite_ops), x);
    case 5:
      if (shape.size() < 4 && x.size() * extent <= max_size)
        shape.insert(shape.begin(), extent);
      return broadcast_to(x, std::move(shape));
    case 6:
      return cast(x, any_dtype());
    case 7:
    case 8:
      return view(x);
    case 9: {
      Tensor y = cast(any(), x.dtype()), condition = cast(any(), DType::boolean);
      if (std::optional<Tensor> result = broadcast([&] { return where(condition, x, y); }))
        return *result;
      return where(cast(x, DType::boolean), negated(x), x);
    }
    default:
      return elementwise(x);
    }
  }

  static Tensor negated(const Tensor &x) {
    return x.dtype() == DType::boolean ? logical_not(x) : negative(x);
  }

  /// One of the operations in `table` that take one of the graph's dtypes, or booleans.
  template <class Op, std::size_t size> const Op &any_op(const Op (&table)[size]) {
    for (;;) {
      const Op &op = table[static_cast<std::size_t>(pick(0, size - 1))];
      if (contains(op.domain, DType::boolean) ||
          std::ranges::any_of(dtypes, [&](DType dtype) { return contains(op.domain, dtype); }))
        return op;
    }
  }

  /// `x` in a dtype of the graph's that is in `domain`, or else as booleans.
  Tensor cast_into(Domain domain, const Tensor &x) {
    if (contains(domain, x.dtype()))
      return x;
    for (int i = 0; i < 8; ++i)
      if (DType dtype = any_dtype(); contains(domain, dtype))
        return cast(x, dtype);
    for (DType dtype : dtypes)
      if (contains(domain, dtype))
        return cast(x, dtype);
    return cast(x, DType::boolean);
  }

  Tensor reduction(const ReductionOp &op, const Tensor &given) {
    Tensor x = cast_into(op.domain, given);
    std::vector<std::int64_t> axes;
    for (std::int64_t axis = 0; axis < x.rank(); ++axis)
      if (pick(0, 1))
        axes.push_back(axis);
    const bool keepdims = pick(0, 1) != 0;
    try {
      return op.apply(x, axes, keepdims);
    } catch (const ShapeError &) { // nothing to choose from
      return count_nonzero(x, axes, keepdims);
    }
  }

  Tensor view(const Tensor &x) {
    switch (pick(0, 6)) {
    case 0:
      return transpose(x);
    case 1: {
      std::vector<std::int64_t> permutation(static_cast<std::size_t>(x.rank()));
      std::iota(permutation.begin(), permutation.end(), 0);
      std::ranges::shuffle(permutation, random);
      return transpose(x, std::move(permutation));
    }
    case 2:
      return flip(x, pick(0, 1) && x.rank() ? Axes(pick(0, x.rank() - 1)) : all_axes);
    case 3:
      return expand_dims(x, pick(0, x.rank()));
    case 4:
      return squeeze(x);
    case 5: {
      Shape shape(x.shape().begin(), x.shape().end());
      if (shape.size() < 2 || pick(0, 1))
        return reshape(x, {-1});
      std::swap(shape.front(), shape.back());
      return reshape(x, std::move(shape));
    }
    default: {
      std::vector<Slice> slices;
      for (std::int64_t size : x.shape()) {
        const std::int64_t step = pick(0, 2) - 1;
        slices.push_back({pick(0, size), {}, step == 0 ? 2 : step});
        if (pick(0, 1)) // most keep their extent, so that dimensions meet
          slices.back() = {};
      }
      return slice(x, slices);
    }
    }
  }

  Tensor elementwise(const Tensor &given) {
    const ElementwiseOp &op = any_op(elementwise_ops);
    Tensor x = cast_into(op.domain, given);
    Tensor y = cast(any(), x.dtype());
    if (pick(0, 1) == 0)
      std::swap(x, y);
    return broadcast([&] { return op.apply(x, y); }).value_or(op.apply(x, x));
  }

  /// Elements of a tensor, since the reference takes its time for each.
  static constexpr std::int64_t max_size = 20'000;

  /// What `combine` makes of its operands, if they broadcast to a shape that is not too large.
  template <class Combine> static std::optional<Tensor> broadcast(const Combine &combine) {
    try {
      Tensor result = combine();
      return result.size() <= max_size ? std::optional(result) : std::nullopt;
    } catch (const ShapeError &) {
      return std::nullopt;
    }
  }

  std::mt19937 random;
  std::vector<DType> dtypes;
  std::int64_t extent;
  std::vector<Tensor> tensors;
};

} // namespace tsum::test
