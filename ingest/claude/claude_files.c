/* A file's name has the id of its session or agent; where it has not, the first line does. */
#include "ingest/claude/claude_files.h"

#include "ingest/client_value.h"
#include "ingest/transcript_file.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PEEK_BYTES = 256 << 10 };

static bool ends_with(const char *name, size_t len, const char *end)
{
    size_t n = strlen(end);
    return len > n && memcmp(name + len - n, end, n) == 0;
}

struct slice claude_files_id(const char *name, const char *prefix)
{
    size_t len = strlen(name), skip = strlen(prefix);
    if (name[0] == '.' || !ends_with(name, len, ".jsonl") || strncmp(name, prefix, skip) != 0 ||
        len - skip <= 6 || len - skip - 6 > CLIENT_ID_BYTES)
        return (struct slice){NULL, 0};
    return (struct slice){name + skip, len - skip - 6};
}

bool claude_files_session(const struct mem *mem, const char *path, struct strbuf *out)
{
    static const char name[] = "\"sessionId\"";
    int fd = transcript_file_open(path);
    char *bytes = fd < 0 ? NULL : mem_alloc(mem, PEEK_BYTES);
    ssize_t len = bytes == NULL ? -1 : pread(fd, bytes, PEEK_BYTES, 0);
    const char *at = len > 0 ? memmem(bytes, (size_t)len, name, sizeof name - 1) : NULL;
    size_t before = out->len;
    if (at != NULL) {
        const char *end = bytes + len;
        at += sizeof name - 1;
        while (at < end && (*at == ' ' || *at == ':')) {
            at++;
        }
        const char *close_quote =
            at < end && *at == '"' ? memchr(at + 1, '"', (size_t)(end - at - 1)) : NULL;
        if (close_quote != NULL && close_quote - at <= CLIENT_ID_BYTES) {
            strbuf_add(out, at + 1, (size_t)(close_quote - at - 1));
        }
    }
    mem_free(mem, bytes, bytes == NULL ? 0 : PEEK_BYTES);
    if (fd >= 0) {
        close(fd);
    }
    return out->len > before && !out->failed;
}
