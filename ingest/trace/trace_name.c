/* One list of extensions serves both questions. A directory's *.trace may be of any other program,
   so only a name given by the user has that one. */
#include "ingest/trace/trace_name.h"

#include <string.h>

static const char *const extensions[] = {".json", ".ndjson", ".jsonl", ".trace"};
enum { EXTENSIONS = sizeof extensions / sizeof *extensions, IN_DIRECTORIES = 3 };

/* Returns the length without the extension; `len` if the name does not have it, or is nothing
   else. */
static size_t cut(const char *name, size_t len, const char *extension)
{
    size_t n = strlen(extension);
    return len > n && memcmp(name + len - n, extension, n) == 0 ? len - n : len;
}

/* Returns the length without .zst and .gz and then one of the first `count` extensions. */
static size_t bare_length(const char *name, size_t count, bool *found)
{
    size_t len = cut(name, cut(name, strlen(name), ".zst"), ".gz");
    *found = false;
    for (size_t i = 0; i < count && !*found; i++) {
        size_t bare = cut(name, len, extensions[i]);
        *found = bare != len;
        len = bare;
    }
    return len;
}

bool trace_name_is_trace(const char *name)
{
    bool found;
    (void)bare_length(name, IN_DIRECTORIES, &found);
    return found && name[0] != '.';
}

void trace_name_session(const char *path, struct strbuf *out)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL && slash[1] != '\0' ? slash + 1 : path;
    bool found;
    strbuf_add(out, name, bare_length(name, EXTENSIONS, &found));
}
