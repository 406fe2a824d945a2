// SPDX-License-Identifier: Apache-2.0
//
/// The tsum dialect: the expression graph of the API as MLIR.
#pragma once

#include "tsum/Graph/Node.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <optional>

namespace tsum::ir {

/// The type of elements of `dtype`: signed integers are signless in MLIR, unsigned ones are not,
/// and a boolean is an i1.
[[nodiscard]] mlir::Type getElementType(mlir::MLIRContext *context, DType dtype);

/// The dtype whose elements have `type`, if there is one.
[[nodiscard]] std::optional<DType> getDType(mlir::Type type);

/// The type of booleans in the shape of the tensor type `type`.
[[nodiscard]] mlir::Type getBooleanType(mlir::Type type);

/// The type of the real parts of elements of the tensor type `type`: itself if it is real.
[[nodiscard]] mlir::Type getRealType(mlir::Type type);

/// What `value` is a reshape of, or a reshape of one, which has its memory; else itself.
[[nodiscard]] mlir::Value beforeReshapes(mlir::Value value);

/// How many bytes a tensor of `type`, which has tsum's elements, takes in memory.
[[nodiscard]] std::int64_t getByteSize(mlir::Type type);

/// What the reduction `kind` of nothing gives, as an element of type `type`.
[[nodiscard]] mlir::TypedAttr getReductionIdentity(OpKind kind, mlir::Type type);

/// Whether `type`, of static shape, takes less than 2^63 bytes, extents of 0 left out: as the API
/// demands.
[[nodiscard]] bool isAddressable(mlir::Type type);

/// Whether `a` and `b` are arguments of one function that lie in memory alike and with gaps, as the
/// parts of complex numbers do: cache lines with elements of one likely have the other's.
[[nodiscard]] bool areInterleaved(mlir::Value a, mlir::Value b);

//===-- What a pass asks of what it is given --------------------------------------------------===//
//
// A file may hold anything that parses. A pass that works on less calls one of these first, and
// fails where it does; each says in a diagnostic what is wrong and where.

/// Fails if an op in `root` is a view or is of complex numbers: the graph resolves both
/// (tsum/Canonical/Resolve.h), and no kernel can be made of them.
[[nodiscard]] mlir::LogicalResult verifyIsResolved(mlir::Operation *root);

/// Fails unless `function` is an expression graph of which kernels can be made: resolved, one block
/// of tsum ops on tensors that ends in `func.return`.
[[nodiscard]] mlir::LogicalResult verifyIsGraphFunction(mlir::FunctionOpInterface function);

/// Fails unless `function` is a kernel on tensors, as from the stage "linalg" to "fuse": (tensors)
/// -> tensors, one block that ends in `func.return`, without calls, in which all shapes are static
/// and all elements lie in memory as they are: integers without a sign, in whole bytes, and floats.
[[nodiscard]] mlir::LogicalResult verifyIsTensorKernel(mlir::FunctionOpInterface function);

/// Fails unless `function` is such a kernel on strided buffers, as from the stage "bufferize" on:
/// it has no tensors and returns nothing.
[[nodiscard]] mlir::LogicalResult verifyIsBufferKernel(mlir::FunctionOpInterface function);

} // namespace tsum::ir

#include "tsum/Dialect/Tsum/IR/TsumDialect.h.inc"

#include "tsum/Dialect/Tsum/IR/TsumEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "tsum/Dialect/Tsum/IR/TsumAttributes.h.inc"

#include "tsum/Dialect/Tsum/IR/TsumInterfaces.h.inc"

#define GET_OP_CLASSES
#include "tsum/Dialect/Tsum/IR/TsumOps.h.inc"
