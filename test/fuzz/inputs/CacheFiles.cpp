// SPDX-License-Identifier: Apache-2.0
//
// Files of the disk cache, with a checksum that is right whatever is behind it: an image all of
// whose numbers name something, or nothing.
#include "Inputs.h"
#include "Process.h"
#include "tsum/JIT/DiskCache.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <xxhash.h>

namespace tsum::fuzz {

namespace {

using Words = std::vector<std::int64_t>;

/// A cache with one file, and where in the file what is stored begins.
class Cache {
public:
  Cache() : cache(directory.name(), "fuzz") {
    cache.insert(graph, image);
    for (const auto &entry : std::filesystem::directory_iterator(directory.name()))
      path = entry.path();
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    require(bytes.size() > sizeof(header), "the cache writes a file");
    std::memcpy(header.data(), bytes.data(), sizeof(header));
    key.resize(header[3]);
    std::memcpy(key.data(), bytes.data() + sizeof(header), 8 * key.size());
    stored = bytes.substr(sizeof(header) + 8 * key.size());
    require(stored.size() == 8 * header[4] && !!find(stored), "the cache finds what it wrote");
  }

  /// What is found where `bytes` are stored.
  std::optional<Image> find(std::string_view bytes) {
    Words words = key;
    words.resize(key.size() + bytes.size() / 8);
    std::memcpy(words.data() + key.size(), bytes.data(), bytes.size() / 8 * 8);
    const XXH128_hash_t hash = ::XXH3_128bits(words.data(), 8 * words.size());
    header[1] = hash.low64;
    header[2] = hash.high64;
    header[4] = bytes.size() / 8;
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char *>(header.data()), sizeof(header));
    file.write(reinterpret_cast<const char *>(words.data()),
               static_cast<std::streamsize>(8 * words.size()));
    file.close();
    return cache.find(graph);
  }

  std::string stored;

private:
  static CanonicalGraph a_graph() {
    CanonicalGraph graph;
    graph.extents = {5};
    CanonicalGraph::Value data;
    data.dims = {0};
    data.strides = {1};
    graph.values = {data};
    graph.outputs = {0};
    return graph;
  }
  static Image an_image() {
    Image image;
    image.program.arguments = 1;
    image.program.launches.push_back({nullptr, 3, {0}, {20, 8}, 48});
    image.program.launches.push_back({nullptr, 1, {0, 2}, {4}, 12});
    image.program.outputs = {3, 1};
    image.kernels = {"kernel_0", "kernel_1"};
    image.object = std::string(13, 'o');
    return image;
  }

  test::TemporaryDirectory directory;
  const CanonicalGraph graph = a_graph();
  const Image image = an_image();
  DiskCache cache;
  std::filesystem::path path;
  std::array<std::uint64_t, 5> header{}; // magic, checksum, words of the key, words behind it
  Words key;
};

Cache &cache() {
  static Cache cache;
  return cache;
}

std::vector<std::string> seeds() { return {cache().stored}; }

void read(std::string_view bytes) {
  const std::optional<Image> image = cache().find(bytes);
  if (!image)
    return;
  const Program &program = image->program;
  auto values = static_cast<std::size_t>(program.arguments);
  require(image->kernels.size() == program.launches.size(), "each launch has a kernel");
  for (const Program::Launch &launch : program.launches) {
    for (std::int32_t input : launch.inputs)
      require(input >= 0 && static_cast<std::size_t>(input) < values, "inputs are computed before");
    values += launch.results.size();
  }
  for (std::int32_t output : program.outputs)
    require(output >= program.arguments && static_cast<std::size_t>(output) < values,
            "outputs are results");
  FieldWriter writer;
  writer.write(*image);
  require(8 * writer.words.size() == bytes.size() / 8 * 8, "nothing else is stored");
}

} // namespace

const Reader cache_reader{"cache", seeds, read};

} // namespace tsum::fuzz
