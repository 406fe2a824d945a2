// RUN: tsum-opt %s --resolve-ranked-shaped-type-result-dims --canonicalize --cse | FileCheck %s

// Which extents of the operands those of results are.

// CHECK-LABEL: func.func @dynamic_extents
//  CHECK-SAME:   %[[X:.*]]: tensor<?x8x?xf32>
//   CHECK-DAG:   %[[C0:.*]] = arith.constant 0 : index
//   CHECK-DAG:   %[[C2:.*]] = arith.constant 2 : index
//   CHECK-DAG:   %[[ROWS:.*]] = tensor.dim %[[X]], %[[C0]]
//   CHECK-DAG:   %[[COLUMNS:.*]] = tensor.dim %[[X]], %[[C2]]
//       CHECK:   return %[[ROWS]], %[[COLUMNS]], %[[COLUMNS]], %[[COLUMNS]]
func.func @dynamic_extents(%x: tensor<?x8x?xf32>) -> (index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %square = tsum.square %x : tensor<?x8x?xf32>
  %cast = tsum.cast %square : tensor<?x8x?xf32> -> tensor<?x8x?xf64>
  %rows = tensor.dim %cast, %c0 : tensor<?x8x?xf64>
  %sum = tsum.reduce_sum %cast axes = [1] : tensor<?x8x?xf64> -> tensor<?x?xf64>
  %kept = tsum.reduce_sum %cast axes = [0] keepdims : tensor<?x8x?xf64> -> tensor<1x8x?xf64>
  %turned = tsum.transpose %sum permutation = [1, 0] : tensor<?x?xf64> -> tensor<?x?xf64>
  %repeated = tsum.broadcast %turned dims = [0, 2] : tensor<?x?xf64> -> tensor<?x5x?xf64>
  %a = tensor.dim %sum, %c1 : tensor<?x?xf64>
  %b = tensor.dim %kept, %c2 : tensor<1x8x?xf64>
  %c = tensor.dim %repeated, %c0 : tensor<?x5x?xf64>
  return %rows, %a, %b, %c : index, index, index, index
}
