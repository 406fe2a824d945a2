// SPDX-License-Identifier: Apache-2.0
//
// What tsum/mpi.py is made of. Communicators come from mpi4py, as addresses of their handles.
#include "Bindings.h"
#include "Gil.h"

#include "tsum/mpi.h"

#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

namespace tsum::python {

void bind_mpi(nb::module_ &m) {
  m.def(
      "_mpi_shard",
      [](nb::handle part, std::uintptr_t comm, std::int64_t axis, const std::string &name) {
        const Tensor tensor = to_tensor(part);
        evaluate(tensor);
        GilRelease others_run;
        return mpi::shard(tensor, *reinterpret_cast<const MPI_Comm *>(comm), axis, name);
      },
      nb::arg("part"), nb::arg("comm"), nb::arg("axis"), nb::arg("name"));
  m.def("_mpi_local", [](const nb::args &outputs) {
    std::vector<Tensor> tensors;
    for (nb::handle output : outputs)
      tensors.push_back(to_tensor(output));
    std::vector<std::tuple<Tensor, std::int64_t, std::int64_t>> parts;
    const BlockThreads threads;
    std::vector<mpi::Part> found;
    {
      GilRelease others_run;
      found = mpi::local(tensors);
    }
    for (const mpi::Part &part : found)
      parts.emplace_back(part.tensor, part.axis, part.begin);
    return parts;
  });
  m.def("_mpi_gather", [](nb::handle output) {
    const Tensor tensor = to_tensor(output);
    const BlockThreads threads;
    GilRelease others_run;
    return mpi::gather(tensor);
  });
  m.def("_mpi_set_timeout", [](double seconds) {
    mpi::set_timeout(std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9)));
  });
}

} // namespace tsum::python
