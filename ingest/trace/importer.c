/* Two arrays map the decoder's numbers to the model's; they grow as new names and tracks come.
   Batches are staged by moving them: the caller keeps an empty one. */
#include "ingest/trace/importer.h"

#include "ingest/ingest_tap.h"

#include "core/base/mask.h"
#include "core/model/swarm_edit.h"

#include <string.h>

void importer_init(struct importer *importer, const struct importer_options *options)
{
    *importer = (struct importer){.options = *options};
    trace_import_init(&importer->trace, options->counters, options->where, options->session_id);
    strbuf_init(&importer->error, options->counters->ingest->mem, 1024);
}

static const struct mem *mem_of(const struct importer *importer)
{
    return importer->options.counters->ingest->mem;
}

static struct swarm *swarm_of(const struct importer *importer)
{
    return importer->options.counters->ingest->swarm;
}

void importer_release(struct importer *importer)
{
    const struct mem *mem = mem_of(importer);
    importer_drop(importer);
    swarm_remove_name_holder(swarm_of(importer), importer);
    feed_free(importer->feed);
    trace_import_release(&importer->trace);
    strbuf_release(&importer->error);
    mem_free(mem, importer->names, importer->name_cap * sizeof *importer->names);
    mem_free(mem, importer->tracks, importer->track_cap * sizeof *importer->tracks);
    mem_free(mem, importer->staged, importer->staged_cap * sizeof *importer->staged);
}

/* ---- errors ---- */

static void set_error(struct importer *importer, uint64_t line, const char *reason,
                      struct slice bytes)
{
    if (importer->error.len > 0) {
        return;
    }
    strbuf_addf(&importer->error, "%s: ", importer->options.where);
    if (line > 0) {
        strbuf_addf(&importer->error, "line %llu: ", (unsigned long long)line);
    }
    strbuf_adds(&importer->error, reason);
    if (bytes.len > 0) {
        strbuf_adds(&importer->error, " near '");
        ingest_ctx_quote(&importer->error, bytes.bytes, bytes.len);
        strbuf_adds(&importer->error, "'");
    }
    if (!importer->options.counters->ingest->no_mask) {
        mask_in_place(&importer->error);
    }
}

static void take_rejects(struct importer *importer, const struct batch *batch)
{
    struct source_counters *counters = importer->options.counters;
    for (size_t i = 0; i < batch->reject_count; i++) {
        const struct batch_reject *from = &batch->rejects[i];
        struct reject reject = {
            .where = importer->options.where,
            .line = from->line,
            .reason = batch->texts.data + from->reason,
            .bytes = {from->len > 0 ? batch->texts.data + from->bytes : NULL, from->len},
            .level = LOG_LEVEL_WARNING,
        };
        if (from->broken) {
            counters->error_is_first |= counters->refused == 0 && importer->error.len == 0;
            set_error(importer, from->line, reject.reason, reject.bytes);
        }
        source_counters_reject(counters, &reject);
    }
    counters->bad += batch->more_rejects;
    counters->refused += batch->more_rejects;
}

/* ---- documents ---- */

static void name_file(struct importer *importer)
{
    if (!importer->named) {
        ingest_tap_file(importer->options.counters->ingest, importer->options.where);
    }
    importer->named = true;
}

static bool begin_document(struct importer *importer)
{
    name_file(importer);
    return importer->trace.document != 0 || trace_import_begin(&importer->trace);
}

static void mark_names(void *ctx, struct name_marks *marks)
{
    const struct importer *importer = ctx;
    for (size_t i = 0; i < importer->name_count; i++) {
        name_marks_add(marks, importer->names[i]);
    }
}

static bool add_name(struct importer *importer, intern_id id)
{
    if (id == INTERN_FAILED || !mem_reserve(mem_of(importer), &importer->names, &importer->name_cap,
                                            importer->name_count + 1, sizeof id)) {
        return false;
    }
    importer->names[importer->name_count++] = id;
    return true;
}

static bool take_names(struct importer *importer, const struct strbuf *names)
{
    bool good = importer->name_count > 0 ||
                (swarm_add_name_holder(swarm_of(importer), mark_names, importer) &&
                 add_name(importer, INTERN_NONE));
    for (size_t at = 0, len; at < names->len && good; at += sizeof len + len) {
        const char *name = names->data + at + sizeof len;
        memcpy(&len, names->data + at, sizeof len);
        good = add_name(importer, intern_put(swarm_names(swarm_of(importer)), name, len));
    }
    return good;
}

static struct json_value id_value(const char *text)
{
    enum json_type type = *text == '\0'  ? JSON_TYPE_NONE
                          : *text == '"' ? JSON_TYPE_STRING
                                         : JSON_TYPE_NUMBER;
    return (struct json_value){type, text, strlen(text)};
}

static bool take_tracks(struct importer *importer, const char *tracks, size_t len)
{
    for (size_t at = 0; at < len;) {
        struct json_value pid = id_value(tracks + at);
        struct json_value tid = id_value(pid.raw + pid.len + 1);
        track_no track = swarm_track(swarm_of(importer),
                                     trace_import_session_of(&importer->trace, pid), pid, tid);
        if (track == NO_TRACK ||
            !mem_reserve(mem_of(importer), &importer->tracks, &importer->track_cap,
                         importer->track_count + 2, sizeof *importer->tracks)) {
            return false;
        }
        importer->tracks[++importer->track_count] = track;
        at += pid.len + tid.len + 2;
    }
    return true;
}

static bool take_segments(struct importer *importer, struct batch *batch, size_t from, size_t to)
{
    bool good = true;
    for (size_t i = from; i < to && good; i++) {
        good = swarm_append_segment_take(swarm_of(importer), POOL_FILES, batch->segments[i],
                                         importer->names, importer->tracks);
        batch->segments[i] = NULL;
    }
    return good;
}

static bool take_members(struct importer *importer, const char *members, size_t len)
{
    struct json_walk walk = {members, members + len};
    struct json_member member;
    bool good = true;
    while (good && len > 0 && json_next_member(&walk, &member)) {
        good = trace_import_member(&importer->trace, member.key, member.value);
    }
    return good;
}

/* Takes what the batch has of one document, from one cut to the next. */
static bool take_part(struct importer *importer, struct batch *batch, const struct batch_cut *from,
                      const struct batch_cut *to)
{
    bool events = to->segments > from->segments || to->tracks > from->tracks;
    size_t tracks = to->tracks - from->tracks, members = to->members - from->members;
    bool good = !events || begin_document(importer);
    /* A buffer that was never filled has no memory. */
    good =
        good && (tracks == 0 || take_tracks(importer, batch->tracks.data + from->tracks, tracks));
    good = good && take_segments(importer, batch, from->segments, to->segments);
    return good &&
           (members == 0 || take_members(importer, batch->members.data + from->members, members));
}

static bool begin_next_document(struct importer *importer)
{
    importer->track_count = 0;
    return begin_document(importer) && trace_import_next(&importer->trace);
}

static bool take_documents(struct importer *importer, struct batch *batch)
{
    struct source_counters *counters = importer->options.counters;
    const struct batch_cut end = {batch->segment_count, batch->tracks.len, batch->members.len};
    struct batch_cut from = {0, 0, 0};
    bool good = take_names(importer, &batch->names);
    for (size_t i = 0; i < batch->cut_count && good; i++) {
        good = take_part(importer, batch, &from, &batch->cuts[i]) && begin_next_document(importer);
        from = batch->cuts[i];
    }
    good = good && take_part(importer, batch, &from, &end);
    if (batch->events == 0) {
        return good;
    }
    counters->events += good ? batch->events : 0;
    good = good && ingest_ctx_tidy(counters->ingest, false);
    if (good && !importer->options.recorded) {
        trace_import_set_live(&importer->trace, true);
    }
    return good;
}

bool importer_end_document(struct importer *importer)
{
    return begin_document(importer) && trace_import_end(&importer->trace) &&
           ingest_ctx_tidy(importer->options.counters->ingest, true);
}

/* ---- lines ---- */

/* Takes an event on a line of its own, to which no session belongs. The first raw event of a new
   read replaces the previous document. */
static bool take_raw(void *ctx, const struct raw_event *event)
{
    struct importer *importer = ctx;
    name_file(importer);
    if (!importer->took_raw && !trace_import_begin(&importer->trace)) {
        return false;
    }
    importer->took_raw = true;
    return swarm_append_raw(swarm_of(importer), importer->trace.session, event);
}

static bool take_lines(struct importer *importer, const struct strbuf *lines)
{
    const struct importer_options *options = &importer->options;
    if (lines->len == 0) {
        return true;
    }
    if (importer->feed == NULL) {
        struct feed_options feed = {
            .counters = options->counters,
            .where = options->where,
            .source = options->where,
            .session_id = options->session_id,
            .max_line_bytes = options->max_line_bytes,
            .take_raw = options->recorded ? take_raw : NULL,
            .ctx = importer,
        };
        importer->feed = feed_new(&feed);
    }
    return importer->feed != NULL && feed_push(importer->feed, lines->data, lines->len);
}

void importer_finish(struct importer *importer)
{
    if (importer->feed == NULL) {
        return;
    }
    feed_finish(importer->feed, SESSION_FINISHED);
    if (importer->options.counters->events == 0 && importer->options.counters->bad > 0) {
        set_error(importer, 0, "neither a trace nor a feed", (struct slice){NULL, 0});
    }
}

void importer_set_live(struct importer *importer, bool live)
{
    trace_import_set_live(&importer->trace, live);
    if (!live && importer->feed != NULL) {
        feed_rest(importer->feed, SESSION_FINISHED);
    }
}

/* ---- versions ---- */

void importer_drop(struct importer *importer)
{
    while (importer->staged_count > 0) {
        batch_release(&importer->staged[--importer->staged_count]);
    }
}

void importer_begin(struct importer *importer, bool replaces, bool stages)
{
    importer_drop(importer);
    importer->replaces = replaces;
    importer->stages = stages;
    importer->begun = false;
    importer->shape = SCAN_UNKNOWN;
}

/* Applies the members found at the document's end before its events. They come again in their
   place. */
static bool take_early_members(struct importer *importer)
{
    bool good =
        importer->early_members->len == 0 ||
        (take_members(importer, importer->early_members->data, importer->early_members->len) &&
         trace_import_end(&importer->trace));
    trace_import_clear_members(&importer->trace);
    return good;
}

/* Does, before a version's first batch, what its shape requires. Data that have no versions keep
   the shape unknown. */
static bool begin_version(struct importer *importer)
{
    if (importer->begun || importer->shape == SCAN_UNKNOWN) {
        return true;
    }
    importer->begun = true;
    bool lines = importer->shape == SCAN_LINES;
    if (importer->replaces) {
        feed_free(importer->feed);
        importer->feed = NULL;
        importer->took_raw = false;
    }
    if (importer->replaces || !lines) {
        importer->name_count = importer->track_count = 0;
        trace_import_clear_members(&importer->trace);
    }
    return !importer->replaces || lines ||
           (trace_import_begin(&importer->trace) && take_early_members(importer));
}

static bool stage(struct importer *importer, struct batch *batch)
{
    if (!mem_reserve(mem_of(importer), &importer->staged, &importer->staged_cap,
                     importer->staged_count + 1, sizeof *importer->staged)) {
        return false;
    }
    importer->staged[importer->staged_count++] = *batch;
    batch_init(batch, batch->mem);
    return true;
}

static bool import(struct importer *importer, struct batch *batch)
{
    take_rejects(importer, batch);
    bool good =
        !batch->failed && take_documents(importer, batch) && take_lines(importer, &batch->lines);
    importer->options.counters->ingest->changed = true;
    if (!good) {
        set_error(importer, 0, "stopped reading: out of memory", (struct slice){NULL, 0});
    }
    batch_clear(batch);
    return good;
}

bool importer_take(struct importer *importer, const struct read_report *report, struct batch *batch)
{
    if (report != NULL) {
        importer->shape = report->shape;
        importer->early_members = report->early_members;
    }
    if (importer->stages && importer->shape != SCAN_LINES) {
        return stage(importer, batch);
    }
    return begin_version(importer) && import(importer, batch);
}

bool importer_commit(struct importer *importer)
{
    bool good = begin_version(importer);
    for (size_t i = 0; i < importer->staged_count && good; i++) {
        good = import(importer, &importer->staged[i]);
    }
    importer_drop(importer);
    return good && importer_end_document(importer);
}

bool importer_is_of_another(const struct importer *importer)
{
    for (size_t i = 0; i < importer->staged_count; i++) {
        const struct strbuf *members = &importer->staged[i].members;
        if (members->len == 0) {
            continue;
        }
        struct json_walk walk = {members->data, members->data + members->len};
        struct json_member member;
        while (json_next_member(&walk, &member)) {
            if (json_string_is(member.key, "metadata") &&
                trace_import_is_another(&importer->trace, member.value)) {
                return true;
            }
        }
    }
    return false;
}

const char *importer_error(const struct importer *importer)
{
    return importer->error.len > 0 ? importer->error.data : NULL;
}
