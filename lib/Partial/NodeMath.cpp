// SPDX-License-Identifier: Apache-2.0
#include "NodeMath.h"

#include "tsum/Reference/SummationSteps.h"

#include <cstring>

namespace tsum::partial {

namespace {

template <FloatElement T, OpKind op> class Steps final : public NodeMath {
  using Order = SummationSteps<T, op>;
  using Node = typename Order::Node;
  static constexpr std::size_t size = std::is_same_v<Node, Pair> ? 2 : 1; // numbers of a node

public:
  Steps() : NodeMath(size) {}

  [[nodiscard]] std::vector<double> block(std::span<const double> elements, std::int64_t count,
                                          std::int64_t columns) const override {
    std::vector<double> nodes(static_cast<std::size_t>(columns) * size);
    for (std::int64_t column = 0; column < columns; ++column)
      store(Order::node_of(
                Order::block(count,
                             [&](std::int64_t i) {
                               return static_cast<typename Order::BlockElement>(
                                   elements[static_cast<std::size_t>(i * columns + column)]);
                             })),
            &nodes[static_cast<std::size_t>(column) * size]);
    return nodes;
  }

  void merge(std::span<double> x, std::span<const double> y) const override {
    for (std::size_t n = 0; n < x.size(); n += size)
      store(Order::merge(load(&x[n]), load(&y[n])), &x[n]);
  }

  [[nodiscard]] std::vector<std::byte> round(std::span<const double> nodes) const override {
    std::vector<std::byte> elements(nodes.size() / size * sizeof(T));
    for (std::size_t n = 0; n < nodes.size() / size; ++n) {
      const T element = Order::round(load(&nodes[n * size]));
      std::memcpy(&elements[n * sizeof(T)], &element, sizeof(T));
    }
    return elements;
  }

  [[nodiscard]] std::vector<std::byte> narrow(std::span<const double> numbers) const override {
    std::vector<T> elements;
    for (double number : numbers)
      elements.push_back(static_cast<T>(number));
    const std::span<const std::byte> bytes = std::as_bytes(std::span(elements));
    return {bytes.begin(), bytes.end()};
  }

  [[nodiscard]] std::vector<double> widen(std::span<const std::byte> elements) const override {
    std::vector<double> numbers(elements.size() / sizeof(T));
    for (std::size_t n = 0; n < numbers.size(); ++n) {
      T element;
      std::memcpy(&element, &elements[n * sizeof(T)], sizeof(T));
      numbers[n] = static_cast<double>(element);
    }
    return numbers;
  }

private:
  static Node load(const double *numbers) {
    if constexpr (size == 2)
      return {numbers[0], numbers[1]};
    else
      return numbers[0];
  }

  static void store(const Node &node, double *numbers) {
    if constexpr (size == 2) {
      numbers[0] = node.hi;
      numbers[1] = node.lo;
    } else {
      numbers[0] = node;
    }
  }
};

} // namespace

std::vector<double> NodeMath::trees(std::span<const double> nodes, std::int64_t groups,
                                    std::int64_t extent) const {
  std::vector<double> left(nodes.begin(), nodes.end());
  const std::size_t slot = nodes.size() / static_cast<std::size_t>(groups * extent);
  auto at = [&](std::int64_t group, std::int64_t place) {
    return std::span(left).subspan(static_cast<std::size_t>(group * extent + place) * slot, slot);
  };
  std::vector<double> roots;
  for (std::int64_t group = 0; group < groups; ++group) {
    // A node without a right neighbour is passed on.
    for (std::int64_t distance = 1; distance < extent; distance *= 2)
      for (std::int64_t place = 0; place + distance < extent; place += 2 * distance)
        merge(at(group, place), at(group, place + distance));
    roots.insert(roots.end(), at(group, 0).begin(), at(group, 0).end());
  }
  return roots;
}

const NodeMath &node_math(OpKind op, DType dtype) {
  return visit_dtype(dtype, [op]<class T>(T) -> const NodeMath & {
    if constexpr (FloatElement<T>) {
      static const Steps<T, OpKind::ReduceSum> sum;
      static const Steps<T, OpKind::ReduceProd> product;
      if (op == OpKind::ReduceSum)
        return sum;
      return product;
    } else {
      __builtin_unreachable();
    }
  });
}

} // namespace tsum::partial
