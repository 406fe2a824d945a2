// RUN: tsum-opt %s --tsum-form-kernels --split-input-file --verify-diagnostics | FileCheck %s

// One kernel: what comes before a sum and what comes after it, of its shape, belong to it.

// CHECK-LABEL: func.func @producer_and_epilogue
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xf32>
//  CHECK-NEXT:   %[[R:.*]] = tsum.launch @kernels::@[[KERNEL:[a-z_0-9]*]](%[[X]]) : (tensor<4x8xf32>) -> tensor<4xf32>
//  CHECK-NEXT:   return %[[R]]
//       CHECK: module @kernels
//  CHECK-NEXT:   func.func @[[KERNEL]](%[[IN:.*]]: tensor<4x8xf32>) -> tensor<4xf32>
//  CHECK-SAME:     tsum.cut = "output"
//  CHECK-NEXT:     %[[SQUARE:.*]] = tsum.square %[[IN]]
//  CHECK-NEXT:     %[[SUM:.*]] = tsum.reduce_sum %[[SQUARE]]
//  CHECK-NEXT:     %[[SQRT:.*]] = tsum.sqrt %[[SUM]]
//  CHECK-NEXT:     return %[[SQRT]]
//   CHECK-NOT:   func.func
func.func @producer_and_epilogue(%x: tensor<4x8xf32>) -> tensor<4xf32> {
  %square = tsum.square %x : tensor<4x8xf32>
  %sum = tsum.reduce_sum %square axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %sqrt = tsum.sqrt %sum : tensor<4xf32>
  return %sqrt : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @two_sums_of_one_epilogue
//       CHECK: module @kernels
//       CHECK:   func.func
//       CHECK:     tsum.reduce_sum
//       CHECK:     tsum.reduce_sum
//       CHECK:     tsum.subtract
//   CHECK-NOT:   func.func
func.func @two_sums_of_one_epilogue(%x: tensor<4x8xf32>) -> tensor<4xf32> {
  %square = tsum.square %x : tensor<4x8xf32>
  %squares = tsum.reduce_sum %square axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %sum = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %r = tsum.subtract %squares, %sum : tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// An elementwise value is computed again by each kernel that reads it, rather than stored.

// CHECK-LABEL: func.func @shared_elementwise_value_is_not_stored
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xf32>
//       CHECK:   tsum.launch @kernels::@[[A:[a-z_0-9]*]](%[[X]])
//       CHECK:   tsum.launch @kernels::@[[B:[a-z_0-9]*]](%[[X]])
//   CHECK-NOT:   tsum.launch
//       CHECK:   func.func @[[A]]
//       CHECK:     tsum.sqrt
//       CHECK:     tsum.square
//       CHECK:   func.func @[[B]]
//       CHECK:     tsum.sqrt
//       CHECK:     tsum.reduce_sum
func.func @shared_elementwise_value_is_not_stored(%x: tensor<4x8xf32>)
    -> (tensor<4x8xf32>, tensor<8xf32>) {
  %root = tsum.sqrt %x : tensor<4x8xf32>
  %a = tsum.square %root : tensor<4x8xf32>
  %b = tsum.reduce_sum %root axes = [0] : tensor<4x8xf32> -> tensor<8xf32>
  return %a, %b : tensor<4x8xf32>, tensor<8xf32>
}

// -----

// Two kernels whose results have other shapes: a column's sum is not computed by both, but joined
// with what has its shape.

// CHECK-LABEL: func.func @shared_sum
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xf32>
//       CHECK:   %[[SUM:.*]]:2 = tsum.launch @kernels::@[[KERNEL:[a-z_0-9]*]](%[[X]])
//       CHECK:   %[[A:.*]] = tsum.launch {{.*}}(%[[SUM]]#0, %[[X]]) {{.*}} -> tensor<4x8xf32>
//       CHECK:   return %[[A]], %[[SUM]]#1
//       CHECK:   func.func @[[KERNEL]]
//  CHECK-SAME:     tsum.cut = "shared reduction, output", tsum.joined = "result that is read"
func.func @shared_sum(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<8xf32>) {
  %sum = tsum.reduce_sum %x axes = [0] : tensor<4x8xf32> -> tensor<8xf32>
  %sums = tsum.broadcast %sum dims = [1] : tensor<8xf32> -> tensor<4x8xf32>
  %a = tsum.divide %x, %sums : tensor<4x8xf32>
  %b = tsum.square %sum : tensor<8xf32>
  return %a, %b : tensor<4x8xf32>, tensor<8xf32>
}

// -----

// CHECK-LABEL: func.func @sum_of_a_sum
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xf32>
//       CHECK:   %[[ROWS:.*]] = tsum.launch @kernels::@[[KERNEL:[a-z_0-9]*]](%[[X]]) {{.*}} -> tensor<4xf32>
//       CHECK:   tsum.launch {{.*}}(%[[ROWS]]) {{.*}} -> tensor<f32>
//       CHECK:   func.func @[[KERNEL]]
//  CHECK-SAME:     tsum.cut = "reduction of a reduction"
func.func @sum_of_a_sum(%x: tensor<4x8xf32>) -> tensor<f32> {
  %rows = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %square = tsum.square %rows : tensor<4xf32>
  %r = tsum.reduce_sum %square axes = [0] : tensor<4xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

// Columns of more rows than caches keep are read twice, by two kernels.

// CHECK-LABEL: func.func @broadcast_sum_of_long_columns
//  CHECK-SAME:   %[[X:.*]]: tensor<1000x16xf32>
//       CHECK:   %[[SUM:.*]] = tsum.launch @kernels::@[[KERNEL:[a-z_0-9]*]](%[[X]])
//       CHECK:   tsum.launch {{.*}}%[[SUM]]{{.*}} -> tensor<1000x16xf32>
//       CHECK:   func.func @[[KERNEL]]
//  CHECK-SAME:     tsum.cut = "broadcast reduction"
func.func @broadcast_sum_of_long_columns(%x: tensor<1000x16xf32>) -> tensor<1000x16xf32> {
  %sum = tsum.reduce_sum %x axes = [0] : tensor<1000x16xf32> -> tensor<16xf32>
  %sums = tsum.broadcast %sum dims = [1] : tensor<16xf32> -> tensor<1000x16xf32>
  %r = tsum.divide %x, %sums : tensor<1000x16xf32>
  return %r : tensor<1000x16xf32>
}

// -----

// So are few columns, which leave lanes of vectors empty.

// CHECK-LABEL: func.func @broadcast_sum_of_few_columns
//  CHECK-SAME:   %[[X:.*]]: tensor<4x15xf32>
//       CHECK:   %[[SUM:.*]] = tsum.launch @kernels::@[[KERNEL:[a-z_0-9]*]](%[[X]])
//       CHECK:   tsum.launch {{.*}}%[[SUM]]{{.*}} -> tensor<4x15xf32>
//       CHECK:   func.func @[[KERNEL]]
//  CHECK-SAME:     tsum.cut = "broadcast reduction"
func.func @broadcast_sum_of_few_columns(%x: tensor<4x15xf32>) -> tensor<4x15xf32> {
  %sum = tsum.reduce_sum %x axes = [0] : tensor<4x15xf32> -> tensor<15xf32>
  %sums = tsum.broadcast %sum dims = [1] : tensor<15xf32> -> tensor<4x15xf32>
  %r = tsum.divide %x, %sums : tensor<4x15xf32>
  return %r : tensor<4x15xf32>
}

// -----

// Reductions of rows stay with what reads them.

// CHECK-LABEL: func.func @softmax
//  CHECK-NEXT:   tsum.launch
//  CHECK-NEXT:   return
//       CHECK:   func.func {{.*}} attributes {tsum.cut = "output", tsum.rows = 1 : i64}
//       CHECK:     tsum.reduce_max
//       CHECK:     tsum.reduce_sum
//       CHECK:     tsum.divide
//   CHECK-NOT:   func.func
func.func @softmax(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %max = tsum.reduce_max %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %maxima = tsum.broadcast %max dims = [0] : tensor<4xf32> -> tensor<4x8xf32>
  %shifted = tsum.subtract %x, %maxima : tensor<4x8xf32>
  %powers = tsum.exp %shifted : tensor<4x8xf32>
  %sum = tsum.reduce_sum %powers axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %sums = tsum.broadcast %sum dims = [0] : tensor<4xf32> -> tensor<4x8xf32>
  %r = tsum.divide %powers, %sums : tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func.func @variance
//  CHECK-NEXT:   tsum.launch
//  CHECK-NEXT:   return
//       CHECK:   func.func {{.*}} attributes {tsum.cut = "output", tsum.rows = 1 : i64}
//   CHECK-NOT:   func.func
func.func @variance(%x: tensor<4x8xf32>) -> tensor<4xf32> {
  %mean = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %means = tsum.broadcast %mean dims = [0] : tensor<4xf32> -> tensor<4x8xf32>
  %d = tsum.subtract %x, %means : tensor<4x8xf32>
  %square = tsum.square %d : tensor<4x8xf32>
  %r = tsum.reduce_sum %square axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// Rows that no cache keeps are read twice, by two kernels.

// CHECK-LABEL: func.func @long_rows
//       CHECK:   tsum.launch
//       CHECK:   tsum.launch
//       CHECK:     tsum.cut = "broadcast reduction"
func.func @long_rows(%x: tensor<4x16385xf32>) -> tensor<4x16385xf32> {
  %sum = tsum.reduce_sum %x axes = [1] : tensor<4x16385xf32> -> tensor<4xf32>
  %sums = tsum.broadcast %sum dims = [0] : tensor<4xf32> -> tensor<4x16385xf32>
  %r = tsum.divide %x, %sums : tensor<4x16385xf32>
  return %r : tensor<4x16385xf32>
}

// -----

// A tile has whole rows or whole columns: the sums of one of them stay, the others are computed
// first.

// CHECK-LABEL: func.func @rows_and_columns
//       CHECK:   %[[SUM:.*]] = tsum.launch @kernels::@[[ROWS:[a-z_0-9]*]](
//       CHECK:   tsum.launch {{.*}}%[[SUM]]
//   CHECK-NOT:   tsum.launch
//       CHECK:   func.func @[[ROWS]]{{.*}}tensor<4xf32> attributes
//  CHECK-SAME:     {tsum.cut = "broadcast reduction"}
//       CHECK:   tsum.columns = #tsum.columns<256, whole = [0]>
func.func @rows_and_columns(%x: tensor<4x16xf32>) -> tensor<4x16xf32> {
  %row = tsum.reduce_sum %x axes = [1] : tensor<4x16xf32> -> tensor<4xf32>
  %column = tsum.reduce_sum %x axes = [0] : tensor<4x16xf32> -> tensor<16xf32>
  %rows = tsum.broadcast %row dims = [0] : tensor<4xf32> -> tensor<4x16xf32>
  %columns = tsum.broadcast %column dims = [1] : tensor<16xf32> -> tensor<4x16xf32>
  %r = tsum.divide %rows, %columns : tensor<4x16xf32>
  return %r : tensor<4x16xf32>
}

// -----

// What two kernels with results of one shape read becomes part of both, joined.

// CHECK-LABEL: func.func @sum_with_two_epilogues
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xf32>
//  CHECK-NEXT:   %[[R:.*]]:2 = tsum.launch @kernels::@{{.*}}(%[[X]]) : (tensor<4x8xf32>) -> (tensor<4xf32>, tensor<4xf32>)
//  CHECK-NEXT:   return %[[R]]#0, %[[R]]#1
//       CHECK:   tsum.joined = "
//       CHECK:     tsum.reduce_sum
//   CHECK-NOT:     tsum.reduce_sum
//       CHECK:     %[[A:.*]] = tsum.sqrt
//       CHECK:     %[[B:.*]] = tsum.square
//       CHECK:     return %[[A]], %[[B]]
func.func @sum_with_two_epilogues(%x: tensor<4x8xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %sum = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %a = tsum.sqrt %sum : tensor<4xf32>
  %b = tsum.square %sum : tensor<4xf32>
  return %a, %b : tensor<4xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @output_that_is_read_too
//  CHECK-SAME:   %[[X:.*]]: tensor<4xf32>
//       CHECK:   %[[R:.*]]:2 = tsum.launch {{.*}}(%[[X]])
//       CHECK:   return %[[R]]#0, %[[R]]#1
//       CHECK:   tsum.cut = "output", tsum.joined = "result that is read"
func.func @output_that_is_read_too(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %a = tsum.sqrt %x : tensor<4xf32>
  %b = tsum.square %a : tensor<4xf32>
  return %a, %b : tensor<4xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @reductions_of_the_same_data
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xf32>
//  CHECK-NEXT:   tsum.launch @{{.*}}(%[[X]]) : (tensor<4x8xf32>) -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>)
//  CHECK-NEXT:   return
//       CHECK:   tsum.cut = "output", tsum.joined = "same data"
//       CHECK:     tsum.reduce_sum
//       CHECK:     tsum.reduce_sum
//       CHECK:     tsum.reduce_max
func.func @reductions_of_the_same_data(%x: tensor<4x8xf32>)
    -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) {
  %square = tsum.square %x : tensor<4x8xf32>
  %sum = tsum.reduce_sum %x axes = [0] : tensor<4x8xf32> -> tensor<8xf32>
  %squares = tsum.reduce_sum %square axes = [0] : tensor<4x8xf32> -> tensor<8xf32>
  %max = tsum.reduce_max %x axes = [0] : tensor<4x8xf32> -> tensor<8xf32>
  return %sum, %squares, %max : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// -----

// CHECK-LABEL: func.func @other_loops_are_not_joined
//       CHECK:   tsum.launch
//       CHECK:   tsum.launch
//   CHECK-NOT:   tsum.joined
func.func @other_loops_are_not_joined(%x: tensor<8x8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  %rows = tsum.reduce_sum %x axes = [1] : tensor<8x8xf32> -> tensor<8xf32>
  %columns = tsum.reduce_sum %x axes = [0] : tensor<8x8xf32> -> tensor<8xf32>
  return %rows, %columns : tensor<8xf32>, tensor<8xf32>
}

// -----

// CHECK-LABEL: func.func @other_data_is_not_joined
//       CHECK:   tsum.launch
//       CHECK:   tsum.launch
//   CHECK-NOT:   tsum.joined
func.func @other_data_is_not_joined(%x: tensor<4x8xf32>, %y: tensor<4x8xf32>)
    -> (tensor<4xf32>, tensor<4xf32>) {
  %a = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %b = tsum.reduce_sum %y axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  return %a, %b : tensor<4xf32>, tensor<4xf32>
}

// -----

// The parts of complex numbers lie side by side.

// CHECK-LABEL: func.func @interleaved_data_is_joined
//  CHECK-NEXT:   tsum.launch {{.*}} -> (tensor<4xf32>, tensor<4xf32>)
//  CHECK-NEXT:   return
//       CHECK:   tsum.joined = "same data"
func.func @interleaved_data_is_joined(%x: tensor<4x8xf32> {tsum.strides = array<i64: 16, 2>},
                                      %y: tensor<4x8xf32> {tsum.strides = array<i64: 16, 2>})
    -> (tensor<4xf32>, tensor<4xf32>) {
  %a = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %b = tsum.reduce_sum %y axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  return %a, %b : tensor<4xf32>, tensor<4xf32>
}

// -----

// The variance reads the mean row by row: both are there when the row is.

// CHECK-LABEL: func.func @moments_of_rows
//  CHECK-NEXT:   %[[R:.*]]:2 = tsum.launch
//  CHECK-NEXT:   return %[[R]]#0, %[[R]]#1
//       CHECK:   tsum.cut = "output", tsum.joined = "result that is read", tsum.rows = 1 : i64
func.func @moments_of_rows(%x: tensor<4x8xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %count = tsum.constant dense<8.0> : tensor<4xf32>
  %sum = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %mean = tsum.divide %sum, %count : tensor<4xf32>
  %means = tsum.broadcast %mean dims = [0] : tensor<4xf32> -> tensor<4x8xf32>
  %d = tsum.subtract %x, %means : tensor<4x8xf32>
  %square = tsum.square %d : tensor<4x8xf32>
  %variance = tsum.reduce_sum %square axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  return %mean, %variance : tensor<4xf32>, tensor<4xf32>
}

// -----

// So does that of columns, of which a tile has all rows.

// CHECK-LABEL: func.func @moments_of_columns
//  CHECK-NEXT:   %[[R:.*]]:2 = tsum.launch
//  CHECK-NEXT:   return %[[R]]#0, %[[R]]#1
//       CHECK:   tsum.columns = #tsum.columns<256>, tsum.cut = "output", tsum.joined = "result that is read"
func.func @moments_of_columns(%x: tensor<8x16xf32>) -> (tensor<16xf32>, tensor<16xf32>) {
  %mean = tsum.reduce_sum %x axes = [0] : tensor<8x16xf32> -> tensor<16xf32>
  %means = tsum.broadcast %mean dims = [1] : tensor<16xf32> -> tensor<8x16xf32>
  %d = tsum.subtract %x, %means : tensor<8x16xf32>
  %square = tsum.square %d : tensor<8x16xf32>
  %variance = tsum.reduce_sum %square axes = [0] : tensor<8x16xf32> -> tensor<16xf32>
  return %mean, %variance : tensor<16xf32>, tensor<16xf32>
}

// -----

// A short row that is reduced does not make a tile of a long one that reads the result.

// CHECK-LABEL: func.func @long_rows_minus_short_ones
//       CHECK:   %[[M:.*]] = tsum.launch {{.*}}(%arg1) : (tensor<4x25xf32>) -> tensor<4xf32>
//       CHECK:   tsum.launch {{.*}}%[[M]]
//   CHECK-NOT:   tsum.rows
func.func @long_rows_minus_short_ones(%x: tensor<4x100000xf32>, %z: tensor<4x25xf32>) -> tensor<4x100000xf32> {
  %m = tsum.reduce_max %z axes = [1] : tensor<4x25xf32> -> tensor<4xf32>
  %ms = tsum.broadcast %m dims = [0] : tensor<4xf32> -> tensor<4x100000xf32>
  %r = tsum.subtract %x, %ms : tensor<4x100000xf32>
  return %r : tensor<4x100000xf32>
}

// -----

// What has no order nests its dimensions as a sum does that has one.

// CHECK-LABEL: func.func @sum_and_largest
//       CHECK:   tsum.reduce_sum {{.*}} axes = [1, 0]
//       CHECK:   tsum.reduce_max {{.*}} axes = [1, 0]
func.func @sum_and_largest(%x: tensor<8x16xf32>) -> tensor<f32> {
  %sum = tsum.reduce_sum %x axes = [1, 0] : tensor<8x16xf32> -> tensor<f32>
  %largest = tsum.reduce_max %x axes = [0, 1] : tensor<8x16xf32> -> tensor<f32>
  %r = tsum.subtract %largest, %sum : tensor<f32>
  return %r : tensor<f32>
}

// -----

// What takes a detour over another kernel is not joined: that kernel would have to run in between.

// CHECK-LABEL: func.func @detour
//       CHECK:   %[[A:.*]] = tsum.launch
//       CHECK:   %[[TOTAL:.*]] = tsum.launch {{.*}}(%[[A]]) {{.*}} -> tensor<f32>
//       CHECK:   tsum.launch {{.*}}%[[TOTAL]]
//   CHECK-NOT:   tsum.joined
func.func @detour(%x: tensor<32768xf32>) -> (tensor<32768xf32>, tensor<32768xf32>) {
  %a = tsum.sqrt %x : tensor<32768xf32>
  %total = tsum.reduce_sum %a axes = [0] exact : tensor<32768xf32> -> tensor<f32>
  %totals = tsum.broadcast %total dims = [] : tensor<f32> -> tensor<32768xf32>
  %b = tsum.divide %a, %totals : tensor<32768xf32>
  return %a, %b : tensor<32768xf32>, tensor<32768xf32>
}

// -----

// A reshape of what is read happens between kernels.

// CHECK-LABEL: func.func @detour_over_a_reshape
//       CHECK:   %[[SUM:.*]] = tsum.launch {{.*}} -> tensor<1xf32>
//       CHECK:   %[[RESHAPED:.*]] = tsum.reshape %[[SUM]]
//       CHECK:   tsum.launch {{.*}}%[[RESHAPED]]
//   CHECK-NOT:   tsum.joined
func.func @detour_over_a_reshape(%x: tensor<1x8xf32>) -> (tensor<1xf32>, tensor<1xf32>) {
  %sum = tsum.reduce_sum %x axes = [1] : tensor<1x8xf32> -> tensor<1xf32>
  %scalar = tsum.reshape %sum : tensor<1xf32> -> tensor<f32>
  %sums = tsum.broadcast %scalar dims = [] : tensor<f32> -> tensor<1x8xf32>
  %d = tsum.subtract %x, %sums : tensor<1x8xf32>
  %r = tsum.reduce_sum %d axes = [1] : tensor<1x8xf32> -> tensor<1xf32>
  return %sum, %r : tensor<1xf32>, tensor<1xf32>
}

// -----

// CHECK-LABEL: func.func @at_most_four_results
//       CHECK:   tsum.launch {{.*}} -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
//       CHECK:   tsum.launch {{.*}} -> tensor<4xf32>
func.func @at_most_four_results(%x: tensor<4xf32>)
    -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %a = tsum.sqrt %x : tensor<4xf32>
  %b = tsum.square %x : tensor<4xf32>
  %c = tsum.negative %x : tensor<4xf32>
  %d = tsum.abs %x : tensor<4xf32>
  %e = tsum.exp %x : tensor<4xf32>
  return %a, %b, %c, %d, %e
      : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// -----

// What more than four kernels would compute each for itself, and is more than little code, has
// memory.

// CHECK-LABEL: func.func @value_of_many_readers
//       CHECK:   %[[POWERS:.*]] = tsum.launch @kernels::@[[EXP:[a-z_0-9]*]](%{{.*}}) {{.*}} -> tensor<4x8x2x2x2xf32>
// CHECK-COUNT-5: tsum.launch {{.*}}(%[[POWERS]])
//       CHECK:   func.func @[[EXP]]
//  CHECK-SAME:     tsum.cut = "shared value"
//  CHECK-NEXT:     tsum.exp
//  CHECK-NEXT:     return
func.func @value_of_many_readers(%x: tensor<4x8x2x2x2xf32>)
    -> (tensor<8x2x2x2xf32>, tensor<4x2x2x2xf32>, tensor<4x8x2x2xf32>, tensor<4x2xf32>, tensor<f32>) {
  %powers = tsum.exp %x : tensor<4x8x2x2x2xf32>
  %a = tsum.reduce_sum %powers axes = [0] : tensor<4x8x2x2x2xf32> -> tensor<8x2x2x2xf32>
  %b = tsum.reduce_sum %powers axes = [1] : tensor<4x8x2x2x2xf32> -> tensor<4x2x2x2xf32>
  %c = tsum.reduce_sum %powers axes = [3] : tensor<4x8x2x2x2xf32> -> tensor<4x8x2x2xf32>
  %d = tsum.reduce_sum %powers axes = [1, 2, 3] : tensor<4x8x2x2x2xf32> -> tensor<4x2xf32>
  %e = tsum.reduce_sum %powers axes = [0, 1, 2, 3, 4] : tensor<4x8x2x2x2xf32> -> tensor<f32>
  return %a, %b, %c, %d, %e
      : tensor<8x2x2x2xf32>, tensor<4x2x2x2xf32>, tensor<4x8x2x2xf32>, tensor<4x2xf32>, tensor<f32>
}

// -----

// The axes of a row may nest in any order.

// CHECK-LABEL: func.func @rows_of_two_dimensions
//  CHECK-NEXT:   tsum.launch
//  CHECK-NEXT:   return
//       CHECK:   tsum.rows = 1 : i64
func.func @rows_of_two_dimensions(%x: tensor<4x8x16xf32>) -> tensor<4x8x16xf32> {
  %sum = tsum.reduce_sum %x axes = [2, 1] : tensor<4x8x16xf32> -> tensor<4xf32>
  %sums = tsum.broadcast %sum dims = [0] : tensor<4xf32> -> tensor<4x8x16xf32>
  %r = tsum.divide %x, %sums : tensor<4x8x16xf32>
  return %r : tensor<4x8x16xf32>
}

// -----

// A reshape needs its operand in memory, and is no work for a kernel.

// CHECK-LABEL: func.func @reshape
//       CHECK:   %[[SQUARE:.*]] = tsum.launch @kernels::@[[KERNEL:[a-z_0-9]*]](
//       CHECK:   %[[FLAT:.*]] = tsum.reshape %[[SQUARE]]
//       CHECK:   tsum.launch {{.*}}(%[[FLAT]])
//       CHECK:   func.func @[[KERNEL]]
//  CHECK-SAME:     tsum.cut = "reshape"
//   CHECK-NOT:   tsum.reshape
func.func @reshape(%x: tensor<4x8xf32>) -> tensor<f32> {
  %square = tsum.square %x : tensor<4x8xf32>
  %flat = tsum.reshape %square : tensor<4x8xf32> -> tensor<32xf32>
  %r = tsum.reduce_sum %flat axes = [0] : tensor<32xf32> -> tensor<f32>
  return %r : tensor<f32>
}

// -----

// CHECK-LABEL: func.func @returned_argument_is_copied
//       CHECK:   %[[R:.*]] = tsum.launch @kernels::@[[KERNEL:[a-z_0-9]*]](
//       CHECK:   return %[[R]]
//       CHECK:   func.func @[[KERNEL]](%{{.*}}: tensor<4x8xf32> {tsum.strides = array<i64: 1, 4>})
func.func @returned_argument_is_copied(%x: tensor<4x8xf32> {tsum.strides = array<i64: 1, 4>})
    -> tensor<4x8xf32> {
  return %x : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func.func @what_no_output_needs_is_dropped
//  CHECK-NEXT:   tsum.launch
//  CHECK-NEXT:   return
//   CHECK-NOT:   tsum.reduce_sum
func.func @what_no_output_needs_is_dropped(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %unused = tsum.reduce_sum %x axes = [1] : tensor<4x8xf32> -> tensor<4xf32>
  %r = tsum.square %x : tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// -----

func.func @view(%x: tensor<4x8xf32>) -> tensor<8xf32> {
  %s = tsum.reduce_sum %x axes = [0] : tensor<4x8xf32> -> tensor<8xf32>
  // expected-error @below {{'tsum.slice' op is a view, which no kernel computes (tsum-run and tsum-compile resolve it on the graph first)}}
  %r = tsum.slice %s starts = [7] steps = [-1] : tensor<8xf32> -> tensor<8xf32>
  return %r : tensor<8xf32>
}

// -----

func.func @complex_numbers(%x: tensor<8xf32>) -> tensor<complex<f32>> {
  // expected-error @below {{'tsum.complex' op is of complex numbers, which no kernel computes}}
  %z = tsum.complex %x, %x : tensor<8xcomplex<f32>>
  %r = tsum.reduce_sum %z axes = [0] : tensor<8xcomplex<f32>> -> tensor<complex<f32>>
  return %r : tensor<complex<f32>>
}

// -----

// Reductions of columns stay with what reads them, too.

// CHECK-LABEL: func.func @softmax_of_columns
//  CHECK-NEXT:   tsum.launch
//  CHECK-NEXT:   return
//       CHECK:   func.func {{.*}} attributes {tsum.columns = #tsum.columns<256, whole = [0]>, tsum.cut = "output"}
//   CHECK-NOT:   func.func
func.func @softmax_of_columns(%x: tensor<64x65536xf32>) -> tensor<64x65536xf32> {
  %max = tsum.reduce_max %x axes = [0] : tensor<64x65536xf32> -> tensor<65536xf32>
  %maxima = tsum.broadcast %max dims = [1] : tensor<65536xf32> -> tensor<64x65536xf32>
  %shifted = tsum.subtract %x, %maxima : tensor<64x65536xf32>
  %powers = tsum.exp %shifted : tensor<64x65536xf32>
  %sum = tsum.reduce_sum %powers axes = [0] : tensor<64x65536xf32> -> tensor<65536xf32>
  %sums = tsum.broadcast %sum dims = [1] : tensor<65536xf32> -> tensor<64x65536xf32>
  %r = tsum.divide %powers, %sums : tensor<64x65536xf32>
  return %r : tensor<64x65536xf32>
}

// -----

// Of a dimension in the middle as well: tiles take one of those before it.

// CHECK-LABEL: func.func @middle
//  CHECK-NEXT:   tsum.launch
//  CHECK-NEXT:   return
//       CHECK:   tsum.columns = #tsum.columns<320, whole = [1]>
func.func @middle(%x: tensor<8x100x128xf32>) -> tensor<8x100x128xf32> {
  %sum = tsum.reduce_sum %x axes = [1] : tensor<8x100x128xf32> -> tensor<8x128xf32>
  %sums = tsum.broadcast %sum dims = [0, 2] : tensor<8x128xf32> -> tensor<8x100x128xf32>
  %r = tsum.divide %x, %sums : tensor<8x100x128xf32>
  return %r : tensor<8x100x128xf32>
}

// -----

// What has one element for each row is written where the rows are computed.

// CHECK-LABEL: func.func @rows_and_their_sums
//  CHECK-NEXT:   %[[R:.*]]:2 = tsum.launch @kernels::@[[KERNEL:[a-z_0-9]*]](%{{.*}}) : (tensor<16x64xf32>) -> (tensor<16x64xf32>, tensor<16xf32>)
//  CHECK-NEXT:   return %[[R]]#1, %[[R]]#0
//       CHECK:   func.func @[[KERNEL]]({{.*}} attributes {tsum.cut = "output", tsum.joined = "result that is read", tsum.rows = 1 : i64}
//   CHECK-NOT:   func.func
func.func @rows_and_their_sums(%x: tensor<16x64xf32>) -> (tensor<16xf32>, tensor<16x64xf32>) {
  %sum = tsum.reduce_sum %x axes = [1] : tensor<16x64xf32> -> tensor<16xf32>
  %sums = tsum.broadcast %sum dims = [0] : tensor<16xf32> -> tensor<16x64xf32>
  %r = tsum.divide %x, %sums : tensor<16x64xf32>
  return %sum, %r : tensor<16xf32>, tensor<16x64xf32>
}

// -----

// Also of rows that nothing else reduces; not of columns, nor of rows that caches do not keep.

// CHECK-LABEL: func.func @rows_and_sums_of_others
//       CHECK:   tsum.launch {{.*}} -> (tensor<16x64xf32>, tensor<16xf32>)
//       CHECK:   tsum.launch {{.*}} -> tensor<64xf32>
//       CHECK:   func.func {{.*}} tsum.joined = "same data", tsum.rows = 1 : i64
func.func @rows_and_sums_of_others(%x: tensor<16x64xf32>)
    -> (tensor<16x64xf32>, tensor<16xf32>, tensor<64xf32>) {
  %r = tsum.square %x : tensor<16x64xf32>
  %rows = tsum.reduce_sum %x axes = [1] : tensor<16x64xf32> -> tensor<16xf32>
  %columns = tsum.reduce_sum %x axes = [0] : tensor<16x64xf32> -> tensor<64xf32>
  return %r, %rows, %columns : tensor<16x64xf32>, tensor<16xf32>, tensor<64xf32>
}

// -----

// CHECK-LABEL: func.func @long_rows_and_their_sums
// CHECK-COUNT-2: tsum.launch
func.func @long_rows_and_their_sums(%x: tensor<2x100000xf32>)
    -> (tensor<2xf32>, tensor<2x100000xf32>) {
  %sum = tsum.reduce_sum %x axes = [1] : tensor<2x100000xf32> -> tensor<2xf32>
  %r = tsum.square %x : tensor<2x100000xf32>
  return %sum, %r : tensor<2xf32>, tensor<2x100000xf32>
}

// -----

// A sum of everything beside something that is written of the same data: that kernel computes the
// nodes of pieces, and another one merges them. So for each number of the nodes of f64.

// CHECK-LABEL: func.func @loss_and_gradient
//       CHECK:   %[[G:.*]]:3 = tsum.launch {{.*}}(%arg0)
//       CHECK:   %[[L:.*]] = tsum.launch {{.*}}(%[[G]]#2, %[[G]]#1)
//       CHECK:   return %[[L]], %[[G]]#0
//       CHECK:   tsum.merge_nodes <reduce_sum f64> (%arg1, %arg0) axes = [0]
//       CHECK:   tsum.joined = {{.*}}tsum.rows = 1
//       CHECK:   tsum.reduce_pieces <reduce_sum f64> {{.*}} axes = [0] in <1024 of 10000> node 0
//       CHECK:   tsum.reduce_pieces <reduce_sum f64> {{.*}} axes = [0] in <1024 of 10000> node 1
func.func @loss_and_gradient(%x: tensor<10000xf64>) -> (tensor<f64>, tensor<10000xf64>) {
  %t = tsum.tanh %x : tensor<10000xf64>
  %s = tsum.square %t : tensor<10000xf64>
  %loss = tsum.reduce_sum %s axes = [0] : tensor<10000xf64> -> tensor<f64>
  %g = tsum.add %t, %t : tensor<10000xf64>
  return %loss, %g : tensor<f64>, tensor<10000xf64>
}

// -----

// Pieces are of several short rows.

// CHECK-LABEL: func.func @short_rows
//       CHECK:   tsum.reduce_pieces <reduce_sum f32> {{.*}} axes = [0, 1] in <128 of 1000> node 0
func.func @short_rows(%x: tensor<1000x10xf32>) -> (tensor<f32>, tensor<1000x10xf32>) {
  %loss = tsum.reduce_sum %x axes = [0, 1] : tensor<1000x10xf32> -> tensor<f32>
  %g = tsum.add %x, %x : tensor<1000x10xf32>
  return %loss, %g : tensor<f32>, tensor<1000x10xf32>
}

// -----

// Or along a later dimension, where rows of all others would be longer than caches keep. Their nodes
// merge in the order in which the dimensions nest.

// CHECK-LABEL: func.func @images
//       CHECK:   tsum.merge_nodes <reduce_sum f32> {{.*}} axes = [1, 2, 0] : (tensor<17x2x3xf64>)
//       CHECK:   tsum.rows = 3
//       CHECK:   tsum.reduce_pieces <reduce_sum f32> {{.*}} axes = [2, 3] in <8 of 131> node 0 : tensor<2x3x131x130xf32> -> tensor<17x2x3xf64>
func.func @images(%x: tensor<2x3x131x130xf32>) -> (tensor<f32>, tensor<2x3x131x130xf32>) {
  %loss = tsum.reduce_sum %x axes = [0, 1, 2, 3] : tensor<2x3x131x130xf32> -> tensor<f32>
  %g = tsum.add %x, %x : tensor<2x3x131x130xf32>
  return %loss, %g : tensor<f32>, tensor<2x3x131x130xf32>
}

// -----

// What has no order leaves its results, which are reduced once more: whether all of a gradient is
// finite, beside it.

// CHECK-LABEL: func.func @finite
//       CHECK:   %[[G:.*]]:2 = tsum.launch {{.*}}(%arg0)
//       CHECK:   tsum.launch {{.*}}(%[[G]]#1) : (tensor<5xi1>) -> tensor<i1>
//   CHECK-DAG:   tsum.reduce_all %{{.*}} axes = [0] : tensor<5xi1> -> tensor<i1>
//   CHECK-DAG:   tsum.reduce_pieces <reduce_all i1> {{.*}} axes = [0] in <2048 of 10000> : tensor<10000xi1> -> tensor<5xi1>
func.func @finite(%x: tensor<10000xf32>) -> (tensor<i1>, tensor<10000xf32>) {
  %g = tsum.add %x, %x : tensor<10000xf32>
  %finite = tsum.is_finite %g : tensor<10000xf32>
  %all = tsum.reduce_all %finite axes = [0] : tensor<10000xi1> -> tensor<i1>
  return %all, %g : tensor<i1>, tensor<10000xf32>
}

// -----

// Where rows are at hand, each leaves a node.

// CHECK-LABEL: func.func @rows
//       CHECK:   tsum.reduce_max {{.*}} axes = [1]
//       CHECK:   tsum.reduce_sum {{.*}} axes = [1] node 0 : tensor<64x1000xf32> -> tensor<64xf64>
func.func @rows(%x: tensor<64x1000xf32>) -> tensor<f32> {
  %max = tsum.reduce_max %x axes = [1] : tensor<64x1000xf32> -> tensor<64xf32>
  %m = tsum.broadcast %max dims = [0] : tensor<64xf32> -> tensor<64x1000xf32>
  %d = tsum.subtract %x, %m : tensor<64x1000xf32>
  %loss = tsum.reduce_sum %d axes = [0, 1] : tensor<64x1000xf32> -> tensor<f32>
  return %loss : tensor<f32>
}

// -----

// Of nothing there are no pieces.

// CHECK-LABEL: func.func @nothing
//   CHECK-NOT:   node
//       CHECK:   tsum.reduce_sum {{.*}} axes = [0, 1] : tensor<5x0xf32>
//   CHECK-NOT:   node
func.func @nothing(%x: tensor<5x0xf32>) -> (tensor<f32>, tensor<5x0xf32>) {
  %loss = tsum.reduce_sum %x axes = [0, 1] : tensor<5x0xf32> -> tensor<f32>
  %g = tsum.add %x, %x : tensor<5x0xf32>
  return %loss, %g : tensor<f32>, tensor<5x0xf32>
}

// -----

// What reads the sum is not computed beside it; an exact sum has other nodes; of one piece there is
// nothing to merge; and the nodes of a column lie apart.

// CHECK-LABEL: func.func @whole
//   CHECK-NOT:   node
//       CHECK-DAG:   tsum.reduce_sum {{.*}} axes = [0] : tensor<10000xf32>
//       CHECK-DAG:   tsum.reduce_sum {{.*}} axes = [0] exact : tensor<20000xf32>
//       CHECK-DAG:   tsum.reduce_sum {{.*}} axes = [0] : tensor<2048xf32>
//       CHECK-DAG:   tsum.reduce_sum {{.*}} axes = [1, 0] : tensor<1000x10xf32>
//   CHECK-NOT:   node
func.func @whole(%x: tensor<10000xf32>, %y: tensor<20000xf32>, %z: tensor<2048xf32>,
                 %w: tensor<1000x10xf32>)
    -> (tensor<10000xf32>, tensor<f32>, tensor<20000xf32>, tensor<f32>, tensor<2048xf32>,
        tensor<f32>, tensor<1000x10xf32>) {
  %0 = tsum.reduce_sum %x axes = [0] : tensor<10000xf32> -> tensor<f32>
  %1 = tsum.broadcast %0 dims = [] : tensor<f32> -> tensor<10000xf32>
  %2 = tsum.divide %x, %1 : tensor<10000xf32>
  %3 = tsum.reduce_sum %y axes = [0] exact : tensor<20000xf32> -> tensor<f32>
  %4 = tsum.add %y, %y : tensor<20000xf32>
  %5 = tsum.reduce_sum %z axes = [0] : tensor<2048xf32> -> tensor<f32>
  %6 = tsum.add %z, %z : tensor<2048xf32>
  %7 = tsum.reduce_sum %w axes = [1, 0] : tensor<1000x10xf32> -> tensor<f32>
  %8 = tsum.add %w, %w : tensor<1000x10xf32>
  return %2, %3, %4, %5, %6, %7, %8 : tensor<10000xf32>, tensor<f32>, tensor<20000xf32>, tensor<f32>,
      tensor<2048xf32>, tensor<f32>, tensor<1000x10xf32>
}

// -----

// Pieces that somebody else has made go beside rows where they are pieces of these alone.

// CHECK-LABEL: func.func @pieces_of_other_rows
//       CHECK:   tsum.launch @kernels::@[[P:.*]](%arg0) : {{.*}} -> tensor<16x7xf64>
//       CHECK:   tsum.launch {{.*}} -> tensor<1000x7x5xf32>
//   CHECK-NOT:   tsum.rows
func.func @pieces_of_other_rows(%x: tensor<1000x7x5xf32>) -> (tensor<16x7xf64>, tensor<1000x7x5xf32>) {
  %n = tsum.reduce_pieces <reduce_sum f32> %x axes = [0, 2] in <64 of 1000> node 0
      : tensor<1000x7x5xf32> -> tensor<16x7xf64>
  %g = tsum.add %x, %x : tensor<1000x7x5xf32>
  return %n, %g : tensor<16x7xf64>, tensor<1000x7x5xf32>
}

// -----

// What a kernel knows of each row has no rows itself: the sum of it stays whole.

// CHECK-LABEL: func.func @total_of_what_is_known_of_rows
//   CHECK-NOT:   node
//       CHECK:   tsum.reduce_sum {{.*}} axes = [0] : tensor<2xf32> -> tensor<f32>
//   CHECK-NOT:   node
func.func @total_of_what_is_known_of_rows(%x: tensor<2x1000xf32>) -> (tensor<2xf32>, tensor<f32>) {
  %max = tsum.reduce_max %x axes = [1] : tensor<2x1000xf32> -> tensor<2xf32>
  %m = tsum.broadcast %max dims = [0] : tensor<2xf32> -> tensor<2x1000xf32>
  %d = tsum.subtract %x, %m : tensor<2x1000xf32>
  %sum = tsum.reduce_sum %d axes = [1] : tensor<2x1000xf32> -> tensor<2xf32>
  %root = tsum.sqrt %sum : tensor<2xf32>
  %total = tsum.reduce_sum %root axes = [0] : tensor<2xf32> -> tensor<f32>
  return %root, %total : tensor<2xf32>, tensor<f32>
}
