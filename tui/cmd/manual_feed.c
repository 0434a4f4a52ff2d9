/* The tables of swarmtop-feed(7), from those by which the decoder reads and `emit` writes. */
#include "tui/cmd/manual.h"

#include "core/model/update.h"
#include "ingest/feed/feed_ops.h"
#include "ingest/feed/feed_update.h"

#include <string.h>

static bool is_common(const char *name)
{
    enum feed_field field = feed_field_of(name, strlen(name));
    return field < FEED_FIELDS && (FEED_COMMON & FEED_BIT(field)) != 0;
}

/* Appends the fields that the operation requires, or those that it may have, after a heading. The
   common ones are only of note where they are required. */
static void put_fields(struct strbuf *out, const struct feed_op *op, bool required)
{
    struct feed_op_field fields[FEED_OP_FIELDS_MAX];
    size_t count = feed_op_list(op, fields), put = 0;
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    strbuf_adds(&text, required ? "Required:" : "Optional:");
    for (size_t i = 0; i < count; i++) {
        if (fields[i].required == required && (required || !is_common(fields[i].name))) {
            strbuf_addf(&text, "%s `%s`", put++ > 0 ? "," : "", fields[i].name);
        }
    }
    strbuf_adds(&text, ".");
    if (put > 0) {
        strbuf_adds(out, ".br\n");
        manual_text(out, 0, text.failed ? "" : text.data);
    }
    strbuf_release(&text);
}

void manual_feed_operations(struct strbuf *out)
{
    for (size_t i = 0; i < feed_op_count; i++) {
        manual_row(out, feed_ops[i].name, feed_ops[i].help);
        put_fields(out, &feed_ops[i], true);
        put_fields(out, &feed_ops[i], false);
    }
}

/* Appends one field with its type and the operations that have it. Returns their number. */
static void put_field(struct strbuf *out, const char *name, enum feed_type type)
{
    struct strbuf text;
    size_t takers = 0;
    strbuf_init(&text, &mem_libc, 0);
    strbuf_addf(&text, "%s: ", feed_type_words(type));
    for (size_t i = 0; i < feed_op_count; i++) {
        struct feed_op_field fields[FEED_OP_FIELDS_MAX];
        size_t count = feed_op_list(&feed_ops[i], fields);
        for (size_t k = 0; k < count; k++) {
            if (strcmp(fields[k].name, name) == 0 && fields[k].type == type) {
                strbuf_addf(&text, "%s%s", takers++ > 0 ? ", " : "", feed_ops[i].name);
            }
        }
    }
    if (takers == feed_op_count) {
        strbuf_clear(&text);
        strbuf_addf(&text, "%s: every operation", feed_type_words(type));
    }
    if (takers > 0) {
        manual_row(out, name, text.failed ? "" : text.data);
    }
    strbuf_release(&text);
}

void manual_feed_fields(struct strbuf *out)
{
    for (int i = 0; i < FEED_FIELDS; i++) {
        put_field(out, feed_fields[i].name, feed_fields[i].type);
    }
    for (int i = 0; i < FIELDS; i++) {
        const struct field_row *row = &update_fields[i];
        enum feed_field same = feed_field_of(row->key, strlen(row->key));
        /* A name that operations and updates share has one row, unless the types differ. */
        if (same == FEED_FIELDS || feed_fields[same].type != feed_update_type(row->type)) {
            put_field(out, row->key, feed_update_type(row->type));
        }
    }
}

void manual_feed_joins(struct strbuf *out)
{
    static const struct {
        enum field_rule rule;
        const char *meaning;
    } rules[] = {
        {RULE_LEAST, "of the higher precedence, then the least"},
        {RULE_GREATEST, "of the higher precedence, then the greatest"},
        {RULE_TEXT, "of the higher precedence, then the longer text, then the greater bytes"},
        {RULE_FALSE, "of the higher precedence, then false"},
        {RULE_UNION, "all of the highest precedence"},
        {RULE_BY_KEY, "each member by itself: of the higher precedence, then as texts"},
        {RULE_LATEST, "the latest, whatever its precedence"},
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct strbuf names;
        strbuf_init(&names, &mem_libc, 0);
        for (int field = 0; field < FIELDS; field++) {
            if (update_fields[field].rule == rules[i].rule) {
                strbuf_addf(&names, "%s%s", names.len > 0 ? ", " : "", update_fields[field].key);
            }
        }
        manual_row(out, rules[i].meaning, names.failed || names.len == 0 ? "" : names.data);
        strbuf_release(&names);
    }
}
