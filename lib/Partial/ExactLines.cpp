// SPDX-License-Identifier: Apache-2.0
#include "ExactLines.h"

#include "Interpreter/Loops.h"
#include "tsum/Exact/Add.h"
#include "tsum/Graph/Strided.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace tsum::partial {

namespace {

/// Dimensions that run forwards, outermost first, of which neighbours that lie contiguous are one.
std::vector<SummedDim> ordered(std::vector<SummedDim> dims, const std::byte *&data,
                               std::int64_t &first_sum) {
  std::erase_if(dims, [](const SummedDim &dim) { return dim.extent == 1; });
  for (SummedDim &dim : dims)
    if (dim.stride < 0) {
      data += dim.stride * (dim.extent - 1);
      first_sum += dim.sum * (dim.extent - 1);
      dim.stride = -dim.stride;
      dim.sum = -dim.sum;
    }
  // What is repeated, without a stride, is outermost.
  std::ranges::sort(dims, std::greater<>(),
                    [](const SummedDim &dim) { return dim.stride == 0 ? INT64_MAX : dim.stride; });
  std::vector<SummedDim> merged;
  for (const SummedDim &dim : dims) {
    if (!merged.empty() && merged.back().stride == dim.stride * dim.extent &&
        merged.back().sum == dim.sum * dim.extent) {
      merged.back() = {merged.back().extent * dim.extent, dim.stride, dim.sum};
      continue;
    }
    merged.push_back(dim);
  }
  if (merged.empty())
    merged.push_back({1, 0, 0});
  return merged;
}

/// `T` is the type in which elements are added.
template <class T> class Lines {
  using Sum = exact::Limbs<T>;
  /// Elements that are copied at a time, which a window takes together; as columns side by side.
  static constexpr std::int64_t most_copied = 4096, most_columns = 32;
  /// Of fewer rows, sums that come together take longer than elements.
  static constexpr std::int64_t fewest_groups = 32;

public:
  Lines(DType dtype, std::int64_t *limbs)
      : size(size_of(dtype)), load(interpreter::loops().load(dtype)), limbs(limbs) {}

  void add(const std::byte *data, std::vector<SummedDim> dims) {
    std::int64_t first = 0;
    dims = ordered(std::move(dims), data, first);
    const SummedDim inner = take(dims, std::ssize(dims) - 1);
    // Rows of several sums are added row by row: over the reduced dimension next to them.
    SummedDim rows{1, 0, 0};
    if (inner.sum != 0)
      for (std::int64_t n = std::ssize(dims); n-- > 0;)
        if (dims[static_cast<std::size_t>(n)].sum == 0) {
          rows = take(dims, n);
          break;
        }
    std::vector<std::int64_t> shape, strides, sums;
    for (const SummedDim &dim : dims) {
      shape.push_back(dim.extent);
      strides.push_back(dim.stride);
      sums.push_back(dim.sum);
    }
    for_each_index<2>(shape, {strides, sums}, [&](const auto &offsets) {
      std::int64_t *to = limbs + (first + offsets[1]) * Sum::words;
      const std::byte *from = data + offsets[0];
      if (inner.sum == 0)
        add_line(Sum(to), from, inner);
      else
        add_rows(to, from, rows, inner);
    });
  }

private:
  static SummedDim take(std::vector<SummedDim> &dims, std::int64_t at) {
    const SummedDim dim = dims[static_cast<std::size_t>(at)];
    dims.erase(dims.begin() + at);
    return dim;
  }

  /// Whether elements can be read where they are.
  bool is_in_place(const std::byte *data, std::int64_t row) const {
    return size == sizeof(T) && reinterpret_cast<std::uintptr_t>(data) % sizeof(T) == 0 &&
           row % size == 0;
  }

  void add_line(Sum sum, const std::byte *data, const SummedDim &line) {
    if (line.stride == size && is_in_place(data, 0)) {
      adder.add(sum, reinterpret_cast<const T *>(data), line.extent);
      return;
    }
    for (std::int64_t begin = 0; begin < line.extent; begin += most_copied) {
      const std::int64_t count = std::min(most_copied, line.extent - begin);
      copy(data + begin * line.stride, {1, 0, 0}, {count, line.stride, 0});
      adder.add(sum, copied.data(), count);
    }
  }

  void add_rows(std::int64_t *to, const std::byte *data, SummedDim rows, const SummedDim &columns) {
    const bool have_gaps = columns.stride != size || rows.stride != columns.extent * size;
    if (!have_gaps && columns.extent < exact::vector_lanes<T> &&
        rows.extent >= fewest_groups * exact::vector_lanes<T>) {
      const std::int64_t groups = rows.extent / exact::vector_lanes<T>;
      add_groups(to, data, groups, columns);
      data += groups * exact::vector_lanes<T> * rows.stride;
      rows.extent %= exact::vector_lanes<T>;
    }
    add_whole_rows(to, data, rows, columns);
  }

  void add_whole_rows(std::int64_t *to, const std::byte *data, const SummedDim &rows,
                      const SummedDim &columns) {
    const std::int64_t step = columns.sum * Sum::words;
    if (columns.stride == size && is_in_place(data, rows.stride)) {
      adder.add_columns(to, step, reinterpret_cast<const T *>(data), rows.extent, columns.extent,
                        rows.stride / size);
      return;
    }
    for (std::int64_t column = 0; column < columns.extent; column += most_columns)
      for (std::int64_t row = 0; row < rows.extent; row += most_copied / most_columns) {
        const std::int64_t width = std::min(most_columns, columns.extent - column);
        const std::int64_t count = std::min(most_copied / most_columns, rows.extent - row);
        copy(data + column * columns.stride + row * rows.stride, {count, rows.stride, 0},
             {width, columns.stride, 0});
        adder.add_columns(to + column * step, step, copied.data(), count, width, width);
      }
  }

  /// Of few columns, side by side, so many rows at once as fill whole vectors: each is a row of
  /// columns of its own, whose sums come together in the end.
  void add_groups(std::int64_t *to, const std::byte *data, std::int64_t groups,
                  const SummedDim &columns) {
    const std::int64_t width = columns.extent * exact::vector_lanes<T>;
    std::vector<std::int64_t> sums(static_cast<std::size_t>(width * Sum::words));
    add_whole_rows(sums.data(), data, {groups, width * size, 0}, {width, size, 1});
    for (std::int64_t n = 0; n < width; ++n)
      Sum(to + n % columns.extent * columns.sum * Sum::words)
          .add(Sum(sums.data() + n * Sum::words));
  }

  /// Copies elements, as `T`, row by row without gaps.
  void copy(const std::byte *data, const SummedDim &rows, const SummedDim &columns) {
    if (rows.stride % size == 0 && columns.stride % size == 0) {
      load(copied.data(), data, rows.stride / size, columns.stride / size,
           {rows.extent, columns.extent});
      return;
    }
    T *out = copied.data();
    for (std::int64_t row = 0; row < rows.extent; ++row)
      for (std::int64_t column = 0; column < columns.extent; ++column)
        load(out++, data + row * rows.stride + column * columns.stride, 0, 1, {});
  }

  std::int64_t size;
  interpreter::LoadLoop load;
  std::int64_t *limbs;
  exact::Adder<T> adder;
  std::vector<T> copied = std::vector<T>(static_cast<std::size_t>(most_copied));
};

} // namespace

void add_exactly(DType dtype, const std::byte *data, std::vector<SummedDim> dims,
                 std::int64_t *limbs) {
  if (std::ranges::any_of(dims, [](const SummedDim &dim) { return dim.extent == 0; }))
    return;
  if (dtype == DType::f64)
    Lines<double>(dtype, limbs).add(data, std::move(dims));
  else
    Lines<float>(dtype, limbs).add(data, std::move(dims));
}

} // namespace tsum::partial
