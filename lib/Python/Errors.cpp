// SPDX-License-Identifier: Apache-2.0
#include "Errors.h"
#include "Bindings.h"

#include <new>

namespace tsum::python {

namespace {

/// The Python classes, in the order of the chain below; they live as long as the process.
PyObject *error_class, *axis_error, *shape_error, *dtype_error, *layout_error, *file_error,
    *compile_error, *concretization_error;

/// `tsum.<name>`, derived from tsum.Error and from what Python's own functions would raise.
PyObject *make_class(nb::module_ &m, const char *name, const char *doc,
                     std::initializer_list<PyObject *> bases) {
  nb::list list;
  for (PyObject *base : bases)
    list.append(nb::handle(base));
  nb::object tuple = nb::steal(PySequence_Tuple(list.ptr()));
  std::string qualified = std::string("tsum.") + name;
  PyObject *type = PyErr_NewExceptionWithDoc(qualified.c_str(), doc, tuple.ptr(), nullptr);
  if (!type)
    throw nb::python_error();
  m.attr(name) = nb::handle(type);
  return type;
}

/// What is raised for an axis: tsum.AxisError or, where somebody has imported NumPy, a class
/// derived from that and from NumPy's, which its users catch.
PyObject *axis_error_here() {
  static PyObject *numpys = nullptr; // lives as long as the process, as the others
  if (!numpys && PyDict_GetItemString(PyImport_GetModuleDict(), "numpy"))
    numpys = nb::module_::import_("tsum._errors")
                 .attr("as_numpys")(nb::handle(axis_error))
                 .release()
                 .ptr();
  return numpys ? numpys : axis_error;
}

/// What `error` says, with dtypes in Python's spelling: "cast(x, tsum.f64)".
std::string text_of(const Error &error) {
  constexpr std::string_view cpp = "DType::";
  std::string text = error.what();
  for (auto place = text.find(cpp); place != text.npos; place = text.find(cpp, place))
    text.replace(place, cpp.size(), "tsum.");
  return text;
}

void set_compile_error(const CompileError &error) {
  nb::object object = nb::handle(compile_error)(error.what());
  object.attr("stage") = error.stage();
  PyErr_SetObject(compile_error, object.ptr());
}

void translate(const std::exception_ptr &pointer, void *) {
  try {
    std::rethrow_exception(pointer);
  } catch (const AxisError &error) {
    PyErr_SetString(axis_error_here(), error.what());
  } catch (const ShapeError &error) {
    PyErr_SetString(shape_error, error.what());
  } catch (const DTypeError &error) {
    PyErr_SetString(dtype_error, text_of(error).c_str());
  } catch (const MemoryError &error) {
    PyErr_SetString(layout_error, error.what());
  } catch (const FileError &error) {
    PyErr_SetString(file_error, error.what());
  } catch (const CompileError &error) {
    set_compile_error(error);
  } catch (const ConcretizationError &error) {
    PyErr_SetString(concretization_error, error.what());
  } catch (const Error &error) {
    PyErr_SetString(error_class, text_of(error).c_str());
  }
  // Everything else, std::bad_alloc as MemoryError among it, is nanobind's.
}

} // namespace

void set_python_error(const std::exception_ptr &pointer) noexcept {
  try {
    translate(pointer, nullptr);
  } catch (nb::python_error &error) {
    error.restore();
  } catch (const std::bad_alloc &) {
    PyErr_NoMemory();
  } catch (const std::exception &error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
}

void bind_errors(nb::module_ &m) {
  error_class = make_class(m, "Error", "The base of every error of tsum's own.", {PyExc_Exception});
  axis_error = make_class(m, "AxisError", "An axis out of range, or given twice.",
                          {error_class, PyExc_ValueError, PyExc_IndexError});
  shape_error = make_class(m, "ShapeError", "Shapes that do not fit together.",
                           {error_class, PyExc_ValueError});
  dtype_error = make_class(m, "DTypeError",
                           "A dtype that an operation does not take, mixed dtypes, a number that a "
                           "dtype cannot hold, or what is no tensor at all.",
                           {error_class, PyExc_TypeError});
  layout_error = make_class(m, "LayoutError", "Memory that cannot be read as its owner describes.",
                            {error_class, PyExc_BufferError});
  file_error = make_class(m, "FileError",
                          "A file that cannot be read or written, or is not what it should be.",
                          {error_class, PyExc_OSError});
  compile_error = make_class(m, "CompileError",
                             "The compiler failed on a valid graph: a defect of tsum, or memory "
                             "ran out. `stage` names the stage that failed.",
                             {error_class, PyExc_RuntimeError});
  concretization_error = make_class(
      m, "ConcretizationError",
      "A value was asked for that is not known yet, inside a function that tsum.jit traces.",
      {error_class, PyExc_TypeError});
  nb::register_exception_translator(translate);
}

} // namespace tsum::python
