#include "tui/cmd/report_shape.h"

#include "core/base/nearest.h"

#include <string.h>

enum {
    DEPTH_MAX = 8,
    MEMBER_MAX = 64,
    BEGINNING = 3, /* shorter ones suggest nothing */
};

/* A member of an object leads to one of these. */
enum leads_to {
    A_NUMBER,
    AN_OBJECT, /* `inside` */
    A_LIST,    /* items with names, each `inside` */
    ANYTHING,
};

/* Members that lead to the same. A table ends with a row without names; it has the members of that
   row's table, too. */
struct members {
    const char *names; /* separated by blanks */
    enum leads_to leads_to;
    const struct members *inside;
};

#define SPREAD "min mean p50 p50_low p50_high p90 p95 p99 max"
#define CALLS  "errors open refused interrupted total_ms " SPREAD

static const struct members nothing[] = {{NULL, A_NUMBER, NULL}};
static const struct members summary[] = {{"count " SPREAD, A_NUMBER, NULL}, {NULL, A_NUMBER, NULL}};
static const struct members tool[] = {{"count " CALLS, A_NUMBER, NULL}, {NULL, A_NUMBER, NULL}};
static const struct members server[] = {{"calls " CALLS, A_NUMBER, NULL}, {NULL, A_NUMBER, NULL}};
static const struct members span_name[] = {{"count open total_ms self_ms max_ms", A_NUMBER, NULL},
                                           {NULL, A_NUMBER, NULL}};
static const struct members phases[] = {
    {"setup retry first_token sampling request tool wait idle", A_NUMBER, NULL},
    {NULL, A_NUMBER, NULL}};
static const struct members costs[] = {
    {"cost_usd cost_estimate_usd cost_total_usd", A_NUMBER, NULL}, {NULL, A_NUMBER, NULL}};
static const struct members events[] = {{"total metadata dropped bad", A_NUMBER, NULL},
                                        {NULL, A_NUMBER, NULL}};
static const struct members spans[] = {
    {"closed open evicted incomplete orphan_ends", A_NUMBER, NULL}, {NULL, A_NUMBER, NULL}};
static const struct members turn[] = {{"turn start_ms dur_ms", A_NUMBER, NULL},
                                      {NULL, A_NUMBER, NULL}};
static const struct members held_up_by[] = {
    {"age_ms p95_ms", A_NUMBER, NULL}, {"path", ANYTHING, NULL}, {NULL, A_NUMBER, NULL}};
static const struct members longest[] = {{"turn ms", A_NUMBER, NULL}, {NULL, A_NUMBER, NULL}};
static const struct members reason[] = {
    {"ms turns", A_NUMBER, NULL}, {"longest", AN_OBJECT, longest}, {NULL, A_NUMBER, NULL}};

static const struct members cost_covers[] = {{"requests of", A_NUMBER, NULL},
                                             {NULL, A_NUMBER, NULL}};

static const struct members figures[] = {
    {"requests failed retries open_requests refused interrupted stalled loops", A_NUMBER, NULL},
    {"prompt_tokens output_tokens cache_read_tokens cache_creation_tokens", A_NUMBER, NULL},
    {"cache_hit_rate_pct cache_cost_share_pct", A_NUMBER, NULL},
    {"user_wait_ms api_ms tool_ms agent_wait_ms busy_ms idle_ms", A_NUMBER, NULL},
    {"context_tokens context_window context_growth_per_turn compactions", A_NUMBER, NULL},
    {"cost_usd cost_estimate_usd cost_total_usd effective_parallelism", A_NUMBER, NULL},
    {"ttft_ms ttlt_ms itps otps setup_ms", AN_OBJECT, summary},
    {"tools", A_LIST, tool},
    {"phases", AN_OBJECT, phases},
    {"cost_covers", AN_OBJECT, cost_covers},
    {NULL, A_NUMBER, NULL},
};
static const struct members agent[] = {
    {"pid tid", A_NUMBER, NULL},
    {"held_up_by", AN_OBJECT, held_up_by},
    {NULL, AN_OBJECT, figures},
};

/* A path begins in "totals", or else at the top. */
static const struct members top[] = {
    {"totals", AN_OBJECT, figures},
    {"models", A_LIST, figures},
    {"agents", A_LIST, agent},
    {"sessions", A_LIST, costs},
    {"servers", A_LIST, server},
    {"names", A_LIST, span_name},
    {"turns", A_LIST, turn},
    {"reasons", A_LIST, reason},
    {"events", AN_OBJECT, events},
    {"spans", AN_OBJECT, spans},
    {"slower slower_compared why against markers", ANYTHING, NULL},
    {NULL, AN_OBJECT, figures},
};

static const struct members *next_row(const struct members *row)
{
    row++;
    return row->names == NULL && row->inside != NULL ? row->inside : row;
}

/* A path, and the first place where it left the tables. */
struct walk {
    const char *end;
    const char *bad; /* NULL: none yet; the end: the path ends before a number */
    size_t bad_len;
    const struct members *expected; /* there */
    bool near;                      /* a member has nearly that name */
    bool list;                      /* the path ends at a list */
};

/* Sets out to the member with nearly that name, or with that beginning. False: none is. */
static bool find_near(const struct members *table, const char *text, size_t len,
                      char out[MEMBER_MAX])
{
    struct nearest nearest;
    nearest_init(&nearest, text, len);
    out[0] = '\0';
    for (; table->names != NULL; table = next_row(table)) {
        for (const char *at = table->names; *at != '\0'; at += strspn(at, " ")) {
            size_t name_len = strcspn(at, " ");
            char member[MEMBER_MAX] = "";
            memcpy(member, at, name_len < sizeof member ? name_len : sizeof member - 1);
            nearest.name = NULL;
            nearest_offer(&nearest, member);
            bool begins = out[0] == '\0' && len >= BEGINNING && name_len > len &&
                          memcmp(member, text, len) == 0;
            if (nearest.name != NULL || begins) {
                memcpy(out, member, sizeof member);
            }
            at += name_len;
        }
    }
    return out[0] != '\0';
}

/* Names of items may have points, so a path may leave the tables in several places: the first with
   a near name explains it best. */
static void note_bad(struct walk *walk, const char *at, const struct members *expected)
{
    char near[MEMBER_MAX];
    const char *point = memchr(at, '.', (size_t)(walk->end - at));
    size_t len = (size_t)((point == NULL ? walk->end : point) - at);
    bool is_near = find_near(expected, at, len, near);
    if (walk->bad == NULL || (is_near && !walk->near)) {
        walk->bad = at;
        walk->bad_len = len;
        walk->expected = expected;
        walk->near = is_near;
    }
}

static bool walk_object(struct walk *walk, const struct members *table, const char *at, int depth);

/* An item's name ends at any point; `*` is one as well. */
static bool walk_list(struct walk *walk, const struct members *item, const char *at, int depth)
{
    const char *point = at;
    while ((point = memchr(point, '.', (size_t)(walk->end - point))) != NULL) {
        point++;
        if (walk_object(walk, item, point, depth + 1)) {
            return true;
        }
    }
    if (walk->bad == NULL) {
        note_bad(walk, walk->end, item);
        walk->list = true;
    }
    return false;
}

static bool walk_member(struct walk *walk, const struct members *row, const char *at, int depth)
{
    switch (row->leads_to) {
    case A_NUMBER:
        if (at < walk->end) {
            note_bad(walk, at, nothing);
        }
        return at == walk->end;
    case AN_OBJECT: return walk_object(walk, row->inside, at, depth + 1);
    case A_LIST: return walk_list(walk, row->inside, at, depth);
    case ANYTHING: break;
    }
    if (at == walk->end) {
        note_bad(walk, at, nothing);
    }
    return at < walk->end;
}

static bool has_name(const char *names, const char *name, size_t len)
{
    for (const char *at = names; *at != '\0'; at += strspn(at, " ")) {
        size_t at_len = strcspn(at, " ");
        if ((at_len == len && memcmp(at, name, len) == 0) || (len == 1 && *name == '*')) {
            return true;
        }
        at += at_len;
    }
    return false;
}

static bool walk_object(struct walk *walk, const struct members *table, const char *at, int depth)
{
    const char *point = memchr(at, '.', (size_t)(walk->end - at));
    size_t len = (size_t)((point == NULL ? walk->end : point) - at);
    bool known = false;
    for (const struct members *row = table; depth < DEPTH_MAX && row->names != NULL;
         row = next_row(row)) {
        if (has_name(row->names, at, len)) {
            known = true;
            if (walk_member(walk, row, point == NULL ? walk->end : point + 1, depth)) {
                return true;
            }
        }
    }
    if (!known) {
        note_bad(walk, at, table);
    }
    return false;
}

static void explain(const struct walk *walk, const char *path, struct strbuf *error)
{
    int len = (int)(walk->end - path);
    char near[MEMBER_MAX];
    if (walk->bad == walk->end && walk->list) {
        int first = (int)strcspn(walk->expected->names, " ");
        strbuf_addf(error, "'%.*s' is a list; name an item, as in %.*s.NAME.%.*s", len, path, len,
                    path, first, walk->expected->names);
    } else if (walk->bad == walk->end) {
        const char *has = walk->expected->names;
        strbuf_addf(error, "'%.*s' is no number of report --json", len, path);
        if (has != NULL) {
            strbuf_addf(error, "; it has %s", has);
        }
    } else {
        strbuf_addf(error, "'%.*s' is no figure of report --json", (int)walk->bad_len, walk->bad);
        if (find_near(walk->expected, walk->bad, walk->bad_len, near)) {
            strbuf_addf(error, "; did you mean %s?", near);
        }
    }
}

bool report_shape_check(const char *path, size_t len, struct strbuf *error)
{
    struct walk walk = {.end = path + len};
    if (walk_object(&walk, top, path, 0)) {
        return true;
    }
    explain(&walk, path, error);
    return false;
}
