/* Numbers for people: durations, counts, rates. All are ASCII but for µ, which is `u` in an ASCII theme. */
#ifndef TUI_NUMBER_H
#define TUI_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#define NUMBER_BYTES 32

/* How long something has been running: 0.3s, 41.0s, 1m, 2h, 3d: whole minutes and more change seldom. */
void number_age(int64_t ns, char out[NUMBER_BYTES]);
/* The same of something at rest, which need not move: whole seconds. */
void number_rest(int64_t ns, char out[NUMBER_BYTES]);
/* A measured time, short: 742ms, 1.9s, 3m12s, 2h05m; below a millisecond 83µs. */
void number_ms(double ms, bool ascii, char out[NUMBER_BYTES]);
/* The same at length: 742 ms, 8.31 s, 3 m 12 s. */
void number_long(int64_t ns, bool ascii, char out[NUMBER_BYTES]);
/* 12,431. */
void number_count(uint64_t count, char out[NUMBER_BYTES]);
/* 840, 12.3k, 4.1M, 2.0G. */
void number_tokens(double value, char out[NUMBER_BYTES]);
/* Three digits or so: 0.42, 6.1, 61, 1,204. */
void number_short(double value, char out[NUMBER_BYTES]);

#endif
