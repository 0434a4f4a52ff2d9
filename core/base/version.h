/* The version of all that is built here. The Makefile reads it from this line. */
#ifndef CORE_BASE_VERSION_H
#define CORE_BASE_VERSION_H

#define SWARMTOP_VERSION "0.1.0"

#endif
