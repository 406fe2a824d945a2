// The mean of columns, of which each of four processes has 250 rows.
shard.grid @ranks(shape = 4)

func.func @mean(%x: tensor<1000x3xf32>) -> tensor<3xf32> {
  %rows = shard.sharding @ranks split_axes = [[0]] : !shard.sharding
  %y = shard.shard %x to %rows annotate_for_users : tensor<1000x3xf32>
  %sum = tsum.reduce_sum %y axes = [0] : tensor<1000x3xf32> -> tensor<3xf32>
  %count = tsum.constant dense<1.0e+03> : tensor<3xf32>
  %mean = tsum.divide %sum, %count : tensor<3xf32>
  return %mean : tensor<3xf32>
}
