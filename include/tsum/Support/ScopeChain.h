// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace tsum {

/// Takes `scope` out of a thread's scopes, each of which knows the one outside of it. Scopes on the
/// stack end in the reverse of the order in which they began, those on the heap in any. O(scopes).
template <class Scope> void end_scope(Scope *&innermost, const Scope *scope, Scope *Scope::*outer) {
  Scope **link = &innermost;
  while (*link && *link != scope)
    link = &((*link)->*outer);
  if (*link)
    *link = scope->*outer;
}

} // namespace tsum
