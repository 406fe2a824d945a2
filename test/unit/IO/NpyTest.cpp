// SPDX-License-Identifier: Apache-2.0
#include "tsum/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <numeric>
#include <sys/resource.h>
#include <sys/stat.h>

using namespace tsum;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

namespace {

std::string read_bytes(const fs::path &path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// A NumPy file of version 1.0 as any program may write it.
std::string npy(const std::string &dict, const std::string &elements = {}) {
  std::string length = {static_cast<char>(dict.size() & 0xff), static_cast<char>(dict.size() >> 8)};
  return "\x93NUMPY\1" + std::string(1, '\0') + length + dict + elements;
}

std::string bytes_of(const auto &...values) {
  std::string bytes;
  (bytes.append(reinterpret_cast<const char *>(&values), sizeof(values)), ...);
  return bytes;
}

class NpyTest : public testing::Test {
protected:
  NpyTest() {
    std::string pattern = (fs::temp_directory_path() / "tsum-npy-XXXXXX").string();
    directory = mkdtemp(pattern.data());
    path = directory / "x.npy";
  }
  ~NpyTest() override { fs::remove_all(directory); }

  void write(const std::string &bytes) const {
    fs::remove(path); // Some file systems wait for the disk when a file is truncated.
    std::ofstream(path, std::ios::binary) << bytes;
  }

  Tensor load(const std::string &bytes) const {
    write(bytes);
    return load_npy(path);
  }

  /// The message with which `bytes` are refused.
  std::string refusal(const std::string &bytes) const {
    write(bytes);
    return refusal([&] { (void)load_npy(path); });
  }

  static std::string refusal(const std::function<void()> &action) {
    try {
      action();
    } catch (const FileError &error) {
      return error.what();
    }
    return "(no FileError)";
  }

  fs::path directory;
  fs::path path;
};

template <class T> class NpyOf : public NpyTest {};
using Elements = testing::Types<float, double, std::int32_t, std::int64_t, std::uint8_t>;
TYPED_TEST_SUITE(NpyOf, Elements);

TYPED_TEST(NpyOf, LoadsWhatWasSaved) {
  std::vector<TypeParam> values(24);
  std::iota(values.begin(), values.end(), TypeParam(3));
  for (const Shape &shape : {Shape{24}, Shape{2, 3, 4}, Shape{1, 24, 1}}) {
    save_npy(this->path, constant(std::span<const TypeParam>(values), shape));
    Tensor loaded = load_npy(this->path, "digits");
    EXPECT_EQ(loaded.dtype(), dtype_of<TypeParam>);
    EXPECT_EQ(Shape(loaded.shape().begin(), loaded.shape().end()), shape);
    EXPECT_EQ(loaded.template to_vector<TypeParam>(), values);
    EXPECT_EQ(loaded.name(), "digits");
  }
}

TEST_F(NpyTest, OfASmallFileDoesNotChangeWithIt) {
  write(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", bytes_of(1.0f, 2.0f)));
  const Tensor x = load_npy(path);
  std::ofstream(path, std::ios::binary | std::ios::trunc) << "short";
  EXPECT_EQ(x.to_vector<float>(), (std::vector<float>{1, 2}));
}

TEST_F(NpyTest, SavesWhatNumPyWouldWrite) {
  save_npy(path, constant({{1.f, 2.f, 3.f}, {4.f, 5.f, 6.f}}));
  std::string dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  dict.resize(117, ' ');
  EXPECT_EQ(read_bytes(path), npy(dict + "\n", bytes_of(1.f, 2.f, 3.f, 4.f, 5.f, 6.f)));
}

TEST_F(NpyTest, ScalarsAndEmptyTensors) {
  save_npy(path, constant(2.5));
  EXPECT_EQ(load_npy(path).rank(), 0);
  EXPECT_EQ(load_npy(path).item<double>(), 2.5);

  save_npy(path, constant(std::span<const float>(), {3, 0, 2}));
  EXPECT_THAT(load_npy(path).shape(), ElementsAre(3, 0, 2));
  EXPECT_THAT(load(npy("{'descr': '<i4', 'fortran_order': True, 'shape': (0, 5)}")).shape(),
              ElementsAre(0, 5));
}

TEST_F(NpyTest, FortranOrderIsReadInPlace) {
  Tensor x = load(
      npy("{'descr': '<i4', 'fortran_order': True, 'shape': (2, 3)}", bytes_of(1, 4, 2, 5, 3, 6)));
  EXPECT_THAT(x.data<std::int32_t>(), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_F(NpyTest, AnyVersionAndSpelling) {
  std::string dict = "{ \"shape\":(2L,),'fortran_order' :False , 'descr':'<u1'}\n";
  EXPECT_THAT(load(npy(dict, "\7\x9")).data<std::uint8_t>(), ElementsAre(7, 9));
  for (char version : {'\2', '\3'}) {
    std::string bytes = npy(dict, "\7\x9");
    bytes[6] = version;
    bytes.insert(10, 2, '\0');
    EXPECT_THAT(load(bytes).data<std::uint8_t>(), ElementsAre(7, 9));
  }
}

TEST_F(NpyTest, AHeaderBeyondVersion1) {
  std::vector<std::int64_t> shape(30000, 1);
  shape.back() = 2;
  const std::uint8_t values[] = {7, 9};
  save_npy(path, constant(std::span<const std::uint8_t>(values), shape));
  EXPECT_EQ(read_bytes(path)[6], '\2');
  EXPECT_EQ(load_npy(path).rank(), 30000);
  EXPECT_THAT(load_npy(path).data<std::uint8_t>(), ElementsAre(7, 9));
}

TEST_F(NpyTest, ATensorOutlivesItsFile) {
  save_npy(path, constant({1.f, 2.f}));
  Tensor x = load_npy(path);
  save_npy(path, constant({3.f, 4.f, 5.f}));
  EXPECT_THAT(x.data<float>(), ElementsAre(1.f, 2.f));
  fs::remove(path);
  EXPECT_THAT(x.data<float>(), ElementsAre(1.f, 2.f));
}

TEST_F(NpyTest, RefusesFilesThatAreNotArrays) {
  EXPECT_THAT(refusal([&] { (void)load_npy(directory / "missing.npy"); }),
              AllOf(HasSubstr("load_npy: '"),
                    HasSubstr("missing.npy': cannot be opened: No such file or directory")));
  EXPECT_THAT(refusal([&] { (void)load_npy(directory); }), HasSubstr("not a regular file"));
  ASSERT_EQ(mkfifo((directory / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(refusal([&] { (void)load_npy(directory / "pipe"); }),
              HasSubstr("not a regular file"));
  EXPECT_THAT(refusal(""), HasSubstr("the file is empty"));
  EXPECT_THAT(refusal("PK\3\4 an .npz file"), HasSubstr("not a NumPy file"));
  EXPECT_THAT(refusal(std::string("\x93NUMPY\4\0\0\0", 10)),
              HasSubstr("format version 4.0 is not supported (supported: 1.0, 2.0 and 3.0)"));
  EXPECT_THAT(refusal("\x93NUMPY\1"), HasSubstr("the file ends inside its header"));
}

TEST_F(NpyTest, RefusesDtypesItDoesNotHave) {
  for (std::string descr : {">f4", "=f4", "<f16", "|V8", "|b2", "|O", "<U5", "<M8[ns]", "f4", ""})
    EXPECT_THAT(refusal(npy("{'descr': '" + descr + "', 'fortran_order': False, 'shape': ()}",
                            std::string(8, '\0'))),
                HasSubstr("the header has the dtype '" + descr +
                          "', which is not supported (supported: '<f4', '<f8', '<f2', "));
  EXPECT_THAT(refusal(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': ()}")),
              HasSubstr("the header describes records (supported dtypes: '<f4', "));
}

TEST_F(NpyTest, RefusesMalformedHeaders) {
  const std::pair<const char *, const char *> cases[] = {
      {"", "has no '{' at byte 0"},
      {"{}", "lacks one of the keys"},
      {"{'descr': '<f4', 'shape': ()}", "lacks one of the keys"},
      {"{'descr': '<f4', 'descr': '<f4'}", "has the key 'descr' twice"},
      {"{'dtype': '<f4'}", "has the unknown key 'dtype'"},
      {"{'descr' '<f4'}", "has no ':' at byte 9"},
      {"{'descr': '<f4}", "has a string without an end"},
      {"{'descr': <f4}", "has no string at byte 10"},
      {"{'fortran_order': 1}", "has no True or False at byte 18"},
      {"{'fortran_order': True 'shape': ()}", "has no ',' or '}' at byte 23"},
      {"{'shape': 3}", "has no '(' at byte 10"},
      {"{'shape': (3)}", "has no ',' at byte 12"},
      {"{'shape': (3 4)}", "has no ',' at byte 13"},
      {"{'shape': (-3,)}", "has no extent (0 or more) at byte 11"},
      {"{'shape': (9223372036854775808,)}", "has an extent beyond 2^63 - 1"},
      {"{'shape': (3,", "has no extent (0 or more) at byte 13"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (), } x", "goes on after its dict"},
  };
  for (auto [dict, message] : cases)
    EXPECT_THAT(refusal(npy(dict)), HasSubstr(std::string("the header ") + message)) << dict;
}

TEST_F(NpyTest, RefusesSizesThatDisagreeWithTheFile) {
  std::string dict = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2)}";
  EXPECT_THAT(refusal(npy(dict, std::string(31, 'x'))),
              HasSubstr("[2,2] of f64 takes 32 bytes, but the file has 31 after its header"));
  EXPECT_THAT(refusal(npy(dict, std::string(33, 'x'))), HasSubstr("but the file has 33"));
  for (std::string shape : {"4294967296, 4294967296", "4611686018427387904, 4, 0"})
    EXPECT_THAT(refusal(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (" + shape + ")}")),
                HasSubstr("too large"));
}

// Whatever happens to a header, loading gives a tensor that lies within the file or a FileError.
TEST_F(NpyTest, DamagedHeadersAreRefusedOrStillDescribeTheFile) {
  save_npy(path, constant({{1, 2, 3}, {4, 5, 6}}));
  const std::string good = read_bytes(path);
  int refused = 0;
  auto load_damaged = [&](const std::string &bytes) {
    write(bytes);
    try {
      Tensor x = load_npy(path);
      EXPECT_EQ(x.size() * size_of(x.dtype()), 24);
      const char *values = static_cast<const char *>(x.bytes());
      (void)std::accumulate(values, values + 24, 0);
    } catch (const FileError &) {
      ++refused;
    }
  };

  for (std::size_t length = 0; length < good.size(); ++length)
    load_damaged(good.substr(0, length));
  EXPECT_EQ(refused, static_cast<int>(good.size()));
  for (std::size_t at = 0; at < 128; ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(bytes[at] ^ 1 << bit);
      load_damaged(bytes);
    }
  }
}

TEST_F(NpyTest, AFailedSaveLeavesTheOldFile) {
  save_npy(path, constant({1.f, 2.f}));
  EXPECT_THAT(refusal([&] { save_npy(directory / "no" / "x.npy", constant(1.f)); }),
              HasSubstr("cannot be created: No such file or directory"));
  EXPECT_THAT(refusal([&] { save_npy(directory, constant(1.f)); }),
              HasSubstr("not a regular file"));
  EXPECT_THAT(refusal([&] { save_npy("/dev/null", constant(1.f)); }),
              HasSubstr("not a regular file"));

  // A limit on the size of files stops the write half-way.
  rlimit old_limit{};
  getrlimit(RLIMIT_FSIZE, &old_limit);
  const rlimit limit{64, old_limit.rlim_max};
  auto *old_handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &limit);
  std::string message = refusal([&] { save_npy(path, constant({3.f, 4.f})); });
  setrlimit(RLIMIT_FSIZE, &old_limit);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_THAT(message, HasSubstr("x.npy': cannot be written: File too large"));
  EXPECT_THAT(load_npy(path).data<float>(), ElementsAre(1.f, 2.f));
  EXPECT_EQ(std::distance(fs::directory_iterator(directory), {}), 1) << "a temporary file is left";
}

TEST_F(NpyTest, AFileThatIsReplacedHandsOnItsMode) {
  auto mode_of = [](const fs::path &file) { return fs::status(file).permissions(); };
  const mode_t mask = ::umask(022);
  save_npy(path, constant(1.f));
  EXPECT_EQ(mode_of(path), fs::perms(0644)) << "of a new file, as of any other";
  for (auto mode : {fs::perms(0600), fs::perms(0666), fs::perms(0440)}) {
    fs::permissions(path, mode);
    save_npy(path, constant(2.f));
    EXPECT_EQ(mode_of(path), mode);
  }
  ::umask(mask);
}

TEST_F(NpyTest, SavingThroughLinksToNothingMakesTheFile) {
  fs::create_symlink("second.npy", directory / "first.npy");
  fs::create_symlink(path, directory / "second.npy");
  save_npy(directory / "first.npy", constant(1.f));
  EXPECT_TRUE(fs::is_symlink(directory / "first.npy") && fs::is_symlink(directory / "second.npy"));
  EXPECT_FALSE(fs::is_symlink(path));
  EXPECT_EQ(load_npy(path).item<float>(), 1.f);
  fs::create_symlink("loop.npy", directory / "loop.npy");
  EXPECT_THAT(refusal([&] { save_npy(directory / "loop.npy", constant(1.f)); }),
              HasSubstr("Too many levels of symbolic links"));
}

TEST_F(NpyTest, SavingThroughALinkKeepsTheLink) {
  save_npy(path, constant(1.f));
  fs::path link = directory / "link.npy";
  fs::create_symlink(path, link);
  save_npy(link, constant(2.f));
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(load_npy(path).item<float>(), 2.f);
}

} // namespace
