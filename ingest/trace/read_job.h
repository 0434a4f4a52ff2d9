/* Reads one version of a file on workers, step by step: each step fills a batch. If a former
   version is known, the job compares with it first and then reads only what is new. Independent of
   the model. */
#ifndef INGEST_READ_JOB_H
#define INGEST_READ_JOB_H

#include "ingest/trace/decoder.h"
#include "ingest/trace/file_look.h"

struct read_options {
    const struct mem *mem; /* all borrowed */
    const char *path;
    size_t max_event_bytes;
    bool follows;                     /* keeps a fingerprint for the next version */
    const struct fingerprint *former; /* of the former version; NULL: read from the beginning */
    bool verify; /* compares every block of the former version; else a sample */
};

enum read_state {
    READ_MORE,
    READ_ENDED, /* all has been read */
    READ_OTHER, /* it does not continue the former version: read it from the beginning */
    READ_FAILED
};

/* The result of a step. */
struct read_report {
    enum read_state state;
    const char *error;     /* READ_FAILED: the reason, static */
    struct file_look look; /* when the file was opened; zeroed: it was not */
    uint64_t done_bytes;   /* of the file itself, of look.size */
    enum scan_shape shape;
    bool looks_whole; /* by the file's last bytes, which prove little */
    bool complete;    /* a whole version; one that continues an array counts the events so far */
    const struct strbuf *early_members; /* those after the events, if found already, each with a
                                           comma; borrowed from the job */
};

struct read_job;

/* Returns new; NULL if out of memory. */
struct read_job *read_job_new(const struct read_options *options);
void read_job_free(struct read_job *job);
/* Takes the next step, into an empty batch. Blocks. */
struct read_report read_job_step(struct read_job *job, struct batch *batch);
/* Hands over the fingerprint of the version; the caller releases it. */
void read_job_take_fingerprint(struct read_job *job, struct fingerprint *out);

#endif
