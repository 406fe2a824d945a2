// SPDX-License-Identifier: Apache-2.0
#include "Statics.h"

#include "Numpy.h"

#include <bit>

namespace tsum::python {

namespace {

std::int64_t bits_of(double number) { return std::bit_cast<std::int64_t>(number); }

/// The real and the imaginary part.
std::pair<std::int64_t, std::int64_t> bits_of_complex(nb::handle object) {
  return {bits_of(PyComplex_RealAsDouble(object.ptr())),
          bits_of(PyComplex_ImagAsDouble(object.ptr()))};
}

/// Those of a NumPy scalar.
nb::object bytes_of(nb::handle scalar) { return scalar.attr("tobytes")(); }

bool is_of(nb::handle object, PyTypeObject &type) {
  return PyObject_TypeCheck(object.ptr(), &type);
}

/// Whether the class of `object` compares as `base`, of which it may be a subclass.
bool compares_as(nb::handle object, PyTypeObject &base) {
  return PyType_GetSlot(Py_TYPE(object.ptr()), Py_tp_richcompare) ==
         PyType_GetSlot(&base, Py_tp_richcompare);
}

/// Whether these attributes of both are the same.
template <class... Names> bool have_same(nb::handle a, nb::handle b, const Names &...names) {
  return (is_same_static(nb::getattr(a, names), nb::getattr(b, names)) && ...);
}

bool have_same_elements(nb::handle a, nb::handle b) {
  const Py_ssize_t size = PyTuple_Size(a.ptr());
  if (size != PyTuple_Size(b.ptr()))
    return false;
  for (Py_ssize_t i = 0; i < size; ++i)
    if (!is_same_static(PyTuple_GetItem(a.ptr(), i), PyTuple_GetItem(b.ptr(), i)))
      return false;
  return true;
}

/// Whether each element of a set has its like in another one, which is equal.
bool have_same_members(nb::handle a, nb::handle b) {
  for (nb::handle one : nb::iter(a)) {
    bool is_found = false;
    for (nb::handle other : nb::iter(b))
      if (is_same_static(one, other)) {
        is_found = true;
        break;
      }
    if (!is_found)
      return false;
  }
  return true;
}

bool have_same_fields(nb::handle a, nb::handle b) {
  for (nb::handle name : nb::iter(nb::getattr(a, "__dataclass_fields__")))
    if (!have_same(a, b, nb::str(name)))
      return false;
  return true;
}

/// Whether `object` is a number that is no int, float or complex: a decimal or a fraction, say,
/// whose representation tells all that there is.
bool is_other_number(nb::handle object) {
  return nb::isinstance(object, nb::module_::import_("numbers").attr("Number"));
}

} // namespace

bool is_same_static(nb::handle a, nb::handle b) {
  if (a.is(b))
    return true;
  if (Py_TYPE(a.ptr()) != Py_TYPE(b.ptr()))
    return false;
  if (numpy::is_number(a))
    return bytes_of(a).equal(bytes_of(b));
  if (is_of(a, PyFloat_Type) && compares_as(a, PyFloat_Type))
    return bits_of(PyFloat_AsDouble(a.ptr())) == bits_of(PyFloat_AsDouble(b.ptr()));
  if (is_of(a, PyComplex_Type) && compares_as(a, PyComplex_Type))
    return bits_of_complex(a) == bits_of_complex(b);
  const Recursion recursion(" in a static argument of tsum.jit");
  if (is_of(a, PyTuple_Type) && compares_as(a, PyTuple_Type))
    return have_same_elements(a, b);
  if (!a.equal(b))
    return false;
  if (is_of(a, PyLong_Type) || is_of(a, PyUnicode_Type))
    return true; // nothing else to tell
  if (is_of(a, PyFrozenSet_Type))
    return have_same_members(a, b);
  if (is_of(a, PyRange_Type) || is_of(a, PySlice_Type))
    return have_same(a, b, "start", "stop", "step");
  if (nb::hasattr(a, "__dataclass_fields__") && !PyType_Check(a.ptr()))
    return have_same_fields(a, b);
  return !is_other_number(a) || nb::repr(a).equal(nb::repr(b));
}

std::int64_t hash_static(nb::handle object) {
  auto combine = [](std::int64_t hash, std::int64_t more) {
    return static_cast<std::int64_t>(
        (static_cast<std::uint64_t>(hash) ^ static_cast<std::uint64_t>(more)) * 0x9e3779b97f4a7c15);
  };
  if (numpy::is_number(object))
    return combine(4, nb::hash(bytes_of(object)));
  // Python's hash of a NaN, and so that of a tuple that has one, is another for each object.
  if (is_of(object, PyFloat_Type) && compares_as(object, PyFloat_Type))
    return combine(1, bits_of(PyFloat_AsDouble(object.ptr())));
  if (is_of(object, PyComplex_Type) && compares_as(object, PyComplex_Type)) {
    const auto [real, imag] = bits_of_complex(object);
    return combine(combine(2, real), imag);
  }
  if (is_of(object, PyTuple_Type) && compares_as(object, PyTuple_Type)) {
    const Recursion recursion(" in a static argument of tsum.jit");
    const Py_ssize_t size = PyTuple_Size(object.ptr());
    std::int64_t hash = combine(3, size);
    for (Py_ssize_t i = 0; i < size; ++i)
      hash = combine(hash, hash_static(PyTuple_GetItem(object.ptr(), i)));
    return hash;
  }
  const Py_hash_t hash = PyObject_Hash(object.ptr());
  if (hash == -1 && PyErr_Occurred())
    throw nb::python_error();
  return hash;
}

} // namespace tsum::python
