// SPDX-License-Identifier: Apache-2.0
#include "Loops.h"

namespace tsum::exact {

namespace baseline {
extern const Loops loops;
}
#ifdef __x86_64__
namespace avx2 {
extern const Loops loops;
}
namespace avx512 {
extern const Loops loops;
}
#endif

std::vector<const Loops *> all_loops() {
  std::vector<const Loops *> all{&baseline::loops};
#ifdef __x86_64__
  if (__builtin_cpu_supports("x86-64-v3"))
    all.push_back(&avx2::loops);
  if (__builtin_cpu_supports("x86-64-v4"))
    all.push_back(&avx512::loops);
#endif
  return all;
}

const Loops &loops() {
  static const Loops &best = *all_loops().back();
  return best;
}

} // namespace tsum::exact
