// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Difference.h"
#include "Process.h"
#include "tsum/function.h"

#include <array>
#include <numeric>

/// The contract of docs/numerics.md: the bits of a reduction are a function of its logical operand
/// alone. A question is a reduction of some elements; a setting is all that the bits of its answer
/// do not depend on.
namespace tsum::test {

/// A reduction, or what is made of some.
struct QuestionOp {
  const char *name;
  Domain domain;
  bool is_product; ///< whether elements far from 1 would overflow it
  Tensor (*apply)(const Tensor &x, const Axes &axes, bool keepdims);
};

inline const QuestionOp question_ops[] = {
    {"reduce_sum", Domain::Inexact, false,
     [](const Tensor &x, const Axes &axes, bool keep) { return reduce_sum(x, axes, keep); }},
    {"reduce_prod", Domain::Inexact, true,
     [](const Tensor &x, const Axes &axes, bool keep) { return reduce_prod(x, axes, keep); }},
    {"reduce_mean", Domain::Inexact, false,
     [](const Tensor &x, const Axes &axes, bool keep) { return reduce_mean(x, axes, keep); }},
    {"reduce_variance", Domain::Inexact, false,
     [](const Tensor &x, const Axes &axes, bool keep) { return reduce_variance(x, axes, keep); }},
    {"softmax", Domain::Float, false,
     [](const Tensor &x, const Axes &axes, bool) { return softmax(x, axes); }},
    {"exact reduce_sum", Domain::Inexact, false,
     [](const Tensor &x, const Axes &axes, bool keep) {
       return reduce_sum(x, axes, {.keepdims = keep, .accuracy = Accuracy::exact});
     }},
    {"reduce_sum in f64", Domain::Float, false,
     [](const Tensor &x, const Axes &axes, bool keep) {
       return reduce_sum(x, axes, {.keepdims = keep, .dtype = DType::f64});
     }},
    {"reduce_logsumexp", Domain::Float, false,
     [](const Tensor &x, const Axes &axes, bool keep) { return reduce_logsumexp(x, axes, keep); }},
    {"reduce_euclidean_norm", Domain::Inexact, false,
     [](const Tensor &x, const Axes &axes, bool keep) {
       return reduce_euclidean_norm(x, axes, keep);
     }},
    {"nanmean", Domain::Inexact, false,
     [](const Tensor &x, const Axes &axes, bool keep) { return nanmean(x, axes, keep); }},
    {"layer_norm", Domain::Float, false,
     [](const Tensor &x, const Axes &axes, bool) { return layer_norm(x, {}, {}, axes); }},
};

/// What the elements are computed by: as data they are computed before, else in the kernel.
struct QuestionFunction {
  const char *name;
  Domain domain;
  Tensor (*apply)(const Tensor &x);
};

inline const QuestionFunction question_functions[] = {
    {"x", Domain::Inexact, [](const Tensor &x) { return x; }},
    {"x * x", Domain::Inexact, [](const Tensor &x) { return multiply(x, x); }},
    {"exp(x)", Domain::Float, [](const Tensor &x) { return exp(x); }},
    {"tanh(x) + 1", Domain::Float, [](const Tensor &x) { return tanh(x) + 1; }},
};

/// A reduction of elements: all that its answer depends on.
struct Question {
  unsigned seed = 0; ///< of the values
  DType dtype = DType::f32;
  Shape shape;
  std::vector<std::int64_t> axes;
  std::vector<bool> is_repeated; ///< the dimensions along which the elements are the same
  std::size_t op = 0, function = 0;
};

/// What the answer does not depend on. Each number means one thing of many, whatever the question;
/// 0 is the usual: row-major data, alone, evaluated once.
enum class Aspect : std::uint8_t {
  Batch,      ///< beside others along one more dimension, taken out afterwards or before
  Alone,      ///< one index of a kept dimension without the others
  Ones,       ///< with dimensions of extent 1, some of them reduced
  Order,      ///< dimensions in another order in memory
  Gaps,       ///< between elements
  Reversed,   ///< strides below 0
  Repeated,   ///< strides of 0 where elements are the same
  Unaligned,  ///< not at multiples of the element size
  ByViews,    ///< laid out by transpose, slice, flip and broadcast_to instead of strides
  Computed,   ///< in the kernel
  Companions, ///< evaluated together with others
  Keepdims,
  Threads,
  Again,  ///< from the cache in memory, from that on disk, or by a prepared function
  Generic ///< by generic code
};
inline constexpr std::array aspect_names = {
    "Batch",   "Alone",    "Ones",       "Order",    "Gaps",    "Reversed", "Repeated", "Unaligned",
    "ByViews", "Computed", "Companions", "Keepdims", "Threads", "Again",    "Generic"};
inline constexpr std::size_t aspect_count = aspect_names.size();

struct Setting {
  std::array<unsigned, aspect_count> numbers{};

  unsigned &operator[](Aspect aspect) { return numbers[static_cast<std::size_t>(aspect)]; }
  unsigned operator[](Aspect aspect) const { return numbers[static_cast<std::size_t>(aspect)]; }
};

/// A question with extents around lanes, blocks and multiples of both; `is_large` of 1 to 32 MB.
inline Question random_question(unsigned seed, DType dtype, bool is_large = false) {
  std::mt19937 random(seed);
  auto pick = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  Question question{seed, dtype, {}, {}, {}, 0, 0};
  do
    question.op = pick(0, 2) ? static_cast<std::size_t>(pick(0, 3))
                             : static_cast<std::size_t>(pick(0, std::ssize(question_ops) - 1));
  while (!contains(question_ops[question.op].domain, dtype));
  do
    question.function =
        pick(0, 2) ? 0 : static_cast<std::size_t>(pick(0, std::ssize(question_functions) - 1));
  while (!contains(question_functions[question.function].domain, dtype));

  const std::int64_t most = (is_large ? pick(1 << 20, 32 << 20) : 120'000) / size_of(dtype);
  constexpr std::int64_t units[] = {1, 1, 1, 16, 16, 64, 256, 256, 1024, 4096};
  std::int64_t size = 1;
  for (std::int64_t rank = pick(1, 4); rank > 0; --rank) {
    const std::int64_t unit = units[pick(0, 9)];
    std::int64_t extent = unit == 1 ? pick(2, 13) : unit * pick(1, 5) + pick(-1, 1);
    extent = std::min(extent, most / size);
    if (extent < 1)
      break;
    size *= extent;
    question.shape.push_back(extent);
  }
  if (is_large)
    question.shape[static_cast<std::size_t>(pick(0, std::ssize(question.shape) - 1))] *=
        std::max<std::int64_t>(1, most / size);
  for (std::int64_t axis = 0; axis < std::ssize(question.shape); ++axis) {
    if (pick(0, 1))
      question.axes.push_back(axis);
    question.is_repeated.push_back(pick(0, 5) == 0);
  }
  if (question.axes.empty())
    question.axes.push_back(pick(0, std::ssize(question.shape) - 1));
  return question;
}

/// A setting of one to all aspects.
inline Setting random_setting(unsigned seed) {
  std::mt19937 random(seed * 2 + 1);
  const unsigned density = random() % 4 + 1;
  Setting setting;
  for (unsigned &number : setting.numbers)
    if (random() % 6 < density)
      number = static_cast<unsigned>(random()) | 1;
  return setting;
}

/// The elements of a question, in row-major order.
inline std::vector<std::byte> question_values(const Question &question) {
  std::vector<std::byte> bytes;
  bytes.resize(static_cast<std::size_t>(checked_size("", question.shape, question.dtype) *
                                        size_of(question.dtype)));
  visit_dtype(real_dtype(question.dtype), [&]<class T>(T) {
    if constexpr (FloatElement<T>) {
      std::mt19937_64 random(question.seed);
      const std::vector<T> special = special_values<T>();
      const unsigned kind = question.seed % 8;
      const bool is_near_one = question_ops[question.op].is_product ? kind < 6 : kind == 0;
      for (std::size_t at = 0; at < bytes.size(); at += sizeof(T)) {
        const std::uint64_t bits = random();
        const double sign = bits & 1 ? 1 : -1;
        const double fraction = 1 + std::ldexp(static_cast<double>(bits >> 12), -52);
        T value;
        if (is_near_one)
          value = T(sign * (0.984375 + fraction / 64));
        else if (kind == 7 && bits % 32 == 1)
          value = special[bits / 32 % special.size()];
        else if (kind == 6 && bits % 4)
          value = T(bits % 8 < 6 ? 0.0 : -0.0);
        else
          value = T(sign * std::ldexp(fraction, static_cast<int>(bits / 2 % 10) - 8));
        std::memcpy(bytes.data() + at, &value, sizeof(T));
      }
    }
  });
  // Elements that are repeated are those at index 0.
  ByteStrides strides = row_major_strides(question.shape, question.dtype);
  for (std::size_t dim = 0; dim < strides.size(); ++dim)
    if (question.is_repeated[dim])
      strides[dim] = 0;
  auto packed = pack_row_major(question.shape, question.dtype, {nullptr, bytes.data(), strides});
  return {packed->data, packed->data + bytes.size()};
}

/// A question in a setting.
class Asked {
public:
  /// `values` are the question's and `computed` what its function makes of them.
  Asked(const Question &question, const Setting &setting, std::span<const std::byte> values,
        std::span<const std::byte> computed)
      : question(question), setting(setting),
        element(static_cast<std::size_t>(size_of(question.dtype))) {
    add_dimensions();
    const bool is_computed = setting[Aspect::Computed] && question.function != 0;
    lay_out(is_computed ? values : computed);
  }

  /// The outputs to evaluate; the answer is in the first. The data is `x`.
  [[nodiscard]] std::vector<Tensor> outputs(const Tensor &x) const {
    Tensor operand = take_before(compute(arrange(x)));
    std::vector<std::int64_t> axes;
    for (std::size_t dim = 0, place = 0; dim < dims.size(); ++dim)
      if (!is_taken_before(dim)) {
        if (dims[dim].is_reduced)
          axes.push_back(static_cast<std::int64_t>(place));
        ++place;
      }
    const bool keepdims = setting[Aspect::Keepdims] % 2 == 1;
    std::vector<Tensor> outputs = {question_ops[question.op].apply(operand, axes, keepdims)};
    add_companions(operand, axes, outputs);
    return outputs;
  }

  /// The answer's elements in the order of the question's result.
  [[nodiscard]] std::vector<std::byte> answer() const {
    ThreadScope scope(setting[Aspect::Threads] ? 1 + setting[Aspect::Threads] / 2 % 5 : 0);
    std::optional<GenericScope> generic;
    if (setting[Aspect::Generic])
      generic.emplace();
    switch (setting[Aspect::Again] % 8) {
    case 1: // from the cache in memory
      eval(outputs(data));
      break;
    case 3: { // from that on disk
      const TemporaryDirectory directory;
      const std::string before = cache_directory();
      set_cache_directory(directory.name());
      clear_cache();
      eval(outputs(data));
      clear_cache();
      std::vector<Tensor> results = outputs(data);
      eval(results);
      set_cache_directory(before);
      return extract(results.front());
    }
    case 5: // certainly from none
      clear_cache();
      break;
    case 7:
      if (const std::vector<Tensor> results = call_prepared(); !results.empty())
        return extract(results.front());
      break;
    default:
      break;
    }
    std::vector<Tensor> results = outputs(data);
    eval(results);
    return extract(results.front());
  }

  /// The answer that it should give, if `usual` is that of the question in the usual setting.
  [[nodiscard]] std::vector<std::byte> expected(std::span<const std::byte> usual) const {
    const Shape shape = result_shape();
    const std::size_t size = element_of_result();
    std::vector<std::byte> chosen;
    for_each(shape, [&](const std::vector<std::int64_t> &index, std::int64_t at) {
      if (is_asked(index))
        append(chosen, usual.subspan(static_cast<std::size_t>(at) * size, size));
    });
    return chosen;
  }

  const Tensor &input() const { return data; }

private:
  /// A dimension of the tensor that is built.
  struct Dim {
    std::int64_t place; ///< in the question, or -1 for a dimension beside it
    std::int64_t extent;
    std::int64_t first; ///< the question's index at 0; beside it, at which index the question lies
    bool is_reduced, is_repeated;
  };

  /// Calls `visit` with each index of `shape` and its place in row-major order.
  template <class Visit> static void for_each(const Shape &shape, const Visit &visit) {
    std::vector<std::int64_t> index(shape.size());
    for (std::int64_t at = 0;; ++at) {
      visit(std::as_const(index), at);
      std::size_t dim = shape.size();
      while (dim > 0 && ++index[dim - 1] == shape[dim - 1])
        index[--dim] = 0;
      if (dim == 0)
        return;
    }
  }

  static void append(std::vector<std::byte> &bytes, std::span<const std::byte> more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
  }

  [[nodiscard]] Shape built_shape() const {
    Shape shape;
    for (const Dim &dim : dims)
      shape.push_back(dim.extent);
    return shape;
  }

  void add_dimensions() {
    for (std::size_t n = 0; n < question.shape.size(); ++n)
      dims.push_back(
          {static_cast<std::int64_t>(n), question.shape[n], 0,
           std::ranges::find(question.axes, static_cast<std::int64_t>(n)) != question.axes.end(),
           question.is_repeated[n]});
    if (const unsigned number = setting[Aspect::Alone] / 2; setting[Aspect::Alone]) {
      std::vector<std::size_t> kept;
      for (std::size_t n = 0; n < dims.size(); ++n)
        if (!dims[n].is_reduced)
          kept.push_back(n);
      if (!kept.empty()) {
        const std::size_t dim = kept[number % kept.size()];
        alone_place = dims[dim].place;
        alone_index = number / 4 % dims[dim].extent;
        dims[dim].first = alone_index;
        dims[dim].extent = 1;
        if (number / 2 % 2)
          dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(dim));
      }
    }
    auto insert = [&](unsigned place, const Dim &dim) {
      dims.insert(dims.begin() + static_cast<std::ptrdiff_t>(place % (dims.size() + 1)), dim);
    };
    if (const unsigned number = setting[Aspect::Batch] / 2; setting[Aspect::Batch]) {
      constexpr std::int64_t extents[] = {2, 3, 5, 8, 17, 33, 64, 130};
      const std::int64_t size = checked_size("", built_shape(), question.dtype);
      const std::int64_t most = std::max<std::int64_t>(2, 200'000 / size);
      const std::int64_t extent = std::min(extents[number % 8], most);
      insert(number / 8, {-1, extent, number / 64 % extent, false, false});
      is_taken_before_reduction = number / 4096 % 3 == 0;
    }
    if (const unsigned number = setting[Aspect::Ones] / 2; setting[Aspect::Ones])
      for (unsigned n = 0; n <= number % 2; ++n)
        insert(number / 4 + 3 * n, {-1, 1, 0, (number >> (n + 1)) % 2 != 0, false});
  }

  /// Puts the elements of `source` into memory.
  void lay_out(std::span<const std::byte> source) {
    order.resize(dims.size());
    std::iota(order.begin(), order.end(), 0);
    if (const unsigned number = setting[Aspect::Order]; number % 4 == 1)
      std::ranges::reverse(order);
    else if (number)
      std::ranges::shuffle(order, std::mt19937(number));
    steps.assign(dims.size(), 1);
    stored = built_shape();
    std::int64_t size = 1;
    for (std::size_t n = 0; n < dims.size(); ++n) {
      const unsigned gap = setting[Aspect::Gaps] / 2 >> 4 * n;
      if (setting[Aspect::Gaps] && gap % 4 == 1)
        steps[n] = 1 + gap / 4 % 4;
      if (is_stride_zero(n))
        stored[n] = 1;
      stored[n] = (stored[n] - 1) * steps[n] + 1;
      if (setting[Aspect::Gaps] && gap % 4 >= 2)
        stored[n] += gap / 4 % 4;
      size *= stored[n];
    }
    const unsigned unaligned = setting[Aspect::Unaligned];
    const std::int64_t offset = unaligned ? 1 : 0;
    const std::int64_t pitch =
        static_cast<std::int64_t>(element) + (unaligned % 4 == 3 && !by_views() ? 1 : 0);
    auto memory = guarded_memory(static_cast<std::size_t>(size * pitch + offset), Guard::Back);
    std::memset(memory.get(), 0xff, static_cast<std::size_t>(size * pitch + offset));

    strides.assign(dims.size(), 0);
    std::int64_t stride = pitch;
    std::byte *start = memory.get() + offset;
    for (std::size_t place = dims.size(); place-- > 0;) {
      const std::size_t n = order[place];
      if (!is_stride_zero(n))
        strides[n] = stride * steps[n] * (is_reversed(n) ? -1 : 1);
      if (is_reversed(n) && !is_stride_zero(n))
        start += stride * steps[n] * (dims[n].extent - 1);
      stride *= stored[n];
    }

    const std::vector<std::int64_t> in_source = element_strides(question.shape);
    const auto total = static_cast<std::int64_t>(source.size() / element);
    for_each(built_shape(), [&](const std::vector<std::int64_t> &index, std::int64_t at) {
      std::int64_t from = alone_place >= 0 ? alone_index * in_source[std::size_t(alone_place)] : 0;
      std::byte *to = start;
      bool is_beside = false;
      for (std::size_t n = 0; n < dims.size(); ++n) {
        to += index[n] * strides[n];
        if (dims[n].place < 0)
          is_beside |= index[n] != dims[n].first;
        else if (dims[n].place != alone_place && !dims[n].is_repeated)
          from += index[n] * in_source[static_cast<std::size_t>(dims[n].place)];
      }
      if (is_beside) // others, in another order; they may lie in the same place
        from = (from + (at + 1) * 7919) % total;
      std::memcpy(to, source.data() + from * static_cast<std::int64_t>(element), element);
    });

    if (by_views()) {
      Shape shape;
      for (std::size_t n : order)
        shape.push_back(stored[n]);
      data = borrow(memory.get() + offset, question.dtype, std::move(shape), {}, memory);
    } else {
      data = borrow(start, question.dtype, built_shape(), strides, memory);
    }
  }

  [[nodiscard]] bool by_views() const { return setting[Aspect::ByViews] != 0; }
  [[nodiscard]] bool is_reversed(std::size_t dim) const {
    return setting[Aspect::Reversed] && (setting[Aspect::Reversed] / 2 >> dim) % 2 == 1;
  }
  [[nodiscard]] bool is_stride_zero(std::size_t dim) const {
    return setting[Aspect::Repeated] && dims[dim].is_repeated;
  }

  static std::vector<std::int64_t> element_strides(const Shape &shape) {
    std::vector<std::int64_t> strides(shape.size());
    std::int64_t stride = 1;
    for (std::size_t dim = shape.size(); dim-- > 0; stride *= shape[dim])
      strides[dim] = stride;
    return strides;
  }

  /// The built tensor as a view of `x`, which lies in memory in row-major order of `order`.
  [[nodiscard]] Tensor arrange(const Tensor &x) const {
    if (!by_views())
      return x;
    std::vector<Slice> slices;
    std::vector<std::int64_t> permutation(dims.size());
    for (std::size_t place = 0; place < order.size(); ++place) {
      const std::size_t n = order[place];
      permutation[n] = static_cast<std::int64_t>(place);
      const std::int64_t last = is_stride_zero(n) ? 0 : (dims[n].extent - 1) * steps[n];
      if (is_reversed(n))
        slices.push_back({last, {}, -steps[n]});
      else
        slices.push_back({0, last + 1, steps[n]});
    }
    return broadcast_to(transpose(slice(x, slices), permutation), built_shape());
  }

  /// The same elements, computed: by the question's function, or by something that changes nothing.
  [[nodiscard]] Tensor compute(const Tensor &x) const {
    const unsigned number = setting[Aspect::Computed];
    if (!number)
      return x;
    const Tensor y = question_functions[question.function].apply(x);
    const bool is_complex = kind_of(y.dtype()) == DTypeKind::Complex;
    switch (number / 2 % 6) {
    case 0:
      return question.function ? y : negative(negative(y));
    case 1: {
      const Tensor one = constant(std::int32_t{1});
      return where(cast(one, DType::boolean), y, negative(y));
    }
    case 2:
      return is_complex ? complex(real(y), imag(y)) : cast(cast(y, DType::f64), y.dtype());
    case 3:
      return is_complex ? y : y * cast(constant(std::int32_t{1}), y.dtype());
    case 4: {
      const Shape shape(y.shape().begin(), y.shape().end());
      return reshape(reshape(negative(negative(y)), {-1}), shape);
    }
    default:
      return transpose(negative(transpose(negative(y))));
    }
  }

  /// Whether the others along `dim` are gone before the reduction.
  [[nodiscard]] bool is_taken_before(std::size_t dim) const {
    return is_taken_before_reduction && dims[dim].place < 0 && dims[dim].extent > 1;
  }

  [[nodiscard]] Tensor take_before(const Tensor &x) const {
    std::vector<Slice> slices;
    std::vector<std::int64_t> gone;
    for (std::size_t n = 0; n < dims.size(); ++n) {
      slices.emplace_back();
      if (is_taken_before(n)) {
        slices.back() = {dims[n].first, dims[n].first + 1};
        gone.push_back(static_cast<std::int64_t>(n));
      }
    }
    return gone.empty() ? x : squeeze(slice(x, slices), gone);
  }

  void add_companions(const Tensor &x, const std::vector<std::int64_t> &axes,
                      std::vector<Tensor> &outputs) const {
    const unsigned number = setting[Aspect::Companions] / 2;
    if (!setting[Aspect::Companions])
      return;
    std::vector<std::int64_t> others;
    for (std::int64_t axis = 0; axis < x.rank(); ++axis)
      if (std::ranges::find(axes, axis) == axes.end())
        others.push_back(axis);
    if (number & 1)
      outputs.push_back(reduce_sum(x, others));
    if (number & 2) // some of the same dimensions
      outputs.push_back(reduce_mean(x, axes[number / 256 % axes.size()]));
    if (number & 4)
      outputs.push_back(reduce_sum(multiply(x, x), axes, true));
    if (number & 8)
      outputs.push_back(add(x, x));
    if (number & 16) { // in the opposite order
      auto zeros = std::make_shared<std::vector<std::byte>>(x.size() * size_of(x.dtype()));
      Shape reversed(x.shape().rbegin(), x.shape().rend());
      outputs.push_back(
          add(x, transpose(borrow(zeros->data(), x.dtype(), std::move(reversed), {}, zeros))));
    }
    if (number & 32)
      outputs.push_back(reduce_prod(x, axes));
    if (number & 64)
      outputs.push_back(negative(outputs.front()));
    if (number & 128)
      outputs.push_back(x);
  }

  /// The results of a function that is compiled for the layout, if it can be.
  [[nodiscard]] std::vector<Tensor> call_prepared() const {
    if (setting[Aspect::Unaligned] || setting[Aspect::Computed] / 2 % 6 == 4 ||
        kind_of(question.dtype) == DTypeKind::Complex)
      return {}; // copied, reshaped, or no input
    const Tensor x = tsum::input(question.dtype, Shape(data.shape().begin(), data.shape().end()),
                                 by_views() ? ByteStrides{} : strides);
    const std::vector<Tensor> results = outputs(x);
    return compile({&x, 1}, results)({data});
  }

  // Results. Reduced dimensions have extent 1 in the question's result, but for those that keep the
  // operand's shape.

  [[nodiscard]] bool keeps_shape() const {
    const std::string_view name = question_ops[question.op].name;
    return name == "softmax" || name == "layer_norm";
  }
  [[nodiscard]] Shape result_shape() const {
    Shape shape = question.shape;
    for (std::int64_t axis : question.axes)
      if (!keeps_shape())
        shape[static_cast<std::size_t>(axis)] = 1;
    return shape;
  }
  /// Whether the setting has the part of the result at `index`.
  [[nodiscard]] bool is_asked(const std::vector<std::int64_t> &index) const {
    return alone_place < 0 || index[static_cast<std::size_t>(alone_place)] == alone_index;
  }
  [[nodiscard]] std::size_t element_of_result() const {
    const Tensor one = broadcast_to(cast(constant(std::int32_t{1}), question.dtype), {1});
    const Tensor scalar = question_ops[question.op].apply(one, {0}, false);
    return static_cast<std::size_t>(size_of(scalar.dtype()));
  }

  [[nodiscard]] std::vector<std::byte> extract(const Tensor &result) const {
    // Its dimensions, with all that are reduced or taken.
    Shape shape;
    std::int64_t fixed = 0;
    for (std::size_t n = 0; n < dims.size(); ++n)
      shape.push_back(
          (dims[n].is_reduced && !keeps_shape()) || is_taken_before(n) ? 1 : dims[n].extent);
    const std::vector<std::int64_t> in_result = element_strides(shape);
    std::vector<std::int64_t> of_place(question.shape.size());
    for (std::size_t n = 0; n < dims.size(); ++n) {
      if (dims[n].place < 0)
        fixed += is_taken_before(n) ? 0 : dims[n].first * in_result[n];
      else if (dims[n].place != alone_place)
        of_place[static_cast<std::size_t>(dims[n].place)] = in_result[n];
    }
    const std::size_t size = element_of_result();
    const std::span<const std::byte> bytes = bytes_of(result);
    std::vector<std::byte> chosen;
    for_each(result_shape(), [&](const std::vector<std::int64_t> &index, std::int64_t) {
      if (!is_asked(index))
        return;
      std::int64_t at = fixed;
      for (std::size_t n = 0; n < index.size(); ++n)
        at += index[n] * of_place[n];
      append(chosen, bytes.subspan(static_cast<std::size_t>(at) * size, size));
    });
    return chosen;
  }

  const Question &question;
  const Setting &setting;
  std::size_t element;
  std::vector<Dim> dims;
  std::int64_t alone_place = -1, alone_index = 0;
  bool is_taken_before_reduction = false;
  std::vector<std::size_t> order;   ///< of `dims` in memory, outermost first
  std::vector<std::int64_t> steps;  ///< between elements, in places of memory
  std::vector<std::int64_t> stored; ///< places of memory for each of `dims`
  ByteStrides strides;              ///< of `dims`
  Tensor data{nullptr};
};

/// What a question's function makes of its values.
inline std::vector<std::byte> computed_values(const Question &question,
                                              const std::vector<std::byte> &values) {
  const Tensor x = borrow(values.data(), question.dtype, question.shape);
  const Tensor y = question_functions[question.function].apply(x);
  const std::span<const std::byte> bytes = bytes_of(y);
  return {bytes.begin(), bytes.end()};
}

/// A question with its answer.
class Answered {
public:
  explicit Answered(Question given) : question(std::move(given)) {
    values = question_values(question);
    computed = computed_values(question, values);
    usual = Asked(question, usual_setting, values, computed).answer();
  }

  /// What is wrong with the usual answer; nothing if it has the reference's bits.
  [[nodiscard]] std::string difference_from_reference() const {
    const Asked asked(question, usual_setting, values, computed);
    const Tensor output = asked.outputs(asked.input()).front();
    return first_difference(output.dtype(), reference::evaluate_tree(output), usual);
  }

  /// What is wrong with the answer in `setting`; nothing if it has the bits of the usual one.
  [[nodiscard]] std::string difference(const Setting &setting) const {
    const Asked asked(question, setting, values, computed);
    const DType dtype = asked.outputs(asked.input()).front().dtype();
    try {
      return first_difference(dtype, asked.expected(usual), asked.answer());
    } catch (const std::exception &error) {
      return error.what();
    }
  }

  const Question question;

private:
  static constexpr Setting usual_setting{};

  std::vector<std::byte> values, computed, usual;
};

/// The graph of a question in a setting, as a file.
inline std::string question_graph(const Question &question, const Setting &setting) {
  // The graph does not depend on what the values are.
  const std::vector<std::byte> values = question_values(question);
  const Asked asked(question, setting, values, values);
  return to_mlir(asked.outputs(asked.input()));
}

inline std::string to_string(const Question &question, const Setting &setting) {
  std::ostringstream text;
  text << question_ops[question.op].name << " of " << question_functions[question.function].name
       << ", " << name_of(question.dtype) << tsum::to_string(question.shape) << " over "
       << tsum::to_string(question.axes) << ", values " << question.seed << ", repeated [";
  for (bool is_repeated : question.is_repeated)
    text << is_repeated;
  text << "], in";
  for (std::size_t n = 0; n < aspect_count; ++n)
    if (setting.numbers[n])
      text << ' ' << aspect_names[n] << '=' << setting.numbers[n];
  return text.str();
}

/// Makes them simpler as long as `fails` holds, as it does for these. `fails` is asked at most
/// `attempts` times.
inline void simplify(Question &question, Setting &setting, int attempts,
                     const std::function<bool(const Question &, const Setting &)> &fails) {
  auto attempt = [&](const Question &simpler, const Setting &simpler_setting) {
    if (attempts-- <= 0 || !fails(simpler, simpler_setting))
      return false;
    question = simpler;
    setting = simpler_setting;
    return true;
  };
  auto simplify_once = [&] {
    for (std::size_t n = 0; n < aspect_count; ++n)
      if (Setting simpler = setting; simpler.numbers[n]) {
        simpler.numbers[n] = 0;
        if (attempt(question, simpler))
          return true;
      }
    Question simpler = question;
    if (simpler.function) {
      simpler.function = 0;
      if (attempt(simpler, setting))
        return true;
    }
    for (std::size_t n = 0; n < question.shape.size(); ++n)
      for (std::int64_t extent : {std::int64_t{1}, question.shape[n] / 2, question.shape[n] - 1}) {
        simpler = question;
        simpler.shape[n] = extent;
        if (extent > 0 && extent < question.shape[n] && attempt(simpler, setting))
          return true;
      }
    return false;
  };
  while (attempts > 0 && simplify_once()) {
  }
}

} // namespace tsum::test
