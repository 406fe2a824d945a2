// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "Cases.h"
#include "Recipe.h"
#include "tsum/JIT/Inspect.h"
#include "tsum/Reference/Evaluate.h"
#include "tsum/cache.h"
#include "tsum/eval.h"

#include <sstream>

/// What is wrong with compiled code, as text: for searches, which go on after a difference.
namespace tsum::test {

/// The bytes of an evaluated tensor in row-major order.
inline std::span<const std::byte> bytes_of(const Tensor &tensor) {
  return {static_cast<const std::byte *>(tensor.bytes()),
          static_cast<std::size_t>(tensor.size() * size_of(tensor.dtype()))};
}

/// While one lives, generic code evaluates what it can.
class GenericScope {
public:
  GenericScope() : before(specialize()) {
    clear_cache();
    set_specialize(Specialize::never);
  }
  ~GenericScope() {
    clear_cache();
    set_specialize(before);
  }
  GenericScope(const GenericScope &) = delete;
  GenericScope &operator=(const GenericScope &) = delete;

private:
  Specialize before;
};

/// What is wrong with the results of `recipe`, by generic code and compiled, evaluated together on
/// up to `threads` threads and, if `apart`, each by itself as well; nothing if they have the
/// reference's bits.
inline std::string difference(const Recipe &recipe, std::int64_t threads = 0, bool apart = false) {
  const std::vector<std::vector<std::byte>> expected = reference::evaluate_tree(build(recipe));
  ThreadScope scope(threads);
  auto compare = [&](std::size_t n, const Tensor &output, const char *how) {
    std::string wrong = first_difference(output.dtype(), expected[n], bytes_of(output));
    return wrong.empty() ? wrong : "output " + std::to_string(n) + how + ", " + wrong;
  };
  auto compare_all = [&](const char *how) {
    const std::vector<Tensor> outputs = build(recipe);
    eval(outputs);
    std::string wrong;
    for (std::size_t n = 0; wrong.empty() && n < outputs.size(); ++n)
      wrong = compare(n, outputs[n], how);
    return wrong;
  };
  try {
    {
      const GenericScope generic;
      if (std::string wrong = compare_all(" by generic code"); !wrong.empty())
        return wrong;
    }
    if (std::string wrong = compare_all(""); !wrong.empty())
      return wrong;
    const std::vector<Tensor> outputs = build(recipe);
    for (std::size_t n = 0; apart && outputs.size() > 1 && n < outputs.size(); ++n)
      if (std::string wrong = compare(n, build(recipe)[n], " by itself"); !wrong.empty())
        return wrong;
  } catch (const std::exception &error) {
    return error.what();
  }
  return "";
}

/// The graph as a file that tsum-opt and tsum-run read, and of its data what can be read.
inline std::string to_text(const Recipe &recipe) {
  std::ostringstream text;
  text << to_mlir(build(recipe));
  std::vector<Tensor> tensors = build_all(recipe);
  for (std::size_t n = 0; n < tensors.size(); ++n)
    if (recipe.steps[n].is_data() && tensors[n].size() <= 100)
      text << "// " << tensors[n] << '\n';
  return text.str();
}

} // namespace tsum::test
