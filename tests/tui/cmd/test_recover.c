/* Recovery of one journal: the document is that of the lines that are whole, wherever the journal
   was cut. Nothing is replaced, and files that are no journals are left alone. */
#include "tui/cmd/recover.h"

#include "core/export/run_lock.h"
#include "tests/support/rig.h"
#include "tests/support/support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Thousands of documents are written, and nothing is lost with them. */
int fsync(int fd)
{
    (void)fd;
    return 0;
}

#define HEAD "{\"op\":\"journal\",\"t\":1760625065000,\"version\":1,\"max_events\":0}\n"

/* Appends a journal of at least 5 KB with every kind of line. */
static void make_journal(struct strbuf *out)
{
    strbuf_adds(out, HEAD "{\"op\":\"hello\",\"t\":1760625065000,\"session_id\":\"s\"}\n");
    for (int i = 0; i < 20; i++) {
        strbuf_addf(out,
                    "{\"op\":\"start_tool\",\"t\":%lld,\"session_id\":\"s\",\"span_id\":\"%d\","
                    "\"tool_name\":\"Bash\",\"args\":{\"command\":\"café %d\"}}\n",
                    1760625066000 + i * 10LL, i, i);
        strbuf_addf(out,
                    "{\"op\":\"update_call\",\"t\":%lld,\"session_id\":\"u\",\"kind\":\"tool\","
                    "\"id\":\"c%d\",\"name\":\"Read\",\"start_ms\":%lld}\n",
                    1760625066002 + i * 10LL, i, 1760625066001 + i * 10LL);
        strbuf_addf(
            out,
            "{\"op\":\"raw\",\"t\":%lld,\"session_id\":\"s\",\"event\":{\"ph\":\"i\",\"ts\":%d,"
            "\"name\":\"x\",\"pid\":1,\"tid\":1}}\n",
            1760625066003 + i * 10LL, 1000 + i);
        if (i % 3 != 0) {
            strbuf_addf(
                out, "{\"op\":\"end_tool\",\"t\":%lld,\"session_id\":\"s\",\"span_id\":\"%d\"}\n",
                1760625066005 + i * 10LL, i);
        }
    }
    assert_true(!out->failed && out->len > 5000);
}

/* Recovers the bytes in a directory of their own; *text is the document's path or the reason. */
static enum recovered recover(const char *dir, const char *bytes, size_t len, struct strbuf *text)
{
    const struct options options = {.output = NULL};
    struct recover_config config = {
        .mem = &mem_libc, .options = &options, .path = support_path(dir, "run-1.journal")};
    uint64_t dropped, bad;
    support_write_file(config.path, bytes, len);
    config.fd = run_lock_claim(config.path);
    assert_true(config.fd >= 0);
    strbuf_clear(text);
    enum recovered result = RECOVERED_NOTHING;
    if (journal_file_read_head(config.fd, &config.head)) {
        result = recover_journal(&config, text, &dropped, &bad);
        assert_int_equal(bad, 0);
    }
    close(config.fd);
    return result;
}

/* Returns new: the document of these bytes; NULL: none. */
static char *document_of(const char *dir, const char *bytes, size_t len)
{
    struct strbuf text;
    char *document = NULL;
    strbuf_init(&text, &mem_libc, 0);
    if (recover(dir, bytes, len, &text) == RECOVERED) {
        document = support_read_file(text.data, NULL);
        unlink(text.data);
    }
    strbuf_release(&text);
    return document;
}

static size_t whole_lines(const char *bytes, size_t len)
{
    while (len > 0 && bytes[len - 1] != '\n') {
        len--;
    }
    return len;
}

TEST(a_journal_cut_at_every_byte_gives_the_document_of_its_whole_lines)
{
    const char *dir = support_tmpdir();
    struct strbuf journal;
    char *expected = NULL;
    size_t expected_len = 0;
    strbuf_init(&journal, &mem_libc, 0);
    make_journal(&journal);
    for (size_t len = journal.len - 4096; len <= journal.len; len++) {
        size_t whole = whole_lines(journal.data, len);
        /* A line without its end is whole too. */
        bool at_end = len < journal.len && journal.data[len] == '\n';
        char *document = document_of(dir, journal.data, len);
        if (expected == NULL || whole != expected_len) {
            free(expected);
            expected = document_of(dir, journal.data, whole);
            expected_len = whole;
        }
        assert_non_null(document);
        if (!at_end) {
            assert_string_equal(document, expected);
        }
        free(document);
    }
    free(expected);
    strbuf_release(&journal);
}

TEST(a_cut_journal_opens_as_a_file_without_a_bad_line)
{
    const char *path = support_path(support_tmpdir(), "x.journal");
    struct strbuf journal;
    strbuf_init(&journal, &mem_libc, 0);
    make_journal(&journal);
    for (size_t cut = 0; cut < 4096; cut += 37) {
        struct rig rig;
        rig_init(&rig);
        rig_start_hub(&rig, (struct hub_options){.follow = false});
        support_write_file(path, journal.data, journal.len - cut);
        rig_add(&rig, path);
        rig_until_finished(&rig);
        struct source_status status = hub_source(rig.hub, 0);
        assert_int_equal(status.bad, 0);
        assert_string_equal(status.error, "");
        assert_true(status.events > 0);
        rig_release(&rig);
    }
    strbuf_release(&journal);
}

TEST(no_file_is_replaced_and_a_journal_of_nothing_gives_no_document)
{
    const char *dir = support_tmpdir();
    static const char hello[] =
        HEAD "{\"op\":\"hello\",\"t\":1760625065000,\"session_id\":\"s\"}\n";
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    support_write_file(support_path(dir, "trace-s.json"), "mine", 4);
    assert_int_equal(symlink("nowhere", support_path(dir, "trace-s-2.json")), 0);
    assert_int_equal(recover(dir, hello, sizeof hello - 1, &text), RECOVERED);
    assert_string_equal(text.data, support_path(dir, "trace-s-3.json"));
    struct stat st;
    assert_int_equal(stat(text.data, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    char *mine = support_read_file(support_path(dir, "trace-s.json"), NULL);
    assert_string_equal(mine, "mine");
    free(mine);
    assert_int_equal(recover(dir, HEAD, sizeof HEAD - 1, &text), RECOVERED_NOTHING);
    assert_int_equal(recover(dir, "{\"op\":\"hello\"}\n", 15, &text), RECOVERED_NOTHING);
    strbuf_release(&text);
}

TEST(the_cap_is_that_of_the_run)
{
    static const struct options options = {.output = "x.json"};
    const char *path = support_path(support_tmpdir(), "x.json.journal");
    struct strbuf journal, text;
    strbuf_init(&journal, &mem_libc, 0);
    strbuf_init(&text, &mem_libc, 0);
    strbuf_adds(&journal, "{\"op\":\"journal\",\"max_events\":10}\n");
    for (int i = 0; i < 25; i++) {
        strbuf_addf(&journal,
                    "{\"op\":\"instant\",\"t\":%lld,\"session_id\":\"s\",\"name\":\"n%d\","
                    "\"cat\":\"x\"}\n",
                    1760625065000 + (long long)i, i);
    }
    support_write_file(path, journal.data, journal.len);
    struct recover_config config = {
        .mem = &mem_libc, .options = &options, .path = path, .fd = run_lock_claim(path)};
    uint64_t dropped, bad;
    assert_true(journal_file_read_head(config.fd, &config.head));
    assert_int_equal(recover_journal(&config, &text, &dropped, &bad), RECOVERED);
    char *document = support_read_file(text.data, NULL);
    assert_true(dropped >= 15);
    assert_null(strstr(document, "\"n0\""));
    assert_non_null(strstr(document, "\"n24\""));
    assert_non_null(strstr(document, "trace_truncated"));
    free(document);
    close(config.fd);
    strbuf_release(&journal);
    strbuf_release(&text);
}

TEST(a_recovery_that_is_cancelled_writes_nothing)
{
    const char *dir = support_tmpdir(), *path = support_path(dir, "run-1.journal");
    static const struct options options = {.output = NULL};
    atomic_bool cancelled = true;
    struct strbuf journal, text;
    strbuf_init(&journal, &mem_libc, 0);
    strbuf_init(&text, &mem_libc, 0);
    make_journal(&journal);
    support_write_file(path, journal.data, journal.len);
    struct recover_config config = {.mem = &mem_libc,
                                    .options = &options,
                                    .path = path,
                                    .fd = run_lock_claim(path),
                                    .cancelled = &cancelled};
    uint64_t dropped, bad;
    assert_int_equal(recover_journal(&config, &text, &dropped, &bad), RECOVER_CANCELLED);
    assert_int_equal(access(support_path(dir, "trace-s.json"), F_OK), -1);
    close(config.fd);
    strbuf_release(&journal);
    strbuf_release(&text);
}

TEST(counts_that_cannot_be_are_ignored)
{
    static const char *const counts[] = {"-1", "1e300", "\"x\"", "null", "1e14"};
    const char *dir = support_tmpdir();
    char *first = NULL;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct strbuf journal;
        strbuf_init(&journal, &mem_libc, 0);
        strbuf_addf(&journal,
                    "{\"op\":\"journal\",\"max_events\":4}\n"
                    "{\"op\":\"journal\",\"cut\":true,\"events\":%s,\"dropped\":%s}\n",
                    counts[i], counts[i]);
        for (int n = 0; n < 9; n++) {
            strbuf_addf(&journal,
                        "{\"op\":\"instant\",\"t\":1760625065000,\"session_id\":\"s\","
                        "\"name\":\"n%d\",\"cat\":\"x\"}\n",
                        n);
        }
        char *document = document_of(dir, journal.data, journal.len);
        assert_non_null(document);
        assert_non_null(strstr(document, "\"n8\""));
        first = first == NULL ? strdup(document) : first;
        if (strcmp(counts[i], "1e14") != 0) { /* that many can be */
            assert_string_equal(document, first);
        }
        free(document);
        strbuf_release(&journal);
    }
    free(first);
}
