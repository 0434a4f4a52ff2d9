/* A record is copied rather than printed as events: its span, phases and args then come from the
   very code that made those of the original. While the copy is open the model shows none of its
   end. */
#include "core/query/replay_records.h"

#include "core/model/swarm_edit.h"

struct slice replay_text(const struct swarm *swarm, intern_id id)
{
    const char *text = id == INTERN_NONE ? NULL : swarm_text(swarm, id);
    return (struct slice){text, text == NULL ? 0 : strlen(text)};
}

bool replay_records_init(struct replay_records *records, const struct swarm *from, struct swarm *to,
                         const session_no *sessions)
{
    const struct mem *mem = swarm_mem(from);
    *records = (struct replay_records){.from = from, .to = to, .sessions = sessions};
    if (!record_moments_init(&records->moments, from)) {
        return false;
    }
    size_t count = swarm_record_end(from);
    if (count == 0) {
        return true;
    }
    records->copies = mem_zalloc(mem, count, sizeof *records->copies);
    if (records->copies == NULL) {
        return false;
    }
    records->count = count;
    for (size_t i = 0; i < count; i++) {
        records->copies[i] = NO_RECORD;
    }
    return true;
}

void replay_records_release(struct replay_records *records)
{
    if (records->from != NULL) {
        record_moments_release(&records->moments);
        mem_free(swarm_mem(records->from), records->copies,
                 records->count * sizeof *records->copies);
    }
    records->copies = NULL;
    records->count = 0;
}

track_no replay_records_track(struct replay_records *records, track_no number)
{
    const struct track *track = swarm_get_track(records->from, number);
    struct slice pid = replay_text(records->from, track->pid);
    struct slice tid = replay_text(records->from, track->tid);
    return swarm_track(records->to, records->sessions[track->session],
                       json_value_of(pid.bytes, pid.len), json_value_of(tid.bytes, tid.len));
}

static bool begin(struct replay_records *records, record_no number)
{
    const struct record *of = swarm_record(records->from, number);
    session_no session = records->sessions[of->session];
    if (session == NO_SESSION) {
        return true;
    }
    track_no track = replay_records_track(records, of->track);
    agent_no agent = track == NO_TRACK ? NO_AGENT : swarm_track_agent(records->to, track);
    intern_id id =
        intern_put(swarm_names(records->to), of->id.len > 0 ? of->id.bytes : "", of->id.len);
    if (agent == NO_AGENT || id == INTERN_FAILED) {
        return false;
    }
    record_no copy = swarm_record_new(records->to, (enum call_kind)of->kind);
    if (copy == NO_RECORD) {
        return false;
    }
    struct record *record = swarm_record(records->to, copy);
    records->copies[number] = copy;
    record->session = session;
    record->track = track;
    record->agent = agent;
    record->id = swarm_text_slice(records->to, id);
    record->start_ms = of->start_ms;
    record->state = RECORD_OPEN;
    return facts_unite(&record->facts, swarm_mem(records->to), &of->facts) != FACT_NO_MEMORY &&
           swarm_record_changed(records->to, copy);
}

static bool end(struct replay_records *records, record_no number)
{
    const struct record *of = swarm_record(records->from, number);
    record_no copy = records->copies[number];
    if (copy == NO_RECORD) {
        return true;
    }
    struct record *record = swarm_record(records->to, copy);
    record->end_ms = of->end_ms;
    record->state = of->state;
    record->in_flight = of->in_flight;
    return (of->claim == NULL || swarm_record_claim(records->to, copy, of->claim)) &&
           swarm_record_changed(records->to, copy);
}

bool replay_records_take(struct replay_records *records, size_t moment)
{
    const struct record_moment *of = &records->moments.items[moment];
    return (!of->begins || begin(records, of->record)) && (!of->ends || end(records, of->record));
}

bool replay_records_name(struct replay_records *records, const struct agent *agent)
{
    if ((agent->flags & AGENT_PRINTED) == 0 || records->sessions[agent->session] == NO_SESSION) {
        return true;
    }
    struct slice name = replay_text(records->from, agent->name);
    track_no own = replay_records_track(records, agent->own_track);
    track_no process = replay_records_track(records, agent->process_track);
    intern_id id = name.bytes == NULL ? INTERN_NONE
                                      : intern_put(swarm_names(records->to), name.bytes, name.len);
    return own != NO_TRACK && process != NO_TRACK && id != INTERN_FAILED &&
           swarm_print_agent(records->to, own, process, id);
}
