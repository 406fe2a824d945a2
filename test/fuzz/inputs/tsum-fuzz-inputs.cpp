// SPDX-License-Identifier: Apache-2.0
//
// Feeds what reads bytes from outside: with the same changes of right inputs in every run, which is
// a test, or by libFuzzer, where the build has it: `tools/dev fuzz inputs`.
#include "Inputs.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#ifdef TSUM_LIBFUZZER
extern "C" int LLVMFuzzerRunDriver(int *argc, char ***argv,
                                   int (*read)(const std::uint8_t *data, std::size_t size));
#endif

namespace tsum::fuzz {

void require(bool holds, const char *what) {
  if (holds)
    return;
  std::fprintf(stderr, "tsum-fuzz-inputs: it does not hold that %s\n", what);
  std::abort();
}

namespace {

constexpr char usage[] = R"(usage: tsum-fuzz-inputs replay NAME COUNT [FILE...]
       tsum-fuzz-inputs write NAME DIRECTORY
       tsum-fuzz-inputs fuzz NAME [OPTION or DIRECTORY of libFuzzer...]

replay: feeds right inputs, all that they begin with, COUNT changes of them, the same in every run,
        and the FILEs
write:  writes the right inputs to files, for libFuzzer to begin with
fuzz:   looks for others, in builds with the address sanitizer

NAME is npy, npz, expression, ir or cache.
)";

/// `seed` with some bytes changed, left out, doubled or from the other seeds.
std::string changed(const std::vector<std::string> &seeds, std::mt19937 &random) {
  std::string bytes = seeds[random() % seeds.size()];
  constexpr std::string_view telling[] = {"0", "-1", "9223372036854775807", "(", ")", "[", "\"",
                                          "%", "x"};
  for (unsigned count = random() % 4 + 1; count > 0 && !bytes.empty(); --count) {
    const std::size_t at = random() % bytes.size();
    const std::size_t length = std::min<std::size_t>(random() % 16 + 1, bytes.size() - at);
    switch (random() % 6) {
    case 0:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
      break;
    case 1:
      bytes[at] = static_cast<char>(random());
      break;
    case 2:
      bytes.erase(at, length);
      break;
    case 3:
      bytes.insert(at, bytes.substr(at, length));
      break;
    case 4:
      bytes.insert(at, telling[random() % std::size(telling)]);
      break;
    default: {
      const std::string &other = seeds[random() % seeds.size()];
      bytes.replace(at, length, other.substr(random() % other.size(), length));
    }
    }
  }
  return bytes;
}

/// Where a crash leaves what was read.
void read(const Reader &reader, const std::string &bytes) {
  static const std::string path = "fuzz-" + std::string(reader.name) + "-last";
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  reader.read(bytes);
}

int replay(const Reader &reader, unsigned count, const std::vector<std::string> &files) {
  const std::vector<std::string> seeds = reader.seeds();
  std::size_t done = 0;
  for (const std::string &seed : seeds)
    for (std::size_t size = 0; size <= seed.size(); ++size, ++done)
      read(reader, seed.substr(0, size));
  std::mt19937 random(1);
  for (; count > 0; --count, ++done)
    read(reader, changed(seeds, random));
  for (const std::string &name : files) {
    std::ifstream file(name, std::ios::binary);
    require(!!file, "the file can be read");
    read(reader, {std::istreambuf_iterator<char>(file), {}});
    ++done;
  }
  std::printf("%zu inputs\n", done);
  return 0;
}

int write(const Reader &reader, const std::filesystem::path &directory) {
  std::filesystem::create_directories(directory);
  std::size_t number = 0;
  for (const std::string &seed : reader.seeds())
    std::ofstream(directory / ("seed-" + std::to_string(number++)), std::ios::binary) << seed;
  return 0;
}

#ifdef TSUM_LIBFUZZER
const Reader *fuzzed;

int fuzz(const Reader &reader, int argc, char **argv) {
  fuzzed = &reader;
  return LLVMFuzzerRunDriver(&argc, &argv, [](const std::uint8_t *data, std::size_t size) {
    fuzzed->read({reinterpret_cast<const char *>(data), size});
    return 0;
  });
}
#else
int fuzz(const Reader &, int, char **) {
  std::fputs("tsum-fuzz-inputs: this build has no libFuzzer: tools/dev fuzz inputs\n", stderr);
  return 2;
}
#endif

int run(int argc, char **argv) {
  const std::string_view word = argc > 1 ? argv[1] : "";
  const std::string_view name = argc > 2 ? argv[2] : "";
  const auto reader = std::ranges::find(readers, name, &Reader::name);
  const std::string_view text = argc > 3 ? argv[3] : "";
  unsigned count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (reader != std::end(readers)) {
    if (word == "replay" && error == std::errc() && end == text.data() + text.size())
      return replay(**reader, count, {argv + 4, argv + argc});
    if (word == "write" && argc == 4)
      return write(**reader, text);
    if (word == "fuzz") {
      argv[2] = argv[0];
      return fuzz(**reader, argc - 2, argv + 2);
    }
  }
  std::fputs(usage, stderr);
  return 2;
}

} // namespace

} // namespace tsum::fuzz

int main(int argc, char **argv) { return tsum::fuzz::run(argc, argv); }
