/* The table of update fields, and the feed's names of their values. */
#include "core/model/update.h"

#include <assert.h>

#define FIELD_ROW(field, key, type, rule, ops) [field] = {key, type, rule, ops},
const struct field_row update_fields[FIELDS] = {UPDATE_FIELDS(FIELD_ROW)};
#undef FIELD_ROW

static_assert(FIELDS <= 64, "struct update.present has a bit for each field");

static const char *const kind_words[CALL_KINDS] = {
    [CALL_SPAN] = "span", [CALL_INTERACTION] = "interaction", [CALL_WAIT] = "wait",
    [CALL_TOOL] = "tool", [CALL_REQUEST] = "request",
};

static const char *const outcome_words[OUTCOMES] = {
    [OUTCOME_NONE] = "",
    [OUTCOME_INCOMPLETE] = "incomplete",
    [OUTCOME_ENDED] = "ended",
    [OUTCOME_INTERRUPTED] = "interrupted",
    [OUTCOME_REFUSED] = "refused",
    [OUTCOME_GONE] = "gone",
    [OUTCOME_DISCONNECTED] = "disconnected",
};

const char *call_kind_word(enum call_kind kind)
{
    return kind_words[kind];
}

const char *outcome_word(enum outcome outcome)
{
    return outcome_words[outcome];
}

/* Returns the index of the name; count: unknown. */
static size_t find_word(const char *const *words, size_t count, struct slice word)
{
    size_t i = 0;
    while (i < count && !(strlen(words[i]) == word.len && word.len > 0 &&
                          memcmp(words[i], word.bytes, word.len) == 0)) {
        i++;
    }
    return i;
}

bool call_kind_read(struct slice word, enum call_kind *out)
{
    size_t i = find_word(kind_words, CALL_KINDS, word);
    if (i < CALL_KINDS) {
        *out = (enum call_kind)i;
    }
    return i < CALL_KINDS;
}

bool outcome_read(struct slice word, enum outcome *out)
{
    size_t i = find_word(outcome_words, OUTCOMES, word);
    if (i < OUTCOMES) {
        *out = (enum outcome)i;
    }
    return i < OUTCOMES;
}
