/* The state of a source, for the screen: plain values that ingest fills in and views read. Texts
   are borrowed from the source. */
#ifndef CORE_SOURCE_STATUS_H
#define CORE_SOURCE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum source_state {
    SOURCE_WAITING,  /* its file does not exist yet */
    SOURCE_OPEN,     /* reads, or listens */
    SOURCE_FINISHED, /* reached its end */
    SOURCE_FAILED    /* cannot be opened or read; see `error` */
};

/* The sum of the telemetry and hooks that a receiver has taken. */
struct source_traffic {
    bool receives;      /* the source is one */
    const char *sender; /* the last one's name: "OTel-OTLP-Exporter-Python/1.30.0"; "": none */
    uint64_t requests;  /* that were taken */
    uint64_t spans, logs, points, hooks;
    int64_t last_ns; /* when the last came, Unix epoch; 0: never */
    bool forwards;   /* requests are passed on to another receiver, all sources' together: */
    uint64_t forwarded, forward_dropped;
    size_t forward_waiting;
    const char *forward_trouble; /* why these wait; "" or NULL: no trouble */
    unsigned forward_refused;    /* the status for which the last one was dropped; 0: none */
    const char *clock;           /* the sender whose clock is farthest off; NULL: none is */
    double clock_off_ms;         /* > 0: at least so far ahead; < 0: its times are so late */
    const char *last_refused;    /* why the last refused request was, and its sender; "": none */
    const char *refused_why;     /* the part of it that is why */
};

struct source_status {
    const char *spec;  /* as the user gave it: "unix:/run/…", "trace.json" */
    const char *error; /* "thing: what: detail"; "" if there is no error */
    enum source_state state;
    const char *link;   /* the state of its connection: "connecting"; NULL: it makes none */
    const char *client; /* the client whose files it follows: "Claude Code"; NULL: no client */
    const char *place;  /* the directory in which it looks for the client's files; NULL: none */
    const char *needs;  /* the entry that the directory needs before anything is read; NULL: none */
    size_t older;       /* of its transcripts, those that are left out as too old */
    int64_t older_ns;   /* when the latest of them was written, Unix epoch */
    const char *setup;  /* argument of `swarmtop setup` for this client; NULL: no setup exists */
    const char
        *feed;    /* a shell command that feeds it, `{}` being its path or address; NULL: none */
    bool listens; /* accepts senders */
    uint32_t senders;     /* connected now */
    uint64_t events;      /* accepted events and operations */
    uint64_t bad;         /* rejected lines and events, orphan ends and ignored fields included */
    uint64_t refused;     /* those of them that are lost */
    uint64_t turned_away; /* of `refused`, connections that were not accepted, not lines */
    bool error_is_first;  /* `error` is about the first of these */
    const char *first_refused; /* "line 3: unknown op: {…"; "": none */
    const char *unread;        /* "PATH: REASON\n" of files that cannot be read; "": none */
    struct source_traffic traffic;
};

/* The progress of a file's first read. */
struct source_progress {
    const char *spec;
    uint64_t done_bytes, all_bytes; /* all_bytes > 0 */
    int64_t elapsed_ns;             /* since the read began, > 0 */
    size_t waiting;                 /* files in the queue after this one */
};

#endif
