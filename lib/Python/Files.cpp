// SPDX-License-Identifier: Apache-2.0
//
// NumPy files, loaded or opened.
#include "Bindings.h"
#include "Gil.h"

#include "tsum/Graph/Elsewhere.h"
#include "tsum/npy.h"

#include <nanobind/stl/filesystem.h>

namespace tsum::python {

namespace {

using std::filesystem::path;

/// A path, as `os.fspath` takes it.
path to_path(nb::handle object) {
  nb::object text = nb::module_::import_("os").attr("fsdecode")(object);
  return {nb::cast<std::string>(text)};
}

bool is_path(nb::handle object) {
  return nb::isinstance<nb::str>(object) || nb::isinstance<nb::bytes>(object) ||
         nb::hasattr(object, "__fspath__");
}

Tensor open_several(nb::handle paths, std::int64_t axis, const std::string &name) {
  std::vector<path> list;
  for (nb::handle item : paths)
    list.push_back(to_path(item));
  return open_npy(list, axis, name);
}

} // namespace

StreamOptions to_stream_options(nb::handle memory, nb::handle checkpoint) {
  StreamOptions options = StreamScope::current();
  if (!memory.is_none())
    options.memory = to_int(memory);
  if (!checkpoint.is_none())
    options.checkpoint = to_path(checkpoint);
  return options;
}

void bind_files(nb::module_ &m) {
  m.def(
      "load_npy", [](const path &path, nb::handle name) { return load_npy(path, to_name(name)); },
      nb::arg("path"), nb::arg("name") = nb::none(),
      nb::sig("def load_npy(path: str | os.PathLike[str], name: str | None = None) -> Tensor"),
      "The array in the NumPy file `path`. Files of up to 16 MB are read; larger ones "
      "are\nmapped and must not be changed in place while the tensor lives.\n\n"
      "Raises FileError (an OSError) if the file cannot be read or is not exactly such an array.");
  m.def(
      "save_npy",
      [](const path &path, nb::handle tensor, nb::handle memory) {
        Tensor values = to_tensor(tensor);
        const StreamScope scope(to_stream_options(memory, nb::none()));
        if (!elsewhere_behind({&values, 1}))
          evaluate(values);
        const BlockThreads threads;
        GilRelease others_run;
        save_npy(path, values);
      },
      nb::arg("path"), nb::arg("tensor"), nb::kw_only(), nb::arg("memory") = nb::none(),
      nb::sig("def save_npy(path: str | os.PathLike[str], tensor: ArrayLike, *, "
              "memory: int | None = None) -> None"),
      "Writes the values of `tensor` to the NumPy file `path`, in C order, evaluating if need be. "
      "The\n"
      "file appears, or is replaced, when it is complete. What is computed of files (`open_npy`) "
      "is\n"
      "written piece by piece, in `memory` bytes of buffers (256 MB), so that it may be larger "
      "than\nmemory.\n\n"
      "Raises FileError (an OSError) if it cannot be written.");
  m.def(
      "open_npy",
      [](nb::handle given, nb::handle axis, nb::handle name) {
        if (is_path(given))
          return open_npy(to_path(given), to_name(name));
        return open_several(given, to_int(axis), to_name(name));
      },
      nb::arg("path"), nb::arg("axis") = 0, nb::arg("name") = nb::none(),
      nb::sig("def open_npy(path: str | os.PathLike[str] | "
              "collections.abc.Iterable[str | os.PathLike[str]], axis: int = 0, "
              "name: str | None = None) -> Tensor"),
      "The array in the NumPy file `path`, of which nothing is in memory: evaluating what is "
      "computed\n"
      "of it reads the file piece by piece, ahead of the computation, and gives the bits of "
      "`load_npy`.\n"
      "Several files are one tensor: their arrays behind one another along `axis`. The files must "
      "not\nchange while the tensor is used.\n\n"
      "    x = tsum.open_npy(\"big.npy\")\n"
      "    mean, top = tsum.reduce_mean(x, 0), tsum.reduce_max(x)\n"
      "    tsum.eval(mean, top, memory=1 << 30)     # one pass over the file\n\n"
      "Raises FileError (an OSError) if a file cannot be read or is not exactly such an array,\n"
      "ShapeError, DTypeError or AxisError for files that do not fit together.");
  m.def(
      "open_npz",
      [](const path &path, const std::string &member, nb::handle name) {
        return open_npz(path, member, to_name(name));
      },
      nb::arg("path"), nb::arg("member"), nb::arg("name") = nb::none(),
      nb::sig("def open_npz(path: str | os.PathLike[str], member: str, "
              "name: str | None = None) -> Tensor"),
      "As `open_npy`, of the array `member` of a NumPy archive, which `numpy.savez` stored and "
      "did not\ncompress.\n\nRaises FileError (an OSError), too, if it is compressed or not "
      "there.");
  m.def(
      "open_raw",
      [](const path &path, nb::handle dtype, nb::handle shape, nb::handle offset,
         const std::string &order, nb::handle name) {
        if (order != "C" && order != "F")
          throw Error("open_raw: order '" + order + "' (give 'C' or 'F')");
        return open_raw(path, {to_dtype(dtype), to_shape(shape), to_int(offset), order == "F"},
                        to_name(name));
      },
      nb::arg("path"), nb::arg("dtype"), nb::arg("shape"), nb::arg("offset") = 0,
      nb::arg("order") = "C", nb::arg("name") = nb::none(),
      nb::sig("def open_raw(path: str | os.PathLike[str], dtype: DTypeLike, shape: ShapeLike, "
              "offset: int = 0, order: typing.Literal['C', 'F'] = 'C', "
              "name: str | None = None) -> Tensor"),
      "As `open_npy`, of the little-endian elements in a file that says nothing of itself, from "
      "byte\n`offset` on, in C or Fortran order, as `numpy.memmap` takes them.\n\n"
      "Raises FileError (an OSError) if the file ends before them.");
}

} // namespace tsum::python
