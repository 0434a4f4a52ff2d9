/* Messages of sources on stderr. `printed` has a character per source, whose bits are the messages
   that were printed, so each is printed once. */
#include "tui/cmd/cmd_engine.h"
#include "tui/screen/console.h"

#include "ingest/hub.h"

#include <stdio.h>
#include <string.h>

enum {
    PRINTED_NONE = '0',
    PRINTED_ERROR = 1,
    PRINTED_REFUSED = 2,
    PRINTED_UNREAD = 4
}; /* bits of the character */

/* Returns whether it was not printed before. */
static bool prints_now(struct engine *engine, size_t index, char bit)
{
    while (engine->printed.len <= index && !engine->printed.failed) {
        strbuf_addc(&engine->printed, PRINTED_NONE);
    }
    if (engine->printed.failed) {
        return true; /* twice rather than never */
    }
    if (engine->printed.data[index] & bit) {
        return false;
    }
    engine->printed.data[index] |= bit;
    return true;
}

static void print_refused(const struct source_status *status)
{
    const char *spec = strcmp(status->spec, "-") == 0 ? "stdin" : status->spec;
    const char *what = status->turned_away == 0                ? "bad line"
                       : status->turned_away < status->refused ? "bad line or refused connection"
                                                               : "refused connection";
    if (status->error_is_first) {
        console_errorf("%s: %llu more %s%s", spec, (unsigned long long)status->refused - 1, what,
                       status->refused == 2 ? "" : "s");
    } else if (status->refused == 1) {
        console_errorf("%s: %s (1 %s)", spec, status->first_refused, what);
    } else {
        console_errorf("%s: %s (the first of %llu %ss)", spec, status->first_refused,
                       (unsigned long long)status->refused, what);
    }
}

/* Prints a message for each file. */
static void print_unread(const char *lines)
{
    for (size_t len; *lines != '\0'; lines += len) {
        len = strcspn(lines, "\n");
        console_errorf("%.*s", (int)len, lines);
        len += lines[len] == '\n';
    }
}

/* Most modules report a lack of memory themselves. This message comes in any case. */
bool engine_had_memory(struct engine *engine)
{
    size_t refused = mem_spare_refused(&engine->spare);
    if (refused > engine->refused_printed) {
        console_errorf("memory ran out %zu time%s: something may be missing", refused,
                       refused == 1 ? "" : "s");
    }
    engine->refused_printed = refused;
    return refused == 0;
}

bool engine_complain(struct engine *engine)
{
    bool refused = !engine_had_memory(engine);

    for (size_t i = 0; i < hub_source_count(engine->hub); i++) {
        struct source_status status = hub_source(engine->hub, i);
        if (*status.error && prints_now(engine, i, PRINTED_ERROR)) {
            console_errorf("%s", status.error);
        }
        if (status.refused > status.error_is_first && prints_now(engine, i, PRINTED_REFUSED)) {
            print_refused(&status);
        }
        if (*status.unread && prints_now(engine, i, PRINTED_UNREAD)) {
            print_unread(status.unread);
        }
        refused |= status.refused > 0 || *status.unread;
    }
    return !hub_failed(engine->hub) && !engine->lacks_source && !refused;
}
