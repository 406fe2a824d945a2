// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Cases.h"
#include "tsum/Ops/Make.h"
#include "tsum/Reference/Evaluate.h"

#include <algorithm>
#include <functional>

namespace tsum::test {

/// A graph as data. It can be built again and again, while a graph can be evaluated once, and it
/// can be made smaller.
struct Recipe {
  /// What a node is made of; see `Node`.
  struct Step {
    OpKind op;
    DType dtype;
    Shape shape;
    std::vector<std::int64_t> axes;
    bool keepdims, is_exact;
    std::int64_t divisor; ///< of an exact sum
    std::vector<std::int64_t> starts, steps;
    std::vector<std::size_t> operands;     ///< steps before this one
    std::shared_ptr<const Storage> values; ///< of data

    [[nodiscard]] bool is_data() const { return values != nullptr; }
  };

  std::vector<Step> steps;
  std::vector<std::size_t> outputs;
};

inline Recipe recipe_of(std::span<const Tensor> outputs) {
  std::vector<Node::Ptr> nodes;
  for (const Tensor &output : outputs)
    nodes.push_back(output.node());
  Recipe recipe;
  std::vector<Node::Ptr> order;
  for (const OrderedNode &entry : evaluation_order(nodes)) {
    const Node &node = *entry.node;
    order.push_back(entry.node);
    recipe.steps.push_back({node.op,
                            node.dtype,
                            node.shape,
                            node.axes,
                            node.keepdims,
                            node.is_exact,
                            node.divisor,
                            node.starts,
                            node.steps,
                            {entry.operands.begin(), entry.operands.end()},
                            entry.state.values});
  }
  for (const Node::Ptr &node : nodes)
    recipe.outputs.push_back(
        static_cast<std::size_t>(std::ranges::find(order, node) - order.begin()));
  return recipe;
}

/// The tensor of `step`. \throws Error if the operands, made smaller, do not fit any more.
inline Tensor build_step(const Recipe::Step &step, const std::vector<Tensor> &tensors) {
  auto operand = [&](std::size_t n) -> const Tensor & { return tensors[step.operands[n]]; };
  if (step.is_exact)
    return make_exact_sum(operand(0), step.axes, step.keepdims, step.divisor, step.dtype);
  switch (step.op) {
#define TSUM_REDUCTION(NAME, CLASS, DOMAIN, COMBINER, IDENTITY, SUMMARY)                           \
  case OpKind::CLASS:                                                                              \
    return NAME(operand(0), step.axes, step.keepdims);
#include "tsum/Reductions.def"
#define TSUM_UNARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY)                                \
  case OpKind::CLASS:                                                                              \
    return NAME(operand(0));
#define TSUM_BINARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY)                               \
  case OpKind::CLASS:                                                                              \
    return NAME(operand(0), operand(1));
#include "tsum/Elementwise.def"
  case OpKind::Constant:
    break;
  case OpKind::Iota:
    return make_iota(step.dtype, step.shape, step.starts[0], step.steps);
  case OpKind::Cast:
    return cast(operand(0), step.dtype);
  case OpKind::Where:
    return where(operand(0), operand(1), operand(2));
  case OpKind::BroadcastTo:
    return broadcast_to(operand(0), step.shape);
  case OpKind::Reshape:
    return reshape(operand(0), step.shape);
  case OpKind::Transpose:
    return transpose(operand(0), step.axes);
  case OpKind::Complex:
    return complex(operand(0), operand(1));
  case OpKind::Slice: {
    std::vector<Slice> slices;
    for (std::size_t dim = 0; dim < step.shape.size(); ++dim) {
      const std::int64_t stop = step.starts[dim] + step.shape[dim] * step.steps[dim];
      slices.push_back({step.starts[dim], {}, step.steps[dim]});
      if (stop >= 0) // else all from the start back
        slices.back().stop = stop;
    }
    return slice(operand(0), slices);
  }
  }
  throw Error("no step of a recipe");
}

/// All tensors of the recipe. \throws Error if they do not fit together.
inline std::vector<Tensor> build_all(const Recipe &recipe) {
  std::vector<Tensor> tensors;
  for (const Recipe::Step &step : recipe.steps)
    tensors.push_back(step.is_data() ? borrow(step.values->data, step.dtype, step.shape,
                                              step.values->strides, step.values)
                                     : build_step(step, tensors));
  return tensors;
}

/// The outputs of the recipe.
inline std::vector<Tensor> build(const Recipe &recipe) {
  std::vector<Tensor> tensors = build_all(recipe);
  std::vector<Tensor> outputs;
  for (std::size_t output : recipe.outputs)
    outputs.push_back(tensors[output]);
  return outputs;
}

/// Makes a recipe that fails smaller, as long as it fails.
class Shrinker {
public:
  using Fails = std::function<bool(const Recipe &)>;

  Shrinker(Recipe recipe, Fails fails) : recipe(std::move(recipe)), fails(std::move(fails)) {}

  /// The smallest that was found in so many attempts.
  Recipe run(int attempts) {
    left = attempts;
    while (left > 0 && (drop_outputs() || move_outputs() || drop_steps() || cut_steps() ||
                        shrink_extents() || pack_data())) {
    }
    return recipe;
  }

private:
  /// Takes `smaller` if it can be built and fails.
  bool attempt(Recipe smaller) {
    if (left-- <= 0)
      return false;
    try {
      smaller = recipe_of(build(smaller)); // what no output needs is gone
      if (!fails(smaller))
        return false;
    } catch (const Error &) {
      return false;
    }
    recipe = std::move(smaller);
    return true;
  }

  bool drop_outputs() {
    for (std::size_t n = 0; recipe.outputs.size() > 1 && n < recipe.outputs.size(); ++n) {
      Recipe smaller = recipe;
      smaller.outputs = {recipe.outputs[n]};
      if (attempt(std::move(smaller)))
        return true;
    }
    return false;
  }

  /// An operand in place of an output.
  bool move_outputs() {
    for (std::size_t n = 0; n < recipe.outputs.size(); ++n)
      for (std::size_t operand : recipe.steps[recipe.outputs[n]].operands) {
        Recipe smaller = recipe;
        smaller.outputs[n] = operand;
        if (attempt(std::move(smaller)))
          return true;
      }
    return false;
  }

  /// An operand in place of an operation.
  bool drop_steps() {
    for (std::size_t place = recipe.steps.size(); place-- > 0;)
      for (std::size_t operand : recipe.steps[place].operands) {
        const Recipe::Step &with = recipe.steps[operand];
        if (with.dtype != recipe.steps[place].dtype || with.shape != recipe.steps[place].shape)
          continue;
        Recipe smaller = recipe;
        auto replace = [&](std::vector<std::size_t> &list) {
          std::ranges::replace(list, place, operand);
        };
        std::ranges::for_each(smaller.steps, replace, &Recipe::Step::operands);
        replace(smaller.outputs);
        if (attempt(std::move(smaller)))
          return true;
      }
    return false;
  }

  /// Its values in place of an operation.
  bool cut_steps() {
    for (std::size_t place = recipe.steps.size(); place-- > 0;) {
      if (recipe.steps[place].is_data())
        continue;
      Recipe smaller = recipe;
      set_values(smaller.steps[place], reference::evaluate(build_all(recipe)[place]));
      smaller.steps[place].operands.clear();
      if (attempt(std::move(smaller)))
        return true;
    }
    return false;
  }

  /// Everywhere a smaller extent in place of another.
  bool shrink_extents() {
    std::vector<std::int64_t> extents;
    for (const Recipe::Step &step : recipe.steps)
      extents.insert(extents.end(), step.shape.begin(), step.shape.end());
    std::ranges::sort(extents, std::greater());
    extents.erase(std::ranges::unique(extents).begin(), extents.end());
    for (std::int64_t extent : extents)
      for (std::int64_t smaller_extent : {std::int64_t{1}, extent / 2, extent - 1}) {
        if (smaller_extent >= extent || smaller_extent < 1)
          continue;
        Recipe smaller = recipe;
        for (Recipe::Step &step : smaller.steps)
          std::ranges::replace(step.shape, extent, smaller_extent);
        if (attempt(std::move(smaller)))
          return true;
      }
    return false;
  }

  /// Data in row-major order.
  bool pack_data() {
    for (std::size_t place = 0; place < recipe.steps.size(); ++place) {
      const Recipe::Step &step = recipe.steps[place];
      if (!step.is_data() || step.values->strides == row_major_strides(step.shape, step.dtype))
        continue;
      Recipe smaller = recipe;
      smaller.steps[place].values = pack_row_major(step.shape, step.dtype, *step.values);
      if (attempt(std::move(smaller)))
        return true;
    }
    return false;
  }

  static void set_values(Recipe::Step &step, const std::vector<std::byte> &bytes) {
    ByteStrides strides = row_major_strides(step.shape, step.dtype);
    step.values = pack_row_major(step.shape, step.dtype, {nullptr, bytes.data(), strides});
    step.op = OpKind::Constant;
  }

  Recipe recipe;
  Fails fails;
  int left = 0;
};

} // namespace tsum::test
