/* A library for LD_PRELOAD that fails allocations of the program, and of all libraries in it. It has
   one counter, of all that is asked for since the program began, and forwards to glibc's own names.

   FAIL_ALLOC_AT=N fails the Nth; with FAIL_ALLOC_ON=1 all from the Nth on. FAIL_ALLOC_COUNT=FILE has
   the number of allocations written there at the end. Requests of more threads are counted as they
   come, so the Nth may be another one each time. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *ptr, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static atomic_ulong asked;
static unsigned long fail_at; /* 0: none */
static bool fail_on;
static const char *count_path;

static bool fails(void)
{
    unsigned long number = atomic_fetch_add(&asked, 1) + 1;
    bool failing = fail_at != 0 && (number == fail_at || (fail_on && number > fail_at));
    if (failing) {
        errno = ENOMEM;
    }
    return failing;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *ptr, size_t size)
{
    return fails() ? NULL : __libc_realloc(ptr, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **ptr, size_t alignment, size_t size)
{
    if (fails()) {
        return ENOMEM;
    }
    *ptr = __libc_memalign(alignment, size);
    return *ptr == NULL ? ENOMEM : 0;
}

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("FAIL_ALLOC_AT");
    const char *on = getenv("FAIL_ALLOC_ON");
    count_path = getenv("FAIL_ALLOC_COUNT");
    fail_on = on != NULL && on[0] == '1';
    fail_at = at == NULL ? 0 : strtoul(at, NULL, 10);
    atomic_store(&asked, 0);
}

__attribute__((destructor)) static void end(void)
{
    char text[32];
    int fd = count_path == NULL ? -1 : open(count_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int len = snprintf(text, sizeof text, "%lu\n", atomic_load(&asked));
    if (fd >= 0 && write(fd, text, (size_t)len) == len) {
        close(fd);
    }
}
