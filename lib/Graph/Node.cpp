// SPDX-License-Identifier: Apache-2.0
#include "tsum/Graph/Node.h"

#include "tsum/Graph/Elsewhere.h"
#include "tsum/Graph/Layout.h"
#include "tsum/Graph/StandIn.h"
#include "tsum/Graph/Strided.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>
#include <unordered_map>

namespace tsum {

const OpInfo &op_info(OpKind op) {
  // In the order of OpKind.
  static constexpr OpInfo table[] = {
      {"constant", 0, Domain::Any},     {"iota", 0, Domain::Integer},
      {"cast", 1, Domain::Any},         {"where", 3, Domain::Any},
      {"broadcast_to", 1, Domain::Any}, {"reshape", 1, Domain::Any},
      {"transpose", 1, Domain::Any},    {"slice", 1, Domain::Any},
      {"complex", 2, Domain::Float},
#define TSUM_REDUCTION(NAME, CLASS, DOMAIN, COMBINER, IDENTITY, SUMMARY)                           \
  {#NAME, 1, Domain::DOMAIN, ResultKind::Same, OpKind::COMBINER},
#include "tsum/Reductions.def"
#define TSUM_UNARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY)                                \
  {#NAME, 1, Domain::DOMAIN, ResultKind::RESULT},
#define TSUM_BINARY(NAME, CLASS, DOMAIN, RESULT, REFERENCE, SUMMARY)                               \
  {#NAME, 2, Domain::DOMAIN, ResultKind::RESULT},
#include "tsum/Elementwise.def"
  };
  return table[static_cast<std::size_t>(op)];
}

/// What an operation does depends on extents, so that none takes an input where some are open.
[[noreturn]] static void throw_open(std::string_view op, const Node &input) {
  throw ShapeError(std::string(op) + ": the input " +
                   (input.name.empty() ? "" : "'" + input.name + "' ") +
                   about_open_extents(input.shape));
}

Node::Node(Description description, std::vector<Ptr> operands)
    : Description(std::move(description)), has_slices(op == OpKind::Slice),
      operand_nodes(std::move(operands)) {
  for (const Ptr &operand : operand_nodes) {
    has_slices |= operand->has_slices;
    memory = least_memory(memory, operand->memory);
    if (has_open_extent(operand->shape))
      throw_open(op_info(op).name, *operand);
  }
}

Node::~Node() {
  // The first destructor on a thread's stack releases the operands of all that die because of it: a
  // nested one only hands over its own.
  thread_local std::vector<Ptr> *dying = nullptr;
  auto hand_over = [this](std::vector<Ptr> &to) {
    to.insert(to.end(), std::move_iterator(operand_nodes.begin()),
              std::move_iterator(operand_nodes.end()));
    if (derived)
      to.insert(to.end(), derived->inputs.begin(), derived->inputs.end());
    derived.reset();
  };
  if (dying) {
    hand_over(*dying);
    return;
  }
  std::vector<Ptr> queue;
  hand_over(queue);
  dying = &queue;
  while (!queue.empty()) {
    Ptr next = std::move(queue.back());
    queue.pop_back();
  }
  dying = nullptr;
}

Node::State Node::state() const {
  std::lock_guard lock(mutex);
  return {storage ? std::vector<Ptr>() : operand_nodes, storage};
}

Node::Origin Node::origin() const {
  std::lock_guard lock(mutex);
  if (derived)
    return {derived->inputs, derived->rule};
  return {operand_nodes, {}, storage && operand_nodes.empty() && op_info(op).operands > 0};
}

void Node::derive_from(std::vector<Ptr> inputs, GradientRule rule) {
  derived = std::make_unique<const Derivation>(Derivation{std::move(inputs), std::move(rule)});
}

std::pair<std::vector<Node::Ptr>, GradientRule> Node::derivation() const {
  std::lock_guard lock(mutex);
  if (!derived)
    return {};
  return {derived->inputs, derived->rule};
}

void Node::keep_origin() const {
  std::lock_guard lock(mutex);
  ++keepers;
}

void Node::release_origin() const {
  std::vector<Ptr> released; // outlive the lock: nodes may die here
  std::unique_ptr<const Derivation> gone;
  std::lock_guard lock(mutex);
  if (--keepers != 0 || !storage)
    return;
  released.swap(operand_nodes);
  gone.swap(derived);
}

std::shared_ptr<const Storage> Node::values() const {
  std::lock_guard lock(mutex);
  return storage;
}

void Node::set_values(std::shared_ptr<const Storage> values) const {
  std::vector<Ptr> released; // outlive the lock: nodes may die here
  std::unique_ptr<const Derivation> gone;
  std::lock_guard lock(mutex);
  if (storage)
    return;
  storage = std::move(values);
  if (keepers != 0)
    return;
  released.swap(operand_nodes);
  gone.swap(derived);
}

/// Whether a pointer to element 0 is enough to read the values as a C++ array.
static bool is_row_major(const Node &node, const Storage &values) {
  if (is_empty(node.shape))
    return true;
  return is_packed(node.shape, values.strides, node.dtype) && is_aligned(values.data, node.dtype);
}

std::shared_ptr<const Storage> Node::row_major_values() const {
  std::shared_ptr<const Storage> found;
  {
    std::lock_guard lock(mutex);
    if (row_major)
      return row_major;
    found = storage;
  }
  // Without the lock: large tensors take a while, in which others read the values and processes
  // fork. Two threads may copy at once: the first copy stays.
  if (!is_row_major(*this, *found))
    found = pack_row_major(shape, dtype, *found);
  std::lock_guard lock(mutex);
  if (!row_major)
    row_major = found;
  return row_major;
}

ByteStrides row_major_strides(std::span<const std::int64_t> shape, DType dtype) {
  ByteStrides strides(shape.size());
  std::int64_t stride = size_of(dtype);
  for (std::size_t dim = shape.size(); dim-- > 0;) {
    strides[dim] = stride;
    stride *= std::max<std::int64_t>(shape[dim], 1);
  }
  return strides;
}

std::int64_t checked_size(std::string_view op, std::span<const std::int64_t> shape, DType dtype) {
  if (size_of(dtype) == 0)
    throw DTypeError(std::string(op) + ": there is no dtype of number " +
                     std::to_string(static_cast<int>(dtype)));
  bool is_empty = false;
  bool overflows = false;
  // Strides are products of extents, so they must not overflow even if there are no elements.
  std::int64_t bytes = size_of(dtype);
  for (std::size_t dim = 0; dim < shape.size(); ++dim) {
    if (shape[dim] < 0)
      throw ShapeError(std::string(op) + ": shape " + to_string(shape) +
                       " has a negative extent in dimension " + std::to_string(dim) +
                       " (extents must be 0 or more)");
    if (shape[dim] == 0)
      is_empty = true;
    else
      overflows |= __builtin_mul_overflow(bytes, shape[dim], &bytes);
  }
  if (overflows)
    throw ShapeError(std::string(op) + ": shape " + to_string(shape) + " of " +
                     std::string(name_of(dtype)) +
                     " is too large (extents other than 0 may take up to 2^63 - 1 bytes)");
  return is_empty ? 0 : bytes / size_of(dtype);
}

static std::shared_ptr<std::byte> allocate(std::int64_t bytes) {
  static constexpr std::align_val_t alignment{64};
  return {static_cast<std::byte *>(::operator new(static_cast<std::size_t>(bytes), alignment)),
          [](std::byte *memory) { ::operator delete(memory, alignment); }};
}

/// What stands for a copy of what stands for data.
static std::shared_ptr<const Storage> row_major_stand_in(std::span<const std::int64_t> shape,
                                                         DType dtype, std::int64_t bytes) {
  std::shared_ptr<const std::byte> addresses = reserve_addresses(bytes);
  const std::byte *data = addresses.get();
  return std::make_shared<Storage>(
      Storage{std::move(addresses), data, row_major_strides(shape, dtype)});
}

std::shared_ptr<const Storage> pack_row_major(std::span<const std::int64_t> shape, DType dtype,
                                              const Storage &values) {
  const std::int64_t bytes = checked_size("copy", shape, dtype) * size_of(dtype);
  if (is_stand_in(values.owner))
    return row_major_stand_in(shape, dtype, bytes);
  std::shared_ptr<std::byte> copy = allocate(bytes);
  copy_row_major(copy.get(), values.data, shape, values.strides, dtype);
  const std::byte *data = copy.get();
  return std::make_shared<Storage>(Storage{std::move(copy), data, row_major_strides(shape, dtype)});
}

/// The strides by which elements that lie in memory as shape `from` with `strides` are read as
/// shape `to`, which has as many, or nothing if there are none.
static std::optional<ByteStrides> reshape_strides(std::span<const std::int64_t> from,
                                                  const ByteStrides &strides,
                                                  std::span<const std::int64_t> to) {
  ByteStrides result(to.size(), 0);
  // From the innermost on: what is left of dimensions that lie back to back, taken as one.
  std::int64_t left = 1;
  std::int64_t stride = 0;
  std::size_t next = from.size();
  for (std::size_t dim = to.size(); dim-- > 0;) {
    if (to[dim] == 1)
      continue;
    while (left % to[dim] != 0) {
      --next;
      if (from[next] == 1)
        continue;
      std::int64_t end;
      if (left == 1)
        stride = strides[next];
      else if (__builtin_mul_overflow(stride, left, &end) || strides[next] != end)
        return std::nullopt;
      left *= from[next];
    }
    result[dim] = stride;
    left /= to[dim];
    if (left != 1)
      stride *= to[dim];
  }
  return result;
}

std::shared_ptr<const Storage> reshape_values(const Node &node,
                                              std::span<const std::int64_t> shape) {
  std::shared_ptr<const Storage> values = node.values();
  std::optional<ByteStrides> strides;
  if (is_empty(shape))
    strides = row_major_strides(shape, node.dtype);
  else
    strides = reshape_strides(node.shape, values->strides, shape);
  if (!strides) {
    values = node.row_major_values();
    strides = row_major_strides(shape, node.dtype);
  }
  return std::make_shared<Storage>(Storage{values->owner, values->data, std::move(*strides)});
}

std::shared_ptr<const Storage> join_parts(const Node &real, const Node &imag) {
  const DType dtype = real.dtype == DType::f32 ? DType::complex64 : DType::complex128;
  const std::int64_t bytes = checked_size("complex", real.shape, dtype) * size_of(dtype);
  auto re = real.values();
  auto im = imag.values();
  if (is_stand_in(re->owner) || is_stand_in(im->owner))
    return row_major_stand_in(real.shape, dtype, bytes);
  std::shared_ptr<std::byte> joined = allocate(bytes);
  std::byte *to = joined.get();
  visit_dtype(real.dtype, [&]<class T>(T) {
    for_each_index<2>(real.shape, {re->strides, im->strides}, [&](const auto &offsets) {
      std::memcpy(to, re->data + offsets[0], sizeof(T));
      std::memcpy(to + sizeof(T), im->data + offsets[1], sizeof(T));
      to += 2 * sizeof(T);
    });
  });
  const std::byte *data = joined.get();
  return std::make_shared<Storage>(
      Storage{std::move(joined), data, row_major_strides(real.shape, dtype)});
}

void throw_unbound(const InputNode &input) {
  if (input.elsewhere)
    throw Error("eval: " + input.elsewhere->to_string() + " of shape " + to_string(input.shape) +
                " and dtype " + std::string(name_of(input.dtype)) +
                " is not in memory, and only eval reads it piece by piece (load it)");
  throw Error("eval: the input " + (input.name.empty() ? "" : "'" + input.name + "' ") +
              "of shape " + open_shape_to_string(input.shape) + " and dtype " +
              std::string(name_of(input.dtype)) +
              " has no data (compile the graph to a function and call that with data)");
}

std::shared_ptr<const Elsewhere> elsewhere_behind(std::span<const Tensor> outputs) {
  std::vector<Node::Ptr> nodes;
  for (const Tensor &output : outputs)
    nodes.push_back(output.node());
  for (const OrderedNode &entry : evaluation_order(nodes, /*with_inputs=*/true))
    if (const InputNode *input = as_input(*entry.node, entry.state.values != nullptr))
      if (input->elsewhere)
        return input->elsewhere;
  return nullptr;
}

std::vector<OrderedNode> evaluation_order(std::span<const Node::Ptr> outputs, bool with_inputs) {
  std::vector<OrderedNode> order;
  std::unordered_map<const Node *, std::int32_t> places;
  struct Open {
    OrderedNode entry;
    std::size_t next_operand = 0;
  };
  std::vector<Open> open;
  auto visit = [&](const Node::Ptr &node) {
    if (!places.try_emplace(node.get(), -1).second)
      return;
    open.push_back({{node, node->state(), {}}});
    if (const InputNode *input = as_input(*node, open.back().entry.state.values != nullptr);
        input && !with_inputs)
      throw_unbound(*input);
  };

  for (const Node::Ptr &output : outputs) {
    visit(output);
    while (!open.empty()) {
      auto &[entry, next_operand] = open.back();
      if (next_operand < entry.state.operands.size()) {
        visit(Node::Ptr(entry.state.operands[next_operand++]));
        continue;
      }
      for (const Node::Ptr &operand : entry.state.operands)
        entry.operands.push_back(places.at(operand.get()));
      places[entry.node.get()] = static_cast<std::int32_t>(order.size());
      order.push_back(std::move(entry));
      open.pop_back();
    }
  }
  return order;
}

} // namespace tsum
