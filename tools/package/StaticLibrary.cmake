# SPDX-License-Identifier: Apache-2.0
#
# libtsum.a: one object file with all of tsum and what it uses of LLVM, in which every symbol is
# local that the shared library does not export. So a program can link it beside another LLVM.

# tsum_collect_archives(<variable> <target>...): the static libraries that the targets link, and
# those that these link.
function(tsum_collect_archives variable)
  set(pending ${ARGN})
  set(seen "")
  set(archives "")
  while(pending)
    list(POP_FRONT pending target)
    string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" target "${target}")
    if(NOT TARGET "${target}" OR target IN_LIST seen)
      continue()
    endif()
    list(APPEND seen ${target})
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "STATIC_LIBRARY")
      list(APPEND archives ${target})
    endif()
    if(NOT type STREQUAL "SHARED_LIBRARY")
      get_target_property(dependencies ${target} INTERFACE_LINK_LIBRARIES)
      if(dependencies)
        list(APPEND pending ${dependencies})
      endif()
    endif()
  endwhile()
  set(${variable} ${archives} PARENT_SCOPE)
endfunction()

tsum_collect_archives(archives ${public_libraries})
list(TRANSFORM archives REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE archive_files)
list(JOIN archive_files "\n" archive_lines)
file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/archives.rsp CONTENT "${archive_lines}\n")

find_program(TSUM_BFD_LD NAMES ld.bfd REQUIRED) # lld joins no groups
set(object ${CMAKE_CURRENT_BINARY_DIR}/tsum.o)
add_custom_command(OUTPUT ${object}
  COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/merge-objects.sh ${TSUM_BFD_LD} ${CMAKE_NM}
          ${CMAKE_OBJCOPY} $<TARGET_FILE:tsum-shared> archives.rsp ${object}
  DEPENDS tsum-shared merge-objects.sh ${CMAKE_CURRENT_BINARY_DIR}/archives.rsp
  WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}
  COMMENT "Merging all objects of libtsum.a" VERBATIM)
set_source_files_properties(${object} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
add_library(tsum-static STATIC ${object})
set_target_properties(tsum-static PROPERTIES
  OUTPUT_NAME tsum EXPORT_NAME static LINKER_LANGUAGE CXX)
target_include_directories(tsum-static INTERFACE $<INSTALL_INTERFACE:include>)
target_compile_features(tsum-static INTERFACE cxx_std_20)
find_package(TBB REQUIRED)
find_package(ZLIB REQUIRED)
target_link_libraries(tsum-static INTERFACE TBB::tbb ZLIB::ZLIB dl m rt)
install(TARGETS tsum-static EXPORT tsum-static COMPONENT tsum)
install(EXPORT tsum-static NAMESPACE tsum:: FILE tsum-static-targets.cmake
  DESTINATION ${config_dir} COMPONENT tsum)
