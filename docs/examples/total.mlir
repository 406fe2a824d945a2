// The sum of a million numbers.
func.func @total(%x: tensor<1000000xf32>) -> tensor<f32> {
  %sum = tsum.reduce_sum %x axes = [0] : tensor<1000000xf32> -> tensor<f32>
  return %sum : tensor<f32>
}
