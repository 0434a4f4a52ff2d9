/* The text is cut up in place: values stay parts of it, so it must outlive the options. */
#include "tui/cmd/config.h"

#include "core/base/nearest.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- where it is ---- */

static const char *given_path(int argc, char *const *argv)
{
    static const char name[] = "--config";
    size_t len = sizeof name - 1;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strncmp(argv[i], name, len) == 0) {
            if (argv[i][len] == '=') {
                return argv[i] + len + 1;
            }
            if (!argv[i][len] && i + 1 < argc) {
                return argv[i + 1];
            }
        }
    }
    return NULL;
}

void config_path(int argc, char *const *argv, const struct environment *env, struct strbuf *out,
                 bool *given)
{
    const char *path = given_path(argc, argv);
    *given = path != NULL;
    if (path != NULL) {
        strbuf_adds(out, path);
    } else if (env->config_home != NULL) {
        strbuf_addf(out, "%s/swarmtop/config", env->config_home);
    } else if (env->home != NULL) {
        strbuf_addf(out, "%s/.config/swarmtop/config", env->home);
    }
}

bool config_read(const char *path, bool given, struct strbuf *out, struct strbuf *error)
{
    FILE *file = *path ? fopen(path, "re") : NULL;
    char bytes[4096];
    size_t len;
    bool ok;

    if (file == NULL) {
        if (given) {
            strbuf_addf(error, "%s: cannot read: %s", path, strerror(*path ? errno : ENOENT));
        }
        return !given;
    }
    while (out->len <= CONFIG_MAX_BYTES && (len = fread(bytes, 1, sizeof bytes, file)) > 0) {
        strbuf_add(out, bytes, len);
    }
    ok = !ferror(file) && !out->failed && out->len <= CONFIG_MAX_BYTES;
    if (ferror(file)) {
        strbuf_addf(error, "%s: cannot read: %s", path, strerror(errno));
    } else if (!ok && !out->failed) {
        strbuf_addf(error, "%s: cannot read: larger than %d KB", path, CONFIG_MAX_BYTES / 1024);
    }
    fclose(file);
    return ok;
}

/* ---- what is in it ---- */

static char *trim(char *text)
{
    while (isspace((unsigned char)*text)) {
        text++;
    }
    size_t len = strlen(text);
    while (len > 0 && isspace((unsigned char)text[len - 1])) {
        text[--len] = '\0';
    }
    return text;
}

/* Splits `name = value` or `name value`. Returns the value, "" if it is absent. */
static char *cut_value(char *line)
{
    char *at = line + strcspn(line, " \t=");
    if (!*at) {
        return at;
    }
    *at++ = '\0';
    at += strspn(at, " \t");
    at += *at == '=';
    return trim(at);
}

/* A file under way, with the line of each action's bind; 0: none. */
struct config_reader {
    struct options *options;
    unsigned line;
    unsigned bound_at[ACTIONS];
};

static bool apply_bind(struct config_reader *reader, char *rest, struct strbuf *error)
{
    char *keys = cut_value(rest);
    const char *wrong;
    enum action action = keymap_bind(&reader->options->keymap, rest, strlen(rest), keys, &wrong);
    if (action == ACTION_NONE) {
        strbuf_addf(error, "bind %s: %s", rest, wrong);
        return false;
    }
    reader->bound_at[action] = reader->line;
    return true;
}

/* Refuses a key that two actions of one view have. The line is that of the later bind. */
static bool check_binds(struct config_reader *reader, struct strbuf *error)
{
    struct keymap_clash clash;
    if (!keymap_find_clash(&reader->options->keymap, &clash)) {
        return true;
    }
    const struct action_info *later = clash.bound, *other = clash.other;
    unsigned line = reader->bound_at[later->action], first = reader->bound_at[other->action];
    if (first > line) {
        later = clash.other, other = clash.bound;
        first = line, line = reader->bound_at[later->action];
    }
    strbuf_addf(error, "%u: bind %s: %.*s is also the key of %s ", line, later->name,
                (int)clash.key_len, clash.key, other->name);
    if (first > 0) {
        strbuf_addf(error, "(line %u)", first);
    } else {
        strbuf_addf(error, "by default; bind %s to other keys, or to none: bind %s =", other->name,
                    other->name);
    }
    return false;
}

static void refuse_unknown(const char *name, struct strbuf *error)
{
    struct nearest nearest;
    nearest_init(&nearest, name, strlen(name));
    nearest_offer(&nearest, "bind");
    for (size_t i = 0; i < option_row_count; i++) {
        if (config_has(&option_rows[i])) {
            nearest_offer(&nearest, option_rows[i].name);
        }
    }
    strbuf_addf(error, "%s: no such option", name);
    if (nearest.name != NULL) {
        strbuf_addf(error, "; did you mean %s?", nearest.name);
    }
}

/* Refuses an option that no file may have, a value that is missing, and one too many. */
static bool check_row(const struct option_row *row, const char *value, struct strbuf *error)
{
    if (!config_has(row)) {
        strbuf_addf(error, "%s: not an option of a config file", row->name);
    } else if (row->argument != NULL && !*value) {
        strbuf_addf(error, "%s: needs %s", row->name, row->argument);
    } else if (row->argument == NULL && *value) {
        strbuf_addf(error, "%s: takes no value", row->name);
    }
    return config_has(row) && (row->argument == NULL) == !*value;
}

/* Parses the value by each row of the name. A value that suits the option of another command alone
   is ignored; one that suits no command is refused. */
static bool apply_option(struct options *options, const char *name, const char *value,
                         struct strbuf *error)
{
    bool known = false, good = false;
    struct strbuf why;
    strbuf_init(&why, &mem_libc, 0);
    for (size_t i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        struct options tried = *options;
        if (strcmp(row->name, name) != 0) {
            continue;
        }
        if (!check_row(row, value, error)) {
            strbuf_release(&why);
            return false;
        }
        strbuf_adds(&why, known ? ", and " : "");
        bool ok = row->parse(&tried, value, &why);
        known = true;
        good |= ok;
        if (ok && (row->commands & FOR(options->command))) {
            *options = tried;
        }
    }
    if (!known) {
        refuse_unknown(name, error);
    } else if (!good) {
        strbuf_addf(error, "%s: %s", name, why.data != NULL ? why.data : "wrong");
    }
    strbuf_release(&why);
    return good;
}

static bool apply_line(struct config_reader *reader, char *line, struct strbuf *error)
{
    char *name = trim(line), *value;
    if (!*name || *name == '#') {
        return true;
    }
    value = cut_value(name);
    if (strcmp(name, "bind") == 0) {
        return apply_bind(reader, value, error);
    }
    return apply_option(reader->options, name, value, error);
}

bool config_apply(struct options *options, char *text, struct strbuf *error)
{
    struct config_reader reader = {.options = options};
    struct strbuf why;
    bool ok = true;

    strbuf_init(&why, &mem_libc, 0);
    for (char *line = text, *next; line != NULL && ok; line = next) {
        next = strchr(line, '\n');
        if (next != NULL) {
            *next++ = '\0';
        }
        reader.line++;
        ok = apply_line(&reader, line, &why);
        if (!ok) {
            strbuf_addf(error, "%u: %s", reader.line, why.data != NULL ? why.data : "wrong");
        }
    }
    strbuf_release(&why);
    return ok && check_binds(&reader, error);
}
