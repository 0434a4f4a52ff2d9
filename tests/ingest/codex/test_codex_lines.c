/* Lines of Codex CLI: of forks and threads that repeat a history, of older versions, and odd ones. */
#include "ingest/source.h"
#include "tests/support/codex_home.h"
#include "tests/support/records.h"

#include <stdio.h>
#include <string.h>

HOME_TEST(a_fork_counts_its_history_once)
{
    struct codex_home *h = *state;
    const char *history = TURN("02.000") PROMPT("02.100") CALL("03.000", "c1")
        USAGE("03.100", "r1", "12") OUTPUT("04.000", "c1", "Process exited with code 2\\n")
            USAGE("05.000", "r2", "14") END("05.100");
    codex_home_put(h, ONE, META(ONE));
    codex_home_put(h, ONE, history);
    codex_home_put(h, TWO,
                   AT("06.000") "\"type\":\"session_meta\",\"payload\":{\"id\":\"" TWO
                                "\"}}\n" META(ONE));
    codex_home_put(h, TWO, history);
    codex_home_put(h, TWO,
                   AT("07.000") "\"type\":\"event_msg\",\"payload\":{\"type\":\"task_started\","
                                "\"turn_id\":\"t2\"}}\n" PROMPT("07.100")
                                    USAGE("08.000", "r3", "20"));
    codex_home_start(h, false, true);
    json_t *all = records_of(&h->rig.model);
    assert_int_equal(json_object_size(json_object_get(all, "tools")), 1);
    json_t *request;
    const char *id;
    size_t ended = 0;
    json_object_foreach(json_object_get(all, "requests"), id, request)
    {
        ended += json_object_get(request, "output_tokens") != NULL;
    }
    assert_int_equal(ended, 3);
    json_decref(all);
    records_check(
        &h->rig.model, "tools",
        "{'c1': {'of': '" ONE "/', 'name': 'exec_command', 'args': '{\\\"cmd\\\":\\\"make\\\"}', "
        "'start_ms': -17000, 'end_ms': -16000, 'success': false, 'error': 'Exit code 2'}}",
        NULL);
}

#define CHILD(id, session)                                                               \
    AT("02.500")                                                                         \
    "\"type\":\"session_meta\",\"payload\":{\"id\":\"" id "\",\"session_id\":\"" session \
    "\",\"parent_thread_id\":\"" session "\"}}\n"
#define TURN_OF(s, id) \
    AT(s) "\"type\":\"event_msg\",\"payload\":{\"type\":\"task_started\",\"turn_id\":\"" id "\"}}\n"

#define PATCH(s, id, text)                                                                            \
    AT(s)                                                                                             \
    "\"type\":\"response_item\",\"payload\":{\"type\":\"custom_tool_call\",\"name\":\"apply_patch\"," \
    "\"input\":\"*** Begin Patch" text "\",\"call_id\":\"" id "\"}}\n"

static double input_hash(const struct codex_home *h, unsigned nth)
{
    span_no no = model_span(&h->rig.model, "Tool: apply_patch", nth);
    const struct record *record =
        swarm_span_record(h->rig.model.swarm, swarm_span(h->rig.model.swarm, no));
    return facts_number(&record->facts, FIELD_INPUT_HASH);
}

HOME_TEST(patches_differ_by_the_hash_of_their_text)
{
    struct codex_home *h = *state;
    codex_home_put(h, ONE,
                   META(ONE) TURN("02.000") PATCH("03.000", "c1", "a") PATCH("03.500", "c2", "b")
                       PATCH("04.000", "c3", "a"));
    codex_home_start(h, false, true);
    assert_true(input_hash(h, 0) != input_hash(h, 1));
    assert_true(input_hash(h, 0) == input_hash(h, 2));
}

/* Some providers count ids from one in each conversation, and two threads may ask for the same. */
HOME_TEST(equal_ids_of_two_threads_of_a_session_are_two_calls)
{
    struct codex_home *h = *state;
    codex_home_put(h, ONE, META(ONE) TURN_OF("02.000", "t1") CALL("03.000", "c1"));
    codex_home_put(h, TWO,
                   CHILD(TWO, ONE) TURN_OF("02.600", "t2") CALL("03.500", "c1")
                       OUTPUT("04.000", "c1", "Process exited with code 2\\n"));
    codex_home_start(h, false, true);
    records_check(
        &h->rig.model, "tools",
        "{'c1': {'of': '" ONE "/', 'name': 'exec_command', 'args': "
        "'{\\\"cmd\\\":\\\"make\\\"}', 'start_ms': -17000, 'state': 'incomplete'}, '" TWO
        ":c1': {'of': '" ONE "/" TWO
        "', 'name': 'exec_command', 'args': '{\\\"cmd\\\":\\\"make\\\"}', 'start_ms': -16500, "
        "'end_ms': -16000, 'success': false, 'error': 'Exit code 2'}}",
        NULL);
}

/* A thread that is given its parent's history repeats the calls in it. */
HOME_TEST(a_thread_with_the_history_of_its_parent_counts_it_once)
{
    struct codex_home *h = *state;
    const char *history = TURN_OF("02.000", "t1") CALL("02.100", "c1")
        OUTPUT("02.200", "c1", "Process exited with code 0\\n");
    codex_home_put(h, ONE, META(ONE));
    codex_home_put(h, ONE, history);
    codex_home_put(h, TWO, CHILD(TWO, ONE));
    codex_home_put(h, TWO, history);
    codex_home_put(h, TWO,
                   TURN_OF("03.000", "t2") CALL("03.500", "c1")
                       OUTPUT("04.000", "c1", "Process exited with code 0\\n"));
    codex_home_start(h, false, true);
    json_t *all = records_of(&h->rig.model), *tools = json_object_get(all, "tools");
    assert_int_equal(json_object_size(tools), 2);
    assert_non_null(json_object_get(tools, TWO ":c1"));
    json_decref(all);
}

#define MESSAGE(s) \
    AT(s) "\"type\":\"event_msg\",\"payload\":{\"type\":\"user_message\",\"message\":\"Do it\"}}\n"
#define COUNT(s, total)                                                                             \
    AT(s)                                                                                           \
    "\"type\":\"event_msg\",\"payload\":{\"type\":\"token_count\",\"info\":{\"total_token_usage\":" \
    "{\"total_tokens\":" total                                                                      \
    "},\"last_token_usage\":{\"input_tokens\":10,\"output_tokens\":2}}}}\n"

HOME_TEST(messages_of_the_user_split_turns_where_the_version_marks_none)
{
    struct codex_home *h = *state;
    codex_home_put(h, ONE,
                   META(ONE) MESSAGE("02.000") COUNT("03.000", "12") MESSAGE("09.000")
                       COUNT("10.000", "24") MESSAGE("11.000"));
    codex_home_put(h, TWO,
                   META(TWO) TURN_OF("02.000", "t1") MESSAGE("02.100") COUNT("03.000", "12")
                       MESSAGE("04.000") COUNT("05.000", "24") END("06.000"));
    codex_home_start(h, false, true);
    json_t *all = records_of(&h->rig.model), *turns = json_object_get(all, "interactions");
    const json_t *turn;
    const char *id;
    double ends[3] = {0};
    size_t of_one = 0, of_two = 0;
    json_object_foreach(turns, id, turn)
    {
        if (strncmp(id, "turn-", 5) == 0) {
            assert_true(of_one < 3);
            ends[of_one++] = json_number_value(json_object_get(turn, "end_ms"));
        } else {
            of_two++;
        }
    }
    assert_int_equal(of_one, 3);
    assert_int_equal(of_two, 1); /* a message in a turn is part of it */
    assert_int_equal((int)(ends[0] + ends[1] + ends[2]), -17000 - 10000); /* the last one is open */
    assert_int_equal(json_object_size(json_object_get(all, "requests")), 5);
    json_decref(all);
}

HOME_TEST(lines_of_older_versions)
{
    struct codex_home *h = *state;
    codex_home_put(
        h, ONE,
        META(ONE) AT(
            "02.000") "\"type\":\"event_msg\",\"payload\":{\"type\":"
                      "\"user_message\",\"message\":\"Do it\"}}\n" AT(
                          "02.010") "\"type\":\"response_item\",\"payload\":{\"type\":\"local_shell_call\","
                                    "\"call_id\":\"c1\",\"action\":{\"type\":\"exec\",\"command\":"
                                    "[\"bash\",\"-lc\",\"ls\"]}}}\n" AT(
                                        "03.000") "\"type\":\"event_msg\",\"payload\":{\"type\":\"token_count\",\"info\":"
                                                  "{\"total_token_usage\":{\"total_tokens\":12},\"last_token_usage\":"
                                                  "{\"input_tokens\":10,\"output_tokens\":2},"
                                                  "\"model_context_window\":1000}}}\n" OUTPUT(
                                                      "04.000", "c1", "Exit code: 0\\nfine")
                                                      AT("05.000") "\"type\":\"event_msg\",\"payload\":{\"type\":\"token_count\",\"info\":"
                                                                   "{\"total_token_usage\":{\"total_tokens\":12}}}}\n" AT(
                                                                       "06.000") "\"type\":\"event_msg\",\"payload\":{\"type\":\"token_count\",\"info\":"
                                                                                 "{\"total_token_usage\":{\"total_tokens\":25},\"last_token_usage\":"
                                                                                 "{\"input_tokens\":11,\"output_tokens\":2}}}}\n" AT(
                                                                                     "07.000") "\"type\":\"ghost_snapshot\",\"payload\":{}}\n"
                                                                                               "{\"type\":\"turn_context\",\"payload\":{}}\n");
    codex_home_start(h, false, true);
    json_t *all = records_of(&h->rig.model);
    assert_int_equal(json_object_size(json_object_get(all, "requests")), 2);
    json_decref(all);
    records_check(&h->rig.model, "tools",
                  "{'c1': {'of': '" ONE
                  "/', 'name': 'local_shell', 'args': '{\\\"command\\\":\\\"ls\\\"}', "
                  "'input_hash': 998, 'start_ms': -17990, 'end_ms': -16000, 'success': true}}",
                  NULL);
    assert_non_null(rig_logged(&h->rig, "1 lines of unknown types were ignored, such as "
                                        "'ghost_snapshot'"));
    assert_int_equal(hub_source(h->rig.hub, 0).bad, 1); /* no timestamp */
}

/* A newer version may have lines that are no objects. */
HOME_TEST(lines_that_are_no_objects_are_counted_once_and_none_is_bad)
{
    struct codex_home *h = *state;
    codex_home_put(h, ONE, META(ONE) "[1]\nnull\n\"x\"\n7\n" TURN("02.000") "[2,\n" END("03.000"));
    codex_home_start(h, false, true);
    assert_non_null(
        rig_logged(&h->rig, "4 lines of unknown types were ignored, such as 'an array'"));
    assert_int_equal(hub_source(h->rig.hub, 0).bad, 1); /* the torn one */
    assert_non_null(rig_logged(&h->rig, "not JSON"));
}

/* A turn that nobody ended lasted until its last line, however late the next one begins. */
HOME_TEST(a_turn_that_was_cut_off_ends_with_its_last_line)
{
    struct codex_home *h = *state;
    codex_home_put(
        h, ONE,
        META(ONE) TURN("02.000") PROMPT("02.100") CALL(
            "03.000",
            "c1") "{\"timestamp\":\"2025-10-09T18:00:00.000Z\",\"type\":\"event_msg\",\"payload\":"
                  "{\"type\":\"task_started\",\"turn_id\":\"t2\"}}\n");
    codex_home_start(h, false, true);
    json_t *all = records_of(&h->rig.model);
    const json_t *turn = json_object_get(json_object_get(all, "interactions"), "t1");
    const json_t *tool = json_object_get(json_object_get(all, "tools"), "c1");
    assert_int_equal(json_integer_value(json_object_get(turn, "end_ms")), -17000);
    assert_int_equal(json_integer_value(json_object_get(tool, "end_ms")), -17000);
    json_decref(all);
}

HOME_TEST(a_request_without_usage_is_no_failure)
{
    struct codex_home *h = *state;
    codex_home_put(h, ONE, META(ONE) TURN("02.000") PROMPT("02.100") END("05.000"));
    codex_home_start(h, false, true);
    json_t *all = records_of(&h->rig.model);
    const json_t *request = json_object_get(json_object_get(all, "requests"), "t1:1");
    assert_true(json_is_true(json_object_get(request, "success")));
    json_decref(all);
}

/* Numbers that no client writes: they are no times, and no longer than the texts made of them. */
HOME_TEST(numbers_out_of_range_do_no_harm)
{
    struct codex_home *h = *state;
    codex_home_put(
        h, ONE,
        META(
            ONE) "{\"timestamp\":1e300,\"type\":\"compacted\",\"payload\":{}}\n"
                 "{\"timestamp\":1e300,\"type\":\"event_msg\",\"payload\":{\"type\":\"task_started\"}}\n" CALL(
                     "03.000", "c1")
                     AT("04.000") "\"type\":\"event_msg\",\"payload\":{\"type\":\"item_completed\",\"item\":{\"type\":"
                                  "\"CommandExecution\",\"id\":\"c1\",\"exit_code\":1e300}}}\n");
    codex_home_start(h, false, true);
    assert_int_equal(hub_source(h->rig.hub, 0).bad, 2);
    json_t *all = records_of(&h->rig.model);
    const json_t *tool = json_object_get(json_object_get(all, "tools"), "c1");
    assert_string_equal(json_string_value(json_object_get(tool, "error")), "error");
    json_decref(all);
}

HOME_TEST(a_rollout_without_its_beginning_is_shown)
{
    struct codex_home *h = *state;
    codex_home_put(h, ONE,
                   TURN("02.000") PROMPT("02.100") USAGE("03.000", "r1", "12") END("03.100"));
    codex_home_start(h, false, true);
    assert_non_null(rig_session(&h->rig, ONE));
}
