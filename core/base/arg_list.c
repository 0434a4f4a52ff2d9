/* Values are written one after another into one text; pointers into it are set at the merge,
   because the text may still move. A value of no length is undefined. */
#include "core/base/arg_list.h"

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

static void add_arg(struct arg_list *list, const char *key, size_t from)
{
    if (list->count < ARG_LIST_MAX) {
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

void arg_text(struct arg_list *list, const char *key, const char *text, size_t len)
{
    size_t from = list->text.len;
    if (text != NULL) {
        json_put_string(&list->text, text, len);
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
