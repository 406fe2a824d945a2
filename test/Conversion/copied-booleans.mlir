// RUN: tsum-opt %s --tsum-to-linalg --split-input-file | FileCheck %s

// A copy of booleans is no copy of bytes: in the user's data each that is not 0 is true.

// CHECK-LABEL: func.func @copied_booleans
//  CHECK-SAME:   %[[X:.*]]: tensor<4xi8>
//       CHECK:   %[[COPY:.*]] = linalg.generic {{.*}} ins(%[[X]],
//       CHECK:     arith.cmpi ne
//       CHECK:     arith.extui %{{.*}} : i1 to i8
//       CHECK:   return %[[COPY]]
func.func @copied_booleans(%x: tensor<4xi1>) -> tensor<4xi1> {
  %y = tsum.broadcast %x dims = [0] : tensor<4xi1> -> tensor<4xi1>
  return %y : tensor<4xi1>
}

// -----

// CHECK-LABEL: func.func @copied_numbers
//  CHECK-SAME:   %[[X:.*]]: tensor<4xi8>
//  CHECK-NEXT:   return %[[X]]
func.func @copied_numbers(%x: tensor<4xi8>) -> tensor<4xi8> {
  return %x : tensor<4xi8>
}
