/* A figure is a path into the figures. A sum has a difference alone, a median also its interval.
   The fixed ones are a table; tools and models add theirs by name. */
#include "tui/cmd/report_against.h"

#include "core/query/summary_difference.h"
#include "tui/cmd/report_turns.h"

#include "tui/screen/number.h"
#include "tui/views/report_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct figure {
    const char *member; /* of the figures */
    const char *key;    /* in the member; NULL: the member is the number */
};

static const struct figure figures[] = {
    {"requests", NULL},
    {"failed", NULL},
    {"retries", NULL},
    {"refused", NULL},
    {"interrupted", NULL},
    {"stalled", NULL},
    {"loops", NULL},
    {"prompt_tokens", NULL},
    {"output_tokens", NULL},
    {"cache_read_tokens", NULL},
    {"cache_creation_tokens", NULL},
    {"cache_hit_rate_pct", NULL},
    {"cost_usd", NULL},
    {"cost_estimate_usd", NULL},
    {"cost_total_usd", NULL},
    {"effective_parallelism", NULL},
    {"setup_ms", "p50"},
    {"ttft_ms", "p50"},
    {"ttft_ms", "p95"},
    {"ttlt_ms", "p50"},
    {"ttlt_ms", "p95"},
    {"itps", "p50"},
    {"otps", "p50"},
    {"phases", "setup"},
    {"phases", "retry"},
    {"phases", "first_token"},
    {"phases", "sampling"},
    {"phases", "request"},
    {"phases", "tool"},
    {"phases", "wait"},
    {"phases", "idle"},
    {"agent_wait_ms", NULL},
    {"busy_ms", NULL},
};

static const struct figure tool_figures[] = {
    {"count", NULL}, {"errors", NULL}, {"p50", NULL}, {"p95", NULL}, {"total_ms", NULL},
};

static const struct figure server_figures[] = {
    {"calls", NULL}, {"errors", NULL}, {"p50", NULL}, {"p95", NULL}, {"total_ms", NULL},
};

static const struct figure model_figures[] = {
    {"requests", NULL}, {"failed", NULL},   {"retries", NULL},
    {"ttft_ms", "p50"}, {"ttft_ms", "p95"}, {"otps", "p50"},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* ---- differences ---- */

static double number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

/* Finds the object and the key of a figure. */
static void find(const json_t **object, const struct figure *figure, const char **key)
{
    *key = figure->member;
    if (figure->key != NULL) {
        *object = json_object_get(*object, figure->member);
        *key = figure->key;
    }
}

static bool put_number(json_t *object, const char *key, double value)
{
    return !isfinite(value) || json_object_set_new(object, key, json_real(value)) == 0;
}

static struct summary median_of(const json_t *object)
{
    return (struct summary){.p50 = number_of(object, "p50"),
                            .p50_low = number_of(object, "p50_low"),
                            .p50_high = number_of(object, "p50_high")};
}

/* A server names its samples "calls". */
static double samples_of(const json_t *summary)
{
    double count = number_of(summary, "count");
    return isnan(count) ? number_of(summary, "calls") : count;
}

/* Adds the interval of a median's difference, and the numbers of samples. */
static bool put_median(json_t *diff, const json_t *a, const json_t *b, const char *key)
{
    struct summary of_a = median_of(a), of_b = median_of(b);
    struct difference difference = summary_difference(&of_a, &of_b);
    if (strcmp(key, "p50") != 0) {
        return true;
    }
    return put_number(diff, "a_count", samples_of(a)) &&
           put_number(diff, "b_count", samples_of(b)) && put_number(diff, "low", difference.low) &&
           put_number(diff, "high", difference.high);
}

/* The comparison so far. A prefix is the beginning of a figure's name, ending with a point. */
struct comparison {
    json_t *diffs;
    struct strbuf prefix, name;
};

/* Adds a figure that one of both has. False: out of memory. */
static bool compare(struct comparison *c, const struct figure *figure, const json_t *a,
                    const json_t *b)
{
    const char *key_a, *key_b;
    find(&a, figure, &key_a);
    find(&b, figure, &key_b);
    double of_a = number_of(a, key_a), of_b = number_of(b, key_b);
    if (isnan(of_a) && isnan(of_b)) {
        return true;
    }
    strbuf_clear(&c->name);
    strbuf_add(&c->name, c->prefix.data == NULL ? "" : c->prefix.data, c->prefix.len);
    strbuf_adds(&c->name, figure->member);
    strbuf_adds(&c->name, figure->key != NULL ? "." : "");
    strbuf_adds(&c->name, figure->key != NULL ? figure->key : "");
    json_t *diff = json_object();
    bool good = put_number(diff, "a", of_a) && put_number(diff, "b", of_b) &&
                put_number(diff, "delta", of_a - of_b) && put_median(diff, a, b, key_a) &&
                !c->name.failed && !c->prefix.failed;
    if (!good) {
        json_decref(diff);
        return false;
    }
    return json_object_set_new(c->diffs, c->name.data, diff) == 0;
}

static bool compare_all(struct comparison *c, const struct figure *table, size_t count,
                        const json_t *a, const json_t *b)
{
    bool good = true;
    for (size_t i = 0; good && i < count; i++) {
        good = compare(c, &table[i], a, b);
    }
    return good;
}

/* Sets the prefix: `LIST.NAME.`, or `LIST.OF NAME.`. */
static void set_prefix(struct comparison *c, const char *list, const char *of, const char *name)
{
    strbuf_clear(&c->prefix);
    strbuf_adds(&c->prefix, list);
    strbuf_addc(&c->prefix, '.');
    strbuf_adds(&c->prefix, of);
    strbuf_adds(&c->prefix, *of != '\0' ? " " : "");
    strbuf_adds(&c->prefix, name);
    strbuf_addc(&c->prefix, '.');
}

static bool compare_tools(struct comparison *c, json_t *a, json_t *b, bool only_of_b)
{
    const char *name;
    json_t *tool;
    json_object_foreach(only_of_b ? b : a, name, tool)
    {
        const json_t *other = json_object_get(only_of_b ? a : b, name);
        set_prefix(c, "tools", "", name);
        if ((!only_of_b || other == NULL) &&
            !compare_all(c, tool_figures, COUNT(tool_figures), only_of_b ? NULL : tool,
                         only_of_b ? tool : other)) {
            return false;
        }
    }
    return true;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

/* A model is the same if its client is, or if one report has one client alone. */
static const json_t *find_model(const json_t *models, const json_t *model)
{
    const char *client = text_of(model, "client");
    for (size_t i = 0; i < json_array_size(models); i++) {
        const json_t *other = json_array_get(models, i);
        const char *client_of = text_of(other, "client");
        if (strcmp(text_of(other, "model"), text_of(model, "model")) == 0 &&
            (*client == '\0' || *client_of == '\0' || strcmp(client, client_of) == 0)) {
            return other;
        }
    }
    return NULL;
}

static size_t models_named(const json_t *models, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(models); i++) {
        count += strcmp(text_of(json_array_get(models, i), "model"), name) == 0;
    }
    return count;
}

static bool compare_models(struct comparison *c, const json_t *a, const json_t *b, bool only_of_b)
{
    const json_t *models = only_of_b ? b : a;
    for (size_t i = 0; i < json_array_size(models); i++) {
        const json_t *model = json_array_get(models, i);
        const json_t *other = find_model(only_of_b ? a : b, model);
        const char *name = text_of(model, "model");
        /* Conditions name a model; only one that two clients use has its client before it. */
        bool shared = models_named(a, name) > 1 || models_named(b, name) > 1;
        set_prefix(c, "models", shared ? text_of(model, "client") : "", name);
        if ((!only_of_b || other == NULL) &&
            !compare_all(c, model_figures, COUNT(model_figures), only_of_b ? NULL : model,
                         only_of_b ? model : other)) {
            return false;
        }
    }
    return true;
}

static const json_t *find_server(const json_t *servers, const json_t *server)
{
    for (size_t i = 0; i < json_array_size(servers); i++) {
        const json_t *other = json_array_get(servers, i);
        if (strcmp(text_of(other, "server"), text_of(server, "server")) == 0) {
            return other;
        }
    }
    return NULL;
}

static bool compare_servers(struct comparison *c, const json_t *a, const json_t *b, bool only_of_b)
{
    const json_t *servers = only_of_b ? b : a;
    for (size_t i = 0; i < json_array_size(servers); i++) {
        const json_t *server = json_array_get(servers, i);
        const json_t *other = find_server(only_of_b ? a : b, server);
        set_prefix(c, "servers", "", text_of(server, "server"));
        if ((!only_of_b || other == NULL) &&
            !compare_all(c, server_figures, COUNT(server_figures), only_of_b ? NULL : server,
                         only_of_b ? server : other)) {
            return false;
        }
    }
    return true;
}

json_t *report_against(json_t *report, json_t *other)
{
    json_t *a = json_object_get(report, "totals"), *b = json_object_get(other, "totals");
    json_t *against = b == NULL ? json_object() : json_deep_copy(b);
    struct comparison c = {.diffs = json_object()};
    strbuf_init(&c.prefix, &mem_libc, 0);
    strbuf_init(&c.name, &mem_libc, 0);
    bool good = compare_all(&c, figures, COUNT(figures), a, b);
    for (int only_of_b = 0; good && only_of_b <= 1; only_of_b++) {
        good = compare_models(&c, json_object_get(report, "models"),
                              json_object_get(other, "models"), only_of_b) &&
               compare_tools(&c, json_object_get(a, "tools"), json_object_get(b, "tools"),
                             only_of_b) &&
               compare_servers(&c, json_object_get(report, "servers"),
                               json_object_get(other, "servers"), only_of_b);
    }
    strbuf_release(&c.prefix);
    strbuf_release(&c.name);
    json_t *turns;
    good = report_turns_against(report, other, &turns) && good;
    good = (turns == NULL || json_object_set_new(against, "turns", turns) == 0) && good;
    json_t *filter = json_object_get(other, "filter");
    good = (filter == NULL || json_object_set(against, "filter", filter) == 0) && good;
    if (json_object_set_new(against, "diff", c.diffs) != 0 || !good) {
        json_decref(against);
        return NULL;
    }
    return against;
}

/* ---- the table ---- */

static const char *const heads[] = {"FIGURE", "THIS", "OTHER", "DIFFERENCE", "95 % INTERVAL", ""};

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* The unit of a figure follows from the end of its name, which is one of the tables'. */
static bool is_time(const char *name)
{
    const char *last = strrchr(name, '.');
    if (last == NULL) {
        return ends_with(name, "_ms");
    }
    if (strcmp(last, ".p50") == 0 || strcmp(last, ".p95") == 0) {
        size_t len = (size_t)(last - name);
        return strncmp(name, "tools.", 6) == 0 || strncmp(name, "servers.", 8) == 0 ||
               (len > 3 && memcmp(last - 3, "_ms", 3) == 0);
    }
    return ends_with(last, "_ms") || strncmp(name, "phases.", 7) == 0;
}

/* Sums are whole numbers; medians, rates and money are not. */
static bool is_sum(const char *name)
{
    return !ends_with(name, ".p50") && !ends_with(name, "_pct") && !ends_with(name, "_usd") &&
           !ends_with(name, "_parallelism");
}

static void format(const char *name, double value, bool ascii, char out[NUMBER_BYTES])
{
    out[0] = '\0';
    if (isnan(value)) {
        return;
    }
    if (is_time(name)) {
        number_ms(fabs(value), ascii, out);
    } else if (ends_with(name, "_usd")) {
        snprintf(out, NUMBER_BYTES, fabs(value) < 1e15 ? "$%.2f" : "$%.1e", fabs(value));
    } else if (is_sum(name) && fabs(value) < 0x1p53) {
        number_count((uint64_t)fabs(value), out);
    } else {
        number_short(fabs(value), out);
    }
}

static void signed_number(const char *name, double value, bool ascii, char out[NUMBER_BYTES + 4])
{
    char number[NUMBER_BYTES];
    const char *minus = ascii ? "-" : "\xE2\x88\x92";
    format(name, value, ascii, number);
    snprintf(out, NUMBER_BYTES + 4, "%s%s",
             number[0] == '\0' ? ""
             : value < 0       ? minus
             : value > 0       ? "+"
                               : "",
             number);
}

/* Appends a figure of one side, a median with the number of its samples. */
static void put_side(struct table *table, const char *name, double value, double samples,
                     bool ascii)
{
    char number[NUMBER_BYTES], text[2 * NUMBER_BYTES];
    format(name, value, ascii, number);
    const char *minus = value < 0 ? "-" : "";
    if (isnan(samples)) {
        snprintf(text, sizeof text, "%s%s", minus, number);
    } else {
        snprintf(text, sizeof text, "%s%s (%.15g)", minus, number, samples);
    }
    table_cell(table, text);
}

static void put_row(struct table *table, const char *name, const json_t *diff, bool ascii)
{
    char delta[NUMBER_BYTES + 4], interval[3 * NUMBER_BYTES] = "";
    double low = number_of(diff, "low"), high = number_of(diff, "high");
    table_cell(table, name);
    put_side(table, name, number_of(diff, "a"), number_of(diff, "a_count"), ascii);
    put_side(table, name, number_of(diff, "b"), number_of(diff, "b_count"), ascii);
    signed_number(name, number_of(diff, "delta"), ascii, delta);
    table_cell(table, delta);
    if (!isnan(low) && !isnan(high)) {
        char from[NUMBER_BYTES + 4], to[NUMBER_BYTES + 4];
        signed_number(name, low, ascii, from);
        signed_number(name, high, ascii, to);
        snprintf(interval, sizeof interval, "%s to %s", from, to);
    }
    table_cell(table, interval);
    table_cell(table, isnan(low) || isnan(high) ? "" : low <= 0 && high >= 0 ? "unclear" : "clear");
}

void report_against_text(json_t *against, const char *name, const char *own_filter, bool ascii,
                         const struct mem *mem, struct strbuf *out)
{
    struct table table;
    const char *figure;
    json_t *diff;
    const char *filter = text_of(against, "filter");
    strbuf_addf(out, "\nAGAINST %s%s\n", name,
                strcmp(filter, own_filter == NULL ? "" : own_filter) == 0 ? ""
                : *filter == '\0'                                         ? " (it has no filter)"
                                  : " (it has another filter)");
    table_init(&table, mem, heads, COUNT(heads), 1, ascii);
    json_object_foreach(json_object_get(against, "diff"), figure, diff)
    {
        put_row(&table, figure, diff, ascii);
    }
    table_finish(&table, out);
    report_turns_text(json_object_get(against, "turns"), ascii, mem, out);
}
