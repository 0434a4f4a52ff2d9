/* A report is an object with totals. A trace is one too, so its first bytes are looked at before a
   parser that needs eight times its size is given the whole. */
#include "tui/cmd/saved_report.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* As it is printed, or with its members sorted by another program. */
static const char *const first_members[] = {"\"sessions\"", "\"agents\"", "\"against\""};

enum { MAX_BYTES = 64 << 20, HEAD_BYTES = 64 };

static bool may_be_report(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > MAX_BYTES) {
        return false;
    }
    char head[HEAD_BYTES + 1];
    FILE *file = fopen(path, "re");
    size_t len = file == NULL ? 0 : fread(head, 1, HEAD_BYTES, file);
    if (file != NULL) {
        fclose(file);
    }
    head[len] = '\0';
    const char *at = head + strspn(head, " \t\r\n");
    at += *at == '{';
    at += strspn(at, " \t\r\n");
    for (size_t i = 0; i < sizeof first_members / sizeof *first_members; i++) {
        if (strncmp(at, first_members[i], strlen(first_members[i])) == 0) {
            return true;
        }
    }
    return false;
}

json_t *saved_report_read(const char *path)
{
    json_t *report = may_be_report(path) ? json_load_file(path, 0, NULL) : NULL;
    if (report != NULL && json_is_object(json_object_get(report, "totals"))) {
        return report;
    }
    json_decref(report);
    return NULL;
}
