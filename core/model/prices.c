/* Costs are whole billionths, as sums of whole numbers can be subtracted exactly. */
#include "core/model/prices.h"

#include "core/base/ascii.h"

#include <math.h>
#include <string.h>

enum { DATE_DIGITS = 4 };

/* Returns whether the rest of a model's name is a version or a date of it: `-20260101`, `-latest`,
   `-v2:0`, `@3`, `[1m]`. `-mini` is another model, and so is `.1`. */
static bool is_version(const char *rest, size_t len)
{
    static const char *const words[] = {"-latest", "-preview", "-v"};
    if (len == 0 || strchr("@:[", *rest) != NULL) {
        return true;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t word = strlen(words[i]);
        if (len >= word && memcmp(rest, words[i], word) == 0) {
            return true;
        }
    }
    size_t digits = 0;
    while (*rest == '-' && digits + 1 < len && ascii_is_digit(rest[digits + 1])) {
        digits++;
    }
    return digits >= DATE_DIGITS;
}

/* A `*` at the end of a row stands for the rest of any name. */
static bool is_of(struct slice model, const char *name, size_t len)
{
    bool family = len > 0 && name[len - 1] == '*';
    len -= family;
    return model.len >= len && memcmp(model.bytes, name, len) == 0 &&
           (family || is_version(model.bytes + len, model.len - len));
}

/* Returns the longest row of the name but for `*`. */
static const struct price *find(const struct prices *prices, struct slice model)
{
    const struct price *found = NULL;
    size_t found_len = 0;
    for (size_t i = 0; prices != NULL && i < prices->count; i++) {
        size_t len = strlen(prices->rows[i].model);
        bool named = strcmp(prices->rows[i].model, "*") != 0;
        if (named && len > found_len && is_of(model, prices->rows[i].model, len)) {
            found = &prices->rows[i];
            found_len = len;
        }
    }
    return found;
}

/* The row `*` is the last resort: it is the price of no model. */
static const struct price *any(const struct prices *prices)
{
    for (size_t i = 0; prices != NULL && i < prices->count; i++) {
        if (strcmp(prices->rows[i].model, "*") == 0) {
            return &prices->rows[i];
        }
    }
    return NULL;
}

const struct price *prices_find(const struct prices *prices, struct slice model)
{
    static const char ends[] =
        "/."; /* of a provider: `openai/gpt-5`, `us.anthropic.claude-opus-5` */
    const struct price *found = find(prices, model);
    for (const char *end = ends; found == NULL && *end != '\0'; end++) {
        size_t at = model.len;
        while (at > 0 && model.bytes[at - 1] != *end) {
            at--;
        }
        model = (struct slice){model.bytes + at, model.len - at};
        found = find(prices, model);
    }
    return found != NULL ? found : any(prices);
}

static double known(double tokens)
{
    return isnan(tokens) || tokens < 0 ? 0 : tokens;
}

double prices_cost(const struct price *price, const struct priced_tokens *tokens)
{
    if (isnan(tokens->prompt) && isnan(tokens->output)) {
        return (double)NAN;
    }
    double read = known(tokens->cache_read), creation = known(tokens->cache_creation);
    double plain = known(known(tokens->prompt) - read - creation);
    double millionths = plain * price->input + known(tokens->output) * price->output +
                        read * price->cache_read + creation * price->cache_creation;
    double billionths = round(millionths * 1e3);
    return billionths < 0x1p53 ? billionths : (double)NAN;
}
