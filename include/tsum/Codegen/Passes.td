// SPDX-License-Identifier: Apache-2.0

#ifndef TSUM_CODEGEN_PASSES
#define TSUM_CODEGEN_PASSES

include "mlir/Pass/PassBase.td"

def TsumFusePass : Pass<"tsum-fuse", "::mlir::func::FuncOp"> {
  let summary = "Fuse elementwise linalg ops into the ops that read them";
  let description = [{
    Moves the body of each elementwise `linalg.generic` into its consumers: always where it has one
    consumer, and into a reduction also where it has several, since computing a value twice costs
    less than writing it to memory and reading it back. What remains of a kernel is its reductions
    and one elementwise epilogue, which has all the results where there are several.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def TsumJoinReductionsPass : Pass<"tsum-join-reductions", "::mlir::func::FuncOp"> {
  let summary = "Join reductions of the same data into one linalg op with several results";
  let description = [{
    Reductions of a kernel that have the same loops, read a common operand and do not depend on each
    other become one `linalg.generic` with a result for each, so that one pass over the data does
    for all. Data counts as common, too, where it lies in memory alike and with gaps: the real and
    the imaginary parts of complex numbers.

    No bit changes: the order of additions asks nothing of what else shares a loop. Elements are
    joined with elements whose blocks take as many bytes, so that one vector of each fits the same
    registers, and nodes with nodes. An exact sum stays alone, since its limbs fill L1. An op has at
    most four results, so that accumulators stay in registers or, of columns, in L1.

    ```mlir
    %sum = linalg.generic {...} ins(%x : tensor<4x8xf32>) outs(%zeros : tensor<4xf32>)
        { tsum.accumulate <reduce_sum f32> }
    %max = linalg.generic {...} ins(%x : tensor<4x8xf32>) outs(%least : tensor<4xf32>)
        { tsum.accumulate <reduce_max f32> }
    // becomes
    %both:2 = linalg.generic {...} ins(%x : tensor<4x8xf32>)
        outs(%zeros, %least : tensor<4xf32>, tensor<4xf32>)
        { tsum.accumulate <reduce_sum f32>; tsum.accumulate <reduce_max f32> }
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

def TsumCutReductionsPass : Pass<"tsum-cut-reductions", "::mlir::ModuleOp"> {
  let summary = "Cut long reductions with few results into pieces";
  let description = [{
    A kernel that reduces much to few results becomes two: one computes the nodes of pieces of a
    reduced dimension, on as many threads as there are; the other merges these, and has what the
    kernel did with the results. A piece is a node of the tree of docs/numerics.md, so that no bit
    depends on where the cuts are, and they depend on the extents alone. Of what has no order, such
    as integers and extrema, pieces are reduced as the whole is.

    The reductions of the kernel must be a chain, each of one dimension, of which the first reads
    the elements and each other one the nodes of the one before. The outermost dimension is cut
    first. One of few elements stays whole, with a node for each of its elements, and the next one
    is cut. A kernel also becomes two where the nodes between two links of the chain would take too
    much of the stack.

    Of several chains in one kernel, as in the sum of two sums of different data, each gets a kernel
    of its own in the same cases, before it is cut.

    Left whole are exact sums, kernels on rows or columns (`tsum.rows`, `tsum.columns`), and kernels
    that read too little or have enough results for all threads.

    ```mlir
    func.func @k(%x: tensor<1000000xf32>) -> tensor<f32> {
      %s = linalg.generic {...} ins(%x) outs(%zero) { tsum.accumulate <reduce_sum f32> }
      return %s : tensor<f32>
    }
    // becomes
    func.func @k_pieces(%x: tensor<1000000xf32>) -> tensor<62xf64> {
      %s = linalg.generic {...} ins(%x) outs(%zero) { tsum.accumulate <reduce_sum f32 to nodes> }
      %p = tsum.pieces <16384 of 1000000> (%s) : (tensor<f64>) -> (tensor<62xf64>)
      return %p : tensor<62xf64>
    }
    func.func @k(%p: tensor<62xf64>) -> tensor<f32> {
      %s = linalg.generic {...} ins(%p) outs(%zero) { tsum.accumulate <reduce_sum f32 from nodes> }
      return %s : tensor<f32>
    }
    ```
  }];
  let options = [Option<"strategy", "strategy", "std::string", /*default=*/"",
                        "The strategy that all reductions that can will run by">];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
                           "::tsum::ir::TsumDialect"];
}

def TsumBoundMemoryPass : Pass<"tsum-bound-memory", "::mlir::func::FuncOp"> {
  let summary = "Launch kernels again, so that less is in memory between launches";
  let description = [{
    Of a function that says how many bytes its launches may have in memory (`tsum.memory`), beside
    arguments and results: moves launches that leave little to where they can first run and, if that
    is not enough, repeats launches before those that read what they leave, so that this need not be
    there meanwhile. `tsum.recomputed` marks the repetitions. They run the same kernels on the same
    data, and no bit changes.

    [Rematerialization.h](../../lib/Codegen/Rematerialization.h) says which launches those are, and
    what happens where the bound cannot be kept.

    ```mlir
    func.func @f(%x: tensor<1024xf32>) -> tensor<1024xf32> attributes {tsum.memory = 8192} {
      %a = tsum.launch @kernels::@a(%x) : ...
      %b = tsum.launch @kernels::@b(%a) : ...
      %c = tsum.launch @kernels::@c(%b) : ...
      %d = tsum.launch @kernels::@d(%a, %c) : ...
      return %d : tensor<1024xf32>
    }
    // becomes, as %a, %b and %c would be in memory at once
    func.func @f(%x: tensor<1024xf32>) -> tensor<1024xf32> attributes {tsum.memory = 8192} {
      %a = tsum.launch @kernels::@a(%x) : ...
      %b = tsum.launch @kernels::@b(%a) : ...
      %c = tsum.launch @kernels::@c(%b) : ...
      %e = tsum.launch @kernels::@a(%x) {tsum.recomputed = "memory"} : ...
      %d = tsum.launch @kernels::@d(%e, %c) : ...
      return %d : tensor<1024xf32>
    }
    ```
  }];
}

def TsumTilePass : Pass<"tsum-tile", "::mlir::func::FuncOp"> {
  let summary = "Give kernels their buffers and a loop over tiles of their output";
  let description = [{
    Rewrites a kernel on tensors, `(inputs) -> output`, into one on buffers, `(inputs, output,
    begin, end)`, that computes the tiles `begin` to `end` of the output in one loop; all other ops
    of the kernel are fused into that loop. Tiles are numbered row-major, their number is the
    attribute `tsum.tiles`, and any division of them among calls gives the same values.

    All tiles have the same static size: where it does not divide the extent, the last tile begins
    earlier and computes some elements again, to the same values. Only a piece of a reduction
    (`tsum.pieces`), which would change with its size, may be shorter: `tsum.piece` on the reduction
    says of what it is one.

    `tsum.strategy` on each reduction says how its loops run, and its tile is chosen for them. No
    bit depends on it. Of those that can it is the one of the least cost:

    - `exact`: an exact sum, in limbs;
    - `nested`: one of nodes, of lines of at most one block that it folds itself, in the loops in
      which it merges them;
    - `nodes`: one of nodes, which are merged;
    - `narrow`: the innermost dimension is reduced and has at most 8 elements; lanes run along the
      results (cheap up to 6 elements);
    - `short`: it is reduced and has at most one block of elements, and there are 4 lines or more,
      the lanes of up to 16 of which fold together;
    - `inner`: it is reduced; or it is kept, and its columns are so few that 16 lanes of them fit
      registers. Lanes run along the line, with all columns beside them;
    - `outer`: it is kept; lanes run along the columns.

    Of a kernel on rows, `tsum.prefetch` names the operands of a generic for which it is the last of
    several readers, if a row has at least 2 KB: while it computes with a row from the caches, it
    asks memory for that of the next tile. So it does in a kernel on columns, if these have more
    lines than a processor looks ahead in by itself; where their distance is a multiple of 64 KB, so
    that they share places in the caches, only while it computes functions.

    The option `strategy` names another one, for experiments, and a remark says where a reduction
    cannot run so, and why.
  }];
  let options = [Option<"strategy", "strategy", "std::string", /*default=*/"",
                        "The strategy that all reductions that can will run by">];
  let dependentDialects = ["::mlir::affine::AffineDialect",
                           "::mlir::bufferization::BufferizationDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect"];
}

def TsumOverlapStoresPass : Pass<"tsum-overlap-stores", "::mlir::func::FuncOp"> {
  let summary = "Write a large result's row while the next one is computed";
  let description = [{
    A kernel on rows whose result is 8 MB or more writes it past the caches, which takes as long as
    memory does, and waits. If the row that is written was computed by an elementwise op with
    elementary functions, as that of softmax is, both become one op: it computes a row, and
    element by element writes what the last op makes of the row before.

    The loop over tiles has one iteration more. The first writes its tile before it is computed,
    and the next one writes it again; the last one computes its tile twice. What the last op reads
    beside the row, such as a row's sum, is copied at the end of an iteration.

    ```mlir
    scf.for %tile = %begin to %end step %c1 {
      %x = memref.subview %argument[%tile, 0] [1, 4096] [1, 1]
      linalg.generic ins(%x) outs(%row) {... tsum.elementary "exp" ...}
      linalg.generic ins(%row) outs(%sum) {... arith.addf ...}
      %y = memref.subview %result[%tile, 0] [1, 4096] [1, 1]
      linalg.generic ins(%row, %sum) outs(%y) {... arith.mulf ...}
    }
    // becomes
    scf.for %number = %begin to %one_more step %c1 {
      %tile = arith.minsi %number, %last
      %before = arith.maxsi %number_minus_1, %begin
      %x = memref.subview %argument[%tile, 0] [1, 4096] [1, 1]
      %y = memref.subview %result[%before, 0] [1, 4096] [1, 1]
      linalg.generic ins(%x, %row, %kept) outs(%row, %y) {... both ...}
      linalg.generic ins(%row) outs(%sum) {... arith.addf ...}
      linalg.generic ins(%sum) outs(%kept) {...}
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::memref::MemRefDialect"];
}

def TsumVectorizePass : Pass<"tsum-vectorize", "::mlir::func::FuncOp"> {
  let summary = "Turn linalg ops on buffers into affine loops over vectors";
  let description = [{
    Lowers each `linalg.generic` of a tile to loops whose body works on vectors: `affine.for`, and
    `scf.for` where a piece of a reduction is as long as only the run tells. Vectors have a power of
    two of elements, or of rows of a few columns. Where these do not divide an extent of results,
    the last vector begins earlier and computes some elements again; the rest of a reduced line is
    loaded so that it overlaps what is before it, and neutral elements replace what was added
    already. So there are no masks, and nothing outside the operands is read. Elementwise results of
    8 MB or more are stored past the caches, if they turn out to be aligned to cache lines.

    A reduction runs by its `tsum.strategy`, or without one by the first that can, and fails if that
    one cannot. Whichever it is, `tsum.accumulate` says what to do: elements are combined in blocks
    of 256 in 16 lanes, lanes fold by halves, and blocks become nodes that merge as a balanced
    binary tree (docs/numerics.md).
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
                           "::tsum::ir::TsumDialect"];
}

def TsumExpandMathPass : Pass<"tsum-expand-math", "::mlir::func::FuncOp"> {
  let summary = "Expand elementary functions on scalars and vectors";
  let description = [{
    Replaces `tsum.elementary`, the same functions of the math dialect (`math.exp`, `expm1`, `log`,
    `log1p`, `sin`, `cos`, `tan`, `sinh`, `cosh`, `tanh`, `erf`, `powf`, `atan`, `atan2`) and
    `arith.remf` of f32 and f64 by arithmetic, from the templates of include/tsum/Math, which the
    reference evaluator runs on scalars: so both give the same bits. What few arguments need stands
    in an `scf.if` on whether any lane needs it, and if it is long, as the reduction of huge angles
    is, in a loop over the lanes there.

    For a target with AVX-512, vectors of whole registers are multiplied by powers of two by its
    instruction for that, `vscalefps`, to the same values.

    Fails on other element types, which the caller extends first, and on math ops that LLVM would
    make calls of.

    ```mlir
    %y = math.exp %x : vector<16xf32>
    ```

    becomes

    ```mlir
    %clamped = arith.select %above, %cst, %x : vector<16xi1>, vector<16xf32>
    ...
    %p = math.fma %q, %r, %one : vector<16xf32>
    ...
    %y = arith.mulf %scaled, %factor : vector<16xf32>
    ```
  }];
  let options = [
    Option<"targetFeatures", "target-features", "std::string", /*default=*/"",
           "Instruction set extensions to expand for, such as +avx512f">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

#endif // TSUM_CODEGEN_PASSES
