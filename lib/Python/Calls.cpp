// SPDX-License-Identifier: Apache-2.0
//
// Functions as users see them: as fast as what they call, they say what is wrong with a call in
// words of ours, and what their parameters are. `tsum/_calls.py` finds the words.
#include "Bindings.h"

#include <structmember.h>

#include <cstddef>

namespace tsum::python {

namespace {

/// A callable that hands its arguments on to `function`.
struct Checked {
  PyObject_HEAD vectorcallfunc vectorcall;
  PyObject *function;
  PyObject *dict;
};

Checked &checked(PyObject *self) { return *reinterpret_cast<Checked *>(self); }

/// Of `tsum._calls`, which is imported only when something is asked or wrong.
nb::object helper(const char *name) { return nb::module_::import_("tsum._calls").attr(name); }

/// What a TypeError of a call says, if the arguments are none that the function takes.
void explain(PyObject *function, PyObject *const *args, Py_ssize_t count, PyObject *names) {
  nb::python_error error;
  try {
    nb::list given;
    for (Py_ssize_t i = 0; i < count; ++i)
      given.append(nb::borrow(args[i]));
    nb::dict keywords;
    const Py_ssize_t named = names ? PyTuple_Size(names) : 0;
    for (Py_ssize_t i = 0; i < named; ++i)
      keywords[nb::borrow(PyTuple_GetItem(names, i))] = nb::borrow(args[count + i]);
    nb::object message =
        helper("explain")(nb::borrow(function), given, keywords, nb::borrow(error.value()));
    if (!message.is_none()) {
      PyErr_SetObject(PyExc_TypeError, message.ptr());
      return;
    }
  } catch (nb::python_error &) {
    // Then the first one has to do.
  }
  error.restore();
}

PyObject *call(PyObject *self, PyObject *const *args, std::size_t count, PyObject *names) {
  PyObject *function = checked(self).function;
  PyObject *result = PyObject_Vectorcall(function, args, count, names);
  // No subclass: tsum's own errors say what they have to.
  if (!result && PyErr_Occurred() == PyExc_TypeError) [[unlikely]]
    explain(function, args, PyVectorcall_NARGS(count), names);
  return result;
}

/// An attribute of its own, or else the function's.
PyObject *get_attribute(PyObject *self, PyObject *name) {
  PyObject *found = PyObject_GenericGetAttr(self, name);
  if (found || !PyErr_ExceptionMatches(PyExc_AttributeError))
    return found;
  PyErr_Clear();
  return PyObject_GetAttr(checked(self).function, name);
}

/// Functions are methods of what they are found on.
PyObject *bind(PyObject *self, PyObject *object, PyObject * /*type*/) {
  if (!object || object == Py_None)
    return Py_NewRef(self);
  static PyObject *method =
      nb::object(nb::module_::import_("types").attr("MethodType")).release().ptr();
  return PyObject_CallFunctionObjArgs(method, self, object, nullptr);
}

PyObject *get_signature(PyObject *self, void * /*closure*/) {
  try {
    return helper("signature")(nb::borrow(checked(self).function)).release().ptr();
  } catch (nb::python_error &error) {
    error.restore();
    return nullptr;
  }
}

PyObject *represent(PyObject *self) {
  nb::handle object(self);
  return PyUnicode_FromFormat("<function %U.%U>", object.attr("__module__").ptr(),
                              object.attr("__qualname__").ptr());
}

/// For pickle and copy, which find it by its name.
PyObject *reduce(PyObject *self, PyObject * /*none*/) {
  return PyObject_GetAttrString(self, "__qualname__");
}

int traverse(PyObject *self, visitproc visit, void *arg) {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(checked(self).function);
  Py_VISIT(checked(self).dict);
  return 0;
}

int clear(PyObject *self) {
  Py_CLEAR(checked(self).function);
  Py_CLEAR(checked(self).dict);
  return 0;
}

void deallocate(PyObject *self) {
  PyObject_GC_UnTrack(self);
  clear(self);
  PyTypeObject *type = Py_TYPE(self);
  PyObject_GC_Del(self);
  Py_DECREF(type);
}

PyTypeObject *make_type() {
  static PyMemberDef members[] = {
      {"__vectorcalloffset__", T_PYSSIZET, offsetof(Checked, vectorcall), READONLY, nullptr},
      {"__dictoffset__", T_PYSSIZET, offsetof(Checked, dict), READONLY, nullptr},
      {"__wrapped__", T_OBJECT_EX, offsetof(Checked, function), READONLY, nullptr},
      {}};
  static PyGetSetDef attributes[] = {
      {"__signature__", get_signature, nullptr, nullptr, nullptr},
      {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, nullptr, nullptr},
      {}};
  static PyMethodDef methods[] = {{"__reduce__", reduce, METH_NOARGS, nullptr}, {}};
  PyType_Slot slots[] = {{Py_tp_call, reinterpret_cast<void *>(PyVectorcall_Call)},
                         {Py_tp_getattro, reinterpret_cast<void *>(get_attribute)},
                         {Py_tp_descr_get, reinterpret_cast<void *>(bind)},
                         {Py_tp_repr, reinterpret_cast<void *>(represent)},
                         {Py_tp_traverse, reinterpret_cast<void *>(traverse)},
                         {Py_tp_clear, reinterpret_cast<void *>(clear)},
                         {Py_tp_dealloc, reinterpret_cast<void *>(deallocate)},
                         {Py_tp_members, members},
                         {Py_tp_getset, attributes},
                         {Py_tp_methods, methods},
                         {0, nullptr}};
  PyType_Spec spec = {"tsum._core.checked_function", sizeof(Checked), 0,
                      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL |
                          Py_TPFLAGS_METHOD_DESCRIPTOR,
                      slots};
  PyObject *type = PyType_FromSpec(&spec);
  if (!type)
    throw nb::python_error();
  return reinterpret_cast<PyTypeObject *>(type);
}

nb::object make_checked(nb::object function) {
  static PyTypeObject *type = make_type();
  auto *made = PyObject_GC_New(Checked, type);
  if (!made)
    throw nb::python_error();
  made->vectorcall = call;
  made->function = function.release().ptr();
  made->dict = nullptr;
  PyObject_GC_Track(reinterpret_cast<PyObject *>(made));
  return nb::steal(reinterpret_cast<PyObject *>(made));
}

} // namespace

nb::object checked(nb::object function, const char *name) {
  nb::object made = make_checked(std::move(function));
  made.attr("__name__") = made.attr("__qualname__") = name;
  return made;
}

void bind_calls(nb::module_ &m) {
  m.def(
      "_checked", [](nb::callable function) { return make_checked(std::move(function)); },
      nb::arg("function"),
      nb::sig("def _checked(function: collections.abc.Callable) -> "
              "collections.abc.Callable"),
      "The function, whose wrong calls raise a TypeError that says what would be right.");
}

} // namespace tsum::python
