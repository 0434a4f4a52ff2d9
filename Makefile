# swarmtop. `make help` lists the targets.
#
# Three libraries, in the order of the arrows (core <- ingest, core <- tui), a program, and a
# program a test. Sources are found by wildcard: a new file needs no line here.
# pkg-config is asked when a recipe first needs it, after `.ci/deps` has seen to it that
# there is one; so help, clean and check-format work on a machine that has nothing but make.

.DEFAULT_GOAL := all
PREFIX     ?= /usr/local
SANITIZE   ?=
WERROR     ?=
BUILD      ?= build$(if $(SANITIZE),-asan)
CFLAGS     ?= $(if $(SANITIZE),-O1,-O2) -g
AR         ?= ar
PKG_CONFIG ?= pkg-config
CLANG_FORMAT ?= clang-format
FUZZ_CC      ?= clang
FUZZ_SECONDS ?= 60
# A core test can be worked on while tui/ does not compile: make test LAYERS=core TESTS=span
LAYERS     ?= core ingest tui
# no: link all libraries, load none later
LATE       ?= yes

INGEST_PKGS = jansson libuv zlib libxxhash libmicrohttpd
TUI_PKGS    = ncursesw libutf8proc
# A feature for each that is found.
OPTIONAL_PKGS = libprotobuf-c libnghttp2 sqlite3 libzstd libnats
PROTOC_C   ?= protoc-c

# As many jobs as processors, unless the caller said how many.
ifeq ($(filter -j% --jobserver%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
endif

# --- flags

WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wvla -Wformat=2 -Wswitch-enum -Wundef \
	-Wwrite-strings -Wpointer-arith -Wcast-qual $(if $(WERROR),-Werror)
SAN_FLAGS ?= -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SANITIZERS = $(if $(SANITIZE),$(SAN_FLAGS))
# Not with sanitizers, which have checks of their own.
HARDEN_CC = $(if $(SANITIZE),,-fPIE -fstack-protector-strong -fstack-clash-protection $(CONTROL_FLOW) \
	$(if $(findstring -O0,$(CFLAGS)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2))
HARDEN_LD = $(if $(SANITIZE),,-pie -Wl,-z,relro,-z,now,-z,noexecstack)
CONTROL_FLOW = $(if $(filter x86_64,$(shell uname -m)),-fcf-protection)
COMPILE = -std=c11 -D_GNU_SOURCE -I. $(WARNINGS) $(SANITIZERS) $(HARDEN_CC) $(CPPFLAGS) $(CFLAGS)
# What libswarmtrace is made of must fit into a shared library too. Hidden names cost nothing there.
SHARED = -fPIC -fvisibility=hidden
LINK    = $(SANITIZERS) $(HARDEN_LD) $(CFLAGS) $(LDFLAGS)

# Each is worked out once, at its first use in a recipe. ncursesw brings feature-test macros,
# which would hide what _GNU_SOURCE shows; others' headers are no business of our warnings.
comma := ,
once   = $(eval $(1) := $(2))$($(1))
cflags = $(patsubst -I%,-isystem%,$(filter-out -D_XOPEN_SOURCE=% -D_DEFAULT_SOURCE \
	-D_DARWIN_C_SOURCE,$(shell $(PKG_CONFIG) --cflags $(1))))
# protobuf-c needs its compiler of schemas too.
FOUND_PKGS    = $(call once,FOUND_PKGS,$(foreach pkg,$(OPTIONAL_PKGS),$(shell $(PKG_CONFIG) --exists $(pkg) \
	$(if $(filter libprotobuf-c,$(pkg)),&& command -v $(PROTOC_C) >/dev/null) && echo $(pkg))))
FEATURES      = $(if $(filter libprotobuf-c,$(FOUND_PKGS)),-DHAVE_PROTOBUF) \
	$(if $(filter libnghttp2,$(FOUND_PKGS)),-DHAVE_NGHTTP2) $(if $(filter sqlite3,$(FOUND_PKGS)),-DHAVE_SQLITE) \
	$(if $(filter libzstd,$(FOUND_PKGS)),-DHAVE_ZSTD) $(if $(filter libnats,$(FOUND_PKGS)),-DHAVE_NATS)
INGEST_CFLAGS = $(call once,INGEST_CFLAGS,$(call cflags,$(INGEST_PKGS) $(FOUND_PKGS)) $(FEATURES) \
	-isystem $(BUILD)/generated)
TUI_CFLAGS    = $(call once,TUI_CFLAGS,$(call cflags,$(TUI_PKGS) $(INGEST_PKGS) $(FOUND_PKGS)) \
	$(FEATURES) -isystem $(BUILD)/generated -DNCURSES_WIDECHAR=1)
TEST_CFLAGS   = $(call once,TEST_CFLAGS,$(call cflags,cmocka))
LIBS      = $(call once,LIBS,$(shell $(PKG_CONFIG) --libs $(TUI_PKGS) $(INGEST_PKGS) $(FOUND_PKGS)) -lm -ldl -pthread)
TEST_LIBS = $(call once,TEST_LIBS,$(shell $(PKG_CONFIG) --libs cmocka))

ifeq ($(shell uname -s),Darwin)
# Homebrew keeps its ncurses out of the way of the system's.
export PKG_CONFIG_PATH := $(shell brew --prefix ncurses)/lib/pkgconfig:$(PKG_CONFIG_PATH)
endif

# --- what there is

CORE_SRC   := $(sort $(wildcard core/*/*.c))
INGEST_SRC := $(sort $(wildcard ingest/*.c ingest/*/*.c))
TUI_SRC    := $(filter-out tui/app/main.c,$(sort $(wildcard tui/*/*.c)))
MAIN_SRC   := $(wildcard tui/app/main.c)
SUPPORT_SRC := $(sort $(wildcard tests/support/*.c)) tests/bench/generate.c
TEST_SRC   := $(sort $(wildcard tests/*/test_*.c tests/*/*/test_*.c))
# Those that look at the source and not at the program need no sanitizers.
TEST_SH    := $(filter-out $(if $(SANITIZE),%/check_layers.sh %/prose.sh %/mutants.sh %/hardened.sh %/install.sh %/packages.sh %/packages_lint.sh %/library.sh),\
	$(sort $(wildcard tests/e2e/*.sh)))
FUZZ_SRC   := $(sort $(wildcard tests/fuzz/fuzz_*.c))
ALL_C      := $(sort $(wildcard $(foreach room,core ingest tui tests doc/examples,$(room)/*.[ch] $(room)/*/*.[ch] \
	$(room)/*/*/*.[ch])))

# TESTS='span feed': tests/core/model/test_span.c, tests/e2e/feed.sh.
ifneq ($(TESTS),)
TEST_SRC := $(foreach name,$(TESTS),$(filter %/test_$(name).c,$(TEST_SRC)))
TEST_SH  := $(filter $(TESTS:%=tests/e2e/%.sh),$(TEST_SH))
endif

objects = $(patsubst %.c,$(BUILD)/%.o,$(1))
SUPPORT_OBJ   := $(call objects,$(SUPPORT_SRC))
TEST_PROGRAMS := $(TEST_SRC:%.c=$(BUILD)/%)
# A program links from the outer layer to the inner.
ARCHIVES := $(foreach layer,tui ingest core,$(if $(filter $(layer),$(LAYERS)),$(BUILD)/lib$(layer).a))
PROGRAM  := $(if $(filter tui,$(LAYERS)),$(BUILD)/swarmtop)
LIBRARY  := $(if $(and $(PROGRAM),$(filter Linux,$(shell uname -s))),$(if $(SANITIZE),,$(BUILD)/libswarmtrace.a $(BUILD)/libswarmtrace.so.1))
OBJECTS  := $(call objects,$(CORE_SRC) $(INGEST_SRC) $(TUI_SRC) $(MAIN_SRC) $(SUPPORT_SRC) $(TEST_SRC))

FUZZ      = $(BUILD)/fuzz

# A file that changes when these words do: objects depend on the flags, archives on the list of
# sources, so that another CFLAGS rebuilds and a deleted source leaves its archive.
define remember
ifneq ($$(strip $$(shell cat $(1) 2>/dev/null)),$$(strip $(2)))
.PHONY: $(1)
endif
$(1):
	@mkdir -p $$(@D) && echo '$$(strip $(2))' >$$@
endef
$(eval $(call remember,$(BUILD)/flags,$$(CC) $$(COMPILE) $$(SHARED) $$(LDFLAGS)))
$(eval $(call remember,$(BUILD)/late,$$(LATE)))
$(eval $(call remember,$(BUILD)/sources,$$(CORE_SRC) $$(INGEST_SRC) $$(TUI_SRC) $$(LAYERS)))

say = $(if $(V),,@echo '  $(1)' &&)

# --- building

.PHONY: all
all: $(PROGRAM) ## build the program (the default)

# Libraries that are loaded late (ingest/library) are needed by no object, so the linker leaves them out.
AS_NEEDED = $(if $(filter Linux,$(shell uname -s)),-Wl$(comma)--as-needed)
$(BUILD)/swarmtop: $(call objects,tui/app/main.c) $(ARCHIVES)
	$(call say,LINK $@) $(CC) $(LINK) $(AS_NEEDED) -o $@ $^ $(LIBS)

$(BUILD)/libcore.a: $(call objects,$(CORE_SRC))
$(BUILD)/libingest.a: $(call objects,$(INGEST_SRC)) $(BUILD)/generated/otlp.pb-c.o
$(BUILD)/libtui.a: $(call objects,$(TUI_SRC))
$(BUILD)/libsupport.a: $(SUPPORT_OBJ)
$(BUILD)/lib%.a: $(BUILD)/sources
	$(call say,AR   $@) rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

$(BUILD)/ingest/%.o: LAYER_CFLAGS = $(INGEST_CFLAGS)
$(BUILD)/tui/%.o: LAYER_CFLAGS = $(TUI_CFLAGS)
$(BUILD)/tests/%.o: LAYER_CFLAGS = $(TUI_CFLAGS) $(TEST_CFLAGS)

$(BUILD)/core/%.o: LAYER_CFLAGS = $(SHARED)
$(BUILD)/ingest/swarmtrace/%.o: LAYER_CFLAGS = $(SHARED)

$(BUILD)/%.o: %.c $(BUILD)/flags | deps
	@mkdir -p $(@D)
	$(call say,CC   $<) $(CC) $(COMPILE) $(LAYER_CFLAGS) -MMD -MP -c -o $@ $<

# The decoder that protobuf-c makes of the schema. Without protobuf-c it is an empty file, which looks
# old so that the next build tries again.
GENERATED := $(BUILD)/generated/otlp.pb-c
$(GENERATED).c: ingest/otlp/otlp.proto | deps
	@mkdir -p $(@D)
	$(call say,GEN  $@) $(if $(filter libprotobuf-c,$(FOUND_PKGS)),\
		$(PROTOC_C) --proto_path=$(<D) --c_out=$(@D) $(<F),touch -d 1970-01-02 $@)
$(GENERATED).o: $(GENERATED).c $(BUILD)/flags
	$(call say,CC   $<) $(CC) $(COMPILE) $(INGEST_CFLAGS) -w -c -o $@ $<
$(BUILD)/ingest/otlp/otlp_protobuf.o $(BUILD)/ingest/sources.o \
	$(BUILD)/ingest/otlp/otlp_protobuf_span.o $(FUZZ)/ingest/otlp/otlp_protobuf_span.o \
	$(FUZZ)/ingest/otlp/otlp_protobuf.o lint/ingest/otlp/otlp_protobuf.c lint/ingest/otlp/otlp_protobuf_span.c: $(GENERATED).c

# The files of the libraries that are loaded late, as the linker finds them: a shared object that needs
# them names them. Where there is none, as with LDFLAGS=-static, or with LATE=no, they are linked.
SONAMES  := $(BUILD)/generated/sonames.h
LATE_SRC := $(filter-out %/library.c %/libraries.c,$(wildcard ingest/library/*.c))
$(SONAMES): $(LATE_SRC) $(LATE_SRC:.c=.h) ingest/library/library.h $(BUILD)/flags $(BUILD)/late | deps
	@mkdir -p $(@D)/none && : >$(@D)/none/sonames.h
	$(call say,GEN  $@) rm -f $(BUILD)/late.so && { [ '$(LATE)' != yes ] || { LC_ALL=C $(CC) -std=c11 -D_GNU_SOURCE -I. -isystem $(@D)/none \
		$(INGEST_CFLAGS) $(CFLAGS) $(LDFLAGS) -w -fPIC -shared -o $(BUILD)/late.so $(LATE_SRC) $(LIBS) && readelf -d $(BUILD)/late.so; } 2>/dev/null || :; } | \
		sed -n 's/.*(NEEDED).*\[lib\([a-z0-9]*\)\.\(so.*\)\].*/\1 lib\1.\2/p' | awk '{ print "#define SONAME_" toupper($$1) " \"" $$2 "\"" }' >$@
LATE_USERS = $(LATE_SRC:%.c=$(1)%.o)
$(call LATE_USERS,$(BUILD)/) $(call LATE_USERS,$(FUZZ)/) $(LATE_SRC:%=lint/%): $(SONAMES)

# Tests are compiled more often than they run long.
$(addsuffix .o,$(TEST_PROGRAMS)): CFLAGS := $(patsubst -O%,-O0,$(CFLAGS))

# An archive: a test links what it uses, so a core test needs no ingest (LAYERS=core).
$(TEST_PROGRAMS): %: %.o $(BUILD)/libsupport.a $(ARCHIVES)
	$(call say,LINK $@) $(CC) $(LINK) -o $@ $^ $(TEST_LIBS) $(LIBS)

# What scripts check the documents with that the program has written.
CHECK_DOCUMENT := $(if $(PROGRAM),$(BUILD)/tests/check_document)
$(BUILD)/tests/check_document: $(BUILD)/tests/e2e/check_document.o $(BUILD)/libsupport.a $(ARCHIVES)
	$(call say,LINK $@) $(CC) $(LINK) -o $@ $^ $(TEST_LIBS) $(LIBS)

# Fails allocations of a run (tests/e2e/allocations.sh). It forwards to names that only glibc has.
GLIBC := $(if $(SANITIZE),,$(shell getconf GNU_LIBC_VERSION 2>/dev/null))
FAIL_ALLOC := $(if $(and $(PROGRAM),$(GLIBC)),$(BUILD)/tests/fail_alloc.so)
$(BUILD)/tests/fail_alloc.so: tests/e2e/fail_alloc.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,LINK $@) $(CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) $(CFLAGS) -fPIC -shared -o $@ $<

-include $(OBJECTS:.o=.d)

# --- using

.PHONY: run
run: $(PROGRAM) ## build and run: make run ARGS='dump --size 80x24 FILE' (default: demo)
	@$(PROGRAM) $(or $(ARGS),demo)

.PHONY: tests
tests: $(PROGRAM) $(TEST_PROGRAMS) $(CHECK_DOCUMENT) $(FAIL_ALLOC) $(LIBRARY) ## build the program and the tests, run none

.PHONY: test
test: tests ## run the tests: make test TESTS='span feed', SANITIZE=1 under ASan and UBSan
	@BUILD='$(BUILD)' sh tests/run.sh $(TEST_PROGRAMS) $(TEST_SH)

include doc/packaging/packaging.mk

.PHONY: clean
clean: ## remove $(BUILD)
	rm -rf '$(BUILD)'

# --- checking

.PHONY: check-layers
check-layers: | deps ## core knows nobody, ingest and tui know core, one file knows curses
	@.ci/check-layers .

# Compiles nothing, so a compiler's warnings cost a third of a build: CFLAGS=-fsyntax-only.
.PHONY: warnings
warnings: $(OBJECTS) ## make the objects alone: make warnings CC=clang WERROR=1 CFLAGS=-fsyntax-only BUILD=dir

.PHONY: prose
prose: ## find banned words in comments and texts: make prose IN='core doc' (default: clean rooms)
	@.ci/check-prose $(IN)

.PHONY: format
format: ## rewrite all sources in the house's format
	$(CLANG_FORMAT) -i $(ALL_C)

.PHONY: check-format
check-format: ## fail where format would change something
	$(if $(ALL_C),@$(CLANG_FORMAT) --dry-run -Werror $(ALL_C))

.PHONY: lint
lint: $(ALL_C:%.c=lint/%.c) ## gcc's static analyzer over the sources (slow)
lint/%.c: %.c | deps
	$(call say,LINT $<) gcc $(COMPILE) $(TUI_CFLAGS) -fanalyzer -c -o /dev/null $<
lint/%.h: ;

# --- fuzzing: everything once more by clang for libFuzzer, in a directory of its own

FUZZ_LIB := $(patsubst %.c,$(FUZZ)/%.o,$(CORE_SRC) $(INGEST_SRC) $(TUI_SRC))
FUZZERS  := $(patsubst tests/fuzz/fuzz_%.c,%,$(FUZZ_SRC))

.PHONY: fuzz
fuzz: $(FUZZERS:%=fuzz-%) ## fuzz every decoder: make fuzz FUZZ_SECONDS=600, make fuzz-NAME for one

.PHONY: $(FUZZERS:%=fuzz-%)
$(FUZZERS:%=fuzz-%): fuzz-%: $(FUZZ)/fuzz_%
	@.ci/fuzz $< tests/fuzz/corpus/fuzz_$* $(FUZZ_SECONDS) $(FUZZ_SEED)

$(FUZZERS:%=$(FUZZ)/fuzz_%): $(FUZZ)/fuzz_%: $(FUZZ)/tests/fuzz/fuzz_%.o $(FUZZ)/lib.a
	$(call say,LINK $@) $(FUZZ_CC) -fsanitize=fuzzer $(SAN_FLAGS) -o $@ $^ $(LIBS)
$(FUZZ)/lib.a: $(FUZZ_LIB) $(FUZZ)/generated/otlp.pb-c.o $(BUILD)/sources
	$(call say,AR   $@) rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)
$(FUZZ)/%.o: %.c $(BUILD)/flags | deps
	@mkdir -p $(@D)
	$(call say,FUZZ $<) $(FUZZ_CC) -std=c11 -D_GNU_SOURCE -I. $(WARNINGS) $(TUI_CFLAGS) -O1 -g \
		-fsanitize=fuzzer-no-link $(SAN_FLAGS) -MMD -MP -c -o $@ $<
$(FUZZ)/generated/otlp.pb-c.o: $(GENERATED).c
	@mkdir -p $(@D)
	$(call say,FUZZ $<) $(FUZZ_CC) -std=c11 -D_GNU_SOURCE $(TUI_CFLAGS) -w -O1 -g \
		-fsanitize=fuzzer-no-link $(SAN_FLAGS) -c -o $@ $<
.SECONDARY: $(FUZZ_SRC:%.c=$(FUZZ)/%.o)
-include $(FUZZ_LIB:.o=.d) $(FUZZ_SRC:%.c=$(FUZZ)/%.d)

# --- the tests under valgrind, and those with workers under ThreadSanitizer: both slow

# The first ones measure, or take minutes.
NOT_VALGRIND = bounds feed_chunks interrupted_write terminal_bytes live_captures demo
VALGRIND_PROGRAMS = $(filter-out $(foreach name,$(NOT_VALGRIND),%/test_$(name)),$(TEST_PROGRAMS))
TSAN_TESTS = claude_source claude_samples trace_follow trace_rewrites trace_source pack reader journal journal_cut recover \
	power_cut hub socket otlp_http otlp_grpc forward report output process_peer client_processes transcript_dir swarmtrace \
	nats_slow

.PHONY: valgrind
valgrind: tests ## run the unit tests under valgrind: make valgrind TESTS='span feed' for some
	@BUILD='$(BUILD)' TEST_CPU=1500 TEST_UNDER='valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite' \
		sh tests/run.sh $(VALGRIND_PROGRAMS)

.PHONY: tsan
tsan: ## run the tests with worker threads under ThreadSanitizer
	@TEST_CPU=600 $(MAKE) test BUILD='$(BUILD)-tsan' SANITIZE=1 TESTS='$(or $(TESTS),$(TSAN_TESTS))' \
		SAN_FLAGS='-fsanitize=thread -fno-omit-frame-pointer'

# --- another libc

.PHONY: objects musl
objects: $(OBJECTS)
musl: | deps ## compile all for musl, run core's tests there: needs musl-gcc
	@.ci/musl '$(BUILD)-musl'

# --- do the tests notice? Small changes to the program, one at a time

.PHONY: mutate
mutate: | deps ## break the program in small ways, see that a test fails: make mutate MUTATE=core/model
	@CC='$(CC)' tests/mutate/run $(if $(MUTATE),'$(MUTATE)')

# --- measuring: ratios within one run; the references are linked here alone

BENCH_PKGS = simdjson
CXX       ?= g++
BENCH_OBJ := $(call objects,$(filter-out %/generate_main.c,$(sort $(wildcard tests/bench/*.c)))) \
	$(call objects,tests/support/otlp_encode.c)
-include $(BENCH_OBJ:.o=.d)

.PHONY: bench
bench: $(BUILD)/bench/bench $(BUILD)/bench/generate $(PROGRAM) ## measure: make bench QUICK=1, GOALS='1 4' for some
	@QUICK='$(QUICK)' $(BUILD)/bench/bench $(GOALS)

$(BUILD)/bench/bench: $(BENCH_OBJ) $(BUILD)/bench/reference_simdjson.o $(ARCHIVES)
	$(call say,LINK $@) $(CXX) $(LINK) -o $@ $^ $(LIBS) $(shell $(PKG_CONFIG) --libs $(BENCH_PKGS))
$(BUILD)/bench/generate: $(call objects,tests/bench/generate_main.c tests/bench/generate.c tests/bench/generate_foreign.c) $(BUILD)/libcore.a
	@mkdir -p $(@D)
	$(call say,LINK $@) $(CC) $(LINK) -o $@ $^ -lm
$(BUILD)/bench/%.o: tests/bench/%.cpp $(BUILD)/flags | deps
	@mkdir -p $(@D)
	$(call say,CXX  $<) $(CXX) -std=c++17 $(CFLAGS) $(shell $(PKG_CONFIG) --cflags $(BENCH_PKGS)) -c -o $@ $<

# --- the house

# What the goals of this run need to be there.
DEPS = $(if $(filter bench valgrind,$(MAKECMDGOALS)),$(firstword $(filter bench valgrind,$(MAKECMDGOALS))),$(if $(filter fuzz%,$(MAKECMDGOALS)),ci,$(if $(filter test% tsan mutate deps $(BUILD)/tests/%,$(MAKECMDGOALS)),test,run)))

.PHONY: deps
deps: ## see that compiler and libraries are there; install them where that is possible
	@CC='$(CC)' PKG_CONFIG='$(PKG_CONFIG)' DEPS_TRIED='$(if $(filter deps,$(MAKECMDGOALS)),,$(BUILD)/deps-tried)' \
		.ci/deps $(DEPS)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile doc/packaging/packaging.mk
	@echo
	@echo "  BUILD=dir  CC=clang  CFLAGS='-O0 -g'  SANITIZE=1  WERROR=1  V=1 (show commands)"
	@echo "  PREFIX=dir  DESTDIR=dir  LAYERS='core ingest' (leave tui out)"
