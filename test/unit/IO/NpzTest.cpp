// SPDX-License-Identifier: Apache-2.0
//
// What NumPy writes is read by test/tools/tsum-run-expression.test; here is what nobody should have
// written.
#include "LittleEndian.h"
#include "tsum/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

using namespace tsum;
using testing::HasSubstr;
namespace fs = std::filesystem;

namespace {

using test::le;

/// A NumPy file of [1.0, 2.0] in f64.
std::string npy() {
  std::string dict = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }";
  dict.resize(118 - 1, ' ');
  const double values[] = {1, 2};
  return "\x93NUMPY\1" + std::string(1, '\0') + le(dict.size() + 1, 2) + dict + "\n" +
         std::string(reinterpret_cast<const char *>(values), sizeof(values));
}

/// CRC-32 bit by bit, as the format defines it.
std::uint32_t crc32_of(std::string_view bytes) {
  std::uint32_t crc = 0xffffffff;
  for (char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit)
      crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

struct Archive {
  std::string content = npy(), comment;
  std::uint64_t flags = 0, method = 0, size = npy().size(), packed_size = npy().size(), count = 1;

  [[nodiscard]] std::string bytes() const {
    const std::string name = "a.npy";
    std::string text = "PK\3\4" + std::string(22, '\0') + le(name.size(), 2) + le(0, 2) + name;
    text += content;
    const std::size_t directory = text.size();
    text += "PK\1\2" + le(20, 4) + le(flags, 2) + le(method, 2) + le(0, 4) +
            le(crc32_of(content), 4) + le(packed_size, 4) + le(size, 4) + le(name.size(), 2) +
            le(0, 2) + le(0, 2) + le(0, 8) + le(0, 4) + name;
    const std::size_t length = text.size() - directory;
    return text + "PK\5\6" + le(0, 4) + le(count, 2) + le(count, 2) + le(length, 4) +
           le(directory, 4) + le(comment.size(), 2) + comment;
  }
};

class NpzTest : public testing::Test {
protected:
  NpzTest() {
    std::string pattern = (fs::temp_directory_path() / "tsum-npz-XXXXXX").string();
    directory = mkdtemp(pattern.data());
  }
  ~NpzTest() override { fs::remove_all(directory); }

  [[nodiscard]] auto load(const std::string &bytes) const {
    fs::remove(directory / "x.npz");
    std::ofstream(directory / "x.npz", std::ios::binary) << bytes;
    return load_npz(directory / "x.npz");
  }

  [[nodiscard]] std::string refusal(const std::string &bytes) const {
    try {
      (void)load(bytes);
    } catch (const FileError &error) {
      return error.what();
    }
    return "accepted";
  }

  fs::path directory;
};

TEST_F(NpzTest, StoredArraysAreMapped) {
  auto arrays = load(Archive{.comment = "PK\5\6 is no second end"}.bytes());
  ASSERT_EQ(arrays.size(), 1u);
  EXPECT_EQ(arrays[0].first, "a");
  EXPECT_THAT(arrays[0].second.to_vector<double>(), testing::ElementsAre(1, 2));
}

TEST_F(NpzTest, OtherFilesAreRefused) {
  EXPECT_THAT(refusal(npy()), HasSubstr("not a zip archive"));
  EXPECT_THAT(refusal(Archive{.flags = 1}.bytes()), HasSubstr("'a': is encrypted"));
  EXPECT_THAT(refusal(Archive{.method = 12}.bytes()), HasSubstr("compressed by method 12"));
  EXPECT_THAT(refusal(Archive{.content = "no numbers", .packed_size = 10}.bytes()),
              HasSubstr("'a': "));
}

TEST_F(NpzTest, ArraysAreReadWhenTheyAreNamed) {
  const std::string bytes = Archive{.method = 12}.bytes();
  std::ofstream(directory / "x.npz", std::ios::binary) << bytes;
  const NpzFile file(directory / "x.npz");
  EXPECT_THAT(file.names(), testing::ElementsAre("a"));
  EXPECT_THROW((void)file.load("a"), FileError);
  try {
    (void)file.load("b");
    FAIL();
  } catch (const FileError &error) {
    EXPECT_THAT(error.what(), HasSubstr("has no array 'b' (the arrays: a)"));
  }
}

TEST_F(NpzTest, SizesThatLieAreRefused) {
  EXPECT_THAT(refusal(Archive{.packed_size = 1 << 30}.bytes()), HasSubstr("damaged"));
  EXPECT_THAT(refusal(Archive{.packed_size = npy().size() + 1}.bytes()), HasSubstr("bytes"));
  EXPECT_THAT(refusal(Archive{.count = 2}.bytes()), HasSubstr("damaged"));
  EXPECT_THAT(refusal(Archive{.method = 8}.bytes()), HasSubstr("damaged"));
  EXPECT_THAT(refusal(Archive{.method = 8, .size = 0xfffffffe}.bytes()), HasSubstr("damaged"));
}

TEST_F(NpzTest, NoCutNorAnyChangedByteDoesHarm) {
  const std::string whole = Archive().bytes();
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_NE(refusal(whole.substr(0, length)), "accepted");
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(~changed[at]);
    std::string answer = refusal(changed);
    // The first local header's 30 bytes and name are followed by what has a checksum.
    if (at >= 35 && at < 35 + npy().size())
      EXPECT_THAT(answer, HasSubstr("damaged")) << at;
  }
}

} // namespace
