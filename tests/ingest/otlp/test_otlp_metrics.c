/* Metrics of senders that name no session, and their units. */
#include "core/query/counters.h"
#include "tests/support/otlp_reading.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(key, value) "{'key':'" key "','value':{'stringValue':'" value "'}}"
#define INSTANCE         TEXT("service.instance.id", "p1")

/* A request of a session, or, without one, of a process. */
#define SPANS(resource, attributes)                                                           \
    "{'resourceSpans':[{'resource':{'attributes':[" resource "]},'scopeSpans':[{'spans':[{"   \
    "'traceId':'00000000000000000000000000000001','spanId':'0000000000000001','name':'chat'," \
    "'startTimeUnixNano':'1795903200000000000','endTimeUnixNano':'1795903201000000000',"      \
    "'attributes':[" TEXT("gen_ai.operation.name", "chat") attributes "]}]}]}]}"
#define POINT(kind, value, attributes)                                                         \
    "'" kind                                                                                   \
    "':{'aggregationTemporality':2,'dataPoints':[{'timeUnixNano':'1795903201000000000'," value \
    ",'attributes':[" attributes "]}]}"
#define METRIC(resource, unit, point)                                                           \
    "{'resourceMetrics':[{'resource':{'attributes':[" resource "]},'scopeMetrics':[{'metrics':" \
    "[{'name':'m','unit':'" unit "'," point "}]}]}]}"
#define SUM(attributes) POINT("sum", "'asInt':'7'", attributes)

static void take(struct otlp_rig *otlp, enum otlp_signal signal, const char *text)
{
    char *body = strdup(text);
    assert_non_null(body);
    for (char *at = body; (at = strchr(at, '\'')) != NULL;) {
        *at = '"';
    }
    otlp_rig_take(otlp, signal, OTLP_JSON, body, strlen(body));
    free(body);
}

/* Returns the last value of the session's only counter, which has the name; NAN: there is none. */
static double last_of(struct otlp_rig *otlp, const char *id, const char *name)
{
    struct counters counters;
    double last = (double)NAN;
    otlp_settle(&otlp->rig);
    const struct swarm *swarm = otlp->rig.model.swarm;
    const struct session *session = rig_session(&otlp->rig, id);
    assert_non_null(session);
    assert_true(counters_compute(swarm, session->start_ns, 1000000000, 60, &counters));
    assert_true(counters.count <= 1);
    if (counters.count == 1) {
        struct slice text = swarm_text_slice(swarm, counters.items[0].name);
        if (text.len != strlen(name) || memcmp(text.bytes, name, text.len) != 0) {
            fail_msg("%.*s is not %s", (int)text.len, text.bytes, name);
        }
        last = counters.items[0].last;
    }
    counters_release(&counters);
    return last;
}

TEST(a_point_is_of_its_session_or_of_its_process)
{
    static const struct {
        const char *spans, *metric, *session;
    } rows[] = {
        {SPANS(INSTANCE, "," TEXT("session.id", "s1")),
         METRIC("", "", SUM(TEXT("session.id", "s1"))), "s1"},
        {SPANS(INSTANCE, ""), METRIC(INSTANCE, "", SUM("")), "p1"},
        {SPANS(INSTANCE, "," TEXT("session.id", "s1")), METRIC(INSTANCE, "", SUM("")), "s1"},
        {SPANS("", "," TEXT("session.id", "s1")), METRIC(INSTANCE, "", SUM("")), NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct otlp_rig otlp;
        otlp_rig_init(&otlp);
        take(&otlp, OTLP_METRICS, rows[i].metric);
        assert_null(otlp_reader_warning(otlp.reader));
        take(&otlp, OTLP_TRACES, rows[i].spans);
        if (rows[i].session == NULL) { /* the process's own session never came */
            assert_true(isnan(last_of(&otlp, "s1", "")));
        } else {
            assert_int_equal(lround(last_of(&otlp, rows[i].session, "m")), 7);
        }
        otlp_rig_release(&otlp);
    }
}

/* They are nobody's: the sender gets to know it once, as some exporters log every warning. */
TEST(points_of_nobody_are_reported_once)
{
    struct otlp_rig otlp;
    otlp_rig_init(&otlp);
    take(&otlp, OTLP_METRICS, METRIC(TEXT("service.name", "svc"), "", SUM("")));
    assert_non_null(strstr(otlp_reader_warning(otlp.reader), "session.id"));
    assert_non_null(rig_logged(&otlp.rig, "svc: metrics name neither a session"));
    take(&otlp, OTLP_METRICS, METRIC(TEXT("service.name", "svc"), "", SUM("")));
    assert_null(otlp_reader_warning(otlp.reader));
    take(&otlp, OTLP_METRICS, METRIC(TEXT("service.name", "other"), "", SUM("")));
    assert_non_null(otlp_reader_warning(otlp.reader));
    otlp_rig_release(&otlp);
}

TEST(a_counter_has_its_unit)
{
    static const struct {
        const char *metric, *name;
    } rows[] = {
        {METRIC(INSTANCE, "By", SUM("")), "m (By)"},
        {METRIC(INSTANCE, "{token}", SUM("")), "m (token)"},
        {METRIC(INSTANCE, "1", SUM("")), "m"},
        {METRIC(INSTANCE, "{}", SUM("")), "m"},
        {METRIC(INSTANCE, "a unit that is longer than any unit", SUM("")), "m"},
        {METRIC(INSTANCE, "s", POINT("histogram", "'count':'7','sum':12.5", "")), "m"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct otlp_rig otlp;
        otlp_rig_init(&otlp);
        take(&otlp, OTLP_TRACES, SPANS(INSTANCE, ""));
        take(&otlp, OTLP_METRICS, rows[i].metric);
        assert_int_equal(lround(last_of(&otlp, "p1", rows[i].name)), 7);
        otlp_rig_release(&otlp);
    }
}
