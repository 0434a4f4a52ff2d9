#!/bin/sh
# What doc/completions/swarmtop.bash offers in bash, with the words as readline splits them.
set -u
command -v bash >/dev/null 2>&1 || { echo "no bash"; exit 77; }
. "$SWARMTOP_TESTS/support/completions.sh"

cat >"$TMPDIR/complete.bash" <<'END'
source "$SWARMTOP_COMPLETIONS/swarmtop.bash"
COMP_WORDBREAKS=$' \t\n"\'><=;|&(:'
[[ $MODE == no-breaks ]] && COMP_WORDBREAKS=$' \t\n"\'><;|&('
line=$1
COMP_WORDS=() rest=$line
while [[ $rest ]]; do
    rest=${rest#"${rest%%[![:space:]]*}"}
    piece=${rest%%[[:space:]]*}
    rest=${rest#"$piece"}
    # Breaks are pieces of their own.
    while [[ $piece && $MODE != no-breaks && $piece == *[:=]* ]]; do
        before=${piece%%[:=]*}
        [[ $before ]] && COMP_WORDS+=("$before")
        COMP_WORDS+=("${piece:${#before}:1}")
        piece=${piece:$((${#before} + 1))}
    done
    [[ $piece ]] && COMP_WORDS+=("$piece")
done
[[ $line == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
[[ $MODE == no-line ]] && unset COMP_LINE || COMP_LINE=$line
_swarmtop swarmtop "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
# As readline shows it: with what it leaves alone before the last break.
kept=${line##* }
case $MODE in
no-breaks) kept= ;;
*) case $kept in *[:=]*) kept=${kept%"${kept##*[:=]}"} ;; *) kept= ;; esac ;;
esac
[[ ${#COMPREPLY[@]} == 0 ]] || printf '%s\n' "${COMPREPLY[@]/#/$kept}"
END
candidates() {
    bash --noprofile --norc "$TMPDIR/complete.bash" "$1"
}
export MODE=line
cases
split_cases
option_cases
# A blank ends a word at ':'.
offers 'swarmtop record codex: tr' trace.json
for MODE in no-line no-breaks; do
    split_cases
done
exit $status
