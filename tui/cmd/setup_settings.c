/* Clients take comments and trailing commas in their JSON. These are replaced by spaces, then the
   text is checked and walked like any JSON. TOML is only searched, line by line, for the table and
   the key: a parser for one key of one client would be more than all the rest. */
#include "tui/cmd/setup_settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 64, DEEP_ENOUGH = 8 };

/* ---- the file ---- */

static bool is_directory(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Sets path to the directory's numbered candidate. False: there are no more. */
static bool candidate(const struct setup_file *file, const struct setup_host *host, int number,
                      struct strbuf *path)
{
    const char *named = file->variable == NULL ? NULL : host->variable(file->variable);
    strbuf_clear(path);
    if (named != NULL && *named != '\0') {
        for (int i = 0; i < number; i++) {
            named += strcspn(named, ",");
            named += *named == ',';
        }
        strbuf_add(path, named, strcspn(named, ","));
        return *named != '\0';
    }
    const char *below = number == 0 ? file->in_home : number == 1 ? file->or_in_home : NULL;
    if (below != NULL && host->home != NULL) {
        strbuf_addf(path, "%s/%s", host->home, below);
    }
    return path->len > 0;
}

static void find_file(const struct setup_file *file, const struct setup_host *host,
                      struct strbuf *path)
{
    int number = 0;
    while (candidate(file, host, number, path) && !is_directory(path->data)) {
        number++;
    }
    if (path->len > 0 || candidate(file, host, 0, path)) {
        strbuf_addf(path, "/%s", file->name);
    }
}

/* Returns the position after the comment at `at`, or `at` if there is no comment. */
static size_t after_comment(const char *text, size_t at, size_t len)
{
    const char *found = NULL;
    if (at + 1 >= len || text[at] != '/' || (text[at + 1] != '/' && text[at + 1] != '*')) {
        return at;
    }
    if (text[at + 1] == '/') {
        found = memchr(text + at, '\n', len - at);
        return found == NULL ? len : (size_t)(found - text);
    }
    found = strstr(text + at + 2, "*/");
    return found == NULL ? len : (size_t)(found - text) + 2;
}

/* Returns the position after the string at `at`. */
static size_t after_string(const char *text, size_t at, size_t len)
{
    for (at++; at < len && text[at] != '"'; at++) {
        at += text[at] == '\\';
    }
    return at < len ? at + 1 : len;
}

/* Replaces comments and trailing commas by spaces. */
static void blank_comments(char *text, size_t len)
{
    size_t comma = len; /* the last one, if only space follows so far */
    for (size_t at = 0; at < len;) {
        size_t end = after_comment(text, at, len);
        if (end > at) {
            memset(text + at, ' ', end - at);
            at = end;
        } else if (text[at] == '"') {
            at = after_string(text, at, len);
            comma = len;
        } else {
            if ((text[at] == '}' || text[at] == ']') && comma < len) {
                text[comma] = ' ';
            }
            if (strchr(" \t\r\n", text[at]) == NULL) {
                comma = text[at] == ',' ? at : len;
            }
            at++;
        }
    }
}

static void read_text(struct setup_settings *out)
{
    FILE *file = out->path.len > 0 && !out->path.failed ? fopen(out->path.data, "re") : NULL;
    char bytes[4096];
    size_t len;
    if (file == NULL) {
        if (out->path.len > 0 && errno != ENOENT && errno != ENOTDIR) {
            strbuf_addf(&out->trouble, "cannot be read: %s", strerror(errno));
        }
        return;
    }
    out->exists = true;
    while ((len = fread(bytes, 1, sizeof bytes, file)) > 0 && !out->text.failed) {
        strbuf_add(&out->text, bytes, len);
    }
    if (ferror(file)) {
        strbuf_addf(&out->trouble, "cannot be read: %s", strerror(errno));
    } else if (out->text.failed) {
        strbuf_adds(&out->trouble, "is too large");
    }
    fclose(file);
}

void setup_settings_read(struct setup_settings *out, const struct setup_client *client,
                         const struct setup_host *host)
{
    struct json_error error;
    *out = (struct setup_settings){.exists = false};
    strbuf_init(&out->path, &mem_libc, 0);
    strbuf_init(&out->text, &mem_libc, SETUP_SETTINGS_MAX_BYTES);
    strbuf_init(&out->trouble, &mem_libc, 0);
    if (client->settings == NULL) {
        return;
    }
    find_file(&client->file, host, &out->path);
    read_text(out);
    if (client->form != SETUP_JSON || out->trouble.len > 0 || out->text.len == 0) {
        return;
    }
    blank_comments(out->text.data, out->text.len);
    if (!json_check(out->text.data, out->text.len, DEPTH_MAX, &out->json, &error)) {
        strbuf_addf(&out->trouble, "is not JSON: %s at byte %zu", error.what, error.offset);
        out->json = (struct json_value){.type = JSON_TYPE_NONE};
    } else if (out->json.type != JSON_TYPE_OBJECT) {
        strbuf_adds(&out->trouble, "is no JSON object");
    }
}

void setup_settings_release(struct setup_settings *settings)
{
    strbuf_release(&settings->path);
    strbuf_release(&settings->text);
    strbuf_release(&settings->trouble);
}

/* ---- where telemetry goes ---- */

/* Returns the length of "HOST:PORT" of the URL and sets *host to its begin. */
static size_t host_of(const char *url, const char **host)
{
    const char *scheme = strstr(url, "://");
    *host = scheme == NULL ? url : scheme + 3;
    return strcspn(*host, "/?");
}

/* Returns whether the URL is one of swarmtop's: its own, or a default port of OTLP here. */
static bool is_own(const char *url, const struct setup_host *own)
{
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
    const char *host, *own_host;
    size_t len = host_of(url, &host), own_len = host_of(own->endpoint, &own_host);
    const char *own_port = own_host + own_len;
    while (own_port > own_host && own_port[-1] != ':') {
        own_port--;
    }
    size_t port_len = own_len - (size_t)(own_port - own_host);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t name = strlen(names[i]);
        if (len > name && strncmp(host, names[i], name) == 0 && host[name] == ':') {
            const char *port = host + name + 1;
            size_t n = len - name - 1;
            return (n == 4 && strncmp(port, "4317", 4) == 0) ||
                   (n == port_len && strncmp(port, own_port, n) == 0);
        }
    }
    return len == own_len && strncmp(host, own_host, len) == 0;
}

/* Returns the value at the path, whose keys are separated by '/'. */
static struct json_value at_path(struct json_value object, const char *path)
{
    char key[128];
    for (;;) {
        size_t len = strcspn(path, "/");
        (void)snprintf(key, sizeof key, "%.*s", (int)len, path);
        object = json_get(object, key);
        if (path[len] == '\0') {
            return object;
        }
        path += len + 1;
    }
}

/* Appends the value of `key = "…"` in the line, wherever it is in it. */
static void put_toml_value(const char *line, size_t len, const char *key, struct strbuf *out)
{
    const char *end = line + len;
    for (const char *at = line; at < end && *at != '#'; at++) {
        if ((size_t)(end - at) <= strlen(key) || strncmp(at, key, strlen(key)) != 0 ||
            (at > line && strchr("{, \t", at[-1]) == NULL)) {
            continue;
        }
        at += strlen(key);
        at += strspn(at, " \t");
        if (*at == '=') {
            at += 1 + strspn(at + 1, " \t");
            if (at < end && (*at == '"' || *at == '\'')) {
                const char quote[] = {*at, '\n', '\0'};
                strbuf_add(out, at + 1, strcspn(at + 1, quote));
                return;
            }
        }
        at--;
    }
}

/* Appends the value of the key in the table, or in a table below it; "table/key" is its path. */
static void put_toml(const char *text, const char *path, struct strbuf *out)
{
    const char *key = strchr(path, '/') + 1;
    size_t table = (size_t)(key - path) - 1;
    bool inside = false;
    for (size_t len; *text != '\0' && out->len == 0; text += len + (text[len] == '\n')) {
        len = strcspn(text, "\n");
        size_t space = strspn(text, " \t");
        const char *line = text + space;
        if (line[0] == '[') {
            size_t name = 1 + strspn(line + 1, " [\t");
            inside = strncmp(line + name, path, table) == 0 &&
                     strchr(" .]\t", line[name + table]) != NULL;
        } else if (inside ||
                   (strncmp(line, path, table) == 0 && strchr(" .=\t", line[table]) != NULL)) {
            put_toml_value(line, len > space ? len - space : 0, key, out);
        }
    }
}

static void put_setting(const struct setup_client *client, const struct setup_settings *settings,
                        const char *path, struct strbuf *out)
{
    if (client->form == SETUP_TOML) {
        if (settings->text.len > 0 && !settings->text.failed) {
            put_toml(settings->text.data, path, out);
        }
        return;
    }
    struct json_value value = at_path(settings->json, path);
    if (value.type == JSON_TYPE_STRING) {
        json_get_string(value, out);
    }
}

/* Takes the value of one setting, `from` what, if it is the first or the first other one. */
static enum setup_receiver take(enum setup_receiver so_far, const struct setup_host *host,
                                const char *value, const char *name, const char *from,
                                struct strbuf *where, struct strbuf *url)
{
    enum setup_receiver found = is_own(value, host) ? SETUP_OWN : SETUP_OTHER;
    if (*value == '\0' || found <= so_far) {
        return so_far;
    }
    strbuf_clear(where);
    strbuf_clear(url);
    strbuf_addf(where, "%s of %s", name, from);
    strbuf_adds(url, value);
    return found;
}

enum setup_receiver setup_find_receiver(const struct setup_client *client,
                                        const struct setup_settings *settings,
                                        const struct setup_host *host, struct strbuf *where,
                                        struct strbuf *url)
{
    enum setup_receiver found = SETUP_NO_RECEIVER;
    struct strbuf value;
    for (const char *const *name = setup_variables; *name != NULL; name++) {
        const char *set = host->variable(*name);
        found = take(found, host, set == NULL ? "" : set, *name, "the environment", where, url);
    }
    strbuf_init(&value, &mem_libc, 0);
    for (const char *const *path = client->collectors; path != NULL && *path != NULL; path++) {
        const char *key = strrchr(*path, '/');
        strbuf_clear(&value);
        put_setting(client, settings, *path, &value);
        found = take(found, host, value.data == NULL ? "" : value.data,
                     key == NULL ? *path : key + 1, settings->path.data, where, url);
    }
    strbuf_release(&value);
    return found;
}

/* ---- what is missing ---- */

static bool mentions(struct json_value value, const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i + len <= value.len; i++) {
        if (strncmp(value.raw + i, text, len) == 0) {
            return true;
        }
    }
    return false;
}

/* Returns whether the value does what the wanted one does. A list of hooks does if one of them is
   swarmtop's, run as a command or called by HTTP. */
static bool suffices(struct json_value wanted, struct json_value has, const struct setup_host *host)
{
    if (wanted.type == JSON_TYPE_ARRAY) {
        return has.type == JSON_TYPE_ARRAY &&
               (mentions(has, "swarmtop") || mentions(has, "/hooks"));
    }
    if (wanted.type != has.type) {
        return false;
    }
    if (wanted.type == JSON_TYPE_STRING) {
        struct strbuf text;
        strbuf_init(&text, &mem_libc, 0);
        json_get_string(has, &text);
        bool own = json_string_is(wanted, host->endpoint) && text.len > 0 && !text.failed &&
                   is_own(text.data, host);
        strbuf_release(&text);
        return own || json_same_string(wanted, has);
    }
    return wanted.type != JSON_TYPE_NUMBER || json_get_number(wanted) == json_get_number(has);
}

static unsigned put_missing(struct json_value wanted, struct json_value has,
                            const struct setup_host *host, unsigned depth, struct strbuf *out)
{
    unsigned count = 0;
    struct json_walk walk = json_walk(wanted);
    for (struct json_member member; json_next_member(&walk, &member);) {
        char key[128];
        if (member.key.len >= sizeof key || depth == DEEP_ENOUGH) {
            continue;
        }
        key[json_copy_string(member.key, key)] = '\0';
        struct json_value value = json_get(has, key);
        if (member.value.type == JSON_TYPE_OBJECT) {
            count += put_missing(member.value, value, host, depth + 1, out);
        } else if (!suffices(member.value, value, host)) {
            strbuf_addf(out, "%s%s", out->len > 0 ? ", " : "", key);
            if (value.type != JSON_TYPE_NONE && value.type != JSON_TYPE_ARRAY && value.len < 80) {
                strbuf_addf(out, " (it is %.*s)", (int)value.len, value.raw);
            }
            count++;
        }
    }
    return count;
}

unsigned setup_put_missing(struct json_value wanted, struct json_value has,
                           const struct setup_host *host, struct strbuf *out)
{
    return put_missing(wanted, has, host, 0, out);
}
