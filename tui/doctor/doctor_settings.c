/* The settings of clients that are on this machine, compared with those that `setup` prints. A
   client without any is shown by its files alone, which is no fault. */
#include "tui/doctor/doctor.h"

#include "tui/cmd/setup_text.h"

#include "core/base/mask.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *variable(const char *name)
{
    return getenv(name);
}

/* Returns whether the directory of the file exists. */
static bool has_directory(const char *path)
{
    char dir[4096];
    struct stat st;
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);
    if (len == 0 || len >= sizeof dir) {
        return false;
    }
    memcpy(dir, path, len);
    dir[len] = '\0';
    return stat(dir, &st) == 0 && S_ISDIR(st.st_mode);
}

static void put_missing(struct findings *out, const struct setup_client *client,
                        const struct setup_settings *settings, unsigned missing, unsigned wanted)
{
    if (missing == 0) {
        findings_add(out, FINDING_OK, client->title, "%s has all lines of setup",
                     settings->path.data);
        return;
    }
    findings_add(out, FINDING_NOTE, client->title,
                 missing < wanted ? "%s has some of the lines of setup"
                                  : "%s has no line of setup: its files alone are read",
                 settings->path.data);
    findings_advise(out, "for %s:", client->gives);
    strbuf_clear(&out->line);
    strbuf_addf(&out->line, "swarmtop setup %s", client->name);
    char command[64] = "";
    if (!out->line.failed && out->line.len < sizeof command) {
        memcpy(command, out->line.data, out->line.len + 1);
    }
    findings_paste(out, command);
}

static void check(struct findings *out, const struct setup_client *client,
                  const struct setup_host *host)
{
    struct setup_settings settings;
    struct strbuf where, url;
    unsigned wanted = 0;
    strbuf_init(&where, &mem_libc, 0);
    strbuf_init(&url, &mem_libc, 0);
    setup_settings_read(&settings, client, host);
    if (settings.path.len > 0 && !settings.path.failed && has_directory(settings.path.data)) {
        enum setup_receiver receiver = setup_find_receiver(client, &settings, host, &where, &url);
        if (settings.trouble.len > 0) {
            findings_add(out, FINDING_FIX, client->title, "%s %s", settings.path.data,
                         settings.trouble.data);
        } else if (receiver == SETUP_OTHER) {
            mask_in_place(&url);
            findings_add(out, FINDING_NOTE, client->title, "its telemetry goes to %s (%s)",
                         url.failed ? "another receiver" : url.data, where.data);
            findings_advise(out, "`swarmtop setup %s` has ways to have both", client->name);
        } else {
            unsigned missing = setup_count_missing(client, &settings, host, &wanted);
            put_missing(out, client, &settings, missing, wanted);
        }
    }
    setup_settings_release(&settings);
    strbuf_release(&where);
    strbuf_release(&url);
}

void doctor_settings(struct findings *out, const struct options *options)
{
    struct strbuf endpoint;
    size_t before;
    strbuf_init(&endpoint, &mem_libc, 0);
    setup_put_endpoint(&endpoint);
    struct setup_host host = {
        .home = options->env.home, .variable = variable, .endpoint = endpoint.data};
    findings_heading(out, "Settings of clients");
    before = out->text.len;
    for (const struct setup_client *client = setup_clients;
         client->name != NULL && !endpoint.failed; client++) {
        check(out, client, &host);
    }
    if (out->text.len == before) {
        findings_add(out, FINDING_ABSENT, "none", "no client's settings directory exists");
    }
    out->text.failed |= endpoint.failed;
    strbuf_release(&endpoint);
}
