#!/bin/sh
# `make deb` packs the program and the library of this run. The packages are installed into an empty root, run, and are
# purged: nothing of them is left, and all that is its users'. packages_lint.sh has what linters find.
. "$SWARMTOP_TESTS/support/e2e.sh"
top=$(cd "$SWARMTOP_TESTS/.." && pwd)
[ -e "$(dirname "$program")/libswarmtrace.so.1" ] || { echo 'no shared library is built here'; exit 77; }
for tool in dpkg-deb dpkg-shlibdeps strip; do
    command -v $tool >/dev/null 2>&1 || { echo "$tool is not installed"; exit 77; }
done
[ "$(id -u)" = 0 ] || command -v fakeroot >/dev/null 2>&1 || { echo 'neither root nor fakeroot'; exit 77; }
# What a tool does to an owner needs root, or somebody who says so.
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else fakeroot "$@"; fi; }

cp "$program" swarmtop
cp "$(dirname "$program")"/libswarmtrace.* .
[ ! -e "$(dirname "$program")/late.so" ] || cp "$(dirname "$program")/late.so" .
# PROGRAM= keeps make from building.
make -s -C "$top" deb BUILD="$work" PROGRAM= MAINTAINER='A Packager <packager@debian.org>' >path 2>made ||
    fail "make deb: $(cat made)"
[ -s made ] && fail "make deb complains: $(cat made)"
packages=$(cat path)
package=$(grep /swarmtop_ path) shared=$(grep /libswarmtrace1_ path) headers=$(grep /libswarmtrace-dev_ path)
[ "$(wc -l <path)" = 3 ] && [ -s "$package" ] && [ -s "$shared" ] && [ -s "$headers" ] || fail "no packages at $packages"

# --- what it is

field() { dpkg-deb -f "$package" "$1"; } # NAME
version=$("$program" --version | sed -n 's/^swarmtop \([0-9.]*\).*/\1/p')
case $(field Version) in "$version"-*) ;; *) fail "the version: $(field Version), not $version" ;; esac
[ "$(field Architecture)" = "$(dpkg --print-architecture)" ] || fail "for $(field Architecture)"
for library in libc6 libuv1 libjansson4 zlib1g libmicrohttpd12; do
    field Depends | grep -q "$library (>=" || fail "it does not depend on $library: $(field Depends)"
done
dpkg-deb -c "$package" >contents
grep -v ' root/root ' contents && fail 'files that are not of root'
for path in usr/bin/swarmtop usr/share/man/man1/swarmtop.1.gz usr/lib/systemd/user/swarmtop.service \
    usr/share/doc/swarmtop/copyright usr/share/doc/swarmtop/changelog.gz usr/share/doc/swarmtop/changelog.Debian.gz; do
    has contents "/$path\$" || fail "the package lacks $path: $(cat contents)"
done
dpkg-deb -e "$package" control
[ "$(ls control | tr '\n' ' ')" = 'control md5sums ' ] || fail "scripts: $(ls control)"
dpkg-deb -c "$shared" | grep -v /$ | grep -v ' \./usr/share/doc/' >contents
[ "$(sed -n 's|.*/usr/lib/[^/]*/||p' contents)" = libswarmtrace.so.1 ] || fail "the library's package: $(cat contents)"
dpkg-deb -c "$headers" >contents
for path in include/swarmtrace.h pkgconfig/swarmtrace.pc libswarmtrace.a 'libswarmtrace.so -> libswarmtrace.so.1'; do
    has contents "/$path\$" || fail "the headers' package lacks $path: $(cat contents)"
done

# --- in a root of its own

mkdir -p root/var/lib/dpkg/updates root/var/lib/dpkg/info root/home/someone/.local/state/swarmtop root/usr/bin
: >root/var/lib/dpkg/status
echo '{"traceEvents":[]}' >root/home/someone/.local/state/swarmtop/trace-1.json
tree() { find root -path root/var -prune -o -print | sort; }
dpkg_root() { as_root dpkg --root="$work/root" --force-depends --force-not-root --log=/dev/null "$@" >dpkg.log 2>&1 || fail "dpkg $*: $(cat dpkg.log)"; }
echo other >root/usr/bin/other
tree >before
# shellcheck disable=SC2086
dpkg_root --install $packages
[ "$(root/usr/bin/swarmtop --version)" = "$("$program" --version)" ] || fail 'the installed program is another'
echo '{"op":"hello","session_id":"packed","t":1000}' | root/usr/bin/swarmtop report - >report || fail "report: $?"
has report 'packed' || fail "the installed program does not work: $(cat report)"
[ "$(wc -c <root/usr/bin/swarmtop)" -lt "$(wc -c <"$program")" ] || fail 'it is not stripped'
gzip -dc root/usr/share/man/man1/swarmtop.1.gz | cmp - "$top/doc/swarmtop.1" || fail 'another manual'
(cd root && md5sum --quiet -c var/lib/dpkg/info/swarmtop.md5sums) || fail 'md5sums'

[ -e "$(find root/usr/lib -name libswarmtrace.so)" ] || fail 'the link of the library leads nowhere'
has "$(find root/usr/lib -name swarmtrace.pc)" '^libdir=${prefix}/lib/[^/]*$' || fail 'the pkg-config file'

dpkg_root --remove swarmtop libswarmtrace-dev libswarmtrace1
dpkg_root --purge swarmtop libswarmtrace-dev libswarmtrace1
tree | diff before - || fail 'a purge leaves or takes something'
exit 0
