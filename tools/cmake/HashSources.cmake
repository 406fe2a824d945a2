# SPDX-License-Identifier: Apache-2.0
#
# cmake -DLIST=<file of paths> -DOUTPUT=<file> -P HashSources.cmake: writes one hash of the contents
# of all the files as a C string.
file(STRINGS ${LIST} sources)
set(hashes "")
foreach(source IN LISTS sources)
  file(SHA256 ${source} hash)
  string(APPEND hashes "${hash}\n")
endforeach()
string(SHA256 build_id "${hashes}")
file(WRITE ${OUTPUT} "\"${build_id}\"\n")
