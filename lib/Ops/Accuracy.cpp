// SPDX-License-Identifier: Apache-2.0
#include "tsum/Ops/Make.h"
#include "tsum/Support/ScopeChain.h"

#include "Build.h"

#include <cstdlib>

namespace tsum {

static thread_local AccuracyScope *current_scope = nullptr;
static std::optional<Accuracy> (*of_host)() = nullptr;

Accuracy accuracy_named(std::string_view op, std::string_view name) {
  if (name == "standard")
    return Accuracy::standard;
  if (name == "exact")
    return Accuracy::exact;
  throw Error(prefix(op) + "accuracy '" + std::string(name) + "' (valid: 'standard', 'exact')");
}

void set_accuracy_of_host(std::optional<Accuracy> (*ask)()) { of_host = ask; }

static Accuracy accuracy_of_process() {
  const char *given = std::getenv("TSUM_ACCURACY");
  return given ? accuracy_named("TSUM_ACCURACY", given) : Accuracy::standard;
}

Accuracy default_accuracy() {
  if (current_scope)
    return current_scope->accuracy;
  if (of_host)
    if (const std::optional<Accuracy> accuracy = of_host())
      return *accuracy;
  static const Accuracy otherwise = accuracy_of_process();
  return otherwise;
}

AccuracyScope::AccuracyScope(Accuracy accuracy) : accuracy(accuracy), outer(current_scope) {
  current_scope = this;
}

AccuracyScope::~AccuracyScope() { end_scope(current_scope, this, &AccuracyScope::outer); }

} // namespace tsum
