/* A machine of states over lines and counted bytes. A line that is too long to be kept is cut: no
   header that matters here is that long, and the head as a whole has a limit. */
#include "ingest/http/http_reply.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void http_reply_init(struct http_reply *reply)
{
    *reply = (struct http_reply){.state = HTTP_REPLY_STATUS, .retry_after_s = -1};
}

static void take_status(struct http_reply *reply)
{
    const char *line = reply->line;
    bool good = strncmp(line, "HTTP/1.", 7) == 0 && line[7] >= '0' && line[7] <= '9' &&
                line[8] == ' ' && strspn(line + 9, "0123456789") == 3 &&
                (line[12] == ' ' || line[12] == '\0');
    reply->status = good ? (unsigned)strtoul(line + 9, NULL, 10) : 0;
    reply->old = good && line[7] == '0';
    reply->state = good && reply->status >= 100 ? HTTP_REPLY_HEADERS : HTTP_REPLY_BROKEN;
}

/* Returns whether the text, a list with commas, has the token. */
static bool has_token(const char *text, const char *token)
{
    size_t len = strlen(token);
    while (*text != '\0') {
        text += strspn(text, " \t,");
        size_t item = strcspn(text, " \t,;");
        if (item == len && strncasecmp(text, token, len) == 0) {
            return true;
        }
        text += strcspn(text, ",");
    }
    return false;
}

static void take_length(struct http_reply *reply, const char *value)
{
    size_t digits = strspn(value, "0123456789");
    reply->left = strtoull(value, NULL, 10);
    reply->length_known = true;
    if (digits == 0 || digits > 18 || value[digits] != '\0') {
        reply->state = HTTP_REPLY_BROKEN;
    }
}

static void take_header(struct http_reply *reply)
{
    char *colon = strchr(reply->line, ':');
    if (colon == NULL) {
        return;
    }
    *colon = '\0';
    const char *name = reply->line, *value = colon + 1 + strspn(colon + 1, " \t");
    if (strcasecmp(name, "Content-Length") == 0) {
        take_length(reply, value);
    } else if (strcasecmp(name, "Transfer-Encoding") == 0) {
        reply->chunked = reply->chunked || has_token(value, "chunked");
    } else if (strcasecmp(name, "Connection") == 0) {
        reply->close = reply->close || has_token(value, "close");
        reply->keep_alive = reply->keep_alive || has_token(value, "keep-alive");
    } else if (strcasecmp(name, "Retry-After") == 0 && *value >= '0' && *value <= '9') {
        reply->retry_after_s = strtod(value, NULL);
    }
}

static void end_head(struct http_reply *reply)
{
    bool empty = reply->status == 204 || reply->status == 304;
    if (reply->status < 200) {
        size_t bytes = reply->head_bytes; /* an informational answer: the real one follows */
        http_reply_init(reply);
        reply->head_bytes = bytes;
    } else if (empty || (!reply->chunked && reply->length_known && reply->left == 0)) {
        reply->state = HTTP_REPLY_DONE;
    } else if (reply->chunked) {
        reply->state = HTTP_REPLY_CHUNK;
    } else {
        reply->state = reply->length_known ? HTTP_REPLY_BODY : HTTP_REPLY_TO_END;
    }
}

static void take_chunk_line(struct http_reply *reply)
{
    size_t digits = strspn(reply->line, "0123456789abcdefABCDEF");
    const char after = reply->line[digits];
    if (digits == 0 || digits > 15 || strchr("; \t", after) == NULL) {
        reply->state = HTTP_REPLY_BROKEN;
        return;
    }
    reply->left = strtoull(reply->line, NULL, 16);
    reply->state = reply->left == 0 ? HTTP_REPLY_TRAILER : HTTP_REPLY_DATA;
    reply->left += 2; /* the line end after the data */
}

static void take_line(struct http_reply *reply)
{
    bool empty = reply->line_len == 0;
    reply->line[reply->line_len < HTTP_REPLY_LINE ? reply->line_len : HTTP_REPLY_LINE - 1] = '\0';
    reply->line_len = 0;
    switch (reply->state) {
    case HTTP_REPLY_STATUS: take_status(reply); break;
    case HTTP_REPLY_HEADERS:
        if (empty) {
            end_head(reply);
        } else {
            take_header(reply);
        }
        break;
    case HTTP_REPLY_CHUNK: take_chunk_line(reply); break;
    case HTTP_REPLY_TRAILER: reply->state = empty ? HTTP_REPLY_DONE : HTTP_REPLY_TRAILER; break;
    case HTTP_REPLY_BODY:
    case HTTP_REPLY_DATA:
    case HTTP_REPLY_TO_END:
    case HTTP_REPLY_DONE:
    case HTTP_REPLY_BROKEN: break;
    }
}

static void take_byte_of_line(struct http_reply *reply, char byte)
{
    if (++reply->head_bytes > HTTP_REPLY_HEAD_BYTES) {
        reply->state = HTTP_REPLY_BROKEN;
    } else if (byte == '\n') {
        if (reply->line_len > 0 && reply->line_len <= HTTP_REPLY_LINE &&
            reply->line[reply->line_len - 1] == '\r') {
            reply->line_len--;
        }
        take_line(reply);
    } else if (reply->line_len < HTTP_REPLY_LINE) {
        reply->line[reply->line_len++] = byte;
    }
}

/* Takes bytes of the body; returns how many. */
static size_t take_body(struct http_reply *reply, size_t len)
{
    bool counted = reply->state != HTTP_REPLY_TO_END;
    size_t taken = counted && reply->left < len ? (size_t)reply->left : len;
    reply->left -= counted ? taken : 0;
    reply->body_bytes += taken;
    if (reply->body_bytes > HTTP_REPLY_BODY_BYTES) {
        reply->state = HTTP_REPLY_BROKEN;
    } else if (counted && reply->left == 0) {
        reply->state = reply->state == HTTP_REPLY_DATA ? HTTP_REPLY_CHUNK : HTTP_REPLY_DONE;
    }
    return taken;
}

size_t http_reply_add(struct http_reply *reply, const char *bytes, size_t len)
{
    size_t at = 0;
    while (at < len && reply->state != HTTP_REPLY_DONE && reply->state != HTTP_REPLY_BROKEN) {
        if (reply->state == HTTP_REPLY_BODY || reply->state == HTTP_REPLY_DATA ||
            reply->state == HTTP_REPLY_TO_END) {
            at += take_body(reply, len - at);
        } else {
            take_byte_of_line(reply, bytes[at++]);
        }
    }
    return at;
}

bool http_reply_end(struct http_reply *reply)
{
    if (reply->state == HTTP_REPLY_TO_END) {
        reply->state = HTTP_REPLY_DONE;
        reply->close = true;
    }
    return reply->state == HTTP_REPLY_DONE;
}

bool http_reply_keeps(const struct http_reply *reply)
{
    return reply->state == HTTP_REPLY_DONE && !reply->close && (!reply->old || reply->keep_alive);
}
