/* The members that an operation sets in an event's args: gathered as raw JSON, then merged over
   those of a base object. */
#ifndef CORE_BASE_ARG_LIST_H
#define CORE_BASE_ARG_LIST_H

#include "core/base/json_args.h"

#include <stddef.h>

enum { ARG_LIST_MAX = 24 }; /* a further member is dropped: no operation sets as many */

struct arg_list {
    struct strbuf text; /* the values, one after another */
    struct json_arg args[ARG_LIST_MAX];
    size_t offsets[ARG_LIST_MAX];
    size_t count;
};

void arg_list_init(struct arg_list *list, const struct mem *mem);
void arg_list_release(struct arg_list *list);
void arg_number(struct arg_list *list, const char *key, double value); /* NAN: undefined */
/* `text` NULL: undefined. */
void arg_text(struct arg_list *list, const char *key, const char *text, size_t len);
void arg_bool(struct arg_list *list, const char *key, bool value);
/* Appends {...base, ...list}; `base` may be NULL. Lack of memory sets out->failed. */
void arg_merge(struct arg_list *list, struct strbuf *out, const char *base, size_t len);

#endif
