// SPDX-License-Identifier: Apache-2.0
#include "Export.h"
#include "Errors.h"
#include "Numpy.h"

#include "tsum/Graph/Node.h"

#include <nanobind/ndarray.h>

namespace tsum::python {

namespace {

/// The format of `dtype` as the struct module writes it, or null if it has none.
const char *format_of(DType dtype) {
  static constexpr std::pair<std::string_view, const char *> formats[] = {
      {"bool", "?"},       {"int8", "b"},        {"int16", "h"},   {"int32", "i"},
      {"int64", "q"},      {"uint8", "B"},       {"uint16", "H"},  {"uint32", "I"},
      {"uint64", "Q"},     {"float16", "e"},     {"float32", "f"}, {"float64", "d"},
      {"complex64", "Zf"}, {"complex128", "Zd"},
  };
  for (auto [name, format] : formats)
    if (name == numpy_name(dtype))
      return format;
  return nullptr;
}

void fill(Py_buffer *view, const Tensor &tensor, int flags) {
  const char *format = format_of(tensor.dtype());
  if (flags & PyBUF_WRITABLE)
    throw MemoryError("buffer: a tensor is read-only (copy it: numpy.array(x))");
  if (!format)
    throw MemoryError("buffer: the buffer protocol has no format for dtype " +
                      std::string(name_of(tensor.dtype())) + " (use x.numpy() or DLPack)");
  evaluate(tensor);
  const Node &node = *tensor.node();
  const bool wants_strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES;
  const bool wants_order =
      (flags & (PyBUF_C_CONTIGUOUS | PyBUF_F_CONTIGUOUS | PyBUF_ANY_CONTIGUOUS) & ~PyBUF_STRIDES) !=
      0;
  if ((flags & PyBUF_F_CONTIGUOUS & ~PyBUF_STRIDES) != 0 && tensor.rank() > 1)
    throw MemoryError("buffer: a tensor has no Fortran order (ask for strides, or for C order)");
  // Both are kept with the node, and so are their strides.
  std::shared_ptr<const Storage> values =
      wants_strides && !wants_order ? node.values() : node.row_major_values();
  view->buf = const_cast<std::byte *>(values->data);
  view->len = tensor.size() * size_of(tensor.dtype());
  view->itemsize = size_of(tensor.dtype());
  view->readonly = 1;
  view->ndim = static_cast<int>(tensor.rank());
  view->format = flags & PyBUF_FORMAT ? const_cast<char *>(format) : nullptr;
  view->shape = flags & PyBUF_ND ? const_cast<Py_ssize_t *>(node.shape.data()) : nullptr;
  view->strides = wants_strides ? const_cast<Py_ssize_t *>(values->strides.data()) : nullptr;
  view->suboffsets = nullptr;
  view->internal = nullptr;
}

int get_buffer(PyObject *self, Py_buffer *view, int flags) noexcept {
  view->obj = nullptr;
  try {
    const Tensor &tensor = self_tensor(self);
    nb::object keeper = keeper_of(self, tensor);
    fill(view, tensor, flags);
    view->obj = keeper.release().ptr();
    return 0;
  } catch (...) {
    set_python_error(std::current_exception());
  }
  return -1;
}

nb::dlpack::dtype dlpack_dtype(DType dtype) {
  using Code = nb::dlpack::dtype_code;
  static constexpr std::pair<std::string_view, Code> codes[] = {
      {"bfloat", Code::Bfloat}, {"float", Code::Float},     {"int", Code::Int},
      {"uint", Code::UInt},     {"complex", Code::Complex}, {"bool", Code::Bool}};
  nb::dlpack::dtype result{0, static_cast<std::uint8_t>(size_of(dtype) * 8), 1};
  for (auto [name, code] : codes)
    if (numpy_name(dtype).starts_with(name))
      result.code = static_cast<std::uint8_t>(code);
  return result;
}

/// A copy with memory of its own, in row-major order.
Tensor copy_of(const Tensor &tensor) {
  auto node = std::make_shared<Node>(OpKind::Constant, tensor.dtype(), tensor.node()->shape);
  node->set_values(pack_row_major(tensor.shape(), tensor.dtype(), *tensor.node()->values()));
  return Tensor(std::move(node));
}

} // namespace

const PyType_Slot *buffer_slots() {
  static const PyType_Slot slots[] = {{Py_bf_getbuffer, reinterpret_cast<void *>(&get_buffer)},
                                      {0, nullptr}};
  return slots;
}

nb::object to_dlpack(nb::handle owner, const Tensor &tensor, nb::kwargs arguments) {
  evaluate(tensor);
  if (arguments.contains("copy") && nb::object(arguments["copy"]).is(Py_True)) {
    nb::kwargs others = nb::borrow<nb::kwargs>(nb::dict(arguments));
    nb::del(others["copy"]);
    Tensor copy = copy_of(tensor);
    return to_dlpack(nb::cast(copy), copy, others);
  }
  std::shared_ptr<const Storage> values = tensor.node()->values();
  std::vector<std::size_t> shape(tensor.shape().begin(), tensor.shape().end());
  ByteStrides strides = values->strides;
  for (std::size_t dim = 0; dim < strides.size(); ++dim) {
    if (shape[dim] <= 1)
      strides[dim] = size_of(tensor.dtype());             // goes nowhere
    else if (strides[dim] % size_of(tensor.dtype()) != 0) // DLPack counts in elements
      return to_dlpack(owner, copy_of(tensor), std::move(arguments));
    strides[dim] /= size_of(tensor.dtype());
  }
  nb::ndarray<nb::array_api, nb::ro> array(values->data, shape.size(), shape.data(),
                                           keeper_of(owner, tensor), strides.data(),
                                           dlpack_dtype(tensor.dtype()), nb::device::cpu::value);
  return nb::cast(array).attr("__dlpack__")(**arguments);
}

nb::object to_array(nb::handle owner, const Tensor &tensor, nb::handle dtype, nb::handle copy) {
  nb::object array = to_numpy(owner, tensor, /*scalars=*/false);
  nb::object wanted = nb::module_::import_("numpy").attr("dtype")(
      dtype.is_none() ? array.attr("dtype") : nb::borrow(dtype));
  const bool converts = !wanted.equal(array.attr("dtype"));
  if (copy.is(Py_False) && converts)
    throw nb::value_error("a tensor of another dtype cannot become an array without a copy");
  if (converts || copy.is(Py_True))
    return array.attr("astype")(wanted);
  return array;
}

} // namespace tsum::python
