/* The args that an operation sets, gathered as raw JSON and then merged over those of its begin. */
#include "core/tracer/tracer_private.h"

#include <math.h>

void arg_list_init(struct arg_list *list, const struct mem *mem)
{
    list->count = 0;
    strbuf_init(&list->text, mem, 0);
}

void arg_list_release(struct arg_list *list)
{
    strbuf_release(&list->text);
}

/* The value that was written from `from` on; its pointer is set at the merge, for the text may still move. */
static void add_arg(struct arg_list *list, const char *key, size_t from)
{
    if (list->count < sizeof list->args / sizeof *list->args) {
        list->offsets[list->count] = from;
        list->args[list->count++] = (struct json_arg){key, NULL, list->text.len - from};
    }
}

void arg_number(struct arg_list *list, const char *key, double value)
{
    size_t from = list->text.len;
    if (!isnan(value)) {
        json_put_number(&list->text, value);
    }
    add_arg(list, key, from);
}

void arg_text(struct arg_list *list, const char *key, struct slice text)
{
    size_t from = list->text.len;
    if (text.bytes != NULL) {
        json_put_string(&list->text, text.bytes, text.len);
    }
    add_arg(list, key, from);
}

void arg_bool(struct arg_list *list, const char *key, bool value)
{
    size_t from = list->text.len;
    json_put_bool(&list->text, value);
    add_arg(list, key, from);
}

void arg_merge(struct arg_list *list, struct strbuf *out, const char *base, size_t len)
{
    out->failed |= list->text.failed;
    for (size_t i = 0; i < list->count && !out->failed; i++) {
        list->args[i].raw = list->args[i].len > 0 ? list->text.data + list->offsets[i] : NULL;
    }
    if (!out->failed) {
        json_merge_args(out, base, len, list->args, list->count);
    }
}
