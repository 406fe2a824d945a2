// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace tsum {

/// The CPU time that the control groups of the process allow, in CPUs: the smallest quota of its
/// group and those around it, of version 1 or 2; nothing if there is none. `root` is where `proc`
/// and `sys` are: "/".
[[nodiscard]] std::optional<double> cgroup_cpus(const std::filesystem::path &root);

/// How many CPUs the calling thread and its workers may keep busy: those of its affinity mask, or
/// as many as the control groups of the process allow, rounded up. At least 1. The mask is looked
/// at each time, since a host may bind a thread alone; the groups once.
[[nodiscard]] std::int64_t cpu_limit();

} // namespace tsum
