/* Claude Code's own files. A look says which sessions there are, how they stand and how far their files go (claude_sessions); then what is new of these is
   read on libuv's workers, a piece at a time, and given to the transcripts here, where the model is. The watcher tells when to look, where it can; a
   timer looks as well. */
#include "ingest/claude/claude_source.h"

#include "ingest/claude/claude_sessions.h"
#include "ingest/source.h"
#include "ingest/watcher.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
    LOOK_MS = 200,         /* where nothing tells of changes */
    WATCHED_LOOK_MS = 500, /* where something does */
    SOON_MS = 30,          /* after a change, of which there are several at a time */
    SETTLE_MS = 250,       /* so often while much is read */
    PIECE_BYTES = 1 << 20
};

#define SINCE_NS ((int64_t)3600 * 1000000000)

struct claude_source {
    struct source source;
    uv_timer_t timer, soon;
    uv_work_t work;
    struct claude_sessions all;
    bool has_all;          /* it is to be released */
    struct strbuf watched; /* directories, each with its NUL */
    uint64_t settled_ms, revision;
    bool said_unknown, loaded, looks_again, failed, stopped;

    /* While a piece is read: */
    bool working, closing;
    size_t at; /* the session */
    struct claude_file *file;
    char *piece;
    ssize_t got;
    int64_t size;
    int refused; /* errno */
};

static struct claude_source *of(struct source *source)
{
    return (struct claude_source *)source;
}

static bool follows(const struct claude_source *claude)
{
    return hub_settings(claude->source.hub)->follow && !claude->stopped;
}

static uint64_t loop_ms(const struct claude_source *claude)
{
    return uv_now(hub_loop(claude->source.hub));
}

static struct intake *intake_of(const struct claude_source *claude)
{
    return claude->source.tally.intake;
}

/* ---- looking ---- */

static void look_soon(void *ctx, enum watcher_event event)
{
    struct claude_source *claude = ctx;
    (void)event;
    if (!uv_is_active((uv_handle_t *)&claude->soon))
        uv_timer_start(&claude->soon, claude->timer.timer_cb, SOON_MS, 0);
}

static void watch(struct claude_source *claude, const char *dir, size_t len)
{
    struct strbuf *known = &claude->watched;
    for (size_t at = 0; at < known->len; at += strlen(known->data + at) + 1)
        if (strlen(known->data + at) == len && memcmp(known->data + at, dir, len) == 0)
            return;
    size_t before = known->len;
    strbuf_add(known, dir, len);
    strbuf_addc(known, '\0');
    if (known->failed || !watcher_add_directory(hub_watcher(claude->source.hub),
                                                known->data + before, look_soon, claude))
        known->len = before; /* it is not there yet, or nothing tells */
}

static void watch_all(struct claude_source *claude)
{
    watch(claude, claude->all.registry_dir.data, claude->all.registry_dir.len);
    watch(claude, claude->all.projects.root.data, claude->all.projects.root.len);
    for (size_t i = 0; i < claude->all.count; i++) {
        const struct claude_session *session = claude->all.list[i];
        if (session->count == 0 || session->ended)
            continue;
        const char *path = session->files[0]->path;
        watch(claude, path, (size_t)(strrchr(path, '/') - path));
        watch(claude, session->agents.path, strlen(session->agents.path));
    }
}

/* ---- the end ---- */

static void end_source(struct claude_source *claude, const char *what)
{
    struct strbuf error;
    strbuf_init(&error, intake_of(claude)->mem, 0);
    if (what != NULL)
        source_error(&error, claude->source.spec, "cannot be read", what);
    if (claude->source.handles >= 2) {
        uv_timer_stop(&claude->timer);
        uv_timer_stop(&claude->soon);
    }
    claude->loaded = true;
    claude->source.done_bytes = claude->source.all_bytes = 0;
    hub_end_turn(&claude->source);
    source_finish(&claude->source, what == NULL ? NULL : error.failed ? what : error.data);
    strbuf_release(&error);
}

/* Once: a newer client has types that are not known here. */
static void say_unknown(struct claude_source *claude)
{
    struct slice type = {NULL, 0};
    struct strbuf text;
    uint64_t count = claude->said_unknown ? 0 : claude_sessions_unknown(&claude->all, &type);
    if (count == 0)
        return;
    claude->said_unknown = true;
    strbuf_init(&text, intake_of(claude)->mem, 0);
    strbuf_addf(&text, "%s: %llu lines of types that are not known are left alone, such as '",
                claude->source.spec, (unsigned long long)count);
    intake_quote(&text, type.bytes != NULL ? type.bytes : "", type.len);
    strbuf_addc(&text, '\'');
    if (!text.failed)
        intake_say(intake_of(claude), NOTICE_INFO, text.data);
    strbuf_release(&text);
}

/* How far it is read. */
static void measure(struct claude_source *claude)
{
    uint64_t done = 0, all = 0;
    for (size_t i = 0; i < claude->all.count; i++)
        for (size_t k = 0; k < claude->all.list[i]->count; k++) {
            done += (uint64_t)claude->all.list[i]->files[k]->offset;
            all += (uint64_t)claude->all.list[i]->files[k]->size;
        }
    claude->source.done_bytes = done;
    claude->source.all_bytes = all;
}

static void settle(struct claude_source *claude, bool loading)
{
    uint64_t now = loop_ms(claude);
    struct intake *intake = intake_of(claude);
    bool early = loading && now - claude->settled_ms < SETTLE_MS;
    if (!early) {
        claude->settled_ms = now;
        claude->failed |= !witness_settle(intake->witness);
        if (!claude->loaded)
            measure(claude);
    }
    /* A look that found nothing new is no reason to draw the picture again. */
    intake->changed |= loading || swarm_revision(intake->swarm) != claude->revision;
    claude->revision = swarm_revision(intake->swarm);
}

/* All that is there has been read. */
static void read_up(struct claude_source *claude)
{
    bool first = !claude->loaded, last = !follows(claude);
    for (size_t i = 0; i < claude->all.count; i++) {
        struct claude_session *session = claude->all.list[i];
        if (last)
            claude_session_finish(session);
        claude_session_settle(session, loop_ms(claude), first || last);
        claude->failed |= session->failed;
    }
    settle(claude, false);
    say_unknown(claude);
    claude->loaded = true;
    claude->source.done_bytes = claude->source.all_bytes = 0;
    if (claude->failed)
        end_source(claude, "out of memory");
    else if (last)
        end_source(claude, NULL);
    else
        hub_end_turn(&claude->source);
}

/* ---- reading ---- */

static void do_read(uv_work_t *work)
{
    struct claude_source *claude = work->data;
    struct stat st;
    int fd = claude_files_open(claude->file->path);
    claude->got = -1;
    claude->size = 0;
    if (fd >= 0 && fstat(fd, &st) == 0) {
        claude->got = pread(fd, claude->piece, PIECE_BYTES, (off_t)claude->file->offset);
        claude->size = st.st_size;
    }
    claude->refused = claude->got < 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
}

/* From the session that was read last on: a session is read as a whole before the next one. */
static bool find_unread(struct claude_source *claude)
{
    for (size_t i = 0; i < claude->all.count; i++) {
        size_t at = (claude->at + i) % claude->all.count;
        claude->file = claude_session_next(claude->all.list[at]);
        if (claude->file != NULL) {
            claude->at = at;
            return true;
        }
    }
    return false;
}

static void after_read(uv_work_t *work, int status);

static void read_on(struct claude_source *claude)
{
    if (claude->working || claude->source.state == SOURCE_FINISHED ||
        claude->source.state == SOURCE_FAILED)
        return;
    if (claude->failed || claude->stopped || !find_unread(claude)) {
        read_up(claude);
        return;
    }
    claude->work.data = claude;
    claude->working =
        uv_queue_work(hub_loop(claude->source.hub), &claude->work, do_read, after_read) == 0;
    claude->source.handles += claude->working;
    if (!claude->working)
        end_source(claude, "out of memory");
}

static void refuse(struct claude_source *claude)
{
    struct complaint complaint = {
        .where = claude->file->path, .reason = strerror(claude->refused), .level = NOTICE_WARNING};
    if (!claude->file->refused)
        tally_bad(&claude->source.tally, &complaint);
    claude->file->refused = true;
}

static void look_and_read(struct claude_source *claude)
{
    if (claude->working) {
        claude->looks_again = true;
        return;
    }
    claude->looks_again = false;
    claude_sessions_look(&claude->all, loop_ms(claude));
    claude->failed |= claude->all.failed;
    if (follows(claude))
        watch_all(claude);
    if (claude_sessions_exist(&claude->all))
        source_set_state(&claude->source, SOURCE_OPEN);
    read_on(claude);
}

static void after_read(uv_work_t *work, int status)
{
    struct claude_source *claude = work->data;
    (void)status;
    claude->working = false;
    claude->source.handles--;
    if (claude->closing)
        return;
    if (claude->got < 0)
        refuse(claude);
    claude_session_take(claude->all.list[claude->at], claude->file, claude->piece,
                        claude->got > 0 ? (size_t)claude->got : 0, claude->size, loop_ms(claude));
    claude->failed |= claude->all.list[claude->at]->failed;
    settle(claude, true);
    if (claude->looks_again)
        look_and_read(claude);
    else
        read_on(claude);
}

static void on_timer(uv_timer_t *timer)
{
    struct claude_source *claude = timer->data;
    if (claude->loaded)
        look_and_read(claude);
}

/* ---- the source ---- */

static void take_turn(struct source *source)
{
    source->began_ns = uv_hrtime();
    look_and_read(of(source));
}

static void finish_claude(struct source *source)
{
    struct claude_source *claude = of(source);
    if (source->state != SOURCE_OPEN || claude->working)
        return;
    for (size_t i = 0; i < claude->all.count; i++)
        claude_session_finish(claude->all.list[i]);
    settle(claude, false);
}

static void stop_claude(struct source *source)
{
    of(source)->stopped = !of(source)->loaded;
}

static bool make(struct claude_source *claude, const char *dir, bool whole)
{
    const struct hub_options *settings = hub_settings(claude->source.hub);
    const struct mem *mem = intake_of(claude)->mem;
    claude->has_all = true;
    if (!claude_sessions_init(&claude->all, mem, dir))
        return false;
    claude->all.whole = whole;
    claude->all.since_ns = settings->since_ns > 0 ? settings->since_ns : SINCE_NS;
    const char *proc = source_setting(&claude->source, "proc");
    claude->all.proc = proc != NULL ? proc : "/proc";
    claude->all.options = (struct claude_transcript_options){
        .tally = &claude->source.tally,
        .source = claude->source.spec,
        .max_line_bytes = source_max_line(&claude->source, true),
        .content = settings->content,
    };
    claude->piece = mem_alloc(mem, PIECE_BYTES);
    return claude->piece != NULL;
}

/* What is wrong with it; NULL: nothing is. */
static const char *begin(struct claude_source *claude)
{
    const char *named = source_argument(&claude->source);
    const char *dir = *named != '\0' ? named : source_setting(&claude->source, "dir");
    if (intake_of(claude)->witness == NULL)
        return "there is no witness";
    if (dir == NULL)
        return "neither CLAUDE_CONFIG_DIR nor HOME says where it is";
    if (!make(claude, dir, *named != '\0'))
        return "out of memory";
    if (!follows(claude) && !claude_sessions_exist(&claude->all))
        return "there is no directory projects in it";
    return NULL;
}

static void start_timers(struct claude_source *claude)
{
    uv_loop_t *loop = hub_loop(claude->source.hub);
    unsigned ms = hub_watcher(claude->source.hub) != NULL ? WATCHED_LOOK_MS : LOOK_MS;
    uv_timer_init(loop, &claude->timer);
    uv_timer_init(loop, &claude->soon);
    claude->timer.data = claude->soon.data = claude;
    claude->source.handles = 2;
    if (follows(claude))
        uv_timer_start(&claude->timer, on_timer, ms, ms);
}

static bool open_claude(struct source *source, struct strbuf *error)
{
    struct claude_source *claude = of(source);
    strbuf_init(&claude->watched, hub_intake(source->hub)->mem, 0);
    const char *wrong = begin(claude);
    if (wrong != NULL) {
        source_error(error, source->spec, "cannot be read", wrong);
        return false;
    }
    start_timers(claude);
    source_set_state(source, SOURCE_WAITING);
    hub_ask_turn(source);
    strbuf_add(error, source->error.data, source->error.len);
    return source->state != SOURCE_FAILED;
}

static void handle_closed(uv_handle_t *handle)
{
    struct claude_source *claude = handle->data;
    claude->source.handles--;
}

static void close_claude(struct source *source)
{
    struct claude_source *claude = of(source);
    claude->closing = true;
    watcher_remove(hub_watcher(source->hub), claude);
    if (claude->timer.data != NULL && !uv_is_closing((uv_handle_t *)&claude->timer)) {
        uv_close((uv_handle_t *)&claude->timer, handle_closed);
        uv_close((uv_handle_t *)&claude->soon, handle_closed);
    }
}

static void release_claude(struct source *source)
{
    struct claude_source *claude = of(source);
    const struct mem *mem = hub_intake(source->hub)->mem;
    if (claude->has_all)
        claude_sessions_release(&claude->all);
    mem_free(mem, claude->piece, claude->piece == NULL ? 0 : PIECE_BYTES);
    strbuf_release(&claude->watched);
}

static bool reads_claude(const struct source *source, const char *path, const struct stat *st)
{
    const struct claude_source *claude = (const struct claude_source *)source;
    (void)path;
    for (size_t i = 0; st != NULL && i < claude->all.count; i++)
        for (size_t k = 0; k < claude->all.list[i]->count; k++)
            if (claude->all.list[i]->files[k]->device == (uint64_t)st->st_dev &&
                claude->all.list[i]->files[k]->inode == (uint64_t)st->st_ino)
                return true;
    return false;
}

const struct source_ops claude_source_ops = {
    .size = sizeof(struct claude_source),
    .open = open_claude,
    .close = close_claude,
    .release = release_claude,
    .turn = take_turn,
    .finish = finish_claude,
    .stop = stop_claude,
    .reads = reads_claude,
};
