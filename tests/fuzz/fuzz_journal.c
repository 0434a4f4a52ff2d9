/* Anything as the journal of a dead run, cut at some byte: its beginning is cut off as under a cap,
   and a document is recovered from each. A journal that is read has at most one bad line more than
   its whole lines have; recovering twice gives the same document. */
#include "tests/fuzz/fuzz_model.h"
#include "tui/cmd/journal_cut.h"
#include "tui/cmd/recover.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char path[64];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nothing has to survive a power cut here. */
int fsync(int fd)
{
    (void)fd;
    return 0;
}

static void remove_file(void)
{
    unlink(path);
}

static int put_file(const char *bytes, size_t len)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    fuzz_require(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
    return fd;
}

/* Sets *document to what is recovered; returns the number of bad lines. */
static uint64_t recover(int fd, struct strbuf *document)
{
    const struct options options = {.output = NULL};
    struct recover_config config = {.mem = &mem_libc, .options = &options, .path = path, .fd = fd};
    struct strbuf text;
    uint64_t dropped = 0, bad = 0;
    strbuf_init(&text, &mem_libc, 0);
    if (journal_file_read_head(fd, &config.head)) {
        /* A cap of a few events, so that dropping is fuzzed too. */
        config.head.max_events %= 64;
        enum recovered recovered = recover_journal(&config, &text, &dropped, &bad);
        fuzz_require(recovered == RECOVERED || recovered == RECOVERED_NOTHING);
        if (recovered == RECOVERED) {
            char bytes[4096];
            FILE *file = fopen(text.data, "rb");
            fuzz_require(file != NULL);
            for (size_t len; (len = fread(bytes, 1, sizeof bytes, file)) > 0;) {
                strbuf_add(document, bytes, len);
            }
            fclose(file);
            unlink(text.data);
        }
    }
    strbuf_release(&text);
    return bad;
}

static void require_same(const struct strbuf *a, const struct strbuf *b)
{
    fuzz_require(a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0));
}

static size_t whole_lines(const char *bytes, size_t len)
{
    while (len > 0 && bytes[len - 1] != '\n') {
        len--;
    }
    return len;
}

/* Cuts off what lies before a boundary between lines. */
static void cut_beginning(int fd, const char *bytes, size_t len)
{
    struct journal_cut cut = {.mem = &mem_libc,
                              .path = path,
                              .fd = fd,
                              .at = whole_lines(bytes, len / 2),
                              .events = 10,
                              .dropped = 5,
                              .max_events = 20,
                              .now_ms = 1760000000000};
    struct strbuf document;
    uint64_t moved;
    int cut_fd = journal_cut(&cut, &moved);
    strbuf_init(&document, &mem_libc, 0);
    if (cut_fd >= 0) {
        (void)recover(cut_fd, &document);
        close(cut_fd);
    }
    strbuf_release(&document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    if (path[0] == '\0') {
        snprintf(path, sizeof path, "/tmp/fuzz_journal.%ld", (long)getpid());
        atexit(remove_file);
    }
    const char *bytes = (const char *)data + 1;
    size_t len = (size - 1) * (1 + data[0] % 128u) / 128;
    struct strbuf document, again, whole;
    strbuf_init(&document, &mem_libc, 0);
    strbuf_init(&again, &mem_libc, 0);
    strbuf_init(&whole, &mem_libc, 0);
    int fd = put_file(bytes, len);
    uint64_t bad = recover(fd, &document);
    fuzz_require(recover(fd, &again) == bad);
    require_same(&document, &again);
    close(fd);
    fd = put_file(bytes, whole_lines(bytes, len));
    fuzz_require(bad <= recover(fd, &whole) + 1);
    cut_beginning(fd, bytes, len);
    close(fd);
    strbuf_release(&document);
    strbuf_release(&again);
    strbuf_release(&whole);
    return 0;
}
