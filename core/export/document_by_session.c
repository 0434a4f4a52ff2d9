/* Processes and agents of a document by session: sorted once by counting, because a look at all of
   them for each session is quadratic in a document of many sessions. */
#include "core/export/document_private.h"

size_t by_session_begin(const struct by_session *list, session_no session)
{
    return session == 0 ? 0 : list->ends[session - 1];
}

struct by_session by_session_new(struct document *doc, uint32_t count, session_of *session)
{
    size_t sessions = swarm_session_count(doc->swarm);
    struct by_session list = {.count = count};
    list.numbers = mem_zalloc(doc->out.mem, (size_t)count + 1, sizeof *list.numbers);
    list.ends = mem_zalloc(doc->out.mem, sessions + 1, sizeof *list.ends);
    list.good = list.numbers != NULL && list.ends != NULL;
    doc->no_memory |= !list.good;
    for (uint32_t i = 0; list.good && i < count; i++) {
        session_no of = session(doc, i);
        list.ends[of == NO_SESSION ? sessions : of + 1]++;
    }
    /* Now the number of those of the session before; then where each begins. */
    for (size_t i = 1; list.good && i < sessions; i++) {
        list.ends[i] += list.ends[i - 1];
    }
    for (uint32_t i = 0; list.good && i < count; i++) {
        session_no of = session(doc, i);
        if (of != NO_SESSION) {
            list.numbers[list.ends[of]++] = i;
        }
    }
    return list;
}

void by_session_release(struct document *doc, struct by_session *list)
{
    size_t sessions = swarm_session_count(doc->swarm);
    mem_free(doc->out.mem, list->numbers,
             list->numbers == NULL ? 0 : (list->count + 1) * sizeof *list->numbers);
    mem_free(doc->out.mem, list->ends,
             list->ends == NULL ? 0 : (sessions + 1) * sizeof *list->ends);
}
