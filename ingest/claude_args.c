/* Tools name the same thing differently; the row that comes first tells most. */
#include "ingest/claude_args.h"

#include "core/json_text.h"
#include "ingest/claude_calls.h"

enum { ARGUMENT_BYTES = 200 };

static const char *const names[] = {"command", "file_path", "notebook_path", "pattern",      "path",
                                    "url",     "query",     "description",   "subagent_type"};

bool claude_args_put(struct json_value input, struct strbuf *scratch, struct strbuf *out)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct json_value value = json_get(input, names[i]);
        if (value.type != JSON_TYPE_STRING || value.len <= 2)
            continue;
        strbuf_clear(scratch);
        json_get_string(value, scratch);
        struct slice text = {.bytes = scratch->data, .len = scratch->failed ? 0 : scratch->len};
        text = claude_cut(text, ARGUMENT_BYTES);
        strbuf_addf(out, "{\"%s\":", names[i]);
        json_put_string(out, text.bytes == NULL ? "" : text.bytes, text.len);
        strbuf_addc(out, '}');
        return true;
    }
    return false;
}
