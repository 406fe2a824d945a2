// SPDX-License-Identifier: Apache-2.0
#include "Bindings.h"

NB_MODULE(_core, m) {
  using namespace tsum::python;
  m.doc() = "tsum's functions in C++: use the package `tsum`, which has them all.";
  m.attr("__version__") = TSUM_VERSION;
  bind_errors(m);
  bind_dtypes(m);
  bind_tensor(m);
  bind_operations(m);
  bind_runtime(m);
  bind_tracing(m);
  bind_inspection(m);
}
