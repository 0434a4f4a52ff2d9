/* Costs are whole billionths, as sums of whole numbers can be subtracted exactly. */
#include "core/model/prices.h"

#include <math.h>
#include <string.h>

static bool is_of(struct slice model, const char *name, size_t len)
{
    return model.len >= len && memcmp(model.bytes, name, len) == 0 &&
           (model.len == len || memchr("-@:.[", model.bytes[len], 5) != NULL);
}

const struct price *prices_find(const struct prices *prices, struct slice model)
{
    const struct price *found = NULL;
    size_t found_len = 0;
    for (size_t at = model.len; at-- > 0;) {
        if (model.bytes[at] == '/') {
            model = (struct slice){model.bytes + at + 1, model.len - at - 1};
            break;
        }
    }
    for (size_t i = 0; prices != NULL && i < prices->count; i++) {
        size_t len = strlen(prices->rows[i].model);
        if (len > found_len && is_of(model, prices->rows[i].model, len)) {
            found = &prices->rows[i];
            found_len = len;
        }
    }
    return found;
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
