/* Two lists by number of an agent: what a frame compares for each agent lies close together, the
   states apart from it. A session whose flags have changed, or whose clock went back, has all its
   agents looked at: sessions are few, so their last looks are compared with them in every frame,
   and nobody need note these changes. */
#include "core/query/agents_kept.h"

struct kept_agent {
    int64_t due_ns; /* in its session's present: its state may be another from then on */
    session_no session;
    bool works;                /* it has spans or instants, */
    int64_t first_ns, last_ns; /* in this time */
};

struct kept_session {
    int64_t now_ns; /* at the last look */
    uint16_t flags;
    bool gone, changed;
    uint32_t workers; /* so many of its agents have spans or instants */
};

/* ---- making room ---- */

void agents_kept_release(struct agents_kept *kept)
{
    mem_free(kept->mem, kept->rows, kept->row_count * sizeof *kept->rows);
    mem_free(kept->mem, kept->agents, kept->agent_count * sizeof *kept->agents);
    mem_free(kept->mem, kept->statuses, kept->agent_count * sizeof *kept->statuses);
    mem_free(kept->mem, kept->flags, kept->agent_count * sizeof *kept->flags);
    mem_free(kept->mem, kept->sessions, kept->session_count * sizeof *kept->sessions);
    *kept = (struct agents_kept){.trees = kept->trees, .states = kept->states};
}

/* The tree is of the model's memory, which may go before what is kept: it is copied. */
static bool take_tree(struct agents_kept *kept, const struct swarm *swarm)
{
    size_t count;
    struct tree_row *rows = query_tree(swarm, &count);
    bool good = (rows != NULL || count == 0) &&
                mem_copy_items(kept->mem, &kept->rows, rows, count, sizeof *rows);
    kept->row_count = good ? count : 0;
    mem_free(swarm_mem(swarm), rows, rows == NULL ? 0 : count * sizeof *rows);
    return good;
}

/* Makes the tree, and lists in which no state is known. */
static bool begin(struct agents_kept *kept, const struct swarm *swarm, const struct mem *mem)
{
    size_t agents = swarm_agent_count(swarm), sessions = swarm_session_count(swarm);
    agents_kept_release(kept);
    kept->mem = mem;
    if (!take_tree(kept, swarm)) {
        return false;
    }
    kept->agent_count = agents;
    kept->session_count = sessions;
    if (!mem_zalloc_items(mem, &kept->agents, agents, sizeof *kept->agents) ||
        !mem_zalloc_items(mem, &kept->statuses, agents, sizeof *kept->statuses) ||
        !mem_zalloc_items(mem, &kept->flags, agents, sizeof *kept->flags) ||
        !mem_zalloc_items(mem, &kept->sessions, sessions, sizeof *kept->sessions)) {
        return false;
    }
    kept->swarm = swarm;
    kept->structure = swarm_structure(swarm);
    kept->first_ns = INT64_MAX;
    kept->last_ns = INT64_MIN;
    kept->trees++;
    return true;
}

/* ---- looking ---- */

static void look_at_session(struct agents_kept *kept, session_no number, int64_t local_ns, bool all)
{
    struct kept_session *of = &kept->sessions[number];
    const struct session *session = swarm_session(kept->swarm, number);
    int64_t now_ns = swarm_session_now(kept->swarm, number, local_ns);
    uint16_t flags = session == NULL ? 0 : session->flags;
    of->changed = all || of->flags != flags || of->gone != (session == NULL) || now_ns < of->now_ns;
    of->flags = flags;
    of->gone = session == NULL;
    of->now_ns = now_ns;
}

/* Whether the range of all work rests on the agent alone, so that it is to be found again when the
   agent's own shrinks. */
static bool shrinks(const struct agents_kept *kept, const struct kept_agent *was, bool works,
                    const struct agent *agent)
{
    return was->works &&
           ((was->first_ns == kept->first_ns && (!works || agent->first_ns > was->first_ns)) ||
            (was->last_ns == kept->last_ns && (!works || agent->last_ns < was->last_ns)));
}

static void find_range(struct agents_kept *kept)
{
    kept->first_ns = INT64_MAX;
    kept->last_ns = INT64_MIN;
    for (size_t i = 0; i < kept->agent_count; i++) {
        const struct kept_agent *of = &kept->agents[i];
        if (of->works) {
            kept->first_ns = of->first_ns < kept->first_ns ? of->first_ns : kept->first_ns;
            kept->last_ns = of->last_ns > kept->last_ns ? of->last_ns : kept->last_ns;
        }
    }
}

static void note_work(struct agents_kept *kept, struct kept_agent *of, const struct agent *agent)
{
    bool works = (agent->flags & AGENT_DEAD) == 0 && agent->first_ns <= agent->last_ns &&
                 !kept->sessions[of->session].gone;
    bool find = shrinks(kept, of, works, agent);
    kept->sessions[of->session].workers += (uint32_t)works - (uint32_t)of->works;
    of->works = works;
    of->first_ns = agent->first_ns;
    of->last_ns = agent->last_ns;
    if (find) {
        find_range(kept);
    } else if (works) {
        kept->first_ns = of->first_ns < kept->first_ns ? of->first_ns : kept->first_ns;
        kept->last_ns = of->last_ns > kept->last_ns ? of->last_ns : kept->last_ns;
    }
}

static void look_at_agent(struct agents_kept *kept, agent_no number, int64_t local_ns)
{
    struct kept_agent *of = &kept->agents[number];
    const struct agent *agent = swarm_agent(kept->swarm, number);
    of->session = agent->session;
    kept->flags[number] = agent->flags;
    note_work(kept, of, agent);
    if ((agent->flags & AGENT_DEAD) != 0) {
        of->due_ns = INT64_MAX;
        return;
    }
    kept->statuses[number] = query_status_until(kept->swarm, number, local_ns, &of->due_ns);
    kept->states++;
}

static void look(struct agents_kept *kept, int64_t local_ns, bool all)
{
    uint64_t changes = swarm_row_changes(kept->swarm);
    all = all || changes - kept->changes > ROW_CHANGES_KEPT;
    for (size_t i = 0; i < kept->session_count; i++) {
        look_at_session(kept, (session_no)i, local_ns, all);
    }
    for (; !all && kept->changes < changes; kept->changes++) {
        agent_no number = swarm_changed_row(kept->swarm, kept->changes);
        kept->agents[number].due_ns = INT64_MIN;
    }
    kept->changes = changes;
    for (size_t i = 0; i < kept->agent_count; i++) {
        const struct kept_agent *of = &kept->agents[i];
        const struct kept_session *session = &kept->sessions[of->session];
        if (all || session->changed || session->now_ns >= of->due_ns) {
            look_at_agent(kept, (agent_no)i, local_ns);
        }
    }
}

bool agents_keep(struct agents_kept *kept, const struct swarm *swarm, int64_t local_ns,
                 const struct mem *mem)
{
    bool all = kept->swarm != swarm || kept->structure != swarm_structure(swarm);
    if (all && !begin(kept, swarm, mem)) {
        agents_kept_release(kept);
        return false;
    }
    look(kept, local_ns, all);
    return true;
}

/* ---- the range of time ---- */

static bool lives(const struct kept_session *session)
{
    return (session->flags & (SESSION_ENDED | SESSION_FINISHED)) == 0;
}

bool agents_kept_extent(const struct agents_kept *kept, int64_t local_ns, int64_t *from_ns,
                        int64_t *to_ns)
{
    bool living = false;
    *from_ns = kept->first_ns;
    *to_ns = kept->last_ns;
    for (size_t i = 0; i < kept->session_count; i++) {
        const struct kept_session *of = &kept->sessions[i];
        bool starts = !of->gone && (of->flags & SESSION_HAS_START) != 0;
        if (starts) {
            int64_t start_ns = swarm_session(kept->swarm, (session_no)i)->start_ns;
            *from_ns = start_ns < *from_ns ? start_ns : *from_ns;
        }
        if ((starts || of->workers > 0) && of->now_ns > *to_ns) {
            *to_ns = of->now_ns;
        }
        living |= !of->gone && lives(of);
    }
    /* A sender may set a phase's end in the future; a live display ends now. */
    if (living && *from_ns <= *to_ns) {
        int64_t now = query_now(kept->swarm, local_ns);
        *to_ns = now < *from_ns ? *from_ns : now < *to_ns ? now : *to_ns;
    }
    return *from_ns <= *to_ns;
}
