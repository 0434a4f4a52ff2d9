/* The clients that `setup` knows: one row for each has all that it prints and looks for. */
#ifndef TUI_SETUP_CLIENTS_H
#define TUI_SETUP_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>

enum setup_form { SETUP_JSON, SETUP_TOML };

/* The client's settings file: below the directory that the variable names (of a list with commas,
   below the first that exists), else below the first of these directories of the user's home that
   exists. */
struct setup_file {
    const char *variable; /* NULL: none */
    const char *in_home, *or_in_home;
    const char *name;
};

struct setup_client {
    const char *name;  /* the argument of setup */
    const char *title; /* for people */
    const char *gives; /* for --help: the facts that swarmtop gets by it */

    /* Lines for its settings file, NULL: none. JSON: members without the braces around them. '@'
       is the address to send to, http://HOST:PORT. */
    struct setup_file file;
    enum setup_form form;
    const char *settings;
    /* Members that take nothing from a collector that it already has. NULL: none. */
    const char *always;
    /* Events whose hooks run `swarmtop hook --client NAME`, NULL at the end; without `always`. */
    const char *const *hooks;
    const char *hook_timeout; /* in the client's unit; JSON alone */
    /* Its setting of a collector: paths with '/' between the keys, NULL at the end. */
    const char *const *collectors;

    /* Lines for the shell that starts it, NULL: none. '@' as above. */
    const char *shell;

    const char *changes; /* paragraphs: the effects of the lines */
};

/* Ends with a row without a name. */
extern const struct setup_client setup_clients[];
/* The variables that send telemetry of any client to a collector, before its settings do; NULL at
   the end. */
extern const char *const setup_variables[];

/* Returns whether it has lines that take nothing from a collector. */
static inline bool setup_has_always(const struct setup_client *client)
{
    return client->always != NULL || client->hooks != NULL;
}
/* Returns the client of that name; NULL: unknown. */
const struct setup_client *setup_client_of(const char *name);

#endif
