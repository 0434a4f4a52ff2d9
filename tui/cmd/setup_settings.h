/* Reads a client's settings file, without changing it: which collector it has, and which settings
   are missing. */
#ifndef TUI_SETUP_SETTINGS_H
#define TUI_SETUP_SETTINGS_H

#include "core/base/json_read.h"
#include "tui/cmd/setup_clients.h"

/* The user's surroundings. */
struct setup_host {
    const char *home; /* borrowed; NULL: unknown */
    const char *(*variable)(const char *name);
    const char *endpoint; /* of swarmtop: http://HOST:PORT */
};

struct setup_settings {
    struct strbuf path; /* empty: it has no file, or the home is unknown */
    struct strbuf text;
    struct json_value json; /* JSON_TYPE_NONE: no file, or its form is another */
    bool exists;
    struct strbuf trouble; /* why it cannot be read; empty: none */
};

enum { SETUP_SETTINGS_MAX_BYTES = 4 << 20 };

/* Reads the client's file. Release *out with setup_settings_release. */
void setup_settings_read(struct setup_settings *out, const struct setup_client *client,
                         const struct setup_host *host);
void setup_settings_release(struct setup_settings *settings);

enum setup_receiver {
    SETUP_NO_RECEIVER,
    SETUP_OWN, /* swarmtop's address, or OTLP's default ports here */
    SETUP_OTHER
};

/* Returns the receiver that the client's telemetry goes to now, another one before swarmtop's own.
   Sets `where` to the setting or the variable that names it, and `url` to its value. */
enum setup_receiver setup_find_receiver(const struct setup_client *client,
                                        const struct setup_settings *settings,
                                        const struct setup_host *host, struct strbuf *where,
                                        struct strbuf *url);
/* Appends the settings of `wanted`, a JSON object, that the file lacks, and those that have other
   values, as `a.b, c is 1`. Returns their number. */
unsigned setup_put_missing(struct json_value wanted, struct json_value has,
                           const struct setup_host *host, struct strbuf *out);

#endif
