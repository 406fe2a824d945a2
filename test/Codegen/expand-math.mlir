// RUN: tsum-opt %s --tsum-expand-math --split-input-file --verify-diagnostics | FileCheck %s

// A polynomial of fma's, and 2^n in two factors. Nothing but arithmetic is left.

// CHECK-LABEL: func.func @exp
//  CHECK-SAME:   %[[X:.*]]: vector<16xf32>
//   CHECK-NOT:   math.exp
//       CHECK:   %[[CLAMPED:.*]] = arith.select %{{.*}}, %{{.*}}, %{{.*}} : vector<16xi1>, vector<16xf32>
//       CHECK:   %[[SHIFTED:.*]] = math.fma
//       CHECK:   %[[N:.*]] = arith.subf %[[SHIFTED]], %{{.*}}
//       CHECK:   %[[HIGH:.*]] = math.fma %[[N]], %{{.*}}, %{{.*}}
//       CHECK:   %[[REST:.*]] = math.fma %[[N]], %{{.*}}, %[[HIGH]]
//       CHECK:   %[[BITS:.*]] = arith.bitcast %[[SHIFTED]] : vector<16xf32> to vector<16xi32>
// CHECK-COUNT-6: math.fma %{{.*}}, %{{.*}}, %{{.*}} : vector<16xf32>
//       CHECK:   arith.shrui %[[BITS]]
//   CHECK-NOT:   math.
//   CHECK-NOT:   scf.if
//       CHECK:   %[[FIRST:.*]] = arith.mulf
//       CHECK:   %[[Y:.*]] = arith.mulf %[[FIRST]]
//       CHECK:   return %[[Y]]
func.func @exp(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.exp %x : vector<16xf32>
  return %y : vector<16xf32>
}

// -----

// Zero, negative numbers, subnormals, infinity and NaN are rare: a branch for all lanes.

// CHECK-LABEL: func.func @log
//       CHECK:   %[[FAST:.*]] = math.fma
//       CHECK:   %[[ANY:.*]] = vector.reduction <or>, %[[RARE:.*]] : vector<8xi1> into i1
//       CHECK:   %[[Y:.*]] = scf.if %[[ANY]] -> (vector<8xf64>) {
//       CHECK:     %[[LANES:.*]] = arith.select %[[RARE]], %{{.*}}, %[[FAST:.*]] : vector<8xi1>, vector<8xf64>
//       CHECK:     scf.yield %[[LANES]]
//       CHECK:   } else {
//  CHECK-NEXT:     scf.yield %[[FAST]]
//       CHECK:   return %[[Y]]
func.func @log(%x: vector<8xf64>) -> vector<8xf64> {
  %y = math.log %x : vector<8xf64>
  return %y : vector<8xf64>
}

// -----

// Scalars branch on their own lane.

// CHECK-LABEL: func.func @scalar
//   CHECK-NOT:   vector.
//       CHECK:   scf.if %{{.*}} -> (f32) {
//   CHECK-NOT:   vector.
//       CHECK:   return
func.func @scalar(%x: f32) -> f32 {
  %y = math.log %x : f32
  return %y : f32
}

// -----

// The reduction of huge angles is long: lane by lane, for those that need it.

// CHECK-LABEL: func.func @sin
//  CHECK-SAME:   %[[X:.*]]: vector<16xf32>
//       CHECK:   %[[ANY:.*]] = vector.reduction <or>, %[[HUGE:.*]] : vector<16xi1> into i1
//       CHECK:   scf.if %[[ANY]]
//       CHECK:     scf.for %[[LANE:.*]] = %{{.*}} iter_args
//       CHECK:       %[[IS_HUGE:.*]] = vector.extract %[[HUGE]][%[[LANE]]]
//       CHECK:       scf.if %[[IS_HUGE]] -> (vector<16xf32>, vector<16xf32>)
//       CHECK:         vector.extract %[[X]][%[[LANE]]]
//       CHECK:         arith.muli %{{.*}}, %{{.*}} : i64
//       CHECK:         vector.insert %{{.*}}, %{{.*}} [%[[LANE]]] : f32 into vector<16xf32>
//       CHECK:   %[[Y:.*]] = arith.select %{{.*}}, %[[X]], %{{.*}} : vector<16xi1>, vector<16xf32>
//       CHECK:   return %[[Y]]
func.func @sin(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.sin %x : vector<16xf32>
  return %y : vector<16xf32>
}

// -----

// Of any rank.

// CHECK-LABEL: func.func @rank_two
//  CHECK-SAME:   %[[X:.*]]: vector<2x4xf32>
//       CHECK:   %[[FLAT:.*]] = vector.shape_cast %[[X]] : vector<2x4xf32> to vector<8xf32>
//       CHECK:   %[[Y:.*]] = vector.shape_cast %{{.*}} : vector<8xf32> to vector<2x4xf32>
//       CHECK:   return %[[Y]]
func.func @rank_two(%x: vector<2x4xf32>) -> vector<2x4xf32> {
  %y = math.atan %x : vector<2x4xf32>
  return %y : vector<2x4xf32>
}

// -----

// A power of f32 goes by way of f64.

// CHECK-LABEL: func.func @pow
//       CHECK:   arith.extf %{{.*}} : vector<4xf32> to vector<4xf64>
//       CHECK:   arith.truncf %{{.*}} : vector<4xf64> to vector<4xf32>
func.func @pow(%x: vector<4xf32>, %y: vector<4xf32>) -> vector<4xf32> {
  %z = math.powf %x, %y : vector<4xf32>
  return %z : vector<4xf32>
}

// -----

// What is one instruction stays.

// CHECK-LABEL: func.func @instructions
//       CHECK:   math.sqrt
//       CHECK:   math.fma
//       CHECK:   math.floor
func.func @instructions(%x: vector<4xf16>) -> vector<4xf16> {
  %a = math.sqrt %x : vector<4xf16>
  %b = math.fma %a, %x, %x : vector<4xf16>
  %c = math.floor %b : vector<4xf16>
  return %c : vector<4xf16>
}

// -----

func.func @half(%x: vector<4xf16>) -> vector<4xf16> {
  // expected-error @below {{'math.exp' op has no expansion for 'f16' (valid: f32, f64)}}
  %y = math.exp %x : vector<4xf16>
  return %y : vector<4xf16>
}

// -----

func.func @tensor(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'math.exp' op has no expansion for 'tensor<4xf32>' (valid: scalars and vectors of fixed length)}}
  %y = math.exp %x : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @call(%x: f32) -> f32 {
  // expected-error @below {{'math.exp2' op would become a call of libm}}
  %y = math.exp2 %x : f32
  return %y : f32
}

// -----

func.func @operands_of_a_function(%x: vector<4xf32>) -> vector<4xf32> {
  // expected-error @below {{has 1 operands, which is not what the function takes}}
  %y = tsum.elementary "pow"(%x) : vector<4xf32>
  return %y : vector<4xf32>
}
