/* Sessions are found in directories and in the registry, in no order; those that are found at the same time are put in the order in which they
   began. Once found they stay. */
#include "ingest/claude/claude_sessions.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { AT_REST = 4 /* every so many looks sessions that have ended are looked at too */ };

/* The session of that id; with `make`, a new one where there is none. NULL: none, or out of memory. */
static struct claude_session *session_of(struct claude_sessions *all, struct slice id, bool make)
{
    const struct mem *mem = all->mem;
    intern_id number = intern_put(all->ids, id.bytes, id.len);
    uint32_t at = u64map_get(&all->by_id, number);
    if (at != U64MAP_NONE)
        return all->list[at];
    if (!make)
        return NULL;
    struct claude_session *session = claude_session_new(&all->options, id);
    if (session == NULL || number == INTERN_FAILED ||
        !mem_reserve(mem, &all->list, &all->cap, all->count + 1, sizeof *all->list) ||
        !u64map_put(&all->by_id, number, (uint32_t)all->count)) {
        claude_session_free(session);
        all->failed = true;
        return NULL;
    }
    all->list[all->count++] = session;
    return session;
}

/* By its last line, which is not younger than the file. */
static bool is_recent(const struct claude_sessions *all, const char *path, const struct stat *st)
{
    int64_t from_ns = intake_now(all->options.tally->intake) - all->since_ns;
    if (claude_files_modified_ns(st) < from_ns)
        return false;
    double last_ms = claude_files_last_ms(all->mem, path);
    return last_ms >= (double)(from_ns / 1000000);
}

static void found(void *ctx, const char *path, struct slice id, const struct stat *st)
{
    struct claude_sessions *all = ctx;
    struct claude_session *session = session_of(all, id, false);
    if (session == NULL && (all->whole || is_recent(all, path, st)))
        session = session_of(all, id, true);
    if (session != NULL)
        claude_session_set_path(session, path);
}

static int by_start(const void *a, const void *b)
{
    const struct claude_session *const *one = a, *const *other = b;
    double x = (*one)->count > 0 ? (*one)->files[0]->first_ms : (double)NAN;
    double y = (*other)->count > 0 ? (*other)->files[0]->first_ms : (double)NAN;
    if (isnan(x) || isnan(y))
        return isnan(x) - isnan(y);
    return x < y ? -1 : x > y ? 1 : strcmp((*one)->id, (*other)->id);
}

/* Rows come in the order in which sessions began, as far as they were found at the same time. */
static void sort_new(struct claude_sessions *all)
{
    size_t fresh = all->count - all->sorted;
    if (fresh > 1)
        qsort(all->list + all->sorted, fresh, sizeof *all->list, by_start);
    for (size_t i = all->sorted; i < all->count && fresh > 1; i++) {
        const char *id = all->list[i]->id;
        all->failed |= !u64map_put(&all->by_id, intern_put(all->ids, id, strlen(id)), (uint32_t)i);
    }
    all->sorted = all->count;
}

/* Those that live are opened, whatever the age of their transcript, and before they have one. */
static void open_living(struct claude_sessions *all)
{
    struct strbuf path;
    strbuf_init(&path, all->mem, 0);
    for (size_t i = 0; i < all->registry.count; i++) {
        const struct claude_registered *entry = &all->registry.entries[i];
        const char *id = entry->process.session_id;
        struct claude_session *session =
            session_of(all, (struct slice){id, strlen(id)}, entry->lives);
        if (session == NULL || session->count > 0)
            continue;
        if (claude_projects_find(&all->projects, id, &path))
            claude_session_set_path(session, path.data);
    }
    strbuf_release(&path);
}

bool claude_sessions_exist(const struct claude_sessions *all)
{
    return claude_projects_exist(&all->projects);
}

static void look_at_each(struct claude_sessions *all, uint64_t now_ms)
{
    bool rest = all->looks++ % AT_REST == 0;
    for (size_t i = 0; i < all->count; i++) {
        struct claude_session *session = all->list[i];
        claude_session_registered(session, claude_registry_find(&all->registry, session->id),
                                  now_ms);
        if (rest || !session->ended)
            claude_session_look(session);
        all->failed |= session->failed;
    }
}

void claude_sessions_look(struct claude_sessions *all, uint64_t now_ms)
{
    if (!claude_sessions_exist(all))
        return;
    all->failed |= !claude_registry_look(&all->registry, all->registry_dir.data, all->proc) ||
                   !claude_projects_look(&all->projects, found, all);
    open_living(all);
    sort_new(all);
    look_at_each(all, now_ms);
}

uint64_t claude_sessions_unknown(const struct claude_sessions *all, struct slice *type)
{
    uint64_t count = 0;
    for (size_t i = 0; i < all->count; i++)
        for (size_t k = 0; k < all->list[i]->count; k++)
            count += claude_transcript_unknown(all->list[i]->files[k]->transcript, type);
    return count;
}

bool claude_sessions_init(struct claude_sessions *all, const struct mem *mem, const char *dir)
{
    size_t len = strlen(dir);
    while (len > 1 && dir[len - 1] == '/')
        len--;
    *all = (struct claude_sessions){.mem = mem};
    u64map_init(&all->by_id, mem);
    claude_registry_init(&all->registry, mem);
    strbuf_init(&all->registry_dir, mem, 0);
    strbuf_addf(&all->registry_dir, "%.*s/sessions", (int)len, dir);
    all->ids = intern_new(mem);
    bool good = claude_projects_init(&all->projects, mem, dir, len);
    return good && all->ids != NULL && !all->registry_dir.failed;
}

void claude_sessions_release(struct claude_sessions *all)
{
    for (size_t i = 0; i < all->count; i++)
        claude_session_free(all->list[i]);
    mem_free(all->mem, all->list, all->cap * sizeof *all->list);
    claude_projects_release(&all->projects);
    claude_registry_release(&all->registry);
    u64map_release(&all->by_id);
    intern_free(all->ids);
    strbuf_release(&all->registry_dir);
}
