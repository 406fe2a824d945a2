// SPDX-License-Identifier: Apache-2.0
//
// Stands before MLIR's header of this name where g++ compiles us. MLIR knows a trait by the name of
// a class that is local to a function, which g++ spells "Trait<mlir::TypeID::get<Trait>()::Empty>"
// and clang "Trait<Empty>": with a libMLIR.so that clang has built, no operation of MLIR would have
// a trait that we ask for, nor one of ours for MLIR. Names are made clang's here.
#ifndef TSUM_GCC_MLIR_SUPPORT_TYPEID_H // g++ precompiles it, which `#pragma once` is not safe for
#define TSUM_GCC_MLIR_SUPPORT_TYPEID_H

#include_next <mlir/Support/TypeID.h>

#include <string>

namespace tsum::detail {

/// Whether `T` is the class that `mlir::TypeID::get<Trait>()` puts into a trait.
template <class T> consteval bool stands_for_any_op() {
  constexpr std::string_view name = __PRETTY_FUNCTION__;
  return name.find("T = mlir::TypeID::get<") != name.npos;
}

} // namespace tsum::detail

template <template <class> class Trait, class Op>
class mlir::detail::TypeIDResolver<Trait<Op>,
                                   std::enable_if_t<tsum::detail::stands_for_any_op<Op>()>>
    : public FallbackTypeIDResolver {
public:
  static TypeID resolveTypeID() {
    // MLIR keeps a reference to it.
    static const std::string name =
        llvm::getTypeName<Trait<Op>>().split("<mlir::TypeID::get<").first.str() + "<Empty>";
    static const TypeID id = registerImplicitTypeID(name);
    return id;
  }
};

#endif
