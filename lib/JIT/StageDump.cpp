// SPDX-License-Identifier: Apache-2.0

#include "StageDump.h"

#include "tsum/Support/ForkSafe.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/WithColor.h"

#include <cstdlib>

namespace tsum {

static ProcessWide<const std::string> dumpDirectory;

const std::string &dump_directory() {
  return dumpDirectory.get([] {
    // A privileged process writes no files that whoever started it names.
    const char *given = ::secure_getenv("TSUM_DUMP");
    return new const std::string(given ? given : "");
  });
}

StageDump::StageDump(llvm::StringRef name, const CanonicalGraph &graph) {
  if (dump_directory().empty())
    return;
  std::string path = llvm::formatv("{0}/{1}.{2:x-16}", dump_directory(), name, graph.hash());
  if (std::error_code error = llvm::sys::fs::create_directories(path)) {
    llvm::WithColor::warning(llvm::errs(), "tsum")
        << "TSUM_DUMP: '" << path << "' cannot be made: " << error.message() << '\n';
    return;
  }
  folder = std::move(path);
  write("graph", "txt", [&](llvm::raw_ostream &os) { os << graph.to_string(); });
}

void StageDump::write(llvm::StringRef stage, llvm::StringRef ending,
                      llvm::function_ref<void(llvm::raw_ostream &)> print) {
  if (folder.empty())
    return;
  const std::string path = llvm::formatv("{0}/{1,0+2}-{2}.{3}", folder, count++, stage, ending);
  std::error_code error;
  llvm::raw_fd_ostream file(path, error);
  if (!error) {
    print(file);
    file.close();
    error = file.error();
    file.clear_error();
  }
  if (error)
    llvm::WithColor::warning(llvm::errs(), "tsum")
        << "TSUM_DUMP: '" << path << "' cannot be written: " << error.message() << '\n';
}

} // namespace tsum
