#include "tests/support/codex_home.h"

#include "ingest/source.h"
#include "tests/support/records.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void codex_home_make(const char *dir, const char *name)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    for (char *at = path + strlen(dir) + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        mkdir(path, 0700);
        *at = '/';
    }
    mkdir(path, 0700);
}

int codex_home_setup(void **state)
{
    struct codex_home *h = calloc(1, sizeof *h);
    rig_init(&h->rig);
    h->dir = support_tmpdir();
    codex_home_make(h->dir, "sessions/2025/10/09");
    *state = h;
    return 0;
}

int codex_home_teardown(void **state)
{
    struct codex_home *h = *state;
    rig_release(&h->rig);
    free(h);
    return 0;
}

void codex_home_start(struct codex_home *h, bool follow, bool named)
{
    char spec[600];
    h->settings[0] = (struct source_setting){"codex:", "dir", h->dir};
    rig_start_hub(&h->rig, (struct hub_options){.follow = follow, .settings = h->settings});
    snprintf(spec, sizeof spec, "codex:%s", named ? h->dir : "");
    rig_add(&h->rig, spec);
    if (!follow) {
        rig_until_finished(&h->rig);
    }
}

void codex_home_append(const char *dir, const char *name, const char *text)
{
    int fd = open(support_path(dir, name), O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

void codex_home_put(struct codex_home *h, const char *thread, const char *text)
{
    char name[200];
    snprintf(name, sizeof name, "sessions/2025/10/09/rollout-2025-10-09T08-53-01-%s.jsonl", thread);
    codex_home_append(h->dir, name, text);
}

size_t codex_home_sessions(struct codex_home *h)
{
    json_t *all = records_of(&h->rig.model);
    size_t count = json_object_size(json_object_get(all, "sessions"));
    json_decref(all);
    return count;
}
