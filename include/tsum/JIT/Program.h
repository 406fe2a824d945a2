// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsum/Canonical/Fields.h"
#include "tsum/Support/Timeline.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tsum {

/// Computes the tiles `begin` to `end` of one or more tensors. `buffers` are the inputs, then the
/// results.
using Kernel = void (*)(const void *const *buffers, std::int64_t begin, std::int64_t end);

/// The same without a kernel.
using Interpreted =
    std::function<void(const void *const *buffers, std::int64_t begin, std::int64_t end)>;

/// A compiled graph: kernels and the order to run them in. Values have numbers: first the graph's
/// data, then the results of the launches, in order.
struct Program {
  struct Launch {
    Kernel kernel = nullptr; ///< null until the code is loaded
    std::int64_t tiles = 0;
    std::vector<std::int32_t> inputs;  ///< values
    std::vector<std::int64_t> results; ///< bytes of each
    std::int64_t traffic = 0;          ///< bytes of the inputs and the results together
    std::string name;                  ///< the kernel's, for people; empty until it is loaded
    std::string reason; ///< a clause: why it is this code that runs; empty where that is plain
    /// What runs in place of a kernel where nothing is compiled.
    std::shared_ptr<const Interpreted> interpreted = nullptr;

    /// Computes the tiles from `begin` to `end`.
    void run(const void *const *buffers, std::int64_t begin, std::int64_t end) const {
      TimelineScope event("kernel", name, reason);
      if (kernel)
        kernel(buffers, begin, end);
      else
        (*interpreted)(buffers, begin, end);
    }
  };

  std::int32_t arguments = 0; ///< how many values are data
  std::vector<Launch> launches;
  std::vector<std::int32_t> outputs; ///< values, each of them a result of a launch
  /// Keeps the code loaded; the last program that lets go unloads it.
  std::shared_ptr<const void> code;
  /// Why the graph is evaluated in a slower way than by what the compiler makes of it, such as
  /// "vector: ..."; empty if it is not.
  std::string detour;
};

/// What a compilation makes and the disk cache keeps: a program whose kernels are still in an
/// object file.
struct Image {
  Program program;
  std::vector<std::string> kernels; ///< the symbol of each launch
  std::string object;
};

// Addresses, and what is for people, are no part of what is kept.

template <MaybeConst<Program::Launch> Launch, class Visit>
void visit_fields(Launch &launch, Visit &&visit) {
  [[maybe_unused]] auto &[kernel, tiles, inputs, results, traffic, name, reason, interpreted] =
      launch;
  visit(tiles, inputs, results, traffic);
}

template <MaybeConst<Program> P, class Visit> void visit_fields(P &program, Visit &&visit) {
  [[maybe_unused]] auto &[arguments, launches, outputs, code, detour] = program;
  visit(arguments, launches, outputs);
}

template <MaybeConst<Image> I, class Visit> void visit_fields(I &image, Visit &&visit) {
  auto &[program, kernels, object] = image;
  visit(program, kernels, object);
}

/// Whether all numbers in `image` name values and kernels that there are.
[[nodiscard]] bool is_consistent(const Image &image);

} // namespace tsum
