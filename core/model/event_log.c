/* A ring of entries, the oldest at `first`. Each owns a copy of its texts, in one block, so a ring
   of many short entries is small. The block is freed when the entry leaves the ring. */
#include "core/model/event_log.h"

#include "core/base/mask.h"

#include <assert.h>
#include <string.h>

#define MAX_TEXT_BYTES 1000u

struct event_log {
    const struct mem *mem;
    struct log_entry *lines;
    char **texts; /* the allocations that lines[i].text and .origin point to */
    size_t cap, first, count;
    uint64_t lost, troubles;
};

struct event_log *event_log_new(const struct mem *mem, size_t lines)
{
    assert(lines > 0);
    struct event_log *log = mem_zalloc(mem, 1, sizeof *log);
    if (log == NULL) {
        return NULL;
    }
    *log = (struct event_log){.mem = mem, .cap = lines};
    log->lines = mem_zalloc(mem, lines, sizeof *log->lines);
    log->texts = mem_zalloc(mem, lines, sizeof *log->texts);
    if (log->lines == NULL || log->texts == NULL) {
        event_log_free(log);
        return NULL;
    }
    return log;
}

/* Each text ends with a NUL, so no allocation has 0 bytes. */
static size_t block_bytes(const struct log_entry *line)
{
    return line->len + 1 + (line->origin == NULL ? 0 : line->origin_len + 1);
}

static void free_text(struct event_log *log, size_t slot)
{
    if (log->texts[slot] != NULL) {
        mem_free(log->mem, log->texts[slot], block_bytes(&log->lines[slot]));
        log->texts[slot] = NULL;
    }
}

void event_log_free(struct event_log *log)
{
    if (log == NULL) {
        return;
    }
    for (size_t i = 0; i < log->count; i++) {
        free_text(log, (log->first + i) % log->cap);
    }
    mem_free(log->mem, log->lines, log->lines == NULL ? 0 : log->cap * sizeof *log->lines);
    mem_free(log->mem, log->texts, log->texts == NULL ? 0 : log->cap * sizeof *log->texts);
    mem_free(log->mem, log, sizeof *log);
}

/* Returns the length to keep. Half a character would not print, half a key would not be masked. */
static size_t cut(const char *text, size_t len)
{
    return len <= MAX_TEXT_BYTES ? len : mask_cut(text, len, MAX_TEXT_BYTES);
}

static char *put_text(char *at, const char *text, size_t len)
{
    if (len > 0) {
        memcpy(at, text, len);
    }
    at[len] = '\0';
    return at;
}

void event_log_add(struct event_log *log, const struct log_entry *entry)
{
    struct log_entry copy = *entry;
    copy.len = cut(entry->text, entry->len);
    copy.origin_len = entry->origin == NULL ? 0 : cut(entry->origin, entry->origin_len);
    char *text = mem_alloc(log->mem, block_bytes(&copy));
    log->troubles += entry->session == NO_SESSION && entry->level >= LOG_LEVEL_WARNING;
    if (text == NULL) {
        log->lost++;
        return;
    }
    copy.text = put_text(text, entry->text, copy.len);
    if (entry->origin != NULL) {
        copy.origin = put_text(text + copy.len + 1, entry->origin, copy.origin_len);
    }
    size_t slot = (log->first + log->count) % log->cap;
    if (log->count == log->cap) {
        free_text(log, slot);
        log->first = (log->first + 1) % log->cap;
        log->lost++;
    } else {
        log->count++;
    }
    log->texts[slot] = text;
    log->lines[slot] = copy;
}

size_t event_log_count(const struct event_log *log)
{
    return log->count;
}

const struct log_entry *event_log_get(const struct event_log *log, size_t index)
{
    assert(index < log->count);
    return &log->lines[(log->first + index) % log->cap];
}

uint64_t event_log_lost(const struct event_log *log)
{
    return log->lost;
}

uint64_t event_log_troubles(const struct event_log *log)
{
    return log->troubles;
}
