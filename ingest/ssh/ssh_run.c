/* ssh leads a session of its own, so that it has no terminal to ask for a password, and no key of
   the terminal reaches it. The master of a shared connection would take the shells of others with
   it when it is killed: it may use one, but becomes none. */
#include "ingest/ssh/ssh_run.h"

int ssh_run_start(uv_loop_t *loop, const struct ssh_run *run)
{
    char t[] = "-T", o[] = "-o", batch[] = "BatchMode=yes", timeout[] = "ConnectTimeout=15",
         alive[] = "ServerAliveInterval=15", count[] = "ServerAliveCountMax=3",
         forwards[] = "ClearAllForwardings=yes", remote[] = "RemoteCommand=none",
         master[] = "ControlMaster=no", end[] = "--";
    char *const fixed[] = {batch, timeout, alive, count, forwards, remote, master};
    char *args[2 + 2 * sizeof fixed / sizeof *fixed + 4];
    size_t used = 0;
    args[used++] = run->program;
    args[used++] = t;
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        args[used++] = o;
        args[used++] = fixed[i];
    }
    args[used++] = end;
    args[used++] = run->host;
    args[used++] = run->command;
    args[used] = NULL;
    const uv_stdio_flags reads = UV_CREATE_PIPE | UV_READABLE_PIPE,
                         writes = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
    uv_stdio_container_t stdio[3] = {
        {.flags = reads, .data.stream = (uv_stream_t *)run->in},
        {.flags = writes, .data.stream = (uv_stream_t *)run->out},
        {.flags = writes, .data.stream = (uv_stream_t *)run->err},
    };
    uv_process_options_t options = {
        .exit_cb = run->ended,
        .file = run->program,
        .args = args,
        .flags = UV_PROCESS_DETACHED,
        .stdio_count = 3,
        .stdio = stdio,
    };
    return uv_spawn(loop, run->process, &options);
}
