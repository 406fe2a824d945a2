// RUN: tsum-opt %s --pass-pipeline='builtin.module(func.func(tsum-overlap-stores))' \
// RUN:   --split-input-file | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// A row is written while the next one is computed.

// CHECK-LABEL: func.func @powers_by_their_sum
//  CHECK-SAME:   %[[X:[^ :]*]]: memref<1024x2048xf32>, %[[OUT:[^ :]*]]: memref<1024x2048xf32>,
//  CHECK-SAME:   %[[BEGIN:[^ :]*]]: index, %[[END:[^ :]*]]: index
//   CHECK-DAG:   %[[ONE:.*]] = arith.constant 1 : index
//   CHECK-DAG:   %[[ROW:.*]] = memref.alloca() : memref<1x2048xf32>
//       CHECK:   %[[KEPT:.*]] = memref.alloca() : memref<1xf32>
//       CHECK:   %[[SUM:.*]] = memref.alloca() : memref<1xf32>
//   CHECK-DAG:   %[[ANY:.*]] = arith.cmpi slt, %[[BEGIN]], %[[END]]
//   CHECK-DAG:   %[[MORE:.*]] = arith.index_castui %[[ANY]]
//   CHECK-DAG:   %[[STOP:.*]] = arith.addi %[[END]], %[[MORE]]
//   CHECK-DAG:   %[[LAST:.*]] = arith.subi %[[END]], %[[ONE]]
//       CHECK:   scf.for %[[NUMBER:.*]] = %[[BEGIN]] to %[[STOP]] step %[[ONE]] {
//   CHECK-DAG:     %[[TILE:.*]] = arith.minsi %[[NUMBER]], %[[LAST]]
//   CHECK-DAG:     %[[DOWN:.*]] = arith.subi %[[NUMBER]], %[[ONE]]
//   CHECK-DAG:     %[[BEFORE:.*]] = arith.maxsi %[[DOWN]], %[[BEGIN]]
//   CHECK-DAG:     %[[OF_X:.*]] = memref.subview %[[X]][%[[TILE]], 0]
//   CHECK-DAG:     %[[OF_OUT:.*]] = memref.subview %[[OUT]][%[[BEFORE]], 0]
//       CHECK:     linalg.generic
//  CHECK-SAME:       ins(%[[OF_X]], %[[ROW]], %[[KEPT]] :
//  CHECK-SAME:       outs(%[[ROW]], %[[OF_OUT]] :
//  CHECK-SAME:       {tsum.prefetch = array<i64: 0>}
//       CHECK:     ^bb0(%[[A:[^:]*]]: f32, %[[OLD:[^:]*]]: f32, %[[S:[^:]*]]: f32,
//       CHECK:       %[[POWER:.*]] = tsum.elementary "exp"(%[[A]])
//       CHECK:       %[[SHARE:.*]] = arith.divf %[[OLD]], %[[S]]
//       CHECK:       linalg.yield %[[POWER]], %[[SHARE]]
//       CHECK:     linalg.generic {{.*}}"reduction"]} ins(%[[ROW]] : {{.*}} outs(%[[SUM]] :
//       CHECK:     linalg.generic {{.*}} ins(%[[SUM]] : memref<1xf32>) outs(%[[KEPT]] : memref<1xf32>)
//   CHECK-NOT:     linalg.generic
func.func @powers_by_their_sum(%x: memref<1024x2048xf32>, %out: memref<1024x2048xf32>,
                               %begin: index, %end: index) attributes {tsum.rows = 1} {
  %one = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %row = memref.alloca() : memref<1x2048xf32>
  %sum = memref.alloca() : memref<1xf32>
  scf.for %tile = %begin to %end step %one {
    %of_x = memref.subview %x[%tile, 0] [1, 2048] [1, 1]
        : memref<1024x2048xf32> to memref<1x2048xf32, strided<[2048, 1], offset: ?>>
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%of_x : memref<1x2048xf32, strided<[2048, 1], offset: ?>>)
        outs(%row : memref<1x2048xf32>) attrs = {tsum.prefetch = array<i64: 0>} {
    ^bb0(%a: f32, %unused: f32):
      %power = tsum.elementary "exp"(%a) : f32
      linalg.yield %power : f32
    }
    linalg.fill ins(%zero : f32) outs(%sum : memref<1xf32>)
    linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
        ins(%row : memref<1x2048xf32>) outs(%sum : memref<1xf32>) {
    ^bb0(%a: f32, %s: f32):
      %r = arith.addf %s, %a : f32
      linalg.yield %r : f32
    }
    %of_out = memref.subview %out[%tile, 0] [1, 2048] [1, 1]
        : memref<1024x2048xf32> to memref<1x2048xf32, strided<[2048, 1], offset: ?>>
    linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
        ins(%row, %sum : memref<1x2048xf32>, memref<1xf32>)
        outs(%of_out : memref<1x2048xf32, strided<[2048, 1], offset: ?>>) {
    ^bb0(%a: f32, %s: f32, %unused: f32):
      %share = arith.divf %a, %s : f32
      linalg.yield %share : f32
    }
  }
  return
}

// -----

// Nothing waits for memory: the result is small.

#id = affine_map<(d0, d1) -> (d0, d1)>

// CHECK-LABEL: func.func @small
//   CHECK-NOT:   arith.minsi
func.func @small(%x: memref<1024x16xf32>, %out: memref<1024x16xf32>, %begin: index, %end: index)
    attributes {tsum.rows = 1} {
  %one = arith.constant 1 : index
  %row = memref.alloca() : memref<1x16xf32>
  scf.for %tile = %begin to %end step %one {
    %of_x = memref.subview %x[%tile, 0] [1, 16] [1, 1]
        : memref<1024x16xf32> to memref<1x16xf32, strided<[16, 1], offset: ?>>
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%of_x : memref<1x16xf32, strided<[16, 1], offset: ?>>) outs(%row : memref<1x16xf32>) {
    ^bb0(%a: f32, %unused: f32):
      %power = tsum.elementary "exp"(%a) : f32
      linalg.yield %power : f32
    }
    %of_out = memref.subview %out[%tile, 0] [1, 16] [1, 1]
        : memref<1024x16xf32> to memref<1x16xf32, strided<[16, 1], offset: ?>>
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%row : memref<1x16xf32>)
        outs(%of_out : memref<1x16xf32, strided<[16, 1], offset: ?>>) {
    ^bb0(%a: f32, %unused: f32):
      %double = arith.addf %a, %a : f32
      linalg.yield %double : f32
    }
  }
  return
}

// -----

// What the first iteration reads is not there yet, and integers must not be divided by it.

#id = affine_map<(d0, d1) -> (d0, d1)>

// CHECK-LABEL: func.func @integers
//   CHECK-NOT:   arith.minsi
func.func @integers(%x: memref<1024x2048xf32>, %out: memref<1024x2048xi32>, %begin: index,
                    %end: index) attributes {tsum.rows = 1} {
  %one = arith.constant 1 : index
  %hundred = arith.constant 100 : i32
  %row = memref.alloca() : memref<1x2048xf32>
  scf.for %tile = %begin to %end step %one {
    %of_x = memref.subview %x[%tile, 0] [1, 2048] [1, 1]
        : memref<1024x2048xf32> to memref<1x2048xf32, strided<[2048, 1], offset: ?>>
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%of_x : memref<1x2048xf32, strided<[2048, 1], offset: ?>>)
        outs(%row : memref<1x2048xf32>) {
    ^bb0(%a: f32, %unused: f32):
      %power = tsum.elementary "exp"(%a) : f32
      linalg.yield %power : f32
    }
    %of_out = memref.subview %out[%tile, 0] [1, 2048] [1, 1]
        : memref<1024x2048xi32> to memref<1x2048xi32, strided<[2048, 1], offset: ?>>
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%row : memref<1x2048xf32>)
        outs(%of_out : memref<1x2048xi32, strided<[2048, 1], offset: ?>>) {
    ^bb0(%a: f32, %unused: i32):
      %whole = arith.fptosi %a : f32 to i32
      %r = arith.divsi %hundred, %whole : i32
      linalg.yield %r : i32
    }
  }
  return
}

// -----

// The memory of the row is used before it is computed, so that it does not keep the row before.

#id = affine_map<(d0, d1) -> (d0, d1)>

// CHECK-LABEL: func.func @shared_memory
//   CHECK-NOT:   arith.minsi
func.func @shared_memory(%x: memref<1024x2048xf32>, %out: memref<1024x2048xf32>, %begin: index,
                         %end: index) attributes {tsum.rows = 1} {
  %one = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %row = memref.alloca() : memref<1x2048xf32>
  scf.for %tile = %begin to %end step %one {
    linalg.fill ins(%zero : f32) outs(%row : memref<1x2048xf32>)
    %of_x = memref.subview %x[%tile, 0] [1, 2048] [1, 1]
        : memref<1024x2048xf32> to memref<1x2048xf32, strided<[2048, 1], offset: ?>>
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%of_x : memref<1x2048xf32, strided<[2048, 1], offset: ?>>)
        outs(%row : memref<1x2048xf32>) {
    ^bb0(%a: f32, %unused: f32):
      %power = tsum.elementary "exp"(%a) : f32
      linalg.yield %power : f32
    }
    %of_out = memref.subview %out[%tile, 0] [1, 2048] [1, 1]
        : memref<1024x2048xf32> to memref<1x2048xf32, strided<[2048, 1], offset: ?>>
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%row : memref<1x2048xf32>)
        outs(%of_out : memref<1x2048xf32, strided<[2048, 1], offset: ?>>) {
    ^bb0(%a: f32, %unused: f32):
      %double = arith.addf %a, %a : f32
      linalg.yield %double : f32
    }
  }
  return
}
