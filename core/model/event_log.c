/* A ring of entries, the oldest at `first`. Each owns a copy of its text, so a ring of many short
   entries is small. The copy is freed when the entry leaves the ring. */
#include "core/model/event_log.h"

#include <assert.h>
#include <string.h>

#define MAX_TEXT_BYTES 1000u

struct event_log {
    const struct mem *mem;
    struct log_entry *lines;
    char **texts; /* the allocations that lines[i].text point to */
    size_t cap, first, count;
    uint64_t lost;
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
static void free_text(struct event_log *log, size_t slot)
{
    if (log->texts[slot] != NULL) {
        mem_free(log->mem, log->texts[slot], log->lines[slot].len + 1);
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

/* Returns the length to keep, without cutting a character in two. */
static size_t cut(const char *text, size_t len)
{
    if (len <= MAX_TEXT_BYTES) {
        return len;
    }
    size_t at = MAX_TEXT_BYTES;
    while (at > MAX_TEXT_BYTES - 4 && ((unsigned char)text[at] & 0xC0) == 0x80) {
        at--;
    }
    return at;
}

void event_log_add(struct event_log *log, const struct log_entry *entry)
{
    size_t len = cut(entry->text, entry->len);
    char *text = mem_alloc(log->mem, len + 1);
    if (text == NULL) {
        log->lost++;
        return;
    }
    if (len > 0) {
        memcpy(text, entry->text, len);
    }
    text[len] = '\0';
    size_t slot = (log->first + log->count) % log->cap;
    if (log->count == log->cap) {
        free_text(log, slot);
        log->first = (log->first + 1) % log->cap;
        log->lost++;
    } else {
        log->count++;
    }
    log->texts[slot] = text;
    log->lines[slot] = *entry;
    log->lines[slot].text = text;
    log->lines[slot].len = len;
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
