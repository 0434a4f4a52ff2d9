#!/bin/sh
# Linters accept the packages without an error or a warning: lintian the .deb, rpmlint the RPM spec, ruby's
# parser the formula, and `make dist` gives the same bytes twice. What is not installed is skipped, by name.
. "$SWARMTOP_TESTS/support/e2e.sh"
top=$(cd "$SWARMTOP_TESTS/.." && pwd)
missing=
installed() { command -v "$1" >/dev/null 2>&1 || { missing="$missing $1" && return 1; }; }
house() { make -s -C "$top" BUILD="$work" PROGRAM= MAINTAINER='A Packager <packager@debian.org>' "$@" 2>made || fail "make $*: $(cat made)"; }

if git -C "$top" rev-parse HEAD >commit 2>&1; then
    house packaging URL=https://example.org/swarmtop.tar.gz >paths
    tarball=$(ls swarmtop-*.tar.gz)
    cp "$tarball" first.tar.gz
    house dist >paths
    cmp first.tar.gz "$tarball" || fail 'make dist: other bytes'
    tar -tzf first.tar.gz >files
    for path in Makefile doc/packaging/deb tests/run.sh core/base/mem.h; do
        has files "^${tarball%.tar.gz}/$path\$" || fail "the tarball lacks $path"
    done
    tar -xzf first.tar.gz
    (cd "$top" && git ls-tree -r --name-only HEAD) | sort >committed
    (cd "${tarball%.tar.gz}" && find . ! -type d | sed 's|^\./||' | sort) | diff committed - || fail 'not the files of the commit'
    grep -l '@[A-Z0-9_]*@' swarmtop.spec swarmtop.rb && fail 'a name was not replaced'
    has swarmtop.rb "$(sha256sum first.tar.gz | cut -d ' ' -f 1)" || fail 'the sum of another tarball'
else
    missing=' git'
    for file in swarmtop.spec swarmtop.rb; do cp "$top/doc/packaging/$file.in" $file; done
fi

if installed ruby; then
    ruby -c swarmtop.rb >checked 2>&1 || fail "the formula: $(cat checked)"
fi
if installed rpmlint && [ "$missing" != ' git' ]; then
    rpmlint swarmtop.spec >checked 2>&1 || fail "the spec: $(cat checked)"
    has checked '0 errors, 0 warnings' || fail "the spec: $(cat checked)"
fi
if [ -e "$(dirname "$program")/libswarmtrace.so.1" ] && installed lintian && installed dpkg-shlibdeps; then
    cp "$program" "$(dirname "$program")"/libswarmtrace.* .
    # (A run of lintian takes some seconds, most of them for itself.)
    # shellcheck disable=SC2046
    lintian --allow-root -F --display-info --fail-on error,warning $(house deb) >checked 2>&1 || fail "lintian: $(cat checked)"
fi
[ -z "$missing" ] || { echo "not installed:$missing; all else passed"; exit 77; }
exit 0
