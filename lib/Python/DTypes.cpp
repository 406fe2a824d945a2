// SPDX-License-Identifier: Apache-2.0
#include "Bindings.h"
#include "Numpy.h"

#include <nanobind/stl/string_view.h>

#include <array>
#include <utility>

namespace tsum::python {

namespace {

/// What Python sees of a dtype.
struct PyDType {
  DType value;
};

constexpr DType all_dtypes[] = {
#define TSUM_DTYPE(NAME, ...) DType::NAME,
#include "tsum/DTypes.def"
};

/// The one Python object of each dtype, until the interpreter exits.
std::array<nb::object, 256> &objects() {
  static auto &list = *new std::array<nb::object, 256>;
  return list;
}

/// That of NumPy's dtype, which is equal, if there is one: a dictionary finds either by the other.
Py_hash_t hash_of(DType dtype) {
  nb::object equal = nb::cast(name_of(dtype));
  try {
    equal = numpy::dtype_object(dtype);
  } catch (const DTypeError &) { // without ml_dtypes nobody has one
  } catch (const nb::python_error &error) {
    if (!error.matches(PyExc_ImportError))
      throw;
  }
  return nb::hash(equal);
}

/// The name in the module, which must not hide Python's own.
std::string attribute_name(std::string_view name) {
  return name == "bool" ? "bool_" : std::string(name);
}

std::optional<DType> find(nb::handle object) {
  PyDType *dtype;
  if (nb::try_cast(object, dtype) && dtype)
    return dtype->value;
  if (nb::isinstance<nb::str>(object)) {
    std::optional<DType> named = dtype_of_name(nb::cast<std::string_view>(object));
    return named ? named : numpy::find_dtype_of_string(object);
  }
  if (object.is(reinterpret_cast<PyObject *>(&PyFloat_Type)))
    return DType::f32;
  if (object.is(reinterpret_cast<PyObject *>(&PyLong_Type)))
    return DType::i32;
  if (object.is(reinterpret_cast<PyObject *>(&PyBool_Type)))
    return DType::boolean;
  return numpy::find_dtype(object);
}

} // namespace

std::string_view numpy_name(DType dtype) {
  static constexpr std::pair<std::string_view, std::string_view> names[] = {
      {"boolean", "bool"}, {"f16", "float16"}, {"bf16", "bfloat16"}, {"f32", "float32"},
      {"f64", "float64"},  {"i8", "int8"},     {"i16", "int16"},     {"i32", "int32"},
      {"i64", "int64"},    {"u8", "uint8"},    {"u16", "uint16"},    {"u32", "uint32"},
      {"u64", "uint64"},
  };
  for (auto [ours, theirs] : names)
    if (ours == name_of(dtype))
      return theirs;
  return name_of(dtype); // the complex ones are called the same
}

std::optional<DType> dtype_of_name(std::string_view name) {
  for (DType dtype : all_dtypes)
    if (name == name_of(dtype) || name == numpy_name(dtype))
      return dtype;
  return std::nullopt;
}

std::string known_dtypes() {
  std::string names;
  for (DType dtype : all_dtypes)
    names += (names.empty() ? "tsum has " : ", ") + std::string(name_of(dtype));
  return names;
}

nb::object to_python(DType dtype) {
  const nb::object &object = objects()[static_cast<std::size_t>(dtype)];
  return object ? object : nb::cast(PyDType{dtype});
}

DType to_dtype(nb::handle object) {
  if (std::optional<DType> found = find(object))
    return *found;
  // Whatever else NumPy takes for a dtype: numpy.float32, ml_dtypes.bfloat16, TensorFlow's.
  nb::object wanted = nb::borrow(object);
  if (nb::hasattr(object, "as_numpy_dtype"))
    wanted = object.attr("as_numpy_dtype");
  if (PyType_Check(wanted.ptr()) && !wanted.is(reinterpret_cast<PyObject *>(&PyBaseObject_Type))) {
    nb::object descr = nb::module_::import_("numpy").attr("dtype")(wanted);
    if (std::optional<DType> found = numpy::find_dtype(descr))
      return *found;
  }
  throw DTypeError("dtype: " + nb::cast<std::string>(nb::repr(object)) + " is no dtype here (" +
                   known_dtypes() + ", or their names in NumPy)");
}

void bind_dtypes(nb::module_ &m) {
  nb::class_<PyDType> dtype(
      m, "DType",
      "The type of a tensor's elements: `tsum.f32`, also called `tsum.float32`.\n\n"
      "Equals the NumPy dtypes and names that mean the same.");
  refuse_construction(dtype, "tsum.as_dtype finds the dtype of a name, and tsum.f32 is one");
  dtype
      .def_prop_ro(
          "name", [](PyDType self) { return name_of(self.value); }, "The name in tsum: \"f32\".")
      .def_prop_ro(
          "itemsize", [](PyDType self) { return size_of(self.value); }, "Bytes per element.")
      .def_prop_ro(
          "numpy", [](PyDType self) { return numpy::dtype_object(self.value); },
          nb::sig("def numpy(self) -> _NumpyDType"), "NumPy's dtype object. Imports NumPy.")
      .def_prop_ro(
          "dtype", [](PyDType self) { return numpy::dtype_object(self.value); },
          nb::sig("def dtype(self) -> _NumpyDType"),
          "The same, where NumPy looks for it: `numpy.zeros(3, tsum.f32)`.")
      .def("__repr__", [](PyDType self) { return "tsum." + std::string(numpy_name(self.value)); })
      .def("__str__", [](PyDType self) { return name_of(self.value); })
      .def("__hash__", [](PyDType self) { return hash_of(self.value); })
      .def("__reduce__", [](PyDType self) { return attribute_name(name_of(self.value)); })
      .def(
          "__eq__",
          [](PyDType self, nb::handle other) {
            try {
              return self.value == to_dtype(other);
            } catch (const DTypeError &) {
              return false;
            } catch (const nb::python_error &) {
              return false; // some class that NumPy knows no dtype for
            }
          },
          nb::sig("def __eq__(self, other: object) -> bool"));

  for (DType dtype : all_dtypes) {
    nb::object object = nb::cast(PyDType{dtype});
    for (std::string_view name : {name_of(dtype), numpy_name(dtype)}) {
      m.attr(attribute_name(name).c_str()) = object;
    }
    objects()[static_cast<std::size_t>(dtype)] = std::move(object);
  }
  nb::module_::import_("atexit").attr("register")(nb::cpp_function([] { objects().fill({}); }));

  m.def(
      "as_dtype", [](nb::handle dtype) { return to_python(to_dtype(dtype)); },
      nb::arg("dtype").none(), nb::sig("def as_dtype(dtype: DTypeLike) -> DType"),
      "The dtype that `dtype` means: one of tsum's or NumPy's, a name of either (\"f32\",\n"
      "\"float32\", \"<f4\"), or Python's float, int or bool, which are f32, i32 and bool as in\n"
      "TensorFlow. A name of both is tsum's: \"i8\" and \"u8\" have 8 bits, \"<i8\" and \"<u8\" "
      "64.\n\n"
      "Raises DTypeError if it is none.");
}

} // namespace tsum::python
