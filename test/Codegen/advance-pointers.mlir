// RUN: tsum-compile %s --emit=llvm --target-features=+avx2,+fma -o - | FileCheck %s

// Loads and stores need no index: pointers advance with the loops, also where the last vector
// begins earlier than its number says.

// CHECK-LABEL: define {{.*}}@square
//       CHECK:   %[[ROWS:.*]] = phi ptr [ %{{.*}}, %{{.*}} ], [ %[[NEXT_ROWS:.*]], %{{.*}} ]
//       CHECK:   br i1
//       CHECK:   %[[COLUMNS:.*]] = phi ptr [ %[[ROWS]], %{{.*}} ], [ %[[NEXT:.*]], %{{.*}} ]
//       CHECK:   load <[[#WIDTH:]] x float>, ptr %[[COLUMNS]]
//       CHECK:   %[[START:.*]] = call i64 @llvm.smin.i64(i64 %{{.*}}, i64 [[#REST:]])
//       CHECK:   %[[NEXT]] = getelementptr float, ptr %[[ROWS]], i64 %[[START]]
//       CHECK:   %[[NEXT_ROWS]] = getelementptr i8, ptr %[[ROWS]], i64 [[#mul(REST + WIDTH, 4)]]
func.func @squares(%x: tensor<64000xf32>) -> tensor<64000xf32> {
  %squares = tsum.square %x : tensor<64000xf32>
  return %squares : tensor<64000xf32>
}
