/* A lock that nobody holds is taken for a moment, shared and without waiting, so that no client is
   held up. The system's table of locks has the number of the process that holds one. Some file
   systems that hosts share do not share locks: where a thread grows though nobody holds its lock,
   the lock shows nothing. */
#include "ingest/codex/codex_process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { LOCKS_BYTES = 256 << 10 };

#define LATE_MS 2000.0 /* so late its last lines may be read */

enum lock {
    LOCK_HELD,   /* the process lives */
    LOCK_FREE,   /* it was killed */
    LOCK_ABSENT, /* it has ended */
    LOCK_UNKNOWN /* the version has no locks, or they are on another machine */
};

static bool directory_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Looks at the lock of the thread; *st is set where it is held. */
static enum lock look_at(const struct codex_thread *thread, struct stat *st)
{
    char path[PATH_MAX];
    struct slice id = codex_text(thread, thread->thread);
    const char *root = thread->file->tree->root;
    int len = snprintf(path, sizeof path, "%s/thread-writer-locks", root);
    if (len >= (int)sizeof path || !directory_exists(path) ||
        memchr(id.bytes, '/', id.len) != NULL) {
        return LOCK_UNKNOWN;
    }
    len = snprintf(path, sizeof path, "%s/thread-writer-locks/%.*s.lock", root, (int)id.len,
                   id.bytes);
    if (len >= (int)sizeof path) {
        return LOCK_UNKNOWN;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return errno == ENOENT ? LOCK_ABSENT : LOCK_UNKNOWN;
    }
    bool is_free = flock(fd, LOCK_SH | LOCK_NB) == 0;
    enum lock lock = is_free ? LOCK_FREE : errno == EWOULDBLOCK ? LOCK_HELD : LOCK_UNKNOWN;
    if (lock == LOCK_HELD && fstat(fd, st) != 0) {
        lock = LOCK_UNKNOWN;
    }
    close(fd);
    return lock;
}

/* Returns the number of the process that holds a lock on that file; 0: unknown. A line of the
   table: `3: FLOCK  ADVISORY  WRITE 4711 fd:01:1234 0 EOF`. */
static int64_t holder_of(const struct codex_thread *thread, const struct stat *st)
{
    char path[PATH_MAX], wanted[80];
    const char *proc = source_setting(&thread->file->tree->dir.source, "proc");
    const struct mem *mem = tree_file_mem(thread->file);
    char *text = mem_alloc(mem, LOCKS_BYTES);
    size_t len = 0;
    int64_t pid = 0;
    snprintf(path, sizeof path, "%s/locks", proc != NULL ? proc : "/proc");
    snprintf(wanted, sizeof wanted, " %02x:%02x:%llu ", major(st->st_dev), minor(st->st_dev),
             (unsigned long long)st->st_ino);
    if (text != NULL && process_read_file(path, text, LOCKS_BYTES, &len)) {
        char *at = strstr(text, wanted);
        if (at != NULL) {
            *at = '\0';
            char *space = strrchr(text, ' ');
            pid = space == NULL ? 0 : strtoll(space, NULL, 10);
        }
    }
    mem_free(mem, text, text == NULL ? 0 : LOCKS_BYTES);
    return pid > 0 ? pid : 0;
}

static struct client_session *client_session_of(const struct codex_thread *thread)
{
    return &thread->file->tree->sessions.items[thread->file->session];
}

static double wall_ms(const struct codex_thread *thread)
{
    return (double)(ingest_ctx_wall(tree_file_ctx(thread->file)) / 1000000);
}

static void report_alive(struct codex_thread *thread, const struct stat *st)
{
    struct ingest_ctx *ingest = tree_file_ctx(thread->file);
    const char *proc = source_setting(&thread->file->tree->dir.source, "proc");
    struct update update = tree_file_update(thread->file, UPDATE_SESSION);
    struct process process;
    int64_t pid = holder_of(thread, st);
    if (pid != 0 && process_find(proc != NULL ? proc : "/proc", pid, &process, NULL)) {
        update_number(&update, FIELD_PID, (double)pid);
        thread->file->tree->dir.failed |=
            !client_processes_set(ingest, update.session_id, &process);
        thread->process.registered = true;
    }
    update_bool(&update, FIELD_ALIVE, TRI_TRUE);
    thread->process.alive = true;
    client_session_of(thread)->ended = false;
    tree_file_send(thread->file, &update);
}

/* A process that lived at the last look ends now; one that was dead before ended with the session's
   last line, which a sub-agent may have written. */
static void report_end(struct codex_thread *thread, bool killed)
{
    struct update update = tree_file_update(thread->file, UPDATE_SESSION);
    struct client_session *session = client_session_of(thread);
    double at_ms =
        thread->process.alive ? fmax(session->last_ms, wall_ms(thread)) : session->last_ms;
    update_number(&update, FIELD_END_MS, at_ms);
    update_number(&update, FIELD_OUTCOME, killed ? OUTCOME_GONE : OUTCOME_ENDED);
    if (thread->process.alive || killed) {
        update_bool(&update, FIELD_ALIVE, TRI_FALSE);
    }
    if (thread->process.registered) {
        client_processes_remove(tree_file_ctx(thread->file), update.session_id);
    }
    thread->process.alive = thread->process.registered = false;
    thread->process.ended_ms = wall_ms(thread);
    session->ended = true;
    session->ended_ms = session->last_ms;
    tree_file_send(thread->file, &update);
}

void codex_process_conclude(struct codex_thread *thread)
{
    struct stat st;
    struct client_session *session = client_session_of(thread);
    if (isnan(thread->file->last_ms) || !codex_thread_is_root(thread)) {
        return;
    }
    enum lock lock = look_at(thread, &st);
    if (lock == LOCK_HELD) {
        thread->process.unlocked = false;
    } else if (thread->process.ended_ms > 0 &&
               session->last_ms > thread->process.ended_ms + LATE_MS) {
        thread->process.unlocked = true;
    }
    if (thread->process.unlocked) {
        lock = LOCK_UNKNOWN;
    }
    session->has_sign = lock != LOCK_UNKNOWN;
    if (lock == LOCK_HELD && !thread->process.alive) {
        report_alive(thread, &st);
    } else if (session->has_sign && lock != LOCK_HELD &&
               !(session->ended && session->ended_ms >= session->last_ms)) {
        report_end(thread, lock == LOCK_FREE || codex_thread_is_busy(thread));
    }
}
