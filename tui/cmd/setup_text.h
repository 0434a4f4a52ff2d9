/* The texts of `setup`: the lines to paste, and what to know about them. */
#ifndef TUI_SETUP_TEXT_H
#define TUI_SETUP_TEXT_H

#include "tui/cmd/setup_settings.h"

/* Appends to `lines` what to paste, and to `notes`, for people, where to, what follows from it and
   what the settings lack. Lines that would take telemetry from a collector that the client has
   already are only in the notes, with the ways to have both. The caller checks both for
   `failed`. */
void setup_put(const struct setup_client *client, const struct setup_host *host,
               struct strbuf *lines, struct strbuf *notes);

/* Returns how many of the settings the client's file lacks, and sets *wanted to the number of all.
   Only the hooks of TOML are looked for. */
unsigned setup_count_missing(const struct setup_client *client,
                             const struct setup_settings *settings, const struct setup_host *host,
                             unsigned *wanted);

/* Appends the address that clients send to by default: http://HOST:PORT. */
void setup_put_endpoint(struct strbuf *out);

#endif
