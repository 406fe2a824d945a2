// SPDX-License-Identifier: Apache-2.0
//
// Statistics of a file that need not fit into memory, in one pass where one is enough.
#include <tsum/npy.h>
#include <tsum/stream.h>
#include <tsum/tsum.h>

#include <filesystem>
#include <iostream>

int main() {
  using namespace tsum;
  const std::filesystem::path folder = std::filesystem::temp_directory_path();
  std::vector<std::filesystem::path> paths;
  for (float value : {1.f, 2.f, 4.f}) {
    paths.push_back(folder / ("tsum-example-" + std::to_string(static_cast<int>(value)) + ".npy"));
    save_npy(paths.back(), broadcast_to(constant(value), {1000, 3}));
  }

  // Nothing is read here: the rows of three files, one behind the other.
  const Tensor x = open_npy(paths, /*axis=*/0);
  const Tensor outputs[] = {reduce_mean(x, 0), reduce_max(x), reduce_sum(square(x), 0)};
  eval(outputs, {.memory = 16 << 20});
  for (const Tensor &output : outputs)
    std::cout << output << '\n';

  // As large as the files, and written piece by piece.
  save_npy(folder / "tsum-example-shares.npy", x / reduce_sum(x, 0));

  paths.push_back(folder / "tsum-example-shares.npy");
  for (const std::filesystem::path &path : paths)
    std::filesystem::remove(path);
}
