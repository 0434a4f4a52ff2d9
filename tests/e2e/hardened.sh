#!/bin/sh
# What the linker and the compiler were asked for is in the program: read from its ELF headers.
. "$SWARMTOP_TESTS/support/e2e.sh"

command -v readelf >/dev/null 2>&1 || { echo 'no readelf'; exit 77; }
readelf -hldW "$program" >elf 2>err || { echo 'no ELF file'; exit 77; }
readelf -sW --dyn-syms "$program" >symbols 2>err
grep -q '__asan_init' symbols && { echo 'built with sanitizers'; exit 77; }

has elf 'Type: *DYN' || fail "no position-independent executable: $(grep Type: elf)"
has elf 'GNU_RELRO' || fail 'no RELRO'
has elf 'BIND_NOW\|FLAGS.*NOW' || fail 'no BIND_NOW'
grep 'GNU_STACK' elf | grep -q 'RWE' && fail 'an executable stack'
has symbols '__stack_chk_fail' || fail 'no stack protector'
has symbols '__[a-z]*_chk' || fail 'no fortified library call'
grep '__[a-z]*printf_chk\|__mem[a-z]*_chk' symbols >fortified || fail 'no fortified library call'
if [ "$(uname -m)" = x86_64 ]; then
    readelf -nW "$program" >notes 2>err
    has notes 'IBT' || echo 'not all objects have IBT' # libraries of the system decide too
fi
