// RUN: tsum-compile %s --emit=llvm --target-features=+avx2,+fma -o - | FileCheck %s

// Loads and stores need no index: pointers advance with the loops, also where the last vector
// begins earlier than its number says.

// CHECK-LABEL: define {{.*}}@reduce_sum
//       CHECK:   %[[LANE:.*]] = phi ptr [ %{{.*}}, %{{.*}} ], [ %[[NEXT_LANE:.*]], %{{.*}} ]
//       CHECK:   br i1
//       CHECK:   %[[COLUMNS:.*]] = phi ptr [ %[[LANE]], %{{.*}} ], [ %[[NEXT:.*]], %{{.*}} ]
//       CHECK:   load <[[#WIDTH:]] x float>, ptr %[[COLUMNS]]
//       CHECK:   getelementptr i8, ptr %[[COLUMNS]], i64 64000
//       CHECK:   %[[START:.*]] = call i64 @llvm.smin.i64(i64 %{{.*}}, i64 [[#1000-WIDTH]])
//       CHECK:   %[[NEXT]] = getelementptr float, ptr %[[LANE]], i64 %[[START]]
//       CHECK:   %[[NEXT_LANE]] = getelementptr i8, ptr %[[LANE]], i64 4000
func.func @sum(%x: tensor<64x1000xf32>) -> tensor<1000xf32> {
  %sum = tsum.reduce_sum %x axes = [0] : tensor<64x1000xf32> -> tensor<1000xf32>
  return %sum : tensor<1000xf32>
}
