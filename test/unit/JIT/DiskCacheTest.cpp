// SPDX-License-Identifier: Apache-2.0
#include "tsum/JIT/DiskCache.h"
#include "Process.h"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <random>
#include <sched.h>
#include <set>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <vector>

using namespace tsum;
using namespace tsum::test;
namespace fs = std::filesystem;

namespace {

constexpr const char *version = "tsum test\nllvm test\nfeatures +none";

CanonicalGraph graph(std::int64_t extent) {
  CanonicalGraph graph;
  graph.extents = {extent, 7};
  CanonicalGraph::Value data;
  data.dims = {0, 1};
  data.strides = {7, 1};
  CanonicalGraph::Value sum;
  sum.op = OpKind::ReduceSum;
  sum.dims = {0};
  sum.operands = {0};
  graph.values = {data, sum};
  graph.outputs = {1};
  return graph;
}

/// An image that tells its graph, with an object of a size that is no multiple of a word.
Image image_of(const CanonicalGraph &graph) {
  Image image;
  image.program.arguments = 1;
  image.program.launches.push_back({nullptr, graph.extents[0], {0}, {graph.extents[0] * 4, 8}, 99});
  image.program.outputs = {1};
  image.kernels = {"graph_0"};
  image.object = std::string(static_cast<std::size_t>(1001 + graph.extents[0] % 64), 'o');
  return image;
}

bool is_image_of(const Image &image, const CanonicalGraph &graph) {
  const Image expected = image_of(graph);
  FieldWriter a, b;
  a.write(image);
  b.write(expected);
  return a.words == b.words;
}

std::vector<fs::path> files_in(const std::string &directory, const std::string &prefix = "") {
  std::vector<fs::path> files;
  for (const auto &entry : fs::directory_iterator(directory))
    if (entry.path().filename().string().starts_with(prefix))
      files.push_back(entry.path());
  return files;
}

std::string contents(const fs::path &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const fs::path &path, const std::string &text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
}

struct DiskCacheTest : testing::Test {
  TemporaryDirectory directory;
  DiskCache cache{directory.name(), version};

  /// The one file of the one entry.
  fs::path insert_one() {
    cache.insert(graph(5), image_of(graph(5)));
    auto files = files_in(directory.name(), "llvmcache-");
    EXPECT_EQ(files.size(), 1U);
    return files.front();
  }
  void expect_broken() {
    const std::int64_t before = cache.counters.broken;
    EXPECT_FALSE(cache.find(graph(5)));
    EXPECT_EQ(cache.counters.broken, before + 1);
  }
};

TEST_F(DiskCacheTest, FindsWhatWasInserted) {
  EXPECT_FALSE(cache.find(graph(5)));
  cache.insert(graph(5), image_of(graph(5)));
  auto found = cache.find(graph(5));
  ASSERT_TRUE(found);
  EXPECT_TRUE(is_image_of(*found, graph(5)));
  EXPECT_FALSE(cache.find(graph(6)));
  EXPECT_EQ(cache.counters.hits, 1);
  EXPECT_EQ(cache.counters.misses, 2);
  EXPECT_EQ(cache.counters.writes, 1);
  EXPECT_EQ(cache.counters.broken, 0);
  struct stat status;
  ASSERT_EQ(::stat(files_in(directory.name())[0].c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(DiskCacheTest, AnotherProcessFindsItAndAnotherBuildDoesNot) {
  insert_one();
  EXPECT_EQ(in_process([&] { return DiskCache(directory.name(), version).find(graph(5)) ? 0 : 1; }),
            0);
  DiskCache other(directory.name(), "tsum of tomorrow");
  EXPECT_FALSE(other.find(graph(5)));
  EXPECT_EQ(other.counters.broken, 0);
}

TEST_F(DiskCacheTest, AFileUnderAnotherBuildsNameIsRefused) {
  const fs::path mine = insert_one();
  DiskCache other(directory.name(), "tsum of tomorrow, of another length");
  other.insert(graph(5), image_of(graph(5)));
  for (const fs::path &file : files_in(directory.name(), "llvmcache-"))
    if (file != mine)
      fs::rename(file, mine);
  expect_broken();
}

TEST_F(DiskCacheTest, TheFileOfAnotherKeyIsRefused) {
  const fs::path mine = insert_one();
  cache.insert(graph(6), image_of(graph(6)));
  for (const fs::path &file : files_in(directory.name(), "llvmcache-"))
    if (file != mine)
      fs::rename(file, mine);
  expect_broken();
  cache.insert(graph(5), image_of(graph(5)));
  EXPECT_TRUE(cache.find(graph(5))) << "it is written again";
}

TEST_F(DiskCacheTest, EveryTruncationIsRefused) {
  const fs::path file = insert_one();
  const std::string whole = contents(file);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    write(file, whole.substr(0, size));
    ASSERT_FALSE(cache.find(graph(5))) << size;
  }
  write(file, whole + std::string(8, '\0'));
  expect_broken();
  write(file, whole);
  EXPECT_TRUE(cache.find(graph(5)));
}

TEST_F(DiskCacheTest, EveryFlippedBitIsRefused) {
  const fs::path file = insert_one();
  std::string text = contents(file);
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
    write(file, text);
    ASSERT_FALSE(cache.find(graph(5))) << bit;
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
  }
}

TEST_F(DiskCacheTest, AnInconsistentImageIsRefused) {
  Image image = image_of(graph(5));
  image.program.launches[0].inputs = {1}; // its own result
  cache.insert(graph(5), image);
  expect_broken();
  image = image_of(graph(5));
  image.program.outputs = {0};
  cache.insert(graph(5), image);
  expect_broken();
  image = image_of(graph(5));
  image.program.outputs = {3}; // there are two results, after one argument
  cache.insert(graph(5), image);
  expect_broken();
  image = image_of(graph(5));
  image.program.launches[0].results.clear();
  cache.insert(graph(5), image);
  expect_broken();
}

TEST_F(DiskCacheTest, FilesThatAreNoPlainPrivateFilesAreRefused) {
  const fs::path file = insert_one();
  fs::permissions(file, fs::perms::others_write, fs::perm_options::add);
  expect_broken();
  fs::rename(file, directory.name() + "/elsewhere");
  fs::permissions(directory.name() + "/elsewhere", fs::perms::owner_all);
  fs::create_symlink(directory.name() + "/elsewhere", file);
  expect_broken();
  fs::remove(file);
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  expect_broken();
  fs::remove(file);
  fs::create_directory(file);
  expect_broken();
  // And a directory in the way of writing is only counted.
  cache.insert(graph(5), image_of(graph(5)));
  EXPECT_EQ(cache.counters.failedWrites, 1);
}

TEST_F(DiskCacheTest, FilesOfOthersAreRefused) {
  if (::geteuid() != 0)
    GTEST_SKIP() << "only root can give files away";
  const fs::path file = insert_one();
  ASSERT_EQ(::chown(file.c_str(), 12345, 12345), 0);
  expect_broken();
  ASSERT_EQ(::chown(directory.name().c_str(), 12345, 12345), 0);
  testing::internal::CaptureStderr();
  EXPECT_FALSE(cache.find(graph(5)));
  EXPECT_FALSE(cache.find(graph(5)));
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(text, "tsum: warning: the disk cache is off: '" + directory.name() +
                      "' belongs to another user or can be written by others (try chmod 700)\n");
  EXPECT_FALSE(cache.isEnabled());
}

TEST_F(DiskCacheTest, ADirectoryThatOthersCanWriteToTurnsItOff) {
  insert_one();
  for (mode_t mode : {0770, 0707}) {
    ASSERT_EQ(::chmod(directory.name().c_str(), mode), 0);
    DiskCache other(directory.name(), version);
    testing::internal::CaptureStderr();
    EXPECT_FALSE(other.find(graph(5)));
    other.insert(graph(6), image_of(graph(6)));
    EXPECT_NE(testing::internal::GetCapturedStderr().find("the disk cache is off"),
              std::string::npos);
    EXPECT_EQ(other.counters.writes, 0);
  }
}

TEST(DiskCacheDirectory, IsMadeForItsUserAlone) {
  TemporaryDirectory directory;
  const std::string path = directory.name() + "/a/b/c";
  DiskCache cache(path, version);
  EXPECT_FALSE(fs::exists(path)) << "not before it is needed";
  cache.insert(graph(5), image_of(graph(5)));
  EXPECT_TRUE(cache.find(graph(5)));
  struct stat status;
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  // It may go at any time, too.
  fs::remove_all(directory.name() + "/a");
  EXPECT_FALSE(cache.find(graph(5)));
  cache.insert(graph(5), image_of(graph(5)));
  EXPECT_TRUE(cache.find(graph(5)));
}

TEST(DiskCacheDirectory, EmptyMeansNone) {
  DiskCache cache("", version);
  EXPECT_FALSE(cache.isEnabled());
  cache.insert(graph(5), image_of(graph(5)));
  EXPECT_FALSE(cache.find(graph(5)));
  EXPECT_EQ(cache.counters.misses + cache.counters.failedWrites, 0);
}

TEST(DiskCacheDirectory, RelativeAndFilePathsTurnItOff) {
  TemporaryDirectory directory;
  write(directory.name() + "/file", "");
  for (const std::string &path : {std::string("cache"), directory.name() + "/file"}) {
    testing::internal::CaptureStderr();
    DiskCache cache(path, version);
    cache.insert(graph(5), image_of(graph(5)));
    EXPECT_FALSE(cache.find(graph(5)));
    EXPECT_NE(testing::internal::GetCapturedStderr().find("the disk cache is off"),
              std::string::npos);
  }
}

TEST(DiskCacheDirectory, OneThatCannotBeWrittenIsStillRead) {
  TemporaryDirectory directory;
  EXPECT_EQ(in_process([&] {
              // Root may write anywhere.
              constexpr uid_t nobody = 65534;
              if (::geteuid() == 0 &&
                  (::chown(directory.name().c_str(), nobody, nobody) != 0 || ::setuid(nobody) != 0))
                return 1;
              DiskCache cache(directory.name(), version);
              cache.insert(graph(5), image_of(graph(5)));
              if (::chmod(directory.name().c_str(), 0500) != 0)
                return 2;
              cache.insert(graph(6), image_of(graph(6)));
              return cache.find(graph(5)) && cache.counters.failedWrites == 1 ? 0 : 3;
            }),
            0);
}

/// Writes until nothing more goes, then reads everything: 0 if all is well.
int fill(const std::string &path) {
  DiskCache cache(path, version);
  constexpr std::int64_t count = 200;
  for (std::int64_t n = 1; n <= count; ++n)
    cache.insert(graph(n), image_of(graph(n)));
  if (cache.counters.failedWrites == 0)
    return 2;
  for (std::int64_t n = 1; n <= count; ++n)
    if (auto found = cache.find(graph(n)); found && !is_image_of(*found, graph(n)))
      return 3;
  return cache.counters.broken == 0 && files_in(path, "tmp-").empty() ? 0 : 4;
}

TEST(DiskCacheDirectory, AFullFileSystemLosesEntriesAndNothingElse) {
  TemporaryDirectory directory;
  constexpr int no_mounts = 77;
  const int code = in_process([&] {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", directory.name().c_str(), "tmpfs", 0, "size=64k,mode=700") != 0)
      return no_mounts;
    return fill(directory.name());
  });
  if (code == no_mounts)
    GTEST_SKIP() << "this user can mount no file system";
  EXPECT_EQ(code, 0);
}

TEST(DiskCacheDirectory, AWriteThatEndsEarlyLosesTheEntryAndNothingElse) {
  TemporaryDirectory directory;
  EXPECT_EQ(in_process([&] {
              ::signal(SIGXFSZ, SIG_IGN);
              const rlimit limit{1400, 1400}; // bytes of a file: some images fit, others do not
              if (::setrlimit(RLIMIT_FSIZE, &limit) != 0)
                return 1;
              return fill(directory.name());
            }),
            0);
}

TEST(DiskCachePruning, KeepsWithinTheLimits) {
  TemporaryDirectory directory;
  DiskCache cache(directory.name(), version, {std::int64_t{1} << 20, 10, 3600});
  for (std::int64_t n = 1; n <= 30; ++n)
    cache.insert(graph(n), image_of(graph(n)));
  cache.prune();
  EXPECT_EQ(files_in(directory.name(), "llvmcache-").size(), 10U);
  DiskCache small(directory.name(), version, {5000, 1000, 3600});
  small.prune();
  EXPECT_LE(files_in(directory.name(), "llvmcache-").size(), 5U);
}

void set_time(const fs::path &path, std::int64_t seconds) {
  const struct timespec times[2] = {{seconds, 0}, {seconds, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
}

TEST(DiskCachePruning, RemovesWhatWasNotUsedForLongest) {
  TemporaryDirectory directory;
  DiskCache cache(directory.name(), version, {std::int64_t{1} << 20, 3, 3600});
  std::set<fs::path> known;
  for (std::int64_t n = 1; n <= 6; ++n) {
    cache.insert(graph(n), image_of(graph(n)));
    for (const fs::path &file : files_in(directory.name()))
      if (known.insert(file).second)
        set_time(file, std::time(nullptr) - 1000 + 100 * n);
  }
  ASSERT_TRUE(cache.find(graph(2))); // which is a use
  cache.prune();
  EXPECT_TRUE(cache.find(graph(2)));
  EXPECT_TRUE(cache.find(graph(5)));
  EXPECT_TRUE(cache.find(graph(6)));
  EXPECT_EQ(files_in(directory.name()).size(), 3U);
  EXPECT_EQ(cache.counters.errors, 0);
}

TEST_F(DiskCacheTest, PruningKeepsWhatAClockThatJumpedHasWritten) {
  const fs::path file = insert_one();
  constexpr std::int64_t year = 365 * 24 * 3600;
  for (std::int64_t seconds : {std::time(nullptr) - year, std::time(nullptr) + year}) {
    set_time(file, seconds);
    cache.prune();
    ASSERT_TRUE(fs::exists(file));
  }
  struct stat status;
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_LE(status.st_mtime, std::time(nullptr)) << "it is of today from then on";
  set_time(file, std::time(nullptr) - year);
  cache.insert(graph(6), image_of(graph(6)));
  cache.prune();
  EXPECT_FALSE(fs::exists(file)) << "long before the latest";
}

TEST_F(DiskCacheTest, PruningOfADirectoryThatIsGoneIsNoMatter) {
  insert_one();
  fs::remove_all(directory.name());
  cache.prune();
  EXPECT_FALSE(cache.find(graph(5)));
  cache.insert(graph(5), image_of(graph(5)));
  EXPECT_TRUE(cache.find(graph(5)));
}

TEST_F(DiskCacheTest, TooManyOpenFilesAreCounted) {
  insert_one();
  EXPECT_EQ(in_process([&] {
              const rlimit none{3, 3};
              if (::setrlimit(RLIMIT_NOFILE, &none) != 0)
                return 1;
              cache.insert(graph(6), image_of(graph(6)));
              cache.prune();
              if (cache.find(graph(5)) || !cache.isEnabled())
                return 2;
              return cache.counters.errors >= 3 && cache.counters.failedWrites == 1 ? 0 : 3;
            }),
            0);
}

TEST(DiskCachePruning, RemovesWhatKilledProcessesLeft) {
  TemporaryDirectory directory;
  write(directory.name() + "/tmp-1-2-3", "half");
  write(directory.name() + "/others-file", "whole");
  DiskCache(directory.name(), version).prune();
  EXPECT_TRUE(fs::exists(directory.name() + "/tmp-1-2-3")) << "its writer may be at it";
  DiskCache(directory.name(), version, {1 << 20, 100, -1}).prune();
  EXPECT_FALSE(fs::exists(directory.name() + "/tmp-1-2-3"));
  EXPECT_TRUE(fs::exists(directory.name() + "/others-file"));
}

TEST(DiskCacheUnderFire, KilledWritersLeaveWholeFilesOrNone) {
  TemporaryDirectory directory;
  std::mt19937 random(1);
  constexpr std::int64_t kinds = 20;
  for (int round = 0; round < 200; ++round) {
    const pid_t writer = start_process([&] {
      DiskCache cache(directory.name(), version);
      for (std::int64_t n = 0;; ++n)
        cache.insert(graph(1 + n % kinds), image_of(graph(1 + n % kinds)));
      return 0;
    });
    ::usleep(random() % 3000);
    ::kill(writer, SIGKILL);
    ASSERT_EQ(wait_for(writer), 1000 + SIGKILL);
  }
  DiskCache cache(directory.name(), version);
  for (std::int64_t n = 1; n <= kinds; ++n)
    if (auto found = cache.find(graph(n))) {
      EXPECT_TRUE(is_image_of(*found, graph(n)));
    }
  EXPECT_EQ(cache.counters.broken, 0);
  EXPECT_GT(cache.counters.hits, 0);
}

TEST(DiskCacheUnderFire, ProcessesShareADirectory) {
  TemporaryDirectory directory;
  std::vector<pid_t> processes;
  for (int number = 0; number < 4; ++number)
    processes.push_back(start_process([&] {
      DiskCache cache(directory.name() + "/new", version);
      for (int round = 0; round < 10; ++round)
        for (std::int64_t n = 1; n <= 50; ++n) {
          auto found = cache.find(graph(n));
          if (!found)
            cache.insert(graph(n), image_of(graph(n)));
          else if (!is_image_of(*found, graph(n)))
            return 1;
        }
      return cache.counters.broken == 0 && cache.counters.failedWrites == 0 ? 0 : 2;
    }));
  for (pid_t process : processes)
    EXPECT_EQ(wait_for(process), 0);
}

} // namespace
