/* One request for a worker does everything. It keeps the lock of a journal while it works, so two
   programs never recover one. A journal is deleted only after its document is on the disk. The
   texts of its results wait until the loop has them. */
#include "tui/cmd/recovery.h"

#include "core/export/run_lock.h"
#include "tui/cmd/journal_file.h"
#include "tui/cmd/recover.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct recovery {
    const struct mem *mem;
    const struct options *options;
    recovery_report *report;
    void *ctx;
    uv_work_t work;
    bool runs;
    atomic_bool cancelled;
    struct strbuf results; /* of each: a character for its level, its text, '\0' */
};

/* ---- on the worker ---- */

static void add_result(struct recovery *recovery, enum log_level level, const char *text)
{
    strbuf_addc(&recovery->results, (char)('0' + (int)level));
    strbuf_add(&recovery->results, text, strlen(text) + 1);
}

static void report_recovered(struct recovery *recovery, const struct recover_config *config,
                             const char *document, uint64_t dropped, uint64_t bad)
{
    struct strbuf text;
    strbuf_init(&text, recovery->mem, 0);
    strbuf_addf(&text, "recovered a run that was killed: %s", document);
    if (bad > 0) {
        strbuf_addf(&text, " (%llu lines unreadable)", (unsigned long long)bad);
    }
    if (dropped > 0) {
        strbuf_addf(&text, "; %llu events before it are in %s, which is kept",
                    (unsigned long long)dropped, config->path);
        journal_file_mark_ended(config->fd, config->mem, 0);
    }
    add_result(recovery, bad > 0 ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
               text.failed ? "recovered a run" : text.data);
    strbuf_release(&text);
}

static void recover(struct recovery *recovery, const struct recover_config *config)
{
    struct strbuf text;
    uint64_t dropped, bad;
    strbuf_init(&text, recovery->mem, 0);
    enum recovered result = recover_journal(config, &text, &dropped, &bad);
    switch (result) {
    case RECOVERED: report_recovered(recovery, config, text.data, dropped, bad); break;
    case RECOVERED_NOTHING:
    case RECOVER_CANCELLED: break;
    case RECOVER_FAILED:
        add_result(recovery, LOG_LEVEL_ERROR, text.failed ? "out of memory" : text.data);
        break;
    }
    if (result == RECOVERED_NOTHING || (result == RECOVERED && dropped == 0)) {
        unlink(config->path);
    }
    strbuf_release(&text);
}

/* Returns whether a source of this run is the file. */
static bool is_source(const struct options *options, int fd)
{
    struct stat own, named;
    bool is = false;
    for (size_t i = 0; i < options->argument_count && !is; i++) {
        is = fstat(fd, &own) == 0 && stat(options->arguments[i], &named) == 0 &&
             own.st_dev == named.st_dev && own.st_ino == named.st_ino;
    }
    return is;
}

static bool take_journal(void *ctx, const char *path, bool beside)
{
    struct recovery *recovery = ctx;
    struct recover_config config = {
        .mem = recovery->mem,
        .options = recovery->options,
        .path = path,
        .beside = beside,
        .cancelled = &recovery->cancelled,
        .fd = run_lock_claim(path),
    };
    struct stat st;
    if (config.fd < 0) {
        return true;
    }
    if (journal_file_read_head(config.fd, &config.head)) {
        if (!config.head.ended && !is_source(recovery->options, config.fd)) {
            recover(recovery, &config);
        }
    } else if (!beside && fstat(config.fd, &st) == 0 && st.st_size == 0) {
        unlink(path); /* its run was killed between two system calls */
    }
    close(config.fd);
    return !atomic_load(&recovery->cancelled);
}

static bool take_temporary(void *ctx, const char *path)
{
    struct recovery *recovery = ctx;
    int fd = run_lock_claim(path);
    if (fd >= 0) {
        unlink(path);
        close(fd);
    }
    return !atomic_load(&recovery->cancelled);
}

static void do_recover(uv_work_t *work)
{
    struct recovery *recovery = work->data;
    struct journal_finder finder = {
        .journal = take_journal, .temporary = take_temporary, .ctx = recovery};
    journal_file_find(recovery->options, &finder);
}

/* ---- on the loop ---- */

static void after_recover(uv_work_t *work, int status)
{
    struct recovery *recovery = work->data;
    const struct strbuf *results = &recovery->results;
    (void)status;
    recovery->runs = false;
    for (size_t at = 0; at + 1 < results->len && !results->failed;) {
        const char *text = results->data + at;
        recovery->report(recovery->ctx, (enum log_level)(*text - '0'), text + 1);
        at += strlen(text) + 1;
    }
}

struct recovery *recovery_start(const struct mem *mem, uv_loop_t *loop,
                                const struct options *options, recovery_report *report, void *ctx)
{
    struct recovery *recovery = mem_zalloc(mem, 1, sizeof *recovery);
    if (recovery == NULL) {
        return NULL;
    }
    recovery->mem = mem;
    recovery->options = options;
    recovery->report = report;
    recovery->ctx = ctx;
    recovery->work.data = recovery;
    atomic_init(&recovery->cancelled, false);
    strbuf_init(&recovery->results, mem, 0);
    recovery->runs = uv_queue_work(loop, &recovery->work, do_recover, after_recover) == 0;
    return recovery;
}

bool recovery_runs(const struct recovery *recovery)
{
    return recovery != NULL && recovery->runs;
}

void recovery_cancel(struct recovery *recovery)
{
    if (recovery_runs(recovery)) {
        atomic_store(&recovery->cancelled, true);
        (void)uv_cancel((uv_req_t *)&recovery->work);
    }
}

void recovery_free(struct recovery *recovery)
{
    if (recovery != NULL) {
        strbuf_release(&recovery->results);
        mem_free(recovery->mem, recovery, sizeof *recovery);
    }
}
