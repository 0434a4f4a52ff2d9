#!/bin/sh
# What doc/completions/_swarmtop offers in zsh: one zsh in a pseudo-terminal completes all lines. Its compadd
# writes each candidate that matches to a file instead of adding it.
set -u
command -v zsh >/dev/null 2>&1 || { echo "no zsh"; exit 77; }
zsh -f -c 'zmodload zsh/zpty' 2>/dev/null || { echo "zsh without zpty"; exit 77; }
. "$SWARMTOP_TESTS/support/completions.sh"

cat >"$TMPDIR/inner.zsh" <<'END'
PROMPT= PS2=
fpath=($SWARMTOP_COMPLETIONS $fpath)
autoload -Uz compinit && compinit -u -d $TMPDIR/dump
bindkey -e
bindkey '^I' complete-word
setopt no_beep no_list_beep
zstyle ':completion:*' insert-tab false
compadd() {
    # Calls that only ask are passed on.
    if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
        builtin compadd "$@"
        return
    fi
    local -a hits path_prefix
    local match
    builtin compadd -A hits "$@"
    zparseopts -E p:=path_prefix W:=hidden_dir
    for match in $hits; do
        print -r -- "$IPREFIX${path_prefix[2]-}$match" >>$RESULT
    done
    (( $#hits ))
}
# zsh forgets the list at each call.
finished() { comppostfuncs=(finished); print -r -- '%done%' }
comppostfuncs=(finished)
print -r -- '%ready%'
END
cat >"$TMPDIR/outer.zsh" <<'END'
zmodload zsh/zpty
export RESULT=$TMPDIR/result
zpty z "TERM=dumb zsh -f -i"
zpty -w z ". $TMPDIR/inner.zsh"
zpty -r -m z out '*%ready%*' || exit 1
while IFS= read -r line; do
    : >$RESULT
    zpty -w -n z "$line"$'\t'
    zpty -r -m z out '*%done%*' || exit 1
    zpty -w -n z $'\C-u'
    while IFS= read -r found; do
        print -r -- "$line>$found"
    done <$RESULT
done
END

# First the lines of all cases are collected, then they are looked up in the results.
candidates() {
    if [ -f "$TMPDIR/results" ]; then
        grep -F -- "$1>" "$TMPDIR/results" | sed 's/^[^>]*>//'
    else
        printf '%s\n' "$1" >>"$TMPDIR/lines"
    fi
}
all() {
    cases
    split_cases
    option_cases
}
all >/dev/null
status=0
limit="timeout 60"; command -v timeout >/dev/null 2>&1 || limit=
$limit zsh -f "$TMPDIR/outer.zsh" <"$TMPDIR/lines" >"$TMPDIR/all" || { echo "zsh ended early"; exit 1; }
mv "$TMPDIR/all" "$TMPDIR/results"
all
exit $status
