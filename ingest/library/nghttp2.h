/* The functions of libnghttp2 that swarmtop calls (library.h). */
#ifndef INGEST_LIBRARY_NGHTTP2_H
#define INGEST_LIBRARY_NGHTTP2_H

#include "ingest/library/library.h"

#ifdef HAVE_NGHTTP2
#include <nghttp2/nghttp2.h>

#define NGHTTP2_FUNCTIONS(F)                                     \
    F(nghttp2_session_callbacks_del)                             \
    F(nghttp2_session_callbacks_new)                             \
    F(nghttp2_session_callbacks_set_on_begin_headers_callback)   \
    F(nghttp2_session_callbacks_set_on_data_chunk_recv_callback) \
    F(nghttp2_session_callbacks_set_on_frame_recv_callback)      \
    F(nghttp2_session_callbacks_set_on_frame_send_callback)      \
    F(nghttp2_session_callbacks_set_on_header_callback)          \
    F(nghttp2_session_callbacks_set_on_stream_close_callback)    \
    F(nghttp2_session_del)                                       \
    F(nghttp2_session_get_last_proc_stream_id)                   \
    F(nghttp2_session_get_stream_user_data)                      \
    F(nghttp2_session_mem_recv)                                  \
    F(nghttp2_session_mem_send)                                  \
    F(nghttp2_session_server_new3)                               \
    F(nghttp2_session_set_local_window_size)                     \
    F(nghttp2_session_set_stream_user_data)                      \
    F(nghttp2_session_want_read)                                 \
    F(nghttp2_session_want_write)                                \
    F(nghttp2_submit_goaway)                                     \
    F(nghttp2_submit_response)                                   \
    F(nghttp2_submit_rst_stream)                                 \
    F(nghttp2_submit_settings)                                   \
    F(nghttp2_submit_trailer)

struct nghttp2_functions {
    NGHTTP2_FUNCTIONS(LIBRARY_MEMBER)
};
extern struct nghttp2_functions nghttp2_functions;

#ifndef LIBRARY_TABLE /* the file that has the table needs the functions themselves */
#define nghttp2_session_callbacks_del nghttp2_functions.nghttp2_session_callbacks_del
#define nghttp2_session_callbacks_new nghttp2_functions.nghttp2_session_callbacks_new
#define nghttp2_session_callbacks_set_on_begin_headers_callback \
    nghttp2_functions.nghttp2_session_callbacks_set_on_begin_headers_callback
#define nghttp2_session_callbacks_set_on_data_chunk_recv_callback \
    nghttp2_functions.nghttp2_session_callbacks_set_on_data_chunk_recv_callback
#define nghttp2_session_callbacks_set_on_frame_recv_callback \
    nghttp2_functions.nghttp2_session_callbacks_set_on_frame_recv_callback
#define nghttp2_session_callbacks_set_on_frame_send_callback \
    nghttp2_functions.nghttp2_session_callbacks_set_on_frame_send_callback
#define nghttp2_session_callbacks_set_on_header_callback \
    nghttp2_functions.nghttp2_session_callbacks_set_on_header_callback
#define nghttp2_session_callbacks_set_on_stream_close_callback \
    nghttp2_functions.nghttp2_session_callbacks_set_on_stream_close_callback
#define nghttp2_session_del nghttp2_functions.nghttp2_session_del
#define nghttp2_session_get_last_proc_stream_id \
    nghttp2_functions.nghttp2_session_get_last_proc_stream_id
#define nghttp2_session_get_stream_user_data nghttp2_functions.nghttp2_session_get_stream_user_data
#define nghttp2_session_mem_recv             nghttp2_functions.nghttp2_session_mem_recv
#define nghttp2_session_mem_send             nghttp2_functions.nghttp2_session_mem_send
#define nghttp2_session_server_new3          nghttp2_functions.nghttp2_session_server_new3
#define nghttp2_session_set_local_window_size \
    nghttp2_functions.nghttp2_session_set_local_window_size
#define nghttp2_session_set_stream_user_data nghttp2_functions.nghttp2_session_set_stream_user_data
#define nghttp2_session_want_read            nghttp2_functions.nghttp2_session_want_read
#define nghttp2_session_want_write           nghttp2_functions.nghttp2_session_want_write
#define nghttp2_submit_goaway                nghttp2_functions.nghttp2_submit_goaway
#define nghttp2_submit_response              nghttp2_functions.nghttp2_submit_response
#define nghttp2_submit_rst_stream            nghttp2_functions.nghttp2_submit_rst_stream
#define nghttp2_submit_settings              nghttp2_functions.nghttp2_submit_settings
#define nghttp2_submit_trailer               nghttp2_functions.nghttp2_submit_trailer
#endif
#endif

extern const struct library nghttp2_library;

#endif
