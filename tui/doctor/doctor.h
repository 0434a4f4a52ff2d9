/* The command doctor: looks at what swarmtop needs on this machine, and prints what to change. It
   changes nothing itself. */
#ifndef TUI_DOCTOR_H
#define TUI_DOCTOR_H

#include "tui/cmd/options.h"
#include "tui/doctor/findings.h"

/* Returns the exit status: 0 nothing has to be changed, 1 something has. */
int cmd_doctor(const struct options *options);

/* A group of checks each; `options` is borrowed. */
void doctor_program(struct findings *out, const struct options *options);
void doctor_addresses(struct findings *out, const struct options *options);
void doctor_clients(struct findings *out, const struct options *options);
void doctor_settings(struct findings *out, const struct options *options);
void doctor_files(struct findings *out, const struct options *options);
void doctor_terminal(struct findings *out, const struct options *options);

#endif
