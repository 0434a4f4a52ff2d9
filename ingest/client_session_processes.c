/* A client of files alone seldom writes its process down, so it is found by what both show: the
   directory, and that it is older than the lines. One that is written down is not searched for. A
   process has one session at a time: it goes to the one that began after the lines of the other had
   stopped, unless that one may have another process. Sessions of other directories, users and
   machines stay unknown. */
#include "ingest/client_sessions.h"
#include "ingest/process_programs.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

#define MS INT64_C(1000000)

static const int64_t often_ns = 2000 * MS, seldom_ns = 30000 * MS;

#define SLACK_MS  2000.0  /* of a process's start: the machine's is known in whole seconds */
#define RECENT_MS 60000.0 /* a session that was quiet for longer is not looked for */

enum { SEARCHES_OFTEN = 5 };

/* None: it is another session's, or does not fit. Next: of a session that stopped before this one
   began. */
enum claim { CLAIM_NONE, CLAIM_NEXT, CLAIM_FREE };

/* A directory of sessions. A look at one may last long, on a network's file system that does not
   answer: the loop never looks while it follows. */
struct place {
    intern_id directory;
    char *path; /* owned, of `size` bytes: other texts may come while a worker looks */
    size_t size;
    bool exists; /* on this machine */
};

struct search {
    uv_work_t work; /* its data is the search */
    struct client_sessions *all;
    struct program_list list; /* a worker's is in libc's memory: the context's is the loop's */
    struct place *places;     /* in the context's memory */
    size_t place_count, place_cap;
};

static const struct place *place_of(const struct search *search, intern_id directory)
{
    for (size_t i = 0; i < search->place_count; i++) {
        if (search->places[i].directory == directory) {
            return &search->places[i];
        }
    }
    return NULL;
}

static bool is_wanted(const struct client_session *session, double now_ms)
{
    return session->process_count == 0 && !session->has_sign && session->directory != INTERN_NONE &&
           !session->ended &&
           ((session->busy && !session->seen) || now_ms - session->last_ms < RECENT_MS);
}

static bool holds(const struct client_session *session, const struct process *process)
{
    for (size_t i = 0; i < session->process_count; i++) {
        if (process_is_same(&session->processes[i], process)) {
            return true;
        }
    }
    return false;
}

void client_session_processes_report(struct client_sessions *all, struct client_session *session)
{
    struct update update = {.op = UPDATE_SESSION, .precedence = PRECEDENCE_FILES};
    ingest_ctx_stamp(all->ingest, &update);
    update.session_id.bytes = intern_text(all->texts, session->id, &update.session_id.len);
    session->alive_ms = update.t_ms;
    update_bool(&update, FIELD_ALIVE, TRI_TRUE);
    if (session->process_count == 1) {
        update_number(&update, FIELD_PID, (double)session->processes[0].pid);
        all->failed |=
            !client_processes_set(all->ingest, update.session_id, &session->processes[0]);
    }
    all->failed |= !ingest_ctx_client_update(all->ingest, &update);
}

/* Returns whether the process has started itself again: its child, with the same arguments in the
   same directory, has the session. */
static bool is_launcher(const struct program_process *process, const struct program_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct program_process *child = &list->items[i];
        if (child->parent == process->process.pid && child->arguments == process->arguments &&
            strcmp(child->cwd, process->cwd) == 0) {
            return true;
        }
    }
    return false;
}

/* Returns how a session may have a process that started before the time. One of several that
   another session has may not be the other's, so it is free. */
static enum claim claim_of(const struct client_sessions *all, const struct client_session *session,
                           const struct program_process *found, double before_ms)
{
    size_t len;
    const char *directory = intern_text(all->texts, session->directory, &len);
    enum claim claim = CLAIM_FREE;
    if (strlen(found->cwd) != len || memcmp(found->cwd, directory, len) != 0 ||
        found->start_ms > before_ms + SLACK_MS) {
        return CLAIM_NONE;
    }
    for (size_t i = 0; i < all->count; i++) {
        const struct client_session *holder = &all->items[i];
        if (holder->process_count == 1 && holds(holder, &found->process)) {
            if (holder->written || !(holder->last_ms < session->first_ms)) {
                return CLAIM_NONE;
            }
            claim = CLAIM_NEXT;
        }
    }
    return claim;
}

/* Takes the process from the sessions that have nothing else and did not write it down. */
static void take_away(struct client_sessions *all, const struct process *process)
{
    for (size_t i = 0; i < all->count; i++) {
        struct client_session *holder = &all->items[i];
        if (holder->process_count == 1 && !holder->written && holds(holder, process)) {
            holder->process_count = 0;
        }
    }
}

/* Takes the process from all sessions: it is known whose it is. */
static void take_from_all(struct client_sessions *all, const struct process *process)
{
    for (size_t i = 0; i < all->count; i++) {
        struct client_session *holder = &all->items[i];
        size_t kept = 0;
        for (size_t k = 0; k < holder->process_count; k++) {
            if (!process_is_same(&holder->processes[k], process)) {
                holder->processes[kept++] = holder->processes[k];
            }
        }
        holder->written &= kept > 0;
        holder->process_count = kept;
    }
}

/* Gives the session those processes that started before the time; `sure`: only if it can be no
   other than one. If several may run it, it has them all, and others may have them too, so that
   none ends whose process lives. Returns how many. */
static size_t take(struct client_sessions *all, struct client_session *session,
                   const struct program_list *list, double before_ms, bool sure)
{
    size_t count[] = {[CLAIM_NONE] = 0, [CLAIM_NEXT] = 0, [CLAIM_FREE] = 0};
    for (size_t i = 0; i < list->count; i++) {
        count[is_launcher(&list->items[i], list)
                  ? CLAIM_NONE
                  : claim_of(all, session, &list->items[i], before_ms)]++;
    }
    if (sure && (count[CLAIM_FREE] != 1 || count[CLAIM_NEXT] > 0)) {
        return 0;
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct program_process *found = &list->items[i];
        if (is_launcher(found, list) || session->process_count == CLIENT_SESSION_PROCESSES ||
            claim_of(all, session, found, before_ms) == CLAIM_NONE) {
            continue;
        }
        if (count[CLAIM_FREE] == 0) {
            take_away(all, &found->process);
        }
        session->processes[session->process_count++] = found->process;
    }
    return session->process_count;
}

/* Returns what it means that no process of the session was found. If its client ran, it would have
   been found where the session's directory is one of this machine, and no process is left that may
   have the session without working there. A directory that was not looked at changes nothing. */
static enum client_search search_of(const struct search *search,
                                    const struct client_session *session)
{
    const struct program_list *list = &search->list;
    const struct place *place = place_of(search, session->directory);
    if (place == NULL) {
        return session->search;
    }
    bool absent = place->exists && list->complete;
    for (size_t i = 0; i < list->count; i++) {
        absent = absent && !list->items[i].serves;
    }
    return absent ? SEARCH_ABSENT : SEARCH_HIDDEN;
}

/* Returns whether processes were found for a session. */
static bool take_all(struct client_sessions *all, const struct search *search, double now_ms,
                     bool sure)
{
    const struct program_list *list = &search->list;
    bool found = false;
    for (size_t i = 0; i < all->count; i++) {
        struct client_session *session = &all->items[i];
        if (!is_wanted(session, now_ms)) {
            continue;
        }
        session->search = search_of(search, session);
        /* Its process is older than the session, unless that was continued. */
        if (take(all, session, list, session->first_ms, sure) > 0 ||
            (!sure && take(all, session, list, session->last_ms, false) > 0)) {
            session->dead_looks = 0;
            all->searches = 0;
            client_session_processes_report(all, session);
            found = true;
        }
    }
    return found;
}

/* Gives the processes to sessions. */
static void take_found(struct client_sessions *all, const struct search *search)
{
    double now_ms = (double)(ingest_ctx_wall(all->ingest) / 1000000);
    while (take_all(all, search, now_ms, true)) {
        continue; /* a process that one session has is no other's any more */
    }
    take_all(all, search, now_ms, false);
    all->failed |= search->list.failed;
}

/* ---- what a worker does ---- */

/* Sets *search to look at the directories of the sessions that are wanted, each once. Its list has
   memory of its own. */
static void init_search(struct search *search, struct client_sessions *all,
                        const struct mem *list_mem)
{
    double now_ms = (double)(ingest_ctx_wall(all->ingest) / 1000000);
    const struct mem *mem = all->ingest->mem;
    *search = (struct search){.all = all, .list.mem = list_mem};
    for (size_t i = 0; i < all->count; i++) {
        intern_id directory = all->items[i].directory;
        if (!is_wanted(&all->items[i], now_ms) || place_of(search, directory) != NULL) {
            continue;
        }
        size_t len;
        const char *text = intern_text(all->texts, directory, &len);
        char *path = mem_alloc(mem, len + 1);
        if (path == NULL || !mem_reserve(mem, &search->places, &search->place_cap,
                                         search->place_count + 1, sizeof *search->places)) {
            mem_free(mem, path, path == NULL ? 0 : len + 1);
            all->failed = true;
            return;
        }
        memcpy(path, text, len);
        path[len] = '\0';
        search->places[search->place_count++] =
            (struct place){.directory = directory, .path = path, .size = len + 1};
    }
}

static void release_search(struct search *search)
{
    const struct mem *mem = search->all->ingest->mem;
    for (size_t i = 0; i < search->place_count; i++) {
        mem_free(mem, search->places[i].path, search->places[i].size);
    }
    mem_free(mem, search->places, search->place_cap * sizeof *search->places);
    process_programs_release(&search->list);
}

static void run_search(struct search *search)
{
    process_programs_find(search->list.mem, search->all->proc, search->all->programs,
                          &search->list);
    for (size_t i = 0; i < search->place_count; i++) {
        struct stat st;
        search->places[i].exists = stat(search->places[i].path, &st) == 0 && S_ISDIR(st.st_mode);
    }
}

static void do_search(uv_work_t *work)
{
    run_search(work->data);
}

static void after_search(uv_work_t *work, int status)
{
    struct search *search = work->data;
    struct client_sessions *all = search->all;
    all->searching = false;
    (*all->handles)--;
    if (status == 0 && !*all->closing) {
        take_found(all, search);
    }
    release_search(search);
    mem_free(all->ingest->mem, search, sizeof *search);
}

/* False: it has to be done at once. */
static bool begin_search(struct client_sessions *all)
{
    struct search *search =
        all->loop == NULL ? NULL : mem_zalloc(all->ingest->mem, 1, sizeof *search);
    if (search == NULL) {
        return false;
    }
    init_search(search, all, &mem_libc);
    search->work.data = search;
    if (uv_queue_work(all->loop, &search->work, do_search, after_search) != 0) {
        release_search(search);
        mem_free(all->ingest->mem, search, sizeof *search);
        return false;
    }
    all->searching = true;
    (*all->handles)++;
    return true;
}

bool client_session_processes_may_come(const struct client_sessions *all,
                                       const struct client_session *session)
{
    double now_ms = (double)(ingest_ctx_wall(all->ingest) / 1000000);
    return all->searching && session->search == SEARCH_NONE && is_wanted(session, now_ms);
}

void client_session_processes_search(struct client_sessions *all, bool last)
{
    int64_t now_ns = ingest_ctx_now(all->ingest);
    double now_ms = (double)(ingest_ctx_wall(all->ingest) / 1000000);
    int64_t pause_ns = all->searches < SEARCHES_OFTEN ? often_ns : seldom_ns;
    bool wanted = false;
    for (size_t i = 0; i < all->count && all->programs != NULL; i++) {
        if (is_wanted(&all->items[i], now_ms)) {
            wanted = true;
            all->searches = all->items[i].search != SEARCH_NONE ? all->searches : 0;
        }
    }
    if (!wanted) {
        all->searches = 0;
    }
    if (!wanted || all->searching ||
        (!last && all->searches > 0 && now_ns - all->searched_ns < pause_ns)) {
        return;
    }
    all->searched_ns = now_ns;
    all->searches++;
    if (last || !begin_search(all)) {
        struct search search;
        init_search(&search, all, all->ingest->mem);
        run_search(&search);
        take_found(all, &search);
        release_search(&search);
    }
}

/* Returns whether the session, or one that has the process, has a process that was written down
   later: files of old processes stay, and numbers are used again. */
static bool is_outdated(const struct client_sessions *all, const struct client_session *session,
                        const struct process *process, double started_ms)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct client_session *holder = &all->items[i];
        if (holder->written && holder->started_ms > started_ms &&
            (holder == session || holds(holder, process))) {
            return true;
        }
    }
    return false;
}

/* Returns whether the process works where its session does; true if that is not known. */
static bool works_there(const struct client_sessions *all, const struct client_session *session,
                        const struct program_process *found, struct slice work_dir)
{
    size_t len = strlen(found->cwd), own_len = 0;
    const char *own = session->directory == INTERN_NONE
                          ? NULL
                          : intern_text(all->texts, session->directory, &own_len);
    return (work_dir.len == 0 && own == NULL) ||
           (work_dir.len == len && memcmp(work_dir.bytes, found->cwd, len) == 0) ||
           (own != NULL && own_len == len && memcmp(own, found->cwd, len) == 0);
}

void client_sessions_set_process(struct client_sessions *all, uint32_t number, int64_t pid,
                                 struct slice work_dir, double started_ms)
{
    struct program_list list;
    if (number == CLIENT_SESSION_NONE || all->programs == NULL || isnan(started_ms)) {
        return;
    }
    struct client_session *session = &all->items[number];
    process_programs_look(all->ingest->mem, all->proc, pid, all->programs, &list);
    all->failed |= list.failed;
    const struct program_process *found = list.count == 1 ? &list.items[0] : NULL;
    if (found != NULL && !(found->start_ms > started_ms + SLACK_MS) &&
        works_there(all, session, found, work_dir) &&
        !is_outdated(all, session, &found->process, started_ms)) {
        take_from_all(all, &found->process);
        session->processes[0] = found->process;
        session->process_count = 1;
        session->written = true;
        session->started_ms = started_ms;
        session->dead_looks = 0;
        session->alive_ms = (double)NAN;
    }
    process_programs_release(&list);
}

bool client_session_processes_live(struct client_sessions *all, struct client_session *session)
{
    for (size_t i = 0; i < session->process_count; i++) {
        if (process_lives(all->proc, &session->processes[i])) {
            return true;
        }
    }
    return false;
}
