// SPDX-License-Identifier: Apache-2.0

#include "Loops.h"

namespace tsum::interpreter {

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

static const Loops &best_loops() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("x86-64-v4"))
    return avx512::loops;
  if (__builtin_cpu_supports("x86-64-v3"))
    return avx2::loops;
#endif
  return baseline::loops;
}

const Loops &loops() {
  static const Loops &best = best_loops();
  return best;
}

} // namespace tsum::interpreter
