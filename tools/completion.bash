# SPDX-License-Identifier: Apache-2.0
#
# Completion of tsum's tools in bash: `source tools/completion.bash`.

# The options that the tool itself lists, its stages, and the functions of the .mlir file given.
_tsum_complete() {
  local tool=$1 word=$2 previous=$3 file
  # bash takes = for a word of its own.
  [[ $previous != = ]] || previous=${COMP_WORDS[COMP_CWORD - 2]}
  [[ $word != = ]] || word=
  case $previous in
    --function)
      for file in "${COMP_WORDS[@]}"; do
        [[ $file == *.mlir && -r $file ]] || continue
        mapfile -t COMPREPLY < <(compgen -W \
          "$(sed -n 's/^ *func\.func [^@]*@\([A-Za-z0-9_]*\).*/\1/p' "$file")" -- "$word")
      done
      return
      ;;
    --print-after)
      # The tool's complaint lists them.
      mapfile -t COMPREPLY < <(compgen -W "$(: | "$tool" - --print-after=? 2>&1 |
        sed -n 's/.*(the stages: \(.*\))$/\1/p' | tr -d ,)" -- "$word")
      return
      ;;
    --input | --output | -o | --header)
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return
      ;;
  esac
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W \
      "$("$tool" --help | sed -n 's/^ *\(--*[A-Za-z][-A-Za-z0-9]*\).*/\1/p')" -- "$word")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}

complete -o filenames -F _tsum_complete tsum-run tsum-compile tsum-opt
