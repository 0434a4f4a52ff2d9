/* One run of ssh: its options, and the pipes that it is given. */
#ifndef INGEST_SSH_RUN_H
#define INGEST_SSH_RUN_H

#include <uv.h>

struct ssh_run {
    uv_process_t *process;
    uv_pipe_t *in, *out, *err; /* initialized */
    char *program;             /* ssh, or another program */
    char *host;                /* as ssh takes it */
    char *command;             /* for the login shell there */
    uv_exit_cb ended;
};

/* Starts it as the leader of a session. Returns 0 or an error of libuv. */
int ssh_run_start(uv_loop_t *loop, const struct ssh_run *run);

#endif
