// SPDX-License-Identifier: Apache-2.0
//
// Reductions of parts, for threads, processes and machines.
#include "Bindings.h"
#include "Gil.h"

#include "tsum/partial.h"

#include <nanobind/stl/pair.h>
#include <nanobind/stl/vector.h>

namespace tsum::python {

/// What `partial` holds, as Python's bytes.
static nb::bytes to_bytes(const PartialReduction &partial) {
  const std::vector<std::byte> bytes = partial.to_bytes();
  return nb::bytes(reinterpret_cast<const char *>(bytes.data()), bytes.size());
}

static PartialReduction from_bytes(const nb::bytes &bytes) {
  return PartialReduction::from_bytes({static_cast<const std::byte *>(bytes.data()), bytes.size()});
}

/// The constructor's arguments in their order. It is checked, as no constructor can be.
static nb::object sorted_arguments() {
  return checked(
      nb::cpp_function(
          [](const Tensor &part_reduction, nb::handle axis, nb::handle begin, nb::handle extent) {
            return nb::make_tuple(part_reduction, axis, begin, extent);
          },
          nb::name("PartialReduction"), nb::arg("part_reduction"), nb::kw_only(), nb::arg("axis"),
          nb::arg("begin"), nb::arg("extent"),
          nb::sig("def PartialReduction(part_reduction: Tensor, *, axis: int, begin: int, extent: "
                  "int) -> PartialReduction")),
      "PartialReduction");
}

void bind_partial(nb::module_ &m) {
  nb::class_<PartialReduction>(
      m, "PartialReduction",
      "What is known of a reduction once some parts of its operand have been seen: what threads,\n"
      "processes and machines exchange. Partial reductions of different parts merge, in any "
      "order,\n"
      "and when all are in, the result has the bits of the reduction that is evaluated in one go.\n"
      "No cut shows in it, wherever it is. It is pickled as its bytes, which are small.")
      .def(
          "__init__",
          [sorted = sorted_arguments()](PartialReduction *self, const nb::args &args,
                                        const nb::kwargs &kwargs) {
            const nb::object given = sorted(*args, **kwargs);
            const auto &part_reduction = nb::cast<const Tensor &>(given[0]);
            const PartOf place{to_int(given[1]), to_int(given[2]), to_int(given[3])};
            check_known({&part_reduction, 1});
            const BlockThreads threads;
            GilRelease others_run;
            new (self) PartialReduction(part_reduction, place);
          },
          nb::sig("def __init__(self, part_reduction: Tensor, *, axis: int, begin: int, extent: "
                  "int) -> None"),
          "Computes what `part_reduction`, a reduction of a part, takes of its operand, which "
          "lies\n"
          "at `begin` along `axis` of a whole tensor that has `extent` elements there, and is "
          "whole\n"
          "along all others. Takes sums, products, largest and smallest elements, any and all,\n"
          "exact sums as well; the axis is one that is reduced.\n\n"
          "Raises Error if `part_reduction` is anything else or has been evaluated, AxisError for\n"
          "an axis that it does not reduce, ShapeError for a part that does not fit.")
      .def("merge", &PartialReduction::merge, nb::arg("other"),
           nb::sig("def merge(self, other: PartialReduction) -> None"),
           "Adds the parts that `other` has seen.\n\nRaises Error, and changes nothing, if some "
           "elements are in both, or the two are not of one\nreduction.")
      .def_prop_ro(
          "ranges",
          [](const PartialReduction &self) {
            std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
            for (const PartialReduction::Range &range : self.ranges())
              pairs.emplace_back(range.begin, range.end);
            return pairs;
          },
          nb::sig("def ranges(self) -> list[tuple[int, int]]"),
          "What it has seen along the cut axis, ascending.")
      .def_prop_ro("is_complete", &PartialReduction::is_complete, "Whether that is all.")
      .def("result", &PartialReduction::result, nb::sig("def result(self) -> Tensor"),
           "The values of the reduction of the whole tensor.\n\nRaises Error, naming what is "
           "missing, unless it is complete.")
      .def("to_bytes", &to_bytes, nb::sig("def to_bytes(self) -> bytes"),
           "All of it, for another process or a file. Equal bytes mean equal partial reductions.")
      .def_static("from_bytes", &from_bytes, nb::arg("bytes"),
                  nb::sig("def from_bytes(bytes: bytes) -> PartialReduction"),
                  "What `to_bytes` gave. Raises Error, saying what is wrong, for anything else.")
      .def(
          "__reduce__",
          [](const PartialReduction &self) {
            return nb::make_tuple(
                nb::module_::import_("tsum").attr("PartialReduction").attr("from_bytes"),
                nb::make_tuple(to_bytes(self)));
          },
          nb::sig("def __reduce__(self) -> tuple[typing.Any, ...]"))
      .def("__repr__", &PartialReduction::to_string);
}

} // namespace tsum::python
