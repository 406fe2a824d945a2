// SPDX-License-Identifier: Apache-2.0

#include "tsum/JIT/Library.h"

#include "Workbench.h"

#include "tsum/Codegen/EmitObject.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace tsum {

struct Library::Parts {
  explicit Parts(std::string features)
      : features(features), workbench({.targetFeatures = std::move(features)}),
        module(std::make_unique<Module>("tsum", workbench.llvmContext)) {}

  std::string features;
  Workbench workbench;
  std::unique_ptr<TargetMachine> target;
  std::unique_ptr<Module> module;
  std::string problem; ///< of the set-up
  std::vector<CompileFailure> notes;
  std::int64_t graphs = 0;
};

Library::Library(std::string features) : parts(std::make_unique<Parts>(std::move(features))) {
  auto target = createTargetMachine(parts->features);
  if (!target) {
    parts->problem = toString(target.takeError());
    return;
  }
  parts->target = std::move(*target);
  parts->module->setTargetTriple(parts->target->getTargetTriple());
  parts->module->setDataLayout(parts->target->createDataLayout());
}

Library::~Library() = default;

std::span<const CompileFailure> Library::notes() const { return parts->notes; }

std::optional<CompileFailure> Library::addKernels(const CanonicalGraph &graph, Image &image) {
  if (!parts->target)
    return CompileFailure{"set-up", parts->problem};
  std::unique_ptr<Module> kernels;
  std::optional<CompileFailure> first;
  for (bool inSmallKernels : {false, true}) {
    std::vector<StageTime> times;
    CompileFailure failure;
    StageWatch watch(times, graph, inSmallKernels);
    kernels = parts->workbench.lower(graph, inSmallKernels, *parts->target, image, watch, failure);
    if (failure.stage.empty())
      break;
    if (first)
      return first;
    first = std::move(failure);
    image = {};
  }
  if (first)
    parts->notes.push_back(std::move(*first));
  if (!kernels)
    return std::nullopt;
  const std::string suffix = "." + std::to_string(parts->graphs++);
  for (std::string &name : image.kernels) {
    llvm::Function *kernel = kernels->getFunction(name);
    name += suffix;
    kernel->setName(name);
  }
  if (Linker::linkModules(*parts->module, std::move(kernels)))
    return CompileFailure{"link", "the kernels of two graphs contradict each other"};
  for (const std::string &name : image.kernels)
    parts->module->getFunction(name)->setLinkage(GlobalValue::InternalLinkage);
  return std::nullopt;
}

namespace {

/// Writes the body of an entry.
class EntryWriter {
public:
  EntryWriter(Module &module, const Library::Entry &entry, StringRef features)
      : module(module), entry(entry), b(module.getContext()) {
    const std::size_t arguments = static_cast<std::size_t>(entry.inputs) +
                                  static_cast<std::size_t>(entry.outputs) + entry.hasScratch;
    SmallVector<Type *> types(arguments, b.getPtrTy());
    function = llvm::Function::Create(FunctionType::get(b.getVoidTy(), types, /*isVarArg=*/false),
                                      GlobalValue::ExternalLinkage, entry.name, module);
    function->addFnAttr(Attribute::NoUnwind);
    if (!features.empty())
      function->addFnAttr("target-features", features);
  }

  void write() {
    b.SetInsertPoint(BasicBlock::Create(module.getContext(), "entry", function));
    auto *argument = function->arg_begin();
    for (std::int32_t n = 0; n < entry.inputs; ++n)
      buffers.push_back(argument++);
    for (const Library::Entry::Constant &constant : entry.constants)
      buffers.push_back(address(embed(constant), constant.first));
    for (std::int32_t n = 0; n < entry.outputs + entry.hasScratch; ++n)
      buffers.push_back(argument++);
    std::size_t most = 1;
    for (const Library::Entry::Launch &launch : entry.launches)
      most = std::max(most, launch.buffers.size());
    Value *list = b.CreateAlloca(ArrayType::get(b.getPtrTy(), most));
    for (const Library::Entry::Launch &launch : entry.launches) {
      for (auto [n, place] : enumerate(launch.buffers))
        b.CreateStore(at(place), b.CreateConstInBoundsGEP1_64(b.getPtrTy(), list, n));
      b.CreateCall(module.getFunction(launch.kernel),
                   {list, b.getInt64(0), b.getInt64(static_cast<std::uint64_t>(launch.tiles))});
    }
    for (const Library::Entry::Copy &copy : entry.copies)
      write(copy);
    b.CreateRetVoid();
  }

private:
  Value *address(Value *base, std::int64_t offset) {
    return offset == 0
               ? base
               : b.CreateGEP(b.getInt8Ty(), base, b.getInt64(static_cast<std::uint64_t>(offset)));
  }
  Value *at(const Library::Entry::Place &place) {
    return address(buffers[static_cast<std::size_t>(place.buffer)], place.offset);
  }

  GlobalVariable *embed(const Library::Entry::Constant &constant) {
    auto *data =
        ConstantDataArray::getString(module.getContext(),
                                     StringRef(reinterpret_cast<const char *>(constant.begin),
                                               static_cast<std::size_t>(constant.bytes)),
                                     /*AddNull=*/false);
    auto *global = new GlobalVariable(module, data->getType(), /*isConstant=*/true,
                                      GlobalValue::PrivateLinkage, data, "constant");
    global->setAlignment(Align(64));
    return global;
  }

  /// One loop over the elements, whose number gives the index along each dimension.
  void write(const Library::Entry::Copy &copy) {
    std::int64_t size = 1;
    for (std::int64_t extent : copy.shape)
      size *= extent;
    if (size == 0)
      return;
    auto constant = [&](std::int64_t number) {
      return b.getInt64(static_cast<std::uint64_t>(number));
    };
    BasicBlock *before = b.GetInsertBlock();
    BasicBlock *loop = BasicBlock::Create(module.getContext(), "copy", function);
    BasicBlock *after = BasicBlock::Create(module.getContext(), "copied", function);
    b.CreateBr(loop);
    b.SetInsertPoint(loop);
    PHINode *i = b.CreatePHI(b.getInt64Ty(), 2);
    i->addIncoming(constant(0), before);
    Value *offset = constant(0);
    Value *rest = i;
    for (std::size_t dim = copy.shape.size(); dim-- > 0;) {
      Value *index = b.CreateURem(rest, constant(copy.shape[dim]));
      rest = b.CreateUDiv(rest, constant(copy.shape[dim]));
      offset = b.CreateAdd(offset, b.CreateMul(index, constant(copy.strides[dim])));
    }
    Value *from = b.CreateGEP(b.getInt8Ty(), at(copy.from), offset);
    Value *to = b.CreateGEP(b.getInt8Ty(), at(copy.to), b.CreateMul(i, constant(copy.element)));
    Type *element = b.getIntNTy(static_cast<unsigned>(copy.element) * 8);
    b.CreateAlignedStore(b.CreateAlignedLoad(element, from, Align(1)), to, Align(1));
    Value *next = b.CreateAdd(i, constant(1));
    i->addIncoming(next, loop);
    b.CreateCondBr(b.CreateICmpEQ(next, constant(size)), after, loop);
    b.SetInsertPoint(after);
  }

  Module &module;
  const Library::Entry &entry;
  IRBuilder<> b;
  llvm::Function *function;
  SmallVector<Value *> buffers;
};

} // namespace

void Library::addEntry(const Entry &entry) {
  EntryWriter(*parts->module, entry, parts->features).write();
}

std::variant<std::string, CompileFailure> Library::emit(Format format) {
  if (!parts->target)
    return CompileFailure{"set-up", parts->problem};
  if (format == Format::LlvmIr) {
    std::string text;
    raw_string_ostream stream(text);
    parts->module->print(stream, nullptr);
    return text;
  }
  CodeEmitter emitter(*parts->target, format == Format::Object ? CodeGenFileType::ObjectFile
                                                               : CodeGenFileType::AssemblyFile);
  auto code = emitter.emit(*parts->module);
  if (!code)
    return CompileFailure{"object", toString(code.takeError())};
  return std::move(*code);
}

} // namespace tsum
