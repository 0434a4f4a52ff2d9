/* The critical path of an earlier moment is that of a model which ends there, as a replay builds. */
#include "core/analysis/why.h"

#include "core/correlate/correlator.h"
#include "core/query/replay.h"
#include "tests/support/rig.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOMENTS = 60 };

static int64_t now_then(void *ctx, session_no session)
{
    (void)session;
    return *(const int64_t *)ctx;
}

static double cost_then(void *ctx, session_no session)
{
    (void)ctx, (void)session;
    return (double)NAN;
}

static uint8_t state_then(void *ctx, agent_no agent)
{
    (void)ctx, (void)agent;
    return UINT8_MAX;
}

/* Returns the agent of the same id in the same session; NO_AGENT: it is not there. */
static agent_no counterpart(const struct swarm *from, agent_no number, const struct swarm *to)
{
    const struct agent *agent = swarm_agent(from, number);
    const char *session = swarm_text(from, swarm_session(from, agent->session)->id);
    for (size_t i = 0; i < swarm_agent_count(to); i++) {
        const struct agent *other = swarm_agent(to, (agent_no)i);
        if (((agent->flags ^ other->flags) & AGENT_MAIN) == 0 &&
            strcmp(swarm_text(from, agent->agent_id), swarm_text(to, other->agent_id)) == 0 &&
            strcmp(session, swarm_text(to, swarm_session(to, other->session)->id)) == 0) {
            return (agent_no)i;
        }
    }
    return NO_AGENT;
}

/* The phases of a request that runs are better known later. */
static void assert_same_parts(const struct why *got, const struct why *want, int64_t at_ns)
{
    bool same = critical_path_request_ns(&got->path) == critical_path_request_ns(&want->path);
    for (int part = PART_TOOL; part < PATH_PARTS; part++) {
        same &= got->path.part_ns[part] == want->path.part_ns[part];
    }
    if (!same || got->turn.end_ns != want->turn.end_ns || got->turn.open != want->turn.open ||
        got->path.off_path_count != want->path.off_path_count) {
        fail_msg("at %lld: turn %d to %lld, tools %lld, not turn %d to %lld, tools %lld",
                 (long long)at_ns, (int)got->turn.number, (long long)got->turn.end_ns,
                 (long long)got->path.part_ns[PART_TOOL], (int)want->turn.number,
                 (long long)want->turn.end_ns, (long long)want->path.part_ns[PART_TOOL]);
    }
}

/* Compares the turns of a moment. Returns how many there are. */
static size_t compare(const struct swarm *swarm, int64_t at_ns, int64_t now_ns)
{
    struct model then;
    struct past past = {now_then, cost_then, state_then, &at_ns};
    size_t turns = 0;
    assert_true(model_init(&then, &mem_libc) && replay_until(swarm, then.swarm, at_ns));
    for (size_t i = 0; i < swarm_agent_count(swarm); i++) {
        struct turn was, is;
        struct why got, want;
        agent_no other = counterpart(swarm, (agent_no)i, then.swarm);
        bool has = other != NO_AGENT && turn_at(then.swarm, NULL, other, at_ns, at_ns, &is);
        if (!has) {
            continue;
        }
        /* From a time after the moment, too. */
        assert_true(turn_at(swarm, &past, (agent_no)i, turns % 2 ? at_ns : now_ns, now_ns, &was));
        assert_int_equal(was.number, is.number);
        assert_true(why_make(&got, swarm, NULL, &was, now_ns));
        assert_true(why_make(&want, then.swarm, NULL, &is, at_ns));
        assert_same_parts(&got, &want, at_ns);
        why_release(&got);
        why_release(&want);
        turns++;
    }
    model_release(&then);
    return turns;
}

TEST(the_path_of_a_moment_is_that_of_a_model_which_ends_there)
{
    static const char *const feeds[] = {"screens/story.feed.ndjson", "screens/waits.feed.ndjson"};
    size_t turns = 0;
    for (size_t i = 0; i < sizeof feeds / sizeof *feeds; i++) {
        struct rig rig;
        int64_t from_ns, to_ns;
        size_t len;
        char *text = support_read_file(support_tests(feeds[i]), &len);
        rig_init(&rig);
        rig_take(&rig, text);
        assert_true(query_extent(rig.model.swarm, 0, &from_ns, &to_ns));
        for (int64_t k = 1; k <= MOMENTS; k++) {
            turns += compare(rig.model.swarm, from_ns + (to_ns - from_ns) / MOMENTS * k, to_ns);
        }
        free(text);
        rig_release(&rig);
    }
    assert_true(turns > 2 * MOMENTS);
}

#define TURN(id, from, to)                                                               \
    "{\"op\":\"update_call\",\"session_id\":\"s\",\"kind\":\"interaction\",\"id\":\"" id \
    "\",\"start_ms\":" #from ",\"end_ms\":" #to "}\n"

TEST(a_turn_that_began_later_is_none_of_the_moment)
{
    struct rig rig;
    struct turn turn;
    rig_init(&rig);
    rig_take(&rig,
             "{\"op\":\"update_session\",\"session_id\":\"s\",\"start_ms\":1760000000000}\n" TURN(
                 "a", 1760000000000, 1760000003000) TURN("b", 1760000010000, 1760000070000));
    assert_true(correlator_flush(rig.ingest.correlator));
    int64_t at_ns = INT64_C(1760000002000) * 1000000, later_ns = at_ns + INT64_C(60000000000);
    struct past past = {now_then, cost_then, state_then, &at_ns};
    agent_no agent = 0;
    while (swarm_agent(rig.model.swarm, agent)->envelopes.count == 0) {
        agent++;
        assert_in_range(agent, 0, swarm_agent_count(rig.model.swarm) - 1);
    }
    assert_true(turn_at(rig.model.swarm, NULL, agent, later_ns, later_ns, &turn));
    assert_int_equal(turn.number, 2);
    assert_true(turn_at(rig.model.swarm, &past, agent, later_ns, later_ns, &turn));
    assert_int_equal(turn.number, 1);
    assert_true(turn.open);
    assert_int_equal(turn.end_ns, at_ns);
    rig_release(&rig);
}
