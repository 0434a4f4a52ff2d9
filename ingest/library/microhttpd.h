/* The functions of libmicrohttpd that swarmtop calls (library.h). */
#ifndef INGEST_LIBRARY_MICROHTTPD_H
#define INGEST_LIBRARY_MICROHTTPD_H

#include "ingest/library/library.h"

#include <microhttpd.h>

#define MHD_FUNCTIONS(F)                       \
    F(MHD_add_connection)                      \
    F(MHD_add_response_header)                 \
    F(MHD_create_response_from_buffer)         \
    F(MHD_create_response_from_fd_at_offset64) \
    F(MHD_destroy_response)                    \
    F(MHD_get_connection_info)                 \
    F(MHD_get_daemon_info)                     \
    F(MHD_get_timeout)                         \
    F(MHD_is_feature_supported)                \
    F(MHD_lookup_connection_value)             \
    F(MHD_queue_response)                      \
    F(MHD_run)                                 \
    F(MHD_start_daemon)                        \
    F(MHD_stop_daemon)

struct mhd_functions {
    MHD_FUNCTIONS(LIBRARY_MEMBER)
};
extern struct mhd_functions mhd_functions;

#ifndef LIBRARY_TABLE /* the file that has the table needs the functions themselves */
#define MHD_add_connection              mhd_functions.MHD_add_connection
#define MHD_add_response_header         mhd_functions.MHD_add_response_header
#define MHD_create_response_from_buffer mhd_functions.MHD_create_response_from_buffer
#define MHD_create_response_from_fd_at_offset64 \
    mhd_functions.MHD_create_response_from_fd_at_offset64
#define MHD_destroy_response        mhd_functions.MHD_destroy_response
#define MHD_get_connection_info     mhd_functions.MHD_get_connection_info
#define MHD_get_daemon_info         mhd_functions.MHD_get_daemon_info
#define MHD_get_timeout             mhd_functions.MHD_get_timeout
#define MHD_is_feature_supported    mhd_functions.MHD_is_feature_supported
#define MHD_lookup_connection_value mhd_functions.MHD_lookup_connection_value
#define MHD_queue_response          mhd_functions.MHD_queue_response
#define MHD_run                     mhd_functions.MHD_run
#define MHD_start_daemon            mhd_functions.MHD_start_daemon
#define MHD_stop_daemon             mhd_functions.MHD_stop_daemon
#endif

extern const struct library mhd_library;

#endif
