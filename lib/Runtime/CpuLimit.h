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

/// How many CPUs this process may keep busy: those of its affinity mask, or as many as its control
/// groups allow, rounded up. At least 1.
[[nodiscard]] std::int64_t cpu_limit();

} // namespace tsum
