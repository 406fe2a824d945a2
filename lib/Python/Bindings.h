// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/stream.h"
#include "tsum/tsum.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h> // without it, strings would be taken for classes of ours

#include <optional>
#include <string>

/// The extension module `tsum._core`: Python's objects on one side, the public C++ API on the
/// other.
/// Functions here run with the GIL held, and throw tsum's errors or `nb::python_error`.
namespace tsum::python {

namespace nb = nanobind;

// Each adds its part to the module.
void bind_errors(nb::module_ &m);
void bind_dtypes(nb::module_ &m);
void bind_tensor(nb::module_ &m);
void bind_operations(nb::module_ &m);
void bind_runtime(nb::module_ &m);
void bind_files(nb::module_ &m);
void bind_mpi(nb::module_ &m); ///< where tsum is built with MPI
void bind_tracing(nb::module_ &m);
void bind_inspection(nb::module_ &m);
void bind_partial(nb::module_ &m);
void bind_calls(nb::module_ &m);

//===-- Dtypes --------------------------------------------------------------------------------===//

/// NumPy's name of `dtype`, which is TensorFlow's, too: "float32".
[[nodiscard]] std::string_view numpy_name(DType dtype);

/// The dtype of a name, tsum's or NumPy's, or nothing.
[[nodiscard]] std::optional<DType> dtype_of_name(std::string_view name);

/// The Python object of `dtype`: there is one of each.
[[nodiscard]] nb::object to_python(DType dtype);

/// The dtype that `object` means: one of tsum's, a name, one of NumPy's, or Python's float, int or
/// bool, which are f32, i32 and bool as in TensorFlow. \throws DTypeError if it is none.
[[nodiscard]] DType to_dtype(nb::handle object);

/// "tsum has f32, f64, ...", for messages.
[[nodiscard]] std::string known_dtypes();

//===-- Calls ---------------------------------------------------------------------------------===//

/// The callable that stands for `function`, called `name`: its wrong calls raise a TypeError that
/// says what would be right.
[[nodiscard]] nb::object checked(nb::object function, const char *name);

/// Has the constructor of a class that has none raise a TypeError, which names the class that is
/// called, it or one derived from it, and ends with `hint`.
template <class Class> void refuse_construction(Class &cls, const char *hint) {
  cls.def(
      "__init__",
      [hint](nb::handle self, const nb::args &, const nb::kwargs &) {
        const auto name = nb::cast<std::string>(self.type().attr("__name__"));
        throw nb::type_error((name + ": there is no constructor (" + hint + ")").c_str());
      },
      nb::sig("def __init__(self) -> typing.NoReturn"));
}

//===-- From Python ---------------------------------------------------------------------------===//

/// The tensor that `object` is, or that reads its memory: see `tsum.asarray`. `hint` is the dtype
/// of lists of numbers that it can hold. \throws DTypeError for what is no array.
[[nodiscard]] Tensor to_tensor(nb::handle object, std::optional<DType> hint = std::nullopt);

/// As `to_tensor`, and numbers stay numbers; nothing if `object` is neither.
[[nodiscard]] std::optional<Operand> to_operand(nb::handle object, std::optional<DType> hint);

/// An integer, NumPy's among them.
[[nodiscard]] std::int64_t to_int(nb::handle object);
/// None, an integer or a sequence of integers; what has no order, as a set, is none.
[[nodiscard]] Axes to_axes(nb::handle object);
[[nodiscard]] Shape to_shape(nb::handle object);
/// None is the empty name.
[[nodiscard]] std::string to_name(nb::handle object);
/// `tensor` called `name`, if there is one.
[[nodiscard]] Tensor with_name(const Tensor &tensor, std::string_view name);
[[nodiscard]] bool to_bool(nb::handle object);

/// The tensor that a Python object of its class holds. \throws DTypeError for an object that
/// `__new__` made, which holds none.
[[nodiscard]] const Tensor &self_tensor(nb::handle self);

/// The tensor inside `object`, or null.
[[nodiscard]] const Tensor *as_tensor(nb::handle object);

/// Holds a reference to `object` until no tensor needs it, whichever thread finds that out.
[[nodiscard]] std::shared_ptr<const void> keep(nb::object object);

//===-- To Python -----------------------------------------------------------------------------===//

/// While it lives, a level of nested objects is looked at.
/// \throws nb::python_error, a RecursionError that ends with `where`, at more than Python allows.
class Recursion {
public:
  explicit Recursion(const char *where) {
    if (Py_EnterRecursiveCall(where))
      throw nb::python_error();
  }
  ~Recursion() { Py_LeaveRecursiveCall(); }
  Recursion(const Recursion &) = delete;
  Recursion &operator=(const Recursion &) = delete;
};

/// While it lives, kernels use the threads that the innermost `tsum.threads` block around the
/// Python code allows. Needs the GIL at first only.
class BlockThreads {
public:
  BlockThreads();

private:
  std::optional<ThreadScope> scope;
};

/// Evaluates what has no values, other threads running meanwhile, and lets signals through.
/// \throws ConcretizationError inside a function that is being traced.
void evaluate(std::span<const Tensor> tensors, Shapes shapes = Shapes::as_set);
inline void evaluate(const Tensor &tensor) { evaluate({&tensor, 1}); }

/// Computes the values of `tensor` in the memory of `array`, a row-major, aligned and writeable
/// ndarray of its dtype and shape. Returns false where there is nothing to compute, where it
/// would be computed from that memory, and where `evaluate` has to.
[[nodiscard]] bool evaluate_into(const Tensor &tensor, nb::handle array);

/// What keeps the values of `tensor`, which `owner` holds, alive: `owner`, but for objects that may
/// stand for another tensor later, as those of tsum.numpy may.
[[nodiscard]] nb::object keeper_of(nb::handle owner, const Tensor &tensor);

/// How files are evaluated: None is the standard.
[[nodiscard]] StreamOptions to_stream_options(nb::handle memory, nb::handle checkpoint);

/// The values as a read-only NumPy array of `owner`'s memory, or a NumPy scalar if the rank is 0.
[[nodiscard]] nb::object to_numpy(nb::handle owner, const Tensor &tensor, bool scalars = true);

/// `x[index]` as NumPy's basic indexing; a view.
[[nodiscard]] Tensor get_item(const Tensor &tensor, nb::handle index);

/// A value of a function that is being traced was asked for.
class ConcretizationError : public Error {
public:
  using Error::Error;
};

/// \throws ConcretizationError if one of `tensors` depends on an argument of a function that is
/// being traced on this thread.
void check_known(std::span<const Tensor> tensors);

} // namespace tsum::python
