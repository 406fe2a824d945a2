// SPDX-License-Identifier: Apache-2.0
#include "Difference.h"
#include "RandomGraph.h"
#include "Search.h"
#include "tsum/npy.h"

#include <fstream>

namespace tsum::fuzz {

using namespace tsum::test;

static Recipe make_recipe(Seed seed) {
  // Most graphs are of dtypes of one kind, so that their tensors meet without casts.
  const std::vector<DType> kinds[] = {
      dtypes_in(Domain::Float),
      dtypes_in(Domain::Bits),
      dtypes_in(Domain::Float),
      dtypes_in(Domain::Any, /*with_complex=*/true),
      {DType::complex64, DType::complex128, DType::f32, DType::boolean}};
  return recipe_of(RandomGraph(seed, kinds[seed % std::size(kinds)], Scale::UpToLarge).outputs());
}

static Outcome test_recipe(const Recipe &recipe, Seed seed) {
  constexpr std::int64_t threads[] = {1, 2, 5};
  forget_compilations();
  return outcome_of(difference(recipe, threads[seed / 5 % 3], /*apart=*/true));
}

/// Writes the graph and its data; the command that evaluates them.
static std::string write_files(const Recipe &recipe, const std::filesystem::path &folder) {
  std::filesystem::create_directories(folder);
  const std::filesystem::path graph = folder / "graph.mlir";
  std::ofstream(graph) << to_mlir(build(recipe));
  std::string command = "tsum-run " + graph.string();
  std::vector<Tensor> tensors = build_all(recipe);
  for (std::size_t n = 0; n < tensors.size(); ++n)
    if (recipe.steps[n].is_data()) {
      const std::filesystem::path data = folder / (std::to_string(n) + ".npy");
      save_npy(data, tensors[n]);
      command += " --input " + data.string();
    }
  return command;
}

static std::string make_smaller(Seed seed, std::chrono::seconds patience,
                                const std::filesystem::path &folder) {
  const auto end = std::chrono::steady_clock::now() + patience;
  const Worker::Limits limits{std::chrono::seconds(30), /*is_quiet=*/true};
  auto outcome = [&](const Recipe &recipe) {
    return run_alone(seed, [&](Seed) { return test_recipe(recipe, seed); }, limits);
  };
  auto fails = [&](const Recipe &smaller) {
    return std::chrono::steady_clock::now() < end && !outcome(smaller).wrong.empty();
  };
  const Recipe smallest = Shrinker(make_recipe(seed), fails).run(2000);
  std::string text = to_text(smallest) + outcome(smallest).wrong + '\n';
  if (!folder.empty())
    text += write_files(smallest, folder) + '\n';
  return text;
}

Search search_graphs() {
  return {"graph", [](Seed seed) { return test_recipe(make_recipe(seed), seed); }, make_smaller};
}

} // namespace tsum::fuzz
