/* build/bench/generate [EVENTS [AGENTS [TOOLS [EVICTED [SEED]]]]]: such a document on stdout.
   build/bench/generate chromium|pytorch|clang [EVENTS [SEED]]: one of another producer's shape. */
#include "tests/bench/generate.h"
#include "tests/bench/generate_foreign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t argument(int argc, char **argv, int n, uint64_t otherwise)
{
    return argc > n ? strtoull(argv[n], NULL, 10) : otherwise;
}

/* Returns whether a document of that shape was printed. */
static bool print_foreign(int argc, char **argv, enum foreign_shape shape)
{
    struct strbuf out;
    strbuf_init(&out, &mem_libc, 0);
    bool good = generate_foreign(shape, argument(argc, argv, 3, 1),
                                 argument(argc, argv, 2, 1000000), &out) &&
                fwrite(out.data, 1, out.len, stdout) == out.len;
    strbuf_release(&out);
    return fflush(stdout) == 0 && good;
}

int main(int argc, char **argv)
{
    for (int shape = 0; shape < FOREIGN_SHAPES && argc > 1; shape++) {
        if (strcmp(argv[1], foreign_shape_names[shape]) == 0) {
            return print_foreign(argc, argv, (enum foreign_shape)shape) ? 0 : 1;
        }
    }
    struct generate_options options = {
        .events = argument(argc, argv, 1, 1000000),
        .agents = (unsigned)argument(argc, argv, 2, 0),
        .tools = (unsigned)argument(argc, argv, 3, 0),
        .evicted = argument(argc, argv, 4, 0),
        .seed = argument(argc, argv, 5, 1),
    };
    struct generate *gen = generate_new(&mem_libc, &options);
    struct strbuf out;
    strbuf_init(&out, &mem_libc, 0);
    while (gen != NULL && generate_next(gen, &out)) {
        if (out.len > 1 << 20) {
            fwrite(out.data, 1, out.len, stdout);
            strbuf_clear(&out);
        }
    }
    fwrite(out.data, 1, out.len, stdout);
    generate_free(gen);
    strbuf_release(&out);
    return fflush(stdout) == 0 && gen != NULL ? 0 : 1;
}
