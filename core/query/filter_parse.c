/* Parses tokens into terms. A field is a row of a table; its type determines the syntax of its
   values. */
#include "core/query/filter_private.h"

#include "core/base/ascii.h"
#include "core/base/nearest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum sort { SORT_TEXT, SORT_STATE, SORT_KIND, SORT_DURATION, SORT_SWITCH, SORT_ARGS };

static const struct {
    const char *name;
    enum filter_field field;
    enum sort sort;
} fields[] = {
    {"agent", FILTER_AGENT, SORT_TEXT},
    {"session", FILTER_SESSION, SORT_TEXT},
    {"client", FILTER_CLIENT, SORT_TEXT},
    {"host", FILTER_HOST, SORT_TEXT},
    {"state", FILTER_STATE, SORT_STATE},
    {"kind", FILTER_KIND, SORT_KIND},
    {"name", FILTER_NAME, SORT_TEXT},
    {"tool", FILTER_NAME, SORT_TEXT},
    {"model", FILTER_MODEL, SORT_TEXT},
    {"dur", FILTER_DURATION, SORT_DURATION},
    {"error", FILTER_ERROR, SORT_SWITCH},
    {"evicted", FILTER_EVICTED, SORT_SWITCH},
    {"incomplete", FILTER_INCOMPLETE, SORT_SWITCH},
    {"open", FILTER_OPEN, SORT_SWITCH},
    {"status", FILTER_STATE, SORT_STATE},
};

static const struct {
    const char *text;
    enum filter_op op;
} ops[] = {{">=", OP_MORE_OR_IS}, {"<=", OP_LESS_OR_IS}, {">", OP_MORE},
           {"<", OP_LESS},        {":", OP_IN},          {"=", OP_IS}};

/* A token without its quotes. */
struct filter_token {
    struct strbuf text;
    size_t op; /* position of the operator; SIZE_MAX: none */
    bool negated;
};

struct filter_parser {
    const char *at, *end;
    struct filter *filter;
    struct strbuf *error;
};

/* ---- tokens ---- */

static bool is_op(char c)
{
    return c == ':' || c == '=' || c == '<' || c == '>';
}

/* Reads up to after the closing quote, or to the end if it is missing. */
static void take_quoted(struct filter_parser *parser, struct filter_token *token)
{
    char quote = *parser->at++;
    while (parser->at < parser->end && *parser->at != quote) {
        strbuf_addc(&token->text, *parser->at++);
    }
    parser->at += parser->at < parser->end;
}

/* Returns false after the last token. */
static bool next_token(struct filter_parser *parser, struct filter_token *token)
{
    strbuf_clear(&token->text);
    token->op = SIZE_MAX;
    while (parser->at < parser->end && ascii_is_blank(*parser->at)) {
        parser->at++;
    }
    if (parser->at == parser->end) {
        return false;
    }
    token->negated =
        *parser->at == '-' && parser->at + 1 < parser->end && !ascii_is_blank(parser->at[1]);
    parser->at += token->negated;
    while (parser->at < parser->end && !ascii_is_blank(*parser->at)) {
        if (*parser->at == '"' || *parser->at == '\'') {
            take_quoted(parser, token);
            continue;
        }
        if (token->op == SIZE_MAX && is_op(*parser->at)) {
            token->op = token->text.len;
        }
        strbuf_addc(&token->text, *parser->at++);
    }
    return true;
}

/* ---- values ---- */

/* Parses 5s, 1.5m, 200ms, 2h, 10us; a bare number is in seconds. Returns NAN if invalid. */
static double parse_duration(const char *text)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"", 1e9},  {"ns", 1},   {"us", 1e3},   {"ms", 1e6},
                 {"s", 1e9}, {"m", 60e9}, {"min", 60e9}, {"h", 3600e9}};
    char *end;
    double value = strtod(text, &end);
    for (size_t i = 0; end != text && i < sizeof units / sizeof *units; i++) {
        if (strcmp(end, units[i].name) == 0) {
            return value * units[i].ns;
        }
    }
    return (double)NAN;
}

static double parse_number(const char *text)
{
    char *end;
    double value = strtod(text, &end);
    return end == text || *end != '\0' ? (double)NAN : value;
}

/* Compares a token with a displayed name; blanks in the name are optional. */
static bool matches_name(const char *typed, const char *shown)
{
    for (; *typed != '\0' || *shown != '\0'; typed++, shown++) {
        while (*shown == ' ' || *shown == '-') {
            shown++;
        }
        while (*typed == ' ' || *typed == '-') {
            typed++;
        }
        if (*typed != *shown) {
            return false;
        }
        if (*typed == '\0') {
            return true;
        }
    }
    return true;
}

static bool parse_kind(const char *text, unsigned *out)
{
    for (unsigned kind = 0; kind < SPAN_KINDS; kind++) {
        if (matches_name(text, span_kind_word((enum span_kind)kind))) {
            *out = kind;
            return true;
        }
    }
    return false;
}

static bool parse_state(const char *text, unsigned *out)
{
    for (unsigned state = 0; state < STATES; state++) {
        if (matches_name(text, query_state_name((enum agent_state)state))) {
            *out = state;
            return true;
        }
    }
    return false;
}

static bool parse_switch(const char *text, unsigned *out)
{
    static const char *const yes[] = {"yes", "true", "1", "y"}, *const no[] = {"no", "false", "0",
                                                                               "n"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
            *out = strcmp(text, yes[i]) == 0;
            return true;
        }
    }
    return false;
}

static void put_words(struct strbuf *error, unsigned count, const char *(*word_of)(unsigned))
{
    for (unsigned i = 0; i < count; i++) {
        strbuf_addf(error, "%s%s", i == 0 ? "" : ", ", word_of(i));
    }
}

static const char *kind_word(unsigned kind)
{
    return span_kind_word((enum span_kind)kind);
}

static const char *state_word(unsigned state)
{
    return query_state_name((enum agent_state)state);
}

static bool set_value(struct filter_parser *parser, struct filter_term *term, enum sort sort,
                      const char *name, const char *text)
{
    switch ((int)sort) {
    case SORT_TEXT: return true;
    case SORT_KIND:
        if (parse_kind(text, &term->value)) {
            return true;
        }
        strbuf_addf(parser->error, "%s: one of ", name);
        put_words(parser->error, SPAN_KINDS, kind_word);
        return false;
    case SORT_STATE:
        if (parse_state(text, &term->value)) {
            return true;
        }
        strbuf_addf(parser->error, "%s: one of ", name);
        put_words(parser->error, STATES, state_word);
        return false;
    case SORT_SWITCH:
        if (parse_switch(text, &term->value)) {
            return true;
        }
        strbuf_addf(parser->error, "%s: yes or no", name);
        return false;
    case SORT_DURATION:
        term->number = parse_duration(text);
        if (isfinite(term->number) && term->op != OP_IN) {
            return true;
        }
        strbuf_addf(parser->error, "%s: > or < and a duration: 5s, 200ms, 1.5m", name);
        return false;
    case SORT_ARGS:
        term->number = parse_number(text);
        if (term->op == OP_IN || term->op == OP_IS || isfinite(term->number)) {
            return true;
        }
        strbuf_addf(parser->error, "%s: < and > want a number", name);
        return false;
    }
    return false;
}

/* ---- terms ---- */

/* Copies a text, NUL-terminated; returns its position. */
static size_t keep(struct filter *filter, const char *text, size_t len)
{
    size_t at = filter->texts.len;
    strbuf_add(&filter->texts, text, len);
    strbuf_add(&filter->texts, "", 1);
    return at;
}

static bool add_term(struct filter_parser *parser, const struct filter_term *term)
{
    struct filter *filter = parser->filter;
    if (filter->count == FILTER_TERMS_MAX) {
        strbuf_addf(parser->error, "more than %d terms", FILTER_TERMS_MAX);
        return false;
    }
    if (filter->texts.failed || !mem_reserve(filter->mem, &filter->terms, &filter->cap,
                                             filter->count + 1, sizeof *filter->terms)) {
        strbuf_adds(parser->error, "out of memory");
        return false;
    }
    filter->terms[filter->count++] = *term;
    return true;
}

static bool add_field(struct filter_parser *parser, const struct filter_token *token,
                      struct filter_term *term, enum sort sort)
{
    const char *op = token->text.data + token->op;
    size_t i = 0;
    while (strncmp(op, ops[i].text, strlen(ops[i].text)) != 0) {
        i++;
    }
    term->op = ops[i].op;
    op += strlen(ops[i].text);
    term->text_len = token->text.len - (size_t)(op - token->text.data);
    term->text = keep(parser->filter, op, term->text_len);
    size_t name = keep(parser->filter, token->text.data, token->op);
    if (parser->filter->texts.failed) {
        return add_term(parser, term);
    }
    const char *name_text = parser->filter->texts.data + name;
    if (sort == SORT_ARGS) {
        term->path = name + strlen("args.");
        term->path_len = token->op - strlen("args.");
    }
    return set_value(parser, term, sort, name_text, parser->filter->texts.data + term->text) &&
           add_term(parser, term);
}

/* Returns the field that the typed name is near to; NULL: none. */
static const char *near_field(const char *typed, size_t len)
{
    struct nearest nearest;
    nearest_init(&nearest, typed, len);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        nearest_offer(&nearest, fields[i].name);
    }
    return nearest.name;
}

/* Returns whether the term is `arg.key:value`, a near miss of `args.`, and no place in a file. */
static bool is_near_args(const char *text, size_t op)
{
    const char *dot = memchr(text, '.', op);
    struct nearest nearest;
    if (dot == NULL || dot + 1 == text + op || ascii_is_digit(text[op + 1])) {
        return false;
    }
    nearest_init(&nearest, text, (size_t)(dot - text));
    nearest_offer(&nearest, "args");
    return nearest.name != NULL;
}

/* Returns whether a term without a known field is meant as `field:value`: a bare name before the
   operator. Much that a user looks for has an operator in it and is a text: an address
   (localhost:8080), a place (main.c:12), a scope (std::sort), a heading (TODO:), a variable
   (MODE=test), a path, a time. */
static bool names_field(const struct filter_token *token)
{
    const char *text = token->text.data, *value = text + token->op + 1;
    size_t letters = 0, capitals = 0;
    while (letters < token->op &&
           ((text[letters] >= 'a' && text[letters] <= 'z') ||
            (text[letters] >= 'A' && text[letters] <= 'Z') || text[letters] == '_')) {
        capitals += text[letters] <= 'Z' || text[letters] == '_';
        letters++;
    }
    if (letters < token->op || letters == 0) {
        return is_near_args(text, token->op);
    }
    if (near_field(text, letters) != NULL) {
        return true;
    }
    switch (text[letters]) {
    case ':': return *value != '\0' && !ascii_is_digit(*value) && strchr(":/\\", *value) == NULL;
    case '=': return *value != '\0' && capitals < letters;
    default: return true; /* a comparison */
    }
}

static void report_unknown(struct filter_parser *parser, const struct filter_token *token)
{
    const char *name = token->text.data, *dot = memchr(name, '.', token->op);
    const char *near = dot == NULL ? near_field(name, token->op) : "args";
    strbuf_addf(parser->error, "%.*s: no such field", (int)token->op, name);
    if (near != NULL) {
        strbuf_addf(parser->error, "; did you mean %s%.*s? Quotes make it a text", near,
                    dot == NULL ? 0 : (int)(name + token->op - dot), dot == NULL ? "" : dot);
        return;
    }
    strbuf_adds(parser->error, " (");
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        strbuf_addf(parser->error, "%s, ", fields[i].name);
    }
    strbuf_adds(parser->error, "args.NAME); quotes make it a text");
}

static bool add_word(struct filter_parser *parser, const struct filter_token *token)
{
    struct filter_term term = {.negated = token->negated};
    size_t len = token->op;
    if (len != SIZE_MAX) {
        for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
            if (strlen(fields[i].name) == len &&
                strncasecmp(token->text.data, fields[i].name, len) == 0) {
                term.field = fields[i].field;
                return add_field(parser, token, &term, fields[i].sort);
            }
        }
        if (len > strlen("args.") && strncmp(token->text.data, "args.", strlen("args.")) == 0) {
            term.field = FILTER_ARGS;
            return add_field(parser, token, &term, SORT_ARGS);
        }
        if (names_field(token)) {
            report_unknown(parser, token);
            return false;
        }
    }
    term.field = FILTER_ANY;
    term.text_len = token->text.len;
    term.text = keep(parser->filter, token->text.data, token->text.len);
    return term.text_len == 0 || add_term(parser, &term);
}

const char *filter_call_field(const struct filter *filter)
{
    for (size_t i = 0; i < filter->count; i++) {
        enum filter_field field = filter->terms[i].field;
        if (field == FILTER_ARGS) {
            return "args";
        }
        for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
            if (fields[k].field == field && field >= FILTER_KIND) {
                return fields[k].name;
            }
        }
    }
    return NULL;
}

bool filter_is_beginning(const char *token, size_t len)
{
    size_t skip = len > 0 && *token == '-';
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (strncmp(fields[i].name, token + skip, len - skip) == 0) {
            return true;
        }
    }
    return strncmp("args.", token + skip, len - skip < 5 ? len - skip : 5) == 0;
}

struct filter *filter_new(const struct mem *mem, const char *text, size_t len, struct strbuf *error)
{
    struct filter *filter = mem_zalloc(mem, 1, sizeof *filter);
    struct filter_token token;
    bool good = filter != NULL;
    if (!good) {
        strbuf_adds(error, "out of memory");
        return NULL;
    }
    filter->mem = mem;
    strbuf_init(&filter->texts, mem, 0);
    strbuf_init(&token.text, mem, 0);
    struct filter_parser parser = {text, text + len, filter, error};
    while (good && next_token(&parser, &token)) {
        good = !token.text.failed && (token.text.len == 0 || add_word(&parser, &token));
        if (token.text.failed) {
            strbuf_adds(error, "out of memory");
        }
    }
    strbuf_release(&token.text);
    if (!good) {
        filter_free(filter);
        return NULL;
    }
    return filter;
}

void filter_free(struct filter *filter)
{
    if (filter != NULL) {
        strbuf_release(&filter->texts);
        mem_free(filter->mem, filter->terms, filter->cap * sizeof *filter->terms);
        mem_free(filter->mem, filter, sizeof *filter);
    }
}
