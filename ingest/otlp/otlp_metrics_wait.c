/* Values of metrics that came before anything of their session. They wait in a list, up to a
   maximum; the oldest are forgotten first. */
#include "ingest/otlp/otlp_reader_private.h"

#include <string.h>

enum { SAMPLES_MAX = 4096 };

struct otlp_sample_wait {
    struct otlp_sample_wait *next;
    struct otlp_sample_value sample; /* its texts are in `texts` */
    char texts[];
};

static size_t texts_len(const struct otlp_sample_value *sample)
{
    return sample->session.len + sample->name.len + sample->member.len;
}

/* Returns the next one. */
static struct otlp_sample_wait *release(struct otlp_reader *reader, struct otlp_sample_wait *wait)
{
    struct otlp_sample_wait *next = wait->next;
    mem_free(reader->ingest->mem, wait, sizeof *wait + texts_len(&wait->sample));
    reader->sample_count--;
    return next;
}

void otlp_drop_waits(struct otlp_reader *reader)
{
    while (reader->samples != NULL) {
        reader->samples = release(reader, reader->samples);
    }
}

static struct slice keep(char **at, struct slice text)
{
    if (text.len > 0) {
        memcpy(*at, text.bytes, text.len);
    }
    struct slice kept = {*at, text.len};
    *at += text.len;
    return kept;
}

void otlp_wait_for_session(struct otlp_reader *reader, const struct otlp_sample_value *sample)
{
    struct otlp_sample_wait *wait =
        mem_alloc(reader->ingest->mem, sizeof *wait + texts_len(sample));
    if (wait == NULL) {
        reader->failed = true;
        return;
    }
    char *at = wait->texts;
    wait->next = NULL;
    wait->sample = *sample;
    wait->sample.session = keep(&at, sample->session);
    wait->sample.name = keep(&at, sample->name);
    wait->sample.member = keep(&at, sample->member);
    *(reader->samples == NULL ? &reader->samples : reader->samples_end) = wait;
    reader->samples_end = &wait->next;
    if (++reader->sample_count > SAMPLES_MAX) {
        reader->samples = release(reader, reader->samples);
        otlp_note_forgotten(reader, LIMIT_SAMPLES);
    }
}

bool otlp_settle_samples(struct otlp_reader *reader)
{
    struct otlp_sample_wait **from = &reader->samples;
    while (*from != NULL && !reader->failed) {
        if (otlp_append_sample(reader, &(*from)->sample)) {
            *from = release(reader, *from);
            reader->ingest->changed = true;
        } else {
            from = &(*from)->next;
        }
    }
    for (; *from != NULL; from = &(*from)->next) {
    }
    reader->samples_end = from;
    return reader->samples != NULL;
}
