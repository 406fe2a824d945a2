// SPDX-License-Identifier: Apache-2.0
// RUN: tsum-opt %s --tsum-compile --verify-diagnostics

shard.grid @ranks(shape = 4)

func.func @f(%x: tensor<8x2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{is of several processes, and kernels are of one}}
  %r = tsum.all_reduce <reduce_sum f32> %x axes = [0] divided = 0 across @ranks axes = [0] : tensor<8x2xf32> -> tensor<2xf32>
  return %r : tensor<2xf32>
}
