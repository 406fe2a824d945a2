// RUN: tsum-opt %s | tsum-opt | FileCheck %s
// RUN: tsum-opt %s --mlir-print-op-generic | tsum-opt | FileCheck %s

// What stands in kernels, and the attributes that say how they compute: printed and read again.

// CHECK-LABEL: func.func @attributes
//  CHECK-SAME:   #tsum.piece<65536 of 1000000>, #tsum.piece<1 of 2>
//  CHECK-SAME:   #tsum.reduction<reduce_sum f32>
//  CHECK-SAME:   #tsum.reduction<reduce_sum bf16 to nodes>
//  CHECK-SAME:   #tsum.reduction<reduce_prod f64 from nodes>
//  CHECK-SAME:   #tsum.reduction<reduce_prod f16 from nodes to nodes>
//  CHECK-SAME:   #tsum.reduction<reduce_sum f16 exact>
//  CHECK-SAME:   #tsum.reduction<reduce_sum f64 exact over 1000 as f32>
//  CHECK-SAME:   #tsum.reduction<reduce_max ui8>
//  CHECK-SAME:   #tsum.reduction<reduce_min bf16>
//  CHECK-SAME:   #tsum.reduction<reduce_all i1>
//  CHECK-SAME:   #tsum.strategy<inner>, #tsum.strategy<outer>, #tsum.strategy<narrow>
//  CHECK-SAME:   #tsum.strategy<short>, #tsum.strategy<nodes>, #tsum.strategy<exact>
//  CHECK-SAME:   #tsum.strategy<nested>
func.func @attributes() attributes {
    test.pieces = [#tsum.piece<65536 of 1000000>, #tsum.piece<1 of 2>],
    test.reductions = [#tsum.reduction<reduce_sum f32>, #tsum.reduction<reduce_sum bf16 to nodes>,
                       #tsum.reduction<reduce_prod f64 from nodes>,
                       #tsum.reduction<reduce_prod f16 from nodes to nodes>,
                       #tsum.reduction<reduce_sum f16 exact>,
                       #tsum.reduction<reduce_sum f64 exact over 1000 as f32>,
                       #tsum.reduction<reduce_max ui8>,
                       #tsum.reduction<reduce_min bf16>, #tsum.reduction<reduce_all i1>],
    test.strategies = [#tsum.strategy<inner>, #tsum.strategy<outer>, #tsum.strategy<narrow>,
                       #tsum.strategy<short>, #tsum.strategy<nodes>, #tsum.strategy<exact>,
                       #tsum.strategy<nested>]} {
  return
}

#line = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>

// CHECK-LABEL: func.func @a_whole_sum
//       CHECK:   ^bb0(%[[IN:.*]]: f32, %[[OUT:.*]]: f32):
//       CHECK:     %[[SUM:.*]] = tsum.accumulate <reduce_sum f32> (%[[IN]]) into (%[[OUT]]) : (f32) into (f32)
//       CHECK:     linalg.yield %[[SUM]] : f32
func.func @a_whole_sum(%x: tensor<8xf32>, %zero: tensor<f32>) -> tensor<f32> {
  %r = linalg.generic {indexing_maps = [#line, #none], iterator_types = ["reduction"]}
      ins(%x : tensor<8xf32>) outs(%zero : tensor<f32>) {
  ^bb0(%in: f32, %out: f32):
    %sum = tsum.accumulate #tsum.reduction<reduce_sum f32> (%in) into (%out) : (f32) into (f32)
    linalg.yield %sum : f32
  } -> tensor<f32>
  return %r : tensor<f32>
}

// The node of a sum of f64 is a pair; beside it a largest element.

// CHECK-LABEL: func.func @pairs_of_nodes_and_a_maximum
//       CHECK:   ^bb0(%[[IN:.*]]: f64, %[[HIGH:.*]]: f64, %[[LOW:.*]]: f64, %[[MOST:.*]]: f64):
//       CHECK:     %[[PAIR:.*]]:2 = tsum.accumulate <reduce_sum f64 to nodes> (%[[IN]]) into (%[[HIGH]], %[[LOW]]) : (f64) into (f64, f64)
//       CHECK:     %[[MAX:.*]] = tsum.accumulate <reduce_max f64> (%[[IN]]) into (%[[MOST]]) : (f64) into (f64)
//       CHECK:     linalg.yield %[[PAIR]]#0, %[[PAIR]]#1, %[[MAX]]
//       CHECK:   tsum.pieces <256 of 1000> (%{{.*}}#0, %{{.*}}#1, %{{.*}}#2) : (tensor<f64>, tensor<f64>, tensor<f64>) -> (tensor<4xf64>, tensor<4xf64>, tensor<4xf64>)
func.func @pairs_of_nodes_and_a_maximum(%x: tensor<1000xf64>, %zero: tensor<f64>, %least: tensor<f64>)
    -> (tensor<4xf64>, tensor<4xf64>, tensor<4xf64>) {
  %r:3 = linalg.generic {indexing_maps = [#line, #none, #none, #none], iterator_types = ["reduction"]}
      ins(%x : tensor<1000xf64>) outs(%zero, %zero, %least : tensor<f64>, tensor<f64>, tensor<f64>) {
  ^bb0(%in: f64, %high: f64, %low: f64, %most: f64):
    %pair:2 = tsum.accumulate <reduce_sum f64 to nodes> (%in) into (%high, %low) : (f64) into (f64, f64)
    %max = tsum.accumulate <reduce_max f64> (%in) into (%most) : (f64) into (f64)
    linalg.yield %pair#0, %pair#1, %max : f64, f64, f64
  } -> (tensor<f64>, tensor<f64>, tensor<f64>)
  %p:3 = tsum.pieces <256 of 1000> (%r#0, %r#1, %r#2)
      : (tensor<f64>, tensor<f64>, tensor<f64>) -> (tensor<4xf64>, tensor<4xf64>, tensor<4xf64>)
  return %p#0, %p#1, %p#2 : tensor<4xf64>, tensor<4xf64>, tensor<4xf64>
}

// Small floats are summed in f32, and left in f64 to be rounded once.

// CHECK-LABEL: func.func @small_floats
//       CHECK:     tsum.accumulate <reduce_sum bf16> (%{{.*}}) into (%{{.*}}) : (f32) into (f64)
//       CHECK:     tsum.accumulate <reduce_max f16> (%{{.*}}) into (%{{.*}}) : (f16) into (f32)
func.func @small_floats(%x: tensor<8xf32>, %y: tensor<8xf16>, %wide: tensor<f64>,
                        %least: tensor<f32>) -> (tensor<f64>, tensor<f32>) {
  %r:2 = linalg.generic {indexing_maps = [#line, #line, #none, #none], iterator_types = ["reduction"]}
      ins(%x, %y : tensor<8xf32>, tensor<8xf16>) outs(%wide, %least : tensor<f64>, tensor<f32>) {
  ^bb0(%in: f32, %half: f16, %out: f64, %most: f32):
    %sum = tsum.accumulate <reduce_sum bf16> (%in) into (%out) : (f32) into (f64)
    %max = tsum.accumulate <reduce_max f16> (%half) into (%most) : (f16) into (f32)
    linalg.yield %sum, %max : f64, f32
  } -> (tensor<f64>, tensor<f32>)
  return %r#0, %r#1 : tensor<f64>, tensor<f32>
}

// CHECK-LABEL: func.func @elements_with_gaps
//  CHECK-SAME:   %[[X:.*]]: memref<4x8xf32, strided<[100, 2]>>, %[[I:.*]]: index
//       CHECK:   tsum.load %[[X]][%[[I]], %[[I]]] + 16 : memref<4x8xf32, strided<[100, 2]>> -> vector<8xf32>
func.func @elements_with_gaps(%x: memref<4x8xf32, strided<[100, 2]>>, %i: index) -> vector<8xf32> {
  %v = tsum.load %x[%i, %i] + 16 : memref<4x8xf32, strided<[100, 2]>> -> vector<8xf32>
  return %v : vector<8xf32>
}

// CHECK-LABEL: func.func @an_elementary_function
//       CHECK:   tsum.elementary "exp"(%{{.*}}) : vector<8xf32>
func.func @an_elementary_function(%x: vector<8xf32>) -> vector<8xf32> {
  %y = tsum.elementary "exp"(%x) : vector<8xf32>
  return %y : vector<8xf32>
}
