# Builds the program and the tests around one shared library of everything but main(), so that a
# changed file costs one compilation and one link. Called by run, with BUILD as an absolute path.
include Makefile

$(BUILD)/libmutate.so: $(call objects,$(CORE_SRC) $(INGEST_SRC) $(TUI_SRC)) $(MUTATE_EXTRA)
	$(call say,LINK $@) $(CC) -shared -Wl,-soname,libmutate.so -o $@ $^ $(LIBS)

$(BUILD)/reach.o: tests/mutate/reach.c
	@mkdir -p $(@D)
	$(CC) $(COMPILE) -c -o $@ $<

.PHONY: library
library: $(BUILD)/libmutate.so

# The flags of compiling and of linking, for run, which builds mutants itself.
.PHONY: flags
flags:
	@printf '%s\n' '$(COMPILE) $(TUI_CFLAGS)' '$(LIBS)' >flags
