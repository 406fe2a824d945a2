// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Cases.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <ranges>

namespace tsum::test {

/// What is made of the operations of the tables. Some take no empty tensors: they throw.
inline const ReductionOp composite_ops[] = {
    {"argmax", Domain::Real,
     [](const Tensor &x, const Axes &axes, bool keepdims) { return argmax(x, axes, keepdims); }},
    {"argmin", Domain::Real,
     [](const Tensor &x, const Axes &axes, bool keepdims) { return argmin(x, axes, keepdims); }},
    {"exact reduce_sum", Domain::Numeric,
     [](const Tensor &x, const Axes &axes, bool keepdims) {
       return reduce_sum(x, axes, {.keepdims = keepdims, .accuracy = Accuracy::exact});
     }},
    {"exact reduce_sum in f32", Domain::Float,
     [](const Tensor &x, const Axes &axes, bool keepdims) {
       return reduce_sum(x, axes,
                         {.keepdims = keepdims, .dtype = DType::f32, .accuracy = Accuracy::exact});
     }},
    {"exact reduce_mean", Domain::Numeric,
     [](const Tensor &x, const Axes &axes, bool keepdims) {
       return reduce_mean(x, axes, {.keepdims = keepdims, .accuracy = Accuracy::exact});
     }},
    {"exact reduce_sum_square", Domain::Numeric,
     [](const Tensor &x, const Axes &axes, bool keepdims) {
       return reduce_sum_square(x, axes, {.keepdims = keepdims, .accuracy = Accuracy::exact});
     }},
    {"exact reduce_std", Domain::Inexact,
     [](const Tensor &x, const Axes &axes, bool keepdims) {
       return reduce_std(x, axes, {.keepdims = keepdims, .accuracy = Accuracy::exact});
     }},
    {"reduce_sum in f64", Domain::Float,
     [](const Tensor &x, const Axes &axes, bool keepdims) {
       return reduce_sum(x, axes, {.keepdims = keepdims, .dtype = DType::f64});
     }},
    {"reduce_prod in f64", Domain::Float,
     [](const Tensor &x, const Axes &axes, bool keepdims) {
       return reduce_prod(x, axes, {.keepdims = keepdims, .dtype = DType::f64});
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
    {"reduce_euclidean_norm", Domain::Inexact,
     [](const Tensor &x, const Axes &axes, bool keepdims) {
       return reduce_euclidean_norm(x, axes, keepdims);
     }},
    {"unbiased reduce_variance", Domain::Inexact,
     [](const Tensor &x, const Axes &axes, bool keepdims) {
       return reduce_variance(x, axes, {.keepdims = keepdims, .ddof = 1});
     }},
    {"reduce_std", Domain::Inexact,
     [](const Tensor &x, const Axes &axes, bool keepdims) {
       return reduce_std(x, axes, keepdims);
     }},
    {"reduce_logsumexp", Domain::Float,
     [](const Tensor &x, const Axes &axes, bool keepdims) {
       return reduce_logsumexp(x, axes, keepdims);
     }},
    {"nanmean", Domain::Inexact,
     [](const Tensor &x, const Axes &axes, bool keepdims) { return nanmean(x, axes, keepdims); }},
    {"nanvar", Domain::Inexact,
     [](const Tensor &x, const Axes &axes, bool keepdims) { return nanvar(x, axes, keepdims); }},
    {"nanmax", Domain::Real,
     [](const Tensor &x, const Axes &axes, bool keepdims) { return nanmax(x, axes, keepdims); }},
    {"softmax", Domain::Float,
     [](const Tensor &x, const Axes &axes, bool) { return softmax(x, axes); }},
    {"log_softmax", Domain::Float,
     [](const Tensor &x, const Axes &axes, bool) { return log_softmax(x, axes); }},
    {"layer_norm", Domain::Float,
     [](const Tensor &x, const Axes &axes, bool) { return layer_norm(x, {}, {}, axes); }},
    {"rms_norm", Domain::Float,
     [](const Tensor &x, const Axes &axes, bool) { return rms_norm(x, {}, axes); }},
};

/// How many elements the tensors of a random graph have.
enum class Scale : std::uint8_t {
  Small,     ///< up to 20,000, since the reference takes its time for each
  Large,     ///< 1 to 64 MB, in a graph of few operations
  UpToLarge, ///< seldom so many
};

/// Builds a random graph: equal seeds, dtypes and scales give equal graphs. Most dimensions have
/// one common extent, so that they meet in many ways.
class RandomGraph {
public:
  RandomGraph(unsigned seed, std::vector<DType> dtypes, Scale scale = Scale::Small)
      : random(seed), dtypes(std::move(dtypes)) {
    if (scale == Scale::Large || (scale == Scale::UpToLarge && pick(0, 199) == 0)) {
      add_large();
      return;
    }
    extent = any_extent();
    other_extent = any_of({2, 3, 5, 7, 8, 9, 16, 17});
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
  [[nodiscard]] std::int64_t any_of(std::initializer_list<std::int64_t> values) {
    return values.begin()[pick(0, std::ssize(values) - 1)];
  }
  /// One of the nodes at random.
  [[nodiscard]] Tensor any() {
    return tensors[static_cast<std::size_t>(pick(0, std::ssize(tensors) - 1))];
  }
  DType any_dtype() { return dtypes[static_cast<std::size_t>(pick(0, std::ssize(dtypes) - 1))]; }

  /// Mostly a small one, so that there are many dimensions; else one around multiples of lanes, of
  /// blocks of them, and of blocks of blocks.
  std::int64_t any_extent() {
    if (pick(0, 2))
      return any_of({2, 3, 4, 4, 5, 7});
    const std::int64_t unit = any_of({16, 16, 32, 64, 256, 256, 1024, 4096});
    return unit * pick(1, 4) + pick(-1, 1);
  }

  /// One of up to 8 dimensions that has at most `max_size` elements.
  Shape any_shape() {
    Shape shape(static_cast<std::size_t>(pick(0, pick(0, 5) ? 3 : 8)));
    std::int64_t size = 1;
    for (std::int64_t &this_extent : shape) {
      const std::int64_t kind = pick(0, 19);
      this_extent = kind == 0 ? 0 : kind < 3 ? 1 : kind < 6 ? other_extent : extent;
      if (size * this_extent > max_size)
        this_extent = size * other_extent > max_size ? 1 : other_extent;
      size *= std::max<std::int64_t>(this_extent, 1);
    }
    std::ranges::shuffle(shape, random);
    return shape;
  }

  /// How a tensor may lie in memory.
  enum class Memory : std::uint8_t {
    RowMajor,
    ColumnMajor,
    AnyOrder,
    Gaps,
    Reversed,
    Repeated, ///< strides of 0
    Mixed,    ///< some of all these
    Anyhow    ///< elements may overlap
  };

  ByteStrides any_strides(const Shape &shape, std::int64_t element) {
    const auto memory = static_cast<Memory>(std::max<std::int64_t>(pick(-2, 7), 0));
    const bool is_mixed = memory == Memory::Mixed;
    auto is = [&](Memory kind) { return memory == kind || (is_mixed && pick(0, 2) == 0); };
    std::vector<std::size_t> order(shape.size()); // innermost first
    std::iota(order.begin(), order.end(), 0);
    if (memory != Memory::ColumnMajor)
      std::ranges::reverse(order);
    if (is(Memory::AnyOrder))
      std::ranges::shuffle(order, random);
    const bool has_gaps = is(Memory::Gaps);

    ByteStrides strides(shape.size());
    std::int64_t stride = element * (has_gaps && pick(0, 1) ? pick(2, 3) : 1);
    for (std::size_t dim : order) {
      strides[dim] = stride;
      stride *= std::max<std::int64_t>(shape[dim], 1);
      if (has_gaps && pick(0, 1))
        stride += element * pick(1, 3);
      if (is(Memory::Reversed) && pick(0, 1))
        strides[dim] = -strides[dim];
      if (is(Memory::Repeated) && pick(0, 1))
        strides[dim] = 0;
      if (memory == Memory::Anyhow)
        strides[dim] = element * any_of({0, 1, 3, -1, extent, -extent, other_extent});
    }
    return strides;
  }

  /// What the elements of some data are.
  enum class Values : std::uint8_t {
    Cancelling, ///< floats whose sums depend on their order, integers whose sums wrap
    NearOne,    ///< whose products neither overflow nor vanish
    Small,      ///< integers, also as floats
    FewSpecial, ///< now and then a special one
    Special,
    NegativeZero
  };

  template <class T> T any_value(Values values, const Shape &shape, std::int64_t index) {
    if constexpr (ComplexElement<T>) {
      using Part = typename T::value_type;
      const Part real = any_value<Part>(values, shape, index);
      return {real, any_value<Part>(values, shape, index ^ 1)};
    } else if constexpr (std::is_same_v<T, bool>) {
      return random() % 2 != 0;
    } else {
      static const std::vector<T> special = special_values<T>();
      if (values == Values::Special || (values == Values::FewSpecial && random() % 16 == 0))
        return special[random() % special.size()];
      if (values == Values::Small)
        return static_cast<T>(random() % 7);
      if constexpr (!FloatElement<T>)
        return static_cast<T>(std::uint64_t{random()} << 32 | random());
      else if (values == Values::NearOne)
        return T((random() % 2 ? 1.0 : -1.0) * (0.96875 + std::ldexp(random(), -36)));
      else if (values == Values::NegativeZero)
        return T(-0.0);
      else
        return T(cancelling_value(shape, index));
    }
  }

  Tensor data() { return data(any_dtype(), any_shape()); }

  Tensor data(DType dtype, const Shape &shape) {
    constexpr Values kinds[] = {Values::Cancelling, Values::Cancelling, Values::Cancelling,
                                Values::Cancelling, Values::Cancelling, Values::NearOne,
                                Values::NearOne,    Values::Small,      Values::FewSpecial,
                                Values::Special};
    const Values values = pick(0, 39) ? kinds[pick(0, 9)] : Values::NegativeZero;
    ByteStrides strides = any_strides(shape, size_of(dtype));
    // Now and then not aligned, or not of whole elements.
    const std::int64_t odd = pick(0, 9) == 0 ? 1 : 0;
    if (odd && pick(0, 1))
      for (std::int64_t &stride : strides)
        stride += stride < 0 ? -1 : 1;
    std::int64_t index = 0;
    return filled_tensor(dtype, shape, std::move(strides), pick(0, 1) ? Guard::Front : Guard::Back,
                         odd, [&]<class T>(T) { return any_value<T>(values, shape, index++); });
  }

  /// Data of 1 to 64 MB, but of at most 16 million elements, and reductions of it.
  void add_large() {
    const DType dtype = any_dtype();
    const double bytes = std::exp2(20 + 6 * std::uniform_real_distribution()(random));
    const std::int64_t size =
        std::min<std::int64_t>(1 << 24, static_cast<std::int64_t>(bytes) / size_of(dtype));
    Shape shape(static_cast<std::size_t>(pick(1, 3)));
    std::int64_t left = size;
    for (std::int64_t &this_extent : shape | std::views::drop(1)) {
      const double power = std::uniform_real_distribution(0.0, std::log2(left))(random);
      this_extent = pick(0, 1) ? any_extent() : static_cast<std::int64_t>(std::exp2(power));
      this_extent = std::clamp<std::int64_t>(this_extent, 1, left);
      left /= this_extent;
    }
    shape.front() = left;
    std::ranges::shuffle(shape, random);
    extent = 2, other_extent = 3; // strides of data that overlaps
    tensors.push_back(data(dtype, shape));
    if (pick(0, 1))
      tensors.push_back(elementwise(tensors.back()));
    const Tensor operand = tensors.back();
    for (std::int64_t more = pick(1, 3); more > 0; --more)
      tensors.push_back(pick(0, 3) ? reduction(any_op(reduction_ops), operand)
                                   : reduction(any_op(composite_ops), operand));
    if (pick(0, 1))
      tensors.push_back(elementwise(tensors.back()));
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
      if (shape.size() < 8 && x.size() * extent <= max_size)
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

  /// Whether it makes a value of the sign of a NaN, which has no meaning where it is computed.
  static bool takes_signs_of_nans(const ElementwiseOp &op) {
    const std::string_view name = op.name;
    return name == "copysign" || name == "signbit";
  }

  /// Whether it does that with the parts of complex numbers: elementary functions do.
  static bool takes_signs_of_parts(const ElementwiseOp &op) {
    for (const std::string_view exact : {"reciprocal", "divide", "is_nan", "is_inf", "is_finite"})
      if (op.name == exact)
        return false;
    return op.domain == Domain::Inexact || op.name == std::string_view("pow") ||
           op.name == std::string_view("sign");
  }

  Tensor elementwise(const Tensor &given) {
    const ElementwiseOp *any = &any_op(elementwise_ops);
    while (takes_signs_of_nans(*any))
      any = &any_op(elementwise_ops);
    const ElementwiseOp &op = *any;
    Tensor x = cast_into(op.domain, given);
    if (takes_signs_of_parts(op))
      x = real(x);
    Tensor y = cast(this->any(), x.dtype());
    if (pick(0, 1) == 0)
      std::swap(x, y);
    return broadcast([&] { return op.apply(x, y); }).value_or(op.apply(x, x));
  }

  /// Elements of a tensor, since the reference takes its time for each.
  static constexpr std::int64_t max_size = 20'000;

  /// What `combine` makes of its operands, if they broadcast to a shape that is not too large.
  template <class Combine> std::optional<Tensor> broadcast(const Combine &combine) {
    try {
      Tensor result = combine();
      std::int64_t size = 1; // a reduction over an extent of 0 leaves all others
      for (std::int64_t each : result.shape())
        size *= std::max<std::int64_t>(each, 1);
      return size <= std::max(max_size, tensors.front().size()) ? std::optional(result)
                                                                : std::nullopt;
    } catch (const ShapeError &) {
      return std::nullopt;
    }
  }

  std::mt19937 random;
  std::vector<DType> dtypes;
  std::int64_t extent = 1;       ///< of most dimensions
  std::int64_t other_extent = 1; ///< of some
  std::vector<Tensor> tensors;
};

} // namespace tsum::test
