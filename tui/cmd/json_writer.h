/* Writes one JSON document, member by member, in ASCII. A lack of memory sets out->failed. Values
   are jansson's and are taken. Texts of the model may hold broken UTF-8, which is replaced. */
#ifndef TUI_JSON_WRITER_H
#define TUI_JSON_WRITER_H

#include "core/model/swarm.h"

#include <jansson.h>

struct json_writer {
    struct strbuf *out; /* the document so far, borrowed; failed: out of memory */
    struct strbuf text; /* of the value that is being made */
    bool comma;         /* one is due before the next item or member */
};

void json_writer_init(struct json_writer *w, struct strbuf *out);
void json_writer_release(struct json_writer *w);

/* ---- members of an object ---- */

/* Sets a member, whose value it takes. */
void json_writer_put(struct json_writer *w, json_t *object, const char *name, json_t *value);
/* The same for a name from outside. */
void json_writer_put_member(struct json_writer *w, json_t *object, struct slice name,
                            json_t *value);
void json_writer_put_text(struct json_writer *w, json_t *object, const char *name,
                          const char *text);
void json_writer_put_slice(struct json_writer *w, json_t *object, const char *name,
                           struct slice text);
void json_writer_put_count(struct json_writer *w, json_t *object, const char *name, uint64_t count);
/* NAN: there is no data for it, and no member. */
void json_writer_put_number(struct json_writer *w, json_t *object, const char *name, double value);
/* Sets a member to a name of the model, or to its raw JSON; INTERN_NONE: unknown, no member. */
void json_writer_put_name(struct json_writer *w, json_t *object, const char *name,
                          const struct swarm *swarm, intern_id id);
void json_writer_put_raw_name(struct json_writer *w, json_t *object, const char *name,
                              const struct swarm *swarm, intern_id id);
/* Sets session_id and agent_id; that of a main agent is its session's. */
void json_writer_put_agent(struct json_writer *w, json_t *object, const struct swarm *swarm,
                           agent_no agent);
void json_writer_put_raw(struct json_writer *w, json_t *object, const char *name, const char *text,
                         size_t len);

/* ---- the document ---- */

/* Writes an item of an array, which it takes. */
void json_writer_write_item(struct json_writer *w, json_t *value);
/* Writes the name of a member of the document; its value comes next. */
void json_writer_write_name(struct json_writer *w, const char *name);
void json_writer_begin_array(struct json_writer *w, const char *name);
void json_writer_end_array(struct json_writer *w);

#endif
