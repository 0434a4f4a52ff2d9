/* The traces below Claude Code's directory that are shown where no source is named. */
#include "ingest/trace/pack.h"
#include "tests/support/rig.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* The seed's document of a session; `more`: further metadata. */
#define DOCUMENT(session, more)                                                                     \
    "{\"traceEvents\":[{\"name\":\"process_name\",\"ph\":\"M\",\"ts\":0,\"pid\":1,\"tid\":0,"       \
    "\"args\":{\"name\":\"main\"}}],\"metadata\":{\"session_id\":\"" session                        \
    "\",\"trace_start_time\":\"2025-10-09T08:53:20.000Z\",\"agent_count\":1,\"total_event_count\":" \
    "1" more "}}"

struct home {
    struct rig rig;
    const char *dir;
    struct source_setting settings[2];
};

static void make_dir(struct home *h, const char *rel)
{
    assert_int_equal(mkdir(support_path(h->dir, rel), 0700), 0);
}

static int setup(void **state)
{
    struct home *h = calloc(1, sizeof *h);
    rig_init(&h->rig);
    h->dir = support_tmpdir();
    make_dir(h, "projects");
    make_dir(h, "projects/-a");
    h->settings[0] = (struct source_setting){"traces:", "dir", support_path(h->dir, "traces")};
    rig_start_hub(&h->rig, (struct hub_options){.follow = true, .settings = h->settings});
    *state = h;
    return 0;
}

static int teardown(void **state)
{
    struct home *h = *state;
    rig_release(&h->rig);
    free(h);
    return 0;
}

static const char *put(struct home *h, const char *rel, const char *text)
{
    const char *path = support_path(h->dir, rel);
    support_write_file(path, text, strlen(text));
    return path;
}

static bool has_session(struct rig *rig, void *ctx)
{
    return rig_session(rig, ctx) != NULL;
}

static void until(struct home *h, const char *session)
{
    char id[20];
    snprintf(id, sizeof id, "%s", session);
    rig_until(&h->rig, has_session, id);
}

TEST_WITH(only_recent_traces_of_sessions_without_other_files_are_shown, setup, teardown)
{
    struct home *h = *state;
    make_dir(h, "traces");
    const char *old = put(h, "traces/trace-old.json", DOCUMENT("old", ""));
    const struct timespec times[2] = {{.tv_sec = 1759990000}, {.tv_sec = 1759990000}};
    assert_int_equal(utimensat(AT_FDCWD, old, times, 0), 0);
    put(h, "traces/trace-there.json", DOCUMENT("there", ""));
    put(h, "projects/-a/there.jsonl", "");
    put(h, "traces/trace-ours.json", DOCUMENT("ours", ",\"swarmtop\":{\"version\":2}"));
    put(h, "traces/notes.txt", "none");
    put(h, "traces/trace-zz.json", DOCUMENT("zz", ""));
    rig_add(&h->rig, "traces:");
    until(h, "zz");
    assert_null(rig_session(&h->rig, "old"));
    assert_null(rig_session(&h->rig, "there"));
    assert_null(rig_session(&h->rig, "ours"));
    /* One that comes later; an old one is looked at again then. */
    assert_int_equal(utimensat(AT_FDCWD, old, NULL, 0), 0);
    put(h, "traces/trace-new.json", DOCUMENT("new", ""));
    until(h, "new");
    until(h, "old");
}

/* A client may write the trace first. */
TEST_WITH(a_trace_waits_for_its_transcript, setup, teardown)
{
    struct home *h = *state;
    make_dir(h, "traces");
    rig_add(&h->rig, "traces:");
    const struct timespec now = {.tv_sec = h->rig.now_ns / 1000000000};
    const struct timespec times[2] = {now, now};
    const char *late = put(h, "late", DOCUMENT("late", ""));
    const char *alone = put(h, "alone", DOCUMENT("alone", ""));
    assert_int_equal(utimensat(AT_FDCWD, late, times, 0), 0);
    assert_int_equal(utimensat(AT_FDCWD, alone, times, 0), 0);
    assert_int_equal(rename(late, support_path(h->dir, "traces/trace-late.json")), 0);
    assert_int_equal(rename(alone, support_path(h->dir, "traces/trace-alone.json")), 0);
    put(h, "traces/trace-next.json", DOCUMENT("next", ""));
    until(h, "next"); /* the others were looked at */
    put(h, "projects/-a/late.jsonl", "");
    assert_null(rig_session(&h->rig, "alone"));
    h->rig.now_ns += INT64_C(10000000000);
    until(h, "alone");
    assert_null(rig_session(&h->rig, "late"));
}

static bool add_packed(void *ctx, const char *bytes, size_t len)
{
    strbuf_add(ctx, bytes, len);
    return true;
}

/* What this program packs is known by its mark, not by what is in it. */
static void put_marked(const char *path)
{
    struct strbuf out;
    strbuf_init(&out, &mem_libc, 0);
    struct pack *pack = pack_new(&mem_libc, add_packed, &out);
    assert_true(pack_write(pack, DOCUMENT("marked", ""), sizeof DOCUMENT("marked", "") - 1));
    assert_true(pack_finish(pack));
    pack_free(pack);
    support_write_file(path, out.data, out.len);
    strbuf_release(&out);
}

TEST_WITH(a_packed_trace_of_ours_is_none, setup, teardown)
{
    struct home *h = *state;
    make_dir(h, "traces");
    const char *path = support_path(h->dir, "traces/trace-ours.json.gz");
    const char text[] = DOCUMENT("ours", ",\"swarmtop\":{\"version\":2}");
    gzFile file = gzopen(path, "wb");
    assert_int_equal(gzwrite(file, text, sizeof text - 1), (int)sizeof text - 1);
    assert_int_equal(gzclose(file), Z_OK);
    put_marked(support_path(h->dir, "traces/trace-marked.json.gz"));
    put(h, "traces/trace-zz.json", DOCUMENT("zz", ""));
    rig_add(&h->rig, "traces:");
    until(h, "zz");
    assert_null(rig_session(&h->rig, "ours"));
    assert_null(rig_session(&h->rig, "marked"));
}

static bool lacks_session(struct rig *rig, void *ctx)
{
    return rig_session(rig, ctx) == NULL;
}

/* However much later the transcript comes: the session counts once. */
TEST_WITH(a_trace_is_taken_back_when_its_transcript_comes, setup, teardown)
{
    struct home *h = *state;
    char late[] = "late";
    make_dir(h, "traces");
    const char *path = put(h, "traces/trace-late.json", DOCUMENT("late", ""));
    put(h, "traces/trace-zz.json", DOCUMENT("zz", ""));
    rig_add(&h->rig, "traces:");
    until(h, "late");
    until(h, "zz");
    put(h, "projects/-a/late.jsonl", "");
    rig_until(&h->rig, lacks_session, late);
    assert_non_null(rig_session(&h->rig, "zz"));
    assert_non_null(rig_logged(&h->rig, "left out: the session's other files show it"));
    put(h, "traces/trace-late.json", DOCUMENT("late", "")); /* written again */
    put(h, "traces/trace-next.json", DOCUMENT("next", ""));
    until(h, "next");
    assert_null(rig_session(&h->rig, "late"));
    assert_true(hub_reads(h->rig.hub, path)); /* and never written to */
}

/* What a trace is was found out once: unpacking it at each look would cost too much. */
TEST_WITH(a_trace_of_ours_is_asked_for_again_when_it_has_changed, setup, teardown)
{
    struct home *h = *state;
    static const char ours[] = DOCUMENT("ours", ",\"swarmtop\":{\"version\":2}");
    static const char other[] = DOCUMENT("ours", ",\"perfetto\":{\"version\":2}");
    assert_int_equal(sizeof ours, sizeof other);
    make_dir(h, "traces");
    const struct timespec times[2] = {{.tv_sec = h->rig.now_ns / 1000000000 - 100},
                                      {.tv_sec = h->rig.now_ns / 1000000000 - 100}};
    const char *path = put(h, "traces/trace-ours.json", ours);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    put(h, "traces/trace-a.json", DOCUMENT("a", ""));
    rig_add(&h->rig, "traces:");
    until(h, "a");
    int fd = open(path, O_WRONLY);
    assert_int_equal(write(fd, other, sizeof other - 1), (ssize_t)sizeof other - 1);
    close(fd);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    put(h, "traces/trace-z1.json", DOCUMENT("z1", "")); /* read last */
    until(h, "z1");
    assert_null(rig_session(&h->rig, "ours"));
    assert_int_equal(utimensat(AT_FDCWD, path, NULL, 0), 0);
    put(h, "traces/trace-z2.json", DOCUMENT("z2", ""));
    until(h, "z2");
    until(h, "ours");
}

TEST_WITH(the_directory_may_come_later, setup, teardown)
{
    struct home *h = *state;
    size_t index = rig_add(&h->rig, "traces:");
    assert_int_equal(hub_source(h->rig.hub, index).state, SOURCE_WAITING);
    assert_string_equal(hub_source(h->rig.hub, index).place, h->settings[0].value);
    make_dir(h, "traces");
    put(h, "traces/trace-a.json", DOCUMENT("a", ""));
    until(h, "a");
    assert_int_equal(hub_source(h->rig.hub, index).state, SOURCE_OPEN);
}

/* What the program writes there is no source, also when it looks again. */
TEST_WITH(an_output_may_be_written_there, setup, teardown)
{
    struct home *h = *state;
    make_dir(h, "traces");
    rig_add(&h->rig, "traces:");
    assert_false(hub_reads(h->rig.hub, support_path(h->dir, "traces/trace-live.json")));
}
