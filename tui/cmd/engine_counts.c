/* Counts over all sources and sessions of an engine. */
#include "tui/cmd/cmd_engine.h"
#include "tui/views/traffic_text.h"

#include "ingest/hub.h"

size_t engine_sources(const struct engine *engine, struct source_status *out, size_t max)
{
    size_t count = hub_source_count(engine->hub);
    for (size_t i = 0; i < count && i < max; i++) {
        out[i] = hub_source(engine->hub, i);
    }
    return count < max ? count : max;
}

void engine_clocks(const struct engine *engine, const char *before, struct strbuf *out)
{
    for (size_t i = 0; i < hub_source_count(engine->hub); i++) {
        struct source_status source = hub_source(engine->hub, i);
        if (source.traffic.clock != NULL) {
            strbuf_adds(out, before);
            traffic_clock_text(&source.traffic, out);
        }
    }
}

/* Not the sources' counts: an operation is not an event, and a trace must show the same number as
   the feed it was recorded from. */
uint64_t engine_events(const struct engine *engine)
{
    const struct swarm *swarm = engine->swarm;
    uint64_t events = swarm_dropped(swarm, POOL_LIVE) + swarm_dropped(swarm, POOL_FILES);
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        const struct session *session = swarm_session(swarm, (session_no)i);
        events += session != NULL ? session->event_count + session->metadata_count : 0;
    }
    return events;
}

uint64_t engine_bad(const struct engine *engine)
{
    uint64_t bad = 0;
    for (size_t i = 0; i < hub_source_count(engine->hub); i++) {
        bad += hub_source(engine->hub, i).bad;
    }
    return bad;
}
