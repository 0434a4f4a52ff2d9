/* Waits for a person. A wait belongs to the call that it holds up, and has the call's id. The
   registry reports when one begins and ends, the call's result what was decided. */
#include "ingest/claude/claude_private.h"

void claude_waits_begin(struct claude_transcript *t, intern_id tool, double at_ms,
                        struct slice what)
{
    char room[CLIENT_WAIT_ID_BYTES];
    struct slice id = client_wait_id(claude_transcript_text(t, tool), room);
    struct update update = claude_transcript_call(t, CALL_WAIT, id);
    update_text(&update, FIELD_CONTEXT, what);
    update_number(&update, FIELD_START_MS, at_ms);
    claude_transcript_send(t, &update);
}

void claude_waits_end(struct claude_transcript *t, intern_id tool, double at_ms,
                      enum precedence precedence)
{
    char room[CLIENT_WAIT_ID_BYTES];
    struct slice id = client_wait_id(claude_transcript_text(t, tool), room);
    struct update update = claude_transcript_call(t, CALL_WAIT, id);
    update.precedence = precedence;
    update_number(&update, FIELD_END_MS, at_ms);
    claude_transcript_send(t, &update);
}

/* Sends a person's decision. No hook reports a refusal, so only this line has the end of its wait.
   */
void claude_waits_take_decision(struct claude_transcript *t, const struct claude_line *line,
                                struct slice id)
{
    struct json_value decision = line->field[CLAUDE_PERMISSION];
    char room[CLIENT_WAIT_ID_BYTES];
    struct update update = claude_transcript_call(t, CALL_WAIT, client_wait_id(id, room));
    bool rejected = claude_stops_is_rejected(line);
    update_text(&update, FIELD_DECISION,
                rejected ? (struct slice){"reject", 6}
                         : client_plain_text(json_get(decision, "decision")));
    update_text(&update, FIELD_DECISION_SOURCE,
                rejected ? (struct slice){"user_reject", 11}
                         : client_plain_text(json_get(decision, "source")));
    if (rejected) {
        update_number(&update, FIELD_END_MS, line->at_ms);
    }
    if (update_has(&update, FIELD_DECISION)) {
        claude_transcript_send(t, &update);
    }
}

bool claude_transcript_wait(struct claude_transcript *t, double at_ms, struct slice what)
{
    struct claude_tool *first = NULL;
    for (size_t i = 0; i < t->tool_count; i++) {
        if (t->tools[i].is_question && !t->tools[i].queued) {
            t->asked = t->tools[i].id; /* its wait began with it */
            return true;
        }
        if (!t->tools[i].asked && !t->tools[i].is_agent && !t->tools[i].queued &&
            !t->tools[i].by_server && !t->tools[i].background &&
            (first == NULL || t->tools[i].start_ms < first->start_ms)) {
            first = &t->tools[i];
        }
    }
    if (first == NULL) {
        return false;
    }
    first->asked = true;
    t->asked = first->id;
    claude_waits_begin(t, first->id, at_ms, what);
    return true;
}

void claude_transcript_waited(struct claude_transcript *t, double at_ms)
{
    if (t->asked != INTERN_NONE) {
        claude_waits_end(t, t->asked, at_ms, PRECEDENCE_FILES);
    }
    t->asked = INTERN_NONE;
}
