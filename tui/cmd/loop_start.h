/* Starts libuv so that a lack of memory later does not end the program: libuv aborts if it cannot
   get a few bytes or a thread. */
#ifndef TUI_LOOP_START_H
#define TUI_LOOP_START_H

#include <stdbool.h>
#include <uv.h>

/* Makes the loop, and the threads that its work is done on. Returns false if that fails. If libuv
   aborts instead, the program ends with a message and exit status 1: nothing was read so far. */
bool loop_start(uv_loop_t *loop);

#endif
