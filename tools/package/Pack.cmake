# SPDX-License-Identifier: Apache-2.0
#
# What cpack does otherwise for each kind of package: a tarball unpacks to a folder of its own.
if(CPACK_GENERATOR STREQUAL TGZ)
  set(CPACK_COMPONENT_INCLUDE_TOPLEVEL_DIRECTORY ON)
endif()
