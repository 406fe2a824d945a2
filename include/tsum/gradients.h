// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/elementwise.h"

#include <optional>

#pragma GCC visibility push(default)

namespace tsum {

// Gradients are graphs: what these functions build is fused, compiled and evaluated with all else,
// and has gradients itself. Each visits every node behind its targets once. docs/gradients.md says
// what they are where functions have kinks, and what of complex numbers.

/// How gradients are evaluated.
struct GradientOptions {
  /// How many bytes kernels may have in memory at once, beside data and what is asked for, wherever
  /// these gradients, or what is computed of them, are evaluated: what kernels leave for later ones
  /// is computed again where more would be kept. No bit depends on it. Of several bounds in one
  /// evaluation the least counts, and where more than a bound is needed in any case, 0 for example,
  /// as little as is found. `explain` says what is kept and what is computed again.
  std::optional<std::int64_t> memory = std::nullopt;
};

/// The gradients of the sum of all elements of `y` with respect to `xs`, by reverse mode: tensors
/// of the shapes and dtypes of `xs`; the semantics of TensorFlow's `tf.gradients`, but for zeros
/// where `y` does not depend on one of `xs`.
///
/// With `upstream`, a tensor of `y`'s dtype that broadcasts to its shape, or a number, those of the
/// sum of `y * upstream`: the product of `upstream` and the Jacobian matrix.
///
/// Evaluated tensors do not know what they were computed from. So gradients are asked for first,
/// or with a `GradientTape` around what is computed; `xs` may be evaluated or not.
///
/// \throws DTypeError if `y` or one of `xs` is neither a float nor complex, or for an `upstream` of
/// another dtype; ShapeError if `upstream` does not broadcast to `y`; Error for an evaluated tensor
/// on the way whose graph is gone, for less than 0 bytes, and, naming it, for an operation that has
/// no gradient.
/// \code
///   Tensor loss = reduce_sum(square(x - y));
///   std::vector<Tensor> by = gradients(loss, {x, y});   // 2 (x - y) and its negative
///   by = gradients(loss, {x, y}, {}, {.memory = 64 << 20});   // within 64 MB
/// \endcode
[[nodiscard]] std::vector<Tensor> gradients(const Tensor &y, std::span<const Tensor> xs,
                                            const std::optional<Operand> &upstream = {},
                                            const GradientOptions &options = {});
[[nodiscard]] inline std::vector<Tensor> gradients(const Tensor &y,
                                                   std::initializer_list<Tensor> xs,
                                                   const std::optional<Operand> &upstream = {},
                                                   const GradientOptions &options = {}) {
  return gradients(y, std::span<const Tensor>(xs.begin(), xs.size()), upstream, options);
}

/// Those of the sum over several `ys`, with an upstream for each, or none: nothing where none of
/// `ys` depends on one of `xs`.
/// \throws as above; Error if there are upstreams, but not as many as `ys`.
[[nodiscard]] std::vector<std::optional<Tensor>>
connected_gradients(std::span<const Tensor> ys, std::span<const Tensor> xs,
                    std::span<const std::optional<Operand>> upstreams = {},
                    const GradientOptions &options = {});

/// How `ys` change as `xs` change along `tangents`, tensors of the shapes and dtypes of `xs`: the
/// product of the Jacobian matrix and the tangents, by forward mode; in one pass, however many
/// elements `ys` have.
/// \throws as `gradients`; Error for another number of tangents than `xs`.
[[nodiscard]] std::vector<Tensor> jvp(std::span<const Tensor> ys, std::span<const Tensor> xs,
                                      std::span<const Tensor> tangents);
[[nodiscard]] inline Tensor jvp(const Tensor &y, std::initializer_list<Tensor> xs,
                                std::initializer_list<Tensor> tangents) {
  return jvp({&y, 1}, std::span<const Tensor>(xs.begin(), xs.size()),
             std::span<const Tensor>(tangents.begin(), tangents.size()))
      .front();
}

/// The value of `x`, which gradients take for a constant.
[[nodiscard]] Tensor stop_gradient(const Tensor &x, std::string_view name = {});

/// Records what is built on this thread while it is on, so that gradients can be taken through
/// tensors that have been evaluated meanwhile; the semantics of TensorFlow's `tf.GradientTape`.
///
/// What it records keeps its operands, and the memory of those that have values, until the tape
/// goes. What was computed before it is constant to it, and so is what does not depend on watched
/// tensors.
///
/// \code
///   GradientTape tape;
///   tape.watch(x);
///   Tensor y = reduce_sum(square(x));
///   std::cout << y;
///   std::optional<Tensor> by_x = tape.gradient(y, {x}).front();
/// \endcode
class GradientTape {
public:
  /// Records from now on. A persistent one gives gradients more than once.
  explicit GradientTape(bool is_persistent = false);
  ~GradientTape();
  GradientTape(const GradientTape &) = delete;
  GradientTape &operator=(const GradientTape &) = delete;

  /// Gradients with respect to `x`, and to what is computed of it, will be asked for.
  /// \throws DTypeError if `x` is neither a float nor complex.
  void watch(const Tensor &x);

  /// Ends the recording, or goes on with it on the thread that asks.
  void stop();
  void resume();

  /// The gradients of the sum over `targets` with respect to `sources`: nothing for one that is not
  /// watched and not computed of what is, or on which `targets` do not depend.
  ///
  /// What this builds is not recorded by this tape, but by those around it.
  ///
  /// \throws as `connected_gradients`, but for evaluated tensors, which are constants if they are
  /// not recorded; Error if a tape that is not persistent is asked a second time.
  [[nodiscard]] std::vector<std::optional<Tensor>>
  gradient(std::span<const Tensor> targets, std::span<const Tensor> sources,
           std::span<const std::optional<Operand>> upstreams = {},
           const GradientOptions &options = {});
  [[nodiscard]] std::vector<std::optional<Tensor>> gradient(const Tensor &target,
                                                            std::initializer_list<Tensor> sources) {
    return gradient({&target, 1}, std::span<const Tensor>(sources.begin(), sources.size()));
  }

  /// How `targets` change as `sources` change along `tangents`: `tsum::jvp` through what is
  /// recorded, for any tensors. Counts as giving gradients.
  [[nodiscard]] std::vector<Tensor> jvp(std::span<const Tensor> targets,
                                        std::span<const Tensor> sources,
                                        std::span<const Tensor> tangents);

private:
  template <class Differentiate> auto give(const Differentiate &differentiate);

  struct [[gnu::visibility("hidden")]] State; // private: lib/Ops/Gradients/Tape.cpp
  std::unique_ptr<State> state;
};

} // namespace tsum

#pragma GCC visibility pop
