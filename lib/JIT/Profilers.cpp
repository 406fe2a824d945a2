// SPDX-License-Identifier: Apache-2.0

#include "Profilers.h"

#include "llvm/ExecutionEngine/Orc/Debugging/ELFDebugObjectPlugin.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>

using namespace llvm;

namespace tsum {

namespace {

/// Writes perf's map of what is where: a line of address, size and name for each kernel.
class PerfMapPlugin final : public orc::ObjectLinkingLayer::Plugin {
public:
  void modifyPassConfig(orc::MaterializationResponsibility &, jitlink::LinkGraph &,
                        jitlink::PassConfiguration &passes) override {
    // When addresses are known.
    passes.PostFixupPasses.push_back([](jitlink::LinkGraph &graph) -> Error {
      // Opened each time, since a child that is forked has a map of its own.
      std::error_code error;
      raw_fd_ostream map(
          ("/tmp/perf-" + Twine(static_cast<int64_t>(sys::Process::getProcessId())) + ".map").str(),
          error, sys::fs::OF_Append);
      if (error)
        return createFileError("perf map", error);
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
