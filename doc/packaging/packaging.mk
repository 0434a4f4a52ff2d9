# Installing and packaging; included by the Makefile. doc/packaging/install has the list of files.

VERSION  := $(shell sed -n 's/^.define SWARMTOP_VERSION "\(.*\)"/\1/p' core/base/version.h)
LIBDIR   ?= lib
UNITDIR  ?= share/systemd/user
MANIFEST ?= share/swarmtop/installed
INSTALL_ENV = BUILD='$(BUILD)' VERSION='$(VERSION)' DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' \
	LIBDIR='$(LIBDIR)' UNITDIR='$(UNITDIR)' MANIFEST='$(MANIFEST)'

# --- libswarmtrace: one object of the library and of what it needs of core, in which only the header's names are
# global. The static library is this object, the shared one is linked from it. It takes ELF and binutils.

OBJCOPY ?= objcopy

$(BUILD)/swarmtrace.o: $(call objects,$(sort $(wildcard ingest/swarmtrace/*.c))) $(BUILD)/libcore.a
	$(call say,LINK $@) $(CC) -r -nostdlib -o $@ $^ && $(OBJCOPY) --localize-hidden $@
$(BUILD)/libswarmtrace.a: $(BUILD)/swarmtrace.o
	$(call say,AR   $@) rm -f $@ && $(AR) rcs $@ $<
$(BUILD)/libswarmtrace.so.1: $(BUILD)/swarmtrace.o ingest/swarmtrace/swarmtrace.map
	$(call say,LINK $@) $(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,$(@F) -Wl,--version-script=ingest/swarmtrace/swarmtrace.map \
		-Wl,-z,relro,-z,now,-z,noexecstack,-z,defs -o $@ $< -lm -pthread

# --- installing

.PHONY: install
install: $(PROGRAM) $(LIBRARY) ## install below $(DESTDIR)$(PREFIX)
	@$(INSTALL_ENV) doc/packaging/install install

.PHONY: uninstall
uninstall: ## remove what install put there, and the directories that it made
	@$(INSTALL_ENV) doc/packaging/install uninstall

# --- packages

# The time of what is packed: the commit's, so that the same commit gives the same bytes.
SOURCE_DATE_EPOCH ?= $(or $(shell git log -1 --format=%ct 2>/dev/null),$(shell stat -c %Y CHANGELOG.md))
MAINTAINER ?= $(or $(DEBFULLNAME),$(shell git log -1 --format=%an 2>/dev/null),$(USER)) <$(or $(DEBEMAIL),$(shell git log -1 --format=%ae 2>/dev/null),$(USER)@localhost)>

.PHONY: deb
deb: $(PROGRAM) $(LIBRARY) ## packages for this Debian, of program and library: $(BUILD)/deb/*.deb
	@$(INSTALL_ENV) SOURCE_DATE_EPOCH='$(SOURCE_DATE_EPOCH)' MAINTAINER='$(MAINTAINER)' doc/packaging/deb

.PHONY: dist
dist: ## the commit's files as $(BUILD)/swarmtop-VERSION.tar.gz, always the same bytes
	@mkdir -p '$(BUILD)'
	@git -c tar.umask=0022 archive --format=tar --prefix='swarmtop-$(VERSION)/' -o '$(BUILD)/swarmtop-$(VERSION).tar' HEAD
	@gzip -9nf '$(BUILD)/swarmtop-$(VERSION).tar'
	@echo '$(BUILD)/swarmtop-$(VERSION).tar.gz'

# URL: where the tarball will lie.
URL      ?= file://$(abspath $(BUILD))/swarmtop-$(VERSION).tar.gz
HOMEPAGE ?= https://ui.perfetto.dev
TARBALL   = $(BUILD)/swarmtop-$(VERSION).tar.gz
# LC_ALL: the names of days and months in English.
.PHONY: packaging
packaging: dist ## an RPM spec and a Homebrew formula for the tarball of `make dist`, in $(BUILD): URL=https://…
	@for file in swarmtop.spec swarmtop.rb; do sed -e 's|@VERSION@|$(VERSION)|g; s|@URL@|$(URL)|; s|@HOMEPAGE@|$(HOMEPAGE)|; s|@MAINTAINER@|$(MAINTAINER)|' \
		-e "s|@RPM_DATE@|$$(LC_ALL=C date -u -d '@$(SOURCE_DATE_EPOCH)' '+%a %b %d %Y')|; s|@SHA256@|$$(sha256sum '$(TARBALL)' | cut -d ' ' -f 1)|" \
		doc/packaging/$$file.in >'$(BUILD)/'$$file && echo "$(BUILD)/$$file"; done
