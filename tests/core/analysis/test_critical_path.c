/* The critical path and what-if of random swarms against their own schedule: the generator knows
   each dependency, and runs its calls again with one of them longer, or with a kind of them at
   length 0. */
#include "core/analysis/why.h"

#include "tests/support/support.h"
#include "tests/support/updates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a swarm and its schedule; times are whole ms ---- */

enum { RETRY, SETUP, FIRST_TOKEN, SAMPLING, PHASES };
enum { CALLS_MAX = 400, RUNS_MAX = 40, DEPENDENCIES_MAX = 24, DEPTH_MAX = 3, NAMES = 7 };

enum call_form {
    FORM_REQUEST,
    FORM_SIDE, /* a request that nobody waits for */
    FORM_TOOL,
    FORM_AGENT,  /* ends with its sub-agent */
    FORM_LAUNCH, /* starts a sub-agent and ends at once */
    FORM_JOIN,   /* waits for one that was launched */
    FORMS
};

static const char *const names[NAMES] = {"Bash",  "Read",        "Grep",      "Edit",
                                         "Agent", "spawn_agent", "wait_agent"};
enum { NAME_AGENT = 4, NAME_LAUNCH, NAME_JOIN };

struct made_call {
    enum call_form form;
    int run, name, length[PHASES]; /* of a tool length[0]; of FORM_AGENT and FORM_JOIN its tail */
    int wait;                      /* for a person, at its beginning */
    int gap;                       /* after its dependencies */
    int stream;                    /* >= 0: it starts so long into its request's sampling */
    int dependencies[DEPENDENCIES_MAX], count;
    int child; /* a run, or -1 */
    bool background;
    int64_t start, end;
};

struct made_run {
    int caller, depth, gap; /* a call, or -1; gap: between its last call and its end */
    int dependencies[DEPENDENCIES_MAX], count;
    int64_t start, last, end;
};

struct made {
    struct made_call calls[CALLS_MAX];
    struct made_run runs[RUNS_MAX];
    int call_count, run_count;
    uint64_t seed;
    /* What a schedule changes: */
    int longer, longer_phase; /* 1 ms more for a call, or -1 */
    int free_part;            /* enum path_part; PATH_PARTS: none */
    int free_name;
    int64_t slack; /* the least that a schedule saw between what was waited for and the next */
};

static int below(struct made *made, int limit)
{
    return (int)support_random_below(&made->seed, (uint64_t)limit);
}

static int from_to(struct made *made, int from, int to)
{
    return from + below(made, to - from + 1);
}

static bool chance(struct made *made, int percent)
{
    return below(made, 100) < percent;
}

static int length_of(const struct made *made, int number, int phase)
{
    static const int parts[PHASES] = {PART_RETRY, PART_SETUP, PART_FIRST_TOKEN, PART_SAMPLING};
    const struct made_call *call = &made->calls[number];
    bool request = call->form <= FORM_SIDE;
    bool free = request ? made->free_part == parts[phase]
                        : made->free_part == PART_TOOL && made->free_name == call->name;
    int longer = made->longer == number && made->longer_phase == phase;
    return free ? 0 : call->length[phase] + longer;
}

static int wait_of(const struct made *made, const struct made_call *call)
{
    return made->free_part == PART_WAIT ? 0 : call->wait;
}

static void note_slack(struct made *made, int64_t a, int64_t b)
{
    int64_t slack = a > b ? a - b : b - a;
    made->slack = slack < made->slack ? slack : made->slack;
}

/* Returns the latest of the ends; `otherwise` if there are none. */
static int64_t latest(struct made *made, const int *dependencies, int count, int64_t otherwise)
{
    int64_t last = INT64_MIN;
    for (int i = 0; i < count; i++) {
        int64_t end = made->calls[dependencies[i]].end;
        if (last != INT64_MIN) {
            note_slack(made, last, end);
        }
        last = end > last ? end : last;
    }
    return count == 0 ? otherwise : last;
}

static void schedule_run(struct made *made, int number);

static void end_call(struct made *made, int number)
{
    struct made_call *call = &made->calls[number];
    int64_t from = call->start + wait_of(made, call);
    bool free = made->free_part == PART_TOOL && made->free_name == call->name;
    if (call->form == FORM_AGENT || call->form == FORM_LAUNCH) {
        made->runs[call->child].start = from;
        schedule_run(made, call->child);
    }
    if (call->form <= FORM_SIDE) {
        call->end = call->start;
        for (int phase = 0; phase < PHASES; phase++) {
            call->end += length_of(made, number, phase);
        }
    } else if (call->form == FORM_AGENT && !free) {
        call->end = made->runs[call->child].end;
    } else if (call->form == FORM_JOIN && !free) {
        int64_t last = made->runs[call->child].last;
        note_slack(made, last, from);
        call->end = (last > from ? last : from) + length_of(made, number, 0);
    } else {
        call->end = from + length_of(made, number, 0);
    }
}

static void schedule_run(struct made *made, int number)
{
    struct made_run *run = &made->runs[number];
    for (int i = 0; i < made->call_count; i++) {
        struct made_call *call = &made->calls[i];
        if (call->run != number) {
            continue;
        }
        const struct made_call *first =
            call->count > 0 ? &made->calls[call->dependencies[0]] : NULL;
        if (call->form == FORM_SIDE) {
            call->start = first->start + 5;
        } else if (call->stream >= 0) {
            call->start = first->start + length_of(made, call->dependencies[0], RETRY) +
                          length_of(made, call->dependencies[0], SETUP) +
                          length_of(made, call->dependencies[0], FIRST_TOKEN) +
                          (made->free_part == PART_SAMPLING ? 0 : call->stream);
        } else {
            call->start = latest(made, call->dependencies, call->count, run->start) + call->gap;
        }
        end_call(made, i);
    }
    run->last = latest(made, run->dependencies, run->count, run->start);
    run->end = run->last + run->gap;
}

/* Returns when the turn ends. */
static int64_t schedule(struct made *made)
{
    made->slack = INT64_MAX;
    made->runs[0].start = 1000;
    schedule_run(made, 0);
    return made->runs[0].end;
}

/* ---- making one ---- */

static int add_call(struct made *made, int run, enum call_form form)
{
    assert_true(made->call_count < CALLS_MAX);
    struct made_call *call = &made->calls[made->call_count];
    *call = (struct made_call){
        .form = form, .run = run, .gap = from_to(made, 1, 3), .stream = -1, .child = -1};
    return made->call_count++;
}

static void depend(struct made *made, int call, int on)
{
    struct made_call *of = &made->calls[call];
    assert_true(of->count < DEPENDENCIES_MAX);
    of->dependencies[of->count++] = on;
}

static int add_request(struct made *made, int run)
{
    int number = add_call(made, run, FORM_REQUEST);
    struct made_call *call = &made->calls[number];
    call->gap = from_to(made, 1, 60);
    call->length[RETRY] = chance(made, 20) ? from_to(made, 10, 300) : 0;
    call->length[SETUP] = chance(made, 50) ? from_to(made, 1, 20) : 0;
    call->length[FIRST_TOKEN] = from_to(made, 30, 300);
    call->length[SAMPLING] = from_to(made, 60, 600);
    if (call->length[RETRY] > 0 && call->length[SETUP] == 0) {
        call->length[SETUP] = 3;
    }
    return number;
}

static void make_run(struct made *made, int caller, int depth);

/* A tool, or a call of an agent, of a request. */
static int add_tool(struct made *made, int run, int request)
{
    int depth = made->runs[run].depth;
    bool agent = depth < DEPTH_MAX && made->run_count < RUNS_MAX &&
                 made->call_count < CALLS_MAX / 2 && chance(made, 40);
    bool launch = agent && chance(made, 30);
    int number = add_call(made, run, agent ? launch ? FORM_LAUNCH : FORM_AGENT : FORM_TOOL);
    struct made_call *call = &made->calls[number];
    call->name = launch ? NAME_LAUNCH : agent ? NAME_AGENT : below(made, NAME_AGENT);
    call->length[0] = launch ? 5 : from_to(made, 20, 800);
    call->wait = !launch && chance(made, 15) ? from_to(made, 60, 900) : 0;
    call->background = !launch && chance(made, 15);
    if (call->background && !agent) {
        call->length[0] = from_to(made, 500, 4000);
    }
    if (agent) {
        made->calls[number].child = made->run_count;
        make_run(made, number, depth + 1);
    }
    depend(made, number, request);
    return number;
}

/* Adds what a request asks for: some tools while it streams, some after it, then perhaps one that
   runs alone after them, and more after that. Returns in out[] the calls that the next request
   waits for. */
static int add_answer(struct made *made, int run, int request, int *launched, int *out)
{
    int count = 0, stages = chance(made, 25) ? 3 : 1, alone = -1;
    for (int stage = 1; stage <= stages; stage++) {
        int tools = stage == 2 ? 1 : from_to(made, stage == 1 ? 0 : 1, 4);
        for (int i = 0; i < tools; i++) {
            int number = add_tool(made, run, request);
            struct made_call *call = &made->calls[number];
            if (stage == 1 && chance(made, 25)) {
                call->stream = from_to(made, 1, made->calls[request].length[SAMPLING] - 1);
            } else if (stage == 2) {
                call->background = false;
                for (int k = 0; k < count; k++) {
                    depend(made, number, out[k]);
                }
                alone = number;
            } else if (stage == 3) {
                call->dependencies[0] = alone;
            }
            if (call->form == FORM_LAUNCH && *launched < 0) {
                *launched = number;
            }
            if (!call->background) {
                out[count++] = number;
            }
        }
    }
    return count;
}

static void make_run(struct made *made, int caller, int depth)
{
    int number = made->run_count++, results[DEPENDENCIES_MAX], count = 0, request = -1;
    int launched = -1, requests = from_to(made, 1, depth == 0 ? 6 : 3);
    made->runs[number] =
        (struct made_run){.caller = caller, .depth = depth, .gap = from_to(made, 1, 80)};
    for (int i = 0; i < requests; i++) {
        int before = request;
        request = add_request(made, number);
        if (before >= 0) {
            depend(made, request, before);
        }
        for (int k = 0; k < count; k++) {
            depend(made, request, results[k]);
        }
        if (chance(made, 10) && i + 1 < requests && requests > 2) {
            int side = add_call(made, number, FORM_SIDE);
            made->calls[side].length[SAMPLING] = from_to(made, 80, 1500);
            depend(made, side, request);
        }
        count = 0;
        if (i + 1 < requests) {
            bool joins = launched >= 0 && chance(made, 60);
            count = joins ? 0 : add_answer(made, number, request, &launched, results);
            if (joins) {
                int join = add_call(made, number, FORM_JOIN);
                made->calls[join].name = NAME_JOIN;
                made->calls[join].length[0] = from_to(made, 1, 9);
                made->calls[join].child = made->calls[launched].child;
                depend(made, join, request);
                results[count++] = join;
                launched = -2;
            }
        }
    }
    made->runs[number].dependencies[made->runs[number].count++] = request;
}

/* Whether the times are those of a client: calls in the background outlast the next request's
   start, side requests do not outlast their agent, and of two ends that are waited for one is later.
 */
static bool is_sound(const struct made *made)
{
    for (int i = 0; i < made->call_count; i++) {
        const struct made_call *call = &made->calls[i];
        const struct made_call *request =
            call->count > 0 ? &made->calls[call->dependencies[0]] : NULL;
        if (call->stream >= 0 && call->end > request->end && call->end <= request->end + 6) {
            return false;
        }
        /* Nobody sees that a tool was queued if those before it ended while the request streamed. */
        for (int k = 1; call->form > FORM_SIDE && k < call->count; k++) {
            if (made->calls[call->dependencies[k]].end <= request->end) {
                return false;
            }
        }
        if (call->form == FORM_SIDE && call->end > made->runs[call->run].last) {
            return false;
        }
        for (int k = i + 1; call->background && k < made->call_count; k++) {
            const struct made_call *next = &made->calls[k];
            if (next->run == call->run && next->form == FORM_REQUEST) {
                if (call->end < next->start + 60 || call->start >= next->start) {
                    return false;
                }
                break;
            }
        }
    }
    return made->slack >= 2;
}

static void make(struct made *made, uint64_t seed)
{
    do {
        *made = (struct made){.longer = -1, .free_part = PATH_PARTS, .seed = seed};
        seed = support_random(&made->seed);
        make_run(made, -1, 0);
        schedule(made);
    } while (!is_sound(made));
}

/* ---- as updates ---- */

static void id_of(int run, char out[16])
{
    snprintf(out, 16, run == 0 ? "s" : "a%d", run);
}

static void send_agents(struct model *model, const struct made *made)
{
    for (int i = 1; i < made->run_count; i++) {
        char id[16], parent[16], about[24];
        id_of(i, id);
        id_of(made->calls[made->runs[i].caller].run, parent);
        snprintf(about, sizeof about, "task %d", i);
        struct update update = agent_update(PRECEDENCE_FILES, id);
        update_string(&update, FIELD_PARENT_AGENT_ID, parent);
        update_string(&update, FIELD_DESCRIPTION, about);
        model_update(model, &update);
    }
}

static void send_request(struct model *model, const struct made *made, int number)
{
    const struct made_call *call = &made->calls[number];
    char id[16], agent[16];
    snprintf(id, sizeof id, "c%d", number);
    id_of(call->run, agent);
    struct update update = request_update(id, (double)call->start, (double)call->end);
    double attempts[2] = {at_ms((double)call->start),
                          at_ms((double)(call->start + call->length[RETRY]))};
    int setup = call->length[RETRY] + call->length[SETUP];
    update.agent_id = model_text(agent);
    update_string(&update, FIELD_QUERY_SOURCE, call->form == FORM_SIDE ? "title" : "main");
    update_times(&update, FIELD_ATTEMPTS, attempts, call->length[RETRY] > 0 ? 2 : 1);
    update_number(&update, FIELD_SETUP_MS, setup > 0 ? setup : UNKNOWN);
    update_number(&update, FIELD_TTFT_MS, call->length[FIRST_TOKEN]);
    update_number(&update, FIELD_TTLT_MS, (double)(call->end - call->start));
    model_update(model, &update);
}

static void send_tool(struct model *model, const struct made *made, int number, bool links)
{
    const struct made_call *call = &made->calls[number];
    char id[16], agent[16], child[16], wait_id[24], request[16], args[60] = "";
    snprintf(id, sizeof id, "c%d", number);
    snprintf(wait_id, sizeof wait_id, "wait:%s", id);
    id_of(call->run, agent);
    if (call->form == FORM_AGENT) {
        snprintf(args, sizeof args, "{\"description\":\"task %d\"}", call->child);
    }
    struct update update = tool_update(id, (double)call->start, (double)call->end,
                                       names[call->name], *args ? args : NULL);
    update.agent_id = model_text(agent);
    if (call->child >= 0 && (links || call->form != FORM_AGENT)) {
        id_of(call->child, child);
        update_string(&update, FIELD_CHILD_AGENT_ID, child);
    }
    if (links && made->calls[call->dependencies[0]].form == FORM_REQUEST) {
        snprintf(request, sizeof request, "c%d", call->dependencies[0]);
        update_string(&update, FIELD_PARENT_ID, request);
    }
    model_update(model, &update);
    if (call->wait > 0) {
        update = call_update(CALL_WAIT, PRECEDENCE_FILES, wait_id, (double)call->start,
                             (double)(call->start + call->wait));
        update.agent_id = model_text(agent);
        model_update(model, &update);
    }
}

/* `links`: the records name requests and sub-agents; else the order of calls has to show them. */
static void send(struct model *model, const struct made *made, bool links)
{
    struct update session = session_update(PRECEDENCE_FILES);
    update_number(&session, FIELD_START_MS, at_ms(0));
    model_update(model, &session);
    struct update turn = call_update(CALL_INTERACTION, PRECEDENCE_FILES, "turn",
                                     (double)made->runs[0].start, (double)made->runs[0].end);
    model_update(model, &turn);
    send_agents(model, made);
    for (int i = 0; i < made->call_count; i++) {
        if (made->calls[i].form <= FORM_SIDE) {
            send_request(model, made, i);
        } else {
            send_tool(model, made, i, links);
        }
    }
    model_flush(model);
}

/* ---- the answers ---- */

struct answers {
    struct model model;
    struct call_children children;
    struct call_graph graph;
    struct critical_path path;
    span_no spans[CALLS_MAX]; /* of the calls */
};

static void find_spans(struct answers *answers)
{
    for (record_no i = 0; i < swarm_record_end(answers->model.swarm); i++) {
        const struct record *record = swarm_record(answers->model.swarm, i);
        if (record->used && record->id.len > 1 && record->id.bytes[0] == 'c') {
            char id[16] = "";
            memcpy(id, record->id.bytes + 1, record->id.len - 1);
            answers->spans[atoi(id)] = record->span;
        }
    }
}

static void answer(struct answers *answers, const struct made *made, bool links)
{
    struct turn turn;
    struct swarm *swarm;
    assert_true(model_init(&answers->model, &mem_libc));
    swarm = answers->model.swarm;
    send(&answers->model, made, links);
    find_spans(answers);
    assert_true(call_children_init(&answers->children, swarm));
    agent_no agent = swarm_span(swarm, answers->spans[0])->agent;
    assert_true(turn_at(swarm, NULL, agent, model_ns(1001), 0, &turn));
    assert_int_equal(turn.end_ns, model_ns((double)made->runs[0].end));
    assert_true(call_graph_build(&answers->graph, swarm, &answers->children, &turn, 0));
    assert_true(critical_path_find(&answers->graph, &answers->path));
}

static void answers_release(struct answers *answers)
{
    critical_path_release(&answers->path);
    call_graph_release(&answers->graph);
    call_children_release(&answers->children);
    model_release(&answers->model);
}

static void print_calls(const struct answers *answers, const struct made *made)
{
    for (int i = 0; i < made->call_count; i++) {
        const struct made_call *call = &made->calls[i];
        const struct path_call *on = critical_path_of_span(&answers->path, answers->spans[i]);
        print_message("c%d run %d form %d name %d child %d %lld..%lld wait %d%s%s", i, call->run,
                      (int)call->form, call->name, call->child, (long long)call->start,
                      (long long)call->end, call->wait, call->background ? " background" : "",
                      on != NULL ? " on" : "");
        for (int k = 0; k < call->count; k++) {
            print_message(" <%d", call->dependencies[k]);
        }
        print_message("\n");
    }
}

struct tally {
    size_t on[FORMS], off[FORMS], saves[PATH_PARTS];
};

/* A call that takes 1 ms longer moves the end by 1 ms exactly if it is on the path where it does. */
static void check_longer(const struct answers *answers, struct made *made, int number, int phase,
                         bool at_end, struct tally *tally)
{
    int64_t end = made->runs[0].end;
    const struct made_call *call = &made->calls[number];
    const struct path_call *on = critical_path_of_span(&answers->path, answers->spans[number]);
    bool decides =
        on != NULL && (!at_end || on->end_ns == model_ns((double)made->calls[number].end));
    made->longer = number;
    made->longer_phase = phase;
    int64_t moved = schedule(made) - end;
    made->longer = -1;
    assert_int_equal(schedule(made), end);
    if (moved != (decides ? 1 : 0)) {
        print_calls(answers, made);
        fail_msg("c%d longer in %d moves the end by %lld", number, phase, (long long)moved);
    }
    tally->on[call->form] += decides;
    tally->off[call->form] += !decides;
}

static void check_path(const struct answers *answers, struct made *made, struct tally *tally)
{
    int64_t sum = 0, at = model_ns((double)made->runs[0].start);
    for (size_t i = 0; i < answers->path.piece_count; i++) {
        const struct path_piece *piece = &answers->path.pieces[i];
        assert_int_equal(piece->start_ns, at);
        at = piece->end_ns;
        sum += piece->end_ns - piece->start_ns;
    }
    assert_int_equal(at, model_ns((double)made->runs[0].end));
    assert_int_equal(sum, at - model_ns((double)made->runs[0].start));
    for (int i = 0; i < made->call_count; i++) {
        enum call_form form = made->calls[i].form;
        if (form <= FORM_SIDE) {
            check_longer(answers, made, i, SAMPLING, true, tally);
            check_longer(answers, made, i, form == FORM_SIDE ? SAMPLING : FIRST_TOKEN, false,
                         tally);
        } else if (form != FORM_AGENT) {
            check_longer(answers, made, i, 0, true, tally);
        }
    }
}

/* What-if is the generator's own schedule without that kind. */
static void check_what_if(const struct answers *answers, struct made *made, struct tally *tally)
{
    struct intern *all = swarm_names(answers->model.swarm);
    int64_t was = schedule(made), start = made->runs[0].start, length;
    for (int part = 0; part < PART_OVERHEAD; part++) {
        for (int name = 0; name < (part == PART_TOOL ? NAMES : 1); name++) {
            char text[40];
            int len = snprintf(text, sizeof text, "Tool: %s", names[name]);
            struct what_if_kind kind = {(uint8_t)part, INTERN_NONE};
            if (part == PART_TOOL) {
                kind.name = intern_find(all, text, (size_t)len);
            }
            made->free_part = part;
            made->free_name = name;
            int64_t want = schedule(made) - start;
            made->free_part = PATH_PARTS;
            assert_true(what_if_length(&answers->graph, kind, &length));
            if (length != model_ns((double)want) - model_ns(0)) {
                schedule(made);
                print_calls(answers, made);
                fail_msg("without %s %s: %lld ns, not %lld ms", path_parts[part].key, text,
                         (long long)length, (long long)want);
            }
            tally->saves[part] += want < was - start;
        }
    }
    assert_int_equal(schedule(made), was);
}

TEST(the_end_moves_with_a_call_exactly_if_it_is_on_the_path)
{
    static struct made made;
    static struct answers answers;
    struct tally tally = {.on = {0}};
    for (uint64_t seed = 1; seed <= 800; seed++) {
        make(&made, seed);
        answer(&answers, &made, seed % 2 == 0);
        check_path(&answers, &made, &tally);
        check_what_if(&answers, &made, &tally);
        answers_release(&answers);
    }
    for (int form = 0; form < FORMS; form++) {
        assert_true(form == FORM_AGENT || tally.off[form] > 0);
        assert_true(form == FORM_AGENT || form == FORM_SIDE || tally.on[form] > 0);
    }
    for (int part = 0; part < PART_OVERHEAD; part++) {
        assert_true(part == PART_REQUEST || tally.saves[part] > 0);
    }
}
