// SPDX-License-Identifier: Apache-2.0
//
// The callable that tsum.jit makes. A call finds the trace of its signature without running Python
// code.
#include "Errors.h"
#include "Numpy.h"
#include "Tracing.h"

#include <nanobind/stl/vector.h>

#include <algorithm>
#include <unordered_map>

namespace tsum::python {

namespace {

/// What calls have in common that one trace serves: dtypes and shapes of tensors, values of the
/// rest.
struct Signature {
  std::vector<std::int64_t> words;
  std::vector<nb::object> statics;

  [[nodiscard]] std::size_t hash() const {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (std::int64_t word : words)
      hash = (hash ^ static_cast<std::uint64_t>(word)) * 0x9e3779b97f4a7c15;
    return hash ^ (hash >> 32);
  }
  bool operator==(const Signature &other) const {
    return words == other.words &&
           std::ranges::equal(statics, other.statics, [](const auto &a, const auto &b) {
             return a.is(b) || (Py_TYPE(a.ptr()) == Py_TYPE(b.ptr()) && a.equal(b));
           });
  }
  struct Hash {
    std::size_t operator()(const Signature &signature) const { return signature.hash(); }
  };

  void add(const Tensor &tensor) {
    words.push_back(-static_cast<std::int64_t>(tensor.dtype()) - 1);
    words.push_back(tensor.rank());
    words.insert(words.end(), tensor.shape().begin(), tensor.shape().end());
  }
  void add_static(nb::handle object) {
    const Py_hash_t hash = PyObject_Hash(object.ptr());
    if (hash == -1 && PyErr_Occurred())
      throw nb::python_error();
    words.push_back(hash);
    statics.push_back(nb::borrow(object));
  }
};

/// One call's arguments, sorted.
struct Arguments {
  Signature signature;
  std::vector<Tensor> tensors;
  std::vector<bool> is_tensor; ///< positional ones first, then those given by name
};

class Function {
public:
  Function(nb::object callable, std::vector<std::int64_t> static_positions,
           std::vector<std::string> static_names)
      : callable(std::move(callable)), static_positions(std::move(static_positions)),
        static_names(std::move(static_names)) {}

  nb::object operator()(nb::handle args, nb::handle kwargs) {
    Arguments given = sort(args, kwargs);
    std::shared_ptr<const Trace> trace;
    if (auto found = traces.find(given.signature); found != traces.end())
      trace = found->second;
    else
      trace = make_trace(args, kwargs, given);
    std::vector<Tensor> results = trace->replay(given.tensors);
    // Inside another function's trace there is nothing to compute yet.
    if (!is_tracing() && !std::ranges::all_of(results, &Tensor::is_evaluated)) {
      // An argument of another function's trace may have been left behind.
      if (!trace->is_reusable() || !std::ranges::all_of(given.tensors, &Tensor::is_evaluated))
        check_known(results);
      {
        nb::gil_scoped_release others_run;
        eval(results);
      }
      if (PyErr_CheckSignals() < 0)
        throw nb::python_error();
    }
    const Tensor *next = results.data();
    return trace->structure().build(next);
  }

  [[nodiscard]] const nb::object &wrapped() const { return callable; }
  [[nodiscard]] std::size_t trace_count() const { return trace_total; }
  void forget() { traces.clear(); }

  int traverse(visitproc visit, void *arg) const {
    Py_VISIT(callable.ptr());
    for (const auto &[signature, trace] : traces)
      for (const nb::object &object : signature.statics)
        Py_VISIT(object.ptr());
    return 0;
  }
  void clear() {
    traces.clear();
    callable = nb::object();
  }

private:
  [[nodiscard]] bool is_static(std::int64_t position, nb::handle object) const {
    if (!static_positions.empty() &&
        std::ranges::find(static_positions, position) != static_positions.end())
      return true;
    return !as_tensor(object) && !numpy::is_array(object) && !numpy::is_scalar(object) &&
           (!nb::hasattr(object, "__dlpack__") || PyType_Check(object.ptr())) &&
           !is_foreign_array(object);
  }
  /// Pandas' and other arrays; memory without a type of its own (bytes) is an argument like any
  /// other.
  static bool is_foreign_array(nb::handle object) {
    return !PyType_Check(object.ptr()) &&
           (nb::hasattr(object, "__array__") || nb::hasattr(object, "__array_interface__") ||
            nb::hasattr(object, "typecode") || PyMemoryView_Check(object.ptr()));
  }

  void add_static(Arguments &sorted, nb::handle object, const std::string &which) const {
    try {
      sorted.signature.add_static(object);
    } catch (nb::python_error &error) {
      if (!error.matches(PyExc_TypeError))
        throw;
      throw DTypeError("jit: " + which + " is a " +
                       nb::cast<std::string>(nb::str(nb::inst_name(object))) +
                       ", which is neither a tensor nor an array nor hashable (pass its parts as "
                       "arguments of their own, or a tuple of numbers)");
    }
    sorted.is_tensor.push_back(false);
  }

  void add(Arguments &sorted, nb::handle object) const {
    sorted.tensors.push_back(to_tensor(object));
    sorted.signature.add(sorted.tensors.back());
    sorted.is_tensor.push_back(true);
  }

  [[nodiscard]] Arguments sort(nb::handle args, nb::handle kwargs) const {
    Arguments sorted;
    const Py_ssize_t count = PyTuple_Size(args.ptr());
    for (Py_ssize_t i = 0; i < count; ++i) {
      nb::handle object = PyTuple_GetItem(args.ptr(), i);
      if (is_static(i, object))
        add_static(sorted, object, "argument " + std::to_string(i));
      else
        add(sorted, object);
    }
    if (!kwargs.ptr())
      return sorted;
    for (auto [key, object] : nb::borrow<nb::dict>(kwargs)) {
      sorted.signature.add_static(key);
      std::string name = nb::cast<std::string>(key);
      if (std::ranges::find(static_names, name) != static_names.end() || is_static(-1, object))
        add_static(sorted, object, "argument '" + name + "'");
      else
        add(sorted, object);
    }
    return sorted;
  }

  std::shared_ptr<const Trace> make_trace(nb::handle args, nb::handle kwargs,
                                          const Arguments &given) {
    auto call = [&](std::span<const Tensor> placeholders) {
      std::size_t argument = 0, tensor = 0;
      nb::list positional;
      for (nb::handle object : nb::borrow<nb::tuple>(args))
        positional.append(given.is_tensor[argument++] ? nb::cast(placeholders[tensor++])
                                                      : nb::borrow(object));
      nb::dict named;
      if (kwargs.ptr())
        for (auto [key, object] : nb::borrow<nb::dict>(kwargs))
          named[key] =
              given.is_tensor[argument++] ? nb::cast(placeholders[tensor++]) : nb::borrow(object);
      return callable(*positional, **named);
    };
    auto trace = std::make_shared<const Trace>(given.tensors, call);
    ++trace_total;
    if (trace->is_reusable())
      traces.insert_or_assign(given.signature, trace);
    return trace;
  }

  nb::object callable;
  std::vector<std::int64_t> static_positions;
  std::vector<std::string> static_names;
  std::unordered_map<Signature, std::shared_ptr<const Trace>, Signature::Hash> traces;
  std::size_t trace_total = 0;
};

PyObject *call(PyObject *self, PyObject *args, PyObject *kwargs) noexcept {
  try {
    return (*nb::inst_ptr<Function>(self))(args, kwargs).release().ptr();
  } catch (...) {
    set_python_error(std::current_exception());
    return nullptr;
  }
}

int traverse(PyObject *self, visitproc visit, void *arg) noexcept {
  Py_VISIT(Py_TYPE(self));
  return nb::inst_ready(self) ? nb::inst_ptr<Function>(self)->traverse(visit, arg) : 0;
}

int clear(PyObject *self) noexcept {
  if (nb::inst_ready(self))
    nb::inst_ptr<Function>(self)->clear();
  return 0;
}

} // namespace

void bind_tracing(nb::module_ &m) {
  static const PyType_Slot slots[] = {{Py_tp_call, reinterpret_cast<void *>(&call)},
                                      {Py_tp_traverse, reinterpret_cast<void *>(&traverse)},
                                      {Py_tp_clear, reinterpret_cast<void *>(&clear)},
                                      {0, nullptr}};
  nb::class_<Function>(m, "Function", nb::type_slots(slots),
                       "A function that `tsum.jit` has made: see there.")
      .def(nb::init<nb::object, std::vector<std::int64_t>, std::vector<std::string>>(),
           nb::arg("function"), nb::arg("static_argnums"), nb::arg("static_argnames"),
           nb::sig("def __init__(self, function: collections.abc.Callable, static_argnums: "
                   "collections.abc.Sequence[int], static_argnames: "
                   "collections.abc.Sequence[str]) -> None"))
      .def_prop_ro(
          "__wrapped__", [](const Function &self) { return self.wrapped(); },
          nb::sig("def __wrapped__(self) -> collections.abc.Callable"), "The Python function.")
      .def(
          "__getattr__",
          [](const Function &self, nb::str name) { return nb::getattr(self.wrapped(), name); },
          nb::sig("def __getattr__(self, name: str) -> typing.Any"),
          "The Python function's own attributes, its name among them.")
      .def_prop_ro("trace_count", &Function::trace_count,
                   "How often the Python function has been run to trace it.")
      .def("clear", &Function::forget, "Forgets all traces.")
      .def(
          "__get__",
          [](nb::object self, nb::handle instance, nb::handle) -> nb::object {
            if (instance.is_none())
              return self;
            return nb::module_::import_("types").attr("MethodType")(self, instance);
          },
          nb::arg("instance").none(), nb::arg("owner") = nb::none(),
          nb::sig("def __get__(self, instance: typing.Any, owner: typing.Any = None) -> "
                  "typing.Any"))
      .def("__repr__", [](const Function &self) {
        return "<tsum.jit of " + nb::cast<std::string>(nb::repr(self.wrapped())) + ">";
      });
}

} // namespace tsum::python
