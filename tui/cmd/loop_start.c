/* libuv has one allocator for the process, so its state is static here: libc's, and a block that is
   used where libc refuses. libuv's realloc and free have no size: it is kept before each block.

   The threads of libuv's pool are made on first use, by abort() if they cannot be. So they are made
   here, while SIGABRT has a handler that prints a message. */
#include "tui/cmd/loop_start.h"

#include "core/base/mem_spare.h"
#include "tui/screen/console.h"

#include <signal.h>
#include <stdalign.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

enum { SPARE_BYTES = 256 * 1024 };

union header {
    size_t size; /* with the header */
    max_align_t align;
};

static struct mem_spare memory;

static void *resize(void *ptr, size_t size)
{
    union header *old = ptr == NULL ? NULL : (union header *)ptr - 1;
    if (size > SIZE_MAX - sizeof *old) {
        return NULL;
    }
    size_t whole = size + sizeof *old;
    union header *header =
        memory.mem.resize(memory.mem.ctx, old, old == NULL ? 0 : old->size, whole);
    if (header == NULL) {
        return NULL;
    }
    header->size = whole;
    return header + 1;
}

static void *allocate(size_t size)
{
    return resize(NULL, size);
}

static void *allocate_zeroed(size_t count, size_t size)
{
    void *ptr = size > 0 && count > SIZE_MAX / size ? NULL : resize(NULL, count * size);
    if (ptr != NULL) {
        memset(ptr, 0, count * size);
    }
    return ptr;
}

static void release(void *ptr)
{
    union header *header = ptr == NULL ? NULL : (union header *)ptr - 1;
    mem_free(&memory.mem, header, header == NULL ? 0 : header->size);
}

static bool set_allocator(void)
{
    if (memory.from != NULL) {
        return true;
    }
    mem_spare_init(&memory, &mem_libc);
    bool held = mem_spare_hold(&memory, SPARE_BYTES);
    mem_spare_open(&memory);
    return uv_replace_allocator(allocate, resize, allocate_zeroed, release) == 0 && held;
}

/* abort() raises the signal on this thread, at a known place: no function is out of bounds here. */
static void on_abort(int signo)
{
    (void)signo;
    console_errorf("cannot start its threads: out of memory");
    _exit(1);
}

static void do_nothing(uv_work_t *work)
{
    (void)work;
}

static void after_nothing(uv_work_t *work, int status)
{
    (void)work, (void)status;
}

static bool start(uv_loop_t *loop)
{
    uv_work_t work;
    if (!set_allocator() || uv_loop_init(loop) != 0) {
        return false;
    }
    bool queued = uv_queue_work(loop, &work, do_nothing, after_nothing) == 0;
    if (queued) {
        uv_run(loop, UV_RUN_DEFAULT);
    } else {
        uv_loop_close(loop);
    }
    return queued;
}

bool loop_start(uv_loop_t *loop)
{
    struct sigaction action = {.sa_handler = on_abort}, before;
    sigemptyset(&action.sa_mask);
    sigaction(SIGABRT, &action, &before);
    bool started = start(loop);
    sigaction(SIGABRT, &before, NULL);
    return started;
}
