// SPDX-License-Identifier: Apache-2.0
//
// NumPy's archives are zip files of NumPy files. The format:
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
#include "tsum/npy.h"

#include "File.h"
#include "NpyArray.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <new>
#include <zlib.h>

namespace tsum {

namespace {

/// What the archive's directory says of a file in it.
struct Entry {
  std::string name;
  std::uint64_t flags, method, crc, packed_size, size, header;
};

/// The bytes of an archive, of which none is believed.
class ZipReader {
public:
  ZipReader(std::string_view bytes, const std::string &where) : bytes(bytes), where(where) {}

  [[nodiscard]] std::vector<Entry> entries() const;
  /// The packed bytes of an entry.
  [[nodiscard]] std::string_view data(const Entry &entry) const;

private:
  static constexpr std::uint64_t directory_end = 0x06054b50, directory_end64 = 0x06064b50,
                                 locator64 = 0x07064b50, directory_entry = 0x02014b50,
                                 local_header = 0x04034b50;
  static constexpr std::uint64_t in_extra = 0xffffffff;

  [[noreturn]] void refuse() const { throw FileError(where + ": the zip archive is damaged"); }

  [[nodiscard]] std::string_view part(std::uint64_t begin, std::uint64_t size) const {
    if (begin > bytes.size() || size > bytes.size() - begin)
      refuse();
    return bytes.substr(begin, size);
  }

  /// Little-endian.
  [[nodiscard]] std::uint64_t number(std::uint64_t at, std::uint64_t size) const {
    std::uint64_t value = 0;
    std::string_view digits = part(at, size);
    for (std::size_t i = digits.size(); i-- > 0;)
      value = value << 8 | static_cast<unsigned char>(digits[i]);
    return value;
  }

  [[nodiscard]] std::uint64_t find_end() const;
  void read_extra(std::uint64_t at, std::uint64_t size, Entry &entry) const;

  std::string_view bytes;
  const std::string &where;
};

/// Where the record at the end of the archive is, which a comment may follow.
std::uint64_t ZipReader::find_end() const {
  constexpr std::uint64_t size = 22, most_comment = 0xffff;
  for (std::uint64_t comment = 0; comment <= most_comment && size + comment <= bytes.size();
       ++comment) {
    const std::uint64_t at = bytes.size() - size - comment;
    if (number(at, 4) == directory_end && number(at + 20, 2) == comment)
      return at;
  }
  throw FileError(where + ": not a zip archive, as .npz files are");
}

std::vector<Entry> ZipReader::entries() const {
  const std::uint64_t end = find_end();
  std::uint64_t count = number(end + 10, 2), at = number(end + 16, 4);
  if ((count == 0xffff || at == in_extra) && end >= 20 && number(end - 20, 4) == locator64) {
    const std::uint64_t end64 = number(end - 12, 8);
    if (number(end64, 4) != directory_end64)
      refuse();
    count = number(end64 + 32, 8);
    at = number(end64 + 48, 8);
  }
  std::vector<Entry> list;
  for (std::uint64_t n = 0; n < count; ++n) {
    if (number(at, 4) != directory_entry)
      refuse();
    const std::uint64_t name = number(at + 28, 2), extra = number(at + 30, 2);
    Entry entry{std::string(part(at + 46, name)),
                number(at + 8, 2),
                number(at + 10, 2),
                number(at + 16, 4),
                number(at + 20, 4),
                number(at + 24, 4),
                number(at + 42, 4)};
    read_extra(at + 46 + name, extra, entry);
    list.push_back(std::move(entry));
    at += 46 + name + extra + number(at + 32, 2);
  }
  return list;
}

/// Sizes of more than 32 bits are in a field of their own.
void ZipReader::read_extra(std::uint64_t at, std::uint64_t size, Entry &entry) const {
  const std::uint64_t end = at + size;
  while (at + 4 <= end) {
    const std::uint64_t kind = number(at, 2), length = number(at + 2, 2);
    at += 4;
    if (kind == 1) {
      std::uint64_t field = at;
      for (std::uint64_t *value : {&entry.size, &entry.packed_size, &entry.header})
        if (*value == in_extra) {
          *value = number(field, 8);
          field += 8;
        }
      return;
    }
    at += length;
  }
}

std::string_view ZipReader::data(const Entry &entry) const {
  if (number(entry.header, 4) != local_header)
    refuse();
  const std::uint64_t skipped = 30 + number(entry.header + 26, 2) + number(entry.header + 28, 2);
  return part(entry.header + skipped, entry.packed_size);
}

void check_sum(std::string_view bytes, const Entry &entry, const std::string &where) {
  if (bytes.size() != entry.size)
    throw FileError(where + ": the data is damaged (" + std::to_string(bytes.size()) +
                    " bytes, and the archive says " + std::to_string(entry.size) + ")");
  if (::crc32_z(0, reinterpret_cast<const Bytef *>(bytes.data()), bytes.size()) != entry.crc)
    throw FileError(where + ": the data is damaged (its checksum is not that of the archive)");
}

/// The bytes of a deflated entry.
std::shared_ptr<const std::string> inflate_entry(std::string_view packed, const Entry &entry,
                                                 const std::string &where) {
  // Nothing becomes more than 1032 times as large: no memory for sizes that lie.
  if (entry.size / 1032 > packed.size())
    throw FileError(where + ": the compressed data is damaged");
  auto bytes = std::make_shared<std::string>(entry.size, '\0');
  z_stream stream{};
  if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    throw std::bad_alloc();
  const std::unique_ptr<z_stream, int (*)(z_stream *)> guard(&stream, ::inflateEnd);
  // zlib counts in 32 bits.
  constexpr std::size_t most = std::numeric_limits<uInt>::max();
  std::size_t taken = 0, given = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    const auto in = static_cast<uInt>(std::min(most, packed.size() - taken));
    const auto out = static_cast<uInt>(std::min(most, bytes->size() - given));
    stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(packed.data() + taken));
    stream.avail_in = in;
    stream.next_out = reinterpret_cast<Bytef *>(bytes->data() + given);
    stream.avail_out = out;
    status = ::inflate(&stream, Z_NO_FLUSH);
    taken += in - stream.avail_in;
    given += out - stream.avail_out;
  }
  if (status != Z_STREAM_END || given != bytes->size())
    throw FileError(where + ": the compressed data is damaged");
  check_sum(*bytes, entry, where);
  return bytes;
}

constexpr std::string_view suffix = ".npy";

constexpr std::uint64_t is_encrypted = 1, stored = 0, deflated = 8;

/// The arrays of an archive, without `suffix`.
struct Arrays {
  Arrays(const std::filesystem::path &path, std::string where)
      : where(std::move(where)), mapping(map_file(path, this->where)),
        entries(ZipReader(mapping.bytes, this->where).entries()) {
    std::erase_if(entries, [](const Entry &entry) { return !entry.name.ends_with(suffix); });
    for (Entry &entry : entries)
      entry.name.resize(entry.name.size() - suffix.size());
  }

  /// The last one of that name.
  [[nodiscard]] const Entry &find(std::string_view name) const {
    auto found = std::ranges::find(entries.rbegin(), entries.rend(), name, &Entry::name);
    if (found == entries.rend()) {
      std::string known;
      for (const Entry &entry : entries)
        known += (known.empty() ? "" : ", ") + entry.name;
      throw FileError(where + " has no array '" + std::string(name) + "' (the arrays: " + known +
                      ")");
    }
    if (found->flags & is_encrypted)
      throw FileError(where_of(*found) + ": is encrypted");
    return *found;
  }

  [[nodiscard]] std::string_view packed_bytes(const Entry &entry) const {
    return ZipReader(mapping.bytes, where).data(entry);
  }

  [[nodiscard]] std::string where_of(const Entry &entry) const {
    return where + ": '" + entry.name + "'";
  }

  std::string where;
  Mapping mapping;
  std::vector<Entry> entries;
};

} // namespace

struct NpzFile::Archive : Arrays {
  using Arrays::Arrays;
};

NpzFile::NpzFile(const std::filesystem::path &path)
    : archive(std::make_shared<Archive>(path, "load_npz: '" + path.string() + "'")) {}

std::vector<std::string> NpzFile::names() const {
  std::vector<std::string> names;
  for (const Entry &entry : archive->entries)
    names.push_back(entry.name);
  return names;
}

Tensor NpzFile::load(std::string_view name) const {
  const Entry &entry = archive->find(name);
  const std::string where = archive->where_of(entry);
  const std::string_view bytes = archive->packed_bytes(entry);
  if (entry.method == deflated) {
    auto inflated = inflate_entry(bytes, entry, where);
    return parse_npy(*inflated, inflated, where, name);
  }
  if (entry.method != stored)
    throw FileError(where + ": is compressed by method " + std::to_string(entry.method) +
                    " (0, stored, and 8, deflated, can be read)");
  check_sum(bytes, entry, where);
  return parse_npy(bytes, archive->mapping.owner, where, name);
}

StoredArray stored_array(const std::filesystem::path &path, std::string_view name,
                         const std::string &where) {
  const Arrays arrays(path, where);
  const Entry &entry = arrays.find(name);
  if (entry.method != stored)
    throw FileError(arrays.where_of(entry) + ": is compressed, so that it is not read piece by "
                                             "piece (load it, or save it with numpy.savez)");
  const std::string_view bytes = arrays.packed_bytes(entry);
  return {bytes.data() - arrays.mapping.bytes.data(), std::ssize(bytes)};
}

std::vector<std::pair<std::string, Tensor>> load_npz(const std::filesystem::path &path) {
  const NpzFile file(path);
  std::vector<std::pair<std::string, Tensor>> arrays;
  for (const std::string &name : file.names())
    arrays.emplace_back(name, file.load(name));
  return arrays;
}

} // namespace tsum
