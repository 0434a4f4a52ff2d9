/* The text is cut up in place: values stay parts of it, so it must outlive the options. */
#include "tui/cmd/config.h"

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

static bool apply_bind(struct options *options, char *rest, struct strbuf *error)
{
    char *keys = cut_value(rest);
    const char *wrong;
    if (keymap_bind(&options->keymap, rest, strlen(rest), keys, &wrong)) {
        return true;
    }
    strbuf_addf(error, "bind %s: %s", rest, wrong);
    return false;
}

static bool apply_option(struct options *options, const char *name, const char *value,
                         struct strbuf *error)
{
    const struct option_row *row = NULL;
    bool known = false;
    struct strbuf why;
    bool ok;

    for (size_t i = 0; i < option_row_count; i++) {
        if (strcmp(option_rows[i].name, name) == 0) {
            known = true;
            if (option_rows[i].commands & FOR(options->command)) {
                row = &option_rows[i];
            }
        }
    }
    if (!known) {
        strbuf_addf(error, "%s: no such option", name);
    }
    if (row == NULL) {
        return known; /* an option of another command */
    }
    if (row->argument != NULL && !*value) {
        strbuf_addf(error, "%s: needs %s", name, row->argument);
    } else if (row->argument == NULL && *value) {
        strbuf_addf(error, "%s: takes no value", name);
    }
    if ((row->argument == NULL) != !*value) {
        return false;
    }
    strbuf_init(&why, &mem_libc, 0);
    ok = row->parse(options, value, &why);
    if (!ok) {
        strbuf_addf(error, "%s: %s", name, why.data != NULL ? why.data : "wrong");
    }
    strbuf_release(&why);
    return ok;
}

static bool apply_line(struct options *options, char *line, struct strbuf *error)
{
    char *name = trim(line), *value;
    if (!*name || *name == '#') {
        return true;
    }
    value = cut_value(name);
    if (strcmp(name, "bind") == 0) {
        return apply_bind(options, value, error);
    }
    return apply_option(options, name, value, error);
}

bool config_apply(struct options *options, char *text, struct strbuf *error)
{
    struct strbuf why;
    unsigned number = 1;
    bool ok = true;

    strbuf_init(&why, &mem_libc, 0);
    for (char *line = text, *next; line != NULL && ok; line = next, number++) {
        next = strchr(line, '\n');
        if (next != NULL) {
            *next++ = '\0';
        }
        ok = apply_line(options, line, &why);
        if (!ok) {
            strbuf_addf(error, "%u: %s", number, why.data != NULL ? why.data : "wrong");
        }
    }
    strbuf_release(&why);
    return ok;
}
