// SPDX-License-Identifier: Apache-2.0
#include "Operations.h"

#include "tsum/Ops/Make.h"

namespace tsum::python {

/// The accuracy of the innermost `tsum.accuracy` block, a context variable, so that each thread and
/// each task of asyncio has its own. The module keeps it. This and what follows is under the GIL.
static nb::handle block_accuracy;
/// How many such blocks there are: while there are none, nobody asks for the variable.
static std::int64_t open_blocks = 0;

static const char *name_of(Accuracy accuracy) {
  return accuracy == Accuracy::exact ? "exact" : "standard";
}

/// Nothing outside all blocks. Whoever builds a reduction without the GIL tells it an accuracy.
static std::optional<Accuracy> accuracy_of_block() {
  if (open_blocks == 0)
    return std::nullopt;
  return to_accuracy("accuracy", block_accuracy.attr("get")());
}

std::optional<Accuracy> to_accuracy(std::string_view op, nb::handle object) {
  if (object.is_none())
    return std::nullopt;
  if (!nb::isinstance<nb::str>(object))
    return accuracy_named(op, nb::cast<std::string>(nb::repr(object)));
  return accuracy_named(op, nb::cast<std::string>(object));
}

void bind_accuracy(nb::module_ &m) {
  nb::object variable = nb::module_::import_("contextvars")
                            .attr("ContextVar")("tsum.accuracy", nb::arg("default") = nb::none());
  m.attr("_block_accuracy") = variable;
  block_accuracy = variable;
  set_accuracy_of_host(&accuracy_of_block);

  m.def(
      "get_accuracy", [] { return name_of(default_accuracy()); },
      nb::sig("def get_accuracy() -> str"),
      "What reductions have for their accuracy that are not told: \"standard\" or \"exact\". It "
      "is\n"
      "what the innermost `tsum.accuracy` block says, or else the environment variable\n"
      "TSUM_ACCURACY.\n\nRaises Error if that is neither.");
  m.def(
      "enter_accuracy",
      [](nb::handle accuracy) {
        const std::optional<Accuracy> named = to_accuracy("accuracy", accuracy);
        nb::object token =
            block_accuracy.attr("set")(named ? nb::cast(name_of(*named)) : nb::none());
        ++open_blocks;
        return token;
      },
      "accuracy"_a.none(), nb::sig("def enter_accuracy(accuracy: str | None) -> object"),
      "Begins a block; see `tsum.accuracy`. What it returns ends it.");
  m.def(
      "leave_accuracy",
      [](nb::handle token) {
        --open_blocks;
        block_accuracy.attr("reset")(token);
      },
      "token"_a, nb::sig("def leave_accuracy(token: object) -> None"), "Ends a block.");
}

} // namespace tsum::python
