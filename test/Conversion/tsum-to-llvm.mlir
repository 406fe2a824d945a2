// RUN: tsum-opt %s --tsum-to-llvm --split-input-file --verify-diagnostics | FileCheck %s
// RUN: tsum-opt %s --tsum-to-llvm='target-features=+avx2,+fma' --split-input-file --verify-diagnostics \
// RUN:   | FileCheck %s --check-prefix=FEATURES

// The buffers come by way of one array of pointers.

//    CHECK-LABEL: llvm.func @kernel
//     CHECK-SAME:   (%[[BUFFERS:.*]]: !llvm.ptr, %[[BEGIN:.*]]: i64, %[[END:.*]]: i64)
//      CHECK-NOT:   target_features
//      CHECK-DAG:   %[[SLOT0:.*]] = llvm.getelementptr %[[BUFFERS]][0]
//      CHECK-DAG:   %[[IN:.*]] = llvm.load %[[SLOT0]] : !llvm.ptr -> !llvm.ptr
//      CHECK-DAG:   %[[SLOT1:.*]] = llvm.getelementptr %[[BUFFERS]][1]
//      CHECK-DAG:   %[[OUT:.*]] = llvm.load %[[SLOT1]] : !llvm.ptr -> !llvm.ptr
//          CHECK:   llvm.br ^[[LOOP:[a-z0-9]*]](%[[BEGIN]] : i64)
//          CHECK: ^[[LOOP]](%[[TILE:.*]]: i64):
//          CHECK:   llvm.icmp "slt" %[[TILE]], %[[END]] : i64
//          CHECK:   llvm.fadd {{.*}} : vector<64xf32>
//          CHECK:   llvm.return
// FEATURES-LABEL: llvm.func @kernel
//  FEATURES-SAME:   target_features = #llvm.target_features<["+avx2", "+fma"]>
func.func @kernel(%in: memref<4x64xf32>, %out: memref<4x64xf32>, %begin: index, %end: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  scf.for %tile = %begin to %end step %one {
    %x = vector.load %in[%tile, %zero] : memref<4x64xf32>, vector<64xf32>
    %sum = arith.addf %x, %x : vector<64xf32>
    vector.store %sum, %out[%tile, %zero] : memref<4x64xf32>, vector<64xf32>
  }
  return
}

// -----

// What accesses of a block have in common they compute once, the index of the outer loop first.

// CHECK-LABEL: llvm.func @shared_address
//       CHECK:   %[[IN:.*]] = llvm.load
//       CHECK:   %[[OUT:.*]] = llvm.load
//       CHECK: ^{{.*}}(%[[TILE:.*]]: i64):
//       CHECK: ^{{.*}}(%[[ROW:.*]]: i64):
//       CHECK:   %[[C800:.*]] = llvm.mlir.constant(800 : i64)
//       CHECK:   %[[SLICE:.*]] = llvm.mul %[[TILE]], %[[C800]]
//       CHECK:   %[[AT_SLICE:.*]] = llvm.getelementptr %[[IN]][%[[SLICE]]] : {{.*}}, f32
//       CHECK:   %[[C200:.*]] = llvm.mlir.constant(200 : i64)
//       CHECK:   %[[ROWS:.*]] = llvm.mul %[[ROW]], %[[C200]]
//       CHECK:   %[[AT_ROW:.*]] = llvm.getelementptr %[[AT_SLICE]][%[[ROWS]]] : {{.*}}, f32
//       CHECK:   %[[C8:.*]] = llvm.mlir.constant(8 : i64)
//       CHECK:   %[[FIRST:.*]] = llvm.getelementptr %[[AT_ROW]][%[[C8]]]
//       CHECK:   llvm.load %[[FIRST]] {alignment = 1 : i64} : !llvm.ptr -> vector<16xf32>
//       CHECK:   %[[C124:.*]] = llvm.mlir.constant(124 : i64)
//       CHECK:   %[[SECOND:.*]] = llvm.getelementptr %[[AT_ROW]][%[[C124]]]
//       CHECK:   llvm.load %[[SECOND]] {alignment = 1 : i64} : !llvm.ptr -> vector<16xf32>
//       CHECK:   "llvm.intr.prefetch"(%[[AT_ROW]])
//       CHECK:   llvm.store {{.*}}, %[[OUT]] {alignment = 4 : i64}
//       CHECK:   llvm.return
func.func @shared_address(%in: memref<8x8x100xf32>, %out: memref<16xf32>, %begin: index,
                          %end: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  scf.for %tile = %begin to %end step %one {
    %slice = memref.subview %in[%tile, 0, 8] [1, 8, 92] [1, 1, 1]
        : memref<8x8x100xf32> to memref<1x8x92xf32, strided<[800, 100, 1], offset: ?>>
    affine.for %row = 0 to 4 {
      %x = affine.vector_load %slice[0, %row * 2, 0]
          : memref<1x8x92xf32, strided<[800, 100, 1], offset: ?>>, vector<16xf32>
      %next = affine.apply affine_map<(d0) -> (d0 * 2 + 1)>(%row)
      %column = arith.constant 16 : index
      %y = vector.load %slice[%zero, %next, %column]
          : memref<1x8x92xf32, strided<[800, 100, 1], offset: ?>>, vector<16xf32>
      %ahead = affine.apply affine_map<(d0) -> (d0 * 2)>(%row)
      memref.prefetch %in[%tile, %ahead, %zero], read, locality<1>, data : memref<8x8x100xf32>
      %sum = arith.addf %x, %y : vector<16xf32>
      affine.vector_store %sum, %out[0] : memref<16xf32>, vector<16xf32>
    }
  }
  return
}

// -----

// Buffers that more than accesses use.

// CHECK-LABEL: llvm.func @other_uses
//   CHECK-NOT:   unrealized_conversion_cast
//       CHECK:   %[[OUT:.*]] = llvm.load
//       CHECK:   %[[GLOBAL:.*]] = llvm.mlir.addressof @numbers
//       CHECK:   llvm.ptrtoint
//   CHECK-NOT:   unrealized_conversion_cast
//       CHECK:   llvm.return
memref.global "private" constant @numbers : memref<4xi64> = dense<[1, 2, 3, 4]>
func.func @other_uses(%out: memref<4xi64>, %begin: index, %end: index) {
  %numbers = memref.get_global @numbers : memref<4xi64>
  %number = memref.load %numbers[%begin] : memref<4xi64>
  %address = memref.extract_aligned_pointer_as_index %out : memref<4xi64> -> index
  %bits = arith.index_cast %address : index to i64
  %sum = arith.addi %number, %bits : i64
  memref.store %sum, %out[%begin] : memref<4xi64>
  return
}

// -----

// Where a stride is negative, element 0 is not the lowest: addresses promise nothing.

// CHECK-LABEL: llvm.func @negative_stride
//   CHECK-NOT:   nuw
//       CHECK:   llvm.return
func.func @negative_stride(%in: memref<8xf32, strided<[-1]>>, %out: memref<8xf32>, %begin: index,
                           %end: index) {
  %x = memref.load %in[%begin] : memref<8xf32, strided<[-1]>>
  memref.store %x, %out[%begin] : memref<8xf32>
  return
}

// -----

// Stores past the caches are seen before the kernel's end is.

// CHECK-LABEL: llvm.func @streams
//       CHECK:   llvm.store {{.*}} nontemporal
//       CHECK:   llvm.fence seq_cst
//  CHECK-NEXT:   llvm.return
func.func @streams(%in: memref<64xf32>, %out: memref<64xf32>, %begin: index, %end: index) {
  %x = vector.load %in[%begin] : memref<64xf32>, vector<16xf32>
  vector.store %x, %out[%begin] {alignment = 64 : i64, nontemporal = true}
      : memref<64xf32>, vector<16xf32>
  return
}

// -----

// A kernel owns no memory but its stack.

func.func @allocates(%begin: index, %end: index) {
  // expected-error @below {{failed to legalize operation 'memref.alloc'}}
  %buffer = memref.alloc() : memref<4xf32>
  return
}

// -----

// expected-error @below {{'func.func' op is '(memref<4xf32>) -> ()', and kernels take buffers and two indices and return nothing (tsum-tile makes them so)}}
func.func @no_tiles(%x: memref<4xf32>) {
  return
}

// -----

// expected-error @below {{'func.func' op is '(f32, index, index) -> ()', and kernels take buffers}}
func.func @no_buffer(%x: f32, %begin: index, %end: index) {
  return
}

// -----

// What is LLVM's already stays as it is.

// CHECK-LABEL: llvm.func @lowered(
//  CHECK-SAME:   %{{.*}}: !llvm.ptr, %{{.*}}: i64, %{{.*}}: i64)
//  CHECK-NEXT:   llvm.return
llvm.func @lowered(%buffers: !llvm.ptr, %begin: i64, %end: i64) {
  llvm.return
}
