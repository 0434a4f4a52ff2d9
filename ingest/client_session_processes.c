/* No client of files alone writes its process down, so it is found by what both show: the
   directory, and that it is older than the lines. A process has one session at a time: it goes to
   the one that began after the lines of the other had stopped. Sessions of other directories, users
   and machines stay unknown. */
#include "ingest/client_sessions.h"
#include "ingest/process_programs.h"

#include <math.h>
#include <string.h>

#define MS INT64_C(1000000)

static const int64_t often_ns = 2000 * MS, seldom_ns = 30000 * MS;

#define SLACK_MS  2000.0  /* of a process's start: the machine's is known in whole seconds */
#define RECENT_MS 60000.0 /* a session that was quiet for longer is not looked for */

enum { SEARCHES_OFTEN = 5 };

static bool is_wanted(const struct client_session *session, double now_ms)
{
    return session->process_count == 0 && !session->has_sign && session->directory != INTERN_NONE &&
           !session->ended && now_ms - session->last_ms < RECENT_MS;
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

/* Returns the session that the process runs already; NULL: none. */
static struct client_session *holder_of(struct client_sessions *all, const struct process *process)
{
    for (size_t i = 0; i < all->count; i++) {
        if (holds(&all->items[i], process)) {
            return &all->items[i];
        }
    }
    return NULL;
}

static void report_alive(struct client_sessions *all, struct client_session *session)
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

/* Gives the session those processes that started before the time. Returns how many. */
static size_t take(struct client_sessions *all, struct client_session *session,
                   const struct program_list *list, double before_ms)
{
    size_t len;
    const char *directory = intern_text(all->texts, session->directory, &len);
    for (size_t i = 0; i < list->count; i++) {
        const struct program_process *found = &list->items[i];
        struct client_session *holder = holder_of(all, &found->process);
        if (strlen(found->cwd) != len || memcmp(found->cwd, directory, len) != 0 ||
            found->start_ms > before_ms + SLACK_MS ||
            (holder != NULL && !(holder->last_ms < session->first_ms)) ||
            session->process_count == CLIENT_SESSION_PROCESSES) {
            continue;
        }
        if (holder != NULL) {
            holder->process_count = 0;
        }
        session->processes[session->process_count++] = found->process;
    }
    return session->process_count;
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

static void leave_out_launchers(struct client_session *session, const struct program_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct program_process *process = &list->items[i];
        for (size_t k = 0; is_launcher(process, list) && k < session->process_count; k++) {
            if (process_is_same(&session->processes[k], &process->process)) {
                session->processes[k] = session->processes[--session->process_count];
                break;
            }
        }
    }
}

void client_session_processes_search(struct client_sessions *all)
{
    int64_t now_ns = ingest_ctx_now(all->ingest);
    double now_ms = (double)(ingest_ctx_wall(all->ingest) / 1000000);
    int64_t pause_ns = all->searches < SEARCHES_OFTEN ? often_ns : seldom_ns;
    bool wanted = false;
    for (size_t i = 0; i < all->count && all->programs != NULL; i++) {
        if (is_wanted(&all->items[i], now_ms)) {
            wanted = true;
            all->searches = all->items[i].searched ? all->searches : 0;
        }
    }
    if (!wanted) {
        all->searches = 0;
    }
    if (!wanted || (all->searches > 0 && now_ns - all->searched_ns < pause_ns)) {
        return;
    }
    struct program_list list;
    process_programs_find(all->ingest->mem, all->proc, all->programs, &list);
    all->searched_ns = now_ns;
    all->searches++;
    for (size_t i = 0; i < all->count; i++) {
        struct client_session *session = &all->items[i];
        /* Its process is older than the session, unless that was continued. */
        if (!is_wanted(session, now_ms)) {
            continue;
        }
        session->searched = true;
        if (take(all, session, &list, session->first_ms) > 0 ||
            take(all, session, &list, session->last_ms) > 0) {
            leave_out_launchers(session, &list);
            session->dead_looks = 0;
            all->searches = 0;
            report_alive(all, session);
        }
    }
    all->failed |= list.failed;
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
