/* The statistics as tables of text: `report` prints them, and the statistics view draws two of
   them. Both print the results of core/query/metrics.h. */
#ifndef TUI_REPORT_H
#define TUI_REPORT_H

#include "core/analysis/reasons.h"
#include "tui/views/agent_labels.h"
#include "tui/views/filter_cache.h"

struct baseline;

struct report {
    const struct swarm *swarm; /* borrowed */
    const struct swarm_metrics *metrics;
    const struct swarm_metrics *all; /* of all spans, whatever the filter; NULL: `metrics` are */
    int64_t local_ns;
    uint64_t bad;                    /* refused lines and events of all sources */
    bool why;                        /* the critical paths of turns, too */
    uint64_t turn;                   /* of `report --why`: that turn of each agent; 0: all */
    struct filter_cache *filter;     /* begun, as `metrics` are those that match; NULL: no filter */
    const char *filter_text;         /* as it was typed; NULL: no filter */
    const struct baseline *baseline; /* medians of another run; NULL: none */
    bool no_mask;                    /* shows keys and passwords */
    int label_cols;                  /* of agents' names in the table of contexts; 0: all */
    const struct agent_labels *labels; /* of the model as it is; NULL: made where they are needed */
};

/* Appends all tables. `ascii`: use only ASCII characters. */
void report_text(const struct report *report, bool ascii, struct strbuf *out);

/* Append the tables of models, of tools, of MCP servers, and of spans by name in traces without
   agents: the slowest by the time of their own, and the most frequent. Nothing if they are empty.
 */
void report_models(const struct report *report, bool ascii, struct strbuf *out);
void report_tools(const struct report *report, bool ascii, struct strbuf *out);
void report_servers(const struct report *report, bool ascii, struct strbuf *out);
void report_slowest(const struct report *report, bool ascii, struct strbuf *out);
void report_frequent(const struct report *report, bool ascii, struct strbuf *out);
/* Appends the table of the agents with the largest last prompts; nothing if none is known. */
void report_context(const struct report *report, bool ascii, struct strbuf *out);
/* The costliest sessions, if several have a cost. */
void report_costs(const struct report *report, bool ascii, struct strbuf *out);

/* Append the chain that holds the swarm up, if a call is beyond its usual time, and the counts of
   stalled calls and loops, a line each; nothing if all is well. */
void report_held_up(const struct report *report, bool ascii, struct strbuf *out);
void report_stalled(const struct report *report, struct strbuf *out);
/* Finds what the turns of the agents that the filter matches were spent on. False: out of memory;
   release it all the same. */
bool report_reasons_make(const struct report *report, struct reasons *out);
/* Appends the table of the five kinds of calls that took most of the turns; nothing if there are no
   turns. */
void report_reasons(const struct report *report, bool ascii, struct strbuf *out);
/* Appends the tables of the slowest calls and of the agents that waited longest for people, after
   an empty line each; nothing if they are empty. */
void report_calls(const struct report *report, bool ascii, struct strbuf *out);

/* Returns whether agents and models of several clients are in the report. */
bool report_has_clients(const struct report *r);

/* Returns the metrics of all spans, which a call's usual time is of. */
const struct swarm_metrics *report_all(const struct report *r);
/* Returns whether the report's filter matches the agent. */
bool report_matches(const struct report *r, agent_no agent);
/* Returns new, by session_no: whether the filter matches an agent of the session (mem_free of
   swarm_session_count). NULL: out of memory, or no sessions. */
bool *report_matching_sessions(const struct report *r);
/* Returns whether the report lists the agent: not a dead one, not a row for an unknown parent. */
bool report_has_agent(const struct agent *agent);

#endif
