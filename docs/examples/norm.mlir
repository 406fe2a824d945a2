// The Euclidean norm of each row.
func.func @norm(%x: tensor<4x200xf32>) -> tensor<4xf32> {
  %squares = tsum.square %x : tensor<4x200xf32>
  %sums = tsum.reduce_sum %squares axes = [1] : tensor<4x200xf32> -> tensor<4xf32>
  %norms = tsum.sqrt %sums : tensor<4xf32>
  return %norms : tensor<4xf32>
}
