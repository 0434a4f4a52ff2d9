/* A small model with one of everything, for the fuzzers of what looks at models. */
#ifndef TESTS_FUZZ_SWARM_H
#define TESTS_FUZZ_SWARM_H

#include "ingest/feed/feed.h"
#include "tests/fuzz/fuzz_model.h"

#include <string.h>

#define FUZZ_T "\"t\":17600000"

static const char fuzz_swarm_lines[] =
    "{\"op\":\"hello\"," FUZZ_T "00000,\"session_id\":\"s\",\"name\":\"lead\"}\n"
    "{\"op\":\"register_agent\"," FUZZ_T
    "00001,\"agent_id\":\"a\",\"agent_name\":\"Explore parser\"}\n"
    "{\"op\":\"start_interaction\"," FUZZ_T "00002,\"span_id\":\"i\"}\n"
    "{\"op\":\"start_llm_request\"," FUZZ_T
    "00003,\"agent_id\":\"a\",\"span_id\":\"r\",\"model\":\"opus\",\"prompt_tokens\":9}\n"
    "{\"op\":\"end_llm_request\"," FUZZ_T
    "01003,\"span_id\":\"r\",\"ttft_ms\":300,\"ttlt_ms\":900,\"output_tokens\":10,\"success\":"
    "true}\n"
    "{\"op\":\"start_tool\"," FUZZ_T
    "01004,\"agent_id\":\"a\",\"span_id\":\"t\",\"tool_name\":\"Bash\",\"args\":{\"command\":"
    "\"make \\u00e9\",\"n\":{\"m\":12}}}\n"
    "{\"op\":\"end_tool\"," FUZZ_T
    "09004,\"span_id\":\"t\",\"success\":false,\"error\":\"exit code 2\"}\n"
    "{\"op\":\"start_user_input\"," FUZZ_T "09005,\"span_id\":\"u\",\"context\":\"Bash\"}\n"
    "{\"op\":\"start_tool\"," FUZZ_T "09006,\"agent_id\":\"a\",\"span_id\":\"o\",\"tool_name\":"
    "\"Read\"}\n"
    "{\"op\":\"counter\"," FUZZ_T "09007,\"name\":\"load\",\"values\":{\"x\":1}}\n"
    "{\"op\":\"instant\"," FUZZ_T "09008,\"name\":\"mark\",\"cat\":\"x\"}\n"
    "{\"op\":\"log\"," FUZZ_T "09009,\"message\":\"low\",\"level\":\"warning\"}\n";

static inline void fuzz_swarm_init(struct fuzz_model *model)
{
    fuzz_model_init(model);
    struct feed_options options = {
        .counters = &model->counters, .where = "fuzz", .source = "fuzz", .max_line_bytes = 1000};
    struct feed *feed = feed_new(&options);
    fuzz_require(feed_push(feed, fuzz_swarm_lines, sizeof fuzz_swarm_lines - 1));
    fuzz_require(correlator_flush(model->correlator) && model->counters.bad == 0);
    feed_free(feed);
}

#endif
