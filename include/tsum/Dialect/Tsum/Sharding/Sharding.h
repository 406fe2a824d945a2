// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace mlir {
class DialectRegistry;
}

namespace tsum::ir {

/// Registers how expression graphs are divided among the processes of a `shard.grid`: operations of
/// graphs implement MLIR's ShardingInterface, so that its passes `sharding-propagation` and
/// `shard-partition` work on them. A reduction over a dimension that is divided becomes a
/// `tsum.all_reduce`.
void registerShardingInterfaces(mlir::DialectRegistry &registry);

} // namespace tsum::ir
