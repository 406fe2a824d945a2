// SPDX-License-Identifier: Apache-2.0
//
// What tsum/_gradients.py makes its functions of: gradients of lists of tensors.
#include "Operations.h"

#include "tsum/gradients.h"

#include <nanobind/stl/vector.h>

namespace tsum::python {

namespace {

std::vector<Tensor> to_tensors(nb::handle list) {
  std::vector<Tensor> tensors;
  for (nb::handle object : nb::iter(list))
    tensors.push_back(to_tensor(object));
  return tensors;
}

/// One for each of `ys`, of which None is none.
std::vector<std::optional<Operand>> to_upstreams(nb::handle list, const std::vector<Tensor> &ys) {
  std::vector<std::optional<Operand>> upstreams;
  if (list.is_none())
    return upstreams;
  for (nb::handle object : nb::iter(list)) {
    const std::size_t place = upstreams.size();
    std::optional<Operand> &upstream = upstreams.emplace_back();
    if (!object.is_none())
      upstream = must_be_operand(object, place < ys.size() ? std::optional(ys[place].dtype())
                                                           : std::nullopt);
  }
  return upstreams;
}

GradientOptions to_options(nb::handle memory) {
  if (memory.is_none())
    return {};
  std::int64_t bytes = 0;
  if (PyBool_Check(memory.ptr()) || !nb::try_cast(memory, bytes)) {
    const std::string given = nb::cast<std::string>(nb::repr(memory));
    throw nb::type_error(
        ("gradients: memory is " + given + " (a number of bytes, or None)").c_str());
  }
  return {.memory = bytes};
}

nb::list to_list(const std::vector<std::optional<Tensor>> &tensors) {
  nb::list list;
  for (const std::optional<Tensor> &tensor : tensors)
    list.append(tensor ? nb::cast(*tensor) : nb::none());
  return list;
}

} // namespace

void bind_gradients(nb::module_ &m) {
  m.def(
      "_connected_gradients",
      [](nb::handle ys, nb::handle xs, nb::handle upstreams, nb::handle memory) {
        const std::vector<Tensor> targets = to_tensors(ys);
        return to_list(connected_gradients(targets, to_tensors(xs),
                                           to_upstreams(upstreams, targets), to_options(memory)));
      },
      "ys"_a, "xs"_a, "upstreams"_a.none() = nb::none(), "memory"_a.none() = nb::none(),
      nb::sig("def _connected_gradients(ys: collections.abc.Iterable[typing.Any], xs: "
              "collections.abc.Iterable[typing.Any], upstreams: collections.abc.Iterable[typing."
              "Any] | None = None, memory: int | None = None) -> list[Tensor | None]"),
      "What `tsum.gradients` is made of: None where no y depends on an x.");
  m.def(
      "stop_gradient",
      [](nb::handle input, nb::handle name) {
        return stop_gradient(to_tensor(input), to_name(name));
      },
      "input"_a.none(), "name"_a = nb::none(),
      nb::sig("def stop_gradient(input: typing.Any, name: str | None = None) -> Tensor"),
      "The value of `input`, which gradients take for a constant; TensorFlow's `stop_gradient`.\n\n"
      "Raises DTypeError for what is no array. Builds a node and computes nothing.");
  m.def(
      "_same",
      [](nb::handle input) {
        const Tensor x = to_tensor(input);
        return broadcast_to(x, Shape(x.shape().begin(), x.shape().end()));
      },
      "input"_a.none(), nb::sig("def _same(input: typing.Any) -> Tensor"),
      "A node of its own with the value of `input`: of two arguments that are one tensor, each has "
      "a\ngradient.");

  nb::class_<GradientTape>(m, "_Tape", nb::is_weak_referenceable(),
                           "What `tsum.GradientTape` is made of.")
      .def(nb::init<bool>(), "persistent"_a)
      .def(
          "watch", [](GradientTape &self, nb::handle x) { self.watch(to_tensor(x)); }, "x"_a,
          nb::sig("def watch(self, x: typing.Any) -> None"))
      .def("stop", &GradientTape::stop)
      .def("resume", &GradientTape::resume)
      .def(
          "gradient",
          [](GradientTape &self, nb::handle targets, nb::handle sources, nb::handle upstreams,
             nb::handle memory) {
            const std::vector<Tensor> ys = to_tensors(targets);
            return to_list(self.gradient(ys, to_tensors(sources), to_upstreams(upstreams, ys),
                                         to_options(memory)));
          },
          "targets"_a, "sources"_a, "upstreams"_a.none() = nb::none(),
          "memory"_a.none() = nb::none(),
          nb::sig(
              "def gradient(self, targets: collections.abc.Iterable[typing.Any], sources: "
              "collections.abc.Iterable[typing.Any], upstreams: "
              "collections.abc.Iterable[typing.Any] | None = None, memory: int | None = None) -> "
              "list[Tensor | None]"))
      .def(
          "jvp",
          [](GradientTape &self, nb::handle targets, nb::handle sources, nb::handle tangents) {
            return self.jvp(to_tensors(targets), to_tensors(sources), to_tensors(tangents));
          },
          "targets"_a, "sources"_a, "tangents"_a);
}

} // namespace tsum::python
