/* check_document FILE...: fails, with a line for each fault, where Perfetto would not show a document
   of ours as it is. Other files, documents of other producers and damaged ones are passed over. How
   many spans are open, and how many ends close nothing, only the model knows. */
#include "tests/support/perfetto_check.h"

#include "core/base/json_read.h"

#include <stdio.h>
#include <zlib.h>

enum { DEPTH = 1000 };

/* Reads a file, plain or gzip. */
static bool read_file(const char *path, struct strbuf *out)
{
    char bytes[65536];
    int len = -1;
    gzFile file = gzopen(path, "rb");
    while (file != NULL && (len = gzread(file, bytes, sizeof bytes)) > 0) {
        strbuf_add(out, bytes, (size_t)len);
    }
    if (file != NULL) {
        gzclose(file);
    }
    return len == 0 && !out->failed && out->len > 0;
}

static bool is_ours(const struct strbuf *text)
{
    struct json_value document;
    if (!json_check(text->data, text->len, DEPTH, &document, NULL)) {
        return false;
    }
    struct json_value metadata = json_get(document, "metadata");
    return json_get(metadata, "swarmtop").type == JSON_TYPE_OBJECT &&
           json_get(document, "traceEvents").type == JSON_TYPE_ARRAY;
}

static bool check_file(const char *path)
{
    struct perfetto_allow allow = {SIZE_MAX, SIZE_MAX};
    struct strbuf text, faults;
    strbuf_init(&text, &mem_libc, 0);
    strbuf_init(&faults, &mem_libc, 0);
    bool good = !read_file(path, &text) || !is_ours(&text) ||
                perfetto_check(text.data, text.len, allow, &faults);
    if (!good) {
        printf("%s: Perfetto does not show it as it is:\n%s", path, faults.data);
    }
    strbuf_release(&text);
    strbuf_release(&faults);
    return good;
}

int main(int argc, char **argv)
{
    bool good = true;
    for (int i = 1; i < argc; i++) {
        good = check_file(argv[i]) && good;
    }
    return good ? 0 : 1;
}
