// SPDX-License-Identifier: Apache-2.0

#include "Inputs.h"

#include "tsum/npy.h"
#include "tsum/stream.h"

#include <filesystem>
#include <glob.h>
#include <limits>
#include <system_error>

namespace tsum {

using llvm::StringRef;

namespace {

constexpr StringRef archiveSuffix = ".npz";

/// The files that a pattern of the shell names, in the order of their names.
std::vector<std::filesystem::path> filesOf(StringRef pattern) {
  glob_t found{};
  const int status = ::glob(pattern.str().c_str(), 0, nullptr, &found);
  std::vector<std::filesystem::path> paths(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  if (status == GLOB_NOMATCH)
    throw Error("no file is called like '" + pattern.str() + "'");
  if (status != 0)
    throw Error("'" + pattern.str() + "': the folders cannot be read");
  return paths;
}

} // namespace

std::int64_t parseBytes(StringRef text) {
  StringRef digits = text;
  int shift = 0;
  for (auto [suffix, bits] : {std::pair('k', 10), {'M', 20}, {'G', 30}})
    if (digits.consume_back(StringRef(&suffix, 1)))
      shift = bits;
  std::int64_t number = 0;
  if (digits.getAsInteger(10, number) || number <= 0 ||
      number > (std::numeric_limits<std::int64_t>::max() >> shift))
    throw Error("--memory: '" + text.str() + "' is no number of bytes (as 100000, 64k, 256M, 4G)");
  return number << shift;
}

Tensor loadArray(StringRef path, const Options &options) {
  std::error_code error;
  const bool isPattern =
      path.find_first_of("*?[") != StringRef::npos && !std::filesystem::exists(path.str(), error);
#ifdef TSUM_HAS_MPI
  if (options.ranks) {
    if (path.contains(archiveSuffix))
      throw Error("--mpi reads .npy files, not '" + path.str() + "'");
    return options.ranks->shard(isPattern ? filesOf(path)
                                          : std::vector<std::filesystem::path>{path.str()},
                                options.axis, parseBytes(options.memory));
  }
#endif
  auto [stem, name] = path.rsplit((archiveSuffix + ":").str());
  const auto isLarge = [&](const std::string &file) {
    return std::filesystem::file_size(file, error) >
               static_cast<std::uintmax_t>(parseBytes(options.memory)) &&
           !error;
  };
  if (stem.size() < path.size()) {
    const std::string file = (stem + archiveSuffix).str();
    if (!isLarge(file))
      return NpzFile(file).load(name);
    try {
      return open_npz(file, name, path.str());
    } catch (const FileError &) { // a compressed one is loaded, or says what is wrong
      return NpzFile(file).load(name);
    }
  }
  if (isPattern)
    return open_npy(filesOf(path), options.axis, path.str());
  if (!path.ends_with(archiveSuffix))
    return isLarge(path.str()) ? open_npy(path.str(), path.str())
                               : load_npy(path.str(), path.str());
  const NpzFile archive(path.str());
  const std::vector<std::string> names = archive.names();
  if (names.size() != 1)
    throw Error("'" + path.str() + "' has " + std::to_string(names.size()) +
                " arrays: choose one with " + path.str() + ":name");
  return loadArray((path + ":" + names.front()).str(), options);
}

NamedTensors loadNamed(const Options &options) {
  NamedTensors named;
  auto add = [&](const std::string &name, NamedTensor tensor) {
    if (!named.emplace(name, std::move(tensor)).second)
      throw Error("'" + name + "' is given twice");
  };
  for (StringRef operand : options.operands) {
    auto [name, path] = operand.split('=');
    if (!path.empty()) {
      add(name.str(), loadArray(path, options));
    } else if (operand.ends_with(archiveSuffix)) {
      const NpzFile archive(operand.str());
      for (const std::string &name : archive.names())
        add(name, NamedTensor([&options, path = (operand + ":" + name).str()] {
              return loadArray(path, options);
            }));
    } else {
      throw Error("'" + operand.str() + "' names nothing (an expression reads name=file.npy)");
    }
  }
  return named;
}

} // namespace tsum
