/* The words are sorted into one text a field first, so that the last one counts; objects collect their
   members. Then the line is written in the order of the fields, and checked by the very code that will
   read it at the other end: what that would refuse is refused here. */
#include "ingest/feed/emit.h"

#include "core/base/json_text.h"
#include "ingest/feed/feed_ops.h"

#include <math.h>
#include <string.h>

struct words {
    const struct feed_op *op;
    const char *text[FEED_FIELDS];      /* NULL: not said; borrowed */
    struct strbuf members[FEED_FIELDS]; /* of objects, comma-separated */
    struct strbuf *error;
};

static bool is_object(enum feed_field field)
{
    return feed_fields[field].type == FEED_OBJECT || feed_fields[field].type == FEED_COUNTERS;
}

static bool has_field(const struct feed_op *op, enum feed_field field)
{
    return ((op->required | op->optional | FEED_COMMON) & FEED_BIT(field)) != 0;
}

static bool wrong(struct words *words, const char *what, const char *word)
{
    strbuf_addf(words->error, "%s: %s: %s", words->op->name, what, word);
    return false;
}

/* A number, true, false or null as it stands; anything else is a string. */
static void put_literal(struct strbuf *out, const char *text)
{
    struct json_value value;
    bool literal = json_check(text, strlen(text), 1, &value, NULL) &&
                   value.type != JSON_TYPE_STRING && value.type != JSON_TYPE_ARRAY &&
                   value.type != JSON_TYPE_OBJECT;
    if (literal)
        strbuf_add(out, value.raw, value.len);
    else
        json_put_cstr(out, text);
}

/* args.K=V */
static void add_member(struct words *words, enum feed_field field, const char *key, size_t key_len,
                       const char *value)
{
    struct strbuf *members = &words->members[field];
    if (members->len > 0)
        strbuf_addc(members, ',');
    json_put_string(members, key, key_len);
    strbuf_addc(members, ':');
    put_literal(members, value);
}

/* args={…}: its members, as if they had come one by one. */
static bool add_members(struct words *words, enum feed_field field, const char *text)
{
    struct json_value value;
    struct strbuf *members = &words->members[field];
    if (!json_check(text, strlen(text), 64, &value, NULL) || value.type != JSON_TYPE_OBJECT)
        return false;
    struct json_walk walk = json_walk(value);
    struct json_member member;
    while (json_next_member(&walk, &member)) {
        if (members->len > 0)
            strbuf_addc(members, ',');
        strbuf_add(members, member.key.raw, member.key.len);
        strbuf_addc(members, ':');
        strbuf_add(members, member.value.raw, member.value.len);
    }
    return true;
}

static bool sort_word(struct words *words, const char *word)
{
    const char *equals = strchr(word, '=');
    if (equals == NULL || equals == word)
        return wrong(words, "not KEY=VALUE", word);
    const char *dot = memchr(word, '.', (size_t)(equals - word));
    const char *name_end = dot != NULL ? dot : equals;
    enum feed_field field = feed_field_of(word, (size_t)(name_end - word));
    if (field == FEED_FIELDS || field == OP_OP || !has_field(words->op, field) ||
        (dot != NULL && !is_object(field)))
        return wrong(words, "no such field", word);
    words->text[field] = equals + 1;
    if (dot != NULL)
        add_member(words, field, dot + 1, (size_t)(equals - dot - 1), equals + 1);
    else if (is_object(field) && !add_members(words, field, equals + 1))
        return wrong(words, "not a JSON object", word);
    return true;
}

/* [1,2] or 1,2 */
static void put_numbers(struct strbuf *out, const char *text)
{
    bool array = text[strspn(text, " \t")] == '[';
    strbuf_addf(out, array ? "%s" : "[%s]", text);
}

static void put_value(const struct words *words, enum feed_field field, struct strbuf *line)
{
    const char *text = words->text[field];
    switch (feed_fields[field].type) {
    case FEED_TEXT: json_put_cstr(line, text); break;
    case FEED_NUMBERS: put_numbers(line, text); break;
    case FEED_OBJECT:
    case FEED_COUNTERS:
        strbuf_addc(line, '{');
        strbuf_add(line, words->members[field].data, words->members[field].len);
        strbuf_addc(line, '}');
        break;
    case FEED_TIME:
    case FEED_NUMBER:
    case FEED_BOOL: put_literal(line, text); break;
    }
}

static void put_line(const struct words *words, const char *session, double t_ms,
                     struct strbuf *line)
{
    strbuf_adds(line, "{\"op\":");
    json_put_cstr(line, words->op->name);
    if (words->text[OP_T] == NULL && !isnan(t_ms)) {
        strbuf_adds(line, ",\"t\":");
        json_put_number(line, t_ms);
    }
    if (words->text[OP_SESSION_ID] == NULL && session != NULL) {
        strbuf_adds(line, ",\"session_id\":");
        json_put_cstr(line, session);
    }
    for (int i = 0; i < FEED_FIELDS; i++) {
        if (words->text[i] == NULL)
            continue;
        strbuf_addf(line, ",\"%s\":", feed_fields[i].name);
        put_value(words, (enum feed_field)i, line);
    }
    strbuf_addc(line, '}');
}

/* As the reader would. */
static bool check_line(struct words *words, const char *line, size_t len)
{
    struct feed_values values;
    struct json_value object;
    uint64_t ignored = 0;
    enum feed_field culprit = FEED_FIELDS;
    enum feed_typed typed = FEED_WRONG_TYPE;
    feed_values_init(&values, words->error->mem);
    /* What is no JSON now can only be a list of numbers that is none. */
    if (!json_check(line, len, 64, &object, NULL))
        culprit = OP_ATTEMPT_START_TIMES;
    else if (!feed_values_read(&values, object))
        typed = FEED_NO_MEMORY;
    else
        typed = feed_op_type(words->op, &values, &ignored, &culprit);
    feed_values_release(&values);
    if (typed == FEED_NO_MEMORY) {
        strbuf_adds(words->error, "out of memory");
        return false;
    }
    if (ignored != 0)
        culprit = (enum feed_field)__builtin_ctzll(ignored);
    if (typed == FEED_TYPED && ignored == 0)
        return true;
    const struct feed_field_info *info = &feed_fields[culprit];
    bool said = words->text[culprit] != NULL;
    strbuf_addf(words->error, said ? "%s: %s is not %s" : "%s: %s is missing", words->op->name,
                info->name, feed_type_words(info->type));
    return false;
}

bool emit_build(const char *op, char *const *pairs, size_t count, const char *session, double t_ms,
                struct strbuf *line, struct strbuf *error)
{
    struct words words = {.op = feed_op_of(op, strlen(op)), .error = error};
    if (words.op == NULL) {
        strbuf_addf(error, "%s: no such operation", op);
        return false;
    }
    for (int i = 0; i < FEED_FIELDS; i++)
        strbuf_init(&words.members[i], error->mem, 0);
    size_t from = line->len;
    bool good = true;
    for (size_t i = 0; i < count && good; i++)
        good = sort_word(&words, pairs[i]);
    if (good) {
        put_line(&words, session, t_ms, line);
        bool failed = line->failed;
        for (int i = 0; i < FEED_FIELDS; i++)
            failed |= words.members[i].failed;
        good = !failed && check_line(&words, line->data + from, line->len - from);
        if (failed)
            strbuf_adds(error, "out of memory");
        strbuf_addc(line, '\n');
    }
    for (int i = 0; i < FEED_FIELDS; i++)
        strbuf_release(&words.members[i]);
    return good && !line->failed;
}

/* ---- help ---- */

enum { HELP_COLS = 80, HELP_INDENT = 20 };

/* `*at`: the column. */
static void put_fields(struct strbuf *out, uint64_t fields, const char *format, size_t *at)
{
    for (; fields != 0; fields &= fields - 1) {
        enum feed_field field = (enum feed_field)__builtin_ctzll(fields);
        struct strbuf name;
        strbuf_init(&name, out->mem, 0);
        strbuf_addf(&name, "%s%s", feed_fields[field].name, is_object(field) ? ".K" : "");
        size_t cols = name.len + (format[0] == '[' ? 4 : 2);
        if (*at + cols > HELP_COLS) {
            strbuf_addf(out, "\n%*s", HELP_INDENT, "");
            *at = HELP_INDENT;
        }
        *at += cols;
        if (name.data != NULL)
            strbuf_addf(out, format[0] == '[' ? " [%s=]" : " %s=", name.data);
        strbuf_release(&name);
    }
}

void emit_help(struct strbuf *out)
{
    strbuf_adds(out,
                "Operations, and their fields as KEY=VALUE ([…]: may be left out). All take\n"
                "[t=] [session_id=] [agent_id=] too; .K=V adds the member K to an object.\n\n");
    for (size_t i = 0; i < feed_op_count; i++) {
        strbuf_addf(out, "  %-18s %s\n", feed_ops[i].name, feed_ops[i].help);
        if ((feed_ops[i].required | feed_ops[i].optional) == 0)
            continue;
        size_t at = HELP_INDENT;
        strbuf_addf(out, "%*s", HELP_INDENT, "");
        put_fields(out, feed_ops[i].required, "", &at);
        put_fields(out, feed_ops[i].optional & ~feed_ops[i].required, "[", &at);
        strbuf_addc(out, '\n');
    }
}
