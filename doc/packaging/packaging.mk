# Installing and packaging; included by the Makefile. doc/packaging/install has the list of files.

VERSION  := $(shell sed -n 's/^.define SWARMTOP_VERSION "\(.*\)"/\1/p' tui/cmd/options_help.h)
LIBDIR   ?= lib
UNITDIR  ?= share/systemd/user
MANIFEST ?= share/swarmtop/installed
INSTALL_ENV = BUILD='$(BUILD)' VERSION='$(VERSION)' DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' \
	LIBDIR='$(LIBDIR)' UNITDIR='$(UNITDIR)' MANIFEST='$(MANIFEST)'

.PHONY: install
install: $(PROGRAM) ## install below $(DESTDIR)$(PREFIX)
	@$(INSTALL_ENV) doc/packaging/install install

.PHONY: uninstall
uninstall: ## remove what install put there, and the directories that it made
	@$(INSTALL_ENV) doc/packaging/install uninstall
