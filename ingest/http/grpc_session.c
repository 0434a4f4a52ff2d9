/* HTTP/2 is libnghttp2's: it cuts the bytes into frames, keeps windows, and answers pings. A call
   is its stream's data. A call that is refused before its data have ended is answered at once, and
   its stream reset (NO_ERROR), so that the client stops sending. Windows are large, as the default
   of 64 KiB would make a large batch wait for each of its parts. */
#include "ingest/http/grpc_session.h"

#ifdef HAVE_NGHTTP2

#include "ingest/http/grpc_call.h"
#include "ingest/library/nghttp2.h"

#include <stdio.h>
#include <string.h>

enum { STREAMS = 100, WINDOW_BYTES = 16 << 20, HEADER_LIST_BYTES = 16 << 10, MEM_HEAD = 16 };

struct stream {
    struct stream *prev, *next;
    struct grpc_session *session;
    int32_t id;
    bool answered, client_ended;
    size_t sent; /* of the answer */
    struct grpc_call call;
};

struct grpc_session {
    struct receiver *receiver;
    nghttp2_session *http2;
    struct stream *streams; /* all open ones */
    uint64_t closed;        /* how many have ended */
    nghttp2_mem mem;
};

/* ---- memory: the size precedes the block, as the library frees without it ---- */

static void *resize(size_t size, void *old, void *ctx)
{
    const struct mem *mem = ctx;
    size_t had = 0;
    char *block = old == NULL ? NULL : (char *)old - MEM_HEAD;
    if (block != NULL) {
        memcpy(&had, block, sizeof had);
    }
    size_t whole = size + MEM_HEAD;
    block = whole < size ? NULL : mem->resize(mem->ctx, block, had, whole);
    if (block == NULL) {
        return NULL;
    }
    memcpy(block, &whole, sizeof whole);
    return block + MEM_HEAD;
}

static void *lib_malloc(size_t size, void *ctx)
{
    return resize(size, NULL, ctx);
}

static void lib_free(void *old, void *ctx)
{
    size_t had;
    if (old != NULL) {
        memcpy(&had, (char *)old - MEM_HEAD, sizeof had);
        mem_free(ctx, (char *)old - MEM_HEAD, had);
    }
}

static void *lib_calloc(size_t count, size_t size, void *ctx)
{
    void *block = size != 0 && count > SIZE_MAX / size ? NULL : resize(count * size, NULL, ctx);
    return block == NULL ? NULL : memset(block, 0, count * size);
}

static void *lib_realloc(void *old, size_t size, void *ctx)
{
    return resize(size, old, ctx);
}

/* ---- answers ---- */

static nghttp2_nv field(const char *name, const char *value)
{
    /* The library copies both, and writes to neither. */
    union {
        const char *text;
        uint8_t *bytes;
    } n = {.text = name}, v = {.text = value};
    return (nghttp2_nv){
        .name = n.bytes, .value = v.bytes, .namelen = strlen(name), .valuelen = strlen(value)};
}

/* The message, then the trailers, which end the stream. */
static ssize_t read_answer(nghttp2_session *http2, int32_t id, uint8_t *to, size_t max,
                           uint32_t *flags, nghttp2_data_source *source, void *ctx)
{
    struct stream *stream = source->ptr;
    size_t left = stream->call.answer.len - stream->sent;
    size_t len = left < max ? left : max;
    (void)ctx;
    memcpy(to, stream->call.answer.data + stream->sent, len);
    stream->sent += len;
    if (stream->sent == stream->call.answer.len) {
        nghttp2_nv trailer = field("grpc-status", "0");
        *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
        if (nghttp2_submit_trailer(http2, id, &trailer, 1) != 0) {
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        }
    }
    return (ssize_t)len;
}

static int submit_good(struct stream *stream)
{
    nghttp2_nv headers[] = {field(":status", "200"), field("content-type", "application/grpc"),
                            field("grpc-accept-encoding", "identity,gzip")};
    nghttp2_data_provider data = {.source = {.ptr = stream}, .read_callback = read_answer};
    return nghttp2_submit_response(stream->session->http2, stream->id, headers,
                                   sizeof headers / sizeof headers[0], &data);
}

/* The trailers alone. */
static int submit_refusal(struct stream *stream)
{
    char status[12];
    struct strbuf why;
    strbuf_init(&why, stream->session->receiver->mem, 0);
    grpc_call_put_why(&stream->call, &why);
    (void)snprintf(status, sizeof status, "%d", (int)stream->call.status);
    nghttp2_nv headers[] = {field(":status", "200"), field("content-type", "application/grpc"),
                            field("grpc-status", status),
                            field("grpc-message", why.data != NULL ? why.data : ""),
                            field("grpc-accept-encoding", "identity,gzip")};
    int failed = nghttp2_submit_response(stream->session->http2, stream->id, headers,
                                         sizeof headers / sizeof headers[0], NULL);
    strbuf_release(&why);
    return failed;
}

/* Returns an error of the library; 0: none. */
static int answer(struct stream *stream)
{
    if (stream->answered) {
        return 0;
    }
    stream->answered = true;
    grpc_call_end(&stream->call);
    int failed = stream->call.status == GRPC_OK ? submit_good(stream) : submit_refusal(stream);
    return failed == NGHTTP2_ERR_NOMEM ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

/* ---- the library's callbacks ---- */

static bool is_request(const nghttp2_frame *frame)
{
    return frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
}

static int begin_headers(nghttp2_session *http2, const nghttp2_frame *frame, void *ctx)
{
    struct grpc_session *session = ctx;
    if (!is_request(frame)) {
        return 0;
    }
    struct stream *stream = mem_zalloc(session->receiver->mem, 1, sizeof *stream);
    if (stream == NULL) {
        /* The client sends it again. */
        return nghttp2_submit_rst_stream(http2, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                         NGHTTP2_REFUSED_STREAM);
    }
    stream->session = session;
    stream->id = frame->hd.stream_id;
    grpc_call_init(&stream->call, session->receiver);
    stream->next = session->streams;
    if (stream->next != NULL) {
        stream->next->prev = stream;
    }
    session->streams = stream;
    nghttp2_session_set_stream_user_data(http2, stream->id, stream);
    return 0;
}

static int header(nghttp2_session *http2, const nghttp2_frame *frame, const uint8_t *name,
                  size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *ctx)
{
    struct stream *stream = nghttp2_session_get_stream_user_data(http2, frame->hd.stream_id);
    (void)name_len, (void)value_len, (void)flags, (void)ctx;
    if (stream != NULL && is_request(frame)) {
        grpc_call_header(&stream->call, (const char *)name, (const char *)value);
    }
    return 0;
}

static int frame_received(nghttp2_session *http2, const nghttp2_frame *frame, void *ctx)
{
    struct stream *stream = nghttp2_session_get_stream_user_data(http2, frame->hd.stream_id);
    (void)ctx;
    if (stream == NULL || (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)) {
        return 0;
    }
    bool ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    stream->client_ended |= ended;
    bool refused = is_request(frame) && !grpc_call_begin(&stream->call);
    return ended || refused ? answer(stream) : 0;
}

static int data_received(nghttp2_session *http2, uint8_t flags, int32_t id, const uint8_t *bytes,
                         size_t len, void *ctx)
{
    struct stream *stream = nghttp2_session_get_stream_user_data(http2, id);
    (void)flags, (void)ctx;
    if (stream == NULL || stream->answered) {
        return 0;
    }
    return grpc_call_add(&stream->call, (const char *)bytes, len) ? 0 : answer(stream);
}

/* The client stops sending what is refused already. */
static int frame_sent(nghttp2_session *http2, const nghttp2_frame *frame, void *ctx)
{
    struct stream *stream = nghttp2_session_get_stream_user_data(http2, frame->hd.stream_id);
    (void)ctx;
    bool last =
        frame->hd.type == NGHTTP2_HEADERS && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (stream != NULL && last && !stream->client_ended) {
        (void)nghttp2_submit_rst_stream(http2, NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_NO_ERROR);
    }
    return 0;
}

static void free_stream(struct stream *stream)
{
    struct grpc_session *session = stream->session;
    *(stream->prev != NULL ? &stream->prev->next : &session->streams) = stream->next;
    if (stream->next != NULL) {
        stream->next->prev = stream->prev;
    }
    session->closed++;
    grpc_call_release(&stream->call);
    mem_free(session->receiver->mem, stream, sizeof *stream);
}

static int stream_closed(nghttp2_session *http2, int32_t id, uint32_t code, void *ctx)
{
    struct stream *stream = nghttp2_session_get_stream_user_data(http2, id);
    (void)code, (void)ctx;
    if (stream != NULL) {
        nghttp2_session_set_stream_user_data(http2, id, NULL);
        free_stream(stream);
    }
    return 0;
}

/* ---- the session ---- */

static bool start(struct grpc_session *session)
{
    static const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, STREAMS},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW_BYTES},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HEADER_LIST_BYTES},
    };
    nghttp2_session_callbacks *callbacks;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) {
        return false;
    }
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame_received);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data_received);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, frame_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, stream_closed);
    int failed =
        nghttp2_session_server_new3(&session->http2, callbacks, session, NULL, &session->mem);
    nghttp2_session_callbacks_del(callbacks);
    return failed == 0 &&
           nghttp2_submit_settings(session->http2, NGHTTP2_FLAG_NONE, settings,
                                   sizeof settings / sizeof settings[0]) == 0 &&
           nghttp2_session_set_local_window_size(session->http2, NGHTTP2_FLAG_NONE, 0,
                                                 WINDOW_BYTES) == 0;
}

struct grpc_session *grpc_session_new(struct receiver *receiver)
{
    struct grpc_session *session = library_load(&nghttp2_library) != NULL
                                       ? NULL
                                       : mem_zalloc(receiver->mem, 1, sizeof *session);
    if (session == NULL) {
        return NULL;
    }
    /* The library does not change it. */
    union {
        const struct mem *mem;
        void *ctx;
    } mem = {.mem = receiver->mem};
    session->receiver = receiver;
    session->mem = (nghttp2_mem){.mem_user_data = mem.ctx,
                                 .malloc = lib_malloc,
                                 .free = lib_free,
                                 .calloc = lib_calloc,
                                 .realloc = lib_realloc};
    if (!start(session)) {
        grpc_session_free(session);
        return NULL;
    }
    return session;
}

void grpc_session_free(struct grpc_session *session)
{
    if (session == NULL) {
        return;
    }
    nghttp2_session_del(session->http2);
    while (session->streams != NULL) {
        free_stream(session->streams);
    }
    mem_free(session->receiver->mem, session, sizeof *session);
}

bool grpc_session_take(struct grpc_session *session, const char *bytes, size_t len)
{
    return nghttp2_session_mem_recv(session->http2, (const uint8_t *)bytes, len) == (ssize_t)len;
}

bool grpc_session_next(struct grpc_session *session, struct slice *out)
{
    const uint8_t *bytes = NULL;
    ssize_t len = nghttp2_session_mem_send(session->http2, &bytes);
    *out = (struct slice){.bytes = (const char *)bytes, .len = len > 0 ? (size_t)len : 0};
    return len > 0;
}

bool grpc_session_busy(const struct grpc_session *session)
{
    return session->streams != NULL;
}

uint64_t grpc_session_closed(const struct grpc_session *session)
{
    return session->closed;
}

bool grpc_session_ended(const struct grpc_session *session)
{
    return nghttp2_session_want_read(session->http2) == 0 &&
           nghttp2_session_want_write(session->http2) == 0;
}

void grpc_session_quit(struct grpc_session *session)
{
    (void)nghttp2_submit_goaway(session->http2, NGHTTP2_FLAG_NONE,
                                nghttp2_session_get_last_proc_stream_id(session->http2),
                                NGHTTP2_NO_ERROR, NULL, 0);
}

#endif
