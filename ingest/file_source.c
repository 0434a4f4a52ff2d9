/* A file. It is read in pieces, one a turn of the loop, so that nothing waits for a large one. Where it is followed, a timer looks whether
   it has changed: lines (a feed, events) are read on where they grow; a document or an array is read again as
   a whole into a staging list, of which the model takes what is new once it is complete (staged.c). Half a document leaves the picture as
   it was. */
#include "ingest/decoder.h"
#include "ingest/seen.h"
#include "ingest/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 1024 * 1024, LOOK_MS = 200 };

/* What tells one state of a file from another. */
struct look {
    uint64_t device, inode;
    int64_t size, mtime_ns;
};

struct file_source {
    struct source source;
    uv_idle_t idle;   /* runs while there is something to read */
    uv_timer_t timer; /* runs while the file is followed */
    int fd;           /* -1: closed */
    struct look last; /* the file as it was when reading began; inode 0: never seen */
    struct look
        short_look;    /* the file as it was when it was found shorter than what has been read */
    struct seen seen;  /* what the decoder has been given */
    struct seen check; /* while `checking`: what the file begins with, to be compared with that */
    bool checking;
    uint64_t passed_over; /* said so far */
    struct decoder *decoder;
    struct trace_load load;
    struct staged staged;
    struct taken taken;
    struct strbuf session_id;
    uint64_t versions; /* taken so far */
    char *buffer;
};

static struct file_source *of(struct source *source)
{
    return (struct file_source *)source;
}

static bool follows(const struct file_source *file)
{
    return hub_settings(file->source.hub)->follow;
}

static struct look look_of(const struct stat *status)
{
    return (struct look){(uint64_t)status->st_dev, (uint64_t)status->st_ino,
                         (int64_t)status->st_size,
                         (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec};
}

static bool same_file(const struct look *a, const struct look *b)
{
    return a->device == b->device && a->inode == b->inode;
}

static bool make_decoder(struct file_source *file)
{
    struct decoder_options options = {
        .tally = &file->source.tally,
        .where = file->source.spec,
        .session_id = file->session_id.data,
        .max_line_bytes = source_max_line(&file->source, true),
        .max_event_bytes = source_max_line(&file->source, true),
        .recorded = true,
        .staged = follows(file) ? &file->staged : NULL,
        .load = &file->load,
    };
    decoder_free(file->decoder);
    file->decoder = decoder_new(&options);
    seen_clear(&file->seen);
    staged_clear(&file->staged);
    trace_load_clear_members(&file->load);
    return file->decoder != NULL;
}

static void close_file(struct file_source *file)
{
    if (file->fd >= 0) {
        close(file->fd);
        file->fd = -1;
    }
    uv_idle_stop(&file->idle);
    hub_end_turn(&file->source);
}

static void give_up(struct file_source *file, const char *what, const char *detail)
{
    struct strbuf error;
    strbuf_init(&error, hub_intake(file->source.hub)->mem, 4096);
    source_error(&error, file->source.spec, what, detail);
    close_file(file);
    uv_timer_stop(&file->timer);
    source_finish(&file->source, error.failed ? "out of memory" : error.data);
    strbuf_release(&error);
}

/* ---- at the end of what is there ---- */

static bool is_document(const struct file_source *file)
{
    enum scan_shape shape = decoder_shape(file->decoder);
    return shape == SCAN_DOCUMENT || shape == SCAN_ARRAY;
}

/* What a version that was taken had to pass over: said once, not with every version that has it still. */
static void say_passed_over(struct file_source *file)
{
    uint64_t now = decoder_passed_over(file->decoder);
    for (; file->passed_over < now; file->passed_over++) {
        struct complaint complaint = {.where = file->source.spec,
                                      .reason = decoder_error(file->decoder),
                                      .level = NOTICE_WARNING};
        tally_bad(&file->source.tally, &complaint);
    }
}

/* Sessions live from the first change that was seen. */
static void note_version(struct file_source *file)
{
    bool live = file->versions++ > 0;
    trace_load_flag(&file->load, live ? 0 : SESSION_FINISHED, live ? SESSION_FINISHED : 0);
    if (live) {
        trace_load_tick(&file->load);
    } else {
        decoder_rest(file->decoder, SESSION_FINISHED);
    }
}

/* The staged version becomes the model's, if it is whole. */
static void take_version(struct file_source *file)
{
    if (!decoder_complete(file->decoder)) {
        return;
    }
    say_passed_over(file);
    if (!staged_commit(&file->staged, &file->taken, &file->load)) {
        give_up(file, "cannot be read", "out of memory");
        return;
    }
    note_version(file);
}

/* Lines are in the model already. Raw events among them make a document, which is not one that staged versions are compared with. */
static void take_lines(struct file_source *file)
{
    taken_release(&file->taken);
    if (file->load.document != 0 && !trace_load_end(&file->load)) {
        give_up(file, "cannot be read", "out of memory");
        return;
    }
    note_version(file);
}

static void end_of_followed(struct file_source *file)
{
    close_file(file);
    if (is_document(file)) {
        take_version(file);
    } else {
        take_lines(file);
    }
    file->source.tally.intake->changed = true;
}

static void end_of_finished(struct file_source *file)
{
    close_file(file);
    decoder_finish(file->decoder, SESSION_FINISHED);
    if (is_document(file) || file->load.document != 0) {
        if ((file->load.document == 0 && !trace_load_begin(&file->load)) ||
            !trace_load_end(&file->load)) {
            give_up(file, "cannot be read", "out of memory");
            return;
        }
        trace_load_flag(&file->load, SESSION_FINISHED, 0);
    }
    source_finish(&file->source, decoder_error(file->decoder));
}

/* ---- reading ---- */

/* Takes the next piece of the beginning; at its end it is known whether there is only something to add. */
static void check_piece(struct file_source *file, size_t count)
{
    seen_add(&file->check, file->buffer, count);
    if (count > 0 && file->check.length < file->seen.length) {
        return;
    }
    file->checking = false;
    if (!seen_same(&file->check, &file->seen) && !make_decoder(file)) {
        give_up(file, "cannot be read", "out of memory");
    }
}

static void read_piece(uv_idle_t *idle)
{
    struct file_source *file = idle->data;
    int64_t from = file->checking ? file->check.length : file->seen.length;
    size_t want = PIECE;
    if (file->checking && file->seen.length - from < PIECE) {
        want = (size_t)(file->seen.length - from);
    }
    ssize_t count = pread(file->fd, file->buffer, want, (off_t)from);
    if (count < 0) {
        if (errno != EINTR && errno != EAGAIN) {
            give_up(file, "cannot be read", strerror(errno));
        }
        return;
    }
    if (file->checking) {
        check_piece(file, (size_t)count);
        return;
    }
    seen_add(&file->seen, file->buffer, (size_t)count);
    if (count > 0 && decoder_push(file->decoder, file->buffer, (size_t)count)) {
        file->source.tally.intake->changed = true;
        return;
    }
    if (follows(file)) {
        end_of_followed(file);
    } else {
        end_of_finished(file);
    }
}

/* Lines are read on where they grow. What is there now need not be the same file any more. */
static bool begin_lines(struct file_source *file, const struct look *now)
{
    if (now->size < file->seen.length) {
        return make_decoder(file);
    }
    bool grown = same_file(now, &file->last) && seen_tail_in(&file->seen, file->fd);
    file->checking = !grown;
    seen_clear(&file->check);
    return true;
}

/* Its turn: opens the file to read on, or anew. Not before, for there may be more files than a process may have open. */
static void take_turn(struct source *source)
{
    struct file_source *file = of(source);
    struct stat status;
    file->fd = open(file->source.spec, O_RDONLY | O_CLOEXEC);
    if (file->fd < 0 || fstat(file->fd, &status) != 0) {
        int error = errno;
        close_file(file);
        if (!follows(file)) {
            give_up(file, "cannot be read", strerror(error));
        }
        return;
    }
    struct look now = look_of(&status);
    bool lines = file->decoder != NULL && !is_document(file);
    bool good = lines ? begin_lines(file, &now) : make_decoder(file);
    file->last = now;
    if (!good) {
        give_up(file, "cannot be read", "out of memory");
        return;
    }
    source_set_state(&file->source, SOURCE_OPEN);
    uv_idle_start(&file->idle, read_piece);
}

/* A last line without its end: nothing more will come. */
static void finish_file(struct source *source)
{
    struct file_source *file = of(source);
    if (file->decoder != NULL && follows(file) && !is_document(file)) {
        decoder_finish(file->decoder, SESSION_FINISHED);
    }
}

static void look_again(uv_timer_t *timer)
{
    struct file_source *file = timer->data;
    struct stat status;
    if (file->fd >= 0 || file->source.waits) {
        return; /* still being read */
    }
    if (stat(file->source.spec, &status) != 0) {
        return; /* gone, or not there yet: the picture stays */
    }
    struct look now = look_of(&status);
    if (memcmp(&now, &file->last, sizeof now) == 0) {
        return;
    }
    /* A copy over the file makes it shorter for a moment: lines wait until it stays as it is for one look. */
    bool settled = memcmp(&now, &file->short_look, sizeof now) == 0;
    if (now.size < file->seen.length && !settled && !is_document(file)) {
        file->short_look = now;
        return;
    }
    hub_ask_turn(&file->source);
}

/* ---- the source ---- */

static bool open_file(struct source *source, struct strbuf *error)
{
    struct file_source *file = of(source);
    const struct mem *mem = hub_intake(source->hub)->mem;
    struct stat status;
    file->fd = -1;
    strbuf_init(&file->session_id, mem, 4096);
    staged_init(&file->staged, mem);
    taken_init(&file->taken, mem);
    decoder_session_id(source->spec, &file->session_id);
    strbuf_adds(&file->session_id, file->session_id.len == 0 ? "trace" : "");
    trace_load_init(&file->load, &source->tally, source->spec, file->session_id.data);
    file->buffer = mem_alloc(mem, PIECE);
    if (file->buffer == NULL || file->session_id.failed) {
        source_error(error, source->spec, "cannot be read", "out of memory");
        return false;
    }
    if (!follows(file) && stat(source->spec, &status) != 0) {
        source_error(error, source->spec, "cannot be read", strerror(errno));
        return false;
    }
    uv_idle_init(hub_loop(source->hub), &file->idle);
    uv_timer_init(hub_loop(source->hub), &file->timer);
    file->idle.data = file->timer.data = file;
    source->handles = 2;
    source_set_state(source, SOURCE_WAITING);
    if (follows(file)) {
        uv_timer_start(&file->timer, look_again, LOOK_MS, LOOK_MS);
    }
    hub_ask_turn(&file->source);
    strbuf_add(error, source->error.data, source->error.len);
    return source->state != SOURCE_FAILED;
}

static void handle_closed(uv_handle_t *handle)
{
    struct file_source *file = handle->data;
    file->source.handles--;
}

static void close_source(struct source *source)
{
    struct file_source *file = of(source);
    if (source->handles == 2 && !uv_is_closing((uv_handle_t *)&file->idle)) {
        close_file(file);
        uv_close((uv_handle_t *)&file->idle, handle_closed);
        uv_close((uv_handle_t *)&file->timer, handle_closed);
    }
}

static void release_file(struct source *source)
{
    struct file_source *file = of(source);
    decoder_free(file->decoder);
    trace_load_release(&file->load);
    staged_release(&file->staged);
    taken_release(&file->taken);
    strbuf_release(&file->session_id);
    mem_free(hub_intake(source->hub)->mem, file->buffer, file->buffer == NULL ? 0 : PIECE);
}

static bool reads_file(const struct source *source, const char *path, const struct stat *st)
{
    const struct file_source *file = (const struct file_source *)source;
    struct stat own;
    if (st == NULL) {
        return strcmp(source->spec, path) == 0;
    }
    struct look look = look_of(st);
    return same_file(&look, &file->last) ||
           (stat(source->spec, &own) == 0 && own.st_dev == st->st_dev && own.st_ino == st->st_ino);
}

const struct source_ops trace_source_ops = {
    .size = sizeof(struct file_source),
    .open = open_file,
    .close = close_source,
    .release = release_file,
    .turn = take_turn,
    .finish = finish_file,
    .reads = reads_file,
};
