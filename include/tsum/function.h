// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/tensor.h"

#include <functional>
#include <span>
#include <type_traits>
#include <utility>

#pragma GCC visibility push(default)

namespace tsum {

class [[gnu::visibility("hidden")]] KeptFunction; // private: tsum/Runtime/KeptFunction.h

/// A graph that is compiled once and called with other data each time: what a call does is to check
/// its arguments and to run kernels. It hashes nothing, takes no lock, and allocates nothing but
/// what it cannot do without (see `operator()`).
///
/// A handle, cheap to copy. Its code stays loaded as long as a handle lives, whatever the caches
/// do. May be called from several threads at once.
class Function {
public:
  /// What an input must be, and an output is.
  struct Layout {
    DType dtype;
    Shape shape;         ///< of an input, with `any` where it is open
    ByteStrides strides; ///< of an output, row-major; none of an input with open extents
    std::string name;
  };
  [[nodiscard]] std::span<const Layout> inputs() const;
  /// \throws Error if an input has open extents, on which outputs depend.
  [[nodiscard]] std::span<const Layout> outputs() const;
  /// Whether an input has open extents, so that calls take tensors and no pointers.
  [[nodiscard]] bool has_open_inputs() const;

  /// Computes the outputs from data that lies as `inputs()` says, each pointer at element 0, at any
  /// address, into row-major memory that overlaps neither the inputs nor other outputs.
  ///
  /// About 30 ns beside the kernels. Temporaries that a graph of several kernels needs are
  /// allocated by its first calls and kept for later ones.
  ///
  /// \throws Error for another number of inputs or outputs, or if an input has open extents;
  /// MemoryError for a pointer that is null, where there is something to read or write, or to an
  /// output at no multiple of its element size.
  void operator()(std::span<const void *const> inputs, std::span<void *const> outputs) const;

  /// As above, in memory made for the outputs.
  [[nodiscard]] std::vector<Tensor> operator()(std::span<const void *const> inputs) const;

  /// The outputs for tensors, which are evaluated first if need be, and copied if they lie in
  /// another order than the function was compiled for.
  ///
  /// Where extents are open, a call with shapes or strides that are new builds the graph of these,
  /// some ten microseconds, and runs it by generic code, which is replaced by code that is compiled
  /// in the background where it takes long: as `jit` with `Shapes::any`.
  ///
  /// \throws Error for another number of inputs, ShapeError and DTypeError for other ones; where
  /// extents are open also what the callable throws for those given.
  [[nodiscard]] std::vector<Tensor> operator()(std::span<const Tensor> inputs) const;
  [[nodiscard]] std::vector<Tensor> operator()(std::initializer_list<Tensor> inputs) const {
    return (*this)(std::span<const Tensor>(inputs.begin(), inputs.size()));
  }

  struct [[gnu::visibility("hidden")]] Prepared; // private: lib/Runtime/Function.cpp
  explicit Function(std::shared_ptr<const Prepared> prepared) : prepared(std::move(prepared)) {}
  // Moving it copies it: a handle is never without a function.
  Function(const Function &) = default;
  Function &operator=(const Function &) = default;

private:
  friend class KeptFunction;
  std::shared_ptr<const Prepared> prepared;
};

/// Compiles `outputs` as a function of `inputs`, which `input` made. What else the graph reads
/// (constants, evaluated nodes) becomes part of the function and stays alive with it.
///
/// Compiles, or finds in the caches, at once.
///
/// \throws Error if one of `inputs` is none or is given twice, if the graph has others, or if
/// the graph reshapes an input whose strides cannot express that.
/// \code
///   Tensor x = input(DType::f32, {64, 128});
///   Function norms = compile({x}, {sqrt(reduce_sum(square(x), 1))});
///   norms(std::array<const void *, 1>{data}, std::array<void *, 1>{result});
/// \endcode
[[nodiscard]] Function compile(std::span<const Tensor> inputs, std::span<const Tensor> outputs);
[[nodiscard]] inline Function compile(std::initializer_list<Tensor> inputs,
                                      std::initializer_list<Tensor> outputs) {
  return compile(std::span<const Tensor>(inputs.begin(), inputs.size()),
                 std::span<const Tensor>(outputs.begin(), outputs.size()));
}

/// When `jit` has code compiled for the shapes that its function is called with.
enum class Shapes : std::uint8_t {
  /// As `set_specialize` says: at the start, the first shape before it runs, others as `any`.
  as_set,
  /// Each shape before it runs.
  compiled,
  /// None before it runs: generic code runs it at once, and is replaced by code that is compiled in
  /// the background where a shape takes long, all calls together. For functions that meet many.
  any
};

namespace detail {

/// The functions that one callable was traced to, by the dtypes, shapes and strides of its inputs.
class Traces {
public:
  using Trace = std::function<std::vector<Tensor>(std::span<const Tensor> inputs)>;

  /// `arity` is how many inputs `trace` takes, or 0 for any number.
  Traces(std::size_t arity, Trace trace, Shapes shapes);
  Traces(const Traces &) = default; // moving it copies it, too
  Traces &operator=(const Traces &) = default;
  [[nodiscard]] std::vector<Tensor> call(std::span<const Tensor> inputs) const;
  [[nodiscard]] std::int64_t count() const;

private:
  struct [[gnu::visibility("hidden")]] State;
  std::shared_ptr<State> state;
};

/// How a callable is called that builds a graph: with one to four tensors, or a span of them.
template <class Callable> struct GraphBuilder {
  static auto call(const Callable &callable, std::span<const Tensor> inputs) {
    const Tensor *x = inputs.data();
    if constexpr (std::is_invocable_v<const Callable &, std::span<const Tensor>>)
      return callable(inputs);
    else if constexpr (std::is_invocable_v<const Callable &, Tensor>)
      return callable(x[0]);
    else if constexpr (std::is_invocable_v<const Callable &, Tensor, Tensor>)
      return callable(x[0], x[1]);
    else if constexpr (std::is_invocable_v<const Callable &, Tensor, Tensor, Tensor>)
      return callable(x[0], x[1], x[2]);
    else
      return callable(x[0], x[1], x[2], x[3]);
  }
  /// How many tensors the callable takes, or 0 for any number.
  static constexpr std::size_t arity() {
    if constexpr (std::is_invocable_v<const Callable &, std::span<const Tensor>>)
      return 0;
    else if constexpr (std::is_invocable_v<const Callable &, Tensor>)
      return 1;
    else if constexpr (std::is_invocable_v<const Callable &, Tensor, Tensor>)
      return 2;
    else if constexpr (std::is_invocable_v<const Callable &, Tensor, Tensor, Tensor>)
      return 3;
    else
      return 4;
  }
  static std::vector<Tensor> as_list(Tensor tensor) { return {std::move(tensor)}; }
  static std::vector<Tensor> as_list(std::vector<Tensor> tensors) { return tensors; }

  static Traces::Trace as_trace(Callable callable) {
    return [callable = std::move(callable)](std::span<const Tensor> inputs) {
      return as_list(call(callable, inputs));
    };
  }
};

template <class Callable>
concept BuildsGraph = std::is_invocable_v<const Callable &, std::span<const Tensor>> ||
                      std::is_invocable_v<const Callable &, Tensor> ||
                      std::is_invocable_v<const Callable &, Tensor, Tensor> ||
                      std::is_invocable_v<const Callable &, Tensor, Tensor, Tensor> ||
                      std::is_invocable_v<const Callable &, Tensor, Tensor, Tensor, Tensor>;

/// `arity` as for `Traces`.
[[nodiscard]] Function compile_trace(std::span<const Tensor> inputs, std::size_t arity,
                                     Traces::Trace trace);

} // namespace detail

/// Compiles what `callable` builds of `inputs`, some of whose extents may be open (`any`): a pure
/// function from tensors (one to four, or a span of them) to a tensor or a vector of them. Where
/// none is, it is called at once; else by calls of the function, once for each combination of
/// shapes and strides, so that whatever it does with an extent is right.
///
/// \throws Error as `compile` of a graph, or if `callable` takes another number of tensors.
/// \code
///   Function center = compile({input(DType::f32, {any, 4096})},
///                             [](const Tensor &x) { return x - reduce_mean(x, 0); });
///   Tensor result = center({x}).front(); // of a x with any number of rows
/// \endcode
template <detail::BuildsGraph Callable>
[[nodiscard]] Function compile(std::span<const Tensor> inputs, Callable callable) {
  using Builder = detail::GraphBuilder<Callable>;
  return detail::compile_trace(inputs, Builder::arity(), Builder::as_trace(std::move(callable)));
}
template <detail::BuildsGraph Callable>
[[nodiscard]] Function compile(std::initializer_list<Tensor> inputs, Callable callable) {
  return compile(std::span<const Tensor>(inputs.begin(), inputs.size()), std::move(callable));
}

/// A callable that builds a graph, as a function that is compiled when it meets new inputs: see
/// `jit`.
template <class Callable> class Jitted {
  using Builder = detail::GraphBuilder<Callable>;

public:
  explicit Jitted(Callable callable, Shapes shapes = Shapes::as_set)
      : traces(Builder::arity(), Builder::as_trace(std::move(callable)), shapes) {}

  /// The result for `inputs`: what the callable returns, evaluated.
  [[nodiscard]] auto operator()(std::span<const Tensor> inputs) const {
    using Result = decltype(Builder::call(std::declval<const Callable &>(), inputs));
    std::vector<Tensor> results = traces.call(inputs);
    if constexpr (std::is_same_v<Result, Tensor>)
      return std::move(results.front());
    else
      return results;
  }
  template <class... Tensors>
    requires(std::is_same_v<Tensors, Tensor> && ...)
  [[nodiscard]] auto operator()(const Tensors &...inputs) const {
    const Tensor list[] = {inputs...};
    return (*this)(std::span<const Tensor>(list));
  }

  /// How many kinds of inputs it was traced for.
  [[nodiscard]] std::int64_t trace_count() const { return traces.count(); }

private:
  detail::Traces traces;
};

/// `callable`, a pure function from tensors (one to four, or a span of them) to a tensor or a
/// vector of them, as one that traces and compiles it once for each combination of dtypes, shapes
/// and strides that it is called with. Strides that are no multiples of the element size cost a
/// copy. Of its functions the process keeps as many as `set_cache_capacity` says, and makes others
/// again from the caches when they are called.
///
/// With `Shapes::any` a new shape costs a trace, some ten microseconds, and no compilation.
/// \code
///   auto norms = jit([](const Tensor &x) { return sqrt(reduce_sum(square(x), 1)); });
///   Tensor result = norms(x);
/// \endcode
template <class Callable>
[[nodiscard]] Jitted<Callable> jit(Callable callable, Shapes shapes = Shapes::as_set) {
  return Jitted<Callable>(std::move(callable), shapes);
}

} // namespace tsum

#pragma GCC visibility pop
