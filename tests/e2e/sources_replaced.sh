# A followed file is replaced by something that is no file: a FIFO, a device, a directory, a link into /proc. Nothing blocks, another
# source is still read, and so is the file once it is one again.
. "$SWARMTOP_TESTS/support/e2e.sh"

line() { echo "{\"op\":\"instant\",\"t\":1760625065000,\"session_id\":\"s\",\"name\":\"$1\",\"cat\":\"x\"}"; }
event() { echo "{\"name\":\"$1\",\"ph\":\"i\",\"ts\":1,\"pid\":1,\"tid\":1,\"s\":\"t\"}"; }
put() { # NAME...: a new version of the file
    case $file in
    feed.ndjson) for name; do line "$name"; done >"$file.new" ;;
    trace.json)
        printf '[' >"$file.new"
        for name; do event "$name" && [ "$name" = again ] || echo ,; done >>"$file.new"
        printf ']' >>"$file.new"
        ;;
    esac
    mv "$file.new" "$file"
}
replace() { # KIND
    rm -f "$file"
    case $1 in
    fifo) mkfifo "$file" ;;
    device) ln -s /dev/zero "$file" ;;
    directory) mkdir "$file" ;;
    proc) ln -s /proc/self/mem "$file" ;;
    esac
}

for file in feed.ndjson trace.json; do
    rm -f other.ndjson out.json
    put first again
    line begin >other.ndjson
    run_in_background "$program" record -f --no-journal --write-interval 1 -o out.json "$file" other.ndjson >out 2>err
    until_true 10 has out.json '"first"' || fail "$file: not read: $(cat err)"
    for kind in fifo device directory proc; do
        replace $kind
        sleep 1 # it is looked at
        line "while-$kind" >>other.ndjson
        until_true 10 has out.json "\"while-$kind\"" || fail "$file, $kind: another source is not read: $(cat err)"
        rm -rf "$file"
        put first "after-$kind" again
        until_true 10 has out.json "\"after-$kind\"" || fail "$file, $kind: not read again: $(cat err)"
    done
    replace fifo
    sleep 1
    kill -TERM "$pid"
    status_of "$pid"
    has err "$file: cannot be read: not a regular file" || fail "$file: no message: exit status $status: $(cat err)"
done
