/* Parents that have not come: those in other processes, which may never send, and those of which
   nobody knows. */
#include "tests/support/otlp_encode.h"
#include "tests/support/otlp_reading.h"

#include <stdlib.h>
#include <string.h>

enum { MINUTE = 60, WAITS_S = 5 * MINUTE };

/* A span of 1 s. `more` begins with a comma. */
#define SPAN(trace, id, parent, kind, more, attributes)                                       \
    "{'traceId':'000000000000000000000000000000" trace "','spanId':'00000000000000" id        \
    "','parentSpanId':'" parent "','name':'n','kind':" kind ",'startTimeUnixNano':"           \
    "'1795903200000000000','endTimeUnixNano':'1795903201000000000','attributes':[" attributes \
    "]" more "}"
#define FROM(process, spans)                                                                   \
    "{'resourceSpans':[{'resource':{'attributes':[" TEXT("service.instance.id",                \
                                                         process) "]},'scopeSpans':[{'spans':" \
                                                                  "[" spans "]}]}]}"
#define TEXT(key, value) "{'key':'" key "','value':{'stringValue':'" value "'}}"
#define CHAT             TEXT("gen_ai.operation.name", "chat") "," TEXT("gen_ai.request.model", "m")
#define RUN(name)        TEXT("gen_ai.operation.name", "invoke_agent") "," TEXT("gen_ai.agent.name", name)
#define CALLER           "00000000000000ff"
#define REMOTE           ",'flags':769"
#define LOCAL            ",'flags':257"

/* Returns new. */
static char *json_of(const char *text)
{
    char *body = strdup(text);
    assert_non_null(body);
    for (char *at = body; (at = strchr(at, '\'')) != NULL;) {
        *at = '"';
    }
    return body;
}

/* Takes the request as JSON, or as protobuf. */
static void take_as(struct otlp_rig *otlp, enum otlp_encoding encoding, const char *text)
{
    char *body = json_of(text);
    struct otlp_batch batch;
    struct strbuf out;
    otlp_batch_init(&batch, &mem_libc);
    strbuf_init(&out, &mem_libc, 0);
    assert_null(otlp_decode(&batch, OTLP_TRACES, OTLP_JSON, (struct slice){body, strlen(body)}));
    otlp_encode(&batch, OTLP_TRACES, &out);
    if (encoding == OTLP_JSON) {
        otlp_rig_take(otlp, OTLP_TRACES, OTLP_JSON, body, strlen(body));
    } else {
        otlp_rig_take(otlp, OTLP_TRACES, OTLP_PROTOBUF, out.data, out.len);
    }
    strbuf_release(&out);
    otlp_batch_release(&batch);
    free(body);
}

static void take(struct otlp_rig *otlp, const char *text)
{
    take_as(otlp, OTLP_JSON, text);
}

/* Lets time go by, with what the source's timer does. */
static void pass(struct otlp_rig *otlp, unsigned seconds)
{
    otlp->rig.now_ns += (int64_t)seconds * 1000000000;
    (void)otlp_reader_settle(otlp->reader, false);
}

static void check(struct otlp_rig *otlp, const char *sessions, const char *expected)
{
    json_t *reading = otlp_reading_now(&otlp->rig);
    char *text = json_of(expected), *ids = json_of(sessions);
    json_t *want = json_loads(text, 0, NULL), *want_ids = json_loads(ids, 0, NULL);
    assert_non_null(want);
    assert_non_null(want_ids);
    char *differs = otlp_reading_differs(reading, want);
    if (differs != NULL) {
        fail_msg("%s", differs);
    }
    if (!json_equal(want_ids, json_object_get(reading, "sessions"))) {
        fail_msg("not the sessions %s", sessions);
    }
    json_decref(want);
    json_decref(want_ids);
    json_decref(reading);
    free(text);
    free(ids);
}

/* An app behind a gateway that sends nothing: one session of the process, and nothing runs on. */
TEST(a_caller_in_another_process_is_not_waited_for)
{
    for (int encoding = OTLP_JSON; encoding <= OTLP_PROTOBUF; encoding++) {
        struct otlp_rig otlp;
        otlp_rig_init(&otlp);
        take_as(&otlp, (enum otlp_encoding)encoding,
                FROM("p1", SPAN("01", "01", CALLER, "3", REMOTE, CHAT)));
        take_as(&otlp, (enum otlp_encoding)encoding,
                FROM("p1", SPAN("02", "02", CALLER, "3", REMOTE, CHAT)));
        check(&otlp, "['p1']", "{'requests':[{},{}],'open':0}");
        otlp_rig_release(&otlp);
    }
}

/* Senders that are too old for flags: what a server does was asked for from elsewhere. */
TEST(a_server_is_called_from_elsewhere_unless_flags_know_better)
{
    static const struct {
        const char *text, *sessions;
        int open;
    } rows[] = {
        {FROM("p1", SPAN("01", "01", CALLER, "2", "", CHAT)), "['p1']", 0},
        {FROM("p1", SPAN("01", "01", CALLER, "5", "", CHAT)), "['p1']", 0},
        {FROM("p1", SPAN("01", "01", CALLER, "2", LOCAL, CHAT)),
         "['trace:00000000000000000000000000000001']", 1},
        {FROM("p1", SPAN("01", "01", CALLER, "3", "", CHAT)),
         "['trace:00000000000000000000000000000001']", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct otlp_rig otlp;
        char expected[100];
        otlp_rig_init(&otlp);
        take(&otlp, rows[i].text);
        snprintf(expected, sizeof expected, "{'requests':[{}],'open':%d}", rows[i].open);
        check(&otlp, rows[i].sessions, expected);
        otlp_rig_release(&otlp);
    }
}

/* The caller does send, a minute later: the agent is below the one that called it, and the trace
   has the caller's session. */
TEST(a_caller_that_comes_late_has_what_it_called)
{
    static const char *const callers[] = {
        FROM("p1", SPAN("01", "ff", "", "3", "", RUN("boss"))),
        FROM("p1",
             SPAN("01", "ff", "00000000000000aa", "3", LOCAL, TEXT("gen_ai.tool.name", "call"))),
        FROM("p1", SPAN("01", "aa", "", "1", "", RUN("boss"))),
    };
    static const char called[] =
        FROM("p2", SPAN("01", "02", "0000000000000001", "3", LOCAL,
                        CHAT) "," SPAN("01", "01", CALLER, "2", REMOTE, RUN("worker")));
    for (size_t two = 0; two < 2; two++) { /* the caller's agent, or a tool's call of it */
        struct otlp_rig otlp;
        otlp_rig_init(&otlp);
        take(&otlp, called);
        check(&otlp, "['p2']", "{'agents':['worker'],'requests':[{'agent':'worker'}],'open':0}");
        pass(&otlp, MINUTE);
        take(&otlp, callers[two]);
        if (two == 1) {
            take(&otlp, callers[2]);
        }
        check(&otlp, "['p1']",
              "{'agents':['boss','worker'],'parent':{'worker':'boss'},"
              "'requests':[{'agent':'worker'}],'open':0}");
        otlp_rig_release(&otlp);
    }
}

/* What one process has completed is no reason to end what another one does. */
TEST(a_caller_that_sends_goes_on_after_its_call)
{
    struct otlp_rig otlp;
    otlp_rig_init(&otlp);
    take(&otlp, FROM("p1", SPAN("01", "02", "00000000000000aa", "3", LOCAL, CHAT)));
    take(&otlp, FROM("p2", SPAN("01", "01", CALLER, "2", REMOTE, RUN("worker"))));
    check(&otlp, "['p1']", "{'requests':[{}],'open':1}");
    take(&otlp, FROM("p1", SPAN("01", "aa", "", "1", "", RUN("boss"))));
    check(&otlp, "['p1']", "{'open':0}");
    otlp_rig_release(&otlp);
}

/* Nobody knows of a parent where flags are unset: it is given up when nothing came for minutes. A
   later one still gets its children. */
TEST(a_parent_is_given_up_after_a_time)
{
    struct otlp_rig otlp;
    otlp_rig_init(&otlp);
    take(&otlp, FROM("p1", SPAN("01", "01", CALLER, "3", "", CHAT)));
    pass(&otlp, WAITS_S - 1);
    take(&otlp, FROM("p1", SPAN("01", "02", CALLER, "3", "", CHAT)));
    pass(&otlp, WAITS_S - 1);
    check(&otlp, "['trace:00000000000000000000000000000001']", "{'requests':[{},{}],'open':1}");
    pass(&otlp, 1);
    check(&otlp, "['p1']", "{'requests':[{},{}],'open':0}");
    assert_false(otlp_reader_settle(otlp.reader, false));
    take(&otlp, FROM("p1", SPAN("01", "ff", "00000000000000aa", "1", "",
                                RUN("worker")) "," SPAN("01", "aa", "", "1", "", RUN("boss"))));
    check(&otlp, "['p1']",
          "{'agents':['boss','worker'],'parent':{'worker':'boss'},"
          "'requests':[{'agent':'worker'},{'agent':'worker'}],'open':0}");
    otlp_rig_release(&otlp);
}

/* Each agent has a last ancestor. */
static void check_ancestors(const struct swarm *swarm)
{
    size_t count = swarm_agent_count(swarm);
    size_t *up = calloc(count + 1, sizeof *up);
    assert_non_null(up);
    for (size_t i = 0; i < count; i++) {
        const struct agent *agent = swarm_agent(swarm, (agent_no)i);
        up[i] = count;
        for (size_t k = 0; k < count && agent->parent_id != INTERN_NONE; k++) {
            up[i] = swarm_agent(swarm, (agent_no)k)->agent_id == agent->parent_id ? k : up[i];
        }
    }
    for (size_t i = 0; i < count; i++) {
        size_t depth = 0;
        for (size_t at = i; at < count && depth <= count; at = up[at]) {
            depth++;
        }
        assert_true(depth <= count);
    }
    free(up);
}

/* Sends the spans of a circle, each of which names the next as its parent: in one request, or each
   in its own. */
static void take_circle(struct otlp_rig *otlp, unsigned length, bool at_once)
{
    struct strbuf spans;
    strbuf_init(&spans, &mem_libc, 0);
    for (unsigned i = 0; i < length; i++) {
        strbuf_addf(&spans,
                    "%s{'traceId':'00000000000000000000000000000001','spanId':'%016x',"
                    "'parentSpanId':'%016x','name':'n','kind':1,"
                    "'startTimeUnixNano':'1795903200000000000',"
                    "'endTimeUnixNano':'1795903201000000000','attributes':[" RUN("x") "]}",
                    spans.len > 0 ? "," : "", i + 1, (i + 1) % length + 1);
        if (!at_once || i + 1 == length) {
            struct strbuf body;
            strbuf_init(&body, &mem_libc, 0);
            strbuf_addf(&body, FROM("p1", "%s"), spans.data);
            take(otlp, body.data);
            strbuf_release(&body);
            strbuf_clear(&spans);
        }
    }
    strbuf_release(&spans);
}

/* Agents whose parents lead in a circle: one of them has no parent, however many there are. */
TEST(a_circle_of_any_length_is_cut)
{
    static const unsigned lengths[] = {2, 30, 500, 3000};
    for (size_t n = 0; n < 2 * sizeof lengths / sizeof *lengths; n++) {
        struct otlp_rig otlp;
        otlp_rig_init(&otlp);
        take_circle(&otlp, lengths[n / 2], n % 2 == 0);
        otlp_settle(&otlp.rig);
        assert_true(swarm_agent_count(otlp.rig.model.swarm) >= lengths[n / 2]);
        check_ancestors(otlp.rig.model.swarm);
        otlp_rig_release(&otlp);
    }
}
