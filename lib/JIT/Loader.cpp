// SPDX-License-Identifier: Apache-2.0

#include "Loader.h"

#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/SelfExecutorProcessControl.h"
#include "llvm/ExecutionEngine/Orc/TaskDispatch.h"

using namespace llvm;

namespace tsum {

Loader::Loader(std::unique_ptr<orc::ExecutorProcessControl> process)
    : session(std::move(process)), linker(session) {}

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
  return loader;
}

Expected<Loader::Loaded> Loader::load(std::unique_ptr<MemoryBuffer> object,
                                      ArrayRef<std::string> names) {
  // A library of its own for each object keeps equal names of kernels apart.
  orc::JITDylib &library = session.createBareJITDylib("tsum." + std::to_string(count++));
  library.addToLinkOrder(*processSymbols);
  auto unload = [this](orc::JITDylib *library) {
    if (Error error = session.removeJITDylib(*library))
      session.reportError(std::move(error));
  };
  std::shared_ptr<orc::JITDylib> code(&library, unload);

  if (Error error = linker.add(library, std::move(object)))
    return error;
  Loaded loaded{{}, code};
  for (const std::string &name : names) {
    auto symbol = session.lookup({&library}, session.intern(name));
    if (!symbol)
      return symbol.takeError();
    loaded.kernels.push_back(symbol->getAddress().toPtr<Kernel>());
  }
  return loaded;
}

} // namespace tsum
