// SPDX-License-Identifier: Apache-2.0
#pragma once

#ifdef TSUM_HAS_MPI
#include "Ranks.h"
#else
namespace tsum {
class Ranks; // there are none
}
#endif

#include "llvm/Support/CommandLine.h"

#include <string>

namespace tsum {

/// What the command line says.
struct Options {
  llvm::cl::OptionCategory category{"tsum-run options"};
  llvm::cl::list<std::string> operands{llvm::cl::Positional, llvm::cl::cat(category),
                                       llvm::cl::desc("<file.mlir> | <name=file.npy>...")};
  llvm::cl::opt<std::string> expression{
      "expr", llvm::cl::value_desc("expression"), llvm::cl::cat(category),
      llvm::cl::desc(
          "What to evaluate in place of a function: 'reduce_sum(square(x - y), axis=1)' of "
          "x=a.npy y=b.npy, or of the arrays of an archive, as they are named there. Several "
          "results have commas between them")};
  llvm::cl::list<std::string> inputs{
      "input", llvm::cl::value_desc("file.npy"), llvm::cl::cat(category),
      llvm::cl::desc("The next argument of the function; of an archive, file.npz:name")};
  llvm::cl::list<std::string> outputs{
      "output", llvm::cl::value_desc("file.npy"), llvm::cl::cat(category),
      llvm::cl::desc("Where the next result goes; without any, results are "
                     "printed")};
  llvm::cl::opt<std::string> function{
      "function", llvm::cl::value_desc("name"), llvm::cl::cat(category),
      llvm::cl::desc("The function to evaluate, if the file has several")};
  llvm::cl::opt<bool> time{
      "time", llvm::cl::cat(category),
      llvm::cl::desc("Print to stderr how long compiling and a later call take; GB/s "
                     "count each input and output once")};
  llvm::cl::opt<unsigned> repetitions{
      "repetitions", llvm::cl::value_desc("n"), llvm::cl::cat(category),
      llvm::cl::desc("How many calls --time makes (as many as take half a second, at least 5)")};
  enum class Explain { No, Text, Json, Html };
  llvm::cl::opt<Explain> explain{
      "explain", llvm::cl::init(Explain::No), llvm::cl::cat(category),
      llvm::cl::desc("Print what is compiled, how it runs and how fast, in place of the results:"),
      llvm::cl::values(clEnumValN(Explain::Text, "text", "for a terminal"),
                       clEnumValN(Explain::Json, "json", "for programs"),
                       clEnumValN(Explain::Html, "html", "a page with the kernels drawn"))};
  llvm::cl::opt<std::string> accuracy{
      "accuracy", llvm::cl::value_desc("name"), llvm::cl::cat(category),
      llvm::cl::desc(
          "How accurate sums of an expression are, and what is made of sums: standard or "
          "exact. A function of a file says it itself")};
  llvm::cl::opt<std::string> memory{
      "memory", llvm::cl::value_desc("bytes"), llvm::cl::init("256M"), llvm::cl::cat(category),
      llvm::cl::desc(
          "Files of more than this are not loaded but read piece by piece, in so much memory: "
          "a number of bytes, or with k, M or G (256M)")};
  llvm::cl::opt<std::string> checkpoint{
      "checkpoint", llvm::cl::value_desc("file"), llvm::cl::cat(category),
      llvm::cl::desc("Where partial sums are kept while such files are read, from which the same "
                     "command goes on if it was ended")};
  llvm::cl::opt<int> axis{
      "join-axis", llvm::cl::value_desc("axis"), llvm::cl::init(0), llvm::cl::cat(category),
      llvm::cl::desc("The axis along which the files of a pattern lie behind one another "
                     "(0)")};
  llvm::cl::opt<bool> mpi{
      "mpi", llvm::cl::cat(category),
      llvm::cl::desc("One of several ranks, started by mpirun: each loads its share of the "
                     "files, along --join-axis, and rank 0 prints or writes the results. "
                     "Needs a tsum that was built with TSUM_MPI")};
  const Ranks *ranks = nullptr; ///< of --mpi
  llvm::cl::opt<bool> functions{"functions", llvm::cl::cat(category),
                                llvm::cl::desc("List the functions that expressions may call")};
  llvm::cl::opt<std::string> printAfter{
      "print-after", llvm::cl::value_desc("stage"), llvm::cl::cat(category),
      llvm::cl::desc(
          "Print what the stage of that name, as in tsum-opt --tsum-compile='stop-after=...', "
          "makes of the canonical graph; import: the graph as it was built, as a file that "
          "tsum-run reads; generic: what runs where nothing is compiled")};
};

/// Whether this process prints and writes what it has found out.
inline bool speaks(const Options &options) {
#ifdef TSUM_HAS_MPI
  return !options.ranks || options.ranks->isFirst();
#else
  return !options.ranks;
#endif
}

} // namespace tsum
