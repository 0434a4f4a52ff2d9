/* Begins of told spans: made of what is known, or read back from what stands in the store, so that an end has their args. */
#include "core/tracer/tracer_told_private.h"

#include <math.h>

static intern_id put_name(struct telling *telling, const struct told_span *span)
{
    static const char *const names[] = {[TOLD_REQUEST] = "API Call",
                                        [TOLD_WAIT] = "Waiting for User Input",
                                        [TOLD_TURN] = "Interaction"};
    struct intern *texts = swarm_names(telling->tracer->swarm);
    if (span->kind != TOLD_TOOL) {
        return intern_put(texts, names[span->kind], strlen(names[span->kind]));
    }
    struct strbuf name;
    strbuf_init(&name, telling->tracer->mem, 0);
    strbuf_adds(&name, "Tool: ");
    strbuf_add(&name, span->name.bytes, span->name.len);
    intern_id id = name.failed ? INTERN_FAILED : intern_put(texts, name.data, name.len);
    strbuf_release(&name);
    return id;
}

static intern_id put_cat(struct telling *telling, const struct told_span *span)
{
    static const char *const cats[] = {[TOLD_TOOL] = "tool",
                                       [TOLD_REQUEST] = "api",
                                       [TOLD_WAIT] = "user_input",
                                       [TOLD_TURN] = "interaction"};
    return intern_put(swarm_names(telling->tracer->swarm), cats[span->kind],
                      strlen(cats[span->kind]));
}

/* The args as they stand, with another tool name in them: it stands first, where the tool's own args do not have one. */
static void put_renamed(struct telling *telling, struct slice args, struct strbuf *out)
{
    struct json_value object = {JSON_TYPE_OBJECT, args.bytes, args.len};
    struct json_walk walk = json_walk(object);
    struct json_member member;
    struct slice name = telling->span->name;
    bool has = json_next_member(&walk, &member) && json_string_is(member.key, "tool_name");
    struct slice former = swarm_text_slice(telling->tracer->swarm, telling->begun.name);
    struct strbuf quoted;
    strbuf_init(&quoted, telling->tracer->mem, 0);
    json_put_string(&quoted, former.bytes + strlen("Tool: "), former.len - strlen("Tool: "));
    if (has && !quoted.failed &&
        same_bytes(bytes_of(&quoted), (struct slice){member.value.raw, member.value.len})) {
        const char *behind = member.value.raw + member.value.len;
        strbuf_add(out, args.bytes, (size_t)(member.value.raw - args.bytes));
        json_put_string(out, name.bytes, name.len);
        strbuf_add(out, behind, (size_t)(args.bytes + args.len - behind));
    } else {
        out->failed |= quoted.failed;
        strbuf_add(out, args.bytes, args.len);
    }
    strbuf_release(&quoted);
}

static void put_begin_args(struct telling *telling, const struct event *now, struct strbuf *out)
{
    const struct told_span *span = telling->span;
    if (span->kind == TOLD_TOOL) {
        if (now != NULL && span->args_json.bytes == NULL) {
            put_renamed(telling, now->args, out);
        } else {
            tracer_put_tool_args(telling->tracer, span->name, span->args_json, out);
        }
        return;
    }
    struct arg_list list;
    arg_list_init(&list, telling->tracer->mem);
    if (span->kind == TOLD_REQUEST) {
        arg_text(&list, "model", span->model);
        arg_bool(&list, "is_speculative", false);
        arg_text(&list, "query_source", span->query_source);
    } else if (span->kind == TOLD_WAIT) {
        arg_text(&list, "context", span->what);
    } else {
        arg_number(&list, "user_prompt_length", span->prompt_length);
    }
    arg_merge(&list, out, NULL, 0);
    arg_list_release(&list);
}

/* Reads what is open from the event that began it, or from its end where that is all that is left. */
static bool read_begin(struct telling *telling, const struct event *event)
{
    struct pending *begun = &telling->begun;
    begun->name = event->name;
    begun->cat = event->cat;
    begun->track = event->track;
    strbuf_clear(&begun->args);
    strbuf_add(&begun->args, event->args.bytes, event->args.len);
    return !begun->args.failed;
}

/* The begin was dropped while the span was open: the model has kept it (derive_keep_open), and its end must fit to that. */
static bool read_kept(struct telling *telling)
{
    const struct swarm *swarm = telling->tracer->swarm;
    for (span_no no = swarm_first_in_flight(swarm); no != NO_SPAN;
         no = swarm_next_in_flight(swarm, no)) {
        const struct span *span = swarm_span(swarm, no);
        if (span->begin_no == telling->span->begin_no && (span->flags & SPAN_LOST_BEGIN) != 0 &&
            (span->flags & SPAN_OPEN) != 0) {
            struct event kept = {.name = span->name,
                                 .cat = span->cat,
                                 .track = span->track,
                                 .args = swarm_span_args(swarm, span)};
            telling->begun.start_us = tracer_ts(telling->session, (double)span->start_ns / 1e6);
            return read_begin(telling, &kept);
        }
    }
    return true;
}

/* The begin was dropped, its end was not: that has all that it had, and says when it was. */
static bool read_lost_begin(struct telling *telling, const struct event *end)
{
    struct json_value args = {JSON_TYPE_OBJECT, end->args.bytes, end->args.len};
    double duration_ms =
        end->args.len == 0 ? (double)NAN : json_get_number(json_get(args, "duration_ms"));
    if (duration_ms >= 0) {
        telling->begun.start_us = end->ts_us - duration_ms * 1000;
    }
    return read_begin(telling, end);
}

static bool make_begin(struct telling *telling, const struct event *now, struct strbuf *args,
                       struct trace_event *out)
{
    struct told_span *span = telling->span;
    const struct registered *agent =
        tracer_agent(telling->tracer, telling->session, span->agent_id);
    if (now != NULL) {
        telling->begun.name = now->name;
    }
    put_begin_args(telling, now, args);
    *out = (struct trace_event){
        .ph = 'B',
        .name = put_name(telling, span),
        .cat = put_cat(telling, span),
        .track = agent == NULL ? NO_TRACK : tracer_track(telling->tracer, telling->session, agent),
        .ts_us = telling->begun.start_us,
        .args = bytes_of(args),
    };
    return !args->failed && out->name != INTERN_FAILED && out->cat != INTERN_FAILED &&
           out->track != NO_TRACK;
}

bool told_begin(struct telling *telling)
{
    struct told_span *span = telling->span;
    struct event now;
    struct trace_event event;
    struct strbuf args;
    bool known = span->begin_no != 0 && told_event(telling, span->begin_no, &now);
    if (span->begin_no != 0 && !known) {
        /* A place for an end says nothing. */
        bool ends =
            span->end_no != 0 && told_event(telling, span->end_no, &now) && now.ph != EVENT_VOID;
        return ends ? read_lost_begin(telling, &now) : read_kept(telling);
    }
    if (known && span->same_begin) {
        return read_begin(telling, &now);
    }
    strbuf_init(&args, telling->tracer->mem, 0);
    bool same, good = make_begin(telling, known ? &now : NULL, &args, &event);
    /* Other args of an open one change nothing that was derived. */
    bool args_alone = known && span->end_no == 0 && now.name == event.name &&
                      now.track == event.track && fabs(now.ts_us - event.ts_us) <= 0;
    good = good && told_put(telling, &span->begin_no, &event, &same);
    span->amended |= good && known && !same && !args_alone;
    if (good) {
        struct event as_put = {
            .name = event.name, .cat = event.cat, .track = event.track, .args = bytes_of(&args)};
        good = read_begin(telling, &as_put);
    }
    strbuf_release(&args);
    return good;
}
