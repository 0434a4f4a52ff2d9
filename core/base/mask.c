/* One pass over the text. At the start of each name or token the pass looks for a token of a known
   shape, a scheme such as Bearer, a PEM key, and a name whose value is a secret; at each colon for
   the password of a URL. It leaves the bytes of the secret out. A value ends before a quote or a
   backslash, so the end of a JSON string stays. */
#include "core/base/mask.h"

#include "core/base/ascii.h"
#include "core/base/utf8.h"

#include <string.h>
#include <strings.h>

/* A token: so many of its characters must follow the prefix. A prefix that also begins other names
   counts only with a digit, or many characters without a hyphen. */
static const struct {
    const char *prefix;
    size_t least;
    bool doubtful;
} shapes[] = {
    {"sk-ant-", 8, false},  {"sk-proj-", 8, false}, {"sk-", 12, true},
    {"sk_live_", 8, false}, {"sk_test_", 8, false}, {"rk_live_", 8, false},
    {"AKIA", 12, false},    {"ASIA", 12, true},     {"AIza", 16, false},
    {"ghp_", 8, false},     {"gho_", 8, false},     {"ghu_", 8, false},
    {"ghs_", 8, false},     {"ghr_", 8, false},     {"github_pat_", 8, false},
    {"glpat-", 8, false},   {"xoxb-", 8, false},    {"xoxa-", 8, false},
    {"xoxp-", 8, false},    {"xoxr-", 8, false},    {"xoxs-", 8, false},
    {"xapp-", 16, true},    {"npm_", 20, true},     {"hf_", 20, true},
    {"pypi-", 20, true},    {"dop_v1_", 16, false}, {"SG.", 20, true},
    {"ya29.", 8, false},    {"eyJ", 20, true},      {"AGE-SECRET-KEY-", 8, false},
};

/* They precede a token in a header. */
static const char *const schemes[] = {"bearer", "basic", "token", "digest"};

/* The ends of names whose values are secrets, without `_`, `-` and `.`. Those that are frequent
   in code and prose want a value that looks like a secret. */
#define NAME(end) end, sizeof(end) - 1
static const struct {
    const char *end;
    size_t len;
    bool frequent;
} names[] = {
    {NAME("password"), false},    {NAME("passwd"), false},       {NAME("passphrase"), false},
    {NAME("apikey"), false},      {NAME("accesskey"), false},    {NAME("secretkey"), false},
    {NAME("accesskeyid"), false}, {NAME("privatekey"), false},   {NAME("secret"), true},
    {NAME("token"), true},        {NAME("credential"), true},    {NAME("credentials"), true},
    {NAME("cookie"), true},       {NAME("authorization"), true},
};
#undef NAME

enum { NAME_MAX = 80, LONG_RUN = 20, LIKELY_LEAST = 6, SCHEME_LEAST = 8, LOWER_LEAST = 20 };

struct text {
    const char *begin, *end;
};

static bool is_alnum(char c)
{
    return ascii_is_digit(c) || ascii_is_letter(c);
}

static bool is_of_name(char c)
{
    return is_alnum(c) || c == '_' || c == '-' || c == '.';
}

/* base64 of both kinds, and dots between parts. */
static bool is_of_base64(char c)
{
    return is_of_name(c) || c == '+' || c == '/' || c == '=' || c == '~';
}

static bool ends_value(char c)
{
    return !is_alnum(c) &&
           (ascii_is_blank(c) || strchr("\n\r\"'`\\&;|<>,(){}[]", c) != NULL); /* NUL too */
}

static const char *skip(const char *at, const char *end, bool (*is)(char))
{
    while (at < end && is(*at)) {
        at++;
    }
    return at;
}

static bool begins_with(const char *at, const char *end, const char *prefix)
{
    size_t len = strlen(prefix);
    return (size_t)(end - at) >= len && memcmp(at, prefix, len) == 0;
}

/* ---- what looks like a secret ---- */

struct look {
    size_t len, digits, uppers, lowers, run; /* uppers: beyond the first character */
};

static struct look look_at(const char *at, const char *end)
{
    struct look look = {.len = (size_t)(end - at)};
    size_t run = 0;
    for (const char *here = at; here < end; here++) {
        look.digits += ascii_is_digit(*here);
        look.uppers += ascii_is_upper(*here) && here > at;
        look.lowers += *here >= 'a' && *here <= 'z';
        run = is_alnum(*here) ? run + 1 : 0;
        look.run = run > look.run ? run : look.run;
    }
    return look;
}

/* Values of code and prose are rather names, terms or numbers. */
static bool is_likely(const char *at, const char *end)
{
    struct look look = look_at(at, end);
    return look.len >= LIKELY_LEAST && look.digits < look.len &&
           (look.digits > 0 || look.uppers >= 2 || look.run >= LONG_RUN);
}

/* ---- tokens ---- */

/* The letters that a prefix begins with, and those that follow: most texts have neither. */
#define LETTER(c) (UINT64_C(1) << ((c)-64))
static const uint64_t first_letters = LETTER('s') | LETTER('r') | LETTER('A') | LETTER('g') |
                                      LETTER('x') | LETTER('n') | LETTER('h') | LETTER('p') |
                                      LETTER('d') | LETTER('S') | LETTER('y') | LETTER('e');
static const uint64_t second_letters =
    LETTER('k') | LETTER('K') | LETTER('S') | LETTER('I') | LETTER('h') | LETTER('i') |
    LETTER('l') | LETTER('o') | LETTER('a') | LETTER('p') | LETTER('f') | LETTER('y') | LETTER('G');
#undef LETTER

static bool is_letter_of(char c, uint64_t letters)
{
    return (c & 64) != 0 && (letters >> (c & 63) & 1) != 0;
}

/* Returns the length of the prefix of a token at `at`, 0: no token. Sets *to to its end. */
static size_t token_at(const struct text *text, const char *at, const char **to)
{
    if (at + 1 >= text->end || !is_letter_of(at[0], first_letters) ||
        !is_letter_of(at[1], second_letters)) {
        return 0;
    }
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        if (at[0] != shapes[i].prefix[0] || at[1] != shapes[i].prefix[1] ||
            !begins_with(at, text->end, shapes[i].prefix)) {
            continue;
        }
        size_t len = strlen(shapes[i].prefix);
        *to = skip(at + len, text->end, is_of_name);
        struct look look = look_at(at + len, *to);
        bool sure = !shapes[i].doubtful || look.digits > 0 || look.run >= LONG_RUN;
        if (look.len >= shapes[i].least && sure) {
            return len;
        }
    }
    return 0;
}

/* Returns where the text of a PEM key ends: before its last line, or before the quote that ends
   the string, with the backslashes of that quote. */
static const char *pem_end(const char *at, const char *end)
{
    while (at < end && *at != '"' && !begins_with(at, end, "-----END ")) {
        at++;
    }
    bool quote = at < end && *at == '"';
    while (quote && at[-1] == '\\') {
        at--;
    }
    return at;
}

/* The same as token_at for the lines of a PEM key. */
static size_t pem_at(const struct text *text, const char *at, const char **to)
{
    static const char key[] = "PRIVATE KEY-----";
    if (*at != '-' || !begins_with(at, text->end, "-----BEGIN ")) {
        return 0;
    }
    size_t left = (size_t)(text->end - at);
    const char *line = memmem(at, left < NAME_MAX ? left : NAME_MAX, key, sizeof key - 1);
    if (line == NULL || memchr(at, '"', (size_t)(line - at)) != NULL) {
        return 0;
    }
    line += sizeof key - 1;
    *to = pem_end(line, text->end);
    return *to > line ? (size_t)(line - at) : 0;
}

/* Returns where the token of `Bearer TOKEN` begins; NULL: no scheme. */
static const char *after_scheme(const char *at, const char *end)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t len = strlen(schemes[i]);
        if ((size_t)(end - at) > len && strncasecmp(at, schemes[i], len) == 0 && at[len] == ' ') {
            return skip(at + len, end, ascii_is_blank);
        }
    }
    return NULL;
}

/* Outside a header it may belong to a sentence: "basic validation", "the bearer of news". */
static size_t scheme_at(const struct text *text, const char *at, const char **to)
{
    const char *token = (*at | 0x20) == 'b' ? after_scheme(at, text->end) : NULL;
    if (token == NULL) {
        return 0;
    }
    *to = skip(token, text->end, is_of_base64);
    struct look look = look_at(token, *to);
    bool bearer = (at[1] | 0x20) == 'e';
    bool sure = look.digits > 0 || (look.len > 0 && (*to)[-1] == '=') ||
                look.uppers >= (bearer ? 2 : 4) || (bearer && look.len >= LOWER_LEAST);
    return look.len >= SCHEME_LEAST && sure ? (size_t)(token - at) : 0;
}

/* A user of NATS without a password is a token. */
static bool has_token(const struct text *text, const char *at)
{
    static const char nats[] = "nats";
    size_t len = sizeof nats - 1;
    return (size_t)(at - text->begin) >= len && memcmp(at - len, nats, len) == 0;
}

/* `://USER:PASSWORD@`: returns the length up to the password. */
static size_t url_at(const struct text *text, const char *at, const char **to)
{
    if (!begins_with(at, text->end, "://")) {
        return 0;
    }
    const char *colon = NULL;
    for (const char *here = at + 3; here < text->end && *here != '/' && !ends_value(*here);
         here++) {
        if (*here == '@' && (colon != NULL || has_token(text, at))) {
            const char *secret = colon != NULL ? colon + 1 : at + 3;
            *to = here;
            return here > secret ? (size_t)(secret - at) : 0;
        }
        colon = *here == ':' && colon == NULL ? here : colon;
        *to = here + 1;
    }
    /* The text may have been cut before the `@`; a port is a number. */
    bool number = colon == NULL || skip(colon + 1, *to, ascii_is_digit) == *to;
    return number ? 0 : (size_t)(colon + 1 - at);
}

/* ---- names ---- */

/* Returns the row of the name in `names`; their count: not a secret's. */
static size_t name_row(const char *name, size_t len)
{
    const size_t rows = sizeof names / sizeof *names;
    char plain[NAME_MAX];
    size_t count = 0, row = 0;
    for (size_t i = 0; i < len && len < NAME_MAX; i++) {
        if (is_alnum(name[i])) {
            plain[count++] = (char)(ascii_is_upper(name[i]) ? name[i] | 0x20 : name[i]);
        }
    }
    for (; row < rows; row++) {
        size_t end = names[row].len;
        if (count >= end && plain[count - 1] == names[row].end[end - 1] &&
            memcmp(plain + count - end, names[row].end, end) == 0) {
            break;
        }
    }
    return row;
}

bool mask_names_secret(const char *name, size_t len)
{
    return name_row(name, len) < sizeof names / sizeof *names;
}

/* A value, and how it is written. */
struct value {
    const char *begin, *end; /* begin NULL: nothing is assigned */
    bool quoted, by_colon;
};

/* A quote with the backslashes before it, which it has in JSON inside JSON. */
static size_t quote_at(const char *at, const char *end)
{
    size_t backslashes = 0;
    while (at + backslashes < end && at[backslashes] == '\\') {
        backslashes++;
    }
    bool quote = at + backslashes < end && (at[backslashes] == '"' || at[backslashes] == '\'');
    return quote && (backslashes == 0 || backslashes % 2 == 1) ? backslashes + 1 : 0;
}

/* Returns the end of the text that a quote of `len` bytes before `at` opens. An even number of
   backslashes before a quote belongs to the text; fewer than it opened with end the text around. */
static const char *quoted_end(const char *at, const char *end, size_t len)
{
    char quote = at[-1];
    size_t backslashes = 0;
    for (; at < end && *at != '\n'; at++) {
        bool closes = *at == '"' || *at == quote;
        if (closes && (backslashes % 2 == 0 || backslashes < len)) {
            return backslashes % 2 == 0 ? at : at - backslashes;
        }
        backslashes = *at == '\\' ? backslashes + 1 : 0;
    }
    return at;
}

/* Reads the value at `at`. A quote that closes a string has no value after it. */
static struct value value_at(const char *at, const char *end, bool by_colon)
{
    struct value value = {.by_colon = by_colon};
    size_t quote = quote_at(at, end);
    if (quote > 0) {
        const char *first = at + quote;
        if (first == end || ascii_is_blank(*first) || strchr(",}]:\\\n\r", *first) != NULL) {
            return value;
        }
        value = (struct value){first, quoted_end(first, end, quote), true, by_colon};
        return value;
    }
    const char *token = after_scheme(at, end);
    const char *last = token != NULL ? token : at;
    while (last < end && !ends_value(*last)) {
        last++;
    }
    value.begin = at;
    value.end = last;
    return value;
}

/* Returns the value of the name that ends at `at`. */
static struct value assigned(const char *at, const char *end, bool option)
{
    const struct value none = {.begin = NULL};
    size_t closing = quote_at(at, end);
    const char *here = closing > 0 ? skip(at + closing, end, ascii_is_blank) : at;
    if (here == end) {
        return none;
    }
    if (closing > 0) {
        /* A member of JSON; or an option, with its value as the next item of a list. A number, null
           or an object stays: a mask without quotes is no JSON. */
        bool next = *here == ':' || *here == '=' || (option && *here == ',');
        const char *from = next ? skip(here + 1, end, ascii_is_blank) : end;
        return from < end && quote_at(from, end) > 0 ? value_at(from, end, false) : none;
    }
    if (*here == '=' || *here == ':') {
        const char *from = here + 1;
        from = *here == ':' ? skip(from, end, ascii_is_blank) : from;
        bool operator= here + 1<end && strchr("=:>~", here[1]) != NULL;
        return from < end && !operator&& !ascii_is_blank(*from) ? value_at(from, end, *here == ':')
                                                                : none;
    }
    if (option && ascii_is_blank(*here)) {
        const char *from = skip(here, end, ascii_is_blank);
        return from < end && *from != '-' ? value_at(from, end, false) : none;
    }
    return none;
}

/* Returns the length up to the value; 0: the name at `at` is no secret's. */
static size_t name_at(const struct text *text, const char *at, const char **to)
{
    const char *stop = skip(at, text->end, is_of_name);
    bool option = begins_with(at, text->end, "--") && !begins_with(at, text->end, "--no-");
    struct value value = assigned(stop, text->end, option);
    size_t row =
        value.begin == NULL ? sizeof names / sizeof *names : name_row(at, (size_t)(stop - at));
    if (row == sizeof names / sizeof *names || value.end == value.begin || *value.begin == '$') {
        return 0;
    }
    const char *token = after_scheme(value.begin, value.end);
    bool plain = !option && (names[row].frequent || value.by_colon);
    if (plain && !value.quoted && token == NULL && !is_likely(value.begin, value.end)) {
        return 0;
    }
    *to = value.end;
    return (size_t)(value.begin - at);
}

/* ---- the pass ---- */

/* Returns how many bytes stay before the secret at `at`, which ends at *to; 0: no secret. */
static size_t secret_at(const struct text *text, const char *at, const char **to)
{
    if (*at == ':') {
        return url_at(text, at, to);
    }
    size_t stays = token_at(text, at, to);
    stays = stays > 0 ? stays : scheme_at(text, at, to);
    stays = stays > 0 ? stays : pem_at(text, at, to);
    return stays > 0 ? stays : name_at(text, at, to);
}

size_t mask_cut(const char *text, size_t len, size_t max)
{
    size_t cut = utf8_cut(text, len, max);
    if (cut == len) {
        return len;
    }
    struct text all = {text, text + len};
    const char *to = NULL, *last = text + cut;
    for (const char *at = text; at < last;) {
        bool starts = is_of_name(*at);
        size_t stays = starts || *at == ':' ? secret_at(&all, at, &to) : 0;
        if (stays > 0 && to > last) {
            return at + stays < last ? (size_t)(at - text) + stays : (size_t)(last - text);
        }
        at = stays > 0 ? to : starts ? skip(at, all.end, is_of_name) : at + 1;
    }
    return (size_t)(last - text);
}

bool mask_secrets(const char *text, size_t len, struct strbuf *out)
{
    struct text all = {text, text + len};
    const char *from = text, *to = NULL;
    for (const char *at = text; at < all.end;) {
        bool starts = is_of_name(*at);
        size_t stays = starts || *at == ':' ? secret_at(&all, at, &to) : 0;
        if (stays == 0) {
            at = starts ? skip(at, all.end, is_of_name) : at + 1;
            continue;
        }
        strbuf_add(out, from, (size_t)(at - from) + stays);
        strbuf_adds(out, MASKED);
        from = at = to;
    }
    if (from > text) {
        strbuf_add(out, from, (size_t)(all.end - from));
    }
    return from > text;
}

void mask_in_place(struct strbuf *text)
{
    struct strbuf masked;
    strbuf_init(&masked, text->mem, 0);
    if (text->len > 0 && mask_secrets(text->data, text->len, &masked)) {
        strbuf_clear(text);
        strbuf_add(text, masked.data, masked.len);
        text->failed |= masked.failed;
    }
    strbuf_release(&masked);
}
