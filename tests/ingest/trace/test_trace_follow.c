/* Trace files that are followed: through every way in which a file changes, the picture is that of
   the file as a whole, and half a document leaves it as it was. */
#include "tests/support/rig.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* Longer than two looks at the file: for what must not happen. */
enum { TWO_LOOKS_MS = 450 };

#define A "{\"ph\":\"B\",\"ts\":1,\"pid\":1,\"tid\":1,\"name\":\"a\"}"
#define B "{\"ph\":\"E\",\"ts\":2,\"pid\":1,\"tid\":1,\"name\":\"a\"}"
#define C "{\"ph\":\"i\",\"ts\":3,\"pid\":1,\"tid\":1,\"name\":\"c\"}"
#define D "{\"ph\":\"i\",\"ts\":4,\"pid\":2,\"tid\":1,\"name\":\"d\"}"
#define M1 \
    "{\"ph\":\"M\",\"ts\":0,\"pid\":1,\"tid\":0,\"name\":\"process_name\",\"args\":{\"name\":\"main\"}}"
#define M2 \
    "{\"ph\":\"M\",\"ts\":0,\"pid\":2,\"tid\":0,\"name\":\"process_name\",\"args\":{\"name\":\"sub\"}}"
#define META        "\"metadata\":{\"session_id\":\"s\",\"trace_start_time\":\"2025-10-09T08:53:20.000Z\"}"
#define DOC(events) "{\"traceEvents\":[" events "]," META "}"
#define OP_HELLO    "{\"op\":\"hello\",\"t\":1760000000000,\"session_id\":\"f\"}\n"
#define OP(name)    "{\"op\":\"instant\",\"t\":1760000000005,\"name\":\"" name "\",\"cat\":\"x\"}\n"

static int setup(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);
    rig_init(rig);
    rig_start_hub(rig, (struct hub_options){.follow = true});
    *state = rig;
    return 0;
}

static int teardown(void **state)
{
    rig_release(*state);
    free(*state);
    return 0;
}

static const char *new_path(void)
{
    return support_path(support_tmpdir(), "t.json");
}

static void put(const char *path, const char *text)
{
    support_write_file(path, text, strlen(text));
}

static void append(const char *path, const char *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_APPEND);
    assert_true(fd >= 0 && write(fd, text, len) == (ssize_t)len);
    close(fd);
}

static void replace(const char *path, const char *text)
{
    char other[500];
    snprintf(other, sizeof other, "%s.tmp", path);
    put(other, text);
    assert_int_equal(rename(other, path), 0);
}

struct names {
    const char *text; /* the names of all events in memory, one after another */
};

static char *names_of(const struct rig *rig)
{
    char *out = NULL;
    size_t len;
    FILE *file = open_memstream(&out, &len);
    for (int pool = 0; pool < 2; pool++) {
        const struct event_store *store = swarm_store(rig->model.swarm, (enum swarm_pool)pool);
        struct event event;
        for (uint64_t no = event_store_first(store); no < event_store_end(store); no++) {
            if (event_store_get(store, no, &event)) {
                fputs(swarm_text(rig->model.swarm, event.name), file);
            }
        }
    }
    fclose(file);
    return out;
}

static bool has_names(struct rig *rig, void *ctx)
{
    const struct names *want = ctx;
    char *names = names_of(rig);
    bool same = strcmp(names, want->text) == 0;
    free(names);
    return same;
}

static void until_names(struct rig *rig, const char *text)
{
    struct names names = {text};
    rig_until(rig, has_names, &names);
}

static void still_names(struct rig *rig, const char *text)
{
    rig_run_ms(rig, TWO_LOOKS_MS);
    char *names = names_of(rig);
    assert_string_equal(names, text);
    free(names);
}

/* The model is the one that the file gives when it is opened now. */
static void same_as_opened(struct rig *rig, const char *path)
{
    struct rig again;
    rig_init(&again);
    rig_start_hub(&again, (struct hub_options){.follow = false});
    rig_add(&again, path);
    rig_until_finished(&again);
    char *fresh = rig_dump(&again), *followed = rig_dump(rig);
    assert_string_equal(followed, fresh);
    free(fresh);
    free(followed);
    rig_release(&again);
}

TEST_WITH(a_file_that_is_not_there_yet_is_waited_for, setup, teardown)
{
    struct rig *rig = *state;
    const char *path = new_path();
    size_t index = rig_add(rig, path);
    rig_run_ms(rig, 20);
    assert_int_equal(hub_source(rig->hub, index).state, SOURCE_WAITING);
    assert_false(hub_finished(rig->hub));
    assert_true(hub_reads(rig->hub, path));
    put(path, DOC(A "," B));
    until_names(rig, "aa");
    assert_int_equal(hub_source(rig->hub, index).state, SOURCE_OPEN);
    same_as_opened(rig, path);
}

TEST_WITH(an_array_grows, setup, teardown)
{
    struct rig *rig = *state;
    static const char text[] = "[" A ",\n" B ",\n" C ",\n" D ",\n";
    const char *path = new_path();
    put(path, "[");
    rig_add(rig, path);
    uint64_t seed = 7;
    for (size_t at = 1; at < sizeof text - 1;) {
        size_t n = 1 + support_random_below(&seed, 60);
        n = n < sizeof text - 1 - at ? n : sizeof text - 1 - at;
        append(path, text + at, n);
        at += n;
        rig_run_ms(rig, 30);
    }
    until_names(rig, "aacd");
    same_as_opened(rig, path);
}

TEST_WITH(a_session_lives_from_the_first_change_on, setup, teardown)
{
    struct rig *rig = *state;
    const char *path = new_path();
    put(path, DOC(A));
    rig_add(rig, path);
    until_names(rig, "a");
    assert_int_not_equal(rig_session(rig, "s")->flags & SESSION_FINISHED, 0);
    rig->now_ns = model_ns(5000);
    put(path, DOC(A "," B));
    until_names(rig, "aa");
    assert_int_equal(rig_session(rig, "s")->flags & SESSION_FINISHED, 0);
    assert_int_equal(swarm_session_now(rig->model.swarm, rig_session_no(rig, "s"), model_ns(5100)),
                     rig_session(rig, "s")->clock_ns + 100 * 1000000);
}

TEST_WITH(a_document_is_rewritten_whole, setup, teardown)
{
    struct rig *rig = *state;
    const char *path = new_path();
    put(path, DOC(M1 "," A));
    rig_add(rig, path);
    until_names(rig, "a");
    put(path, DOC(M1 "," A "," B));
    until_names(rig, "aa");
    put(path, DOC(M1 "," M2 "," A "," B "," C "," D)); /* one more agent shifts what follows */
    until_names(rig, "aacd");
    assert_int_equal(rig_live_sessions(rig), 1);
    same_as_opened(rig, path);
}

TEST_WITH(half_a_document_leaves_the_picture_as_it_was, setup, teardown)
{
    struct rig *rig = *state;
    static const char text[] = DOC(M1 "," A "," B "," C);
    const char *path = new_path();
    put(path, DOC(M1 "," A "," B));
    rig_add(rig, path);
    until_names(rig, "aa");
    uint64_t seed = 3;
    for (int i = 0; i < 6; i++) {
        /* The first cuts are the worst ones: nothing, all but the last, just after an event. */
        size_t cut = i == 0   ? 0
                     : i == 1 ? sizeof text - 2
                     : i == 2 ? strlen("{\"traceEvents\":[" M1 "," A)
                              : support_random_below(&seed, sizeof text - 1);
        support_write_file(path, text, cut);
        still_names(rig, "aa");
        assert_int_equal(rig_live_sessions(rig), 1);
    }
    assert_false(hub_failed(rig->hub));
    put(path, text);
    until_names(rig, "aac");
    same_as_opened(rig, path);
}

TEST_WITH(a_document_that_is_another_is_loaded_anew, setup, teardown)
{
    struct rig *rig = *state;
    const char *path = new_path();
    put(path, DOC(A "," B "," C));
    rig_add(rig, path);
    until_names(rig, "aac");
    put(path, DOC(D "," C));
    until_names(rig, "dc");
    assert_int_equal(rig_live_sessions(rig), 1);
    same_as_opened(rig, path);
}

TEST_WITH(a_document_is_replaced_by_rename, setup, teardown)
{
    struct rig *rig = *state;
    const char *path = new_path();
    put(path, DOC(A));
    rig_add(rig, path);
    until_names(rig, "a");
    replace(path, DOC(A "," B "," C));
    until_names(rig, "aac");
    same_as_opened(rig, path);
    replace(path, DOC(D));
    until_names(rig, "d");
    same_as_opened(rig, path);
}

TEST_WITH(what_is_removed_stays_and_may_come_back, setup, teardown)
{
    struct rig *rig = *state;
    const char *path = new_path();
    put(path, DOC(A "," B));
    rig_add(rig, path);
    until_names(rig, "aa");
    assert_int_equal(unlink(path), 0);
    still_names(rig, "aa");
    assert_false(hub_failed(rig->hub));
    put(path, DOC(A "," B "," C));
    until_names(rig, "aac");
}

TEST_WITH(what_the_producer_evicts_the_viewer_keeps, setup, teardown)
{
    struct rig *rig = *state;
    static const char marker[] =
        "{\"ph\":\"i\",\"ts\":2,\"pid\":1,\"tid\":0,\"name\":\"trace_truncated\",\"cat\":\"__metadata\",\"args\":{\"dropped_events\":2}}";
    char text[2000];
    const char *path = new_path();
    put(path, DOC(M1 "," A "," B "," C));
    rig_add(rig, path);
    until_names(rig, "aac");
    snprintf(text, sizeof text, "{\"traceEvents\":[" M1 ",%s," C "," D "]," META "}", marker);
    put(path, text);
    until_names(rig, "aacd");
    snprintf(text, sizeof text, "{\"traceEvents\":[" M1 "," M2 ",%s," C "," D "," A "]," META "}",
             marker);
    put(path, text);
    until_names(rig, "aacda");
    assert_int_equal(rig_session(rig, "s")->metadata_count, 2);
}

TEST_WITH(a_bad_event_does_not_keep_a_document_from_being_shown, setup, teardown)
{
    struct rig *rig = *state;
    const char *path = new_path();
    put(path, DOC(A ",{\"ph\" 1}," B));
    size_t index = rig_add(rig, path);
    until_names(rig, "aa");
    assert_int_equal(hub_source(rig->hub, index).bad, 1);
    assert_non_null(rig_logged(rig, "t.json: line 1: not JSON"));
    put(path, DOC(A ",{\"ph\" 1}," B "," C));
    until_names(rig, "aac");
    assert_int_equal(hub_source(rig->hub, index).bad, 1); /* the same one is not counted again */
}

/* ---- lines ---- */

TEST_WITH(a_feed_in_a_file_grows, setup, teardown)
{
    struct rig *rig = *state;
    const char *path = new_path();
    put(path, OP_HELLO OP("a"));
    rig_add(rig, path);
    until_names(rig, "a");
    append(path, OP("b"), strlen(OP("b")));
    until_names(rig, "ab");
    append(path, OP("c"), strlen(OP("c")) - 1); /* its '\n' is to come */
    still_names(rig, "ab");
    append(path, "\n" OP("d"), strlen("\n" OP("d")));
    until_names(rig, "abcd");
    assert_int_equal(rig_live_sessions(rig), 1);
    assert_int_equal(hub_source(rig->hub, 0).bad, 0);
}

TEST_WITH(a_feed_in_a_file_starts_again_when_the_file_is_truncated, setup, teardown)
{
    struct rig *rig = *state;
    const char *path = new_path();
    put(path, OP_HELLO OP("a") OP("b"));
    rig_add(rig, path);
    until_names(rig, "ab");
    put(path, OP("c"));
    until_names(rig, "abc");
    /* Grown and another file: the old offset is in the middle of a line. */
    put(path, OP("first-of-a-longer-file") OP("second") OP("third"));
    until_names(rig, "abcfirst-of-a-longer-filesecondthird");
    assert_int_equal(hub_source(rig->hub, 0).bad, 0);
}

TEST_WITH(a_feed_that_is_replaced_by_a_longer_copy_is_not_taken_twice, setup, teardown)
{
    struct rig *rig = *state;
    const char *path = new_path();
    put(path, OP_HELLO OP("a") OP("b"));
    rig_add(rig, path);
    until_names(rig, "ab");
    replace(path, OP_HELLO OP("a") OP("b") OP("c"));
    until_names(rig, "abc");
    still_names(rig, "abc");
}

TEST_WITH(raw_lines_that_are_others_are_loaded_anew, setup, teardown)
{
    struct rig *rig = *state;
    const char *path = new_path();
    put(path, A "\n" B "\n" C "\n");
    rig_add(rig, path);
    until_names(rig, "aac");
    put(path, D "\n");
    until_names(rig, "d");
    same_as_opened(rig, path);
    put(path, DOC(A "," B)); /* and then a document */
    until_names(rig, "aa");
    same_as_opened(rig, path);
    put(path, C "\n");
    until_names(rig, "c");
    same_as_opened(rig, path);
}

TEST_WITH(raw_lines_grow, setup, teardown)
{
    struct rig *rig = *state;
    const char *path = new_path();
    put(path, A "\n");
    rig_add(rig, path);
    until_names(rig, "a");
    append(path, B "\n" C "\n", strlen(B "\n" C "\n"));
    until_names(rig, "aac");
    same_as_opened(rig, path);
}

/* ---- gzip ---- */

static void append_zipped(const char *path, const char *text)
{
    gzFile file = gzopen(path, "ab");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, text, (unsigned)strlen(text)), (int)strlen(text));
    assert_int_equal(gzclose(file), Z_OK);
}

TEST_WITH(gzip_grows_by_members, setup, teardown)
{
    struct rig *rig = *state;
    const char *path = new_path();
    append_zipped(path, "[" A ",\n");
    rig_add(rig, path);
    until_names(rig, "a");
    append_zipped(path, B ",\n" C);
    until_names(rig, "aac");
    same_as_opened(rig, path);
}

/* ---- directories ---- */

TEST_WITH(traces_that_appear_in_a_directory_are_read, setup, teardown)
{
    struct rig *rig = *state;
    const char *dir = support_tmpdir();
    put(support_path(dir, "one.json"), "[" A);
    rig_add(rig, dir);
    until_names(rig, "a");
    put(support_path(dir, "two.json"), "[" C);
    until_names(rig, "ac");
    assert_true(hub_reads(rig->hub, support_path(dir, "three.json"))); /* it would become one */
    assert_false(hub_reads(rig->hub, support_path(dir, "three.txt")));
}
