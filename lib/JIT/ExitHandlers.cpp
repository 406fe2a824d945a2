// SPDX-License-Identifier: Apache-2.0
//
// A library calls the functions of others by a table of their addresses, which the dynamic linker
// fills. Here one of these is replaced: no other way is open to who links LLVM as it comes, be it
// as archives or as a shared library, and leaves the calls of the host's libraries alone.

#include "ExitHandlers.h"

#include <cstdint>
#include <dlfcn.h>
#include <link.h>
#include <span>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

namespace tsum {

namespace {

/// Not by name, which is a call of what it is diverted to.
RegisterAtExit original() {
  static const auto found = reinterpret_cast<RegisterAtExit>(::dlsym(RTLD_NEXT, "__cxa_atexit"));
  return found;
}

/// A library or program in memory.
class LoadedObject {
public:
  explicit LoadedObject(const dl_phdr_info &info)
      : name(info.dlpi_name), base(info.dlpi_addr), segments(info.dlpi_phdr, info.dlpi_phnum) {
    for (const ElfW(Phdr) &segment : segments)
      if (segment.p_type == PT_DYNAMIC)
        read(reinterpret_cast<const ElfW(Dyn) *>(base + segment.p_vaddr));
  }

  [[nodiscard]] bool is_of_llvm() const {
    const std::string_view file = name.substr(name.rfind('/') + 1);
    return file.starts_with("libLLVM") || file.starts_with("libMLIR");
  }

  [[nodiscard]] bool contains(const void *address) const {
    const auto place = reinterpret_cast<std::uintptr_t>(address) - base;
    for (const ElfW(Phdr) &segment : segments)
      if (segment.p_type == PT_LOAD && place - segment.p_vaddr < segment.p_memsz)
        return true;
    return false;
  }

  /// Has calls of the function `symbol` go to `function`.
  void divert(std::string_view symbol, void *function) const {
    if (!symbols || !texts)
      return;
    for (const ElfW(Rela) &slot : slots)
      if (texts + symbols[ELF64_R_SYM(slot.r_info)].st_name == symbol)
        write(reinterpret_cast<void **>(base + slot.r_offset), function);
  }

private:
  void read(const ElfW(Dyn) * entry) {
    const ElfW(Rela) *first = nullptr;
    std::size_t bytes = 0;
    bool has_addends = false;
    for (; entry->d_tag != DT_NULL; ++entry) {
      // The GNU C library has made addresses of these, others leave them offsets.
      const auto address = entry->d_un.d_ptr < base ? base + entry->d_un.d_ptr : entry->d_un.d_ptr;
      switch (entry->d_tag) {
      case DT_SYMTAB:
        symbols = reinterpret_cast<const ElfW(Sym) *>(address);
        break;
      case DT_STRTAB:
        texts = reinterpret_cast<const char *>(address);
        break;
      case DT_JMPREL:
        first = reinterpret_cast<const ElfW(Rela) *>(address);
        break;
      case DT_PLTRELSZ:
        bytes = entry->d_un.d_val;
        break;
      case DT_PLTREL:
        has_addends = entry->d_un.d_val == DT_RELA;
        break;
      }
    }
    if (first && has_addends)
      slots = {first, bytes / sizeof(*first)};
  }

  /// Where all functions were bound when the object was loaded, their table is read-only since.
  void write(void **slot, void *function) const {
    const auto place = reinterpret_cast<std::uintptr_t>(slot) - base;
    const auto page_bytes = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    auto *page =
        reinterpret_cast<void *>(reinterpret_cast<std::uintptr_t>(slot) / page_bytes * page_bytes);
    bool is_read_only = false;
    for (const ElfW(Phdr) &segment : segments)
      is_read_only |= segment.p_type == PT_GNU_RELRO && place - segment.p_vaddr < segment.p_memsz;
    if (is_read_only && ::mprotect(page, page_bytes, PROT_READ | PROT_WRITE) != 0)
      return;
    __atomic_store_n(slot, function, __ATOMIC_RELEASE);
    if (is_read_only)
      ::mprotect(page, page_bytes, PROT_READ);
  }

  std::string_view name;
  std::uintptr_t base;
  std::span<const ElfW(Phdr)> segments;
  const ElfW(Sym) *symbols = nullptr;
  const char *texts = nullptr;
  std::span<const ElfW(Rela)> slots;
};

} // namespace

void divert_exit_handlers(RegisterAtExit instead) {
  if (!original())
    return;
  // What others call must not be unloaded.
  Dl_info own;
  if (::dladdr(reinterpret_cast<const void *>(instead), &own) != 0)
    (void)::dlopen(own.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
  ::dl_iterate_phdr(
      [](dl_phdr_info *info, std::size_t, void *function) {
        const LoadedObject object(*info);
        if (object.is_of_llvm() || object.contains(function))
          object.divert("__cxa_atexit", function);
        return 0;
      },
      reinterpret_cast<void *>(instead));
}

int register_at_exit(void (*destroy)(void *), void *object, void *library) {
  return original() ? original()(destroy, object, library) : -1;
}

} // namespace tsum
