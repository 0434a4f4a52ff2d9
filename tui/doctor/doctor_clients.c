/* The files of clients: each source of a client is read as `report` would read it, so what is
   printed is what the screen would show. */
#include "tui/doctor/doctor.h"

#include "tui/cmd/cmd_engine.h"

#include "core/query/clients.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DAY_NS INT64_C(86400000000000)

/* Returns the number of sessions of the client, whose prefix is `claude:`. */
static size_t count_sessions(const struct swarm *swarm, const char *prefix)
{
    size_t count = 0, len = strlen(prefix) - 1;
    for (session_no i = 0; i < swarm_session_count(swarm); i++) {
        intern_id client = clients_of_session(swarm, i);
        const char *name = client == INTERN_NONE ? "" : swarm_text(swarm, client);
        count += strncmp(name, prefix, len) == 0 && name[len] == '\0';
    }
    return count;
}

/* Returns whether the client has put into its directory what it puts there first. */
static bool has_worked(const struct source_row *row, const char *place)
{
    char path[PATH_MAX];
    struct stat st;
    return snprintf(path, sizeof path, "%s/%s", place, row->needs == NULL ? "" : row->needs) <
               (int)sizeof path &&
           stat(path, &st) == 0;
}

static void put_older(struct findings *out, const struct source_status *status)
{
    int64_t days = (engine_now_ns() - status->older_ns) / DAY_NS + 1;
    if (status->older > 0) {
        findings_advise(out, "%zu older %s: `swarmtop --since %lldd` shows the latest",
                        status->older, status->older == 1 ? "file" : "files", (long long)days);
    }
}

/* Appends what the source has, and the first file that it could not read. */
static void put_source(struct findings *out, const struct engine *engine,
                       const struct source_row *row, const struct source_status *status)
{
    size_t sessions = count_sessions(engine->swarm, row->prefix);
    if (status->unread != NULL && *status->unread != '\0') {
        findings_add(out, FINDING_FIX, row->client, "a file cannot be read: %.*s",
                     (int)strcspn(status->unread, "\n"), status->unread);
        findings_advise(out, "let this user read it");
        return;
    }
    if (status->error != NULL && *status->error != '\0') {
        findings_add(out, FINDING_FIX, row->client, "%s", status->error);
        return;
    }
    findings_add(out, FINDING_OK, row->client, "%zu %s lately, in %s", sessions,
                 sessions == 1 ? "session" : "sessions", status->place);
    put_older(out, status);
}

static void put_absent(struct findings *out, const struct source_row *row, const char *place)
{
    findings_add(out, FINDING_ABSENT, row->client, "%s%s%s is not there%s%s%s", place,
                 row->needs != NULL ? "/" : "", row->needs != NULL ? row->needs : "",
                 row->variable != NULL ? ": not used yet, or $" : "",
                 row->variable != NULL ? row->variable : "",
                 row->variable != NULL ? " is another one where it runs" : "");
}

/* Errors are in the findings. */
static void ignore_report(void *ctx, enum log_level level, const char *text)
{
    (void)ctx, (void)level, (void)text;
}

static void check_client(struct findings *out, const struct options *options,
                         const struct source_row *row, const char *place)
{
    struct options own = *options;
    struct engine_config config = {.options = &own, .until_end = true, .report = ignore_report};
    struct engine engine;
    struct source_status status;
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    if (!has_worked(row, place)) {
        put_absent(out, row, place);
    } else if (engine_open(&engine, &config, &error)) {
        if (engine_add(&engine, row->prefix, &error)) {
            engine_run(&engine);
            if (engine_sources(&engine, &status, 1) == 1) {
                put_source(out, &engine, row, &status);
            }
        }
        engine_close(&engine);
    }
    if (error.len > 0 && !error.failed) {
        findings_add(out, FINDING_FIX, row->client, "%s", error.data);
    }
    strbuf_release(&error);
}

void doctor_clients(struct findings *out, const struct options *options)
{
    struct source_places places;
    findings_heading(out, "Files of clients");
    if (!source_places_init(&places, &mem_libc, options->env.home)) {
        out->text.failed = true;
    } else if (options->env.home == NULL) {
        findings_add(out, FINDING_FIX, "HOME", "is not set: no client's files are found");
        findings_advise(out, "set HOME to the directory of the user");
    }
    for (const struct source_row *row = source_rows; row->ops != NULL; row++) {
        for (const struct source_setting *place = places.settings;
             place->name != NULL && row->client != NULL; place++) {
            if (strcmp(place->prefix, row->prefix) == 0) {
                check_client(out, options, row, place->value);
            }
        }
    }
    source_places_release(&places);
}
