#!/bin/sh
# `make install` below PREFIX and DESTDIR, and `make uninstall`: what others put there stays, all else goes.
. "$SWARMTOP_TESTS/support/e2e.sh"
top=$(cd "$SWARMTOP_TESTS/.." && pwd)

# PROGRAM= keeps make from building: the program of this run is installed.
by_make() { make -s -C "$top" BUILD="$(dirname "$program")" PROGRAM= "$@" >made 2>&1 || fail "make $*: $(cat made)"; }
# What make calls (make itself takes a second to read its files).
house() { # install|uninstall NAME=VALUE...
    house_action=$1
    shift
    (cd "$top" && env BUILD="$(dirname "$program")" VERSION=1 LIBDIR=lib UNITDIR=share/systemd/user MANIFEST=share/swarmtop/installed \
        DESTDIR= "$@" doc/packaging/install "$house_action") >made 2>&1 || fail "$house_action $*: $(cat made)"
}
tree() { find "$1" -mindepth 1 | sort; }

# --- everything below a DESTDIR that does not exist yet, with a space in it

dest="$work/the root"
by_make install DESTDIR="$dest" PREFIX=/usr
tree "$dest" | sed "s|^$dest||" >installed
for path in bin/swarmtop share/man/man1/swarmtop.1 share/doc/swarmtop/LICENSE share/systemd/user/swarmtop.service; do
    [ -s "$dest/usr/$path" ] || fail "$path is not installed: $(cat installed)"
done
for file in "$top"/doc/swarmtop* "$top"/doc/completions/*; do
    case $file in *.svg) continue ;; esac
    [ ! -e "$file" ] || grep -q "/${file##*/}\$" installed || [ "${file##*.}" = bash ] || fail "$file is not installed"
done
[ ! -e "$top/doc/completions/swarmtop.bash" ] || has installed '/usr/share/bash-completion/completions/swarmtop$' ||
    fail 'no completions for bash'
[ "$("$dest/usr/bin/swarmtop" --version)" = "$("$program" --version)" ] || fail 'another version is installed'
[ "$(find "$dest/usr/bin/swarmtop" -perm 755)" ] || fail "the program's mode: $(ls -l "$dest/usr/bin")"
[ -z "$(find "$dest" -type f ! -path '*/bin/*' ! -perm 644)" ] || fail "modes: $(find "$dest" -type f -ls)"
[ -z "$(find "$dest" -type d ! -perm 755)" ] || fail "modes of directories: $(find "$dest" -type d -ls)"
unit=$dest/usr/share/systemd/user/swarmtop.service
has "$unit" '^ExecStart=/usr/bin/swarmtop record' || fail "the unit: $(cat "$unit")"
grep -rl "$dest" "$dest" >leaked && fail "DESTDIR is in $(cat leaked)"
grep -rl '@[A-Z]*@' "$dest/usr/share" >leaked && fail "a name was not replaced in $(cat leaked)"
by_make uninstall DESTDIR="$dest" PREFIX=/usr
[ ! -e "$dest" ] || fail "uninstall leaves $(tree "$dest")"

# --- beside others' files and empty directories, twice (as an update does)

mkdir -p prefix/bin prefix/share/man/man1 prefix/share/systemd
echo other >prefix/bin/other
tree prefix >before
house install PREFIX="$work/prefix"
house install PREFIX="$work/prefix"
echo other >prefix/share/doc/other
house uninstall PREFIX="$work/prefix"
rm prefix/share/doc/other && rmdir prefix/share/doc || fail "others' directory is not kept: $(tree prefix)"
tree prefix | diff before - || fail 'uninstall leaves or takes something'
house uninstall PREFIX="$work/prefix" # again: nothing to do

# --- without a list, for packages: the files go, directories are the manager's

house install DESTDIR="$work/stage" PREFIX=/usr MANIFEST=
[ ! -e stage/usr/share/swarmtop ] || fail 'a list is in the package'
house uninstall DESTDIR="$work/stage" PREFIX=/usr MANIFEST=
[ -z "$(find stage ! -type d)" ] || fail "uninstall leaves $(find stage ! -type d)"

# --- the unit is what systemd takes

command -v systemd-analyze >/dev/null 2>&1 || exit 0
house install PREFIX="$work/prefix"
XDG_RUNTIME_DIR=$work systemd-analyze --user --man=no verify prefix/share/systemd/user/swarmtop.service >verified 2>&1 || fail "$(cat verified)"
# (It looks at the machine's own units too.)
has verified 'swarmtop.service' && fail "$(cat verified)"
exit 0
