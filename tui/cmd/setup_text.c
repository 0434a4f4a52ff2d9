/* Lines that can be pasted as they are, with nothing between them that the file or the shell would
   not take, go to one text, and all that is for people to the other. */
#include "tui/cmd/setup_text.h"

#include "core/base/mask.h"
#include "ingest/address.h"

#include <string.h>

enum { WIDTH = 80 };

/* ---- the lines ---- */

/* Appends the text with '@' replaced. */
static void put_lines(struct strbuf *out, const char *text, const char *endpoint)
{
    for (size_t len; *text != '\0'; text += len) {
        len = strcspn(text, "@");
        strbuf_add(out, text, len);
        if (text[len] == '@') {
            strbuf_adds(out, endpoint);
            len++;
        }
    }
}

/* Appends the lines of hooks that run `swarmtop hook`. */
static void put_hooks(struct strbuf *out, const struct setup_client *client)
{
    bool toml = client->form == SETUP_TOML;
    strbuf_adds(out, toml ? "" : "  \"hooks\": {\n");
    for (const char *const *event = client->hooks; *event != NULL; event++) {
        if (toml) {
            strbuf_addf(out,
                        "[[hooks.%s]]\n[[hooks.%s.hooks]]\ntype = \"command\"\n"
                        "command = \"swarmtop hook --client %s\"\n",
                        *event, *event, client->name);
        } else {
            strbuf_addf(out,
                        "    \"%s\": [{\"hooks\": [{\"type\": \"command\", \"command\": "
                        "\"swarmtop hook --client %s\", \"timeout\": %s}]}]%s\n",
                        *event, client->name, client->hook_timeout, event[1] == NULL ? "" : ",");
        }
    }
    strbuf_adds(out, toml ? "" : "  }");
}

static void put_always(struct strbuf *out, const struct setup_client *client)
{
    if (client->always != NULL) {
        strbuf_adds(out, client->always);
    } else if (client->hooks != NULL) {
        put_hooks(out, client);
    }
}

/* Appends the settings: those of telemetry, those that it has always, or both, as one object. */
static void put_settings(struct strbuf *out, const struct setup_client *client,
                         const char *endpoint, bool telemetry, bool always)
{
    const char *first = telemetry ? client->settings : NULL;
    bool second = always && setup_has_always(client);
    if (first == NULL && !second) {
        return;
    }
    if (client->form == SETUP_TOML) {
        put_lines(out, first == NULL ? "" : first, endpoint);
        if (second) {
            put_always(out, client);
        }
        return;
    }
    strbuf_adds(out, "{\n");
    put_lines(out, first == NULL ? "" : first, endpoint);
    strbuf_adds(out, first != NULL && second ? ",\n" : "");
    if (second) {
        put_always(out, client);
    }
    strbuf_adds(out, "\n}\n");
}

static void put_shell(struct strbuf *out, const struct setup_client *client, const char *endpoint)
{
    if (client->shell != NULL) {
        put_lines(out, client->shell, endpoint);
    }
}

/* ---- the notes ---- */

/* Appends paragraphs, wrapped, each line after `indent` columns. */
static void put_wrapped(struct strbuf *out, size_t indent, const char *text)
{
    size_t at = 0;
    while (*text != '\0') {
        size_t len = strcspn(text, " \n");
        if (at > 0 && at + 1 + len > WIDTH) {
            strbuf_addc(out, '\n');
            at = 0;
        }
        strbuf_addf(out, "%*s", at == 0 ? (int)indent : 1, "");
        strbuf_add(out, text, len);
        at += len + (at == 0 ? indent : 1);
        text += len;
        if (*text == '\n') {
            strbuf_addc(out, '\n');
            at = 0;
        }
        text += *text != '\0';
    }
    strbuf_addc(out, '\n');
}

/* Appends a text made by the caller, wrapped, and empties it. */
static void put_note(struct strbuf *out, size_t indent, struct strbuf *text)
{
    put_wrapped(out, indent, text->failed || text->data == NULL ? "" : text->data);
    strbuf_clear(text);
}

static void put_place(struct strbuf *out, struct strbuf *text, const struct setup_client *client,
                      const struct setup_settings *settings)
{
    const char *path = settings->path.len > 0 ? settings->path.data : client->file.name;
    bool settings_file = client->settings != NULL;
    strbuf_addf(text, "%s: nothing is changed by this command. ", client->title);
    if (settings_file && client->form == SETUP_JSON) {
        strbuf_addf(text, "Add the members below to the object in %s%s.", path,
                    settings->exists ? "" : ", a new file");
    } else if (settings_file) {
        strbuf_addf(text, "Add the lines below to %s%s.", path,
                    settings->exists ? "" : ", a new file");
    }
    if (client->shell != NULL) {
        strbuf_addf(text, "%s the shell that starts it.",
                    settings_file ? " The `export` lines are for" : "The lines are for");
    }
    put_note(out, 0, text);
    put_wrapped(out, 0, client->changes);
}

static void put_obstacle(struct strbuf *missing, unsigned *count, const char *what)
{
    strbuf_addf(missing, "%s%s", missing->len > 0 ? ", " : "", what);
    (*count)++;
}

/* Appends the settings with which the lines are in vain. Returns their number. */
static unsigned put_obstacles(struct json_value has, struct strbuf *missing)
{
    unsigned count = 0;
    struct json_value outfile = json_get(json_get(has, "telemetry"), "outfile");
    if (json_get(has, "disableAllHooks").type == JSON_TYPE_TRUE) {
        put_obstacle(missing, &count, "disableAllHooks (it is true)");
    }
    if (outfile.type == JSON_TYPE_STRING && outfile.len > 2) {
        put_obstacle(missing, &count, "outfile (it is set: telemetry goes to that file alone)");
    }
    return count;
}

/* Appends which of the settings are missing in the file, which is JSON. Returns their number, and
   that of all in *wanted. */
static unsigned put_missing(struct strbuf *missing, const struct setup_client *client,
                            const struct setup_settings *settings, const struct setup_host *host,
                            bool telemetry, unsigned *wanted)
{
    static const struct json_value none = {.type = JSON_TYPE_NONE};
    struct strbuf lines;
    struct json_value all;
    unsigned count = 0;
    *wanted = 0;
    strbuf_init(&lines, &mem_libc, 0);
    put_settings(&lines, client, host->endpoint, telemetry, true);
    if (lines.len > 0 && !lines.failed && json_check(lines.data, lines.len, 16, &all, NULL)) {
        *wanted = setup_put_missing(all, none, host, missing);
        strbuf_clear(missing);
        count = setup_put_missing(all, settings->json, host, missing);
        count += put_obstacles(settings->json, missing);
    }
    strbuf_release(&lines);
    return count;
}

/* Appends which of the settings are missing in the file. */
static void put_check(struct strbuf *out, struct strbuf *text, const struct setup_client *client,
                      const struct setup_settings *settings, const struct setup_host *host,
                      bool telemetry)
{
    struct strbuf missing;
    unsigned wanted;
    if (!settings->exists || client->form != SETUP_JSON) {
        return;
    }
    if (settings->trouble.len > 0) {
        strbuf_addf(text, "%s %s: it was not checked.", settings->path.data,
                    settings->trouble.data);
        put_note(out, 0, text);
        return;
    }
    strbuf_init(&missing, &mem_libc, 0);
    unsigned count = put_missing(&missing, client, settings, host, telemetry, &wanted);
    if (wanted > 0) {
        if (count == 0) {
            strbuf_addf(text, "%s has all of it: nothing is to be added.", settings->path.data);
        } else if (!missing.failed) {
            strbuf_addf(text, "%s lacks %u: %s.", settings->path.data, count, missing.data);
        }
        put_note(out, 0, text);
    }
    strbuf_release(&missing);
}

unsigned setup_count_missing(const struct setup_client *client,
                             const struct setup_settings *settings, const struct setup_host *host,
                             unsigned *wanted)
{
    struct strbuf missing;
    if (client->form == SETUP_TOML) {
        bool found = settings->text.len > 0 && !settings->text.failed &&
                     strstr(settings->text.data, "swarmtop hook") != NULL;
        *wanted = 1;
        return found ? 0 : 1;
    }
    strbuf_init(&missing, &mem_libc, 0);
    unsigned count = put_missing(&missing, client, settings, host, true, wanted);
    strbuf_release(&missing);
    return count;
}

/* Appends the URL without the path of one signal, and with a Collector's port for HTTP. */
static void put_base(struct strbuf *out, const char *url)
{
    const char *path = strstr(url, "/v1/"), *port = strstr(url, ":4317");
    size_t len = path == NULL ? strlen(url) : (size_t)(path - url);
    if (port != NULL && (size_t)(port - url) + 5 == len) {
        len -= 1;
    }
    strbuf_add(out, url, len);
    strbuf_adds(out, url[len] == '7' ? "8" : "");
}

/* Appends the first way to have both: swarmtop passes on. */
static void put_forward(struct strbuf *out, struct strbuf *text, const struct setup_client *client,
                        const struct setup_host *host, const char *url)
{
    if (strncmp(url, "http://", 7) != 0) {
        strbuf_adds(text, "1. swarmtop passes on what it receives, with --forward URL, but only to "
                          "http: this receiver needs the second way.");
        put_note(out, 2, text);
        return;
    }
    put_wrapped(out, 2,
                "1. swarmtop passes on what it receives, by HTTP, and the client sends to swarmtop "
                "by the lines below, in exchange for the old ones:");
    strbuf_adds(out, "     swarmtop --forward ");
    put_base(out, url);
    strbuf_adds(out, "\n");
    put_settings(out, client, host->endpoint, true, false);
    put_shell(out, client, host->endpoint);
}

/* Appends the ways to have the collector and swarmtop. */
static void put_both(struct strbuf *out, struct strbuf *text, const struct setup_client *client,
                     const struct setup_host *host, const char *where, const char *url)
{
    strbuf_addf(text,
                "%s: its telemetry has a receiver already, %s (%s). It keeps it, %s. "
                "Two ways to have both:",
                client->title, url, where,
                !setup_has_always(client) ? "so no line is printed"
                                          : "so only its hooks are printed");
    put_note(out, 0, text);
    put_forward(out, text, client, host, url);
    put_wrapped(out, 2,
                "2. a Collector takes what the client sends, and sends to both: doc/collector.yaml "
                "is one.");
}

/* Appends a warning where the lines may be in vain. */
static void put_own(struct strbuf *out, struct strbuf *text, const char *where, const char *url)
{
    strbuf_addf(text,
                "It sends to %s already (%s). If that is a Collector, swarmtop finds the port "
                "taken: let the Collector send to both (doc/collector.yaml).",
                url, where);
    put_note(out, 0, text);
}

void setup_put(const struct setup_client *client, const struct setup_host *host,
               struct strbuf *lines, struct strbuf *notes)
{
    struct setup_settings settings;
    struct strbuf text, where, url;
    strbuf_init(&text, &mem_libc, 0);
    strbuf_init(&where, &mem_libc, 0);
    strbuf_init(&url, &mem_libc, 0);
    setup_settings_read(&settings, client, host);
    enum setup_receiver receiver = setup_find_receiver(client, &settings, host, &where, &url);
    bool other = receiver == SETUP_OTHER;
    mask_in_place(&url);
    if (!other || setup_has_always(client)) {
        put_place(notes, &text, client, &settings);
        put_check(notes, &text, client, &settings, host, !other);
    }
    if (url.failed || where.failed) {
        notes->failed = true;
    } else if (other) {
        put_both(notes, &text, client, host, where.data, url.data);
    } else if (receiver == SETUP_OWN) {
        put_own(notes, &text, where.data, url.data);
    } else {
        strbuf_addf(&text, "swarmtop receives at %s by default, while it runs.", host->endpoint);
        put_note(notes, 0, &text);
    }
    put_settings(lines, client, host->endpoint, !other, true);
    if (!other) {
        put_shell(lines, client, host->endpoint);
    }
    setup_settings_release(&settings);
    strbuf_release(&text);
    strbuf_release(&where);
    strbuf_release(&url);
}

void setup_put_endpoint(struct strbuf *out)
{
    static const char prefix[] = "otlp:", name[] = "localhost:";
    struct strbuf spec;
    strbuf_init(&spec, &mem_libc, 0);
    if (!address_default_otlp(0, &spec)) {
        strbuf_clear(&spec);
        strbuf_adds(&spec, "otlp:localhost:4318");
    }
    if (!spec.failed) {
        const char *at = spec.data + sizeof prefix - 1;
        bool local = strncmp(at, name, sizeof name - 1) == 0;
        strbuf_addf(out, "http://%s%s", local ? "127.0.0.1:" : "",
                    local ? at + sizeof name - 1 : at);
    }
    strbuf_release(&spec);
}
