/* build/bench/generate [EVENTS [AGENTS [TOOLS [EVICTED [SEED]]]]]: such a document on stdout. */
#include "tests/bench/generate.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t argument(int argc, char **argv, int n, uint64_t otherwise)
{
    return argc > n ? strtoull(argv[n], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
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
