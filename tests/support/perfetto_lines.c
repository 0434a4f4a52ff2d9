#include "tests/support/perfetto_lines.h"

#include "tests/support/support.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void perfetto_lines_init(struct perfetto_lines *lines)
{
    *lines = (struct perfetto_lines){0};
    strbuf_init(&lines->text, &mem_libc, 0);
    strbuf_init(&lines->faults, &mem_libc, 0);
}

void perfetto_lines_release(struct perfetto_lines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        free(lines->lines[i]);
    }
    mem_free(&mem_libc, lines->lines, lines->cap * sizeof *lines->lines);
    mem_free(&mem_libc, lines->arrows, lines->arrow_cap * sizeof *lines->arrows);
    strbuf_release(&lines->text);
    strbuf_release(&lines->faults);
}

void perfetto_lines_add(struct perfetto_lines *lines, const char *format, ...)
{
    char *text;
    va_list args;
    va_start(args, format);
    bool good =
        vasprintf(&text, format, args) >= 0 &&
        mem_reserve(&mem_libc, &lines->lines, &lines->cap, lines->count + 1, sizeof *lines->lines);
    va_end(args);
    assert_true(good);
    lines->lines[lines->count++] = text;
}

void perfetto_lines_fault(struct perfetto_lines *lines, const char *what, const char *where)
{
    if (lines->faults.len < 2000) {
        strbuf_addf(&lines->faults, "%s: %s\n", what, where);
    }
}

void perfetto_lines_add_arrow(struct perfetto_lines *lines, const struct perfetto_arrow *arrow)
{
    assert_true(mem_reserve(&mem_libc, &lines->arrows, &lines->arrow_cap, lines->arrow_count + 1,
                            sizeof *lines->arrows));
    lines->arrows[lines->arrow_count++] = *arrow;
}

/* ---- args ---- */

void perfetto_lines_arg(struct strbuf *args, const char *key, const char *value)
{
    struct strbuf line;
    strbuf_init(&line, &mem_libc, 0);
    strbuf_addf(&line, "\n%s=", key);
    char *at = args->len == 0 ? NULL : strstr(args->data, line.data);
    if (at != NULL) {
        size_t from = (size_t)(at - args->data), len = strcspn(at + 1, "\n") + 1;
        memmove(at, at + len, args->len - from - len + 1);
        args->len -= len;
    }
    strbuf_adds(args, line.data);
    for (; *value != '\0'; value++) {
        strbuf_addc(args, *value == '\n' ? ' ' : *value);
    }
    strbuf_release(&line);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines of args in order of their keys: joined, they come in an order of their own. */
static char *sorted_args(struct strbuf *args)
{
    char *keys[512], *save = NULL;
    size_t count = 0;
    for (char *at = args->len == 0 ? NULL : strtok_r(args->data, "\n", &save); at != NULL;
         at = strtok_r(NULL, "\n", &save)) {
        assert_true(count < 512);
        keys[count++] = at;
    }
    qsort(keys, count, sizeof *keys, by_text);
    struct strbuf out;
    strbuf_init(&out, &mem_libc, 0);
    strbuf_adds(&out, "");
    for (size_t i = 0; i < count; i++) {
        strbuf_addf(&out, " %s", keys[i]);
    }
    return out.data == NULL ? strdup("") : out.data;
}

void perfetto_lines_close(struct perfetto_lines *lines, const char *thread,
                          struct perfetto_open *slice, int64_t end_ns)
{
    char end[32] = "open", *args = sorted_args(&slice->args);
    if (end_ns != INT64_MAX) {
        snprintf(end, sizeof end, "%" PRId64, end_ns);
    }
    perfetto_lines_add(lines, "slice %s %" PRId64 "..%s %s (%s)%s", thread, slice->at_ns, end,
                       slice->name, slice->cat, args);
    free(args);
    free(slice->name);
    free(slice->cat);
    strbuf_release(&slice->args);
}

/* ---- both together ---- */

void perfetto_lines_sort(struct perfetto_lines *lines)
{
    if (lines->count > 0) {
        qsort(lines->lines, lines->count, sizeof *lines->lines, by_text);
    }
    for (size_t i = 0; i < lines->count; i++) {
        strbuf_addf(&lines->text, "%s\n", lines->lines[i]);
    }
}

static void compare_arrows(const struct perfetto_lines *json, const struct perfetto_lines *trace)
{
    assert_int_equal(json->arrow_count, trace->arrow_count);
    for (size_t i = 0; i < json->arrow_count; i++) {
        const struct perfetto_arrow *moment = &json->arrows[i];
        size_t found = 0;
        for (size_t k = 0; k < trace->arrow_count; k++) {
            const struct perfetto_arrow *slice = &trace->arrows[k];
            found += slice->id == moment->id && slice->last == moment->last &&
                     strcmp(slice->thread, moment->thread) == 0 &&
                     moment->from_ns >= slice->from_ns && moment->from_ns <= slice->to_ns;
        }
        if (found != 1) {
            fail_msg("arrow %016" PRIx64 " (%d) of %s at %" PRId64 ": %zu slices", moment->id,
                     moment->last, moment->thread, moment->from_ns, found);
        }
    }
}

void perfetto_lines_compare(const struct perfetto_lines *json, const struct perfetto_lines *trace)
{
    if (json->faults.len > 0 || trace->faults.len > 0) {
        fail_msg("JSON: %s\ntrace: %s", json->faults.len > 0 ? json->faults.data : "-",
                 trace->faults.len > 0 ? trace->faults.data : "-");
    }
    for (size_t i = 0; i < json->count || i < trace->count; i++) {
        const char *a = i < json->count ? json->lines[i] : "-",
                   *b = i < trace->count ? trace->lines[i] : "-";
        if (strcmp(a, b) != 0) {
            fail_msg("JSON:  %s\ntrace: %s", a, b);
        }
    }
    compare_arrows(json, trace);
}
