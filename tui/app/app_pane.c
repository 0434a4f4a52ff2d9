/* The key `g`: runs tmux to list its panes, then to show the pane of the agent's process. The loop
   runs both as child processes, so the screen continues. One runs at a time; quitting does not wait
   for a tmux that hangs.

   A client that leaves no sign of its process, or works for terminals from a server of its own, is
   found by its program and its directory, as far as one pane alone has such a process. */
#include "tui/app/app_private.h"

#include "core/query/clients.h"
#include "ingest/process_search.h"
#include "ingest/sources.h"
#include "tui/app/pane.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PANES_BYTES = 65536, /* of the output of tmux; some thousand panes */
    FOUND_MAX = 64       /* processes of one client in one directory */
};

/* One run of tmux list-panes. */
struct pane_search {
    struct app *app;
    int64_t pid;         /* 0: unknown */
    const char *program; /* of the client; NULL: unknown */
    char cwd[PATH_MAX];  /* "": unknown */
    uv_process_t tmux;
    uv_pipe_t out;
    char panes[PANES_BYTES];
    size_t len;
    unsigned handles; /* open handles */
    bool failed, given_up;
};

static int64_t parent_of(void *ctx, int64_t pid)
{
    char path[64], text[512];
    long long parent = 0;
    (void)ctx;
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return 0;
    }
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    /* The name in brackets may contain any character. */
    const char *rest = strrchr(text, ')');
    return rest != NULL && sscanf(rest + 1, " %*c %lld", &parent) == 1 ? parent : 0;
}

static void show_error(struct app *app, const char *text)
{
    view_message(&app->state, true, "%s", text);
    app_draw(app);
    app_schedule(app);
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

static void on_shown_exit(uv_process_t *process, int64_t status, int signal)
{
    struct app *app = process->data;
    (void)status, (void)signal;
    app->shown = NULL;
    uv_close((uv_handle_t *)process, free_handle);
}

static void show_pane(struct app *app, char *pane)
{
    char tmux[] = "tmux", window[] = "select-window", select[] = "select-pane", to[] = "-t",
         client[] = "switch-client", then[] = ";";
    /* Outside tmux there is no client to switch. */
    char *inside[] = {tmux, window, to, pane, then, select, to, pane, then, client, to, pane, NULL},
         *outside[] = {tmux, window, to, pane, then, select, to, pane, NULL};
    uv_process_options_t options = {
        .exit_cb = on_shown_exit, .file = tmux, .args = getenv("TMUX") != NULL ? inside : outside};
    uv_process_t *process = calloc(1, sizeof *process);
    if (process == NULL) {
        return;
    }
    process->data = app;
    if (uv_spawn(&app->engine.loop, process, &options) == 0) {
        app->shown = process;
    } else {
        uv_close((uv_handle_t *)process, free_handle);
    }
}

/* Sets `pane` to the one that has a process of the client in its directory. Returns the number of
   such panes, at most 2. */
static unsigned find_client(const struct pane_search *search, char pane[PANE_BYTES])
{
    int64_t found[FOUND_MAX];
    char other[PANE_BYTES];
    unsigned panes = 0;
    size_t count = search->program == NULL || search->cwd[0] == '\0'
                       ? 0
                       : process_search("/proc", search->program, search->cwd, found, FOUND_MAX);
    for (size_t i = 0; i < count && panes < 2; i++) {
        if (!pane_find(search->panes, found[i], parent_of, NULL, other)) {
            continue;
        }
        if (panes == 0 || strcmp(pane, other) != 0) {
            panes++;
        }
        memcpy(pane, other, sizeof other);
    }
    return panes;
}

static void show_result(const struct pane_search *search)
{
    char pane[PANE_BYTES] = "";
    if (search->failed) {
        show_error(search->app, "tmux does not run");
        return;
    }
    unsigned panes = search->pid > 0 && pane_find(search->panes, search->pid, parent_of, NULL, pane)
                         ? 1
                         : find_client(search, pane);
    if (panes == 1) {
        show_pane(search->app, pane);
    } else if (panes > 1) {
        show_error(search->app, "several tmux panes may have this agent");
    } else if (search->pid > 0) {
        show_error(search->app, "no tmux pane has this process");
    } else {
        show_error(search->app, "no tmux pane has a process of this agent");
    }
}

static void finish(struct pane_search *search)
{
    search->panes[search->len] = '\0';
    search->app->search = NULL;
    if (!search->app->engine.stopped && !search->given_up) {
        show_result(search);
    }
    free(search);
}

static void on_closed(uv_handle_t *handle)
{
    struct pane_search *search = handle->data;
    if (--search->handles == 0) {
        finish(search);
    }
}

static void on_listed(uv_process_t *process, int64_t status, int signal)
{
    struct pane_search *search = process->data;
    search->failed |= status != 0 || signal != 0;
    uv_close((uv_handle_t *)process, on_closed);
}

static void give_room(uv_handle_t *handle, size_t size, uv_buf_t *out)
{
    struct pane_search *search = handle->data;
    (void)size;
    *out = uv_buf_init(search->panes + search->len, (unsigned)(PANES_BYTES - 1 - search->len));
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    struct pane_search *search = stream->data;
    (void)buffer;
    if (len > 0) {
        search->len += (size_t)len;
    }
    if (len < 0 || search->len == PANES_BYTES - 1) {
        uv_close((uv_handle_t *)stream, on_closed);
    }
}

/* Sets the client's program, and the directory in which the session works. */
static void take_session(struct pane_search *search, const struct swarm *swarm, session_no number)
{
    const struct session *session = swarm_session(swarm, number);
    intern_id client = clients_of_session(swarm, number);
    if (session == NULL || client == INTERN_NONE) {
        return;
    }
    search->program = sources_program_of(swarm_text(swarm, client));
    struct slice cwd = swarm_text_slice(swarm, session->texts[SESSION_CWD]);
    if (cwd.len < sizeof search->cwd) {
        memcpy(search->cwd, cwd.bytes, cwd.len);
    }
}

void app_go_to_pane(struct app *app)
{
    char tmux[] = "tmux", list[] = "list-panes", all[] = "-a", form[] = "-F",
         format[] = PANE_FORMAT;
    char *args[] = {tmux, list, all, form, format, NULL};
    struct pane_search *search =
        app->search != NULL || app->shown != NULL ? NULL : calloc(1, sizeof *search);
    uv_stdio_container_t stdio[2] = {{.flags = UV_IGNORE},
                                     {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE}};
    uv_process_options_t options = {
        .exit_cb = on_listed, .file = tmux, .args = args, .stdio_count = 2, .stdio = stdio};
    if (search == NULL) {
        return;
    }
    app->search = search;
    search->app = app;
    search->pid = app->state.pane_pid;
    take_session(search, app_swarm(app), app->state.pane_session);
    search->handles = 2;
    search->tmux.data = search->out.data = search;
    uv_pipe_init(&app->engine.loop, &search->out, 0);
    stdio[1].data.stream = (uv_stream_t *)&search->out;
    if (uv_spawn(&app->engine.loop, &search->tmux, &options) != 0) {
        search->failed = true;
        uv_close((uv_handle_t *)&search->tmux, on_closed);
        uv_close((uv_handle_t *)&search->out, on_closed);
        return;
    }
    uv_read_start((uv_stream_t *)&search->out, give_room, on_read);
}

void app_pane_close(struct app *app)
{
    struct pane_search *search = app->search;
    if (search != NULL) {
        search->given_up = true;
        if (!uv_is_closing((uv_handle_t *)&search->tmux)) {
            uv_process_kill(&search->tmux, SIGKILL);
            uv_close((uv_handle_t *)&search->tmux, on_closed);
        }
        if (!uv_is_closing((uv_handle_t *)&search->out)) {
            uv_close((uv_handle_t *)&search->out, on_closed);
        }
    }
    if (app->shown != NULL) {
        uv_process_kill(app->shown, SIGKILL);
        uv_close((uv_handle_t *)app->shown, free_handle);
        app->shown = NULL;
    }
}
