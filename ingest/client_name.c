/* Clients run in many directories at once, so the directory distinguishes sessions best. */
#include "ingest/client_name.h"

#include "ingest/client_value.h"
#include "ingest/tool_args.h"

#include <string.h>

void client_put_directory(struct slice path, struct strbuf *out)
{
    size_t end = path.len;
    while (end > 1 && strchr("/\\", path.bytes[end - 1]) != NULL) {
        end--;
    }
    size_t from = end;
    while (from > 0 && strchr("/\\", path.bytes[from - 1]) == NULL) {
        from--;
    }
    if (end > from) {
        strbuf_add(out, path.bytes + from, end - from);
    }
}

bool client_is_branch(struct json_value value)
{
    return value.type == JSON_TYPE_STRING && value.len > 2 && !json_string_is(value, "HEAD");
}

void client_put_branch(struct json_value branch, struct strbuf *out)
{
    strbuf_adds(out, out->len > 0 ? " ⎇ " : "⎇ ");
    json_text_cut(branch, CLIENT_ID_BYTES, true, out);
}
