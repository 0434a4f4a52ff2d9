/* A ring of lines, oldest at `first`. Each line owns a copy of its text, so that a ring of many short
   lines is small; a line that leaves the ring gives its memory back. */
#include "core/model/notice.h"

#include <assert.h>
#include <string.h>

#define MAX_TEXT_BYTES 1000u

struct notice_log {
    const struct mem *mem;
    struct notice *lines;
    char **texts; /* what lines[i].text points to, as it was allocated */
    size_t cap, first, count;
    uint64_t lost;
};

struct notice_log *notice_log_new(const struct mem *mem, size_t lines)
{
    assert(lines > 0);
    struct notice_log *log = mem_zalloc(mem, 1, sizeof *log);
    if (log == NULL) {
        return NULL;
    }
    *log = (struct notice_log){.mem = mem, .cap = lines};
    log->lines = mem_zalloc(mem, lines, sizeof *log->lines);
    log->texts = mem_zalloc(mem, lines, sizeof *log->texts);
    if (log->lines == NULL || log->texts == NULL) {
        notice_log_free(log);
        return NULL;
    }
    return log;
}

/* Every text has a NUL behind it, so that none is of 0 bytes. */
static void free_text(struct notice_log *log, size_t slot)
{
    if (log->texts[slot] != NULL) {
        mem_free(log->mem, log->texts[slot], log->lines[slot].len + 1);
        log->texts[slot] = NULL;
    }
}

void notice_log_free(struct notice_log *log)
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

/* Where to cut so that no character is cut in two. */
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

void notice_log_add(struct notice_log *log, const struct notice *notice)
{
    size_t len = cut(notice->text, notice->len);
    char *text = mem_alloc(log->mem, len + 1);
    if (text == NULL) {
        log->lost++;
        return;
    }
    if (len > 0) {
        memcpy(text, notice->text, len);
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
    log->lines[slot] = *notice;
    log->lines[slot].text = text;
    log->lines[slot].len = len;
}

size_t notice_log_count(const struct notice_log *log)
{
    return log->count;
}

const struct notice *notice_log_get(const struct notice_log *log, size_t index)
{
    assert(index < log->count);
    return &log->lines[(log->first + index) % log->cap];
}

uint64_t notice_log_lost(const struct notice_log *log)
{
    return log->lost;
}
