/* Following a directory of transcripts, by a client made for it: files named *.toy in one directory, whose bytes it collects. */
#include "ingest/transcript_dir.h"
#include "tests/support/rig.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct toy_file {
    struct transcript_file file;
    char name[20];
    struct strbuf text;
    unsigned restarts;
};

struct toy {
    struct transcript_dir dir;
    struct transcript_search *root;
    struct toy_file files[20];
    size_t count;
    unsigned entries; /* calls of `found` */
    bool finished;
};

static struct toy *toy; /* of the test that runs */

static void look(struct transcript_dir *dir, uint64_t now_ms)
{
    (void)now_ms;
    if (toy->root == NULL) {
        toy->root = transcript_dir_search(dir, source_argument(&dir->source), NULL);
    } else {
        transcript_dir_find(dir);
    }
    for (size_t i = 0; i < toy->count; i++) {
        if (transcript_file_look(&toy->files[i].file)) {
            toy->files[i].restarts++;
            strbuf_clear(&toy->files[i].text);
        }
    }
    source_set_state(&dir->source, SOURCE_OPEN);
}

static struct toy_file *toy_of(const char *name)
{
    for (size_t i = 0; i < toy->count; i++) {
        if (strcmp(toy->files[i].name, name) == 0) {
            return &toy->files[i];
        }
    }
    return NULL;
}

static void found(struct transcript_dir *dir, const struct transcript_search *where,
                  const char *name, const char *path)
{
    assert_ptr_equal(where->ctx, NULL);
    toy->entries++;
    if (strstr(name, ".toy") == NULL || toy_of(name) != NULL) {
        return;
    }
    struct toy_file *file = &toy->files[toy->count++];
    snprintf(file->name, sizeof file->name, "%s", name);
    strbuf_init(&file->text, &mem_libc, 0);
    assert_true(transcript_dir_add(dir, &file->file, path));
}

static struct transcript_file *next(struct transcript_dir *dir)
{
    (void)dir;
    for (size_t i = 0; i < toy->count; i++) {
        if (transcript_file_has_more(&toy->files[i].file)) {
            return &toy->files[i].file;
        }
    }
    return NULL;
}

static void take(struct transcript_dir *dir, struct transcript_file *file, const char *bytes,
                 size_t len, uint64_t now_ms)
{
    (void)dir, (void)now_ms;
    strbuf_add(&((struct toy_file *)file)->text, bytes, len);
}

static void read_up(struct transcript_dir *dir, uint64_t now_ms, bool loaded, bool last)
{
    (void)dir, (void)now_ms, (void)loaded;
    toy->finished |= last;
}

static void finish(struct transcript_dir *dir)
{
    (void)dir;
}

static const struct transcript_dir_ops ops = {look, found, next, take, read_up, finish};

static bool open_toy(struct source *source, struct strbuf *error)
{
    (void)error;
    toy = (struct toy *)source;
    return transcript_dir_begin(&toy->dir, &ops);
}

static void release_toy(struct source *source)
{
    (void)source;
    transcript_dir_release(&toy->dir);
    for (size_t i = 0; i < toy->count; i++) {
        strbuf_release(&toy->files[i].text);
    }
}

static const struct source_ops toy_ops = {
    .size = sizeof(struct toy),
    .open = open_toy,
    .close = transcript_dir_close,
    .release = release_toy,
    .read_slot = transcript_dir_read_slot,
    .finish = transcript_dir_finish,
    .stop = transcript_dir_stop,
    .reads = transcript_dir_reads,
};

/* A new client is a row. */
static const struct source_row rows[] = {{.prefix = "toy:", .ops = &toy_ops}, {.ops = NULL}};

/* ---- */

static struct rig *rig_of(void **state, const char *dir, bool follow)
{
    struct rig *rig = *state;
    char spec[600];
    snprintf(spec, sizeof spec, "toy:%s", dir);
    rig_start_hub(rig, (struct hub_options){.follow = follow, .sources = rows});
    rig_add(rig, spec);
    return rig;
}

static void put(const char *dir, const char *name, const char *text)
{
    support_write_file(support_path(dir, name), text, strlen(text));
}

struct want {
    const char *name, *text;
};

static bool has_text(struct rig *rig, void *ctx)
{
    const struct want *want = ctx;
    const struct toy_file *file = toy_of(want->name);
    (void)rig;
    return file != NULL && file->text.len == strlen(want->text) &&
           (file->text.len == 0 || memcmp(file->text.data, want->text, file->text.len) == 0);
}

static void until_text(struct rig *rig, const char *name, const char *text)
{
    struct want want = {name, text};
    rig_until(rig, has_text, &want);
}

RIG_TEST(files_that_exist_are_read_once)
{
    const char *dir = support_tmpdir();
    put(dir, "a.toy", "one\n");
    put(dir, "b.txt", "no");
    put(dir, ".hidden.toy", "no");
    struct rig *rig = rig_of(state, dir, false);
    rig_until_finished(rig);
    assert_int_equal(toy->count, 1);
    assert_true(toy->finished);
    until_text(rig, "a.toy", "one\n");
    assert_true(hub_reads(rig->hub, support_path(dir, "a.toy")));
    assert_false(hub_reads(rig->hub, support_path(dir, "b.txt")));
}

RIG_TEST(what_comes_grows_or_is_replaced_is_read)
{
    const char *dir = support_path(support_tmpdir(), "later");
    struct rig *rig = rig_of(state, dir, true);
    rig_run_ms(rig, 20);
    assert_int_equal(mkdir(dir, 0700), 0);
    put(dir, "a.toy", "one\n");
    until_text(rig, "a.toy", "one\n");
    put(dir, "b.toy", "x");
    until_text(rig, "b.toy", "x");
    put(dir, "a.toy", "one\ntwo\n");
    until_text(rig, "a.toy", "one\ntwo\n");
    assert_int_equal(toy_of("a.toy")->restarts, 0);
    put(dir, "a.toy", "new\n"); /* shorter */
    until_text(rig, "a.toy", "new\n");
    assert_int_equal(toy_of("a.toy")->restarts, 1);
    put(dir, "c", "another file\n");
    assert_int_equal(rename(support_path(dir, "c"), support_path(dir, "a.toy")), 0);
    until_text(rig, "a.toy", "another file\n");
    assert_int_equal(toy_of("a.toy")->restarts, 2);
    /* What was read of a file stays when it vanishes. */
    assert_int_equal(unlink(support_path(dir, "a.toy")), 0);
    put(dir, "b.toy", "xy");
    until_text(rig, "b.toy", "xy");
    until_text(rig, "a.toy", "another file\n");
    assert_int_equal(hub_source(rig->hub, 0).bad, 0);
}

RIG_TEST(a_file_is_read_in_pieces)
{
    const char *dir = support_tmpdir();
    size_t len = (3u << 20) + 17;
    char *text = malloc(len + 1);
    assert_non_null(text);
    for (size_t i = 0; i < len; i++) {
        text[i] = (char)('a' + i % 26);
    }
    text[len] = '\0';
    put(dir, "a.toy", text);
    struct rig *rig = rig_of(state, dir, true);
    until_text(rig, "a.toy", text);
    free(text);
}

RIG_TEST(a_directory_that_does_not_change_is_not_listed)
{
    const char *dir = support_tmpdir();
    put(dir, "a.toy", "one\n");
    struct timespec old[2] = {{.tv_sec = 1000000}, {.tv_sec = 1000000}};
    assert_int_equal(utimensat(AT_FDCWD, dir, old, 0), 0);
    struct rig *rig = rig_of(state, dir, true);
    until_text(rig, "a.toy", "one\n");
    unsigned entries = toy->entries;
    put(dir, "a.toy", "one\ntwo\n"); /* the file's change is none of its directory */
    until_text(rig, "a.toy", "one\ntwo\n");
    assert_int_equal(toy->entries, entries);
}
