// SPDX-License-Identifier: Apache-2.0
//
// The callable that tsum.jit makes. A call finds the trace of its signature without running Python
// code.
#include "Errors.h"
#include "Gil.h"
#include "Numpy.h"
#include "Statics.h"
#include "Tracing.h"

#include "tsum/Graph/Layout.h"
#include "tsum/Graph/Recording.h"
#include "tsum/Runtime/KeptFunction.h"
#include "tsum/Runtime/OfShapes.h"
#include "tsum/Runtime/OpenInputs.h"
#include "tsum/function.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace tsum::python {

namespace {

/// What calls have in common that one trace serves: the accuracy where nothing says another, dtypes
/// and shapes of tensors, values of the rest.
struct Signature {
  std::vector<std::int64_t> words;
  std::vector<nb::object> statics;

  [[nodiscard]] std::size_t hash() const {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (std::int64_t word : words)
      hash = (hash ^ static_cast<std::uint64_t>(word)) * 0x9e3779b97f4a7c15;
    return hash ^ (hash >> 32);
  }
  /// Runs Python code, which may do anything.
  [[nodiscard]] bool has_statics_of(const Signature &other) const {
    return std::ranges::equal(statics, other.statics, is_same_static);
  }

  void add(DType dtype, std::span<const std::int64_t> shape) {
    words.push_back(-static_cast<std::int64_t>(dtype) - 1);
    words.push_back(static_cast<std::int64_t>(shape.size()));
    words.insert(words.end(), shape.begin(), shape.end());
  }
  void add_static(nb::handle object) {
    words.push_back(hash_static(object));
    statics.push_back(nb::borrow(object));
  }
};

/// One call's arguments, sorted.
struct Arguments {
  /// An array or a tensor. An array becomes a tensor only where one is needed.
  struct Input {
    nb::handle array;
    std::optional<Tensor> tensor;
    DType dtype;
    std::span<const std::int64_t> shape;

    [[nodiscard]] Tensor to_tensor() const { return tensor ? *tensor : numpy::borrow_array(array); }
  };
  Signature signature;
  std::vector<Input> inputs;
  std::vector<bool> is_input; ///< positional ones first, then those given by name

  // Where the inputs' elements are, if all are in place.
  bool are_in_place = true;
  std::vector<std::int64_t> strides; ///< of all, one behind the other
  std::vector<const void *> data;

  void add(nb::handle object) {
    is_input.push_back(true);
    if (numpy::is_array(object)) {
      const numpy::Memory memory = numpy::memory_of(object);
      inputs.push_back({object, std::nullopt, memory.dtype, memory.shape});
      add_memory(memory.dtype, memory.strides, memory.data);
    } else {
      const Tensor tensor = python::to_tensor(object);
      inputs.push_back({object, tensor, tensor.dtype(), tensor.shape()});
      if (std::shared_ptr<const Storage> values = tensor.node()->values())
        add_memory(tensor.dtype(), values->strides, values->data);
      else
        are_in_place = false;
    }
    signature.add(inputs.back().dtype, inputs.back().shape);
  }
  void add_static(nb::handle object) {
    is_input.push_back(false);
    signature.add_static(object);
  }
  [[nodiscard]] std::vector<Tensor> to_tensors() const {
    std::vector<Tensor> tensors;
    for (const Input &input : inputs)
      tensors.push_back(input.to_tensor());
    return tensors;
  }

private:
  void add_memory(DType dtype, std::span<const std::int64_t> byte_strides, const void *pointer) {
    are_in_place &= is_in_place(byte_strides, dtype);
    strides.insert(strides.end(), byte_strides.begin(), byte_strides.end());
    data.push_back(pointer);
  }
};

/// A trace and the functions prepared from it.
struct Traced {
  Signature signature; ///< that it is for
  std::shared_ptr<const Trace> trace;
  struct Prepared {
    std::vector<std::int64_t> strides;    ///< that it takes
    std::optional<KeptFunction> function; ///< nothing if there can be none
  };
  std::vector<Prepared> prepared;
  std::uint64_t last_used = 0; ///< by the table's count
};

/// Traces by signature. What it calls in Python may call the function again, in which the table
/// changes: nothing of the table is held meanwhile.
class TraceTable {
public:
  /// The trace for `signature`, or null.
  [[nodiscard]] std::shared_ptr<Traced> find(const Signature &signature) const {
    std::vector<std::shared_ptr<Traced>> candidates;
    auto [begin, end] = table.equal_range(signature.hash());
    for (auto entry = begin; entry != end; ++entry)
      if (entry->second->signature.words == signature.words) {
        if (signature.statics.empty())
          return use(entry->second);
        candidates.push_back(entry->second);
      }
    for (std::shared_ptr<Traced> &candidate : candidates)
      if (candidate->signature.has_statics_of(signature))
        return use(candidate);
    return nullptr;
  }

  /// The same signature may come twice, where two calls traced it at once: one of them is found.
  /// Of more traces than the cache has entries, the least recently used goes.
  void insert(std::shared_ptr<Traced> traced) {
    const std::size_t hash = traced->signature.hash();
    table.emplace(hash, use(traced));
    std::shared_ptr<Traced> gone; // freeing objects may run Python code
    if (static_cast<std::int64_t>(table.size()) > kept_function_capacity()) {
      auto oldest = std::ranges::min_element(
          table, {}, [](const auto &entry) { return entry.second->last_used; });
      gone = std::move(oldest->second);
      table.erase(oldest);
    }
  }

  void clear() {
    const auto gone = std::exchange(table, {}); // freeing objects may run Python code as well
  }

  /// Calls `visit` with each Python object until one call does not return 0; what that returns.
  template <class Visit> int visit_objects(const Visit &visit) const {
    for (const auto &[hash, traced] : table)
      for (const nb::object &object : traced->signature.statics)
        if (const int result = visit(object))
          return result;
    return 0;
  }

private:
  std::shared_ptr<Traced> use(const std::shared_ptr<Traced> &traced) const {
    traced->last_used = ++uses;
    return traced;
  }

  std::unordered_multimap<std::size_t, std::shared_ptr<Traced>> table;
  mutable std::uint64_t uses = 0;
};

class Function {
public:
  using Layouts = std::vector<tsum::Function::Layout>;

  /// `dynamic` as `tsum.jit` takes it; `declared` are the tensors that it takes, if they are said.
  Function(nb::object callable, std::vector<std::int64_t> static_positions,
           std::vector<std::string> static_names, std::optional<bool> dynamic,
           std::optional<Layouts> declared)
      : callable(std::move(callable)), static_positions(std::move(static_positions)),
        static_names(std::move(static_names)), dynamic(dynamic), declared(std::move(declared)) {}

  nb::object operator()(nb::handle args, nb::handle kwargs) {
    const PythonCall python_call;
    const Arguments given = sort(args, kwargs);
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
  [[nodiscard]] const std::vector<std::int64_t> &static_argnums() const { return static_positions; }
  [[nodiscard]] const std::vector<std::string> &static_argnames() const { return static_names; }
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

  [[nodiscard]] bool is_static(std::int64_t position, nb::handle object) const {
    if (!static_positions.empty() &&
        std::ranges::find(static_positions, position) != static_positions.end())
      return true;
    if (as_tensor(object) || numpy::is_array(object))
      return false;
    if (numpy::is_number(object)) // in an operation as well, a number has no dtype of its own
      return true;
    return !numpy::is_scalar(object) &&
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
      sorted.add_static(object);
    } catch (nb::python_error &error) {
      if (!error.matches(PyExc_TypeError))
        throw;
      throw DTypeError("jit: " + which + " is a " +
                       nb::cast<std::string>(nb::str(nb::inst_name(object))) +
                       ", which is neither a tensor nor an array nor hashable (pass its parts as "
                       "arguments of their own, or a tuple of numbers)");
    }
  }

  [[nodiscard]] Arguments sort(nb::handle args, nb::handle kwargs) const {
    Arguments sorted;
    sorted.signature.words.push_back(static_cast<std::int64_t>(default_accuracy()));
    const Py_ssize_t count = PyTuple_Size(args.ptr());
    for (Py_ssize_t i = 0; i < count; ++i) {
      nb::handle object = PyTuple_GetItem(args.ptr(), i);
      if (is_static(i, object))
        add_static(sorted, object, "argument " + std::to_string(i));
      else
        sorted.add(object);
    }
    if (!kwargs.ptr())
      return sorted;
    for (auto [key, object] : nb::borrow<nb::dict>(kwargs)) {
      sorted.signature.add_static(key);
      std::string name = nb::cast<std::string>(key);
      if (std::ranges::find(static_names, name) != static_names.end() || is_static(-1, object))
        add_static(sorted, object, "argument '" + name + "'");
      else
        sorted.add(object);
    }
    return sorted;
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
  std::vector<std::int64_t> static_positions;
  std::vector<std::string> static_names;
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
  return nb::make_tuple(
      self.type(), nb::make_tuple(wrapped, function.static_argnums(), function.static_argnames(),
                                  function.is_dynamic(), to_declared(function.signature())));
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
  nb::class_<Function>(m, "Function", nb::type_slots(slots), nb::is_weak_referenceable(),
                       "A function that `tsum.jit` has made: see there.")
      .def(
          "__init__",
          [](Function *self, nb::object callable, std::vector<std::int64_t> static_positions,
             std::vector<std::string> static_names, std::optional<bool> dynamic,
             const std::optional<std::vector<DeclaredInput>> &declared) {
            new (self) Function(std::move(callable), std::move(static_positions),
                                std::move(static_names), dynamic, to_layouts(declared));
          },
          nb::arg("function"), nb::arg("static_argnums"), nb::arg("static_argnames"),
          nb::arg("dynamic") = nb::none(), nb::arg("inputs") = nb::none(),
          nb::sig("def __init__(self, function: collections.abc.Callable, static_argnums: "
                  "collections.abc.Sequence[int], static_argnames: "
                  "collections.abc.Sequence[str], dynamic: bool | None = None, inputs: "
                  "collections.abc.Sequence[tuple[DType, collections.abc.Sequence[int], str]] "
                  "| None = None) -> None"))
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
