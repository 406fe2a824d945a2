// RUN: tsum-opt %s --pass-pipeline='builtin.module(func.func(tsum-bound-memory))' --split-input-file --verify-diagnostics | FileCheck %s

module @kernels {
  func.func private @a(tensor<1024xf32>) -> tensor<1024xf32>
  func.func private @b(tensor<1024xf32>) -> (tensor<1024xf32>, tensor<16xf32>)
  func.func private @c(tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
}

// What is read last goes first, and comes back before it is read.
// CHECK-LABEL: func.func @chain(
//  CHECK-SAME:   %[[X:.*]]: tensor<1024xf32>
//       CHECK:   %[[A:.*]] = tsum.launch @kernels::@a(%[[X]]) : (
//       CHECK:   %[[B:.*]]:2 = tsum.launch @kernels::@b(%[[A]]) : (
//       CHECK:   %[[C:.*]] = tsum.launch @kernels::@a(%[[B]]#0) : (
//       CHECK:   %[[AGAIN:.*]] = tsum.launch @kernels::@a(%[[X]]) {tsum.recomputed = "memory"} : (
//       CHECK:   %[[D:.*]] = tsum.launch @kernels::@c(%[[AGAIN]], %[[C]]) : (
//       CHECK:   return %[[D]]
func.func @chain(%x: tensor<1024xf32>) -> tensor<1024xf32> attributes {tsum.memory = 8256} {
  %a = tsum.launch @kernels::@a(%x) : (tensor<1024xf32>) -> tensor<1024xf32>
  %b:2 = tsum.launch @kernels::@b(%a) : (tensor<1024xf32>) -> (tensor<1024xf32>, tensor<16xf32>)
  %c = tsum.launch @kernels::@a(%b#0) : (tensor<1024xf32>) -> tensor<1024xf32>
  %d = tsum.launch @kernels::@c(%a, %c) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  return %d : tensor<1024xf32>
}

// Of a launch with two results the one that is gone.
// CHECK-LABEL: func.func @result_of_two(
//       CHECK:   %[[A:.*]]:2 = tsum.launch @kernels::@b(%[[X:.*]]) : (
//       CHECK:   %[[B:.*]] = tsum.launch @kernels::@a(%[[A]]#0) : (
//       CHECK:   %[[C:.*]] = tsum.launch @kernels::@a(%[[B]]) : (
//       CHECK:   %[[AGAIN:.*]]:2 = tsum.launch @kernels::@b(%[[X]]) {tsum.recomputed = "memory"} : (
//       CHECK:   %[[D:.*]] = tsum.launch @kernels::@c(%[[AGAIN]]#0, %[[C]]) : (
//       CHECK:   return %[[D]], %[[A]]#1
func.func @result_of_two(%x: tensor<1024xf32>) -> (tensor<1024xf32>, tensor<16xf32>)
    attributes {tsum.memory = 8256} {
  %a:2 = tsum.launch @kernels::@b(%x) : (tensor<1024xf32>) -> (tensor<1024xf32>, tensor<16xf32>)
  %b = tsum.launch @kernels::@a(%a#0) : (tensor<1024xf32>) -> tensor<1024xf32>
  %c = tsum.launch @kernels::@a(%b) : (tensor<1024xf32>) -> tensor<1024xf32>
  %d = tsum.launch @kernels::@c(%a#0, %c) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  return %d, %a#1 : tensor<1024xf32>, tensor<16xf32>
}

// A reshape reads what is there at the moment.
// CHECK-LABEL: func.func @reshape(
//       CHECK:   %[[AGAIN:.*]] = tsum.launch @kernels::@a(%{{.*}}) {tsum.recomputed = "memory"}
//       CHECK:   %[[ROW:.*]] = tsum.reshape %[[AGAIN]]
//       CHECK:   %[[BACK:.*]] = tsum.reshape %[[ROW]]
//       CHECK:   tsum.launch @kernels::@c(%[[BACK]], %{{.*}})
func.func @reshape(%x: tensor<1024xf32>) -> tensor<1024xf32> attributes {tsum.memory = 8256} {
  %a = tsum.launch @kernels::@a(%x) : (tensor<1024xf32>) -> tensor<1024xf32>
  %row = tsum.reshape %a : tensor<1024xf32> -> tensor<1x1024xf32>
  %back = tsum.reshape %row : tensor<1x1024xf32> -> tensor<1024xf32>
  %b = tsum.launch @kernels::@a(%a) : (tensor<1024xf32>) -> tensor<1024xf32>
  %c = tsum.launch @kernels::@a(%b) : (tensor<1024xf32>) -> tensor<1024xf32>
  %d = tsum.launch @kernels::@c(%back, %c) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  return %d : tensor<1024xf32>
}

// CHECK-LABEL: func.func @fits(
//   CHECK-NOT:   tsum.recomputed
//       CHECK:   return
func.func @fits(%x: tensor<1024xf32>) -> tensor<1024xf32> attributes {tsum.memory = 12288} {
  %a = tsum.launch @kernels::@a(%x) : (tensor<1024xf32>) -> tensor<1024xf32>
  %b = tsum.launch @kernels::@a(%a) : (tensor<1024xf32>) -> tensor<1024xf32>
  %c = tsum.launch @kernels::@a(%b) : (tensor<1024xf32>) -> tensor<1024xf32>
  %d = tsum.launch @kernels::@c(%a, %c) : (tensor<1024xf32>, tensor<1024xf32>) -> tensor<1024xf32>
  return %d : tensor<1024xf32>
}

// What leaves nothing for others runs where it can, which is enough here.
// CHECK-LABEL: func.func @early(
//       CHECK:   %[[A:.*]] = tsum.launch @kernels::@a(
//       CHECK:   %[[P:.*]] = tsum.launch @kernels::@a(%[[A]])
//       CHECK:   %[[B:.*]] = tsum.launch @kernels::@a(
//       CHECK:   %[[Q:.*]] = tsum.launch @kernels::@a(%[[B]])
//   CHECK-NOT:   tsum.launch
//       CHECK:   return %[[P]], %[[Q]]
func.func @early(%x: tensor<1024xf32>) -> (tensor<1024xf32>, tensor<1024xf32>)
    attributes {tsum.memory = 4096} {
  %a = tsum.launch @kernels::@a(%x) : (tensor<1024xf32>) -> tensor<1024xf32>
  %b = tsum.launch @kernels::@a(%x) : (tensor<1024xf32>) -> tensor<1024xf32>
  %p = tsum.launch @kernels::@a(%a) : (tensor<1024xf32>) -> tensor<1024xf32>
  %q = tsum.launch @kernels::@a(%b) : (tensor<1024xf32>) -> tensor<1024xf32>
  return %p, %q : tensor<1024xf32>, tensor<1024xf32>
}

// -----

// expected-error @below {{'tsum.memory' must be an i64 of 0 or more, in bytes, given -1 : i64}}
func.func private @less_than_nothing() attributes {tsum.memory = -1}

// -----

// expected-error @below {{'tsum.recomputed' belongs on an operation in a function}}
func.func private @recomputed() attributes {tsum.recomputed = "memory"}
