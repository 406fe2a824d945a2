// SPDX-License-Identifier: Apache-2.0
//
// The callable that tsum.jit makes. A call finds the trace of its signature without running Python
// code.
#include "Errors.h"
#include "Gil.h"
#include "Numpy.h"
#include "TraceTable.h"

#include "tsum/Graph/Layout.h"
#include "tsum/Graph/Recording.h"
#include "tsum/Runtime/OfShapes.h"
#include "tsum/Runtime/OpenInputs.h"
#include "tsum/function.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace tsum::python {

namespace {

class Function {
public:
  using Layouts = std::vector<tsum::Function::Layout>;

  /// `dynamic` as `tsum.jit` takes it; `declared` are the tensors that it takes, if they are said.
  Function(nb::object callable, StaticArguments statics, std::optional<bool> dynamic,
           std::optional<Layouts> declared)
      : callable(std::move(callable)), static_arguments(std::move(statics)), dynamic(dynamic),
        declared(std::move(declared)) {}

  nb::object operator()(nb::handle args, nb::handle kwargs) {
    const PythonCall python_call;
    const Arguments given = sort(args, kwargs, static_arguments);
    std::shared_ptr<Traced> traced = traces.find(given.signature);
    if (!traced)
      traced = make_trace(args, kwargs, given);
    std::optional<tsum::Function> function = prepared_for(*traced, given);
    std::vector<Tensor> results =
        function ? (*function)(given.data) : evaluate(*traced, given, shapes());
    const Tensor *next = results.data();
    return traced->trace->structure().build(next);
  }

  [[nodiscard]] const nb::object &wrapped() const { return callable; }
  [[nodiscard]] const StaticArguments &statics() const { return static_arguments; }
  [[nodiscard]] std::optional<bool> is_dynamic() const { return dynamic; }
  [[nodiscard]] const std::optional<Layouts> &signature() const { return declared; }
  [[nodiscard]] std::size_t trace_count() const { return trace_total; }
  void forget() { traces.clear(); }

  int traverse(visitproc visit, void *arg) const {
    Py_VISIT(callable.ptr());
    return traces.visit_objects([&](const nb::object &object) {
      Py_VISIT(object.ptr());
      return 0;
    });
  }
  void clear() {
    traces.clear();
    const nb::object gone = std::exchange(callable, nb::object());
  }

private:
  [[nodiscard]] Shapes shapes() const {
    return !dynamic ? Shapes::as_set : *dynamic ? Shapes::any : Shapes::compiled;
  }

  /// Whether the tensors given are those that were declared. Asked for each trace: a signature that
  /// has one has been looked at.
  void check(const Arguments &given) const {
    if (!declared)
      return;
    if (given.inputs.size() != declared->size())
      throw Error("call: " + std::to_string(given.inputs.size()) +
                  " tensors given to a function whose input_signature has " +
                  std::to_string(declared->size()));
    for (std::size_t n = 0; n < given.inputs.size(); ++n)
      check_is_of((*declared)[n], n, given.inputs[n].dtype, given.inputs[n].shape);
  }

  std::shared_ptr<Traced> make_trace(nb::handle args, nb::handle kwargs, const Arguments &given) {
    check(given);
    auto call = [&](std::span<const Tensor> placeholders) {
      std::size_t argument = 0, tensor = 0;
      nb::list positional;
      for (nb::handle object : nb::borrow<nb::tuple>(args))
        positional.append(given.is_input[argument++] ? nb::cast(placeholders[tensor++])
                                                     : nb::borrow(object));
      nb::dict named;
      if (kwargs.ptr())
        for (auto [key, object] : nb::borrow<nb::dict>(kwargs))
          named[key] =
              given.is_input[argument++] ? nb::cast(placeholders[tensor++]) : nb::borrow(object);
      return callable(*positional, **named);
    };
    auto traced = std::make_shared<Traced>(given.signature);
    traced->trace = std::make_shared<const Trace>(given.to_tensors(), call);
    ++trace_total;
    if (traced->trace->is_reusable())
      traces.insert(traced);
    return traced;
  }

  /// The prepared function for inputs that lie as those given, which runs at once, or nothing where
  /// the graph is to be evaluated.
  std::optional<tsum::Function> prepared_for(Traced &traced, const Arguments &given) const {
    constexpr std::size_t max_layouts = 8;
    if (!traced.trace->is_quick() || !given.are_in_place || is_tracing() || Recording::is_on())
      return std::nullopt;
    for (const Traced::Prepared &prepared : traced.prepared)
      if (prepared.strides == given.strides) {
        if (!prepared.function)
          return std::nullopt;
        if (std::optional<tsum::Function> function = prepared.function->get())
          return function;
      }
    std::erase_if(traced.prepared, [](const Traced::Prepared &prepared) {
      return prepared.function && prepared.function->is_gone();
    });
    if (traced.prepared.size() == max_layouts)
      return std::nullopt;
    std::optional<tsum::Function> function;
    try {
      function = prepare(*traced.trace, given, shapes());
    } catch (const CompileError &) {
      throw;
    } catch (const Error &) {
      function.reset(); // complex tensors, and reshapes that would copy, are for `eval`
    }
    traced.prepared.push_back({given.strides, std::nullopt});
    if (function)
      traced.prepared.back().function.emplace(*function);
    return function;
  }

  static tsum::Function prepare(const Trace &trace, const Arguments &given, Shapes shapes) {
    std::vector<Tensor> inputs;
    auto strides = given.strides.begin();
    for (const Arguments::Input &each : given.inputs) {
      const auto rank = static_cast<std::ptrdiff_t>(each.shape.size());
      inputs.push_back(input(each.dtype, Shape(each.shape.begin(), each.shape.end()),
                             ByteStrides(strides, strides + rank)));
      strides += rank;
    }
    const std::vector<Tensor> results = trace.replay(inputs);
    GilRelease others_run;
    return compile(inputs, results, shapes);
  }

  static std::vector<Tensor> evaluate(const Traced &traced, const Arguments &given, Shapes shapes) {
    const std::vector<Tensor> tensors = given.to_tensors();
    std::vector<Tensor> results = traced.trace->replay(tensors);
    // Inside another function's trace there is nothing to compute yet, and whoever records wants
    // the graph.
    if (!is_tracing() && !Recording::is_on())
      python::evaluate(results, shapes);
    return results;
  }

  nb::object callable;
  StaticArguments static_arguments;
  std::optional<bool> dynamic;
  std::optional<Layouts> declared;
  TraceTable traces;
  std::size_t trace_total = 0;
};

using DeclaredInput = std::tuple<nb::object, Shape, std::string>;

std::optional<Function::Layouts>
to_layouts(const std::optional<std::vector<DeclaredInput>> &declared) {
  if (!declared)
    return std::nullopt;
  Function::Layouts layouts;
  for (const auto &[dtype, shape, name] : *declared)
    layouts.push_back({to_dtype(dtype), shape, {}, name});
  return layouts;
}

std::optional<std::vector<DeclaredInput>>
to_declared(const std::optional<Function::Layouts> &layouts) {
  if (!layouts)
    return std::nullopt;
  std::vector<DeclaredInput> declared;
  for (const tsum::Function::Layout &layout : *layouts)
    declared.emplace_back(to_python(layout.dtype), layout.shape, layout.name);
  return declared;
}

/// What a decorator has put in its function's place is found again by that one's name; others are
/// made again from the function.
nb::tuple reduce(const nb::object &self) {
  const Function &function = *nb::inst_ptr<Function>(self);
  nb::handle wrapped = function.wrapped();
  nb::object module = nb::getattr(wrapped, "__module__", nb::none());
  nb::object name = nb::getattr(wrapped, "__qualname__", nb::none());
  nb::object found = nb::module_::import_("sys").attr("modules").attr("get")(module);
  if (!name.is_none())
    for (nb::handle part : name.attr("split")("."))
      found = nb::getattr(found, nb::str(part), nb::none());
  if (found.is(self))
    return nb::make_tuple(nb::module_::import_("pkgutil").attr("resolve_name"),
                          nb::make_tuple(module + nb::str(":") + name));
  const nb::object make = nb::module_::import_("tsum._core").attr("_make_function");
  return nb::make_tuple(make, nb::make_tuple(wrapped, function.statics().positions,
                                             function.statics().names, function.is_dynamic(),
                                             to_declared(function.signature())));
}

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
  nb::class_<Function> function(m, "Function", nb::type_slots(slots), nb::is_weak_referenceable(),
                                "A function that `tsum.jit` has made: see there.");
  refuse_construction(function, "tsum.jit makes one of a Python function");
  m.def(
      "_make_function",
      [](nb::object callable, std::vector<std::int64_t> static_positions,
         std::vector<std::string> static_names, std::optional<bool> dynamic,
         const std::optional<std::vector<DeclaredInput>> &declared) {
        return new Function(std::move(callable),
                            {std::move(static_positions), std::move(static_names)}, dynamic,
                            to_layouts(declared));
      },
      nb::rv_policy::take_ownership, nb::arg("function"), nb::arg("static_argnums"),
      nb::arg("static_argnames"), nb::arg("dynamic").none(), nb::arg("inputs").none(),
      nb::sig("def _make_function(function: collections.abc.Callable, static_argnums: "
              "collections.abc.Sequence[int], static_argnames: collections.abc.Sequence[str], "
              "dynamic: bool | None, inputs: "
              "collections.abc.Sequence[tuple[DType, collections.abc.Sequence[int], str]] "
              "| None) -> Function"),
      "What `tsum.jit` returns.");
  function
      .def_prop_ro(
          "__wrapped__", [](const Function &self) { return self.wrapped(); },
          nb::sig("def __wrapped__(self) -> collections.abc.Callable"), "The Python function.")
      .def(
          "__getattr__",
          [](const Function &self, const nb::str &name) {
            return nb::getattr(self.wrapped(), name);
          },
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
          nb::sig("def __get__(self, instance: object, owner: type | None = None) -> "
                  "collections.abc.Callable[..., typing.Any]"))
      .def(
          "__copy__", [](nb::object self) { return self; },
          nb::sig("def __copy__(self) -> Function"))
      .def(
          "__deepcopy__", [](nb::object self, nb::handle) { return self; }, nb::arg("memo"),
          nb::sig("def __deepcopy__(self, memo: dict[int, typing.Any], /) -> Function"))
      .def("__reduce__", &reduce, nb::sig("def __reduce__(self) -> tuple[typing.Any, ...]"),
           "What pickle asks: functions are found again by name, without their traces.")
      .def("__repr__", [](const Function &self) {
        return "<tsum.jit of " + nb::cast<std::string>(nb::repr(self.wrapped())) + ">";
      });
}

} // namespace tsum::python
