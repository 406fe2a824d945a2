// SPDX-License-Identifier: Apache-2.0
#include "Numpy.h"

// Runs with NumPy 1.23 and later.
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#define NPY_TARGET_VERSION NPY_1_23_API_VERSION
#include <numpy/ndarrayobject.h>

#include <array>
#include <cstring>

namespace tsum::python::numpy {

namespace {

bool is_imported = false;

/// Loads NumPy's table of functions, importing it if need be.
void import() {
  if (is_imported)
    return;
  if (PyArray_ImportNumPyAPI() < 0)
    throw nb::python_error();
  is_imported = true;
}

/// As `import`, but only if somebody has imported NumPy before.
bool import_if_loaded() {
  if (is_imported)
    return true;
  nb::handle modules = PyImport_GetModuleDict();
  if (!PyDict_GetItemString(modules.ptr(), "numpy"))
    return false;
  import();
  return true;
}

/// For NumPy's own types, by their number: the dtype of the same kind and size, or nothing.
using Numbers = std::array<std::optional<DType>, NPY_NTYPES_LEGACY>;

const Numbers &dtype_of_number() {
  static const Numbers numbers = [] {
    Numbers result;
    for (int number = 0; number < NPY_NTYPES_LEGACY; ++number) {
      if (number == NPY_VOID || number == NPY_OBJECT || number == NPY_STRING ||
          number == NPY_UNICODE || number == NPY_DATETIME || number == NPY_TIMEDELTA)
        continue;
      nb::object descr = nb::steal(reinterpret_cast<PyObject *>(PyArray_DescrFromType(number)));
      result[static_cast<std::size_t>(number)] =
          dtype_of_name(nb::cast<std::string>(descr.attr("name")));
    }
    return result;
  }();
  return numbers;
}

std::optional<DType> find_dtype(PyArray_Descr *descr) {
  const int number = descr->type_num;
  if (number >= 0 && number < NPY_NTYPES_LEGACY)
    return PyArray_ISNBO(descr->byteorder) ? dtype_of_number()[static_cast<std::size_t>(number)]
                                           : std::nullopt;
  // ml_dtypes' types have numbers that change from run to run.
  return dtype_of_name(
      nb::cast<std::string>(nb::handle(reinterpret_cast<PyObject *>(descr)).attr("name")));
}

[[noreturn]] void throw_unknown(nb::handle descr) {
  std::string name = nb::cast<std::string>(nb::str(descr));
  std::string message = "asarray: there is no dtype for NumPy's " + name;
  if (nb::cast<std::string>(descr.attr("byteorder")) == ">")
    throw DTypeError(message + ", of the other byte order " +
                     "(convert it: a.astype(a.dtype.newbyteorder('=')))");
  throw DTypeError(message + " (convert it: a.astype(...); " + known_dtypes() + ")");
}

} // namespace

bool is_array(nb::handle object) { return import_if_loaded() && PyArray_Check(object.ptr()); }

bool is_scalar(nb::handle object) {
  return import_if_loaded() && PyArray_IsScalar(object.ptr(), Generic);
}

bool is_integer_scalar(nb::handle object) {
  // NumPy counts spans of time among them.
  return import_if_loaded() && PyArray_IsScalar(object.ptr(), Integer) &&
         !PyArray_IsScalar(object.ptr(), Timedelta);
}

bool is_floating_scalar(nb::handle object) {
  return import_if_loaded() && PyArray_IsScalar(object.ptr(), Floating);
}

Memory memory_of(nb::handle object) {
  auto *array = reinterpret_cast<PyArrayObject *>(object.ptr());
  auto *descr = PyArray_DESCR(array);
  std::optional<DType> dtype = find_dtype(descr);
  if (!dtype)
    throw_unknown(reinterpret_cast<PyObject *>(descr));
  if (!PyArray_CheckExact(array) && nb::hasattr(object, "mask"))
    throw DTypeError("asarray: a masked array has elements without a value "
                     "(give them one: a.filled(0))");
  static_assert(sizeof(npy_intp) == sizeof(std::int64_t));
  const auto rank = static_cast<std::size_t>(PyArray_NDIM(array));
  return {*dtype,
          {reinterpret_cast<const std::int64_t *>(PyArray_DIMS(array)), rank},
          {reinterpret_cast<const std::int64_t *>(PyArray_STRIDES(array)), rank},
          PyArray_DATA(array)};
}

Tensor borrow_array(nb::handle object) {
  const Memory memory = memory_of(object);
  return borrow(memory.data, memory.dtype, Shape(memory.shape.begin(), memory.shape.end()),
                ByteStrides(memory.strides.begin(), memory.strides.end()),
                keep(nb::borrow(object)));
}

nb::object as_array(nb::handle object, std::optional<DType> dtype) {
  import();
  PyObject *wanted = dtype ? dtype_object(*dtype).release().ptr() : nullptr;
  PyObject *array =
      PyArray_FromAny(object.ptr(), reinterpret_cast<PyArray_Descr *>(wanted), 0, 0, 0, nullptr);
  if (!array)
    throw nb::python_error();
  return nb::steal(array);
}

std::optional<DType> find_dtype(nb::handle descr) {
  if (!import_if_loaded() || !PyArray_DescrCheck(descr.ptr()))
    return std::nullopt;
  return find_dtype(reinterpret_cast<PyArray_Descr *>(descr.ptr()));
}

std::optional<DType> find_dtype_of_string(nb::handle text) {
  import();
  try {
    return find_dtype(nb::module_::import_("numpy").attr("dtype")(text));
  } catch (const nb::python_error &error) {
    if (!error.matches(PyExc_TypeError) && !error.matches(PyExc_ValueError))
      throw;
    return std::nullopt;
  }
}

nb::object dtype_object(DType dtype) {
  import();
  // Kept for as long as the process.
  static std::array<PyObject *, 256> objects{};
  PyObject *&object = objects[static_cast<std::size_t>(dtype)];
  if (!object) {
    std::string name(numpy_name(dtype));
    if (name == "bfloat16") {
      try {
        nb::object type = nb::module_::import_("ml_dtypes").attr(name.c_str());
        object = nb::module_::import_("numpy").attr("dtype")(type).release().ptr();
      } catch (nb::python_error &error) {
        if (!error.matches(PyExc_ImportError))
          throw;
        throw DTypeError("numpy: NumPy has no " + name +
                         " of its own (pip install ml_dtypes, or cast it: cast(x, tsum.f32))");
      }
    } else {
      object = nb::module_::import_("numpy").attr("dtype")(name).release().ptr();
    }
  }
  return nb::borrow(object);
}

nb::object make_array(DType dtype, std::span<const std::int64_t> shape, const ByteStrides &strides,
                      const void *data, nb::handle owner) {
  nb::object descr = dtype_object(dtype);
  // What has no elements may have no memory, which NumPy would take as a wish for some.
  static std::max_align_t nothing;
  PyObject *array = PyArray_NewFromDescr(
      &PyArray_Type, reinterpret_cast<PyArray_Descr *>(descr.release().ptr()),
      static_cast<int>(shape.size()), reinterpret_cast<const npy_intp *>(shape.data()),
      reinterpret_cast<const npy_intp *>(strides.data()),
      const_cast<void *>(data ? data : &nothing), /*flags=*/0, nullptr);
  if (!array)
    throw nb::python_error();
  nb::object result = nb::steal(array);
  if (PyArray_SetBaseObject(reinterpret_cast<PyArrayObject *>(array), owner.inc_ref().ptr()) < 0)
    throw nb::python_error();
  return result;
}

nb::object make_scalar(DType dtype, const void *data) {
  nb::object descr = dtype_object(dtype);
  PyObject *scalar = PyArray_Scalar(const_cast<void *>(data),
                                    reinterpret_cast<PyArray_Descr *>(descr.ptr()), nullptr);
  if (!scalar)
    throw nb::python_error();
  return nb::steal(scalar);
}

} // namespace tsum::python::numpy
