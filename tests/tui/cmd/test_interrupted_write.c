/* A write that a signal interrupts, or that takes a part, loses nothing. */
#include "core/export/run_lock.h"
#include "core/export/trace_file.h"
#include "tests/support/support.h"
#include "tui/cmd/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Replaces libc's for this program: every second write to a file is interrupted, the others take
   some bytes. */
static atomic_bool interrupts;
static atomic_uint writes;

ssize_t write(int fd, const void *bytes, size_t len)
{
    struct stat st;
    if (atomic_load(&interrupts) && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        if (atomic_fetch_add(&writes, 1) % 2 == 0) {
            errno = EINTR;
            return -1;
        }
        len = len > 7 ? 7 : len;
    }
    return syscall(SYS_write, fd, bytes, len);
}

static void assert_holds(const char *path, const char *expected)
{
    char *bytes = support_read_file(path, NULL);
    assert_non_null(strstr(bytes, expected));
    free(bytes);
}

TEST(a_trace_is_complete_after_interrupted_writes)
{
    const char *path = support_path(support_tmpdir(), "t.json");
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    atomic_store(&interrupts, true);
    struct trace_file *file = trace_file_begin(&mem_libc, path, &error);
    assert_non_null(file);
    trace_file_write(file, "a text of several writes", 24);
    bool good = trace_file_commit(file, &error);
    atomic_store(&interrupts, false);
    assert_true(good);
    assert_holds(path, "a text of several writes");
    strbuf_release(&error);
}

static void note(void *ctx, const char *text)
{
    (void)text;
    ++*(unsigned *)ctx;
}

TEST(a_journal_is_complete_after_interrupted_writes)
{
    static const char line[] = "{\"op\":\"instant\",\"name\":\"kept\",\"cat\":\"x\"}\n";
    const char *path = support_path(support_tmpdir(), "x.journal");
    unsigned troubles = 0;
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_EXCL, 0600);
    assert_true(run_lock_hold(fd));
    struct journal_config config = {.mem = &mem_libc,
                                    .loop = &loop,
                                    .path = path,
                                    .fd = fd,
                                    .max_bytes = 1 << 20,
                                    .trouble = note,
                                    .ctx = &troubles};
    atomic_store(&interrupts, true);
    struct journal *journal = journal_new(&config);
    assert_non_null(journal);
    journal_put(journal, line, sizeof line - 1);
    journal_close(journal);
    uv_run(&loop, UV_RUN_DEFAULT);
    atomic_store(&interrupts, false);
    assert_int_equal(troubles, 0);
    assert_holds(path, line);
    journal_free(journal);
    assert_int_equal(uv_loop_close(&loop), 0);
}
