// SPDX-License-Identifier: Apache-2.0
#include "Bindings.h"
#include "Gil.h"

NB_MODULE(_core, m) {
  using namespace tsum::python;
  // Types, the signal handler and the threads' limit are the process's.
  if (PyInterpreterState_GetID(PyInterpreterState_Get()) != 0)
    throw nb::import_error("tsum runs in the main interpreter of a process only");
  m.doc() = "tsum's functions in C++: use the package `tsum`, which has them all.";
  m.attr("__version__") = TSUM_VERSION;
  bind_errors(m);
  bind_dtypes(m);
  bind_tensor(m);
  bind_operations(m);
  bind_runtime(m);
  bind_files(m);
#ifdef TSUM_HAS_MPI
  bind_mpi(m);
#endif
  bind_tracing(m);
  bind_inspection(m);
  bind_partial(m);
  bind_calls(m);
  bind_exit();
  // What still lives when the interpreter ends is the host's affair: nothing is printed.
  nb::set_leak_warnings(false);
}
