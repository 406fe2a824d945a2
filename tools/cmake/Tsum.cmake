# SPDX-License-Identifier: Apache-2.0
#
# How every target of tsum is built. Two kinds of library: the API side (exceptions, no LLVM header)
# and the compiler side (LLVM's headers and rules: no exceptions). This file alone decides between
# libMLIR.so and static archives, since a program that mixes the two crashes.

add_library(tsum_options INTERFACE)
target_include_directories(tsum_options INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
  $<INSTALL_INTERFACE:include>)
# What mlir-tblgen writes is not ours to keep free of warnings.
target_include_directories(tsum_options SYSTEM INTERFACE
  $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>)
target_compile_options(tsum_options INTERFACE
  # Whoever builds the library alone has a compiler of their own.
  -Wall -Wextra -Wpedantic $<$<NOT:$<BOOL:${TSUM_LIBRARY_ONLY}>>:-Werror>
  -Wno-missing-field-initializers
  -ffunction-sections -fdata-sections
  # A sum's order and roundings are what we write, never what the compiler finds convenient.
  -ffp-contract=off
  # What GoogleTest's macros expand to has an else of its own.
  "$<$<CXX_COMPILER_ID:GNU>:-Wno-dangling-reference;-Wno-dangling-else>")
if(TSUM_SANITIZE)
  target_compile_options(tsum_options INTERFACE -fsanitize=${TSUM_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(tsum_options INTERFACE -fsanitize=${TSUM_SANITIZE})
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
  # Lets ccache reuse precompiled headers.
  target_compile_options(tsum_options INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
endif()

add_library(tsum_compiler_options INTERFACE)
target_link_libraries(tsum_compiler_options INTERFACE tsum_options)
target_include_directories(tsum_compiler_options SYSTEM INTERFACE
  # Its TypeID.h says why.
  $<$<CXX_COMPILER_ID:GNU>:${PROJECT_SOURCE_DIR}/tools/cmake/gcc>
  ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
separate_arguments(llvm_definitions UNIX_COMMAND "${LLVM_DEFINITIONS}")
target_compile_definitions(tsum_compiler_options INTERFACE ${llvm_definitions})
target_compile_options(tsum_compiler_options INTERFACE -fno-exceptions)

if(TSUM_STATIC_LLVM)
  # Debian's static MLIR archives name the shared LLVM in their link interface; beside LLVM's static
  # components that would register every command-line option twice and abort at start.
  get_property(mlir_libraries GLOBAL PROPERTY MLIR_ALL_LIBS)
  foreach(library IN LISTS mlir_libraries)
    if(TARGET ${library})
      get_target_property(dependencies ${library} INTERFACE_LINK_LIBRARIES)
      if(dependencies)
        list(REMOVE_ITEM dependencies LLVM)
        set_target_properties(${library} PROPERTIES INTERFACE_LINK_LIBRARIES "${dependencies}")
      endif()
    endif()
  endforeach()
  # zstd, too: unlike zlib it is not on every system.
  if(TARGET zstd::libzstd_static)
    get_target_property(dependencies LLVMSupport INTERFACE_LINK_LIBRARIES)
    list(TRANSFORM dependencies REPLACE "^zstd::libzstd_shared$" zstd::libzstd_static)
    set_target_properties(LLVMSupport PROPERTIES INTERFACE_LINK_LIBRARIES "${dependencies}")
  endif()
  add_link_options(-Wl,--as-needed -Wl,--gc-sections -Wl,--exclude-libs,ALL)
  # A sixth of MLIR's code is there twice: templates that differ in types alone. What MLIR and LLVM
  # compare are addresses of data.
  include(CheckLinkerFlag)
  check_linker_flag(CXX -Wl,--icf=all TSUM_LINKER_FOLDS_CODE)
  if(TSUM_LINKER_FOLDS_CODE)
    add_link_options(-Wl,--icf=all)
  endif()
endif()
# What the public headers declare between `#pragma GCC visibility` is visible, and nothing else.
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

# tsum_add_library(<name> [COMPILER] SOURCES <file>... [LINK <tsum or system library>...]
#                  [MLIR <component>...] [LLVM <component>...])
function(tsum_add_library name)
  cmake_parse_arguments(arg "COMPILER" "" "SOURCES;LINK;MLIR;LLVM" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(${name} PUBLIC tsum_options)
  if(arg_COMPILER)
    # Private: who links the compiler keeps its exceptions.
    target_link_libraries(${name} PRIVATE tsum_compiler_options)
    add_dependencies(${name} TsumTableGen)
    tsum_precompile_headers(${name})
  endif()
  target_link_libraries(${name} PUBLIC ${arg_LINK})
  tsum_link_llvm(${name} PUBLIC MLIR ${arg_MLIR} LLVM ${arg_LLVM})
endfunction()

# tsum_add_loops(<target> [<option>...]): LoopsBaseline.cpp and, where there are such processors,
# LoopsAvx2.cpp and LoopsAvx512.cpp, among which tsum/Support/InstructionSets.inc chooses.
function(tsum_add_loops target)
  # No vector crosses a translation unit.
  set(options ${ARGN} -fno-math-errno -fno-trapping-math -Wno-psabi
    # Intrinsics of g++ 12 leave what they mask out uninitialized.
    "$<$<CXX_COMPILER_ID:GNU>:-Wno-uninitialized>")
  set(sets Baseline)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    list(APPEND sets Avx2 Avx512)
    set(Avx2_options -march=x86-64-v3)
    set(Avx512_options -march=x86-64-v4)
  endif()
  foreach(set IN LISTS sets)
    target_sources(${target} PRIVATE Loops${set}.cpp)
    set_source_files_properties(Loops${set}.cpp PROPERTIES
      COMPILE_OPTIONS "${options};${${set}_options}")
  endforeach()
endfunction()

# tsum_add_compiler_tool(<name> SOURCES <file>... [LINK ...] [MLIR ...] [LLVM ...]): a program that
# uses LLVM's headers.
function(tsum_add_compiler_tool name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;MLIR;LLVM" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE tsum_compiler_options ${arg_LINK})
  tsum_link_llvm(${name} PRIVATE MLIR ${arg_MLIR} LLVM ${arg_LLVM})
endfunction()

# tsum_link_llvm(<target> <visibility> [MLIR <component>...] [LLVM <component>...])
function(tsum_link_llvm target visibility)
  cmake_parse_arguments(arg "" "" "MLIR;LLVM" ${ARGN})
  if(TSUM_STATIC_LLVM)
    if(arg_LLVM)
      llvm_map_components_to_libnames(llvm_libraries ${arg_LLVM})
    endif()
    target_link_libraries(${target} ${visibility} ${arg_MLIR} ${llvm_libraries})
  elseif(arg_MLIR OR arg_LLVM)
    target_link_libraries(${target} ${visibility} MLIR LLVM)
  endif()
endfunction()

# MLIR's headers take seconds to parse: the compiler libraries share one precompiled set.
function(tsum_precompile_headers name)
  if(TARGET tsum_pch)
    target_precompile_headers(${name} REUSE_FROM tsum_pch)
    return()
  endif()
  # Unlike WRITE, leaves an equal file, and so its object, alone.
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/tsum_pch.cpp
    CONTENT "// Carries the precompiled headers of the compiler libraries.\n")
  add_library(tsum_pch OBJECT ${PROJECT_BINARY_DIR}/tsum_pch.cpp)
  set_target_properties(tsum_pch PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(tsum_pch PRIVATE tsum_compiler_options)
  target_precompile_headers(tsum_pch PRIVATE
    <mlir/Dialect/Affine/IR/AffineOps.h>
    <mlir/Dialect/Arith/IR/Arith.h>
    <mlir/Dialect/Func/IR/FuncOps.h>
    <mlir/Dialect/Linalg/IR/Linalg.h>
    <mlir/Dialect/MemRef/IR/MemRef.h>
    <mlir/Dialect/SCF/IR/SCF.h>
    <mlir/Dialect/Tensor/IR/Tensor.h>
    <mlir/Dialect/Vector/IR/VectorOps.h>
    <mlir/IR/Builders.h>
    <mlir/IR/PatternMatch.h>
    <mlir/Pass/PassManager.h>)
  target_precompile_headers(${name} REUSE_FROM tsum_pch)
endfunction()

# All headers that mlir-tblgen writes, and all of docs/generated (`tools/dev docs` copies it to the
# sources).
add_custom_target(TsumTableGen)
if(TSUM_LIBRARY_ONLY)
  add_custom_target(tsum-docs)
else()
  add_custom_target(tsum-docs ALL)
endif()

# tsum_tablegen(<output> <mlir-tblgen option>...): a header from the file that
# LLVM_TARGET_DEFINITIONS names.
function(tsum_tablegen output)
  tsum_run_tablegen(${output} ${ARGN})
  tsum_generate(TsumTableGen ${CMAKE_CURRENT_BINARY_DIR}/${output})
endfunction()

# tsum_add_doc(<name> <mlir-tblgen option>...): docs/generated/<name>.md, from the same.
function(tsum_add_doc name)
  tsum_run_tablegen(${name}.md ${ARGN})
  # A copy, since mlir-tblgen leaves its list of dependencies beside what it writes.
  set(doc ${PROJECT_BINARY_DIR}/docs/generated/${name}.md)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/docs/generated)
  add_custom_command(OUTPUT ${doc}
    COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_CURRENT_BINARY_DIR}/${name}.md ${doc}
    DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/${name}.md VERBATIM)
  tsum_generate(tsum-docs ${doc})
endfunction()

# tsum_add_passes(<name> <directory>): `register<name>Passes`, declarations and documentation of
# <directory>/Passes.td.
function(tsum_add_passes name directory)
  set(LLVM_TARGET_DEFINITIONS ${directory}/Passes.td)
  tsum_tablegen(${directory}/Passes.h.inc -gen-pass-decls -name=${name})
  tsum_add_doc(${name}Passes -gen-pass-doc)
endfunction()

function(tsum_run_tablegen output)
  cmake_path(GET output PARENT_PATH directory)
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/${directory})
  get_property(tables DIRECTORY PROPERTY tsum_tables)
  mlir_tablegen(${output} ${ARGN} DEPENDS ${tables}
    EXTRA_INCLUDES ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/include ${MLIR_INCLUDE_DIRS})
endfunction()

# Makes `target` generate `file`.
function(tsum_generate target file)
  cmake_path(RELATIVE_PATH file BASE_DIRECTORY ${PROJECT_BINARY_DIR} OUTPUT_VARIABLE relative)
  string(MAKE_C_IDENTIFIER generate_${relative} name)
  add_custom_target(${name} DEPENDS ${file})
  add_dependencies(${target} ${name})
endfunction()

# tsum_expand_table(<output> <table>): runs <output>.in, ODS text around an #include of the table,
# through the C preprocessor, which takes the rows as C++ does; what mlir-tblgen makes of this
# directory then waits for it.
function(tsum_expand_table output table)
  set(expanded ${CMAKE_CURRENT_BINARY_DIR}/${output})
  cmake_path(GET expanded PARENT_PATH directory)
  file(MAKE_DIRECTORY ${directory})
  add_custom_command(OUTPUT ${expanded}
    COMMAND ${CMAKE_CXX_COMPILER} -E -P -x c++ -I ${PROJECT_SOURCE_DIR}/include
            ${CMAKE_CURRENT_SOURCE_DIR}/${output}.in -o ${expanded}
    DEPENDS ${output}.in ${PROJECT_SOURCE_DIR}/include/${table}
    COMMENT "Expanding ${table} to ${output}" VERBATIM)
  set_property(DIRECTORY APPEND PROPERTY tsum_tables ${expanded})
endfunction()
