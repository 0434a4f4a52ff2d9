/* A plain array in order of begin. Few calls are open at once, and each hook is a process, so there
   are at most some hundred a second. Ended calls stay until the array is full and are removed
   together. */
#include "ingest/hooks/hook_open_calls.h"

#include "core/base/mask.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

struct slice hook_cut(struct slice text, size_t max)
{
    text.len = mask_cut(text.bytes, text.len, max);
    return text;
}

void hook_label_set(struct hook_label *out, struct slice text)
{
    text = hook_cut(text, sizeof out->bytes);
    out->len = text.len;
    if (text.len > 0) {
        memcpy(out->bytes, text.bytes, text.len);
    }
}

uint64_t hook_hash(struct slice text)
{
    return text.bytes == NULL ? 0 : XXH3_64bits(text.bytes, text.len) | 1;
}

/* Appends the value without the white space between its members. */
static void add_compact(struct json_value value, struct strbuf *out)
{
    bool quoted = false;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.raw[i];
        if (quoted && c == '\\' && i + 1 < value.len) {
            strbuf_addc(out, c);
            c = value.raw[++i];
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) {
            continue;
        }
        strbuf_addc(out, c);
    }
}

uint64_t hook_hash_json(struct json_value value, struct strbuf *room)
{
    if (value.type == JSON_TYPE_NONE) {
        return 0;
    }
    strbuf_clear(room);
    add_compact(value, room);
    return hook_hash(room->failed ? (struct slice){value.raw, value.len}
                                  : (struct slice){room->data, room->len});
}

void hook_open_calls_init(struct hook_open_calls *calls, const struct mem *mem)
{
    *calls = (struct hook_open_calls){.mem = mem};
}

void hook_open_calls_release(struct hook_open_calls *calls)
{
    mem_free(calls->mem, calls->items, calls->cap * sizeof *calls->items);
    *calls = (struct hook_open_calls){.mem = calls->mem};
}

struct hook_open_call *hook_open_calls_find(struct hook_open_calls *calls, uint64_t session,
                                            struct slice id)
{
    /* The list has it cut. */
    id = hook_cut(id, HOOK_LABEL_BYTES);
    for (size_t i = calls->count; i-- > 0;) {
        struct hook_open_call *call = &calls->items[i];
        if (call->session == session && call->id.len == id.len &&
            memcmp(call->id.bytes, id.bytes, id.len) == 0) {
            return call;
        }
    }
    return NULL;
}

/* Removes the calls that `keeps` rejects. */
static void sift(struct hook_open_calls *calls,
                 bool (*keeps)(const struct hook_open_call *call, uint64_t session),
                 uint64_t session)
{
    size_t kept = 0;
    for (size_t i = 0; i < calls->count; i++) {
        if (keeps(&calls->items[i], session)) {
            calls->items[kept++] = calls->items[i];
        }
    }
    calls->count = kept;
}

static bool is_open(const struct hook_open_call *call, uint64_t session)
{
    (void)session;
    return !call->ended;
}

static bool is_of_another(const struct hook_open_call *call, uint64_t session)
{
    return call->session != session;
}

void hook_open_calls_drop_session(struct hook_open_calls *calls, uint64_t session)
{
    sift(calls, is_of_another, session);
}

struct hook_open_call *hook_open_calls_add(struct hook_open_calls *calls, uint64_t session,
                                           struct slice id, bool *forgotten)
{
    if (calls->count == HOOK_OPEN_CALLS_MAX) {
        sift(calls, is_open, 0);
    }
    if (calls->count == HOOK_OPEN_CALLS_MAX) {
        *forgotten = true;
        memmove(calls->items, calls->items + 1, --calls->count * sizeof *calls->items);
    }
    if (!mem_reserve(calls->mem, &calls->items, &calls->cap, calls->count + 1,
                     sizeof *calls->items)) {
        return NULL;
    }
    struct hook_open_call *call = &calls->items[calls->count++];
    *call = (struct hook_open_call){
        .session = session, .start_ms = NAN, .wait_ms = NAN, .asked_ms = NAN, .end_ms = NAN};
    hook_label_set(&call->id, id);
    return call;
}

enum { FIT_SUBJECT = 3, FIT_INPUT = 5 };

/* Returns how well the call fits, from FIT_INPUT; 0: not at all. */
static int fit(const struct hook_open_call *call, const struct hook_subject *about)
{
    int waits = isnan(call->wait_ms) ? 0 : 1;
    bool same = about->subject != 0 && call->subject == about->subject;
    if (call->name != about->name) {
        /* A notification has reported the command alone. */
        return same && call->name == 0 ? FIT_SUBJECT - waits : 0;
    }
    if (call->input == about->input) {
        return FIT_INPUT - waits;
    }
    return same ? FIT_SUBJECT - waits : 1 - waits;
}

struct hook_open_call *hook_open_calls_match(struct hook_open_calls *calls, uint64_t session,
                                             uint64_t agent, const struct hook_subject *about)
{
    struct hook_open_call *best = NULL;
    int best_fit = 0;
    for (size_t i = calls->count; i-- > 0;) {
        struct hook_open_call *call = &calls->items[i];
        if (call->ended || call->session != session || call->agent != agent) {
            continue;
        }
        int fits = fit(call, about);
        /* Among several best fits the oldest wins: permissions are requested in order of begin. */
        if (fits > best_fit || (fits == best_fit && (fits == FIT_INPUT || fits == FIT_SUBJECT))) {
            best = call;
            best_fit = fits;
        }
    }
    return best;
}

struct hook_open_call *hook_open_calls_newest(struct hook_open_calls *calls, uint64_t session,
                                              uint64_t agent)
{
    for (size_t i = calls->count; i-- > 0;) {
        struct hook_open_call *call = &calls->items[i];
        if (!call->ended && call->session == session && call->agent == agent) {
            return call;
        }
    }
    return NULL;
}

struct hook_open_call *hook_open_calls_unlinked(struct hook_open_calls *calls, uint64_t session,
                                                uint64_t type)
{
    struct hook_open_call *found = NULL;
    for (size_t i = 0; i < calls->count; i++) {
        struct hook_open_call *call = &calls->items[i];
        if (call->ended || call->linked || call->session != session || call->sub_agent != type) {
            continue;
        }
        if (found != NULL) {
            return NULL;
        }
        found = call;
    }
    return found;
}
