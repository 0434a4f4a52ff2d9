/* Names have points too (`claude-opus-4.5`), so a path is not split at its points: at each level
   the search enters the members whose name begins the rest of the path. */
#include "tui/cmd/report_condition.h"

#include "tui/cmd/report_shape.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 8 };

/* The members with the names of items. */
static const char *const item_names[] = {"agent_id", "session_id", "name",   "model",  "server",
                                         "what",     "kind",       "figure", "session"};

static const struct comparison {
    const char *text; /* the longer ones first */
    bool less, equal, greater;
} comparisons[] = {
    {">=", false, true, true}, {"<=", true, true, false}, {"==", false, true, false},
    {"!=", true, false, true}, {">", false, false, true}, {"<", true, false, false},
    {"=", false, true, false},
};

struct condition {
    const char *path;
    size_t path_len;
    const struct comparison *comparison;
    double limit;
};

static size_t without_blanks(const char *text, size_t len)
{
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t')) {
        len--;
    }
    return len;
}

static bool parse_number(const char *text, double *out)
{
    char *end;
    text += strspn(text, " \t");
    *out = strtod(text, &end);
    return end != text && end[strspn(end, " \t")] == '\0' && isfinite(*out) &&
           strpbrk(text, "xX") == NULL;
}

/* The operator is the last one, as a name may hold others. */
static bool parse(const char *text, struct condition *out)
{
    const char *at = text + strlen(text);
    while (at > text && strchr("<>=!", at[-1]) == NULL) {
        at--;
    }
    const char *number = at;
    while (at > text && number - at < 2 && strchr("<>=!", at[-1]) != NULL) {
        at--;
    }
    text += strspn(text, " \t");
    *out = (struct condition){.path = text};
    for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons; i++) {
        size_t len = strlen(comparisons[i].text);
        if ((size_t)(number - at) == len && memcmp(at, comparisons[i].text, len) == 0) {
            out->comparison = &comparisons[i];
        }
    }
    out->path_len = at > text ? without_blanks(text, (size_t)(at - text)) : 0;
    return out->comparison != NULL && out->path_len > 0 && parse_number(number, &out->limit);
}

bool report_condition_check(const char *text, struct strbuf *error)
{
    struct condition condition;
    if (!parse(text, &condition)) {
        strbuf_addf(error, "'%s' is not FIGURE, one of > >= < <= = !=, and a number", text);
        return false;
    }
    return report_shape_check(condition.path, condition.path_len, error);
}

/* ---- evaluating ---- */

struct search {
    const struct condition *condition;
    enum condition_result result;
    double value;
};

static void compare(struct search *search, double value)
{
    const struct comparison *comparison = search->condition->comparison;
    double limit = search->condition->limit;
    bool holds = value < limit   ? comparison->less
                 : value > limit ? comparison->greater
                                 : comparison->equal;
    if (search->result != CONDITION_HOLDS) {
        search->value = value;
        search->result = holds ? CONDITION_HOLDS : CONDITION_FAILS;
    }
}

/* Returns the path after a name that it begins with; NULL: it begins with another. */
static const char *after(const char *path, const char *end, const char *name)
{
    size_t len = path < end && *path == '*' ? 1 : strlen(name);
    if ((size_t)(end - path) < len || (*path != '*' && memcmp(path, name, len) != 0)) {
        return NULL;
    }
    path += len;
    return path == end ? path : *path == '.' ? path + 1 : NULL;
}

static void enter(struct search *search, json_t *at, const char *path, int depth);

static void enter_item(struct search *search, json_t *item, const char *path, int depth)
{
    const char *end = search->condition->path + search->condition->path_len;
    bool named = false;
    for (size_t i = 0; i < sizeof item_names / sizeof *item_names; i++) {
        const char *name = json_string_value(json_object_get(item, item_names[i]));
        const char *rest = name == NULL ? NULL : after(path, end, name);
        named |= name != NULL;
        if (rest != NULL) {
            enter(search, item, rest, depth + 1);
        }
    }
    const char *rest = named || *path != '*' ? NULL : after(path, end, "");
    if (rest != NULL) {
        enter(search, item, rest, depth + 1);
    }
}

static void enter(struct search *search, json_t *at, const char *path, int depth)
{
    const char *end = search->condition->path + search->condition->path_len;
    if (path == end && json_is_number(at)) {
        compare(search, json_number_value(at));
    }
    if (path >= end || depth > DEPTH_MAX) {
        return;
    }
    for (size_t i = 0; i < json_array_size(at); i++) {
        enter_item(search, json_array_get(at, i), path, depth);
    }
    const char *key;
    json_t *member;
    json_object_foreach(at, key, member)
    {
        const char *rest = after(path, end, key);
        if (rest != NULL) {
            enter(search, member, rest, depth + 1);
        }
    }
}

enum condition_result report_condition_holds(const char *text, json_t *report, double *value)
{
    struct condition condition;
    struct search search = {.condition = &condition, .result = CONDITION_NO_DATA};
    if (!parse(text, &condition)) {
        return CONDITION_NO_DATA;
    }
    enter(&search, json_object_get(report, "totals"), condition.path, 0);
    if (search.result == CONDITION_NO_DATA) {
        enter(&search, report, condition.path, 0);
    }
    *value = search.value;
    return search.result;
}
