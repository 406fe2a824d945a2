// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Graph/Node.h"
#include "tsum/Graph/Strided.h"
#include "tsum/ops.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <random>

#include <sys/mman.h>
#include <unistd.h>

/// The dtypes, operations, layouts, shapes and values that the reference and compiled code are
/// tested on.
namespace tsum::test {

/// What `function` says when it fails, or nothing.
template <class Function> std::string error_of(const Function &function) {
  try {
    function();
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}

inline const DType all_dtypes[] = {
#define TSUM_DTYPE(NAME, CPP, KIND) DType::NAME,
#include "tsum/DTypes.def"
};

/// Names the cases of a test with a parameter.
inline std::string name_of_dtype(const testing::TestParamInfo<DType> &info) {
  return std::string(name_of(info.param));
}

/// The dtypes in `domain`, complex ones only if asked for.
inline std::vector<DType> dtypes_in(Domain domain, bool with_complex = false) {
  std::vector<DType> dtypes;
  for (DType dtype : all_dtypes)
    if (contains(domain, dtype) && (with_complex || kind_of(dtype) != DTypeKind::Complex))
      dtypes.push_back(dtype);
  return dtypes;
}

/// A row of tsum/Elementwise.def.
struct ElementwiseOp {
  const char *name;
  bool is_unary;
  Domain domain;
  Tensor (*apply)(const Tensor &x, const Tensor &y); ///< a unary one ignores `y`
};

inline const ElementwiseOp elementwise_ops[] = {
#define TSUM_UNARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY)                                \
  {#NAME, true, Domain::DOMAIN, [](const Tensor &x, const Tensor &) { return NAME(x); }},
#define TSUM_BINARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY)                               \
  {#NAME, false, Domain::DOMAIN, [](const Tensor &x, const Tensor &y) { return NAME(x, y); }},
#include "tsum/Elementwise.def"
};

/// A row of tsum/Reductions.def.
struct ReductionOp {
  const char *name;
  Domain domain;
  Tensor (*apply)(const Tensor &x, const Axes &axes, bool keepdims);
};

inline const ReductionOp reduction_ops[] = {
#define TSUM_REDUCTION(NAME, CLASS, DOMAIN, COMBINER, IDENTITY, SUMMARY)                           \
  {#NAME, Domain::DOMAIN,                                                                          \
   [](const Tensor &x, const Axes &axes, bool keepdims) { return NAME(x, axes, keepdims); }},
#include "tsum/Reductions.def"
};

/// Every subset of the axes of a tensor.
inline std::vector<Axes> axes_subsets(std::size_t rank) {
  std::vector<Axes> subsets;
  for (unsigned mask = 0; mask < (1U << rank); ++mask) {
    std::vector<std::int64_t> axes;
    for (std::size_t axis = 0; axis < rank; ++axis)
      if (mask & (1U << axis))
        axes.push_back(static_cast<std::int64_t>(axis));
    subsets.emplace_back(std::move(axes));
  }
  return subsets;
}

/// Ranks, empty and unit extents, and extents around rows of lanes, blocks and both together.
inline const Shape sum_shapes[] = {
    {},       {0},       {1},       {63},      {64},      {65},       {1023},      {1024},
    {1025},   {2049},    {0, 3},    {3, 0},    {1, 5},    {7, 1},     {17, 31},    {16, 64},
    {33, 67}, {2, 1040}, {1040, 2}, {3, 0, 2}, {5, 1, 7}, {3, 16, 4}, {4, 17, 65}, {2, 3, 5, 7}};

/// A way to lay out a tensor in memory: byte strides for a shape and an element size.
struct Layout {
  const char *name;
  ByteStrides (*strides)(const Shape &shape, std::int64_t element);
};

inline ByteStrides padded_strides(const Shape &shape, std::int64_t innermost,
                                  std::int64_t padding) {
  ByteStrides strides(shape.size());
  for (std::size_t dim = shape.size(); dim-- > 0;) {
    strides[dim] = innermost;
    innermost *= std::max<std::int64_t>(shape[dim], 1);
    innermost += padding;
  }
  return strides;
}

inline const Layout row_major = {
    "row_major", [](const Shape &shape, std::int64_t e) { return padded_strides(shape, e, 0); }};
inline const Layout padded = {"padded", [](const Shape &shape, std::int64_t e) {
                                return padded_strides(shape, 2 * e, 3 * e);
                              }};

inline const Layout layouts[] = {
    row_major,
    padded,
    {"transposed",
     [](const Shape &shape, std::int64_t e) {
       ByteStrides strides = padded_strides(Shape(shape.rbegin(), shape.rend()), e, 0);
       return ByteStrides(strides.rbegin(), strides.rend());
     }},
    {"reversed",
     [](const Shape &shape, std::int64_t e) {
       ByteStrides strides = padded_strides(shape, e, 0);
       for (std::int64_t &stride : strides)
         stride = -stride;
       return strides;
     }},
    {"last_reversed",
     [](const Shape &shape, std::int64_t e) {
       ByteStrides strides = padded_strides(shape, e, 0);
       if (!strides.empty())
         strides.back() = -strides.back();
       return strides;
     }},
    {"first_repeated",
     [](const Shape &shape, std::int64_t e) {
       ByteStrides strides = padded_strides(shape, e, 0);
       if (!strides.empty())
         strides.front() = 0;
       return strides;
     }},
    {"odd_bytes",
     [](const Shape &shape, std::int64_t e) { return padded_strides(shape, e + 1, 1); }},
};

/// Which end of some memory lies at the border of memory that cannot be read.
enum class Guard { Front, Back };

/// `size` bytes between pages that cannot be read.
inline std::shared_ptr<std::byte> guarded_memory(std::size_t size, Guard guard) {
  auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  std::size_t usable = (size + page - 1) / page * page;
  std::size_t mapped = usable + 2 * page;
  void *memory = mmap(nullptr, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    throw std::bad_alloc();
  std::byte *begin = static_cast<std::byte *>(memory) + page;
  if (usable && mprotect(begin, usable, PROT_READ | PROT_WRITE) != 0)
    throw std::bad_alloc();
  return {begin + (guard == Guard::Back ? usable - size : 0),
          [memory, mapped](std::byte *) { munmap(memory, mapped); }};
}

/// A float for `index` of a tensor, so that sums along any dimension are sensitive to their order:
/// magnitudes differ widely, and what lies mirrored cancels, which leaves what rounding lost.
inline double cancelling_value(std::span<const std::int64_t> shape, std::int64_t index) {
  bool is_negative = false;
  std::uint64_t hash = 0x9e3779b97f4a7c15;
  for (std::size_t dim = shape.size(); dim-- > 0;) {
    std::int64_t i = index % shape[dim];
    index /= shape[dim];
    std::int64_t mirrored = shape[dim] - 1 - i;
    is_negative ^= i > mirrored;
    hash = (hash ^ static_cast<std::uint64_t>(std::min(i, mirrored))) * 0xff51afd7ed558ccd;
    hash ^= hash >> 29;
  }
  double fraction = 1 + static_cast<double>(hash >> 12) * 0x1p-52;
  double magnitude = std::ldexp(fraction, static_cast<int>(hash % 12));
  return is_negative ? -magnitude : magnitude;
}

/// A tensor of `make_value(T())` for each element in row-major order, T being its C++ type, in
/// memory of its own that begins or ends where its elements do, `odd` bytes from where it would be
/// aligned. What lies between the elements is no number, and no boolean.
template <class MakeValue>
Tensor filled_tensor(DType dtype, const Shape &shape, ByteStrides strides, Guard guard,
                     std::int64_t odd, const MakeValue &make_value) {
  std::int64_t before = guard == Guard::Front ? odd : 0;
  std::int64_t after = size_of(dtype) + (guard == Guard::Back ? odd : 0);
  for (std::size_t dim = 0; dim < shape.size(); ++dim) {
    std::int64_t reach = strides[dim] * std::max<std::int64_t>(shape[dim] - 1, 0);
    (reach < 0 ? before : after) += reach < 0 ? -reach : reach;
  }
  auto memory = guarded_memory(static_cast<std::size_t>(before + after), guard);
  std::memset(memory.get(), 0xff, static_cast<std::size_t>(before + after));
  std::byte *data = memory.get() + before;
  visit_dtype(dtype, [&]<class T>(T) {
    for_each_index<1>(shape, {strides}, [&](const auto &offsets) {
      const T value = make_value(T());
      std::memcpy(data + offsets[0], &value, sizeof(T));
    });
  });
  return borrow(data, dtype, shape, std::move(strides), memory);
}

/// A tensor whose floats are `cancelling_value`s and whose integers are so large that their sums
/// wrap, in memory of its own that ends where its elements do.
inline Tensor sample_tensor(DType dtype, const Shape &shape, const Layout &layout = row_major,
                            Guard guard = Guard::Back) {
  std::mt19937_64 random(17);
  std::int64_t index = 0;
  return filled_tensor(
      dtype, shape, layout.strides(shape, size_of(dtype)), guard, 0, [&]<class T>(T) {
        if constexpr (FloatElement<T>)
          return static_cast<T>(cancelling_value(shape, index++));
        else if constexpr (ComplexElement<T>)
          return T(static_cast<typename T::value_type>(cancelling_value(shape, index++)),
                   static_cast<typename T::value_type>(random() % 1024));
        else if constexpr (std::is_same_v<T, bool>)
          return random() % 8 < 4;
        else
          return static_cast<T>(random());
      });
}

/// Values where operations and conversions are special or about to be.
template <class T> std::vector<T> special_values() {
  using Limits = std::numeric_limits<T>;
  std::vector<T> values;
  if constexpr (FloatElement<T>) {
    for (double value : {0.0,        -0.0,   1.0,         -2.5,   0.1,     -0.9,
                         0.5,        1.5,    1 + 0x1p-24, 254.5,  256.0,   1 + 0x1p-8 + 0x1p-40,
                         0x1p31 - 1, 0x1p31, -0x1p31,     0x1p63, -0x1p63, 0x1.ffffffp127,
                         65520.0,    1e-7,   3e-8})
      values.push_back(T(value));
    if constexpr (sizeof(T) > 2)
      for (T value : {T(0x1p31), T(0x1p63), T(1)})
        values.push_back(std::nextafter(value, T(0)));
    for (T value : {Limits::max(), Limits::min(), Limits::denorm_min(), Limits::infinity(),
                    Limits::quiet_NaN()}) {
      values.push_back(value);
      values.push_back(T(-value));
    }
  } else if constexpr (ComplexElement<T>) {
    std::vector<typename T::value_type> parts = special_values<typename T::value_type>();
    for (std::size_t i = 0; i < 3 * parts.size(); ++i)
      values.emplace_back(parts[i % parts.size()],
                          parts[(7 * i + i / parts.size()) % parts.size()]);
  } else if constexpr (std::is_same_v<T, bool>) {
    values = {false, true, true};
  } else {
    for (std::int64_t value : {0L, 1L, 2L, 7L, 100L, -1L, -3L, 0x1000001L, 0x7fffffbfL,
                               0x20000000000001L, 0x7ffffffffffffdffL})
      values.push_back(static_cast<T>(value));
    values.push_back(Limits::max());
    values.push_back(Limits::min());
  }
  return values;
}

/// `special_values` of `dtype` in a vector of `size` elements, over and over.
inline Tensor special_tensor(DType dtype, std::int64_t size) {
  return visit_dtype(dtype, [&]<class T>(T) {
    std::vector<T> values = special_values<T>();
    // Not a vector: that of booleans is none of elements.
    auto repeated = std::make_unique<T[]>(static_cast<std::size_t>(size));
    for (std::size_t i = 0; i < static_cast<std::size_t>(size); ++i)
      repeated[i] = values[i % values.size()];
    return constant<T>(std::span<const T>(repeated.get(), static_cast<std::size_t>(size)), {size});
  });
}

/// The elements that lie in `bytes`.
template <class T> std::vector<T> elements(const std::vector<std::byte> &bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!values.empty())
    std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

/// Where `actual` differs from `expected`, and how; nothing if it has the same bits. A NaN has
/// many, of which operations may give any.
inline std::string first_difference(DType dtype, std::span<const std::byte> expected,
                                    std::span<const std::byte> actual) {
  if (expected.size() != actual.size())
    return std::to_string(expected.size()) + " bytes expected, " + std::to_string(actual.size()) +
           " given";
  if (expected.empty() || std::memcmp(expected.data(), actual.data(), expected.size()) == 0)
    return "";
  return visit_dtype(real_dtype(dtype), [&]<class T>(T) -> std::string {
    for (std::size_t at = 0; at < expected.size(); at += sizeof(T)) {
      T wanted;
      T given;
      std::memcpy(&wanted, expected.data() + at, sizeof(T));
      std::memcpy(&given, actual.data() + at, sizeof(T));
      if constexpr (FloatElement<T>)
        if (std::isnan(static_cast<double>(wanted)) && std::isnan(static_cast<double>(given)))
          continue;
      if (std::memcmp(&wanted, &given, sizeof(T)) != 0)
        return "at " + std::to_string(at / sizeof(T)) + ": expected " +
               element_to_string(dtype_of<T>, expected.data() + at) + ", given " +
               element_to_string(dtype_of<T>, actual.data() + at);
    }
    return "";
  });
}

/// That there is no `first_difference`.
inline void expect_same_values(DType dtype, std::span<const std::byte> expected,
                               std::span<const std::byte> actual) {
  ASSERT_EQ(first_difference(dtype, expected, actual), "");
}

} // namespace tsum::test
