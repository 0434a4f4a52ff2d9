#include "tui/cmd/token_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool token_file_read(const char *path, char **token, struct strbuf *error)
{
    size_t size = 0;
    if (path == NULL) {
        return true;
    }
    FILE *file = fopen(path, "re");
    errno = file != NULL ? 0 : errno;
    ssize_t len = file != NULL ? getline(token, &size, file) : -1;
    while (len > 0 && strchr("\r\n", (*token)[len - 1]) != NULL) {
        (*token)[--len] = '\0';
    }
    if (len <= 0) {
        strbuf_addf(error, "%s: cannot read a token: %s", path,
                    errno != 0 ? strerror(errno) : "the first line is empty");
    }
    if (file != NULL) {
        fclose(file);
    }
    return len > 0;
}
