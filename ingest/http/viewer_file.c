/* A document whose traceEvents come late, and lines of events, are not known as traces here: they
   are converted, which costs a moment and shows the same. */
#include "ingest/http/viewer_file.h"

#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { LOOK_BYTES = 64 * 1024 };

/* A trace of Perfetto is packets, each with the tag 0x0a, which is a line feed in text. */
static bool is_packets(const char *bytes, size_t len)
{
    for (size_t i = 0; bytes[0] == '\n' && i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c < 0x20 && strchr("\t\n\r", c) == NULL) {
            return true;
        }
        if (c == 0) {
            return true;
        }
    }
    return false;
}

static bool is_document(const char *bytes, size_t len)
{
    static const char mark[] = "\xef\xbb\xbf", key[] = "\"traceEvents\"";
    size_t at = len >= 3 && memcmp(bytes, mark, 3) == 0 ? 3 : 0;
    while (at < len && strchr(" \t\r\n", bytes[at]) != NULL && bytes[at] != '\0') {
        at++;
    }
    if (at == len || bytes[at] == '[') {
        return at < len;
    }
    return bytes[at] == '{' && memmem(bytes + at, len - at, key, sizeof key - 1) != NULL;
}

bool viewer_file_reads(int fd)
{
    char bytes[LOOK_BYTES];
    off_t before = lseek(fd, 0, SEEK_CUR);
    int copy = dup(fd), len = -1;
    gzFile file = copy >= 0 && lseek(fd, 0, SEEK_SET) == 0 ? gzdopen(copy, "rb") : NULL;
    if (file != NULL) {
        len = gzread(file, bytes, sizeof bytes); /* plain bytes come as they are */
        gzclose(file);
    } else if (copy >= 0) {
        close(copy);
    }
    (void)lseek(fd, before, SEEK_SET);
    return len > 0 && (is_packets(bytes, (size_t)len) || is_document(bytes, (size_t)len));
}
