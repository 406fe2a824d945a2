// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Numpy.h"
#include "Statics.h"

#include "tsum/Graph/Layout.h"
#include "tsum/Graph/Node.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tsum::python {

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

/// Which arguments of a function `tsum.jit` has been told to take as they are.
struct StaticArguments {
  std::vector<std::int64_t> positions;
  std::vector<std::string> names;
};

/// Sorts a call's arguments into tensors and what is static: what `statics` names, numbers, and all
/// that is no array. Throws DTypeError for what is neither an array nor hashable.
[[nodiscard]] Arguments sort(nb::handle args, nb::handle kwargs, const StaticArguments &statics);

} // namespace tsum::python
