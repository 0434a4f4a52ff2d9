/* The sender puts a mark into its feed every few seconds, and into the journal that it keeps. After
   a reconnection it sends again what its journal has since the last mark that came. Lines that came
   after that mark are known by their hashes, so that none counts twice: an update would do no harm,
   but an operation would. */
#include "ingest/ssh/ssh_feed.h"

#include "core/base/hash.h"
#include "core/base/json_read.h"
#include "core/export/feed_line.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CLOCK_OFF_MAX_MS 86400e3 /* a mark that is further off is no time to ask for */

enum {
    KNOWN_MAX = 1 << 20, /* lines between two marks; of more, some may show twice */
    HEAD_DEPTH = 4
};

static bool begins(const char *line, size_t len, const char *with)
{
    size_t with_len = strlen(with);
    return len >= with_len && memcmp(line, with, with_len) == 0;
}

static void copy_text(struct json_value value, char *out, size_t size)
{
    out[0] = '\0';
    if (value.type == JSON_TYPE_STRING && value.len < size) {
        out[json_copy_string(value, out)] = '\0';
    }
}

/* False: a later connection asks for no such time. A feed may come from anyone. */
static bool is_near(const struct ssh_feed *feed, double t_ms)
{
    return fabs(t_ms - (double)ingest_ctx_wall(feed->ingest) / 1e6) <= CLOCK_OFF_MAX_MS;
}

static void take_head(struct ssh_feed *feed, const char *line, size_t len)
{
    struct json_value head;
    if (!json_check(line, len, HEAD_DEPTH, &head, NULL)) {
        return;
    }
    double t_ms = json_get_number(json_get(head, "t"));
    if (json_get(head, "feed").type == JSON_TYPE_STRING) {
        copy_text(json_get(head, "feed"), feed->version, sizeof feed->version);
        copy_text(json_get(head, "swarmtop"), feed->program, sizeof feed->program);
        feed->ahead_ms = t_ms - (double)ingest_ctx_wall(feed->ingest) / 1e6;
    }
    if (json_get(head, "mark").type == JSON_TYPE_TRUE && is_near(feed, t_ms)) {
        feed->mark_ms = t_ms;
        feed->marked = true;
        u64map_clear(&feed->known);
        feed->ingest->changed = true;
    }
}

/* Returns whether the line came before, in another connection. Remembers it, if marks come: without
   them nothing is sent again, and nothing would ever be forgotten. */
static bool is_known(struct ssh_feed *feed, const char *line, size_t len)
{
    if (feed->version[0] == '\0' || isnan(feed->mark_ms)) {
        return false;
    }
    uint64_t hash = hash_bytes(HASH_SEED, line, len);
    if (!feed->marked && u64map_get(&feed->known, hash) != U64MAP_NONE) {
        return true;
    }
    if (feed->known.count < KNOWN_MAX) {
        feed->failed |= !u64map_put(&feed->known, hash, 1);
    }
    return false;
}

static void skip(struct ssh_feed *feed, const char *line, size_t len)
{
    feed->skipped++;
    if (len > 0) {
        len = len < sizeof feed->banner - 1 ? len : sizeof feed->banner - 1;
        memcpy(feed->banner, line, len);
        feed->banner[len] = '\0';
    }
}

static void take_line(void *ctx, const char *line, size_t len, uint64_t number, enum line_kind kind)
{
    struct ssh_feed *feed = ctx;
    (void)number;
    bool head = kind == LINE_WHOLE && begins(line, len, FEED_JOURNAL_BEGIN);
    if (kind == LINE_LAST) {
        return;
    }
    /* A feed without a head is of a version that has none. */
    feed->begun |= head || (kind == LINE_WHOLE && begins(line, len, "{\"op\":\""));
    if (!feed->begun) {
        skip(feed, line, len);
        return;
    }
    if (head) {
        take_head(feed, line, len);
    } else if (kind == LINE_WHOLE && is_known(feed, line, len)) {
        return;
    }
    (void)feed_push(feed->feed, line, len);
    (void)feed_push(feed->feed, "\n", 1);
}

bool ssh_feed_init(struct ssh_feed *feed, const struct feed_options *options)
{
    struct ingest_ctx *ingest = options->counters->ingest;
    *feed = (struct ssh_feed){.ingest = ingest, .mark_ms = (double)NAN, .ahead_ms = (double)NAN};
    lines_init(&feed->lines, ingest->mem, options->max_line_bytes, take_line, feed);
    u64map_init(&feed->known, ingest->mem);
    feed->feed = feed_new(options);
    return feed->feed != NULL;
}

void ssh_feed_release(struct ssh_feed *feed)
{
    if (feed->ingest != NULL) {
        feed_free(feed->feed);
        lines_release(&feed->lines);
        u64map_release(&feed->known);
    }
}

void ssh_feed_connect(struct ssh_feed *feed)
{
    feed->begun = false;
    feed->marked = feed->known.count == 0; /* else lines that are known may come again */
    feed->skipped = 0;
    feed->banner[0] = feed->version[0] = feed->program[0] = '\0';
    feed->ahead_ms = (double)NAN;
}

void ssh_feed_push(struct ssh_feed *feed, const char *bytes, size_t len)
{
    lines_push(&feed->lines, bytes, len);
}

void ssh_feed_disconnect(struct ssh_feed *feed, bool finished)
{
    lines_finish(&feed->lines);
    feed_rest(feed->feed, finished ? SESSION_FINISHED : SESSION_DISCONNECTED);
    feed->ingest->changed = true;
}

/* Reads "1.12" as 1 and 12. */
static void read_version(const char *text, long out[2])
{
    char *rest;
    out[0] = strtol(text, &rest, 10);
    out[1] = *rest == '.' ? strtol(rest + 1, NULL, 10) : 0;
}

bool ssh_feed_is_newer(const struct ssh_feed *feed)
{
    long own[2], its[2];
    read_version(FEED_VERSION, own);
    read_version(feed->version, its);
    return its[0] > own[0] || (its[0] == own[0] && its[1] > own[1]);
}
