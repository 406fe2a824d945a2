// SPDX-License-Identifier: Apache-2.0

#include "tsum/JIT/Loader.h"
#include "tsum/Exact/Calls.h"

#include "Profilers.h"
#include "StageWatch.h"

#include "tsum/JIT/CompilerUse.h"

#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/Core.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h"
#include "llvm/ExecutionEngine/Orc/SelfExecutorProcessControl.h"
#include "llvm/ExecutionEngine/Orc/TaskDispatch.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;

namespace tsum {

namespace {

/// Object files in the process, each in a library of its own, so that each can be unloaded.
class Loader {
public:
  static Expected<std::unique_ptr<Loader>> create();
  Expected<Program> load(Image image);

private:
  explicit Loader(std::unique_ptr<orc::ExecutorProcessControl> process)
      : session(std::move(process)), linker(session) {}

  ForkSafeMutex mutex{LockRank::Loader}; ///< serializes what touches the session
  orc::ExecutionSession session;
  orc::ObjectLinkingLayer linker;
  /// What LLVM may call on its own account, memset and memcpy, and what exact sums call.
  orc::JITDylib *processSymbols = nullptr;
  std::int64_t count = 0;
};

} // namespace

Expected<std::unique_ptr<Loader>> Loader::create() {
  // Linking happens on the thread that asks for it: no pool of threads beside the host program's
  // own.
  auto process = orc::SelfExecutorProcessControl::Create(
      nullptr, std::make_unique<orc::InPlaceTaskDispatcher>());
  if (!process)
    return process.takeError();
  std::unique_ptr<Loader> loader(new Loader(std::move(*process)));
  loader->processSymbols = &loader->session.createBareJITDylib("process");
  auto symbols = orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(/*GlobalPrefix=*/'\0');
  if (!symbols)
    return symbols.takeError();
  loader->processSymbols->addGenerator(std::move(*symbols));
  orc::SymbolMap calls;
  for (const exact::Call &call : exact::calls())
    calls[loader->session.intern(call.name)] = {orc::ExecutorAddr::fromPtr(call.address),
                                                JITSymbolFlags::Exported};
  if (llvm::Error error = loader->processSymbols->define(orc::absoluteSymbols(std::move(calls))))
    return error;
  if (llvm::Error error = nameKernelsToProfilers(loader->session, loader->linker))
    return error;
  return loader;
}

Expected<Program> Loader::load(Image image) {
  Program program = std::move(image.program);
  if (program.launches.empty())
    return program;
  std::unique_lock lock(mutex);
  // A library of its own for each object keeps equal names of kernels apart.
  orc::JITDylib &library = session.createBareJITDylib("tsum." + std::to_string(count++));
  library.addToLinkOrder(*processSymbols);
  auto unload = [this](orc::JITDylib *library) {
    const CompilerUse use;
    if (!use)
      return; // the process ends, and the code with it
    std::lock_guard lock(mutex);
    if (llvm::Error error = session.removeJITDylib(*library))
      session.reportError(std::move(error));
  };
  // Unloading takes the lock, so that it must be free when the last one lets go.
  std::shared_ptr<orc::JITDylib> code(&library, unload);
  auto fail = [&](llvm::Error error) {
    lock.unlock();
    return error;
  };

  auto object = MemoryBuffer::getMemBufferCopy(image.object, "tsum");
  if (llvm::Error error = linker.add(library, std::move(object)))
    return fail(std::move(error));
  for (std::size_t i = 0; i < program.launches.size(); ++i) {
    auto symbol = session.lookup({&library}, session.intern(image.kernels[i]));
    if (!symbol)
      return fail(symbol.takeError());
    program.launches[i].kernel = symbol->getAddress().toPtr<Kernel>();
    program.launches[i].name = std::move(image.kernels[i]);
  }
  lock.unlock();
  program.code = std::move(code);
  return program;
}

static ProcessWide<Expected<std::unique_ptr<Loader>>> theLoader;

std::variant<Program, CompileFailure> load(Image image) {
  const CompilerUse use;
  if (!use)
    return CompilerUse::failure();
  if (std::optional<CompileFailure> failure = injectedFailure("load", /*inSmallKernels=*/false))
    return *failure;
  auto &created =
      theLoader.get([] { return new Expected<std::unique_ptr<Loader>>(Loader::create()); });
  auto fail = [](llvm::Error error) { return CompileFailure{"load", toString(std::move(error))}; };
  if (!created)
    return CompileFailure{"load", "the linker of this process could not be set up"};
  auto program = (*created)->load(std::move(image));
  if (!program)
    return fail(program.takeError());
  return std::move(*program);
}

} // namespace tsum
