#include "tests/support/h2_client.h"

#ifdef HAVE_NGHTTP2

/* ---- the library's callbacks ---- */

static struct h2_call *call_of(nghttp2_session *session, int32_t id)
{
    return nghttp2_session_get_stream_user_data(session, id);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *ctx)
{
    struct h2_call *call = call_of(session, frame->hd.stream_id);
    const char *key = (const char *)name, *text = (const char *)value;
    (void)name_len, (void)value_len, (void)flags, (void)ctx;
    if (call == NULL) {
        return 0;
    }
    if (strcmp(key, "grpc-status") == 0) {
        call->status = atoi(text);
    } else if (strcmp(key, "grpc-message") == 0) {
        snprintf(call->message, sizeof call->message, "%s", text);
    } else if (strcmp(key, "content-type") == 0) {
        snprintf(call->type, sizeof call->type, "%s", text);
    } else if (strcmp(key, ":status") == 0) {
        assert_string_equal(text, "200");
    }
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes,
                   size_t len, void *ctx)
{
    struct h2_call *call = call_of(session, id);
    (void)flags, (void)ctx;
    assert_true(call->body_len + len <= sizeof call->body);
    memcpy(call->body + call->body_len, bytes, len);
    call->body_len += len;
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
    struct h2 *h2 = ctx;
    struct h2_call *call = call_of(session, frame->hd.stream_id);
    h2->goaway |= frame->hd.type == NGHTTP2_GOAWAY;
    h2->pong |= frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0;
    if (call != NULL && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 &&
        (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA)) {
        call->done = true;
    }
    return 0;
}

static ssize_t read_data(nghttp2_session *session, int32_t id, uint8_t *to, size_t max,
                         uint32_t *flags, nghttp2_data_source *source, void *ctx)
{
    struct h2_call *call = source->ptr;
    if (call->held) {
        return NGHTTP2_ERR_DEFERRED;
    }
    size_t left = call->data.len - call->at;
    size_t len = call->piece > 0 && call->piece < max ? call->piece : max;
    (void)session, (void)id, (void)ctx;
    len = len < left ? len : left;
    memcpy(to, call->data.at + call->at, len);
    call->at += len;
    *flags |= call->at == call->data.len ? NGHTTP2_DATA_FLAG_EOF : 0;
    return (ssize_t)len;
}

/* ---- the client ---- */

void h2_open(struct rig *rig, struct h2 *h2)
{
    nghttp2_session_callbacks *callbacks;
    *h2 = (struct h2){.fd = connect_to(rig, 0)};
    assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    assert_int_equal(nghttp2_session_client_new(&h2->session, callbacks, h2), 0);
    nghttp2_session_callbacks_del(callbacks);
    assert_int_equal(nghttp2_submit_settings(h2->session, 0, NULL, 0), 0);
}

void h2_close(struct h2 *h2)
{
    nghttp2_session_del(h2->session);
    close(h2->fd);
}

static nghttp2_nv field(const char *name, const char *value)
{
    union {
        const char *text;
        uint8_t *bytes;
    } n = {.text = name}, v = {.text = value};
    return (nghttp2_nv){
        .name = n.bytes, .value = v.bytes, .namelen = strlen(name), .valuelen = strlen(value)};
}

struct h2_call *h2_begin(struct h2 *h2, const char *path, struct bytes data, size_t piece,
                         const char *name, const char *value)
{
    struct h2_call *call = &h2->calls[h2->count++];
    assert_true(h2->count <= H2_CALLS);
    *call = (struct h2_call){.data = data, .piece = piece, .status = H2_NO_STATUS};
    nghttp2_nv headers[] = {
        field(":method", "POST"),
        field(":scheme", "http"),
        field(":path", path),
        field(":authority", "localhost"),
        field("te", "trailers"),
        field("user-agent", "grpc-test/1 (x)"),
        field("content-type", "application/grpc"),
        field(name == NULL ? "x-none" : name, value == NULL ? "" : value),
    };
    size_t count = sizeof headers / sizeof headers[0];
    for (size_t i = 0; i + 1 < count && name != NULL; i++) {
        if (strcmp((const char *)headers[i].name, name) == 0) {
            headers[i] = headers[--count]; /* instead of the usual one */
            break;
        }
    }
    nghttp2_data_provider provider = {.source = {.ptr = call}, .read_callback = read_data};
    call->id = nghttp2_submit_request(h2->session, NULL, headers, count, &provider, call);
    assert_true(call->id > 0);
    return call;
}

void h2_pump(struct h2 *h2)
{
    static char buffer[64 << 10];
    const uint8_t *bytes;
    ssize_t len;
    while ((len = recv(h2->fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0) {
        assert_int_equal(nghttp2_session_mem_recv(h2->session, (uint8_t *)buffer, (size_t)len),
                         len);
    }
    h2->closed |= len == 0 || (len < 0 && errno == ECONNRESET);
    while (!h2->closed) {
        if (h2->pending.len == 0) {
            len = nghttp2_session_mem_send(h2->session, &bytes);
            h2->pending = (struct bytes){(const char *)bytes, len > 0 ? (size_t)len : 0};
        }
        len = h2->pending.len == 0
                  ? -1
                  : send(h2->fd, h2->pending.at, h2->pending.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (len < 0) {
            h2->closed |= h2->pending.len > 0 && errno != EAGAIN;
            return;
        }
        h2->pending.at += len;
        h2->pending.len -= (size_t)len;
    }
}

bool h2_all_done(struct rig *rig, void *ctx)
{
    struct h2 *h2 = ctx;
    (void)rig;
    h2_pump(h2);
    for (size_t i = 0; i < h2->count; i++) {
        if (!h2->calls[i].done && !h2->closed) {
            return false;
        }
    }
    return true;
}

struct bytes h2_framed(char flag, struct bytes message)
{
    char *out = malloc(message.len + 5);
    assert_non_null(out);
    out[0] = flag;
    for (int i = 0; i < 4; i++) {
        out[1 + i] = (char)(message.len >> (24 - 8 * i) & 0xff);
    }
    memcpy(out + 5, message.at, message.len);
    return (struct bytes){out, message.len + 5};
}

void h2_release(struct bytes bytes)
{
    union {
        const char *at;
        void *block;
    } b = {.at = bytes.at};
    free(b.block);
}

#endif
