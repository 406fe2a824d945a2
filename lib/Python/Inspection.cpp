// SPDX-License-Identifier: Apache-2.0
#include "Bindings.h"
#include "Gil.h"

#include "tsum/Canonical/EvaluateBy.h"
#include "tsum/JIT/Inspect.h"
#include "tsum/Runtime/ValueOrThrow.h"
#include "tsum/explain.h"

#include <nanobind/stl/vector.h>

#include <algorithm>
#include <iterator>

namespace tsum::python {

namespace {

void collect_graphs(std::span<const Node::Ptr> wanted, std::vector<CanonicalGraph> &graphs);

/// Appends the graphs of `nodes`, and gives them their values.
void collect_and_evaluate(const std::vector<Node::Ptr> &nodes,
                          std::vector<CanonicalGraph> &graphs) {
  collect_graphs(nodes, graphs);
  evaluate(std::vector<Tensor>(nodes.begin(), nodes.end()));
}

/// Appends the graphs that evaluating `wanted` compiles to `graphs`, evaluating what has to have
/// values first: the steps of `eval`.
void collect_graphs(std::span<const Node::Ptr> wanted, std::vector<CanonicalGraph> &graphs) {
  Resolved resolved = resolve(wanted);
  while (!resolved.needed_first.empty()) {
    for (const std::vector<Node::Ptr> &group : resolved.needed_first)
      collect_and_evaluate(group, graphs);
    resolved = resolve(wanted);
  }
  for (;;) {
    std::vector<Node::Ptr> pending = resolved.nodes;
    std::erase_if(pending, [](const Node::Ptr &node) { return node->values() != nullptr; });
    if (pending.empty())
      return;
    Canonicalized bound = canonicalize(pending, memory_of(wanted));
    if (bound.needed_first.empty()) {
      graphs.push_back(std::move(bound.graph));
      return;
    }
    for (const std::vector<Node::Ptr> &group : bound.needed_first)
      collect_and_evaluate(group, graphs);
  }
}

} // namespace

void bind_inspection(nb::module_ &m) {
  nb::class_<CanonicalGraph> graph(m, "CanonicalGraph",
                                   "What is compiled: an expression graph in canonical form.");
  refuse_construction(graph, "tsum.lower(function).graphs has them");
  graph.def("__str__", &CanonicalGraph::to_string)
      .def_prop_ro(
          "bytes_read",
          [](const CanonicalGraph &self) {
            std::int64_t bytes = 0;
            for (const CanonicalGraph::Value &value : self.values)
              if (value.op == OpKind::Constant)
                bytes += self.byte_count(value);
            return bytes;
          },
          "Bytes of the data, each counted once.")
      .def_prop_ro(
          "bytes_written",
          [](const CanonicalGraph &self) {
            std::int64_t bytes = 0;
            for (std::int32_t output : self.outputs)
              bytes += self.byte_count(self.values[static_cast<std::size_t>(output)]);
            return bytes;
          },
          "Bytes of the results.")
      .def(
          "print_stage",
          [](const CanonicalGraph &self, const std::string &stage) {
            GilRelease others_run;
            return value_or_throw(print_stage(self, stage));
          },
          nb::arg("stage"), "The text after a stage of the pipeline; see `stages`.");

  m.def(
      "canonical_graphs",
      [](nb::handle tensors) {
        std::vector<Tensor> list;
        for (nb::handle tensor : nb::iter(tensors))
          list.push_back(to_tensor(tensor));
        check_known(list);
        std::vector<Node::Ptr> nodes;
        for (const Tensor &tensor : list)
          nodes.push_back(tensor.node());
        std::vector<CanonicalGraph> graphs;
        collect_graphs(nodes, graphs);
        return graphs;
      },
      nb::arg("tensors"),
      nb::sig("def canonical_graphs(tensors: collections.abc.Iterable[ArrayLike]) -> "
              "list[CanonicalGraph]"),
      "The graphs that evaluating `tensors` together compiles, in order. Evaluates those whose\n"
      "values the next ones need.");
  m.def(
      "explain",
      [](nb::handle tensors, const std::string &format) {
        const std::pair<const char *, ExplainFormat> formats[] = {{"text", ExplainFormat::Text},
                                                                  {"json", ExplainFormat::Json},
                                                                  {"html", ExplainFormat::Html}};
        const auto *wanted = std::ranges::find_if(
            formats, [&](const auto &candidate) { return candidate.first == format; });
        if (wanted == std::end(formats))
          throw Error("explain: there is no format '" + format + "' (text, json, html)");
        std::vector<Tensor> list;
        for (nb::handle tensor : nb::iter(tensors))
          list.push_back(to_tensor(tensor));
        check_known(list);
        GilRelease others_run;
        return explain(list, wanted->second);
      },
      nb::arg("tensors"), nb::arg("format"),
      nb::sig("def explain(tensors: collections.abc.Iterable[ArrayLike], format: str) -> str"),
      "What evaluating `tensors` together means; see `tsum.explain`.");
  m.def("stages", &stage_names, "The names of the compiler's stages, in order.");
  m.def(
      "graph_to_string", [](nb::handle tensor) { return graph_to_string(to_tensor(tensor)); },
      nb::arg("tensor"), nb::sig("def graph_to_string(tensor: ArrayLike) -> str"),
      "The graph behind `tensor`, an operation a line in the order of evaluation. Evaluates\n"
      "nothing.");
  m.def("llvm_version", &llvm_version, "The version of the LLVM inside.");
  m.def("target_features", &target_features,
        "The instruction set extensions of this machine that kernels may use: \"+avx2,+fma,...\".");
}

} // namespace tsum::python
