/* Under a cap everything that grows with input has a bound: the model's memory, counted by its own allocator, after TIMES times as
   many of a kind (5; 10 by hand) is at most 1.1 times that of the first ones, but for an array that happens to double. */
#include "core/model/swarm_edit.h"
#include "ingest/forgotten_log.h"
#include "tests/support/failing_mem.h"
#include "tests/support/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    CAP = 3000,
    FIRST = 12000,
    TIMES = 5,
    DOUBLED = 700000 /* bytes */,
    BATCH = 50,
    LINE = 1024
};

#define T0 1760000000000.0

/* A kind of what comes: `lines` has %u for the number, %o for that of a hundred before, %t for a time a millisecond apart, %h for one an hour apart. */
struct kind {
    const char *what, *lines;
    enum forgotten_kind counted; /* FORGOTTEN_KINDS: nothing is forgotten but events and names */
};

static const struct kind kinds[] = {
    {"agents that are registered",
     "{\"op\":\"register_agent\",\"t\":%t,\"session_id\":\"s\",\"agent_id\":\"a%u\",\"agent_name\":\"n%u\"}\n",
     FORGOTTEN_AGENTS},
    {"agents that act and end",
     "{\"op\":\"register_agent\",\"t\":%t,\"session_id\":\"s\",\"agent_id\":\"a%u\",\"agent_name\":\"n%u\",\"parent_agent_id\":\"p%u\"}\n"
     "{\"op\":\"instant\",\"t\":%t,\"session_id\":\"s\",\"agent_id\":\"a%u\",\"name\":\"x\",\"cat\":\"c\"}\n"
     "{\"op\":\"unregister_agent\",\"t\":%t,\"session_id\":\"s\",\"agent_id\":\"a%u\"}\n",
     FORGOTTEN_AGENTS},
    {"agents by updates",
     "{\"op\":\"update_agent\",\"t\":%t,\"session_id\":\"s\",\"agent_id\":\"a%u\",\"description\":\"d%u\",\"start_ms\":%t}\n"
     "{\"op\":\"update_call\",\"t\":%t,\"session_id\":\"s\",\"agent_id\":\"a%u\",\"kind\":\"tool\",\"id\":\"c%u\",\"name\":\"B\","
     "\"start_ms\":%t,\"end_ms\":%t}\n",
     FORGOTTEN_AGENTS},
    {"processes of raw events",
     "{\"ph\":\"X\",\"ts\":%u,\"dur\":1,\"pid\":%u,\"tid\":%u,\"name\":\"x\"}\n",
     FORGOTTEN_THREADS},
    {"threads of raw events",
     "{\"ph\":\"X\",\"ts\":%u,\"dur\":1,\"pid\":1,\"tid\":%u,\"name\":\"x\"}\n", FORGOTTEN_THREADS},
    {"names of raw events",
     "{\"ph\":\"i\",\"ts\":%u,\"pid\":1,\"tid\":1,\"name\":\"a name %u\",\"cat\":\"c%u\"}\n",
     FORGOTTEN_KINDS},
    {"names of tools",
     "{\"op\":\"start_tool\",\"t\":%t,\"session_id\":\"s\",\"span_id\":\"1\",\"tool_name\":\"Tool%u\"}\n"
     "{\"op\":\"end_tool\",\"t\":%t,\"session_id\":\"s\",\"span_id\":\"1\",\"success\":true}\n",
     FORGOTTEN_KINDS},
    {"models",
     "{\"op\":\"start_llm_request\",\"t\":%t,\"session_id\":\"s\",\"span_id\":\"1\",\"model\":\"model-%u\"}\n"
     "{\"op\":\"end_llm_request\",\"t\":%t,\"session_id\":\"s\",\"span_id\":\"1\",\"output_tokens\":1,\"ttft_ms\":1,\"ttlt_ms\":2}\n",
     FORGOTTEN_KINDS},
    {"metadata of threads",
     "{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":1,\"tid\":%u,\"args\":{\"name\":\"thread %u\"}}\n",
     FORGOTTEN_THREADS},
    {"a thread that is named again",
     "{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":1,\"tid\":1,\"args\":{\"name\":\"thread %u\"}}\n",
     FORGOTTEN_METADATA},
    {"unknown metadata",
     "{\"ph\":\"M\",\"name\":\"about %u\",\"pid\":1,\"tid\":1,\"args\":{\"name\":\"%u\"}}\n",
     FORGOTTEN_METADATA},
    {"open calls",
     "{\"op\":\"start_tool\",\"t\":%t,\"session_id\":\"s\",\"span_id\":\"c%u\",\"tool_name\":\"B\"}\n",
     FORGOTTEN_OPEN_SPANS},
    {"calls that the sweep closes",
     "{\"op\":\"start_tool\",\"t\":%h,\"session_id\":\"s\",\"span_id\":\"c%u\",\"tool_name\":\"B\"}\n",
     FORGOTTEN_OPEN_SPANS},
    {"open spans of raw events", "{\"ph\":\"B\",\"ts\":%u,\"pid\":1,\"tid\":1,\"name\":\"x\"}\n",
     FORGOTTEN_OPEN_SPANS},
    {"open async spans",
     "{\"ph\":\"b\",\"ts\":%u,\"pid\":1,\"tid\":1,\"cat\":\"c\",\"id\":%u,\"name\":\"x\"}\n",
     FORGOTTEN_KINDS},
    {"open calls by updates",
     "{\"op\":\"update_call\",\"t\":%t,\"session_id\":\"s\",\"kind\":\"tool\",\"id\":\"c%u\",\"name\":\"B\",\"start_ms\":%t}\n",
     FORGOTTEN_KINDS},
    {"attempts",
     "{\"op\":\"attempt\",\"t\":%t,\"session_id\":\"s\",\"span_id\":\"r\",\"attempt\":2,\"error\":\"why %u\"}\n",
     FORGOTTEN_ATTEMPTS},
    {"attempts by updates",
     "{\"op\":\"update_call\",\"t\":%t,\"session_id\":\"s\",\"kind\":\"request\",\"id\":\"r\",\"model\":\"m\",\"attempt_start_times\":[%t]}\n",
     FORGOTTEN_ATTEMPTS},
    {"sessions by updates",
     "{\"op\":\"update_session\",\"t\":%t,\"session_id\":\"s%u\",\"alias\":\"b%u\",\"name\":\"n%u\",\"start_ms\":%t}\n"
     "{\"op\":\"update_call\",\"t\":%t,\"session_id\":\"s%u\",\"kind\":\"tool\",\"id\":\"c\",\"name\":\"B\",\"start_ms\":%t,\"end_ms\":%t}\n",
     FORGOTTEN_SESSIONS},
    {"sessions without a time",
     "{\"op\":\"update_session\",\"t\":%t,\"session_id\":\"s%u\",\"name\":\"n%u\"}\n",
     FORGOTTEN_SESSIONS},
    {"calls of sessions without a time",
     "{\"op\":\"update_call\",\"t\":%t,\"session_id\":\"s%u\",\"kind\":\"tool\",\"id\":\"c\",\"name\":\"B\"}\n",
     FORGOTTEN_SESSIONS},
    {"calls without a time",
     "{\"op\":\"update_call\",\"t\":%t,\"session_id\":\"s\",\"kind\":\"tool\",\"id\":\"c%u\",\"name\":\"B\"}\n",
     FORGOTTEN_KINDS},
    {"agents of a session without a time",
     "{\"op\":\"update_agent\",\"t\":%t,\"session_id\":\"h\",\"agent_id\":\"a%u\",\"description\":\"d%u\"}\n",
     FORGOTTEN_AGENTS},
    {"other ids of a session",
     "{\"op\":\"update_session\",\"t\":%t,\"session_id\":\"s\",\"alias\":\"b%u\",\"start_ms\":%t}\n",
     FORGOTTEN_ALIASES},
    {"other ids of a session, which were sessions",
     "{\"op\":\"update_call\",\"t\":%t,\"session_id\":\"b%u\",\"kind\":\"tool\",\"id\":\"c%u\",\"name\":\"B\","
     "\"start_ms\":%t,\"end_ms\":%t}\n"
     "{\"op\":\"update_session\",\"t\":%t,\"session_id\":\"s\",\"alias\":\"b%u\"}\n",
     FORGOTTEN_ALIASES},
    {"other ids of a session, which were sessions without calls",
     "{\"op\":\"update_session\",\"t\":%t,\"session_id\":\"b%u\",\"start_ms\":%t}\n"
     "{\"op\":\"update_session\",\"t\":%t,\"session_id\":\"s\",\"alias\":\"b%u\"}\n",
     FORGOTTEN_ALIASES},
    {"other ids of other ids",
     "{\"op\":\"update_session\",\"t\":%t,\"session_id\":\"z%u\",\"alias\":\"b%u\"}\n"
     "{\"op\":\"update_session\",\"t\":%t,\"session_id\":\"s\",\"alias\":\"z%u\",\"start_ms\":%t}\n",
     FORGOTTEN_ALIASES},
    {"other ids of a main agent",
     "{\"op\":\"update_agent\",\"t\":%t,\"session_id\":\"s\",\"agent_id\":\"s\",\"alias\":\"x%u\",\"start_ms\":%t}\n",
     FORGOTTEN_ALIASES},
    {"other ids of a main agent, which were agents",
     "{\"op\":\"update_call\",\"t\":%t,\"session_id\":\"s\",\"agent_id\":\"x%u\",\"kind\":\"tool\",\"id\":\"c%u\","
     "\"name\":\"B\",\"start_ms\":%t,\"end_ms\":%t}\n"
     "{\"op\":\"update_agent\",\"t\":%t,\"session_id\":\"s\",\"agent_id\":\"s\",\"alias\":\"x%u\"}\n",
     FORGOTTEN_ALIASES},
    {"other ids of a main agent of a session without a time",
     "{\"op\":\"update_agent\",\"t\":%t,\"session_id\":\"h\",\"agent_id\":\"x%u\",\"description\":\"d%u\"}\n"
     "{\"op\":\"update_agent\",\"t\":%t,\"session_id\":\"h\",\"agent_id\":\"h\",\"alias\":\"x%u\"}\n",
     FORGOTTEN_ALIASES},
    {"parents that come after their children",
     "{\"op\":\"update_agent\",\"t\":%t,\"session_id\":\"s%u\",\"agent_id\":\"a\",\"parent_agent_id\":\"p%u\",\"start_ms\":%t}\n"
     "{\"op\":\"update_agent\",\"t\":%t,\"session_id\":\"t%u\",\"agent_id\":\"p%u\",\"start_ms\":%t}\n",
     FORGOTTEN_SESSIONS},
    {"calls that are one",
     "{\"op\":\"update_call\",\"t\":%t,\"session_id\":\"s\",\"kind\":\"tool\",\"id\":\"c%u\",\"name\":\"B\",\"start_ms\":%t,\"end_ms\":%t}\n"
     "{\"op\":\"update_call\",\"t\":%t,\"session_id\":\"s\",\"kind\":\"tool\",\"id\":\"d%u\",\"name\":\"B\",\"start_ms\":%t}\n"
     "{\"op\":\"update_call\",\"t\":%t,\"session_id\":\"s\",\"kind\":\"tool\",\"id\":\"c%o\",\"alias\":\"d%o\"}\n",
     FORGOTTEN_KINDS},
    {"parents of calls that never come",
     "{\"op\":\"update_call\",\"t\":%t,\"session_id\":\"s\",\"kind\":\"tool\",\"id\":\"c%u\",\"name\":\"B\",\"start_ms\":%t,"
     "\"end_ms\":%t,\"parent_id\":\"p%u\"}\n",
     FORGOTTEN_KINDS},
    {"ends of a session",
     "{\"op\":\"update_session\",\"t\":%t,\"session_id\":\"s\",\"end_ms\":%t}\n", FORGOTTEN_KINDS},
    {"counters",
     "{\"op\":\"counter\",\"t\":%t,\"session_id\":\"s\",\"name\":\"c%u\",\"values\":{\"v\":%u}}\n",
     FORGOTTEN_KINDS},
};

static const char first_lines[] =
    "{\"op\":\"hello\",\"t\":1760000000000,\"session_id\":\"s\",\"name\":\"main\"}\n"
    "{\"op\":\"start_llm_request\",\"t\":1760000000000,\"session_id\":\"s\",\"span_id\":\"r\",\"model\":\"m\"}\n";

static size_t print_lines(const char *lines, unsigned number, char *out)
{
    size_t len = 0;
    for (const char *at = lines; *at != '\0'; at++) {
        if (*at != '%') {
            out[len++] = *at;
            continue;
        }
        at++;
        double ms = *at == 't' ? T0 + number : T0 + 3600000.0 * number;
        unsigned shown = *at == 'o' ? number - (number < 100 ? number : 100) : number;
        len += (size_t)(*at == 'u' || *at == 'o' ? sprintf(out + len, "%u", shown)
                                                 : sprintf(out + len, "%.0f", ms));
    }
    return len;
}

/* Returns the greatest memory that the model had while these came. */
static size_t take(struct rig *rig, struct feed *feed, const struct kind *kind,
                   const struct failing_mem *memory, unsigned from, unsigned to)
{
    size_t most = 0;
    char lines[LINE];
    for (unsigned i = from; i < to; i++) {
        assert_true(feed_push(feed, lines, print_lines(kind->lines, i, lines)));
        if (i % BATCH == 0) {
            assert_true(correlator_flush(rig->model.correlator));
            swarm_forget_names(rig->model.swarm);
            most = memory->live_bytes > most ? memory->live_bytes : most;
        }
    }
    return most;
}

static bool holds(const struct kind *kind)
{
    struct failing_mem memory = {.allow = -1};
    struct mem mem = failing_mem(&memory);
    struct rig rig;
    const struct swarm_config config = {.max_events = {CAP, CAP}};
    assert_true(rig_init_capped(&rig, &mem, &config));
    struct feed *feed = rig_feed(&rig);
    if (strstr(kind->lines, "\"op\"") != NULL) {
        rig_push(feed, first_lines);
    }
    size_t first = take(&rig, feed, kind, &memory, 1, FIRST);
    const char *times = getenv("TIMES");
    size_t rest = take(&rig, feed, kind, &memory, FIRST,
                       FIRST * (times != NULL ? (unsigned)atoi(times) : TIMES));
    bool good = rest <= first + first / 10 + DOUBLED && rig.counters.bad == 0;
    struct forgotten_log log = {{0}};
    forgotten_log_report(&log, &rig.ingest);
    if (kind->counted != FORGOTTEN_KINDS) {
        good = good && rig_logged(&rig, swarm_forgotten_rows[kind->counted].noun) != NULL;
    }
    uint64_t counted =
        kind->counted == FORGOTTEN_KINDS ? 1 : swarm_forgotten(rig.model.swarm, kind->counted);
    if (!good || counted == 0 || getenv("VERBOSE") != NULL) {
        print_message("%5.2f s  %s: %zu KB, then %zu KB; %llu forgotten, %llu bad lines\n",
                      (double)clock() / CLOCKS_PER_SEC, kind->what, first / 1000, rest / 1000,
                      (unsigned long long)counted, (unsigned long long)rig.counters.bad);
    }
    feed_free(feed);
    rig_release(&rig);
    assert_int_equal(memory.live_blocks, 0);
    return good && counted > 0;
}

TEST(many_times_as_many_take_no_more_memory)
{
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        wrong += !holds(&kinds[i]);
    }
    assert_int_equal(wrong, 0);
}
