// SPDX-License-Identifier: Apache-2.0
//
// Reading Python's arrays, numbers and lists as tensors, in place where they are memory.
#include "Bindings.h"
#include "Gil.h"
#include "Numpy.h"

#include <nanobind/ndarray.h>

namespace tsum::python {

std::shared_ptr<const void> keep(nb::object object) {
  return {object.release().ptr(), [](PyObject *pointer) {
            if (const GilAcquire gil; gil) // otherwise the interpreter is going, and its objects
              Py_DECREF(pointer);
          }};
}

const Tensor *as_tensor(nb::handle object) {
  static PyObject *type = nb::type<Tensor>().ptr();
  return PyObject_TypeCheck(object.ptr(), reinterpret_cast<PyTypeObject *>(type))
             ? &self_tensor(object)
             : nullptr;
}

const Tensor &self_tensor(nb::handle self) {
  if (!nb::inst_ready(self))
    throw DTypeError("tensor: an object of __new__ holds none (tsum.asarray makes them)");
  return *nb::inst_ptr<Tensor>(self);
}

namespace {

std::string class_name(nb::handle object) {
  return nb::cast<std::string>(nb::str(nb::inst_name(object)));
}

[[noreturn]] void throw_no_tensor(nb::handle object) {
  throw DTypeError("asarray: " + class_name(object) +
                   " is no tensor (give an array, a number or a list of numbers)");
}

//===-- The buffer protocol -------------------------------------------------------------------===//

/// A buffer of another object, given back when no tensor needs it.
struct Buffer {
  Py_buffer view{};
  explicit Buffer(nb::handle object) {
    if (PyObject_GetBuffer(object.ptr(), &view, PyBUF_RECORDS_RO) < 0)
      throw nb::python_error();
  }
  ~Buffer() {
    if (const GilAcquire gil; gil)
      PyBuffer_Release(&view);
  }
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;
};

/// The dtype of a format as the struct module writes it, or nothing.
std::optional<DType> dtype_of_format(std::string_view format, std::int64_t item_size) {
  if (format.size() > 1 && std::string_view("@=<|").find(format[0]) != std::string_view::npos)
    format.remove_prefix(1);
  const std::string bits = std::to_string(item_size * 8);
  if (format == "?")
    return DType::boolean;
  if (format.size() == 1 && std::string_view("bhilqn").find(format[0]) != format.npos)
    return dtype_of_name("int" + bits);
  if (format.size() == 1 && std::string_view("BHILQN").find(format[0]) != format.npos)
    return dtype_of_name("uint" + bits);
  if (format == "e" || format == "f" || format == "d")
    return dtype_of_name("float" + bits);
  if (format == "Zf" || format == "Zd")
    return dtype_of_name("complex" + bits);
  return std::nullopt;
}

Tensor borrow_buffer(nb::handle object) {
  auto buffer = std::make_shared<Buffer>(object);
  const Py_buffer &view = buffer->view;
  std::string_view format = view.format ? view.format : "B";
  std::optional<DType> dtype = dtype_of_format(format, view.itemsize);
  if (!dtype)
    throw DTypeError("asarray: there is no dtype for a buffer of format '" + std::string(format) +
                     "' (" + known_dtypes() + ")");
  Shape shape(view.shape, view.shape + view.ndim);
  ByteStrides strides;
  if (view.strides) // ctypes has none
    strides.assign(view.strides, view.strides + view.ndim);
  return borrow(view.buf, *dtype, std::move(shape), std::move(strides), buffer);
}

//===-- DLPack --------------------------------------------------------------------------------===//

constexpr std::int32_t dlpack_cpu = 1;

std::optional<DType> dtype_of_dlpack(nb::dlpack::dtype type) {
  if (type.lanes != 1)
    return std::nullopt;
  const std::string bits = std::to_string(type.bits);
  switch (static_cast<nb::dlpack::dtype_code>(type.code)) {
  case nb::dlpack::dtype_code::Int:
    return dtype_of_name("int" + bits);
  case nb::dlpack::dtype_code::UInt:
    return dtype_of_name("uint" + bits);
  case nb::dlpack::dtype_code::Float:
    return dtype_of_name("float" + bits);
  case nb::dlpack::dtype_code::Bfloat:
    return dtype_of_name("bfloat" + bits);
  case nb::dlpack::dtype_code::Complex:
    return dtype_of_name("complex" + bits);
  case nb::dlpack::dtype_code::Bool:
    return DType::boolean;
  default:
    return std::nullopt;
  }
}

Tensor borrow_dlpack(nb::handle object) {
  auto device = nb::cast<nb::tuple>(object.attr("__dlpack_device__")());
  if (nb::int_(device[0]).equal(nb::int_(dlpack_cpu)) == false)
    throw DTypeError("from_dlpack: the " + class_name(object) + " is on DLPack device type " +
                     nb::cast<std::string>(nb::str(nb::int_(device[0]))) +
                     ", and tsum reads memory of the CPU (copy it there: x.cpu() in PyTorch, "
                     "cupy.asnumpy(x), jax.device_get(x))");
  nb::object capsule;
  try {
    capsule = object.attr("__dlpack__")(nb::arg("max_version") = nb::make_tuple(1, 0));
  } catch (nb::python_error &error) {
    if (!error.matches(PyExc_TypeError)) // from before max_version
      throw;
    capsule = object.attr("__dlpack__")();
  }
  auto array = nb::cast<nb::ndarray<nb::ro>>(capsule);
  std::optional<DType> dtype = dtype_of_dlpack(array.dtype());
  if (!dtype)
    throw DTypeError("from_dlpack: there is no dtype for " + class_name(object) +
                     "'s elements of DLPack type code " + std::to_string(array.dtype().code) +
                     " and " + std::to_string(array.dtype().bits) + " bits (" + known_dtypes() +
                     ")");
  Shape shape;
  ByteStrides strides;
  for (std::size_t dim = 0; dim < array.ndim(); ++dim) {
    shape.push_back(static_cast<std::int64_t>(array.shape(dim)));
    strides.push_back(array.stride(dim) * size_of(*dtype));
  }
  const void *data = array.data();
  // The producer is told on whichever thread lets go last: under the GIL.
  auto *held = new nb::ndarray<nb::ro>(std::move(array));
  std::shared_ptr<const void> owner(held, [](nb::ndarray<nb::ro> *array) {
    if (const GilAcquire gil; gil)
      delete array;
  });
  return borrow(data, *dtype, std::move(shape), std::move(strides), std::move(owner));
}

//===-- Numbers and lists ---------------------------------------------------------------------===//

/// A float or int of Python's own; NumPy's f64 scalars are derived from float, and have a dtype.
bool is_number(nb::handle object) {
  return PyFloat_CheckExact(object.ptr()) ||
         (PyLong_Check(object.ptr()) && !PyBool_Check(object.ptr()));
}

/// The first number of lists that are nested `depth` deep, or the first thing that is no list.
nb::object first_leaf(nb::handle sequence, std::int64_t depth) {
  nb::object leaf = nb::borrow(sequence);
  while (depth-- > 0 && (nb::isinstance<nb::list>(leaf) || nb::isinstance<nb::tuple>(leaf))) {
    if (nb::len(leaf) == 0)
      return nb::float_(0.0); // an empty list is one of floats, as in NumPy and TensorFlow
    leaf = nb::object(leaf[0]);
  }
  return leaf;
}

nb::object as_dtype(const nb::object &array, DType dtype) {
  return array.attr("astype")(numpy::dtype_object(dtype));
}

bool have_same_values(const nb::object &x, const nb::object &y) {
  return nb::cast<bool>(nb::module_::import_("numpy").attr("array_equal")(x, y));
}

/// The dtype that TensorFlow gives to numbers which NumPy reads as `array`, `hint` if it can hold
/// numbers of that kind; nothing for what has a dtype of its own.
std::optional<DType> dtype_of_numbers(const nb::object &array, std::optional<DType> hint) {
  const std::string kind = nb::cast<std::string>(array.attr("dtype").attr("kind"));
  auto hint_in = [&](Domain domain) {
    return hint && contains(domain, *hint) ? hint : std::nullopt;
  };
  if (kind == "f")
    return hint_in(Domain::Inexact).value_or(DType::f32);
  if (kind == "c")
    return hint == DType::complex64 ? DType::complex64 : DType::complex128;
  if (kind == "u") // Python's integers beyond 63 bits
    return hint_in(Domain::Numeric);
  if (kind != "i")
    return std::nullopt;
  if (std::optional<DType> dtype = hint_in(Domain::Numeric))
    return dtype;
  return have_same_values(array, as_dtype(array, DType::i32)) ? DType::i32 : DType::i64;
}

/// The integers of lists that NumPy reads as floats or objects, as `array` is, since no dtype of it
/// holds all of them; nothing for other lists.
std::optional<nb::object> large_integers(nb::handle object, const nb::object &array) {
  nb::module_ numpy = nb::module_::import_("numpy");
  const std::string kind = nb::cast<std::string>(array.attr("dtype").attr("kind"));
  if (kind == "f") {
    nb::object largest = numpy.attr("abs")(array).attr("max")().attr("item")();
    if (!(nb::cast<double>(largest) >= 0x1p63))
      return std::nullopt;
  } else if (kind != "O") {
    return std::nullopt;
  }
  nb::object integers = numpy.attr("array")(object, nb::arg("dtype") = "O");
  for (nb::handle number : nb::iter(integers.attr("flat")))
    if (!PyLong_Check(number.ptr()))
      return std::nullopt;
  return integers;
}

/// Large integers as floats, if `hint` is a dtype of these, and as u64 otherwise.
/// \throws DTypeError if they are not within u64.
nb::object in_some_dtype(const nb::object &integers, std::optional<DType> hint) {
  const bool are_floats = hint && contains(Domain::Inexact, *hint);
  try {
    return as_dtype(integers, are_floats ? DType::f64 : DType::u64);
  } catch (nb::python_error &error) {
    if (!error.matches(PyExc_OverflowError))
      throw;
  }
  nb::object smallest = integers.attr("min")(), largest = integers.attr("max")();
  const auto bits = std::max(nb::cast<std::int64_t>(smallest.attr("bit_length")()),
                             nb::cast<std::int64_t>(largest.attr("bit_length")()));
  if (bits > 64)
    throw DTypeError("asarray: no " + std::string(are_floats ? "" : "integer ") +
                     "dtype holds an integer of " + std::to_string(bits) +
                     " bits (f64 has up to 1024: constant(x, dtype=tsum.f64))");
  throw DTypeError("asarray: no integer dtype holds both " +
                   nb::cast<std::string>(nb::str(smallest)) + " and " +
                   nb::cast<std::string>(nb::str(largest)) +
                   " (say which float should: constant(x, dtype=tsum.f64))");
}

/// Numbers and lists of them: NumPy reads them, and TensorFlow says which dtype they get.
Tensor copy_numbers(nb::handle object, std::optional<DType> hint) {
  nb::object array = numpy::as_array(object);
  // A list may be in itself, which NumPy says or gives up as deep as its arrays go.
  nb::object leaf = first_leaf(object, nb::cast<std::int64_t>(array.attr("ndim")));
  const bool are_numbers =
      is_number(leaf) || PyBool_Check(leaf.ptr()) || PyComplex_CheckExact(leaf.ptr());
  if (PyLong_Check(leaf.ptr()))
    if (std::optional<nb::object> integers = large_integers(object, array))
      array = in_some_dtype(*integers, hint);
  std::optional<DType> dtype = are_numbers ? dtype_of_numbers(array, hint) : std::nullopt;
  if (!dtype)
    return numpy::borrow_array(array); // the leaves are arrays, or NumPy's scalars, themselves
  nb::object converted = as_dtype(array, *dtype);
  if (contains(Domain::Integer, *dtype) && !have_same_values(array, converted))
    throw DTypeError("constant: the numbers do not fit dtype " + std::string(name_of(*dtype)) +
                     " (say which they should have: constant(x, dtype=tsum.i64))");
  return numpy::borrow_array(converted);
}

} // namespace

Tensor to_tensor(nb::handle object, std::optional<DType> hint) {
  if (const Tensor *tensor = as_tensor(object))
    return *tensor;
  if (numpy::is_array(object))
    return numpy::borrow_array(object);
  if (numpy::is_scalar(object))
    return numpy::borrow_array(numpy::as_array(object));
  if (is_number(object) || PyBool_Check(object.ptr()) || PyComplex_Check(object.ptr()) ||
      nb::isinstance<nb::list>(object) || nb::isinstance<nb::tuple>(object))
    return copy_numbers(object, hint);
  if (PyRange_Check(object.ptr()))
    return copy_numbers(nb::list(nb::borrow(object)), hint);
  if (nb::hasattr(object, "__dlpack__") && nb::hasattr(object, "__dlpack_device__"))
    return borrow_dlpack(object);
  if (PyObject_CheckBuffer(object.ptr()))
    return borrow_buffer(object);
  if (nb::hasattr(object, "__array__") || nb::hasattr(object, "__array_interface__"))
    return numpy::borrow_array(numpy::as_array(object));
  throw_no_tensor(object);
}

/// A number of any size, which has no dtype yet: beyond 64 bits only floats hold it.
static Operand integer_operand(const nb::object &integer) {
  int overflow = 0;
  const long long number = PyLong_AsLongLongAndOverflow(integer.ptr(), &overflow);
  if (!overflow)
    return {number};
  const unsigned long long large = PyLong_AsUnsignedLongLong(integer.ptr());
  if (!PyErr_Occurred())
    return {large};
  PyErr_Clear();
  const double rounded = PyLong_AsDouble(integer.ptr());
  if (!PyErr_Occurred())
    return {rounded};
  PyErr_Clear();
  throw DTypeError("no dtype holds an integer of " +
                   nb::cast<std::string>(nb::str(integer.attr("bit_length")())) +
                   " bits (f64 has up to 1024)");
}

std::optional<Operand> to_operand(nb::handle object, std::optional<DType> hint) {
  if (const Tensor *tensor = as_tensor(object))
    return *tensor;
  // NumPy's scalars are numbers here, too.
  if (PyFloat_Check(object.ptr()) || numpy::is_floating_scalar(object))
    return Operand(PyFloat_AsDouble(object.ptr()));
  if ((PyLong_Check(object.ptr()) && !PyBool_Check(object.ptr())) ||
      numpy::is_integer_scalar(object)) {
    nb::object integer = nb::steal(PyNumber_Index(object.ptr()));
    if (!integer)
      throw nb::python_error();
    return integer_operand(integer);
  }
  try {
    return to_tensor(object, hint);
  } catch (const DTypeError &) {
    // What is an array but not one of ours is an error worth reading; anything else may know what
    // to do with a tensor.
    if (numpy::is_array(object) || PyObject_CheckBuffer(object.ptr()) ||
        nb::hasattr(object, "__dlpack__") || nb::isinstance<nb::list>(object) ||
        nb::isinstance<nb::tuple>(object) || PyComplex_Check(object.ptr()))
      throw;
    return std::nullopt;
  }
}

//===-- Other arguments -----------------------------------------------------------------------===//

std::int64_t to_int(nb::handle object) {
  // For Python True is 1, but `reduce_sum(x, True)` means something else.
  if (PyBool_Check(object.ptr()))
    throw nb::type_error("an integer is required, not bool");
  nb::object index = nb::steal(PyNumber_Index(object.ptr()));
  if (!index)
    throw nb::python_error();
  const long long value = PyLong_AsLongLong(index.ptr());
  if (value == -1 && PyErr_Occurred())
    throw nb::python_error();
  return value;
}

/// A list, a tuple, an array of one dimension, ...; for anything else there is no order to go by.
static std::vector<std::int64_t> to_ints(nb::handle object) {
  PyObject *sequence = object.ptr();
  if (!PySequence_Check(sequence) || PyUnicode_Check(sequence) || PyBytes_Check(sequence))
    throw nb::type_error(
        ("an integer or a sequence of integers is required, not " + class_name(object)).c_str());
  std::vector<std::int64_t> numbers;
  for (nb::handle number : nb::iter(object))
    numbers.push_back(to_int(number));
  return numbers;
}

/// Whether `object` is one integer: arrays and tensors have `__index__`, which works if they are
/// scalars, as well as lengths.
static bool is_int(nb::handle object) {
  if (PyLong_Check(object.ptr()))
    return true;
  if (!PyIndex_Check(object.ptr()))
    return false;
  return !PySequence_Check(object.ptr()) ||
         nb::getattr(object, "ndim", nb::none()).equal(nb::int_(0));
}

Axes to_axes(nb::handle object) {
  if (object.is_none())
    return all_axes;
  return is_int(object) ? Axes(to_int(object)) : Axes(to_ints(object));
}

Shape to_shape(nb::handle object) {
  return is_int(object) ? Shape{to_int(object)} : Shape(to_ints(object));
}

std::string to_name(nb::handle object) {
  if (object.is_none())
    return {};
  if (!nb::isinstance<nb::str>(object))
    throw nb::type_error(("a name is a str, not " + class_name(object)).c_str());
  Py_ssize_t size = 0;
  const char *name = PyUnicode_AsUTF8AndSize(object.ptr(), &size);
  if (!name) // half a surrogate pair
    throw nb::python_error();
  return {name, static_cast<std::size_t>(size)};
}

bool to_bool(nb::handle object) {
  if (object.is(Py_True) || object.is(Py_False))
    return object.is(Py_True);
  const int truth = PyObject_IsTrue(object.ptr());
  if (truth < 0)
    throw nb::python_error();
  return truth != 0;
}

} // namespace tsum::python
