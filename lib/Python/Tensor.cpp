// SPDX-License-Identifier: Apache-2.0
//
// The class tsum.Tensor; its operators come with the operations, its NumPy-style methods from
// tsum/_names.py.
#include "Bindings.h"
#include "Export.h"
#include "Numpy.h"

#include "tsum/Graph/Node.h"
#include "tsum/Ops/Make.h"
#include "tsum/shapes.h"

#include <nanobind/stl/string_view.h>

#include <sstream>

namespace tsum::python {

namespace {

nb::object shape_of(const Tensor &tensor) {
  nb::object tuple = nb::steal(PyTuple_New(static_cast<Py_ssize_t>(tensor.shape().size())));
  Py_ssize_t dim = 0;
  for (std::int64_t extent : tensor.shape())
    PyTuple_SetItem(tuple.ptr(), dim++, PyLong_FromLongLong(extent));
  return tuple;
}

bool is_known(const Tensor &tensor) {
  try {
    check_known({&tensor, 1});
  } catch (const ConcretizationError &) {
    return false;
  }
  return true;
}

/// As TensorFlow's: `<tsum.Tensor: shape=(2,), dtype=f32, numpy=array([1., 2.], dtype=float32)>`.
/// Computes nothing: what has no values says which operation will make them.
std::string to_repr(nb::handle self, const Tensor &tensor) {
  std::string text = "<tsum.Tensor: shape=" + nb::cast<std::string>(nb::repr(shape_of(tensor))) +
                     ", dtype=" + std::string(name_of(tensor.dtype()));
  if (!tensor.name().empty())
    text += ", name='" + std::string(tensor.name()) + "'";
  constexpr std::int64_t most_dimensions = 32; // of every NumPy's arrays
  if (!tensor.is_evaluated() || !is_known(tensor) || tensor.rank() > most_dimensions)
    return text + ", op=" + std::string(tensor.op()) + ">";
  nb::object values = to_numpy(self, tensor, /*scalars=*/false);
  if (tensor.rank() == 0)
    return text + ", numpy=" + nb::cast<std::string>(nb::str(values)) + ">";
  return text + ", numpy=" + nb::cast<std::string>(nb::repr(values)) + ">";
}

std::string to_str(nb::handle self, const Tensor &tensor) {
  if (!is_known(tensor))
    return to_repr(self, tensor);
  evaluate(tensor);
  std::ostringstream text;
  text << tensor;
  return text.str();
}

/// The only element as a Python number.
nb::object to_item(const Tensor &tensor, std::string_view asked) {
  if (tensor.size() != 1)
    throw ShapeError(std::string(asked) + ": shape " +
                     nb::cast<std::string>(nb::str(shape_of(tensor))) + " has " +
                     std::to_string(tensor.size()) + " elements (one is needed)");
  evaluate(tensor);
  const void *bytes = tensor.bytes();
  if (tensor.dtype() == DType::boolean) // any byte but 0 is true
    return nb::bool_(*static_cast<const unsigned char *>(bytes) != 0);
  return visit_dtype(tensor.dtype(), [&]<class T>(T) -> nb::object {
    const T value = *static_cast<const T *>(bytes);
    if constexpr (IntegerElement<T>)
      return nb::int_(value);
    else if constexpr (ComplexElement<T>)
      return nb::steal(PyComplex_FromDoubles(value.real(), value.imag()));
    else
      return nb::float_(static_cast<double>(value));
  });
}

/// Numbers are not rounded to integers, and lose no imaginary part, unasked.
void check_number_kind(nb::handle given, DType dtype, DType wanted) {
  const bool is_array = as_tensor(given) || numpy::is_array(given) || numpy::is_scalar(given);
  if (!is_array && contains(Domain::Inexact, dtype) &&
      (!contains(Domain::Inexact, wanted) ||
       (kind_of(dtype) == DTypeKind::Complex && kind_of(wanted) != DTypeKind::Complex)))
    throw DTypeError("constant: numbers of dtype " + std::string(name_of(dtype)) +
                     " do not become " + std::string(name_of(wanted)) +
                     " unasked (cast them: cast(x, tsum." + std::string(numpy_name(wanted)) + "))");
}

} // namespace

Tensor with_name(const Tensor &tensor, std::string_view name) {
  if (name.empty())
    return tensor;
  Shape shape(tensor.shape().begin(), tensor.shape().end());
  const std::shared_ptr<const Storage> values = tensor.node()->values();
  if (!values)
    return broadcast_to(tensor, std::move(shape), name);
  return derived_from(tensor, borrow(values->data, tensor.dtype(), std::move(shape),
                                     values->strides, values, name));
}

void bind_tensor(nb::module_ &m) {
  nb::class_<Tensor> cls(
      m, "Tensor", nb::type_slots(buffer_slots()), nb::is_weak_referenceable(),
      "A node of an expression graph: immutable, cheap to copy, evaluated when a value is read.\n\n"
      "Building one computes nothing. `numpy()`, `float(x)`, printing, the buffer protocol, "
      "DLPack\n"
      "and `tsum.eval` evaluate it once and keep the result with it, compiling the graph the "
      "first\n"
      "time that one of its kind is seen. Operators and NumPy's functions of the same names build\n"
      "new nodes; other operands may be arrays and numbers, which take this tensor's dtype.");

  refuse_construction(cls, "tsum.asarray and tsum.numpy.asarray make arrays of numbers, lists and "
                           "what has a buffer");
  cls.def_prop_ro("shape", &shape_of, nb::sig("def shape(self) -> tuple[int, ...]"),
                  "The extents, outermost first.")
      .def_prop_ro(
          "dtype", [](const Tensor &self) { return to_python(self.dtype()); },
          nb::sig("def dtype(self) -> DType"), "The type of the elements.")
      .def_prop_ro("ndim", &Tensor::rank, "The number of dimensions; 0 for a scalar.")
      .def_prop_ro("size", &Tensor::size, "The number of elements; 1 for a scalar.")
      .def_prop_ro(
          "nbytes", [](const Tensor &self) { return self.size() * size_of(self.dtype()); },
          "The bytes that the elements take.")
      .def_prop_ro("op", &Tensor::op, "The operation that makes this value; \"constant\" for data.")
      .def_prop_ro("name", &Tensor::name, "The name given when the node was built; may be empty.")
      .def_prop_ro("is_evaluated", &Tensor::is_evaluated, "Whether the values exist.");

  cls.def(
         "numpy", [](nb::handle self) { return to_numpy(self, self_tensor(self)); },
         nb::sig("def numpy(self) -> _NumpyArray"),
         "The values, read-only and without a copy; a NumPy scalar if the rank is 0, as in\n"
         "TensorFlow. Evaluates if need be. The array keeps the memory alive.\n\n"
         "Raises MemoryError if memory runs out.")
      .def(
          "item", [](const Tensor &self) { return to_item(self, "item"); },
          // Of a union, callers would have to say which.
          nb::sig("def item(self) -> typing.Any"),
          "The only element as a Python number. Evaluates if need be.\n\n"
          "Raises ShapeError if there is not exactly one.")
      .def(
          "tolist",
          [](nb::handle self) { return to_numpy(self, self_tensor(self), false).attr("tolist")(); },
          nb::sig("def tolist(self) -> typing.Any"),
          "The elements as nested lists of Python numbers, or one number if the rank is 0.")
      .def(
          "__array__",
          [](nb::handle self, nb::handle dtype, nb::handle copy) {
            return to_array(self, self_tensor(self), dtype, copy);
          },
          nb::arg("dtype") = nb::none(), nb::arg("copy") = nb::none(),
          nb::sig(
              "def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> "
              "_NumpyArray"))
      .def(
          "__dlpack__",
          [](nb::handle self, nb::kwargs arguments) {
            return to_dlpack(self, self_tensor(self), std::move(arguments));
          },
          nb::sig(
              "def __dlpack__(self, *, stream: None = None, max_version: tuple[int, int] | None = "
              "None, dl_device: tuple[int, int] | None = None, copy: bool | None = None) -> "
              "typing.Any"),
          "A DLPack capsule of the values, read-only and without a copy unless `copy=True`.")
      .def(
          "__dlpack_device__", [](const Tensor &) { return nb::make_tuple(1, 0); },
          nb::sig("def __dlpack_device__(self) -> tuple[int, int]"), "The CPU: (1, 0).")
      .def(
          "__getitem__", [](const Tensor &self, nb::handle index) { return get_item(self, index); },
          nb::arg("index").none(), nb::sig("def __getitem__(self, index: Index) -> Tensor"),
          "A view as NumPy's basic indexing: integers, slices with any steps, None and `...`.\n"
          "Of what is to be computed, only the elements that a view keeps are.\n\n"
          "Raises AxisError (an IndexError) for too many indices or one out of range, DTypeError\n"
          "for arrays of indices.")
      .def("__len__",
           [](const Tensor &self) {
             if (self.rank() == 0)
               throw DTypeError("len: a scalar has no length");
             return self.shape()[0];
           })
      .def(
          "__iter__",
          [](nb::handle self) {
            if (self_tensor(self).rank() == 0)
              throw DTypeError("iter: a scalar has no rows");
            return nb::steal(PySeqIter_New(self.ptr()));
          },
          nb::sig("def __iter__(self) -> collections.abc.Iterator[Tensor]"),
          "Views of the rows along the first dimension.")
      .def("__bool__", [](const Tensor &self) { return to_bool(to_item(self, "bool")); })
      .def("__float__", [](const Tensor &self) { return nb::float_(to_item(self, "float")); })
      .def("__int__", [](const Tensor &self) { return nb::int_(to_item(self, "int")); })
      .def(
          "__complex__",
          [](const Tensor &self) {
            return nb::handle(reinterpret_cast<PyObject *>(&PyComplex_Type))(
                to_item(self, "complex"));
          },
          nb::sig("def __complex__(self) -> _Complex"))
      .def("__index__",
           [](const Tensor &self) {
             // What else raises TypeError, as Python's own functions expect.
             if (self.rank() != 0 || !contains(Domain::Integer, self.dtype()))
               throw DTypeError("index: a tensor of dtype " + std::string(name_of(self.dtype())) +
                                " and shape " + nb::cast<std::string>(nb::str(shape_of(self))) +
                                " is no index (a scalar of an integer dtype is)");
             return nb::int_(to_item(self, "index"));
           })
      .def("__pos__", [](const Tensor &self) { return self; })
      // Nobody can change a tensor, so that a copy is the same. A pickle holds the values alone.
      .def("__copy__", [](const Tensor &self) { return self; })
      .def(
          "__deepcopy__", [](const Tensor &self, nb::handle) { return self; }, nb::arg("memo"),
          nb::sig("def __deepcopy__(self, memo: dict[int, typing.Any], /) -> Tensor"))
      .def(
          "__reduce__",
          [](nb::handle self) {
            return nb::make_tuple(
                nb::module_::import_("tsum").attr("asarray"),
                nb::make_tuple(to_numpy(self, self_tensor(self), /*scalars=*/false)));
          },
          nb::sig("def __reduce__(self) -> tuple[typing.Any, ...]"))
      .def(
          "__format__",
          [](nb::handle self, nb::str spec) -> nb::object {
            if (nb::len(spec) == 0)
              return nb::str(self);
            return to_numpy(self, self_tensor(self)).attr("__format__")(spec);
          },
          nb::sig("def __format__(self, spec: str, /) -> str"))
      .def("__bytes__",
           [](const Tensor &self) {
             evaluate(self);
             return nb::bytes(self.bytes(),
                              static_cast<std::size_t>(self.size() * size_of(self.dtype())));
           })
      .def("__repr__", [](nb::handle self) { return to_repr(self, self_tensor(self)); })
      .def("__str__", [](nb::handle self) { return to_str(self, self_tensor(self)); });
  // NumPy's arrays leave operators with a tensor to the tensor; NumPy's functions take its values.
  cls.attr("__array_priority__") = 100;

  m.def(
      "as_subclass",
      [](nb::handle cls, const Tensor &tensor) {
        nb::object instance = nb::inst_alloc(cls);
        new (nb::inst_ptr<Tensor>(instance)) Tensor(tensor);
        nb::inst_mark_ready(instance);
        return instance;
      },
      nb::arg("cls"), nb::arg("tensor"),
      nb::sig("def as_subclass(cls: type, tensor: Tensor) -> Tensor"),
      "The same tensor as an instance of `cls`, a class derived from Tensor. O(1).");
  m.def(
      "rebind",
      [](nb::handle self, const Tensor &tensor) {
        Tensor &bound = *nb::inst_ptr<Tensor>(self);
        if (tensor.dtype() != bound.dtype() || shape_of(tensor).not_equal(shape_of(bound)))
          throw ShapeError("rebind: another dtype or shape");
        bound = tensor;
      },
      nb::arg("self"), nb::arg("tensor"),
      nb::sig("def rebind(self: Tensor, tensor: Tensor) -> None"),
      "Has `self`, of a class derived from Tensor, stand for `tensor` from now on.");
  m.def("is_known", &is_known, nb::arg("tensor"), nb::sig("def is_known(tensor: Tensor) -> bool"),
        "Whether it depends on no argument of a function that is being traced.");
  m.def(
      "asarray",
      [](nb::handle value, nb::handle dtype, nb::handle name) {
        std::optional<DType> wanted;
        if (!dtype.is_none())
          wanted = to_dtype(dtype);
        Tensor tensor = to_tensor(value, wanted);
        if (wanted)
          check_number_kind(value, tensor.dtype(), *wanted);
        if (wanted && *wanted != tensor.dtype())
          return cast(tensor, *wanted, to_name(name));
        return with_name(tensor, to_name(name));
      },
      nb::arg("value").none(), nb::arg("dtype") = nb::none(), nb::arg("name") = nb::none(),
      nb::sig(
          "def asarray(value: ArrayLike, dtype: DTypeLike | None = None, name: str | None = None) "
          "-> Tensor"),
      "The tensor that reads the memory of `value` in place: a NumPy array of any strides (also\n"
      "read-only, reversed, broadcast or memory-mapped), an object with DLPack (PyTorch, JAX,\n"
      "TensorFlow) or the buffer protocol. Numbers and lists of them are copied: as in "
      "TensorFlow,\n"
      "whole numbers become i32 and others f32 unless `dtype` says otherwise. A tensor is "
      "itself.\n\n"
      "Memory is read when a graph over it is evaluated, so it must not change before. The tensor\n"
      "keeps it alive. With another `dtype` than `value` has, the elements are cast. O(rank).\n\n"
      "Raises DTypeError for what is no array, has a dtype that tsum does not know, or lies on\n"
      "another device.");
}

} // namespace tsum::python
