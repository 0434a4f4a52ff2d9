# The cases of the shells' completions, for tests/e2e/completions_*.sh. The caller defines `candidates LINE`,
# which prints what the shell offers at the end of the line, one a line.
export SWARMTOP_COMPLETIONS="$SWARMTOP_TESTS/../doc/completions"
status=0
mkdir -p "$TMPDIR/work/dir/inner" && cd "$TMPDIR/work" || exit 1
: >trace.json

# Without the slash of a directory and the descriptions of fish; in one line.
offered() { # LINE
    candidates "$1" | tr -d '\r' | sed 's/	.*//; s,/$,,; s/ *$//' | sort -u | tr '\n' ' ' | sed 's/ $//'
}

offers() { # LINE EXPECTED...
    line=$1
    shift
    found=$(offered "$line")
    [ "$found" = "$*" ] || { echo "'$line': '$found', not '$*'"; status=1; }
}

cases() {
    offers 'swarmtop re' record report
    offers 'swarmtop help em' emit
    offers 'swarmtop record --tra' --tracks
    offers 'swarmtop record --tracks ' agent lane
    offers 'swarmtop dump --format s' svg
    offers 'swarmtop setup co' codex copilot
    offers 'swarmtop setup --config tr' trace.json
    offers 'swarmtop hook --client q' qwen
    offers 'swarmtop emit start_t' start_tool
    offers 'swarmtop emit start_tool tool' tool_name=
    offers 'swarmtop emit start_tool arg' args.
    offers 'swarmtop emit --to u' unix:
    offers 'swarmtop cod' codex:
    offers 'swarmtop report tr' trace.json
    offers 'swarmtop report --against tr' trace.json
    offers 'swarmtop -o tr' trace.json
    offers 'swarmtop record --tracks lane tr' trace.json
    offers 'swarmtop demo tr'
    offers 'swarmtop record --for t'
    offers 'swarmtop demo --foll'
}

# Those with a ':' or '=', at which a shell may split words.
split_cases() {
    offers 'swarmtop emit --session s end_tool span_id=1 succ' success=
    offers 'swarmtop record claude:t' claude:trace.json
    offers 'swarmtop record -f codex:dir/in' codex:dir/inner
    offers 'swarmtop record --tracks=l' --tracks=lane
    offers 'swarmtop record --tracks=' --tracks=agent --tracks=lane
}

# All options of --help, and no others.
option_cases() {
    for command in $("$SWARMTOP" --help | sed -n '/^Commands/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
        offers "swarmtop $command --" $("$SWARMTOP" "$command" --help | grep -oE '^  (-., )?--[a-z-]+' | grep -oE -- '--[a-z-]+' | sort -u)
    done
    [ -n "$command" ] || { echo "no commands"; status=1; }
}
