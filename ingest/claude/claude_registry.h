/* The processes of Claude Code: sessions/PID.json, one file per process, which writes and removes
   it; a killed process leaves its file. The format: tests/data/README.md. The
   directory also has keys, which are never opened. */
#ifndef INGEST_CLAUDE_REGISTRY_H
#define INGEST_CLAUDE_REGISTRY_H

#include "core/base/mem.h"
#include "ingest/claude/claude_line.h"
#include "ingest/process.h"

enum claude_status {
    CLAUDE_STATUS_UNKNOWN,
    CLAUDE_STATUS_BUSY,
    CLAUDE_STATUS_IDLE,
    CLAUDE_STATUS_WAITING /* for a person */
};

/* Texts are cut to their arrays; "": not set. Times are ms since the epoch; NAN: not set. */
struct claude_process {
    struct process id;
    char session_id[CLIENT_ID_BYTES + 1];
    char name[128];
    bool has_own_name;  /* else the client made it up from the directory */
    bool is_name_given; /* by a person */
    char cwd[1024];
    char pid_domain[128];
    enum claude_status status;
    char waiting_for[64];
    double started_ms, status_ms;
};

/* Returns false where the text is no such object. */
bool claude_process_read(const struct mem *mem, const char *text, size_t len,
                         struct claude_process *out);
/* The state of a process, as far as it can be seen from here. */
enum claude_life {
    CLAUDE_DEAD,
    CLAUDE_UNSEEN, /* it is one of another PID namespace (a container) or another host */
    CLAUDE_LIVES
};

/* The machine and namespace in which this program runs. */
struct claude_here {
    const char *proc;    /* /proc, or a directory like it; borrowed */
    char machine_id[33]; /* of /etc/machine-id; "": unknown */
};

/* Reads the machine's id; a file that cannot be read leaves it unknown. */
void claude_here_init(struct claude_here *here, const char *proc, const char *machine_id_path);
enum claude_life claude_process_life(const struct claude_process *process,
                                     const struct claude_here *here);

struct claude_registered {
    struct claude_process process;
    enum claude_life life;
    bool was_here;             /* it lived here at some look, so it is no process of elsewhere */
    bool seen;                 /* at this look */
    int64_t modified_ns, size; /* of the file as it was read */
};

struct claude_registry {
    const struct mem *mem;
    struct claude_registered *entries;
    size_t count, cap;
};

void claude_registry_init(struct claude_registry *registry, const struct mem *mem);
void claude_registry_release(struct claude_registry *registry);
/* Looks at the files of `dir`, which need not be there: reads those that have changed, forgets
   those that are gone, asks who lives. False: out of memory. */
bool claude_registry_look(struct claude_registry *registry, const char *dir,
                          const struct claude_here *here);
/* Returns whether a process has an entry, of whichever session. */
bool claude_registry_has(const struct claude_registry *registry, int64_t pid);
/* Returns the session's entry, the live one of several; NULL: none. Borrowed until the next
   look. */
const struct claude_registered *claude_registry_find(const struct claude_registry *registry,
                                                     const char *session_id);

#endif
