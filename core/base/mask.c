/* One pass over the text. At the start of each name or token the pass looks for a token of a known
   shape, a scheme such as Bearer, a PEM key, and a name whose value is a secret; at each colon for
   the password of a URL. It leaves the bytes of the secret out. A value ends before a quote or a
   backslash, so the end of a JSON string stays. */
#include "core/base/mask.h"

#include <string.h>
#include <strings.h>

/* A token: so many of its characters must follow the prefix. */
static const struct {
    const char *prefix;
    size_t least;
} shapes[] = {
    {"sk-", 8},
    {"sk_live_", 8},
    {"sk_test_", 8},
    {"rk_live_", 8},
    {"pk_live_", 8},
    {"AKIA", 12},
    {"ASIA", 12},
    {"ghp_", 8},
    {"gho_", 8},
    {"ghu_", 8},
    {"ghs_", 8},
    {"ghr_", 8},
    {"glpat-", 8},
    {"xoxb-", 8},
    {"xoxa-", 8},
    {"xoxp-", 8},
    {"xoxr-", 8},
    {"xoxs-", 8},
    {"xapp-", 8},
    {"AIza", 16},
    {"github_pat_", 8},
    {"npm_", 16},
    {"hf_", 16},
    {"pypi-", 16},
    {"dop_v1_", 16},
    {"SG.", 16},
    {"ya29.", 8},
    {"eyJ", 20},
    {"AGE-SECRET-KEY-", 8},
};

/* They precede a token in a header. */
static const char *const schemes[] = {"bearer", "basic", "token", "digest"};

/* The ends of names whose values are secrets, without `_`, `-` and `.`. */
static const char *const names[] = {"password",    "passwd",       "passphrase", "secret",
                                    "token",       "apikey",       "accesskey",  "secretkey",
                                    "accesskeyid", "privatekey",   "credential", "credentials",
                                    "cookie",      "authorization"};

enum { NAME_MAX = 80, SCHEME_LEAST = 6 };

struct text {
    const char *begin, *end;
};

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool is_of_name(char c)
{
    return is_alnum(c) || c == '_' || c == '-' || c == '.';
}

/* The characters of tokens: base64 of both kinds, and dots between parts. */
static bool is_of_token(char c)
{
    return is_of_name(c) || c == '+' || c == '/' || c == '=' || c == '~';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool ends_value(char c)
{
    return is_space(c) || strchr("\"'`\\&;|<>,(){}", c) != NULL;
}

static const char *skip(const char *at, const char *end, bool (*is)(char))
{
    while (at < end && is(*at)) {
        at++;
    }
    return at;
}

static const char *value_end(const char *at, const char *end)
{
    while (at < end && *at != '\0' && !ends_value(*at)) {
        at++;
    }
    return at;
}

static bool begins_with(const char *at, const char *end, const char *prefix)
{
    size_t len = strlen(prefix);
    return (size_t)(end - at) >= len && memcmp(at, prefix, len) == 0;
}

/* ---- tokens ---- */

/* Returns the length of the prefix of a token at `at`, 0: no token. Sets *to to its end. */
static size_t token_at(const struct text *text, const char *at, const char **to)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        if (*at == shapes[i].prefix[0] && begins_with(at, text->end, shapes[i].prefix)) {
            size_t len = strlen(shapes[i].prefix);
            *to = skip(at + len, text->end, is_of_token);
            return (size_t)(*to - at) - len >= shapes[i].least ? len : 0;
        }
    }
    return 0;
}

/* The same for the text between the lines of a PEM key. */
static size_t pem_at(const struct text *text, const char *at, const char **to)
{
    static const char begin[] = "-----BEGIN ", key[] = "PRIVATE KEY-----", end[] = "-----END ";
    if (!begins_with(at, text->end, begin)) {
        return 0;
    }
    const char *line = memmem(at, (size_t)(text->end - at), key, sizeof key - 1);
    if (line == NULL || line - at > NAME_MAX) {
        return 0;
    }
    line += sizeof key - 1;
    const char *last = memmem(line, (size_t)(text->end - line), end, sizeof end - 1);
    const char *quote = memchr(line, '"', (size_t)(text->end - line));
    *to = last != NULL ? last : quote != NULL ? quote : text->end;
    return (size_t)(line - at);
}

/* Returns where the token of `Bearer TOKEN` begins; NULL: no scheme. */
static const char *after_scheme(const char *at, const char *end)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t len = strlen(schemes[i]);
        if ((size_t)(end - at) > len && strncasecmp(at, schemes[i], len) == 0 && at[len] == ' ') {
            return skip(at + len, end, is_space);
        }
    }
    return NULL;
}

/* Outside a header it may belong to a sentence: only a long token counts. */
static size_t scheme_at(const struct text *text, const char *at, const char **to)
{
    const char *token = after_scheme(at, text->end);
    if (token == NULL || strncasecmp(at, "b", 1) != 0) {
        return 0;
    }
    *to = skip(token, text->end, is_of_token);
    return *to - token >= SCHEME_LEAST ? (size_t)(token - at) : 0;
}

/* `://USER:PASSWORD@`: returns the length up to the password. */
static size_t url_at(const struct text *text, const char *at, const char **to)
{
    if (!begins_with(at, text->end, "://")) {
        return 0;
    }
    const char *colon = NULL;
    for (const char *here = at + 3; here < text->end; here++) {
        if (*here == '@' && colon != NULL) {
            *to = here;
            return here > colon + 1 ? (size_t)(colon + 1 - at) : 0;
        }
        if (*here == '/' || ends_value(*here)) {
            return 0;
        }
        colon = *here == ':' && colon == NULL ? here : colon;
    }
    return 0;
}

/* ---- names ---- */

bool mask_names_secret(const char *name, size_t len)
{
    char plain[NAME_MAX];
    size_t count = 0;
    for (size_t i = 0; i < len && len < NAME_MAX; i++) {
        if (is_alnum(name[i])) {
            plain[count++] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 0x20 : name[i]);
        }
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t end = strlen(names[i]);
        if (count >= end && memcmp(plain + count - end, names[i], end) == 0) {
            return true;
        }
    }
    return false;
}

/* Skips a quote. It is escaped where the text is JSON in JSON; after an even number of backslashes
   it is not, and ends the string. */
static const char *skip_quote(const char *at, const char *end)
{
    const char *quote = at;
    while (quote < end && *quote == '\\') {
        quote++;
    }
    bool is_quote = quote < end && (*quote == '"' || *quote == '\'');
    return is_quote && (quote == at || (quote - at) % 2 == 1) ? quote + 1 : at;
}

/* The same if the quote opens a value. Only few characters follow a quote that closes one. */
static const char *skip_opening(const char *at, const char *end)
{
    const char *after = skip_quote(at, end);
    bool opens = after > at && after < end && !is_space(*after) && strchr(",}]:\\", *after) == NULL;
    return opens ? after : at;
}

/* Returns where the value of the name begins that ends at `at`; NULL: nothing is assigned. */
static const char *assigned(const char *at, const char *end, bool option)
{
    const char *after = skip_quote(at, end);
    const char *here = skip(after, end, is_space);
    if (here < end && (*here == '=' || *here == ':')) {
        here = skip(here + 1, end, is_space);
        const char *value = skip_opening(here, end);
        /* A number, null or an object of JSON stays: a mask without quotes is no JSON. */
        bool member = after > at;
        return member && value == here ? NULL : value;
    }
    return option && here > at && here < end && *here != '-' ? skip_opening(here, end) : NULL;
}

/* Returns the length up to the value; 0: the name at `at` is no secret's. */
static size_t name_at(const struct text *text, const char *at, const char **to)
{
    const char *stop = skip(at, text->end, is_of_name);
    const char *value = assigned(stop, text->end, *at == '-');
    if (value == NULL || !mask_names_secret(at, (size_t)(stop - at))) {
        return 0;
    }
    const char *token = after_scheme(value, text->end);
    *to = value_end(token != NULL ? token : value, text->end);
    bool variable = value < text->end && *value == '$';
    return *to > value && !variable ? (size_t)(value - at) : 0;
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
