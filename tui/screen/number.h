/* Formats numbers for people: durations, counts, rates. All output is ASCII except µ, which is `u`
   if ascii is set. */
#ifndef TUI_NUMBER_H
#define TUI_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#define NUMBER_BYTES 32

/* Formats a running age: 0.3s, 41.0s, 1m, 2h, 3d. Whole minutes and more change seldom. */
void number_age(int64_t ns, char out[NUMBER_BYTES]);
/* Formats the age of something at rest, in whole seconds. */
void number_rest(int64_t ns, char out[NUMBER_BYTES]);
/* Formats a measured time, short: 742ms, 1.9s, 3m12s, 2h05m; below a millisecond 83µs, 1.5µs,
   500ns; nothing is 0s. */
void number_ms(double ms, bool ascii, char out[NUMBER_BYTES]);
/* Formats a measured time, long: 742 ms, 8.31 s, 3 m 12 s. */
void number_long(int64_t ns, bool ascii, char out[NUMBER_BYTES]);
/* Formats a count: 12,431. */
void number_count(uint64_t count, char out[NUMBER_BYTES]);
/* Formats tokens: 840, 12.3k, 4.1M, 2.0G. */
void number_tokens(double value, char out[NUMBER_BYTES]);
/* Formats about three digits: 0, 0.42, 6.1, 61, 1,204. */
void number_short(double value, char out[NUMBER_BYTES]);

#endif
