// SPDX-License-Identifier: Apache-2.0

#include "CpuLimit.h"

#include "tsum/Support/ForkSafe.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <ranges>
#include <string>
#include <string_view>

#include <sched.h>
#include <unistd.h>

namespace tsum {

namespace {

namespace fs = std::filesystem;

/// The quota that a group has itself, in CPUs.
using Quota = std::optional<double> (*)(const fs::path &group);

std::optional<double> ratio(double quota, double period) {
  // "max" and -1 mean none.
  return quota > 0 && period > 0 ? std::optional(quota / period) : std::nullopt;
}

std::optional<double> quota_of_version_2(const fs::path &group) {
  double quota = 0;
  double period = 0;
  std::ifstream(group / "cpu.max") >> quota >> period;
  return ratio(quota, period);
}

std::optional<double> quota_of_version_1(const fs::path &group) {
  double quota = 0;
  double period = 0;
  std::ifstream(group / "cpu.cfs_quota_us") >> quota;
  std::ifstream(group / "cpu.cfs_period_us") >> period;
  return ratio(quota, period);
}

/// Takes the quotas of `group`, a path below `mount`, and of the groups around it into `smallest`.
/// In a container the path may be the host's, and only some of it there.
void take_quotas(const fs::path &mount, const fs::path &group, Quota quota_of,
                 std::optional<double> &smallest) {
  for (fs::path at = group.relative_path();; at = at.parent_path()) {
    if (std::optional<double> quota = quota_of(mount / at))
      smallest = std::min(*quota, smallest.value_or(*quota));
    if (at.empty())
      return;
  }
}

bool names_cpu(std::string_view controllers) {
  return std::ranges::any_of(std::views::split(controllers, ','), [](auto &&name) {
    return std::ranges::equal(name, std::string_view("cpu"));
  });
}

/// What the machine has and the control groups allow.
std::int64_t count_cpus() {
  const std::int64_t cpus = std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN));
  const std::optional<double> quota = cgroup_cpus("/");
  if (!quota)
    return cpus;
  return std::clamp(static_cast<std::int64_t>(std::ceil(std::min(*quota, 1e6))), std::int64_t{1},
                    cpus);
}

ProcessWide<std::int64_t> cpus_of_process;

} // namespace

std::optional<double> cgroup_cpus(const fs::path &root) {
  const fs::path mounts = root / "sys/fs/cgroup";
  std::optional<double> smallest;
  // Lines such as "4:cpu,cpuacct:/user.slice" of version 1 and "0::/user.slice" of version 2.
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first == std::string::npos ? first : first + 1);
    if (second == std::string::npos)
      continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const fs::path group = line.substr(second + 1);
    if (controllers.empty()) {
      take_quotas(mounts, group, quota_of_version_2, smallest);
      take_quotas(mounts / "unified", group, quota_of_version_2, smallest);
    } else if (names_cpu(controllers)) {
      take_quotas(mounts / controllers, group, quota_of_version_1, smallest);
      take_quotas(mounts / "cpu", group, quota_of_version_1, smallest);
    }
  }
  return smallest;
}

std::int64_t cpu_limit() {
  const std::int64_t most = cpus_of_process.get([] { return new std::int64_t(count_cpus()); });
  cpu_set_t mask;
  if (sched_getaffinity(0, sizeof(mask), &mask) != 0)
    return most;
  return std::clamp<std::int64_t>(CPU_COUNT(&mask), 1, most);
}

} // namespace tsum
