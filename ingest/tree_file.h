/* A file of transcript_tree.h as its client's reader sees it: bytes come in and are cut into
   checked lines, or are one document; updates of the session and agent that the file is about go
   out. */
#ifndef INGEST_TREE_FILE_H
#define INGEST_TREE_FILE_H

#include "ingest/client_value.h"
#include "ingest/ingest_ctx.h"
#include "ingest/lines.h"
#include "ingest/transcript_file.h"

struct transcript_tree;

struct tree_file {
    struct transcript_file file;
    struct transcript_tree *tree;
    unsigned kind;
    double first_ms; /* when it began, as far as that was known when it was found; NAN: unknown */
    bool document;   /* it is one JSON value */
    struct lines lines;
    struct strbuf bytes;   /* of a document */
    struct strbuf scratch; /* the client's, for one update */
    void *reader;          /* the client's: reader_size bytes */
    uint64_t number;       /* of the line that is taken */
    intern_id owner;       /* of what it claims */
    bool at_rest;          /* nothing is expected, it is looked at less often */

    /* Whom it is about, by tree_file_set_ids: */
    char session_id[CLIENT_ID_BYTES + 1]; /* "": not known yet */
    char agent_id[CLIENT_ID_BYTES + 1];   /* "": the main one */
    uint32_t session;                     /* in the tree's client_sessions */
    double last_ms;                       /* of its latest line; NAN: none */
    bool asks; /* as far as is known, the client may ask a person before a tool runs */
};

/* The name of a session, and where it works. */
struct tree_session_facts {
    const char *client;
    struct slice name;        /* bytes NULL: the directory's last part, and the branch */
    struct slice cwd;         /* bytes NULL: unknown */
    struct json_value branch; /* of any type; it may name no branch */
    double start_ms;
};

/* ---- for the tree, and for tests without one ---- */

/* Begin and end the reading of a file whose `tree` and `reader` are set. False: out of memory. */
bool tree_file_begin(struct tree_file *file);
void tree_file_end(struct tree_file *file);
/* Takes the next bytes. `whole`: none are left for now, so a document may be complete. */
void tree_file_push(struct tree_file *file, const char *bytes, size_t len, bool whole);
/* No more bytes come: takes a last line without an end; a broken document is bad. */
void tree_file_finish(struct tree_file *file);

/* ---- for the client's reader ---- */

/* Sets the session and agent ("": the main one) that the file is about; what is longer than an id
   is cut. */
void tree_file_set_ids(struct tree_file *file, struct slice session, struct slice agent);
/* Returns whether that was done. */
static inline bool tree_file_is_known(const struct tree_file *file)
{
    return file->session_id[0] != '\0';
}
/* A line of the file was written then. */
void tree_file_note(struct tree_file *file, double at_ms);
/* Returns an update of the file's session or agent, or of a call of the agent, with its stamp. */
struct update tree_file_update(const struct tree_file *file, enum update_op op);
struct update tree_file_call(const struct tree_file *file, enum call_kind kind, struct slice id);
/* Sets FIELD_MAY_ASK of a call of the tool of that name, if it is one of asking_tools. */
void tree_file_mark_asking(const struct tree_file *file, struct slice tool, struct update *update);
/* Returns whether it is one. */
bool tree_file_asks_before(const struct tree_file *file, struct slice tool);
/* Sends it. */
void tree_file_send(struct tree_file *file, const struct update *update);
/* Sends the name of the session. */
void tree_file_announce(struct tree_file *file, const struct tree_session_facts *facts);
/* Claims a line or a call for the file's session and agent: a fork repeats those of the session
   that it continues. `mark` is a number that all copies share, such as its time. False: another
   one has it. */
bool tree_file_claim(struct tree_file *file, struct slice id, double mark);
/* Returns the id under which the model has a call of an agent of the session ("": the main one), by
   call_owners_id. */
struct slice tree_file_call_id(struct tree_file *file, struct slice agent, struct slice id,
                               char room[CLIENT_ID_BYTES]);
/* Counts a line, or a part of one, whose type the client does not know. */
void tree_file_unknown(struct tree_file *file, struct slice type);
/* Counts the line that is taken as bad. */
void tree_file_reject(struct tree_file *file, struct json_value line, const char *reason);
const struct mem *tree_file_mem(const struct tree_file *file);
struct ingest_ctx *tree_file_ctx(const struct tree_file *file);
/* Returns whether prompts and results are kept. */
bool tree_file_content(const struct tree_file *file);

#endif
