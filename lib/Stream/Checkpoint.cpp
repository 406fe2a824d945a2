// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a checkpoint; the lowest byte of a number comes first, but in the elements of
// outputs, which are as in memory.
//
//   "tsumckpt"                  what it is
//   u32 version of this format
//   u64 signature of the evaluation: graph, data in memory, files
//   i64 pass, i64 begin         where it goes on
//   i64 passes that follow; of each i64 goals, of each i64 length and its bytes
//   checksum: XXH3 of all before
#include "Checkpoint.h"

#include "FileData.h"

#include "IO/File.h"
#include "IO/ReplacedFile.h"
#include "Partial/Bytes.h"
#include "tsum/Divided/GraphSignature.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tsum::stream {

using partial::ByteReader;
using partial::ByteWriter;

static constexpr std::string_view magic = "tsumckpt";
static constexpr std::uint32_t format_version = 2;

std::uint64_t Checkpoint::signature_of_data(std::span<const Node::Ptr> outputs) {
  return divided::graph_signature(outputs, [](const InputNode &input, FieldWriter &writer) {
    for (const FilePart &part : as_file(input)->parts) {
      writer.write(part.path.string());
      for (std::int64_t number :
           {part.identity.device, part.identity.inode, part.identity.size, part.identity.seconds,
            part.identity.nanoseconds, part.offset, part.count})
        writer.write(number);
    }
  });
}

std::uint64_t Checkpoint::signature_of(std::span<const Node::Ptr> outputs,
                                       std::span<const divided::Pass> passes) {
  FieldWriter writer;
  writer.write(signature_of_data(outputs));
  for (const divided::Pass &pass : passes)
    for (const divided::Goal &goal : pass.goals)
      writer.write(goal.cut);
  return XXH3_64bits(writer.words.data(), writer.words.size() * sizeof(writer.words[0]));
}

std::optional<Checkpoint::State> Checkpoint::read() const {
  const std::string where = "eval: the checkpoint '" + path.string() + "'";
  if (!std::filesystem::exists(path))
    return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file)
    throw FileError(where + " cannot be read");
  const std::span<const std::byte> bytes = std::as_bytes(std::span(text));
  constexpr std::size_t checksum_size = 8;
  if (bytes.size() < magic.size() + checksum_size || !text.starts_with(magic))
    throw FileError(where + " is none (it does not begin with '" + std::string(magic) +
                    "'; remove it, or give another path)");
  ByteReader end(bytes.last(checksum_size));
  if (end.read<std::uint64_t>() != XXH3_64bits(text.data(), text.size() - checksum_size))
    throw FileError(where + " is damaged: its checksum does not match (remove it to begin anew)");
  ByteReader reader(bytes.subspan(magic.size()).first(bytes.size() - magic.size() - checksum_size));
  if (const auto version = reader.read<std::uint32_t>(); version != format_version)
    throw FileError(where + " has format version " + std::to_string(version) + ", and version " +
                    std::to_string(format_version) + " is read (remove it to begin anew)");
  if (reader.read<std::uint64_t>() != signature)
    throw FileError(where + " is of another graph, of other data, or of files that have changed "
                            "(remove it to begin anew)");
  State state;
  state.pass = static_cast<std::size_t>(reader.read_integer());
  state.begin = reader.read_integer();
  for (std::int64_t passes = reader.read_integer(); passes > 0; --passes) {
    std::vector<std::vector<std::byte>> &goals = state.goals.emplace_back();
    for (std::int64_t left = reader.read_integer(); left > 0; --left)
      goals.push_back(reader.read_elements(reader.read_integer(), 1));
  }
  return state;
}

void Checkpoint::write(const State &state) const {
  ByteWriter writer;
  writer.write_elements(std::as_bytes(std::span(magic)), 1);
  writer.write(format_version);
  writer.write(signature);
  writer.write(static_cast<std::int64_t>(state.pass));
  writer.write(state.begin);
  writer.write(std::ssize(state.goals));
  for (const std::vector<std::vector<std::byte>> &goals : state.goals) {
    writer.write(std::ssize(goals));
    for (const std::vector<std::byte> &bytes : goals) {
      writer.write(std::ssize(bytes));
      writer.write_elements(bytes, 1);
    }
  }
  writer.write(std::uint64_t{XXH3_64bits(writer.bytes.data(), writer.bytes.size())});
  ReplacedFile file(path, "eval: the checkpoint '" + path.string() + "'");
  file.write({reinterpret_cast<const char *>(writer.bytes.data()), writer.bytes.size()});
  file.commit();
}

void Checkpoint::remove() const {
  std::error_code error; // which leaves it to be removed by hand
  std::filesystem::remove(path, error);
}

} // namespace tsum::stream
