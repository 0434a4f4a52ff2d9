/* The pairs are sorted into one text for each field first, so the last one counts; objects
   collect their members. The line is then written in the order of the fields, and checked by the
   reader's own code, so `emit` refuses what a reader would refuse. */
#include "ingest/feed/emit.h"

#include "core/base/json_text.h"
#include "core/base/nearest.h"
#include "ingest/feed/feed_ops.h"
#include "ingest/feed/feed_update.h"

#include <math.h>
#include <string.h>

struct words {
    const struct feed_op *op;
    struct feed_op_field fields[FEED_OP_FIELDS_MAX];
    size_t count;
    const char *text[FEED_OP_FIELDS_MAX];      /* by field; NULL: not given; borrowed */
    struct strbuf members[FEED_OP_FIELDS_MAX]; /* of objects, comma-separated */
    struct strbuf *error;
};

static bool is_object(enum feed_type type)
{
    return type == FEED_OBJECT || type == FEED_COUNTERS || type == FEED_RETRY;
}

/* Returns the index of a field in the operation's list, its length if the field is unknown. */
static size_t find_field(const struct words *words, const char *name, size_t len)
{
    size_t i = 0;
    while (i < words->count && !(strncmp(words->fields[i].name, name, len) == 0 &&
                                 words->fields[i].name[len] == '\0')) {
        i++;
    }
    return i;
}

static bool is_given(const struct words *words, const char *name)
{
    size_t at = find_field(words, name, strlen(name));
    return at < words->count && words->text[at] != NULL;
}

static bool wrong(struct words *words, const char *what, const char *word)
{
    strbuf_addf(words->error, "%s: %s: %s", words->op->name, what, word);
    return false;
}

/* Writes a number, true, false or null unchanged, anything else as a string. */
static void put_literal(struct strbuf *out, const char *text)
{
    struct json_value value;
    bool literal = json_check(text, strlen(text), 1, &value, NULL) &&
                   value.type != JSON_TYPE_STRING && value.type != JSON_TYPE_ARRAY &&
                   value.type != JSON_TYPE_OBJECT;
    if (literal) {
        strbuf_add(out, value.raw, value.len);
    } else {
        json_put_cstr(out, text);
    }
}

/* args.K=V */
static void add_member(struct words *words, size_t field, const char *key, size_t key_len,
                       const char *value)
{
    struct strbuf *members = &words->members[field];
    if (members->len > 0) {
        strbuf_addc(members, ',');
    }
    json_put_string(members, key, key_len);
    strbuf_addc(members, ':');
    put_literal(members, value);
}

/* args={…}: its members, as if they had come one by one. */
static bool add_members(struct words *words, size_t field, const char *text)
{
    struct json_value value;
    struct strbuf *members = &words->members[field];
    if (!json_check(text, strlen(text), 64, &value, NULL) || value.type != JSON_TYPE_OBJECT) {
        return false;
    }
    struct json_walk walk = json_walk(value);
    struct json_member member;
    while (json_next_member(&walk, &member)) {
        if (members->len > 0) {
            strbuf_addc(members, ',');
        }
        strbuf_add(members, member.key.raw, member.key.len);
        strbuf_addc(members, ':');
        strbuf_add(members, member.value.raw, member.value.len);
    }
    return true;
}

static bool sort_word(struct words *words, const char *word)
{
    const char *equals = strchr(word, '=');
    if (equals == NULL || equals == word) {
        return wrong(words, "not KEY=VALUE", word);
    }
    const char *dot = memchr(word, '.', (size_t)(equals - word));
    const char *name_end = dot != NULL ? dot : equals;
    size_t field = find_field(words, word, (size_t)(name_end - word));
    bool object = field < words->count && is_object(words->fields[field].type);
    if (field == words->count || (dot != NULL && !object)) {
        return wrong(words, "no such field", word);
    }
    words->text[field] = equals + 1;
    if (dot != NULL) {
        add_member(words, field, dot + 1, (size_t)(equals - dot - 1), equals + 1);
    } else if (object && !add_members(words, field, equals + 1)) {
        return wrong(words, "not a JSON object", word);
    }
    return true;
}

/* [1,2] or 1,2 */
static void put_numbers(struct strbuf *out, const char *text)
{
    bool array = text[strspn(text, " \t")] == '[';
    strbuf_addf(out, array ? "%s" : "[%s]", text);
}

static void put_value(const struct words *words, size_t field, struct strbuf *line)
{
    const char *text = words->text[field];
    switch (words->fields[field].type) {
    case FEED_TEXT:
    case FEED_ID:
    case FEED_KIND:
    case FEED_OUTCOME: json_put_cstr(line, text); break;
    case FEED_NUMBERS: put_numbers(line, text); break;
    case FEED_OBJECT:
    case FEED_RETRY:
    case FEED_COUNTERS:
        strbuf_addc(line, '{');
        strbuf_add(line, words->members[field].data, words->members[field].len);
        strbuf_addc(line, '}');
        break;
    case FEED_TIME:
    case FEED_PRECEDENCE:
    case FEED_NUMBER:
    case FEED_BOOL: put_literal(line, text); break;
    }
}

static void put_line(const struct words *words, const char *session, double t_ms,
                     struct strbuf *line)
{
    strbuf_adds(line, "{\"op\":");
    json_put_cstr(line, words->op->name);
    if (!is_given(words, "t") && !isnan(t_ms)) {
        strbuf_adds(line, ",\"t\":");
        json_put_number(line, t_ms);
    }
    if (!is_given(words, "session_id") && session != NULL) {
        strbuf_adds(line, ",\"session_id\":");
        json_put_cstr(line, session);
    }
    for (size_t i = 0; i < words->count; i++) {
        if (words->text[i] == NULL) {
            continue;
        }
        strbuf_addf(line, ",\"%s\":", words->fields[i].name);
        put_value(words, i, line);
    }
    strbuf_addc(line, '}');
}

/* The first field that the reader would refuse or ignore. */
struct refused {
    bool no_memory;
    const char *name; /* NULL: nothing */
    enum feed_type type;
};

static struct refused read_update(const struct feed_op *op, struct json_value object,
                                  const struct mem *mem)
{
    struct feed_update reader;
    struct update update = {.op = feed_op_update(op)};
    struct refused refused = {.name = NULL};
    uint64_t ignored = 0;
    feed_update_init(&reader, mem);
    refused.no_memory = !feed_update_read(&reader, object, &update, &ignored);
    if (ignored != 0) {
        const struct field_row *row = &update_fields[__builtin_ctzll(ignored)];
        refused.name = row->key;
        refused.type = feed_update_type(row->type);
    }
    feed_update_release(&reader);
    return refused;
}

static struct refused read_back(const struct feed_op *op, struct json_value object,
                                const struct mem *mem)
{
    struct feed_values values;
    uint64_t ignored = 0;
    enum feed_field culprit = FEED_FIELDS;
    feed_values_init(&values, mem);
    enum feed_typed typed = feed_values_read(&values, object)
                                ? feed_op_type(op, &values, &ignored, &culprit)
                                : FEED_NO_MEMORY;
    feed_values_release(&values);
    if (ignored != 0) {
        culprit = (enum feed_field)__builtin_ctzll(ignored);
    }
    if (typed == FEED_NO_MEMORY) {
        return (struct refused){.no_memory = true};
    }
    if (typed == FEED_WRONG_TYPE || ignored != 0) {
        return (struct refused){false, feed_fields[culprit].name, feed_fields[culprit].type};
    }
    bool update = feed_op_update(op) != UPDATE_OPS;
    return update ? read_update(op, object, mem) : (struct refused){.name = NULL};
}

static bool check_line(struct words *words, const char *line, size_t len)
{
    struct json_value object;
    /* Only a bad list of numbers can be invalid JSON here. */
    struct refused refused = {false, feed_fields[OP_ATTEMPT_START_TIMES].name, FEED_NUMBERS};
    if (json_check(line, len, 64, &object, NULL)) {
        refused = read_back(words->op, object, words->error->mem);
    }
    if (refused.no_memory) {
        strbuf_adds(words->error, "out of memory");
    } else if (refused.name != NULL) {
        strbuf_addf(words->error,
                    is_given(words, refused.name) ? "%s: %s is not %s" : "%s: %s is missing",
                    words->op->name, refused.name, feed_type_words(refused.type));
    }
    return !refused.no_memory && refused.name == NULL;
}

bool emit_build(const char *op, char *const *pairs, size_t count, const char *session, double t_ms,
                struct strbuf *line, struct strbuf *error)
{
    struct words words = {.op = feed_op_of(op, strlen(op)), .error = error};
    if (words.op == NULL) {
        struct nearest nearest;
        nearest_init(&nearest, op, strlen(op));
        for (size_t i = 0; i < feed_op_count; i++) {
            nearest_offer(&nearest, feed_ops[i].name);
        }
        strbuf_addf(error, "%s: no such operation", op);
        if (nearest.name != NULL) {
            strbuf_addf(error, "; did you mean %s?", nearest.name);
        }
        return false;
    }
    words.count = feed_op_list(words.op, words.fields);
    for (size_t i = 0; i < words.count; i++) {
        strbuf_init(&words.members[i], error->mem, 0);
    }
    size_t from = line->len;
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        good = sort_word(&words, pairs[i]);
    }
    if (good) {
        put_line(&words, session, t_ms, line);
        bool failed = line->failed;
        for (size_t i = 0; i < words.count; i++) {
            failed |= words.members[i].failed;
        }
        good = !failed && check_line(&words, line->data + from, line->len - from);
        if (failed) {
            strbuf_adds(error, "out of memory");
        }
        strbuf_addc(line, '\n');
    }
    for (size_t i = 0; i < words.count; i++) {
        strbuf_release(&words.members[i]);
    }
    return good && !line->failed;
}

/* ---- help ---- */

enum { HELP_COLS = 80, HELP_INDENT = 20 };

/* The fields that are required, or those that are not. `*at`: the column. */
static void put_fields(struct strbuf *out, const struct feed_op_field *fields, size_t count,
                       bool required, size_t *at)
{
    for (size_t i = 0; i < count; i++) {
        const char *member = is_object(fields[i].type) ? ".K" : "";
        if (fields[i].required != required) {
            continue;
        }
        size_t cols = strlen(fields[i].name) + strlen(member) + (required ? 2 : 4);
        if (*at + cols > HELP_COLS) {
            strbuf_addf(out, "\n%*s", HELP_INDENT, "");
            *at = HELP_INDENT;
        }
        *at += cols;
        strbuf_addf(out, required ? " %s%s=" : " [%s%s=]", fields[i].name, member);
    }
}

/* Whether every operation may have the field, so that it needs no mention. */
static bool is_common(const struct feed_op_field *field)
{
    enum feed_field number = feed_field_of(field->name, strlen(field->name));
    return !field->required && number < FEED_FIELDS && (FEED_COMMON & FEED_BIT(number)) != 0;
}

void emit_help(struct strbuf *out)
{
    strbuf_adds(out,
                "Operations, and their fields as KEY=VALUE ([…]: may be left out). All take\n"
                "[t=] [session_id=] [agent_id=] too; .K=V adds the member K to an object.\n\n");
    for (size_t i = 0; i < feed_op_count; i++) {
        struct feed_op_field all[FEED_OP_FIELDS_MAX], fields[FEED_OP_FIELDS_MAX];
        size_t all_count = feed_op_list(&feed_ops[i], all), count = 0;
        for (size_t k = 0; k < all_count; k++) {
            if (!is_common(&all[k])) {
                fields[count++] = all[k];
            }
        }
        strbuf_addf(out, "  %-18s %s\n", feed_ops[i].name, feed_ops[i].help);
        if (count == 0) {
            continue;
        }
        size_t at = HELP_INDENT;
        strbuf_addf(out, "%*s", HELP_INDENT, "");
        put_fields(out, fields, count, true, &at);
        put_fields(out, fields, count, false, &at);
        strbuf_addc(out, '\n');
    }
}
