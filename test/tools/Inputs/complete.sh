# SPDX-License-Identifier: Apache-2.0
#
# complete.sh SCRIPT TOOL WORD...: prints how bash completes the last word, by the functions of SCRIPT.
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
COMPREPLY=()
_tsum_complete "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
