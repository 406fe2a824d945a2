// SPDX-License-Identifier: Apache-2.0
#include "Bindings.h"
#include "Numpy.h"

#include "tsum/Graph/Node.h"
#include "tsum/Ops/Make.h"

namespace tsum::python {

namespace {

/// What basic indexing makes of a tensor: for each dimension of the result an extent and where it
/// runs in memory, relative to `offset`.
struct View {
  Shape shape;
  ByteStrides strides;
  std::int64_t offset = 0;
  std::vector<Slice> slices; ///< the same, one for each dimension of the tensor
};

/// The `extent` indices from `start` on, `step` apart.
Slice make_slice(std::int64_t start, std::int64_t extent, std::int64_t step) {
  if (extent == 0)
    return {0, 0, 1};
  if (extent == 1)
    return {start, start + 1, 1};
  const std::int64_t last = start + (extent - 1) * step;
  if (step > 0)
    return {start, last + 1, step};
  return {start, last > 0 ? std::optional(last - 1) : std::nullopt, step};
}

bool is_integer(nb::handle index) {
  return PyIndex_Check(index.ptr()) && !PyBool_Check(index.ptr()) && !as_tensor(index) &&
         !numpy::is_array(index);
}

std::vector<nb::object> to_items(nb::handle index) {
  if (!nb::isinstance<nb::tuple>(index))
    return {nb::borrow(index)};
  std::vector<nb::object> items;
  for (nb::handle item : nb::borrow<nb::tuple>(index))
    items.push_back(nb::borrow(item));
  return items;
}

/// Applies `items` to an array of `shape` and `strides`.
View index_view(std::span<const std::int64_t> shape, const ByteStrides &strides,
                const std::vector<nb::object> &items) {
  const auto rank = static_cast<std::int64_t>(shape.size());
  std::int64_t indexed = 0;
  bool has_ellipsis = false;
  for (const nb::object &item : items) {
    if (item.is(Py_Ellipsis)) {
      if (has_ellipsis)
        throw AxisError("index: only one ellipsis ('...') may stand in an index");
      has_ellipsis = true;
    } else if (!item.is_none()) {
      ++indexed;
    }
  }
  if (indexed > rank)
    throw AxisError("index: " + std::to_string(indexed) + " indices for a tensor of rank " +
                    std::to_string(rank) + " (at most one per dimension)");

  View view;
  std::size_t dim = 0;
  auto keep_whole = [&] {
    view.shape.push_back(shape[dim]);
    view.strides.push_back(strides[dim]);
    view.slices.emplace_back();
    ++dim;
  };
  for (const nb::object &item : items) {
    if (item.is_none()) {
      view.shape.push_back(1);
      view.strides.push_back(0);
    } else if (item.is(Py_Ellipsis)) {
      for (std::int64_t i = indexed; i < rank; ++i)
        keep_whole();
    } else if (PySlice_Check(item.ptr())) {
      Py_ssize_t start, stop, step;
      if (PySlice_Unpack(item.ptr(), &start, &stop, &step) < 0)
        throw nb::python_error();
      const Py_ssize_t extent = PySlice_AdjustIndices(shape[dim], &start, &stop, step);
      if (extent != 0)
        view.offset += start * strides[dim];
      view.shape.push_back(extent);
      view.slices.push_back(make_slice(start, extent, step));
      // Extents of 1 and 0 go nowhere, and a step may be huge.
      view.strides.push_back(extent > 1 ? strides[dim] * step : strides[dim]);
      ++dim;
    } else if (is_integer(item)) {
      const auto given = PyNumber_AsSsize_t(item.ptr(), PyExc_IndexError);
      if (given == -1 && PyErr_Occurred())
        throw nb::python_error();
      if (given < -shape[dim] || given >= shape[dim])
        throw AxisError("index: " + std::to_string(given) + " is out of range for axis " +
                        std::to_string(dim) + " of extent " + std::to_string(shape[dim]));
      const std::int64_t place = given < 0 ? given + shape[dim] : given;
      view.offset += place * strides[dim];
      view.slices.push_back(make_slice(place, 1, 1));
      ++dim;
    } else {
      throw DTypeError("index: " + nb::cast<std::string>(nb::str(nb::inst_name(item))) +
                       " is no index here (integers, slices, None and ... are)");
    }
  }
  while (dim < shape.size())
    keep_whole();
  return view;
}

} // namespace

Tensor get_item(const Tensor &tensor, nb::handle index) {
  std::vector<nb::object> items = to_items(index);
  // A mistake in the index is found before anything is computed.
  View computed = index_view(tensor.shape(), ByteStrides(tensor.shape().size(), 0), items);
  if (!tensor.is_evaluated())
    return reshape(slice(tensor, computed.slices), std::move(computed.shape));
  std::shared_ptr<const Storage> values = tensor.node()->values();
  View view = index_view(tensor.shape(), values->strides, items);
  const std::byte *data = values->data ? values->data + view.offset : nullptr;
  std::shared_ptr<const void> owner = values;
  Tensor result = borrow(data, tensor.dtype(), std::move(view.shape), std::move(view.strides),
                         std::move(owner));
  if (!contains(Domain::Inexact, tensor.dtype()))
    return result;
  // Gradients see the operations that this stands for.
  return with_rule(std::move(result), {tensor},
                   [slices = std::move(computed.slices), shape = std::move(computed.shape)](
                       const Tensor &g, const Tensor &, std::span<const Tensor> inputs) {
                     const Tensor &x = inputs[0];
                     return std::vector{gradient_up_to(x, reshape(slice(x, slices), shape), g)};
                   });
}

} // namespace tsum::python
