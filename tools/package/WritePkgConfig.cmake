# SPDX-License-Identifier: Apache-2.0
#
# What pkg-config reads, for a library folder and a header folder anywhere: as long as both are
# below the prefix, all can be moved together. As a script it writes tsum.pc and tsum-static.pc for
# the test of what is installed:
#
#   cmake -Dlibdir=lib64 -Dincludedir=include -Dprefix=/usr -Dversion=0.1.0 -Dfolder=F -P <this>

# tsum_write_pkg_config(<name> <file> KIND <text> LIBS <flags>)
function(tsum_write_pkg_config pc_name file)
  cmake_parse_arguments(arg "" "KIND;LIBS;PREFIX;LIBDIR;INCLUDEDIR;VERSION" "" ${ARGN})
  set(pc_kind "${arg_KIND}")
  set(pc_libs "${arg_LIBS}")
  set(pc_version ${arg_VERSION})
  if(IS_ABSOLUTE ${arg_LIBDIR})
    set(pc_prefix ${arg_PREFIX})
  else()
    # From <prefix>/<libdir>/pkgconfig.
    string(REGEX REPLACE "[^/]+" ".." to_prefix ${arg_LIBDIR}/pkgconfig)
    set(pc_prefix \${pcfiledir}/${to_prefix})
  endif()
  foreach(folder IN ITEMS LIBDIR INCLUDEDIR)
    string(TOLOWER pc_${folder} variable)
    set(${variable} ${arg_${folder}})
    if(NOT IS_ABSOLUTE ${arg_${folder}})
      set(${variable} \${prefix}/${arg_${folder}})
    endif()
  endforeach()
  configure_file(${CMAKE_CURRENT_FUNCTION_LIST_DIR}/tsum.pc.in ${file} @ONLY)
endfunction()

# tsum_write_pkg_configs(<folder> PREFIX ... LIBDIR ... INCLUDEDIR ... VERSION ...): both.
function(tsum_write_pkg_configs folder)
  tsum_write_pkg_config(tsum ${folder}/tsum.pc LIBS "-L\${libdir} -ltsum" ${ARGN})
  tsum_write_pkg_config(tsum-static ${folder}/tsum-static.pc KIND ", as an archive"
    LIBS "\${libdir}/libtsum.a -ltbb -lz -ldl -lm -lrt -lpthread" ${ARGN})
endfunction()

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  tsum_write_pkg_configs(${folder} PREFIX ${prefix} LIBDIR ${libdir} INCLUDEDIR ${includedir}
    VERSION ${version})
endif()
