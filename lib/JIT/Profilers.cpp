// SPDX-License-Identifier: Apache-2.0

#include "Profilers.h"

#include "llvm/ExecutionEngine/Orc/Debugging/ELFDebugObjectPlugin.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace llvm;

namespace tsum {

namespace {

/// The file at `path` to add to, made if there is none, or -1. Anybody may have made it where
/// everybody may make files: it must be no link and have no second name.
int openOwnFile(const std::string &path) {
  const int descriptor = ::open(
      path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
  struct stat status;
  if (descriptor >= 0 && ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
      status.st_uid == ::geteuid() && status.st_nlink == 1)
    return descriptor;
  if (descriptor >= 0)
    ::close(descriptor);
  return -1;
}

/// Writes perf's map of what is where: a line of address, size and name for each kernel.
class PerfMapPlugin final : public orc::ObjectLinkingLayer::Plugin {
public:
  void modifyPassConfig(orc::MaterializationResponsibility &, jitlink::LinkGraph &,
                        jitlink::PassConfiguration &passes) override {
    // When addresses are known.
    passes.PostFixupPasses.push_back([](jitlink::LinkGraph &graph) -> Error {
      // Opened each time, since a child that is forked has a map of its own.
      const std::string path = "/tmp/perf-" + std::to_string(sys::Process::getProcessId()) + ".map";
      const int descriptor = openOwnFile(path);
      if (descriptor < 0) {
        WithColor::warning(errs(), "tsum") << "TSUM_PERF: '" << path << "' cannot be written\n";
        return Error::success();
      }
      raw_fd_ostream map(descriptor, /*shouldClose=*/true);
      for (const jitlink::Symbol *symbol : graph.defined_symbols())
        if (symbol->isCallable() && symbol->hasName())
          map << format_hex_no_prefix(symbol->getAddress().getValue(), 1) << ' '
              << format_hex_no_prefix(symbol->getSize(), 1) << " tsum:" << *symbol->getName()
              << '\n';
      return Error::success();
    });
  }
  Error notifyFailed(orc::MaterializationResponsibility &) override { return Error::success(); }
  Error notifyRemovingResources(orc::JITDylib &, orc::ResourceKey) override {
    return Error::success();
  }
  void notifyTransferringResources(orc::JITDylib &, orc::ResourceKey, orc::ResourceKey) override {}
};

} // namespace

Error nameKernelsToProfilers(orc::ExecutionSession &session, orc::ObjectLinkingLayer &linker) {
  const char *wanted = ::secure_getenv("TSUM_PERF");
  if (!wanted || StringRef(wanted).empty() || StringRef(wanted) == "0")
    return Error::success();
  linker.addPlugin(std::make_shared<PerfMapPlugin>());
  Error error = Error::success();
  auto debugger = std::make_shared<orc::ELFDebugObjectPlugin>(
      session, /*RequireDebugSections=*/false, /*AutoRegisterCode=*/true, error);
  if (!error)
    linker.addPlugin(std::move(debugger));
  return error;
}

} // namespace tsum
