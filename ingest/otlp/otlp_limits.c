/* The reader's tables are bounded: the oldest of a full one are forgotten. The log has how many
   were, and what that costs, at 1, 10, 100 … */
#include "ingest/otlp/otlp_reader_private.h"

static const char *const texts[OTLP_LIMITS] = {
    [LIMIT_SPANS] = "spans were forgotten (the newest 65,536 are kept): those that come below them "
                    "are on their session's row",
    [LIMIT_TRACES] =
        "traces were forgotten (the newest 8,192 are kept): of what comes of them later "
        "the session may be unknown",
    [LIMIT_LINKS] =
        "agents were waiting for the span that started them (128 may): they stay on rows "
        "of their own",
    [LIMIT_BEGINS] = "spans that are known by their children alone were forgotten (the newest 256 "
                     "are kept): they end by the sweep",
    [LIMIT_CODEX] = "sessions of Codex were forgotten (the newest 256 are kept): two logs of one "
                    "request may count twice",
    [LIMIT_CURVES] = "times all sums of metrics began again from 0 (4,096 curves are kept)",
    [LIMIT_SAMPLES] =
        "values of metrics were forgotten: of sessions that nothing else has reported "
        "the newest 4,096 wait",
};

static bool is_power_of_ten(uint64_t count)
{
    while (count > 0 && count % 10 == 0) {
        count /= 10;
    }
    return count == 1;
}

void otlp_note_forgotten(struct otlp_reader *reader, enum otlp_limit limit)
{
    if (!is_power_of_ten(++reader->forgotten[limit])) {
        return;
    }
    strbuf_clear(&reader->limit_text);
    strbuf_addf(&reader->limit_text, "%llu ", (unsigned long long)reader->forgotten[limit]);
    strbuf_adds(&reader->limit_text, texts[limit]);
    if (!reader->limit_text.failed) {
        ingest_ctx_log_from(reader->ingest, LOG_LEVEL_INFO, "otlp", reader->limit_text.data);
    }
}

void otlp_note_tree(struct otlp_reader *reader)
{
    while (reader->forgotten[LIMIT_SPANS] < reader->tree.forgotten_nodes) {
        otlp_note_forgotten(reader, LIMIT_SPANS);
    }
    while (reader->forgotten[LIMIT_TRACES] < reader->tree.forgotten_traces) {
        otlp_note_forgotten(reader, LIMIT_TRACES);
    }
}
