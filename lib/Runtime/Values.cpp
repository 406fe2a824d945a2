// SPDX-License-Identifier: Apache-2.0
#include "tsum/Graph/Node.h"
#include "tsum/eval.h"

#include <algorithm>
#include <ostream>

namespace tsum {

const void *Tensor::checked_data(DType wanted, bool only_element) const {
  if (wanted != dtype())
    throw DTypeError("values: asked for " + std::string(name_of(wanted)) +
                     " of a tensor of dtype " + std::string(name_of(dtype())) +
                     " (cast it: cast(x, DType::" + std::string(name_of(wanted)) + "))");
  if (only_element && size() != 1)
    throw ShapeError("item: shape " + to_string(shape()) + " has " + std::to_string(size()) +
                     " elements (one is needed; see data() and to_vector())");
  if (!is_evaluated())
    eval(*this);
  return node()->row_major_values()->data;
}

namespace {

/// Prints row-major elements in nested brackets as NumPy does.
class Printer {
public:
  Printer(std::ostream &os, const Tensor &tensor)
      : os(os), tensor(tensor), data(static_cast<const std::byte *>(tensor.bytes())),
        strides(row_major_strides(tensor.shape(), tensor.dtype())),
        is_abridged(tensor.size() > full_size) {}

  void print() {
    if (tensor.rank() == 0) {
      os << element_to_string(tensor.dtype(), data);
      return;
    }
    if (tensor.size() == 0) {
      os << "[]";
      return;
    }
    if (tensor.rank() > full_rank) {
      os << "...";
      return;
    }
    visit(0, data,
          [&](const std::byte *element) { width = std::max(width, text_of(element).size()); });
    print_dim(0, data);
  }

private:
  static constexpr std::int64_t full_size = 1000; ///< what is printed whole
  static constexpr std::int64_t full_rank = 64;   ///< what is printed at all: NumPy's highest
  static constexpr std::int64_t edge = 3; ///< elements at either end of an abridged dimension

  /// In arrays NumPy writes "2." and not "2.0".
  [[nodiscard]] std::string text_of(const std::byte *element) const {
    std::string text = element_to_string(tensor.dtype(), element);
    if (text.ends_with(".0"))
      text.pop_back();
    return text;
  }

  [[nodiscard]] std::int64_t extent(std::size_t dim) const { return tensor.shape()[dim]; }
  [[nodiscard]] bool skips_after(std::size_t dim, std::int64_t index) const {
    return is_abridged && extent(dim) > 2 * edge && index == edge - 1;
  }

  /// Calls `act` for each index along `dim` that is printed.
  template <class Act> void for_each_shown(std::size_t dim, Act &&act) const {
    for (std::int64_t i = 0; i < extent(dim); ++i) {
      act(i);
      if (skips_after(dim, i))
        i = extent(dim) - edge - 1;
    }
  }

  template <class Act> void visit(std::size_t dim, const std::byte *from, const Act &act) const {
    for_each_shown(dim, [&](std::int64_t i) {
      const std::byte *element = from + i * strides[dim];
      if (dim + 1 == strides.size())
        act(element);
      else
        visit(dim + 1, element, act);
    });
  }

  void print_dim(std::size_t dim, const std::byte *from) {
    bool is_last = dim + 1 == strides.size();
    // Rows stand below each other, matrices an empty line apart.
    std::string separator =
        is_last ? " " : std::string(strides.size() - dim - 1, '\n') + std::string(dim + 1, ' ');
    os << '[';
    for_each_shown(dim, [&](std::int64_t i) {
      if (i != 0)
        os << separator;
      if (is_last) {
        std::string text = text_of(from + i * strides[dim]);
        os << std::string(width - text.size(), ' ') << text;
      } else {
        print_dim(dim + 1, from + i * strides[dim]);
      }
      if (skips_after(dim, i))
        os << separator << "...";
    });
    os << ']';
  }

  std::ostream &os;
  const Tensor &tensor;
  const std::byte *data;
  ByteStrides strides;
  bool is_abridged;
  std::size_t width = 0;
};

} // namespace

std::ostream &operator<<(std::ostream &os, const Tensor &tensor) {
  os << "tsum.Tensor(";
  Printer(os, tensor).print();
  os << ", shape=(";
  for (std::size_t dim = 0; dim < tensor.shape().size(); ++dim)
    os << (dim ? ", " : "") << tensor.shape()[dim];
  // A tuple of one, as Python writes it.
  return os << (tensor.rank() == 1 ? ",)" : ")") << ", dtype=" << name_of(tensor.dtype()) << ')';
}

} // namespace tsum
