// SPDX-License-Identifier: Apache-2.0
//
// NumPy's files and archives: right, or a FileError.
#include "IO/NpyArray.h"
#include "Inputs.h"
#include "LittleEndian.h"
#include "tsum/npy.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

namespace tsum::fuzz {

namespace {

using test::le;

std::string npy(std::string dict, const std::string &elements, char version = 1) {
  dict.resize((dict.size() + 10) / 64 * 64 + 53, ' ');
  return "\x93NUMPY" + std::string(1, version) + std::string(1, '\0') +
         le(dict.size() + 1, version == 1 ? 2 : 4) + dict + "\n" + elements;
}

std::vector<std::string> npy_seeds() {
  return {
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", std::string(24, '?')),
      npy("{'descr': '<f8', 'fortran_order': True, 'shape': (2,), }", std::string(16, '?'), 2),
      npy("{'descr': '|b1', 'fortran_order': False, 'shape': (), }", "\1", 3),
      npy("{'shape': (0, 4611686018427387904), 'descr': '<c16', 'fortran_order': False}", ""),
      npy("{'descr': '>i2', 'fortran_order': False, 'shape': (1L,), }", "ab"),
      npy("{'descr': [('x', '<f4'), ('y', '<i4')], 'fortran_order': False, 'shape': (1,), }",
          "abcdefgh"),
  };
}

/// Elements that are read: all that lie in memory must be the file's.
void touch(const Tensor &tensor) {
  const auto *bytes = static_cast<const unsigned char *>(tensor.bytes());
  volatile unsigned sum = 0;
  for (std::int64_t n = 0; n < tensor.size() * size_of(tensor.dtype()); ++n)
    sum = sum + bytes[n];
}

void read_npy(std::string_view bytes) {
  // A copy of just this size, so that a sanitizer sees what is read beyond it.
  auto copy = std::make_shared<std::vector<char>>(bytes.begin(), bytes.end());
  try {
    touch(parse_npy({copy->data(), copy->size()}, copy, "x.npy", "x"));
  } catch (const FileError &) {
  }
}

/// An archive of one file, as it is or deflated.
std::string npz(const std::string &content, bool is_packed) {
  std::string data = content;
  if (is_packed) {
    z_stream stream{};
    require(::deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK,
            "deflateInit2");
    data.resize(::deflateBound(&stream, content.size()));
    stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(content.data()));
    stream.avail_in = static_cast<uInt>(content.size());
    stream.next_out = reinterpret_cast<Bytef *>(data.data());
    stream.avail_out = static_cast<uInt>(data.size());
    require(::deflate(&stream, Z_FINISH) == Z_STREAM_END, "deflate");
    data.resize(stream.total_out);
    ::deflateEnd(&stream);
  }
  const std::string name = "a.npy";
  const auto crc = ::crc32(0, reinterpret_cast<const Bytef *>(content.data()),
                           static_cast<uInt>(content.size()));
  const std::string about = le(0, 2) + le(is_packed ? 8 : 0, 2) + le(0, 4) + le(crc, 4) +
                            le(data.size(), 4) + le(content.size(), 4) + le(name.size(), 2);
  std::string text = "PK\3\4" + le(20, 2) + about + le(0, 2) + name + data;
  const std::size_t directory = text.size();
  text +=
      "PK\1\2" + le(20, 2) + le(20, 2) + about + le(0, 2) + le(0, 2) + le(0, 8) + le(0, 4) + name;
  const std::size_t length = text.size() - directory;
  return text + "PK\5\6" + le(0, 4) + le(1, 2) + le(1, 2) + le(length, 4) + le(directory, 4) +
         le(0, 2);
}

std::vector<std::string> npz_seeds() {
  return {npz(npy_seeds()[0], false), npz(npy_seeds()[0], true), npz(npy_seeds()[2], true)};
}

void read_npz(std::string_view bytes) {
  static const int file = ::memfd_create("x.npz", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  require(::ftruncate(file, 0) == 0 &&
              ::pwrite(file, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()),
          "the archive is written");
  try {
    const NpzFile archive(path);
    for (const std::string &name : archive.names()) {
      try {
        touch(archive.load(name));
      } catch (const FileError &) {
      }
    }
  } catch (const FileError &) {
  }
}

} // namespace

const Reader npy_reader{"npy", npy_seeds, read_npy};
const Reader npz_reader{"npz", npz_seeds, read_npz};

} // namespace tsum::fuzz
