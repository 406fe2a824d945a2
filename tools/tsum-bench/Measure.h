// SPDX-License-Identifier: Apache-2.0
//
// What programs that measure tsum from C++ share.
#pragma once

#include <tsum/tensor.h>

#include <algorithm>
#include <fstream>
#include <unistd.h>
#include <vector>

/// An expression that is measured for several shapes.
struct Expression {
  const char *name;
  tsum::Tensor (*build)(const tsum::Tensor &);
};

/// \p values must not be empty.
inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Memory of this process that is in RAM.
inline double resident_megabytes() {
  std::ifstream file("/proc/self/statm");
  std::int64_t total = 0, resident = 0;
  file >> total >> resident;
  return static_cast<double>(resident * ::sysconf(_SC_PAGESIZE)) / (1 << 20);
}
