/* Bodies as producers send them, each with the reading that a person expects, by each of the four
   ways, in whatever order and however often their spans come. */
#include "tests/support/otlp_reading.h"
#include "tests/support/otlp_requests.h"

/* Loads an example, and the one that it continues. */
static void load(const char *name, struct otlp_requests *requests)
{
    const char *names[] = {strcmp(name, "09b-logfire-final") == 0 ? "09a-logfire-pending"
                           : strcmp(name, "16b-gemini-logs") == 0 ? "16a-gemini-traces"
                                                                  : NULL,
                           name};
    for (size_t i = 0; i < 2; i++) {
        char path[200];
        if (names[i] != NULL) {
            snprintf(path, sizeof path, "otlp/examples/%s.json", names[i]);
            otlp_requests_add_body(requests, path);
        }
    }
}

/* Returns whether the example is read as expected. */
static bool is_right(const char *name, json_t *expected, enum otlp_way way, enum otlp_order order,
                     uint64_t *seed)
{
    struct rig rig;
    struct otlp_requests requests = {0};
    load(name, &requests);
    rig_init(&rig);
    otlp_set_clock(&rig);
    struct otlp_sender *sender = otlp_sender_new(&rig, way);
    otlp_requests_send(&requests, order, seed, sender);
    json_t *reading = otlp_reading(&rig);
    char *differs = otlp_reading_differs(reading, expected);
    if (differs != NULL) {
        print_message("%s by %s, %s:\n%s", name, otlp_way_name(way), otlp_order_name(order),
                      differs);
    }
    bool right = differs == NULL;
    free(differs);
    json_decref(reading);
    otlp_sender_free(sender);
    rig_release(&rig);
    otlp_requests_release(&requests);
    return right;
}

static void check_all(enum otlp_order order, unsigned rounds)
{
    json_error_t error;
    const char *name;
    json_t *example, *all = json_load_file(support_data("otlp/examples/expected.json"), 0, &error);
    uint64_t seed = 19;
    unsigned wrong = 0;
    assert_non_null(all);
    json_object_foreach(all, name, example)
    {
        for (unsigned i = 0; i < rounds * OTLP_WAYS; i++) {
            enum otlp_way way = (enum otlp_way)(i % OTLP_WAYS);
            wrong += otlp_way_is_built(way) &&
                     !is_right(name, json_object_get(example, "expected"), way, order, &seed);
        }
    }
    json_decref(all);
    assert_int_equal(wrong, 0);
}

TEST(each_example_has_its_expected_reading)
{
    check_all(OTLP_AT_ONCE, 1);
}

TEST(what_is_sent_twice_counts_once)
{
    check_all(OTLP_DOUBLED, 1);
}

TEST(spans_may_come_one_by_one)
{
    check_all(OTLP_ONE_BY_ONE, 1);
}

TEST(spans_may_come_in_reverse)
{
    check_all(OTLP_IN_REVERSE, 1);
}

TEST(spans_may_come_in_any_order)
{
    check_all(OTLP_SHUFFLED, 5);
}
