// The Euclidean norm of each row.
func.func @norm(%x: tensor<16x200xf32>) -> tensor<16xf32> {
  %squares = tsum.square %x : tensor<16x200xf32>
  %sums = tsum.reduce_sum %squares axes = [1] : tensor<16x200xf32> -> tensor<16xf32>
  %norms = tsum.sqrt %sums : tensor<16xf32>
  return %norms : tensor<16xf32>
}
