#include "ingest/http/forward_url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Copies a part. Returns false if it is empty or does not fit. */
static bool copy(char *out, size_t size, const char *text, size_t len)
{
    if (len == 0 || len >= size) {
        return false;
    }
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

/* Parses "HOST:PORT" of `len` bytes. */
static bool parse_authority(const char *text, size_t len, struct forward_url *out)
{
    const char *end = text + len;
    const char *colon = NULL;
    out->bracketed = len > 0 && *text == '[';
    if (out->bracketed) {
        const char *bracket = memchr(text, ']', len);
        colon = bracket != NULL && bracket + 1 < end && bracket[1] == ':' ? bracket + 1 : NULL;
        text++;
    } else {
        colon = memchr(text, ':', len);
    }
    if (colon == NULL) {
        return false;
    }
    size_t digits = (size_t)(end - colon) - 1;
    return copy(out->host, sizeof out->host, text,
                (size_t)(colon - text) - (out->bracketed ? 1 : 0)) &&
           copy(out->port, sizeof out->port, colon + 1, digits) &&
           strspn(out->port, "0123456789") == digits && atoi(out->port) > 0 &&
           atoi(out->port) < 65536;
}

bool forward_url_parse(const char *text, struct forward_url *out, struct strbuf *error)
{
    static const char http[] = "http://", https[] = "https://";
    *out = (struct forward_url){.bracketed = false};
    if (strncasecmp(text, https, sizeof https - 1) == 0) {
        strbuf_adds(error, "https is not supported: forward to an OpenTelemetry Collector by http, "
                           "which sends on by https (doc/collector.yaml)");
        return false;
    }
    size_t len = 0;
    const char *host = text + sizeof http - 1;
    bool good = strncasecmp(text, http, sizeof http - 1) == 0;
    for (const char *at = text; *at != '\0'; at++) {
        good = good && *at > ' ' && *at < 0x7f && strchr("@?#", *at) == NULL;
    }
    if (good) {
        len = strcspn(host, "/");
        size_t path = strlen(host + len);
        while (path > 0 && host[len + path - 1] == '/') {
            path--;
        }
        good = parse_authority(host, len, out) &&
               (path == 0 || copy(out->path, sizeof out->path, host + len, path));
    }
    if (!good) {
        strbuf_addf(error, "'%s' is not http://HOST:PORT", text);
    }
    return good;
}
