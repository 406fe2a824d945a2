// SPDX-License-Identifier: Apache-2.0
#include "Runtime/CpuLimit.h"

#include <gtest/gtest.h>

#include <fstream>

using namespace tsum;

namespace {

namespace fs = std::filesystem;

/// A file system with control groups.
class CgroupCpus : public testing::Test {
protected:
  CgroupCpus() {
    std::string name = (fs::temp_directory_path() / "cgroups-XXXXXX").string();
    root = mkdtemp(name.data());
  }
  ~CgroupCpus() override { fs::remove_all(root); }

  void write(const std::string &path, const std::string &text) const {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text << '\n';
  }

  fs::path root;
};

TEST_F(CgroupCpus, AreUnlimitedWithoutGroups) {
  EXPECT_EQ(cgroup_cpus(root), std::nullopt);
  write("proc/self/cgroup", "0::/");
  EXPECT_EQ(cgroup_cpus(root), std::nullopt);
}

TEST_F(CgroupCpus, OfVersion2) {
  write("proc/self/cgroup", "0::/system.slice/app.service");
  write("sys/fs/cgroup/system.slice/app.service/cpu.max", "max 100000");
  EXPECT_EQ(cgroup_cpus(root), std::nullopt);
  write("sys/fs/cgroup/system.slice/app.service/cpu.max", "150000 100000");
  EXPECT_EQ(cgroup_cpus(root), 1.5);
  // The groups around it limit it, too.
  write("sys/fs/cgroup/system.slice/cpu.max", "20000 100000");
  EXPECT_EQ(cgroup_cpus(root), 0.2);
}

TEST_F(CgroupCpus, OfVersion1) {
  write("proc/self/cgroup", "5:memory:/docker/1\n4:cpu,cpuacct:/docker/1\n0::/docker/1");
  write("sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_quota_us", "-1");
  write("sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_period_us", "100000");
  EXPECT_EQ(cgroup_cpus(root), std::nullopt);
  write("sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_quota_us", "300000");
  EXPECT_EQ(cgroup_cpus(root), 3.0);
}

/// Where the path is the host's, and the group is what is mounted.
TEST_F(CgroupCpus, OfAContainer) {
  write("proc/self/cgroup", "4:cpu:/docker/0123");
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000");
  write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000");
  EXPECT_EQ(cgroup_cpus(root), 0.5);
}

TEST_F(CgroupCpus, OfFilesThatSayNothing) {
  write("proc/self/cgroup", "4\n:\n3:cpu\n2:cpuset:/x\n0::/a");
  write("sys/fs/cgroup/a/cpu.max", "fast");
  write("sys/fs/cgroup/cpuset/x/cpu.cfs_quota_us", "100");
  write("sys/fs/cgroup/cpuset/x/cpu.cfs_period_us", "100");
  EXPECT_EQ(cgroup_cpus(root), std::nullopt);
  write("sys/fs/cgroup/a/cpu.max", "100000 0");
  EXPECT_EQ(cgroup_cpus(root), std::nullopt);
}

TEST(CpuLimit, IsAtLeastOne) { EXPECT_GE(cpu_limit(), 1); }

} // namespace
