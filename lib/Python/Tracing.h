// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Bindings.h"

#include "tsum/Graph/Node.h"

/// What `tsum.jit` records of a Python function: its graph, without running the function again.
namespace tsum::python {

/// What a function returned: a tensor, or tuples, lists and dictionaries around them.
struct Structure {
  enum class Kind : std::uint8_t { Leaf, None, Tuple, List, Dict };
  Kind kind = Kind::Leaf;
  std::vector<nb::object> keys; ///< of a dictionary
  std::vector<Structure> parts;

  /// The structure of `object`, whose tensors are appended to `leaves`.
  static Structure flatten(nb::handle object, std::vector<Tensor> &leaves);
  /// The same around other tensors, from `*next` on.
  [[nodiscard]] nb::object build(const Tensor *&next) const;
};

/// A traced function: the graph of its results over its arguments.
class Trace {
public:
  /// Calls `function`, with placeholders for the tensors among its arguments: `call` gets them.
  /// Evaluates tensors from outside that the function used.
  template <class Call> Trace(std::span<const Tensor> arguments, Call &&call) {
    Scope scope(*this, arguments);
    finish(call(std::span<const Tensor>(scope.placeholders)));
  }

  /// The results for `arguments`, which have the shapes and dtypes of those that were traced; not
  /// evaluated. O(nodes).
  [[nodiscard]] std::vector<Tensor> replay(std::span<const Tensor> arguments) const;

  [[nodiscard]] const Structure &structure() const { return result; }

  /// Whether calls should run a prepared function: the results are computed from little data, so
  /// that finding the graph's code and giving others the GIL meanwhile would take longer than they
  /// do. Views of arguments are made by `replay`, which does not copy.
  [[nodiscard]] bool is_quick() const { return can_repeat && is_computed && work < max_quick_work; }

  /// False if the function used an argument of another one, around it, that is being traced as
  /// well: the trace is good for this one call.
  [[nodiscard]] bool is_reusable() const { return can_repeat; }

private:
  /// The time in which values of placeholders are refused.
  struct Scope {
    Scope(Trace &trace, std::span<const Tensor> arguments);
    ~Scope();
    std::vector<Tensor> placeholders;
  };

  /// A node: a placeholder, one from outside that has values, or an operation to do again.
  struct Step {
    Node::Ptr node;
    std::int32_t placeholder = -1; ///< its place, if it is one of this trace
    bool is_repeated = false;
    std::vector<std::int32_t> operands;   ///< steps before this one
    std::vector<std::int32_t> derivation; ///< likewise, of what gradients follow in their place
  };

  void finish(const nb::object &returned);

  /// Elements of all steps that take some ten microseconds.
  static constexpr double max_quick_work = 32 * 1024;

  std::vector<Node::Ptr> placeholders; ///< two of them for a complex argument
  std::vector<Step> steps;
  std::vector<std::int32_t> outputs; ///< steps
  bool can_repeat = true;
  bool is_computed = true; ///< whether each result is, and no view
  double work = 0;         ///< elements of all steps
  Structure result;
};

/// Whether a function is being traced on this thread.
[[nodiscard]] bool is_tracing();

} // namespace tsum::python
