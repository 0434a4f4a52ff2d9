/* Batches are moved, not copied: who collects one leaves an empty one behind. */
#include "ingest/trace/version.h"

void version_init(struct version *version, struct loading *loading)
{
    *version = (struct version){.loading = loading};
}

static const struct mem *mem_of(const struct version *version)
{
    return version->loading->options.counters->ingest->mem;
}

void version_drop(struct version *version)
{
    for (size_t i = 0; i < version->count; i++) {
        batch_release(&version->batches[i]);
    }
    version->count = 0;
}

void version_release(struct version *version)
{
    version_drop(version);
    mem_free(mem_of(version), version->batches, version->cap * sizeof *version->batches);
    version_init(version, version->loading);
}

void version_begin(struct version *version, bool anew, bool collects)
{
    version_drop(version);
    version->anew = anew;
    version->collects = collects;
    version->begun = false;
}

void version_look(struct version *version, const struct reading *reading)
{
    version->shape = reading_shape(reading);
    version->early = reading_early_members(reading);
}

/* Before its first batch. */
static bool begin(struct version *version)
{
    struct loading *loading = version->loading;
    if (version->begun || version->shape == SCAN_UNKNOWN) {
        return true;
    }
    version->begun = true;
    if (!version->anew) {
        if (version->shape != SCAN_LINES) {
            loading_new_decoder(loading);
        }
        return true;
    }
    loading_begin_anew(loading);
    return version->shape == SCAN_LINES ||
           (trace_load_begin(&loading->load) && loading_take_early(loading, version->early));
}

static bool collect(struct version *version, struct batch *batch)
{
    if (batch_is_empty(batch)) {
        return true;
    }
    if (!mem_reserve(mem_of(version), &version->batches, &version->cap, version->count + 1,
                     sizeof *version->batches)) {
        return false;
    }
    version->batches[version->count++] = *batch;
    batch_init(batch, batch->mem);
    return true;
}

bool version_take(struct version *version, struct batch *batch)
{
    if (version->collects && version->shape != SCAN_LINES) {
        return collect(version, batch);
    }
    return begin(version) && loading_take(version->loading, batch);
}

bool version_commit(struct version *version)
{
    bool good = begin(version);
    for (size_t i = 0; i < version->count && good; i++) {
        good = loading_take(version->loading, &version->batches[i]);
    }
    version_drop(version);
    return good && loading_end_document(version->loading);
}

/* ---- whose it is ---- */

bool version_is_of_another(const struct version *version)
{
    for (size_t i = 0; i < version->count; i++) {
        const struct strbuf *members = &version->batches[i].members;
        struct json_walk walk = {members->data, members->data + members->len};
        struct json_member member;
        while (members->len > 0 && json_next_member(&walk, &member)) {
            if (json_string_is(member.key, "metadata") &&
                trace_load_is_another(&version->loading->load, member.value)) {
                return true;
            }
        }
    }
    return false;
}
